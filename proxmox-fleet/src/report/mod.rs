//! What there is to say about a fleet.

mod build;
mod rules;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use proxmox_core::guest::GuestSnapshot;
use proxmox_core::node::DiskHealth;
use proxmox_core::{GuestKind, NodeName, StorageId, Vmid};
use serde::{Deserialize, Serialize};

use crate::flag::{Flag, Severity};
use crate::thresholds::Thresholds;

/// Everything that a report says, in an order that does not change from one reading to the next. See [`Report::of`].
///
/// As JSON it has the same fields under the same names; sizes are bytes, times seconds, uses percent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// What was read, and when.
    pub sources: Vec<Source>,
    /// The sums.
    pub summary: Summary,
    /// What needs attention, the worst first.
    pub flags: Vec<Flag>,
    /// The nodes, each with its guests.
    pub nodes: Vec<NodeRow>,
    /// The storages; those that nodes share stand here once.
    pub storages: Vec<StorageRow>,
    /// The physical disks.
    pub disks: Vec<DiskRow>,
    /// By which rules.
    pub thresholds: Thresholds,
}

/// A cluster or host that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Source {
    /// What the caller calls it.
    pub name: Option<String>,
    /// When it was read, seconds since 1970.
    pub taken: i64,
    /// Why nothing could be read.
    pub unanswered: Option<String>,
}

/// The sums.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Summary {
    /// How many nodes.
    pub nodes: usize,
    /// Those that answered.
    pub nodes_online: usize,
    /// How many guests, templates included.
    pub guests: usize,
    /// Guests that run.
    pub running: usize,
    /// Guests that are off, and no templates.
    pub stopped: usize,
    /// Templates that are off.
    pub templates: usize,
    /// Guests whose node is offline or did not answer.
    pub unknown: usize,
    /// CPUs of the nodes that answered.
    pub cpus: i64,
    /// Use of these CPUs, percent.
    pub cpu_percent: Option<f64>,
    /// Memory of the nodes that answered.
    pub memory: Option<Fill>,
    /// Storages, shared ones once.
    pub storage: Option<Fill>,
    /// Flags that are critical.
    pub critical: usize,
    /// Flags that are warnings.
    pub warnings: usize,
    /// Flags that are notes.
    pub notes: usize,
}

/// How much of something is in use.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Fill {
    /// Bytes in use.
    pub used_bytes: i64,
    /// All bytes.
    pub total_bytes: i64,
    /// In use, percent, to a tenth. Thresholds are held against this figure, so that no report says `85.0 %` of what is not flagged.
    pub percent: f64,
}

impl Fill {
    /// None of nothing: a node without swap has no swap that is in use.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn new(used: Option<i64>, total: Option<i64>) -> Option<Self> {
        let (used, total) = (used?, total.filter(|&total| total > 0)?);
        let percent = tenth(used as f64 / total as f64 * 100.0);
        Some(Self { used_bytes: used, total_bytes: total, percent })
    }
}

/// To one digit after the point.
pub(crate) fn tenth(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

/// What is known of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", content = "reason", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NodeCondition {
    /// It answered.
    Online,
    /// The cluster says that it is offline.
    Offline,
    /// It is said to be online, and did not answer, for this reason.
    Unreachable(String),
}

impl NodeCondition {
    /// `online`, `offline`, `unreachable`
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Offline => "offline",
            Self::Unreachable(_) => "unreachable",
        }
    }
}

/// A node with its guests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NodeRow {
    /// Its cluster, where that has a name.
    pub source: Option<String>,
    /// Its name.
    pub node: NodeName,
    /// Whether it answered.
    pub condition: NodeCondition,
    /// The worst flag that is about the node itself.
    pub worst: Option<Severity>,
    /// Use of all its CPUs, percent.
    pub cpu_percent: Option<f64>,
    /// Its CPUs.
    pub cpus: Option<i64>,
    /// Load over 1, 5 and 15 minutes.
    pub load: Vec<f64>,
    /// Memory.
    pub memory: Option<Fill>,
    /// Swap, if it has any.
    pub swap: Option<Fill>,
    /// Root file system.
    pub rootfs: Option<Fill>,
    /// Seconds since boot.
    pub uptime: Option<i64>,
    /// PVE's version, such as `8.4.21`.
    pub version: Option<String>,
    /// The kernel, such as `6.8.12-15-pve`.
    pub kernel: Option<String>,
    /// Its guests, by number.
    pub guests: Vec<GuestRow>,
}

/// What is known of a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum GuestCondition {
    /// It runs.
    Running,
    /// It is off.
    Stopped,
    /// It is a template, and off.
    Template,
    /// Its node is offline or did not answer, or PVE says something else of it.
    Unknown,
}

impl GuestCondition {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Running, Self::Stopped, Self::Template, Self::Unknown];

    /// `running`, `stopped`, `template`, `unknown`
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Template => "template",
            Self::Unknown => "unknown",
        }
    }
}

/// A guest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GuestRow {
    /// Its number.
    pub vmid: Vmid,
    /// VM or container.
    pub kind: GuestKind,
    /// Its name.
    pub name: Option<String>,
    /// Whether it runs.
    pub condition: GuestCondition,
    /// The worst flag that is about it.
    pub worst: Option<Severity>,
    /// Use of all its CPUs, percent, while it runs.
    pub cpu_percent: Option<f64>,
    /// Its CPUs.
    pub cpus: Option<f64>,
    /// Memory in use, while it runs.
    pub memory: Option<Fill>,
    /// All of its memory, bytes.
    pub memory_bytes: Option<i64>,
    /// Size of its first disk, bytes.
    pub disk_bytes: Option<i64>,
    /// Seconds since its start, while it runs.
    pub uptime: Option<i64>,
    /// PVE's lock: `clone`, `backup`, `migrate` …
    pub lock: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its usable addresses; none where they were not read or it could not be asked.
    pub addresses: Option<Vec<IpAddr>>,
    /// Its snapshots, the oldest first; none where they were not read.
    pub snapshots: Option<Vec<GuestSnapshot>>,
}

/// A storage, on the nodes that see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StorageRow {
    /// Its cluster, where that has a name.
    pub source: Option<String>,
    /// Its name.
    pub storage: StorageId,
    /// `dir`, `lvmthin`, `zfspool`, `nfs`, `rbd` …
    pub kind: String,
    /// Whether all nodes see the same.
    pub shared: bool,
    /// The nodes that told of it.
    pub nodes: Vec<NodeName>,
    /// Whether it is switched on.
    pub enabled: bool,
    /// Nodes on which it is switched on and cannot be used.
    pub inactive_on: Vec<NodeName>,
    /// The worst flag that is about it.
    pub worst: Option<Severity>,
    /// How full it is, as a node says that can use it.
    pub fill: Option<Fill>,
}

/// A physical disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DiskRow {
    /// Its cluster, where that has a name.
    pub source: Option<String>,
    /// The node it is in.
    pub node: NodeName,
    /// Such as `/dev/sda`.
    pub devpath: String,
    /// `hdd`, `ssd`, `nvme`, `unknown`.
    pub kind: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// The serial number.
    pub serial: Option<String>,
    /// Bytes.
    pub size_bytes: Option<i64>,
    /// What SMART says.
    pub health: DiskHealth,
    /// Life that remains, percent.
    pub wearout_percent: Option<f64>,
    /// What uses it.
    pub used: Option<String>,
    /// The worst flag that is about it.
    pub worst: Option<Severity>,
}

/// `fsn/pve1`, or `pve1` where there is one cluster only.
pub(crate) fn in_source(source: Option<&str>, name: &str) -> String {
    match source {
        Some(source) => format!("{source}/{name}"),
        None => name.to_owned(),
    }
}

impl NodeRow {
    /// Its name, with its cluster where that has one.
    #[must_use]
    pub fn place(&self) -> String {
        in_source(self.source.as_deref(), self.node.as_str())
    }
}
