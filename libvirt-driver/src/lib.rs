//! Plain libvirt hosts, managed as Proxmox VE nodes are: over libvirt's own protocol, on the host itself or through ssh, without a C
//! library.

pub mod metadata;
pub mod seed;
pub mod xml;
