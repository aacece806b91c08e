//! The rules, each with its sentence.

use proxmox_core::GuestKind;
use proxmox_core::node::DiskHealth;

use super::{DiskRow, Fill, GuestCondition, GuestRow, NodeCondition, NodeRow, StorageRow};
use crate::flag::{Flag, Rule, Severity, Subject};
use crate::human;
use crate::snapshot::{GuestSeen, Snapshot};
use crate::thresholds::{Levels, Thresholds};

const DAY: i64 = 86_400;

/// What the rules of one cluster go by.
pub(super) struct Rules<'a> {
    pub(super) thresholds: &'a Thresholds,
    pub(super) source: Option<&'a str>,
    pub(super) taken: i64,
}

/// Collects the flags of one subject, which is made only when there is one: most have nothing to say.
struct Flags<F> {
    subject: F,
    flags: Vec<Flag>,
}

impl<F: Fn() -> Subject> Flags<F> {
    fn about(subject: F) -> Self {
        Self { subject, flags: Vec::new() }
    }

    fn raise(&mut self, severity: Severity, rule: Rule, sentence: impl Into<String>) {
        let (subject, sentence) = ((self.subject)(), sentence.into());
        self.flags.push(Flag { severity, rule, subject, sentence });
    }

    /// `memory: 31 of 32 GiB (96.9 %), critical from 95 %`
    fn fill(&mut self, rule: Rule, what: &str, fill: Option<&Fill>, levels: &Levels) {
        let Some((fill, severity)) = fill.and_then(|fill| Some((fill, levels.severity(fill.percent)?)))
        else {
            return;
        };
        let from = if severity == Severity::Critical { levels.critical } else { levels.warning };
        self.raise(severity, rule, format!("{what}: {}, {severity} from {from} %", amount(fill)));
    }
}

/// `31 of 32 GiB (96.9 %)`
fn amount(fill: &Fill) -> String {
    format!("{} ({})", human::part(fill.used_bytes, fill.total_bytes), human::percent(fill.percent))
}

/// `; its guest is unknown`, `; its 3 guests are unknown`
fn unknown(guests: usize) -> String {
    match guests {
        0 => String::new(),
        1 => "; its guest is unknown".to_owned(),
        n => format!("; its {n} guests are unknown"),
    }
}

impl Rules<'_> {
    fn source_name(&self) -> Option<String> {
        self.source.map(str::to_owned)
    }

    pub(super) fn source(&self, snapshot: &Snapshot) -> Vec<Flag> {
        let mut flags = Flags::about(|| Subject::Source { source: self.source_name() });
        if let Some(reason) = &snapshot.unanswered {
            let sentence = format!("did not answer: {reason}; nothing is known of it");
            flags.raise(Severity::Critical, Rule::SourceUnreachable, sentence);
        }
        for note in &snapshot.notes {
            flags.raise(Severity::Note, Rule::NotSeen, note);
        }
        flags.flags
    }

    pub(super) fn node(&self, node: &NodeRow, notes: &[String]) -> Vec<Flag> {
        let thresholds = self.thresholds;
        let mut flags =
            Flags::about(|| Subject::Node { source: self.source_name(), node: node.node.clone() });
        match &node.condition {
            NodeCondition::Online => {}
            NodeCondition::Offline => {
                let sentence = format!("is offline{}", unknown(node.guests.len()));
                flags.raise(Severity::Critical, Rule::NodeOffline, sentence);
            }
            NodeCondition::Unreachable(reason) => {
                let sentence = format!("did not answer: {reason}{}", unknown(node.guests.len()));
                flags.raise(Severity::Critical, Rule::NodeUnreachable, sentence);
            }
        }
        flags.fill(Rule::NodeMemory, "memory", node.memory.as_ref(), &thresholds.memory);
        flags.fill(Rule::NodeRootfs, "root file system", node.rootfs.as_ref(), &thresholds.rootfs);
        let swap = Levels::new(thresholds.swap_percent, f64::INFINITY);
        flags.fill(Rule::NodeSwap, "swap", node.swap.as_ref(), &swap);
        self.load(node, &mut flags);
        for note in notes {
            flags.raise(Severity::Note, Rule::NotSeen, note);
        }
        flags.flags
    }

    /// Over 5 minutes: a report should not depend on what went on in the very minute it was made.
    #[allow(clippy::cast_precision_loss)]
    fn load<F: Fn() -> Subject>(&self, node: &NodeRow, flags: &mut Flags<F>) {
        let (Some(load), Some(cpus)) = (node.load.get(1), node.cpus.filter(|&cpus| cpus > 0)) else {
            return;
        };
        let most = self.thresholds.load_per_cpu * cpus as f64;
        if *load > most {
            let plural = if cpus == 1 { "" } else { "s" };
            let sentence =
                format!("load: {load:.2} over 5 minutes on {cpus} CPU{plural}, warning above {most:.2}");
            flags.raise(Severity::Warning, Rule::NodeLoad, sentence);
        }
    }

    pub(super) fn disk(&self, disk: &DiskRow) -> Vec<Flag> {
        let mut flags = Flags::about(|| Subject::Disk {
            source: self.source_name(),
            node: disk.node.clone(),
            devpath: disk.devpath.clone(),
        });
        let model = disk.model.as_deref().map(|model| format!(" ({model})")).unwrap_or_default();
        match &disk.health {
            _ if !self.thresholds.smart => {}
            DiskHealth::Passed => {}
            DiskHealth::Unknown => {
                flags.raise(Severity::Note, Rule::DiskHealth, format!("SMART says nothing of it{model}"));
            }
            bad => flags.raise(Severity::Critical, Rule::DiskHealth, format!("SMART says {bad}{model}")),
        }
        let least = self.thresholds.wearout_percent;
        if let Some(left) = disk.wearout_percent.filter(|&left| left <= least) {
            let sentence = format!("{left} % of its life remains{model}, warning from {least} % down");
            flags.raise(Severity::Warning, Rule::DiskWearout, sentence);
        }
        flags.flags
    }

    pub(super) fn storage(&self, storage: &StorageRow) -> Vec<Flag> {
        let node = storage.nodes.first().filter(|_| !storage.shared);
        let mut flags = Flags::about(|| Subject::Storage {
            source: self.source_name(),
            node: node.cloned(),
            storage: storage.storage.clone(),
        });
        if !storage.inactive_on.is_empty() {
            let nodes: Vec<&str> = storage.inactive_on.iter().map(AsRef::as_ref).collect();
            let sentence = format!("is switched on and cannot be used on {}", nodes.join(", "));
            flags.raise(Severity::Warning, Rule::StorageInactive, sentence);
        }
        flags.fill(Rule::StorageFill, "used", storage.fill.as_ref(), &self.thresholds.storage);
        flags.flags
    }

    /// None about a guest of which nothing is known.
    pub(super) fn guest(&self, node: &NodeRow, guest: &GuestRow, seen: &GuestSeen) -> Vec<Flag> {
        if guest.condition == GuestCondition::Unknown {
            return Vec::new();
        }
        let thresholds = self.thresholds;
        let runs = guest.condition == GuestCondition::Running;
        let mut flags = Flags::about(|| Subject::Guest {
            source: self.source_name(),
            vmid: guest.vmid,
            kind: guest.kind,
            node: node.node.clone(),
            name: guest.name.clone(),
        });
        if guest.kind == GuestKind::Lxc {
            flags.fill(Rule::GuestMemory, "memory", guest.memory.as_ref(), &thresholds.memory);
        }
        if let Some(addresses) = &seen.addresses
            && thresholds.without_ip
            && addresses.found.is_empty()
        {
            match &addresses.unknown {
                Some(why) => flags.raise(
                    Severity::Note,
                    Rule::GuestWithoutIp,
                    format!("runs, and its address is not known: {why}"),
                ),
                None => {
                    flags.raise(Severity::Warning, Rule::GuestWithoutIp, "runs without a usable address");
                }
            }
        }
        if let Some(lock) = guest.lock.as_ref().filter(|_| thresholds.locked) {
            flags.raise(Severity::Warning, Rule::GuestLocked, format!("is locked ({lock})"));
        }
        if runs && seen.row.template && thresholds.template_running {
            flags.raise(Severity::Warning, Rule::TemplateRunning, "is a template, and runs");
        }
        if let Some(sentence) = self.old_snapshots(guest) {
            flags.raise(Severity::Warning, Rule::GuestSnapshotOld, sentence);
        }
        flags.flags
    }

    fn old_snapshots(&self, guest: &GuestRow) -> Option<String> {
        let most = i64::from(self.thresholds.snapshot_days) * DAY;
        let ages = guest.snapshots.iter().flatten().filter_map(|s| Some((&s.name, self.taken - s.snaptime?)));
        let old: Vec<(&String, i64)> = ages.filter(|(_, age)| *age > most).collect();
        // They stand the oldest first.
        let (name, age) = old.first()?;
        let (age, days) = (human::uptime(*age), self.thresholds.snapshot_days);
        Some(match old.len() {
            1 => format!("snapshot {name:?} is {age} old, warning above {days} days"),
            n => format!("{n} snapshots are older than {days} days, the oldest, {name:?}, {age}"),
        })
    }
}
