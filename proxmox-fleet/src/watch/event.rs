use std::fmt;
use std::sync::Arc;

use proxmox_core::guest::GuestState;
use proxmox_core::{ErrorKind, NodeName};
use serde::{Deserialize, Serialize};

use super::{Guest, Node};

/// What a watch tells. As JSON an object whose `event` is the name: `added`, `node-offline` …
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// Everything as it is: the first event, and what a subscriber gets who let too much wait. When it is old, or has gaps,
    /// [`Stale`](Self::Stale) or [`Unreadable`](Self::Unreadable) follows at once; whatever was said of that before is over.
    Snapshot {
        /// The guests, by number.
        guests: Vec<Arc<Guest>>,
        /// The nodes, by name.
        nodes: Vec<Arc<Node>>,
        /// Whether it takes the place of events that this subscriber did not fetch in time.
        missed: bool,
    },
    /// A guest is new in the list.
    Added {
        /// As it is now.
        guest: Arc<Guest>,
    },
    /// A guest is no longer in the list. That it is deleted is likely, not certain: PVE leaves out without a word what the
    /// credentials may no longer audit. Before something is done that cannot be undone, ask for the guest itself.
    Removed {
        /// As it was last told of.
        guest: Arc<Guest>,
        /// Why it is no longer told of.
        why: Removal,
    },
    /// Something about a guest is not as it was last told.
    Changed {
        /// As it is now.
        guest: Arc<Guest>,
        /// What is different. Never empty.
        what: Vec<Change>,
    },
    /// A node is new in the cluster.
    NodeAdded {
        /// As it is now.
        node: Arc<Node>,
    },
    /// A node is no longer in the cluster.
    NodeRemoved {
        /// As it was last told of.
        node: Arc<Node>,
    },
    /// A node is back. What its guests do is told by events of their own.
    NodeOnline {
        /// As it is now.
        node: Arc<Node>,
    },
    /// A node is not online any more, or not online in another way. Its guests are unknown then.
    NodeOffline {
        /// As it is now.
        node: Arc<Node>,
    },
    /// A poll failed: what was told may no longer be so. Told once, until it is [`Recovered`](Self::Recovered).
    Stale {
        /// How long ago the last answer came, in seconds; none when there never was one.
        since_seconds: Option<u64>,
        /// In how many seconds it is tried again; each failure doubles the pause, up to a limit.
        retry_seconds: u64,
        /// What kind of trouble.
        kind: ErrorKind,
        /// The sentence about it.
        error: String,
    },
    /// The polls succeed again. What has changed meanwhile is told by the events that follow.
    Recovered {
        /// How long there was no answer, in seconds; none when there never was one.
        after_seconds: Option<u64>,
    },
    /// Some rows of the list could not be read. As long as that is so, no guest and no node is removed: it may be one of these.
    /// Told when their number changes; 0 says that all can be read again.
    Unreadable {
        /// How many.
        rows: usize,
        /// What is wrong with the first of them.
        why: Option<String>,
    },
}

/// Why a guest is no longer told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Removal {
    /// It is not in the list, or its number belongs to a guest of the other kind now.
    Gone,
    /// It is known to be a template now, and templates do not count here.
    Template,
}

/// What is different about a guest. As JSON an object with `field`, `from` and `to`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "field", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Change {
    /// It was started, stopped, or is out of sight.
    Status {
        /// Before.
        from: GuestState,
        /// Now.
        to: GuestState,
    },
    /// It is on another node.
    Node {
        /// Before.
        from: NodeName,
        /// Now.
        to: NodeName,
    },
    /// Its name.
    Name {
        /// Before.
        from: Option<String>,
        /// Now.
        to: Option<String>,
    },
    /// Its tags, sorted.
    Tags {
        /// Before.
        from: Vec<String>,
        /// Now.
        to: Vec<String>,
    },
    /// PVE's lock.
    Lock {
        /// Before.
        from: Option<String>,
        /// Now.
        to: Option<String>,
    },
    /// Whether it is a template.
    Template {
        /// Before.
        from: bool,
        /// Now.
        to: bool,
    },
    /// Its CPU use, in percent of all its CPUs.
    Cpu {
        /// As it was last told.
        from: Option<f64>,
        /// Now.
        to: Option<f64>,
    },
    /// Its memory in use, bytes.
    Mem {
        /// As it was last told.
        from: Option<i64>,
        /// Now.
        to: Option<i64>,
    },
    /// Its memory, bytes.
    Maxmem {
        /// Before.
        from: Option<i64>,
        /// Now.
        to: Option<i64>,
    },
}

impl Event {
    /// The name, as in JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Snapshot { .. } => "snapshot",
            Self::Added { .. } => "added",
            Self::Removed { .. } => "removed",
            Self::Changed { .. } => "changed",
            Self::NodeAdded { .. } => "node-added",
            Self::NodeRemoved { .. } => "node-removed",
            Self::NodeOnline { .. } => "node-online",
            Self::NodeOffline { .. } => "node-offline",
            Self::Stale { .. } => "stale",
            Self::Recovered { .. } => "recovered",
            Self::Unreadable { .. } => "unreadable",
        }
    }
}

impl fmt::Display for Removal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Gone => "gone",
            Self::Template => "a template now",
        })
    }
}
