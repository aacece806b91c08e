//! Devices of domains.

use super::super::call::procedures;
use super::super::types::{BlockInfo, DomainRef};
use crate::virsh::forms::device;

procedures! {
    /// Adds a device. Flags: 1 live, 2 definition.
    160 Write "device.attach" attach(domain: &DomainRef, xml: &str, flags: u32) sends[domain, xml, flags] gives (), about &domain.name,
        virsh device::attach;
    /// Takes a device away. Flags: 1 live, 2 definition. Of a running guest it is a request.
    161 Write "device.detach" detach(domain: &DomainRef, xml: &str, flags: u32) sends[domain, xml, flags] gives (), about &domain.name,
        virsh device::detach;
    /// Changes a device. Flags: 1 live, 2 definition.
    174 Write "device.update" update(domain: &DomainRef, xml: &str, flags: u32) sends[domain, xml, flags] gives (), about &domain.name,
        virsh device::update;
    /// Resizes the disk of a running domain, by target or path. With flag 1 the size is in bytes, else in KiB.
    251 Write "device.resize_disk" resize_disk(domain: &DomainRef, disk: &str, size: u64, flags: u32)
        sends[domain, disk, size, flags] gives (), about &domain.name,
        virsh device::resize_disk;
    /// The size of a disk, by target or path.
    194 Read "device.block_info" block_info(domain: &DomainRef, disk: &str) sends[domain, disk, 0u32] gives BlockInfo, about &domain.name,
        virsh device::block_info;
}
