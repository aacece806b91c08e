use std::collections::BTreeSet;

use proxmox_core::cluster::Resource;
use proxmox_core::guest::IpQuery;
use proxmox_core::{Error, ErrorKind, GuestKind, NodeName, Outcome, Pve, Result, Rows};
use proxmox_lxc::Container;
use proxmox_qemu::Vm;

use crate::snapshot::{Addresses, GuestSeen, NodeSeen, Snapshot};

/// How many nodes are asked at a time.
const AT_ONCE: usize = 8;

/// What [`Snapshot::gather`] is to read: nodes and guests, and more where it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gather {
    taken: i64,
    source: Option<String>,
    nodes: BTreeSet<NodeName>,
    addresses: bool,
    snapshots: bool,
}

impl Gather {
    /// The whole cluster, read now: `taken` is the time in seconds since 1970.
    #[must_use]
    pub fn new(taken: i64) -> Self {
        Self { taken, source: None, nodes: BTreeSet::new(), addresses: false, snapshots: false }
    }

    /// A name for the cluster, for reports of several.
    #[must_use]
    pub fn source(mut self, name: impl Into<String>) -> Self {
        self.source = Some(name.into());
        self
    }

    /// Only this node and its guests. Call it again for more of them.
    #[must_use]
    pub fn node(mut self, node: NodeName) -> Self {
        self.nodes.insert(node);
        self
    }

    /// Also the addresses of running guests: one request each. VMs need a guest agent for it.
    #[must_use]
    pub fn with_addresses(mut self) -> Self {
        self.addresses = true;
        self
    }

    /// Also the snapshots of all guests: one request each.
    #[must_use]
    pub fn with_snapshots(mut self) -> Self {
        self.snapshots = true;
        self
    }

    fn wants(&self, node: &NodeName) -> bool {
        self.nodes.is_empty() || self.nodes.contains(node)
    }
}

impl Snapshot {
    /// Reads a cluster: its nodes and guests in two requests, state, disks and storages of each online node in three more, a few
    /// under way at a time. Needs `Sys.Audit`, `VM.Audit` and `Datastore.Audit`; what may not be read is said in the notes.
    ///
    /// A node that does not answer is named with the reason, and so is one that is offline. Neither makes it fail.
    ///
    /// # Errors
    /// When the lists of nodes or guests cannot be read: then nothing is known. `NotFound` for a wanted node that the cluster
    /// does not have.
    pub async fn gather(pve: &Pve, gather: Gather) -> Result<Self> {
        let cluster = pve.cluster();
        let mut lists = pve.all([cluster.nodes(), cluster.guests()]).await;
        let (guests, nodes) = (lists.pop(), lists.pop());
        let (Some(nodes), Some(guests)) = (nodes, guests) else {
            unreachable!("there are as many answers as calls")
        };
        let (nodes, guests) = (nodes?, guests?);

        let mut snapshot = Self { source: gather.source.clone(), ..Self::empty(gather.taken) };
        snapshot.notes.extend(nodes.complaints("the list of nodes"));
        snapshot.notes.extend(guests.complaints("the list of guests"));
        snapshot.nodes = select(nodes, &gather)?;
        read_nodes(pve, &mut snapshot.nodes).await;
        let wanted = |row: &Resource| row.node.as_ref().is_none_or(|node| gather.wants(node));
        snapshot.guests = guests
            .into_iter()
            .filter(wanted)
            .map(|row| GuestSeen { row, addresses: None, snapshots: None })
            .collect();
        snapshot.guests.sort_by_key(|guest| guest.row.vmid);

        if gather.addresses || gather.snapshots {
            let answered: BTreeSet<NodeName> = snapshot
                .nodes
                .iter()
                .filter(|node| node.missing().is_none())
                .map(|node| node.node.clone())
                .collect();
            let mut guests: Vec<&mut GuestSeen> = snapshot
                .guests
                .iter_mut()
                .filter(|guest| guest.row.node.as_ref().is_some_and(|node| answered.contains(node)))
                .collect();
            if gather.addresses {
                read_addresses(pve, &mut guests).await;
            }
            if gather.snapshots {
                read_snapshots(pve, &mut guests, &mut snapshot.notes).await;
            }
        }
        Ok(snapshot)
    }
}

/// The wanted nodes, by name.
fn select(rows: Rows<Resource>, gather: &Gather) -> Result<Vec<NodeSeen>> {
    let online = |row: &Resource| row.status.as_ref().is_some_and(|status| status.as_str() == "online");
    let mut all: Vec<NodeSeen> =
        rows.into_iter().filter_map(|row| Some(NodeSeen::new(row.node.clone()?, online(&row)))).collect();
    all.sort_by(|a, b| a.node.cmp(&b.node));
    if let Some(lost) = gather.nodes.iter().find(|name| all.iter().all(|node| node.node != **name)) {
        let names: Vec<&str> = all.iter().map(|node| node.node.as_str()).collect();
        let text = format!("there is no node {lost}");
        return Err(Error::new(ErrorKind::NotFound, Outcome::Rejected, text)
            .during("fleet.gather")
            .with_advice(format!("the cluster has {}", names.join(", "))));
    }
    all.retain(|node| gather.wants(&node.node));
    Ok(all)
}

/// State, disks and storages of all nodes that are online.
async fn read_nodes(pve: &Pve, nodes: &mut [NodeSeen]) {
    let online = nodes.iter_mut().filter(|node| node.online);
    pve.fan_out(online, AT_ONCE, async |pve, seen: &mut NodeSeen| {
        if let Err(e) = read_node(&pve, seen).await {
            seen.unanswered = Some(e.message().to_owned());
        }
    })
    .await;
}

async fn read_node(pve: &Pve, seen: &mut NodeSeen) -> Result<()> {
    let told = pve.node(seen.node.clone())?.telemetry().await?;
    seen.status = told.status;
    seen.disks = told.disks;
    seen.storages = told.storages;
    seen.notes = told.notes;
    Ok(())
}

fn kind(row: &Resource) -> Option<GuestKind> {
    match row.kind.as_str() {
        "qemu" => Some(GuestKind::Qemu),
        "lxc" => Some(GuestKind::Lxc),
        _ => None,
    }
}

async fn read_addresses(pve: &Pve, guests: &mut [&mut GuestSeen]) {
    let running = |guest: &GuestSeen| guest.row.status.as_ref().is_some_and(|s| s.as_str() == "running");
    let mut asked = Vec::new();
    let mut calls = Vec::new();
    for guest in guests.iter_mut().filter(|guest| running(guest)) {
        let (Some(kind), Some(node), Some(vmid)) = (kind(&guest.row), &guest.row.node, guest.row.vmid) else {
            continue;
        };
        calls.push(match kind {
            GuestKind::Qemu => Vm::new(pve, node, vmid).agent().interfaces(),
            GuestKind::Lxc => Container::new(pve, node, vmid).interfaces(),
        });
        asked.push(guest);
    }
    for (guest, answer) in asked.into_iter().zip(pve.all(calls).await) {
        guest.addresses = Some(match answer {
            Ok(interfaces) => Addresses { found: IpQuery::first_of_each(&interfaces), unknown: None },
            Err(e) => Addresses { found: Vec::new(), unknown: Some(e.message().to_owned()) },
        });
    }
}

async fn read_snapshots(pve: &Pve, guests: &mut [&mut GuestSeen], notes: &mut Vec<String>) {
    let mut asked = Vec::new();
    let mut calls = Vec::new();
    for guest in guests.iter_mut() {
        let (Some(kind), Some(node), Some(vmid)) = (kind(&guest.row), &guest.row.node, guest.row.vmid) else {
            continue;
        };
        calls.push(match kind {
            GuestKind::Qemu => Vm::new(pve, node, vmid).snapshots(),
            GuestKind::Lxc => Container::new(pve, node, vmid).snapshots(),
        });
        asked.push((guest, vmid));
    }
    for ((guest, vmid), answer) in asked.into_iter().zip(pve.all(calls).await) {
        match answer {
            Ok(rows) => {
                notes.extend(rows.complaints(&format!("the snapshots of guest {vmid}")));
                guest.snapshots = Some(rows.into_vec());
            }
            Err(e) => notes.push(format!("the snapshots of guest {vmid} are not seen: {}", e.message())),
        }
    }
}
