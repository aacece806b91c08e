//! Snapshots of domains.

use super::super::call::procedures;
use super::super::types::{DomainRef, SnapshotRef};
use super::{ITEMS, listed};
use crate::virsh::forms::snapshot;

procedures! {
    /// All snapshots of a domain.
    274 Read "snapshot.list" list(domain: &DomainRef, flags: u32) sends[domain, ITEMS, flags] gives Vec<SnapshotRef>, by listed, about &domain.name,
        virsh snapshot::list;
    /// The snapshot of this name.
    189 Read "snapshot.lookup_by_name" lookup_by_name(domain: &DomainRef, name: &str) sends[domain, name, 0u32] gives SnapshotRef, about name,
        virsh snapshot::lookup_by_name;
    /// Makes a snapshot. Flags as `virDomainSnapshotCreateFlags`.
    185 Slow "snapshot.create" create(domain: &DomainRef, xml: &str, flags: u32) sends[domain, xml, flags] gives SnapshotRef, about &domain.name,
        virsh snapshot::create;
    /// Its XML.
    186 Read "snapshot.xml" xml(snapshot: &SnapshotRef) sends[snapshot, 0u32] gives String, about &snapshot.name,
        virsh snapshot::xml;
    /// Takes the domain back to it: what came after is lost. Flags: 1 run, 2 pause, 4 force.
    192 SlowDestroy "snapshot.revert" revert(snapshot: &SnapshotRef, flags: u32) sends[snapshot, flags] gives (), about &snapshot.name,
        virsh snapshot::revert;
    /// Removes it. Flags: 1 with its children, 2 only what libvirt knows of it.
    193 SlowDestroy "snapshot.delete" delete(snapshot: &SnapshotRef, flags: u32) sends[snapshot, flags] gives (), about &snapshot.name,
        virsh snapshot::delete;
}
