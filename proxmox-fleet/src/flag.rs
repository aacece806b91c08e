use std::fmt;

use proxmox_core::{GuestKind, NodeName, StorageId, Vmid};
use serde::{Deserialize, Serialize};

/// How bad it is. Ordered: the worst is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Good to know.
    Note,
    /// Look at it soon.
    Warning,
    /// Look at it now.
    Critical,
}

impl Severity {
    /// All of them, the worst first.
    pub const ALL: [Self; 3] = [Self::Critical, Self::Warning, Self::Note];

    /// `critical`, `warning`, `note`
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Which rule says so. In the order in which flags of the same severity stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Rule {
    /// A whole cluster or host did not answer: nothing is known of it.
    SourceUnreachable,
    /// A node is offline: its guests are unknown.
    NodeOffline,
    /// A node did not answer: its guests are unknown.
    NodeUnreachable,
    /// SMART does not pass a disk ([`Thresholds::smart`](crate::Thresholds::smart)).
    DiskHealth,
    /// Little life remains to a disk ([`Thresholds::wearout_percent`](crate::Thresholds::wearout_percent)).
    DiskWearout,
    /// A node's memory ([`Thresholds::memory`](crate::Thresholds::memory)).
    NodeMemory,
    /// A node's swap ([`Thresholds::swap_percent`](crate::Thresholds::swap_percent)).
    NodeSwap,
    /// A node's load ([`Thresholds::load_per_cpu`](crate::Thresholds::load_per_cpu)).
    NodeLoad,
    /// A node's root file system ([`Thresholds::rootfs`](crate::Thresholds::rootfs)).
    NodeRootfs,
    /// A storage that is switched on cannot be used.
    StorageInactive,
    /// A storage's fill ([`Thresholds::storage`](crate::Thresholds::storage)).
    StorageFill,
    /// A container's memory ([`Thresholds::memory`](crate::Thresholds::memory)).
    GuestMemory,
    /// A guest runs without a usable address ([`Thresholds::without_ip`](crate::Thresholds::without_ip)).
    GuestWithoutIp,
    /// A guest carries a lock ([`Thresholds::locked`](crate::Thresholds::locked)).
    GuestLocked,
    /// A guest's snapshot is old ([`Thresholds::snapshot_days`](crate::Thresholds::snapshot_days)).
    GuestSnapshotOld,
    /// A template runs ([`Thresholds::template_running`](crate::Thresholds::template_running)).
    TemplateRunning,
    /// Something could not be read, for lack of a privilege most often: there may be more to say.
    NotSeen,
}

impl Rule {
    /// Its name, such as `node-memory`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SourceUnreachable => "source-unreachable",
            Self::NodeOffline => "node-offline",
            Self::NodeUnreachable => "node-unreachable",
            Self::DiskHealth => "disk-health",
            Self::DiskWearout => "disk-wearout",
            Self::NodeMemory => "node-memory",
            Self::NodeSwap => "node-swap",
            Self::NodeLoad => "node-load",
            Self::NodeRootfs => "node-rootfs",
            Self::StorageInactive => "storage-inactive",
            Self::StorageFill => "storage-fill",
            Self::GuestMemory => "guest-memory",
            Self::GuestWithoutIp => "guest-without-ip",
            Self::GuestLocked => "guest-locked",
            Self::GuestSnapshotOld => "guest-snapshot-old",
            Self::TemplateRunning => "template-running",
            Self::NotSeen => "not-seen",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a flag is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Subject {
    /// A whole cluster or host.
    Source {
        /// What the caller calls it, where it has a name.
        source: Option<String>,
    },
    /// A node.
    Node {
        /// Its cluster, where that has a name.
        source: Option<String>,
        /// Its name.
        node: NodeName,
    },
    /// A physical disk.
    Disk {
        /// Its cluster, where that has a name.
        source: Option<String>,
        /// The node it is in.
        node: NodeName,
        /// Such as `/dev/sda`.
        devpath: String,
    },
    /// A storage.
    Storage {
        /// Its cluster, where that has a name.
        source: Option<String>,
        /// The node that has it; none where all share it.
        node: Option<NodeName>,
        /// Its name.
        storage: StorageId,
    },
    /// A guest.
    Guest {
        /// Its cluster, where that has a name.
        source: Option<String>,
        /// Its number.
        vmid: Vmid,
        /// VM or container.
        #[serde(rename = "guest")]
        kind: GuestKind,
        /// Its node.
        node: NodeName,
        /// Its name.
        name: Option<String>,
    },
}

impl Subject {
    fn source(&self) -> Option<&str> {
        match self {
            Self::Source { source }
            | Self::Node { source, .. }
            | Self::Disk { source, .. }
            | Self::Storage { source, .. }
            | Self::Guest { source, .. } => source.as_deref(),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Source { source } = self {
            return f.write_str(source.as_deref().unwrap_or("the cluster"));
        }
        if let Some(source) = self.source() {
            write!(f, "{source}: ")?;
        }
        match self {
            Self::Source { .. } => Ok(()),
            Self::Node { node, .. } => write!(f, "node {node}"),
            Self::Disk { node, devpath, .. } => write!(f, "disk {devpath} of {node}"),
            Self::Storage { node: Some(node), storage, .. } => write!(f, "storage {storage} on {node}"),
            Self::Storage { node: None, storage, .. } => write!(f, "storage {storage}"),
            Self::Guest { kind, vmid, name, node, .. } => {
                write!(f, "{} {vmid}", kind.noun())?;
                if let Some(name) = name {
                    write!(f, " ({name})")?;
                }
                write!(f, " on {node}")
            }
        }
    }
}

/// Something that needs attention.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Flag {
    /// How bad it is.
    pub severity: Severity,
    /// Which rule says so.
    pub rule: Rule,
    /// What it is about.
    pub subject: Subject,
    /// What is the matter, with the figures.
    pub sentence: String,
}
