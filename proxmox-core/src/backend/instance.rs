use std::fmt;

use serde::{Deserialize, Serialize};

/// What names an instance as long as there is one: the VMID on Proxmox VE, the UUID of its domain on libvirt. Only the backend that
/// gave it understands it.
///
/// # Ids that are kept
/// Nobody gives a UUID again by chance. **A VMID is given again**: once its machine is deleted, by whomever, the next guest may get
/// the number: Proxmox VE offers the lowest that is free. A kept id of Proxmox VE means "whatever has this number now". Whoever keeps
/// one keeps the name too, and compares it with that of [`get`](super::Backend::get) before anything that cannot be taken back. The
/// gate does not tell them apart: the other one may carry the managed tag as well.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InstanceId(String);

impl InstanceId {
    /// For backends, and for ids that were kept.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Whether an instance runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum InstanceState {
    /// It runs.
    Running,
    /// It is in memory, and its CPUs are halted.
    Paused,
    /// It is off.
    Stopped,
    /// It was running, and has failed.
    Crashed,
    /// Nobody knows: its host does not answer.
    Unknown,
}

impl InstanceState {
    /// The word, as in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
            Self::Crashed => "crashed",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for InstanceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// An instance as its backend sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Instance {
    /// What names it as long as it is there.
    pub id: InstanceId,
    /// Its name.
    pub name: String,
    /// The host it is on.
    pub node: String,
    /// Whether it runs.
    pub state: InstanceState,
    /// Whether it carries the managed tag: others are only looked at.
    pub managed: bool,
    /// Its tags, sorted, the managed one included.
    pub tags: Vec<String>,
    /// Virtual CPUs, where known.
    pub vcpus: Option<u32>,
    /// Memory in MiB, where known.
    pub memory_mib: Option<u64>,
}

impl Instance {
    /// One of which only this much is known.
    pub fn new(
        id: InstanceId,
        name: impl Into<String>,
        node: impl Into<String>,
        state: InstanceState,
    ) -> Self {
        Self {
            id,
            name: name.into(),
            node: node.into(),
            state,
            managed: false,
            tags: Vec::new(),
            vcpus: None,
            memory_mib: None,
        }
    }
}
