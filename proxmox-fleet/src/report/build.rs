//! From what was read to what there is to say. Pure, and linear but for the sorting.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use proxmox_core::cluster::Resource;
use proxmox_core::node::{NodeStatus, StorageStatus, Usage};
use proxmox_core::{GuestKind, NodeName, StorageId};

use super::rules::Rules;
use super::{
    DiskRow, Fill, GuestCondition, GuestRow, NodeCondition, NodeRow, Report, Source, StorageRow, Summary,
    in_source, tenth,
};
use crate::flag::{Flag, Severity};
use crate::snapshot::{GuestSeen, NodeSeen, Snapshot};
use crate::thresholds::Thresholds;

impl Report {
    /// What is to say about these clusters, by these rules. Without any I/O: the same input gives the same report.
    ///
    /// Clusters that were given no name are told apart by their place, `#1`, `#2` …, where there are several.
    #[must_use]
    pub fn of(snapshots: &[Snapshot], thresholds: &Thresholds) -> Self {
        let mut report = Self {
            sources: Vec::new(),
            summary: Summary::default(),
            flags: Vec::new(),
            nodes: Vec::new(),
            storages: Vec::new(),
            disks: Vec::new(),
            thresholds: thresholds.clone(),
        };
        for (index, snapshot) in snapshots.iter().enumerate() {
            let name = match &snapshot.source {
                None if snapshots.len() > 1 => Some(format!("#{}", index + 1)),
                name => name.clone(),
            };
            let unanswered = snapshot.unanswered.clone();
            report.add(name.as_deref(), snapshot);
            report.sources.push(Source { name, taken: snapshot.taken, unanswered });
        }
        report.sort();
        report.sum_up();
        report
    }

    fn add(&mut self, source: Option<&str>, snapshot: &Snapshot) {
        let thresholds = self.thresholds.clone();
        let rules = Rules { thresholds: &thresholds, source, taken: snapshot.taken };
        self.flags.extend(rules.source(snapshot));

        let mut guests: HashMap<&NodeName, Vec<&GuestSeen>> = HashMap::new();
        for guest in &snapshot.guests {
            if let Some(node) = &guest.row.node {
                guests.entry(node).or_default().push(guest);
            }
        }
        let mut storages: BTreeMap<(&StorageId, Option<&NodeName>), StorageRow> = BTreeMap::new();
        for seen in &snapshot.nodes {
            let mut node = node_row(source, seen);
            let own = guests.remove(&seen.node).unwrap_or_default();
            self.place(&rules, &mut node, &own, &seen.notes);
            self.nodes.push(node);
            for disk in &seen.disks {
                let mut row = disk_row(source, &seen.node, disk);
                row.worst = self.raise(rules.disk(&row));
                self.disks.push(row);
            }
            for storage in &seen.storages {
                let key = (&storage.storage, (!storage.shared).then_some(&seen.node));
                let row = storages.entry(key).or_insert_with(|| storage_row(source, storage));
                see_storage(row, &seen.node, storage);
            }
        }
        for (_, mut row) in storages {
            row.worst = self.raise(rules.storage(&row));
            self.storages.push(row);
        }
        // A guest's node that is not in the list of nodes: nothing is known of either.
        for (name, own) in guests {
            let mut seen = NodeSeen::new(name.clone(), true);
            seen.unanswered = Some("it is not in the cluster's list of nodes".to_owned());
            let mut node = node_row(source, &seen);
            self.place(&rules, &mut node, &own, &[]);
            self.nodes.push(node);
        }
    }

    /// A node's guests and its flags.
    fn place(&mut self, rules: &Rules<'_>, node: &mut NodeRow, guests: &[&GuestSeen], notes: &[String]) {
        let known = node.condition == NodeCondition::Online;
        for seen in guests {
            let Some(mut guest) = guest_row(seen, known) else { continue };
            guest.worst = self.raise(rules.guest(node, &guest, seen));
            node.guests.push(guest);
        }
        node.guests.sort_by_key(|guest| guest.vmid);
        node.worst = self.raise(rules.node(node, notes));
    }

    /// Keeps flags and tells the worst of them.
    fn raise(&mut self, flags: Vec<Flag>) -> Option<Severity> {
        let worst = flags.iter().map(|flag| flag.severity).max();
        self.flags.extend(flags);
        worst
    }

    fn sort(&mut self) {
        self.flags.sort_by(|a, b| {
            let order = (Reverse(a.severity), a.rule).cmp(&(Reverse(b.severity), b.rule));
            order.then_with(|| a.subject.cmp(&b.subject)).then_with(|| a.sentence.cmp(&b.sentence))
        });
        self.nodes.sort_by(|a, b| (&a.source, &a.node).cmp(&(&b.source, &b.node)));
        self.storages.sort_by(|a, b| {
            (&a.source, !a.shared, &a.storage, &a.nodes).cmp(&(&b.source, !b.shared, &b.storage, &b.nodes))
        });
        self.disks.sort_by(|a, b| (&a.source, &a.node, &a.devpath).cmp(&(&b.source, &b.node, &b.devpath)));
    }

    #[allow(clippy::cast_precision_loss)]
    fn sum_up(&mut self) {
        let mut sum = Summary { nodes: self.nodes.len(), ..Summary::default() };
        let mut busy = None;
        for node in &self.nodes {
            sum.nodes_online += usize::from(node.condition == NodeCondition::Online);
            sum.guests += node.guests.len();
            if let (Some(percent), Some(cpus)) = (node.cpu_percent, node.cpus) {
                sum.cpus += cpus;
                *busy.get_or_insert(0.0) += percent * cpus as f64;
            }
            for guest in &node.guests {
                *match guest.condition {
                    GuestCondition::Running => &mut sum.running,
                    GuestCondition::Stopped => &mut sum.stopped,
                    GuestCondition::Template => &mut sum.templates,
                    GuestCondition::Unknown => &mut sum.unknown,
                } += 1;
            }
        }
        sum.cpu_percent = busy.filter(|_| sum.cpus > 0).map(|busy| tenth(busy / sum.cpus as f64));
        sum.memory = total(self.nodes.iter().filter_map(|node| node.memory));
        sum.storage = total(self.storages.iter().filter_map(|storage| storage.fill));
        for flag in &self.flags {
            *match flag.severity {
                Severity::Critical => &mut sum.critical,
                Severity::Warning => &mut sum.warnings,
                Severity::Note => &mut sum.notes,
            } += 1;
        }
        self.summary = sum;
    }

    /// What did not answer, offline nodes included, each with the reason.
    #[must_use]
    pub fn missing(&self) -> Vec<(String, &str)> {
        let sources = self.sources.iter().filter_map(|source| {
            Some((
                source.name.clone().unwrap_or_else(|| "the cluster".to_owned()),
                source.unanswered.as_deref()?,
            ))
        });
        let nodes = self.nodes.iter().filter_map(|node| match &node.condition {
            NodeCondition::Online => None,
            NodeCondition::Offline => Some((node.place(), "it is offline")),
            NodeCondition::Unreachable(reason) => Some((node.place(), reason.as_str())),
        });
        sources.chain(nodes).collect()
    }
}

fn total(fills: impl Iterator<Item = Fill>) -> Option<Fill> {
    let (used, all) = fills.fold((0_i64, 0_i64), |(used, all), fill| {
        (used.saturating_add(fill.used_bytes), all.saturating_add(fill.total_bytes))
    });
    Fill::new(Some(used), Some(all))
}

fn node_row(source: Option<&str>, seen: &NodeSeen) -> NodeRow {
    let condition = match &seen.unanswered {
        Some(reason) => NodeCondition::Unreachable(reason.clone()),
        None if seen.online => NodeCondition::Online,
        None => NodeCondition::Offline,
    };
    let status = seen.status.as_ref();
    let fill = |usage: fn(&NodeStatus) -> &Usage| {
        status.map(usage).and_then(|usage| Fill::new(usage.used, usage.total))
    };
    NodeRow {
        source: source.map(str::to_owned),
        node: seen.node.clone(),
        condition,
        worst: None,
        cpu_percent: status.and_then(|s| s.cpu).map(|cpu| tenth(cpu * 100.0)),
        cpus: status.and_then(|s| s.cpuinfo.cpus),
        load: status.map(|s| s.loadavg.clone()).unwrap_or_default(),
        memory: fill(|s| &s.memory),
        swap: fill(|s| &s.swap),
        rootfs: fill(|s| &s.rootfs),
        uptime: status.and_then(|s| s.uptime),
        version: status.and_then(|s| s.pveversion.as_deref()).map(|v| part(v, '/', 1)),
        kernel: status.and_then(|s| s.kversion.as_deref()).map(|v| part(v, ' ', 1)),
        guests: Vec::new(),
    }
}

/// The version in `pve-manager/8.4.21/…` and in `Linux 6.8.12-15-pve #1 …`; all of it when it looks different.
fn part(text: &str, separator: char, index: usize) -> String {
    text.split(separator).nth(index).unwrap_or(text).to_owned()
}

fn guest_row(seen: &GuestSeen, known: bool) -> Option<GuestRow> {
    let row: &Resource = &seen.row;
    let kind = match row.kind.as_str() {
        "qemu" => GuestKind::Qemu,
        "lxc" => GuestKind::Lxc,
        _ => return None,
    };
    let condition = match row.status.as_ref().map(proxmox_core::guest::GuestState::as_str) {
        _ if !known => GuestCondition::Unknown,
        Some("running") => GuestCondition::Running,
        Some("stopped") if row.template => GuestCondition::Template,
        Some("stopped") => GuestCondition::Stopped,
        _ => GuestCondition::Unknown,
    };
    let runs = condition == GuestCondition::Running;
    let mut snapshots = seen.snapshots.clone();
    if let Some(snapshots) = &mut snapshots {
        snapshots.sort_by(|a, b| (a.snaptime, &a.name).cmp(&(b.snaptime, &b.name)));
    }
    let addresses = seen.addresses.as_ref().filter(|addresses| addresses.unknown.is_none());
    Some(GuestRow {
        vmid: row.vmid?,
        kind,
        name: row.name.clone(),
        condition,
        worst: None,
        cpu_percent: row.cpu.filter(|_| runs).map(|cpu| tenth(cpu * 100.0)),
        cpus: row.maxcpu,
        memory: Fill::new(row.mem, row.maxmem).filter(|_| runs),
        memory_bytes: row.maxmem,
        disk_bytes: row.maxdisk,
        uptime: row.uptime.filter(|_| runs),
        lock: row.lock.clone(),
        tags: row.tags.clone(),
        addresses: addresses.map(|addresses| addresses.found.clone()),
        snapshots,
    })
}

fn disk_row(source: Option<&str>, node: &NodeName, disk: &proxmox_core::node::Disk) -> DiskRow {
    let trimmed = |text: &Option<String>| text.as_deref().map(|text| text.trim().to_owned());
    DiskRow {
        source: source.map(str::to_owned),
        node: node.clone(),
        devpath: disk.devpath.clone(),
        kind: disk.kind.clone(),
        model: trimmed(&disk.model),
        serial: trimmed(&disk.serial),
        size_bytes: disk.size,
        health: disk.health.clone(),
        wearout_percent: disk.wearout,
        used: disk.used.clone(),
        worst: None,
    }
}

fn storage_row(source: Option<&str>, storage: &StorageStatus) -> StorageRow {
    StorageRow {
        source: source.map(str::to_owned),
        storage: storage.storage.clone(),
        kind: storage.kind.clone(),
        shared: storage.shared,
        nodes: Vec::new(),
        enabled: false,
        inactive_on: Vec::new(),
        worst: None,
        fill: None,
    }
}

/// What one more node says of it.
fn see_storage(row: &mut StorageRow, node: &NodeName, storage: &StorageStatus) {
    row.nodes.push(node.clone());
    row.enabled |= storage.enabled;
    if storage.enabled && !storage.active {
        row.inactive_on.push(node.clone());
    }
    if row.fill.is_none() && storage.active {
        row.fill = Fill::new(storage.used, storage.total);
    }
}

impl StorageRow {
    /// Its name, with its cluster where that has one.
    #[must_use]
    pub fn place(&self) -> String {
        in_source(self.source.as_deref(), self.storage.as_str())
    }

    /// `pve1`, or `3 nodes`.
    pub(crate) fn where_it_is(&self) -> String {
        match self.nodes.as_slice() {
            [one] => one.to_string(),
            several => format!("{} nodes", several.len()),
        }
    }

    /// `active`, `inactive`, `active in part`, `disabled`
    #[must_use]
    pub fn state(&self) -> &'static str {
        match (self.enabled, self.inactive_on.len()) {
            (false, _) => "disabled",
            (true, 0) => "active",
            (true, n) if n < self.nodes.len() => "active in part",
            (true, _) => "inactive",
        }
    }
}

impl DiskRow {
    /// Its node, with its cluster where that has a name.
    #[must_use]
    pub fn place(&self) -> String {
        in_source(self.source.as_deref(), self.node.as_str())
    }
}

impl GuestRow {
    /// Its addresses, one after the other.
    #[must_use]
    pub fn address_text(&self) -> String {
        let texts: Vec<String> = self.addresses.iter().flatten().map(ToString::to_string).collect();
        texts.join(" ")
    }
}
