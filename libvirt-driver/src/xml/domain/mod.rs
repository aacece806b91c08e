//! Domains: what the daemon tells of them, and what they are to be.

mod chardev;
mod disk;
mod edit;
mod firmware;
mod nic;
mod read;
mod spec;

pub use chardev::{AGENT_CHANNEL, CharDevice, ConsoleXml};
pub use disk::{Backing, Disk, DiskSource, DiskXml};
pub use edit::DomainEdit;
pub use firmware::{CpuXml, FirmwareXml, KernelXml};
pub use nic::{Interface, InterfaceSource, NicXml};
pub use read::{Domain, Os};
pub use spec::DomainXml;
