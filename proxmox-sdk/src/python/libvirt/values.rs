//! Results: what the driver answers, as Python has it. Sizes are bytes, times are seconds.

use libvirt_driver::metadata::OwnVolume;
use libvirt_driver::xml::Snapshot;
use libvirt_driver::{self as driver, Deleted, DiskUse, NicUse, Overview, State};
use proxmox_core::Size;
use serde::Serialize;

/// The word of a state.
pub(super) fn word(state: State) -> String {
    state.to_string().replace(' ', "-")
}

fn bytes(size: Option<Size>) -> Option<u64> {
    size.map(Size::bytes)
}

/// A domain in a list.
#[derive(Serialize)]
pub(crate) struct DomainOverview {
    name: String,
    uuid: String,
    state: String,
    managed: bool,
    tags: Vec<String>,
    title: Option<String>,
    /// These two are in its document, which `trouble` may keep from being read.
    vcpus: Option<u32>,
    memory: Option<u64>,
    trouble: Option<String>,
}

impl From<Overview> for DomainOverview {
    fn from(told: Overview) -> Self {
        let known = told.trouble.is_none();
        Self {
            name: told.name,
            uuid: told.uuid.to_string(),
            state: word(told.state),
            managed: told.managed,
            tags: told.tags.iter().map(str::to_owned).collect(),
            title: told.title,
            vcpus: known.then_some(told.vcpus),
            memory: known.then(|| told.memory.bytes()),
            trouble: told.trouble.map(|e| e.to_string()),
        }
    }
}

/// What a domain uses.
#[derive(Serialize)]
pub(crate) struct DomainUsage {
    name: String,
    uuid: String,
    state: String,
    cpu_time: Option<f64>,
    memory: Option<u64>,
    max_memory: Option<u64>,
    unused_memory: Option<u64>,
    resident: Option<u64>,
    nics: Vec<NicUsage>,
    disks: Vec<DiskUsage>,
}

impl From<driver::DomainUsage> for DomainUsage {
    fn from(told: driver::DomainUsage) -> Self {
        Self {
            name: told.name,
            uuid: told.uuid.to_string(),
            state: word(told.state),
            cpu_time: told.cpu_time.map(|time| time.as_secs_f64()),
            memory: bytes(told.memory),
            max_memory: bytes(told.max_memory),
            unused_memory: bytes(told.unused_memory),
            resident: bytes(told.resident),
            nics: told.nics.into_iter().map(NicUsage::from).collect(),
            disks: told.disks.into_iter().map(DiskUsage::from).collect(),
        }
    }
}

/// What went through a card.
#[derive(Serialize)]
struct NicUsage {
    name: String,
    received: u64,
    sent: u64,
}

impl From<NicUse> for NicUsage {
    fn from(told: NicUse) -> Self {
        Self { name: told.name, received: told.received, sent: told.sent }
    }
}

/// What went through a disk.
#[derive(Serialize)]
struct DiskUsage {
    target: String,
    read: u64,
    written: u64,
    capacity: u64,
    allocated: u64,
}

impl From<DiskUse> for DiskUsage {
    fn from(told: DiskUse) -> Self {
        Self {
            target: told.target,
            read: told.read,
            written: told.written,
            capacity: told.capacity.bytes(),
            allocated: told.allocated.bytes(),
        }
    }
}

/// What a host has.
#[derive(Serialize)]
pub(crate) struct HostCapacity {
    cpus: u32,
    promised_vcpus: u32,
    cpu: Option<f64>,
    memory: u64,
    free_memory: Option<u64>,
    promised_memory: u64,
    pools: Vec<PoolCapacity>,
}

impl From<driver::HostCapacity> for HostCapacity {
    fn from(told: driver::HostCapacity) -> Self {
        Self {
            cpus: told.cpus,
            promised_vcpus: told.promised_vcpus,
            cpu: told.cpu,
            memory: told.memory.bytes(),
            free_memory: bytes(told.free_memory),
            promised_memory: told.promised_memory.bytes(),
            pools: told.pools.into_iter().map(PoolCapacity::from).collect(),
        }
    }
}

/// What a pool has.
#[derive(Serialize)]
pub(crate) struct PoolCapacity {
    name: String,
    active: bool,
    capacity: u64,
    allocated: u64,
    free: u64,
    promised: u64,
    trouble: Option<String>,
}

impl From<driver::PoolCapacity> for PoolCapacity {
    fn from(told: driver::PoolCapacity) -> Self {
        Self {
            name: told.name,
            active: told.active,
            capacity: told.capacity.bytes(),
            allocated: told.allocated.bytes(),
            free: told.free.bytes(),
            promised: told.promised.bytes(),
            trouble: told.trouble,
        }
    }
}

/// A snapshot of a domain.
#[derive(Serialize)]
pub(crate) struct DomainSnapshot {
    name: String,
    description: Option<String>,
    state: String,
    created: Option<i64>,
    parent: Option<String>,
    has_memory: bool,
}

impl From<Snapshot> for DomainSnapshot {
    fn from(told: Snapshot) -> Self {
        Self {
            has_memory: told.has_memory(),
            name: told.name,
            description: told.description,
            state: told.state,
            created: told.created,
            parent: told.parent,
        }
    }
}

/// What a deletion has done.
#[derive(Serialize)]
pub(crate) struct DeletedDomain {
    existed: bool,
    volumes: Vec<String>,
    left: Vec<LeftVolume>,
}

/// A volume that is still there.
#[derive(Serialize)]
struct LeftVolume {
    volume: String,
    why: String,
}

impl From<Deleted> for DeletedDomain {
    fn from(told: Deleted) -> Self {
        let name = |volume: &OwnVolume| format!("{}/{}", volume.pool, volume.name);
        Self {
            existed: told.existed,
            volumes: told.volumes.iter().map(name).collect(),
            left: told
                .left
                .into_iter()
                .map(|(volume, why)| LeftVolume { volume: name(&volume), why })
                .collect(),
        }
    }
}
