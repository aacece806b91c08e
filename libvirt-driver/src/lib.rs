//! Plain libvirt hosts, managed as Proxmox VE nodes are: over libvirt's own protocol, on the host itself or through ssh, without a C
//! library.
//!
//! [`Host`] is where to begin: it lists, finds, makes and measures domains, and a [`Domain`] is started, changed, asked and deleted. What
//! writes passes the same policy as on Proxmox VE. [`LibvirtBackend`] shows a host as any other place where instances live.
//!
//! Below them a [`Connection`] leads to a daemon, by a [`LibvirtUri`] as libvirt's users write it. It sends the calls of [`rpc`], which are values;
//! where no way leads to the daemon's socket it has `virsh` carry them out on the host, see [`Wire`]. Documents are read and written by
//! [`xml`]; tags and the sign of ownership are in a domain's [`metadata`]; [`seed`] makes what cloud-init reads.

mod backend;
mod clock;
mod connect;
mod create;
mod domain;
mod host;
pub mod metadata;
pub mod rpc;
mod uri;
mod virsh;
pub mod xml;

pub use backend::LibvirtBackend;
pub use connect::{Connection, ConnectionBuilder, Reconnect, Wire};
pub use create::{Checksum, Image, NewDomain, VirtInstall};
pub use domain::{Deleted, Domain, Shutdown, State};
pub use host::{DiskUse, DomainUsage, Groups, Host, HostCapacity, NicUse, Overview, PoolCapacity};
pub use proxmox_core::seed;
pub use uri::{Driver, HostKeys, LibvirtUri, Mode, Proxy, Socket, SshTarget, SshWay, Way};
