use std::net::IpAddr;

use proxmox_core::cluster::Resource;
use proxmox_core::guest::GuestSnapshot;
use proxmox_core::node::{Disk, NodeStatus, StorageStatus};
use proxmox_core::{Error, NodeName};
use serde::{Deserialize, Serialize};

/// What was read of one cluster, or of one host that is in none. It can be stored and reported on later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Snapshot {
    /// What the caller calls this cluster. Worth giving where a report is about several.
    #[serde(default)]
    pub source: Option<String>,
    /// When it was read, seconds since 1970 by the caller's clock.
    pub taken: i64,
    /// Why nothing could be read at all.
    #[serde(default)]
    pub unanswered: Option<String>,
    /// The nodes that were asked for, by name.
    pub nodes: Vec<NodeSeen>,
    /// The guests on them, by number.
    pub guests: Vec<GuestSeen>,
    /// What could not be read, in sentences.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// What was read of a node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NodeSeen {
    /// Its name.
    pub node: NodeName,
    /// Whether the cluster says that it is online. One that is not is not asked.
    pub online: bool,
    /// Why it did not answer, though it is said to be online.
    #[serde(default)]
    pub unanswered: Option<String>,
    /// Load, memory, file system, versions.
    #[serde(default)]
    pub status: Option<NodeStatus>,
    /// Its physical disks.
    #[serde(default)]
    pub disks: Vec<Disk>,
    /// The storages that it may use.
    #[serde(default)]
    pub storages: Vec<StorageStatus>,
    /// What could not be read, in sentences.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// What was read of a guest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GuestSeen {
    /// Its row in the cluster's list.
    pub row: Resource,
    /// Its addresses, where they were asked for and it runs.
    #[serde(default)]
    pub addresses: Option<Addresses>,
    /// Its snapshots, where they were asked for.
    #[serde(default)]
    pub snapshots: Option<Vec<GuestSnapshot>>,
}

/// The addresses of a running guest.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Addresses {
    /// The usable ones: the first IPv4, the first IPv6.
    #[serde(default)]
    pub found: Vec<IpAddr>,
    /// Why it could not be asked: no agent, most often.
    #[serde(default)]
    pub unknown: Option<String>,
}

impl Snapshot {
    /// A cluster of which nothing is known, because it did not answer: a report names it with the reason.
    ///
    /// ```
    /// # async fn demo(sites: Vec<(&str, proxmox_core::Pve)>, now: i64) {
    /// use proxmox_fleet::{Gather, Report, Snapshot, Thresholds};
    ///
    /// let mut seen = Vec::new();
    /// for (site, pve) in sites {
    ///     let gather = Gather::new(now).source(site);
    ///     seen.push(Snapshot::gather(&pve, gather).await.unwrap_or_else(|e| Snapshot::unanswered(site, now, &e)));
    /// }
    /// let report = Report::of(&seen, &Thresholds::default());
    /// # }
    /// ```
    #[must_use]
    pub fn unanswered(source: &str, taken: i64, error: &Error) -> Self {
        Self { source: Some(source.to_owned()), unanswered: Some(error.to_string()), ..Self::empty(taken) }
    }

    pub(crate) fn empty(taken: i64) -> Self {
        Self {
            source: None,
            taken,
            unanswered: None,
            nodes: Vec::new(),
            guests: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The nodes that did not answer, offline ones included, each with the reason.
    pub fn missing(&self) -> impl Iterator<Item = (&NodeName, &str)> {
        self.nodes.iter().filter_map(|node| Some((&node.node, node.missing()?)))
    }
}

impl NodeSeen {
    pub(crate) fn new(node: NodeName, online: bool) -> Self {
        Self {
            node,
            online,
            unanswered: None,
            status: None,
            disks: Vec::new(),
            storages: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Why nothing is known of it.
    #[must_use]
    pub fn missing(&self) -> Option<&str> {
        match &self.unanswered {
            Some(reason) => Some(reason),
            None if self.online => None,
            None => Some("it is offline"),
        }
    }
}
