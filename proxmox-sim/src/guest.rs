//! A guest: its configuration, what it runs, and its snapshots.

pub(crate) mod birth;
pub(crate) mod change;
pub(crate) mod config;
pub(crate) mod disk;
pub(crate) mod list;
pub(crate) mod removal;
pub(crate) mod run;
pub(crate) mod snapshot;
pub(crate) mod volumes;

use std::collections::BTreeMap;

use crate::state::{State, digest};

/// A VM or a container.
#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) vmid: u32,
    pub(crate) kind: GuestKind,
    pub(crate) node: String,
    /// As in the configuration file, `lock` and `template` included; PVE types the values when it shows them.
    pub(crate) config: BTreeMap<String, String>,
    /// Changes that wait for the next start; `None` is a deletion.
    pub(crate) pending: BTreeMap<String, Option<String>>,
    pub(crate) snapshots: Vec<Snapshot>,
    pub(crate) run: Option<Run>,
    /// Whether the operating system in it starts a guest agent.
    pub(crate) has_agent: bool,
    /// Whether it obeys ACPI.
    pub(crate) obeys: bool,
    pub(crate) inside: crate::inside::Inside,
}

/// VM or container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum GuestKind {
    /// A virtual machine.
    Qemu,
    /// A container.
    Lxc,
}

impl GuestKind {
    /// As in paths and in `type`: `qemu` or `lxc`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Qemu => "qemu",
            Self::Lxc => "lxc",
        }
    }

    /// As PVE's sentences call it: `VM` or `CT`.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Qemu => "VM",
            Self::Lxc => "CT",
        }
    }

    /// The type of a task: `clone` is `qmclone` or `vzclone`.
    pub(crate) fn task(self, what: &str) -> String {
        format!("{}{what}", if self == Self::Qemu { "qm" } else { "vz" })
    }
}

/// A running guest.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) since: f64,
    pub(crate) pid: u32,
    pub(crate) paused: bool,
}

#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) time: f64,
    pub(crate) parent: Option<String>,
    pub(crate) vmstate: bool,
    pub(crate) config: BTreeMap<String, String>,
}

impl Guest {
    pub(crate) fn new(vmid: u32, kind: GuestKind, node: &str) -> Self {
        Self {
            vmid,
            kind,
            node: node.to_owned(),
            config: BTreeMap::new(),
            pending: BTreeMap::new(),
            snapshots: Vec::new(),
            run: None,
            has_agent: false,
            obeys: true,
            inside: crate::inside::Inside::default(),
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.config.get(key).map(String::as_str)
    }

    pub(crate) fn set(&mut self, key: &str, value: impl Into<String>) {
        self.config.insert(key.to_owned(), value.into());
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.get(if self.kind == GuestKind::Lxc { "hostname" } else { "name" })
    }

    pub(crate) fn is_template(&self) -> bool {
        self.get("template") == Some("1")
    }

    pub(crate) fn lock(&self) -> Option<&str> {
        self.get("lock")
    }

    /// What PVE says of a locked guest to whom its lock matters.
    pub(crate) fn locked(&self) -> Option<String> {
        self.lock().map(|lock| format!("{} is locked ({lock})", self.kind.label()))
    }

    pub(crate) fn is_running(&self) -> bool {
        self.run.is_some()
    }

    pub(crate) fn number(&self, key: &str, default: u64) -> u64 {
        self.get(key).and_then(|v| v.parse().ok()).unwrap_or(default)
    }

    /// Bytes.
    pub(crate) fn memory(&self) -> u64 {
        let text = self.get("memory").unwrap_or("512");
        text.trim_start_matches("current=").split(',').next().and_then(|n| n.parse().ok()).unwrap_or(512)
            << 20
    }

    /// The processors of a VM.
    pub(crate) fn vcpus(&self) -> u64 {
        self.number("vcpus", self.number("cores", 1) * self.number("sockets", 1))
    }

    /// The processors it may use: a container has all of its node when nothing limits it.
    pub(crate) fn cpus(&self, state: &State) -> u64 {
        match self.kind {
            GuestKind::Qemu => self.vcpus(),
            GuestKind::Lxc => {
                let all = state.nodes.get(&self.node).map_or(1, |node| node.cores);
                let limit = Some(self.number("cpulimit", 0)).filter(|limit| *limit > 0);
                self.number("cores", limit.unwrap_or(all))
            }
        }
    }

    pub(crate) fn digest(&self) -> String {
        let config = self.config.iter().flat_map(|(k, v)| [k.as_str(), v.as_str()]);
        let pending =
            self.pending.iter().flat_map(|(k, v)| ["pending", k.as_str(), v.as_deref().unwrap_or("-")]);
        digest(&config.chain(pending).collect::<Vec<_>>())
    }
}
