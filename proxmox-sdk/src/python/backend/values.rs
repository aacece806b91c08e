//! Results: what backends answer, as Python has it. Sizes are bytes.

use proxmox_core::backend as core;
use serde::Serialize;

fn bytes(mib: u64) -> u64 {
    mib.saturating_mul(1 << 20)
}

/// An instance as its backend sees it.
#[derive(Serialize)]
pub(crate) struct Instance {
    id: String,
    name: String,
    node: String,
    state: core::InstanceState,
    managed: bool,
    tags: Vec<String>,
    vcpus: Option<u32>,
    memory: Option<u64>,
}

impl From<core::Instance> for Instance {
    fn from(told: core::Instance) -> Self {
        Self {
            id: told.id.to_string(),
            name: told.name,
            node: told.node,
            state: told.state,
            managed: told.managed,
            tags: told.tags,
            vcpus: told.vcpus,
            memory: told.memory_mib.map(bytes),
        }
    }
}

/// What a place has.
#[derive(Serialize)]
pub(crate) struct Capacity {
    vcpus: u32,
    promised_vcpus: u32,
    free_vcpus: u32,
    cpu_percent: Option<f64>,
    memory: u64,
    promised_memory: u64,
    free_memory: u64,
    used_memory: Option<u64>,
    disk: u64,
    free_disk: u64,
}

impl From<core::Capacity> for Capacity {
    fn from(told: core::Capacity) -> Self {
        Self {
            vcpus: told.vcpus,
            promised_vcpus: told.promised_vcpus,
            free_vcpus: told.free_vcpus(),
            cpu_percent: told.cpu_percent,
            memory: bytes(told.memory_mib),
            promised_memory: bytes(told.promised_memory_mib),
            free_memory: bytes(told.free_memory_mib()),
            used_memory: told.used_memory_mib.map(bytes),
            disk: bytes(told.disk_mib),
            free_disk: bytes(told.free_disk_mib),
        }
    }
}

/// How large an instance may be.
#[derive(Serialize)]
pub(crate) struct InstanceType {
    name: String,
    vcpus: u32,
    memory: u64,
    disk: u64,
}

impl From<&core::InstanceType> for InstanceType {
    fn from(told: &core::InstanceType) -> Self {
        let (memory, disk) = (bytes(told.memory_mib), bytes(told.disk_mib));
        Self { name: told.name.clone(), vcpus: told.vcpus, memory, disk }
    }
}

/// A region that may be used.
#[derive(Serialize)]
pub(crate) struct Region {
    name: String,
    kind: core::RegionKind,
    instance_types: Vec<InstanceType>,
}

impl From<&core::Region> for Region {
    fn from(told: &core::Region) -> Self {
        let instance_types = told.common().instance_types.iter().map(InstanceType::from).collect();
        Self { name: told.name().to_owned(), kind: told.kind(), instance_types }
    }
}

/// What has become of instances.
#[derive(Serialize)]
pub(crate) struct InstanceEvent {
    kind: &'static str,
    /// All that there are.
    instances: Option<Vec<Instance>>,
    /// The one that is new, or other than it was.
    instance: Option<Instance>,
    /// The one that it is about.
    id: Option<String>,
}

impl From<core::InstanceEvent> for InstanceEvent {
    fn from(told: core::InstanceEvent) -> Self {
        let event = |kind| Self { kind, instances: None, instance: None, id: None };
        match told {
            core::InstanceEvent::Listed(all) => {
                Self { instances: Some(all.into_iter().map(Instance::from).collect()), ..event("listed") }
            }
            core::InstanceEvent::Changed(one) => {
                let id = Some(one.id.to_string());
                Self { instance: Some(one.into()), id, ..event("changed") }
            }
            core::InstanceEvent::Gone(id) => Self { id: Some(id.to_string()), ..event("gone") },
            // Of a kind that is not known here.
            _ => event("unknown"),
        }
    }
}
