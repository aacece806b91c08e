//! What a request needs, read off it without asking anybody.

use crate::config::{Disk, DiskSource};
use crate::{ConfigBag, GuestKind, NodeName, PveRequest, StorageId, Verb, Vmid, VolId};

/// What happens to the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Create,
    Clone,
    Config,
    Resize,
    Start,
    /// It ends or interrupts what runs.
    Stop,
    Delete,
    Template,
    Agent,
    Other,
}

/// What a request about a guest needs.
#[derive(Debug)]
pub(super) struct Need {
    pub(super) act: Act,
    pub(super) kind: GuestKind,
    pub(super) node: NodeName,
    /// The guest that is there already.
    pub(super) vmid: Option<Vmid>,
    /// The number of the one that is to be: `Some(None)` when any free one will do.
    pub(super) newid: Option<Option<Vmid>>,
    /// The node of the one that is to be, where it is another.
    pub(super) target: Option<NodeName>,
    /// The parameters, read as a configuration.
    pub(super) wanted: ConfigBag,
    /// Where a full clone's disks go, or the root of a container.
    pub(super) storage: Option<StorageId>,
    /// Whether a clone copies its disks; PVE decides when nothing is said.
    pub(super) full: Option<bool>,
}

impl Need {
    pub(super) fn of(request: &PveRequest) -> Option<Self> {
        let segments: Vec<&str> = request.path.segments().collect();
        let ["nodes", node, kind @ ("qemu" | "lxc"), rest @ ..] = segments.as_slice() else {
            return None;
        };
        let number = |name: &str| request.params.text(name).and_then(|text| text.parse().ok());
        let vmid = rest.first().and_then(|text| text.parse().ok());
        let act = match (request.verb, rest) {
            (Verb::Create, []) => Act::Create,
            (Verb::Delete, [_]) => Act::Delete,
            (Verb::Create, [_, "clone"]) => Act::Clone,
            (Verb::Set | Verb::Create, [_, "config"]) => Act::Config,
            (Verb::Set, [_, "resize"]) => Act::Resize,
            (Verb::Create, [_, "template"]) => Act::Template,
            (Verb::Create, [_, "status", "start"]) => Act::Start,
            (Verb::Create, [_, "status", "stop" | "shutdown" | "reboot" | "reset" | "suspend"]) => Act::Stop,
            (_, [_, "agent", ..]) => Act::Agent,
            _ => Act::Other,
        };
        let newid = match act {
            Act::Create => Some(number("vmid")),
            Act::Clone => Some(number("newid")),
            _ => None,
        };
        let mut wanted = ConfigBag::new();
        for (name, value) in request.params.iter() {
            wanted.set(name, value.clone());
        }
        Some(Self {
            act,
            kind: if *kind == "lxc" { GuestKind::Lxc } else { GuestKind::Qemu },
            node: NodeName::parse(node).ok()?,
            vmid,
            newid,
            target: request.params.text("target").and_then(|text| NodeName::parse(&text).ok()),
            storage: request.params.text("storage").and_then(|text| StorageId::parse(&text).ok()),
            full: request.params.text("full").map(|flag| flag == "1"),
            wanted,
        })
    }

    /// The guest that is there already, for people.
    pub(super) fn subject(&self) -> String {
        match self.vmid.or(self.newid.flatten()) {
            Some(vmid) => format!("{} {vmid} on node {}", self.kind.noun(), self.node),
            None => format!("new {} on node {}", self.kind.noun(), self.node),
        }
    }

    /// Where the guest will be.
    pub(super) fn destination(&self) -> &NodeName {
        self.target.as_ref().unwrap_or(&self.node)
    }

    /// Whether the parameters are a configuration.
    pub(super) fn configures(&self) -> bool {
        matches!(self.act, Act::Create | Act::Config)
    }

    /// The CPU model that a VM is to have.
    pub(super) fn cpu_model(&self) -> Option<String> {
        let wanted = self.configures() && self.kind == GuestKind::Qemu;
        let cpu = self.wanted.properties("cpu").filter(|_| wanted)?;
        cpu.default_value().or_else(|| cpu.get("cputype")).map(str::to_owned)
    }

    /// The drives that are to be.
    pub(super) fn drives(&self) -> impl Iterator<Item = (&str, Disk)> {
        let drives = if self.configures() { self.wanted.disks() } else { Vec::new() };
        drives.into_iter().filter_map(|(key, disk)| Some((key, disk.ok()?)))
    }

    /// The volumes that must be there, and the content type by which they are found.
    pub(super) fn volumes(&self) -> Vec<(VolId, &'static str)> {
        let mut volumes = Vec::new();
        let restores = self.wanted.flag("restore") == Some(true);
        if let Some(Ok(archive)) = self.wanted.get("ostemplate").map(VolId::parse) {
            volumes.push((archive, if restores { "backup" } else { "vztmpl" }));
        }
        for (_, disk) in self.drives() {
            let import = disk.properties().get("import-from").and_then(|text| VolId::parse(text).ok());
            volumes.extend(import.map(|image| (image, "import")));
            if let (DiskSource::Volume(volid), true) =
                (disk.source(), disk.is_cdrom() && !disk.is_cloudinit())
            {
                volumes.push((volid, "iso"));
            }
        }
        volumes
    }

    /// What the cards are to be plugged into.
    pub(super) fn bridges(&self) -> Vec<(String, Option<String>)> {
        if !self.configures() {
            return Vec::new();
        }
        let cards = self.wanted.iter().filter(|(key, _)| {
            key.strip_prefix("net").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        });
        cards
            .map(|(key, _)| {
                let parts = self.wanted.properties(key);
                (key.to_owned(), parts.and_then(|parts| parts.get("bridge").map(str::to_owned)))
            })
            .collect()
    }
}
