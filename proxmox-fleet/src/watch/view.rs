use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proxmox_core::guest::GuestState;
use proxmox_core::{GuestKind, NodeName, Vmid};
use serde::{Deserialize, Serialize};

use super::Event;

/// A guest, as a watch tells of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Guest {
    /// Its number.
    pub vmid: Vmid,
    /// VM or container.
    pub kind: GuestKind,
    /// The node it is on.
    pub node: NodeName,
    /// Its name.
    pub name: Option<String>,
    /// Whether it runs; `unknown` while its node is not online, or while PVE itself does not know.
    pub status: GuestState,
    /// CPU use in percent of all its CPUs. Absent while unknown.
    pub cpu_percent: Option<f64>,
    /// Memory in use, bytes. Absent while unknown.
    pub mem: Option<i64>,
    /// Memory, bytes.
    pub maxmem: Option<i64>,
    /// Its tags, sorted.
    pub tags: Vec<String>,
    /// PVE's lock: `clone`, `backup`, `migrate` …
    pub lock: Option<String>,
    /// Whether it is a template.
    pub template: bool,
}

/// A node, as a watch tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Node {
    /// Its name.
    pub node: NodeName,
    /// PVE's own word: `online`, `offline`, `unknown`.
    pub status: String,
}

impl Guest {
    pub(super) const UNKNOWN: &str = "unknown";

    /// Whether nothing is known of what it does.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.status.as_str() == Self::UNKNOWN
    }

    /// The same guest while nobody knows what it does.
    pub(super) fn lost(&self) -> Self {
        Self {
            status: GuestState::Other(Self::UNKNOWN.to_owned()),
            cpu_percent: None,
            mem: None,
            ..self.clone()
        }
    }
}

impl Node {
    /// Whether it is online.
    #[must_use]
    pub fn is_online(&self) -> bool {
        self.status == "online"
    }
}

/// All guests and nodes at one time. Who [applies](Self::apply) every event to it has it up to date.
///
/// ```
/// # fn demo(pve: &proxmox_core::Pve) {
/// use proxmox_fleet::{Watch, watch::View};
///
/// let mut view = View::default();
/// for event in Watch::new(pve).subscribe().blocking() {
///     view.apply(&event);
///     println!("{} guests", view.guests().count());
/// }
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct View {
    pub(super) guests: BTreeMap<Vmid, Arc<Guest>>,
    pub(super) nodes: BTreeMap<NodeName, Arc<Node>>,
    /// The templates, where they do not count as guests.
    pub(super) templates: BTreeSet<Vmid>,
}

impl View {
    /// The guests, by number.
    pub fn guests(&self) -> impl Iterator<Item = &Arc<Guest>> {
        self.guests.values()
    }

    /// The nodes, by name.
    pub fn nodes(&self) -> impl Iterator<Item = &Arc<Node>> {
        self.nodes.values()
    }

    /// The guest of this number.
    #[must_use]
    pub fn guest(&self, vmid: Vmid) -> Option<&Arc<Guest>> {
        self.guests.get(&vmid)
    }

    /// The node of this name.
    #[must_use]
    pub fn node(&self, name: &NodeName) -> Option<&Arc<Node>> {
        self.nodes.get(name)
    }

    /// Takes an event in. What says nothing about guests and nodes changes nothing.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Snapshot { guests, nodes, .. } => {
                self.guests = guests.iter().map(|guest| (guest.vmid, Arc::clone(guest))).collect();
                self.nodes = nodes.iter().map(|node| (node.node.clone(), Arc::clone(node))).collect();
            }
            Event::Added { guest } | Event::Changed { guest, .. } => {
                self.guests.insert(guest.vmid, Arc::clone(guest));
            }
            Event::Removed { guest, .. } => {
                self.guests.remove(&guest.vmid);
            }
            Event::NodeAdded { node } | Event::NodeOnline { node } | Event::NodeOffline { node } => {
                self.nodes.insert(node.node.clone(), Arc::clone(node));
            }
            Event::NodeRemoved { node } => {
                self.nodes.remove(&node.node);
            }
            Event::Stale { .. } | Event::Recovered { .. } | Event::Unreadable { .. } => {}
        }
    }

    /// All of it as an event.
    pub(super) fn snapshot(&self, missed: bool) -> Event {
        Event::Snapshot {
            guests: self.guests.values().cloned().collect(),
            nodes: self.nodes.values().cloned().collect(),
            missed,
        }
    }
}
