//! What each node has, and which one takes an instance.

use std::collections::BTreeSet;

use proxmox_core::backend::{Capacity, Fit, InstanceType};
use proxmox_core::cluster::Resource;
use proxmox_core::node::StorageStatus;
use proxmox_core::{Error, ErrorKind, NodeName, Outcome, Result, StorageId};

use super::PveBackend;
use super::instances::{count, mib};

/// How many nodes are asked at a time.
const AT_ONCE: usize = 8;

/// A node that is online.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) node: NodeName,
    pub(super) capacity: Capacity,
    pub(super) storages: Vec<StorageStatus>,
    /// Why nothing can be put there.
    trouble: Option<String>,
    shared: bool,
}

/// The nodes that are online.
#[derive(Debug)]
pub(super) struct Rooms(pub(super) Vec<Room>);

impl PveBackend {
    /// Reads them: nodes and guests in two requests, and the storages of each node in one more.
    pub(super) async fn rooms(&self) -> Result<Rooms> {
        let cluster = self.pve.cluster();
        let mut lists = self.pve.all([cluster.nodes(), cluster.guests()]).await;
        let (Some(guests), Some(nodes)) = (lists.pop(), lists.pop()) else {
            unreachable!("there are as many answers as calls")
        };
        let (guests, nodes) = (guests?, nodes?);
        let online = |row: &Resource| row.status.as_ref().is_some_and(|status| status.as_str() == "online");
        let mut rooms = Vec::new();
        for row in nodes.iter().filter(|row| online(row)) {
            if let Some(node) = row.node.clone().filter(|node| self.has(node)) {
                rooms.push(Room::of(row, node, guests.iter()));
            }
        }
        if rooms.is_empty() {
            let text = format!("no node of region {} is online", self.name());
            return Err(Error::new(ErrorKind::NodeUnreachable, Outcome::NotSent, text));
        }
        let calls = rooms.iter().map(|room| Ok(self.pve.node(&room.node)?.storages()));
        let calls = calls.collect::<Result<Vec<_>>>()?;
        let storages = self.pve.fan_out(calls, AT_ONCE, async |_, call| call.await).await;
        for (room, storages) in rooms.iter_mut().zip(storages) {
            match storages {
                Ok(storages) => room.stock(storages.into_vec(), &self.storage),
                Err(e) => room.trouble = Some(e.message().to_owned()),
            }
        }
        rooms.sort_by(|a, b| a.node.cmp(&b.node));
        Ok(Rooms(rooms))
    }
}

impl Room {
    fn of<'r>(row: &Resource, node: NodeName, guests: impl Iterator<Item = &'r Resource>) -> Self {
        let mut capacity = Capacity::default();
        capacity.vcpus = row.maxcpu.and_then(count).unwrap_or(0);
        capacity.cpu_percent = row.cpu.map(|share| share * 100.0);
        capacity.memory_mib = row.maxmem.and_then(mib).unwrap_or(0);
        capacity.used_memory_mib = row.mem.and_then(mib);
        // Templates never run.
        for guest in guests.filter(|guest| guest.node.as_ref() == Some(&node) && !guest.template) {
            capacity.promised_vcpus += guest.maxcpu.and_then(count).unwrap_or(0);
            capacity.promised_memory_mib += guest.maxmem.and_then(mib).unwrap_or(0);
        }
        Self { node, capacity, storages: Vec::new(), trouble: None, shared: false }
    }

    fn stock(&mut self, storages: Vec<StorageStatus>, disks: &StorageId) {
        match storages.iter().find(|storage| storage.storage == *disks) {
            Some(storage) if storage.active && storage.content.iter().any(|kind| kind == "images") => {
                self.capacity.disk_mib = storage.total.and_then(mib).unwrap_or(0);
                self.capacity.free_disk_mib = storage.avail.and_then(mib).unwrap_or(0);
                self.shared = storage.shared;
            }
            Some(_) => self.trouble = Some(format!("storage {disks} is off, or takes no disks")),
            None => self.trouble = Some(format!("there is no storage {disks}")),
        }
        self.storages = storages;
    }

    /// Why an instance of this size has no room; nothing when it has. CPUs may be promised more than once.
    fn lacks(&self, size: &InstanceType) -> Option<String> {
        if let Some(trouble) = &self.trouble {
            return Some(trouble.clone());
        }
        match self.capacity.fit(size) {
            Fit::NoMemory => Some(format!("{} MiB of memory are free", self.capacity.free_memory_mib())),
            Fit::NoDisk => Some(format!("{} MiB of disk are free", self.capacity.free_disk_mib)),
            _ => None,
        }
    }

    /// The storage that takes files of this kind: the one that is set, or the first.
    pub(super) fn files(&self, kind: &str, wanted: Option<&StorageId>) -> Result<StorageId> {
        let takes = |storage: &&StorageStatus| {
            storage.active && storage.enabled && storage.content.iter().any(|content| content == kind)
        };
        let mut all: Vec<&StorageId> =
            self.storages.iter().filter(takes).map(|storage| &storage.storage).collect();
        all.sort();
        let found = match wanted {
            Some(wanted) => all.into_iter().find(|id| *id == wanted),
            None => all.into_iter().next(),
        };
        found.cloned().ok_or_else(|| {
            let which =
                wanted.map_or("no storage".to_owned(), |wanted| format!("storage {wanted} is none that"));
            let text = format!("node {}: {which} takes files of kind {kind}", self.node);
            Error::new(ErrorKind::Refused, Outcome::NotSent, text)
                .with_advice(format!("allow the content type {kind} on a storage of kind dir"))
        })
    }
}

impl Rooms {
    /// All of them together. What they share counts once.
    pub(super) fn sum(&self) -> Capacity {
        let mut sum = Capacity::default();
        let (mut busy, mut known, mut used, mut shared) = (0.0, 0.0, None, false);
        for Room { capacity, shared: shares, .. } in &self.0 {
            sum.vcpus += capacity.vcpus;
            sum.promised_vcpus += capacity.promised_vcpus;
            sum.memory_mib += capacity.memory_mib;
            sum.promised_memory_mib += capacity.promised_memory_mib;
            if let Some(percent) = capacity.cpu_percent {
                busy += percent * f64::from(capacity.vcpus);
                known += f64::from(capacity.vcpus);
            }
            if let Some(memory) = capacity.used_memory_mib {
                used = Some(used.unwrap_or(0) + memory);
            }
            if !(shared && *shares) {
                sum.disk_mib += capacity.disk_mib;
                sum.free_disk_mib += capacity.free_disk_mib;
            }
            shared |= shares;
        }
        sum.cpu_percent = (known > 0.0).then(|| busy / known);
        sum.used_memory_mib = used;
        sum
    }

    /// Those that have room, the one with the most free memory first.
    pub(super) fn fitting(&self, size: &InstanceType) -> Result<Vec<&Room>> {
        let mut fitting: Vec<&Room> = self.0.iter().filter(|room| room.lacks(size).is_none()).collect();
        fitting.sort_by_key(|room| std::cmp::Reverse(room.capacity.free_memory_mib()));
        if !fitting.is_empty() {
            return Ok(fitting);
        }
        let why: BTreeSet<String> =
            self.0.iter().filter_map(|room| Some(format!("{}: {}", room.node, room.lacks(size)?))).collect();
        let why: Vec<String> = why.into_iter().collect();
        let text = format!(
            "no node has room for an instance of type {} ({} MiB of memory, {} MiB of disk): {}",
            size.name,
            size.memory_mib,
            size.disk_mib,
            why.join("; ")
        );
        Err(Error::new(ErrorKind::Refused, Outcome::NotSent, text))
    }
}
