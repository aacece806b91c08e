//! Plain libvirt hosts, managed as Proxmox VE nodes are: over libvirt's own protocol, on the host itself or through ssh, without a C
//! library.

mod connect;
pub mod rpc;
mod uri;

pub use connect::{Connection, ConnectionBuilder, Reconnect};
pub use uri::{Driver, HostKeys, LibvirtUri, Mode, Proxy, Socket, SshTarget, SshWay, Way};
