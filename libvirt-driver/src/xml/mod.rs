//! libvirt's documents, read and written.
//!
//! What is written is checked for all that XML cannot carry and libvirt refuses or changes; the complaint names the field. What is read
//! may hold elements and attributes that nobody knows here; what is needed must be there, and the complaint names the element.

mod at;
mod capabilities;
pub(crate) mod check;
mod domain;
mod element;
pub mod examples;
mod kinds;
mod network;
mod parse;
mod pool;
mod snapshot;
mod units;
mod volume;
mod write;

#[cfg(test)]
mod tests;

pub use capabilities::{Capabilities, DomainCapabilities, GuestCapability, MachineCapability};
pub use domain::{
    AGENT_CHANNEL, Backing, CharDevice, ConsoleXml, CpuXml, Disk, DiskSource, DiskXml, Domain, DomainEdit,
    DomainXml, FirmwareXml, Interface, InterfaceSource, KernelXml, NicXml, Os,
};
pub use element::{Element, Node};
pub use kinds::{BootDevice, Bus, DiskDevice, Format, VirtType};
pub use network::{Network, NetworkAddress, NetworkXml};
pub use pool::{Pool, PoolXml};
pub use snapshot::{Snapshot, SnapshotDisk, SnapshotXml};
pub use volume::{BackingVolume, Permissions, Volume, VolumeXml};
