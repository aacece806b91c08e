//! What a handler works with.

use crate::PveVersion;
use crate::acl::Who;
use crate::answer::{Answer, Refusal, failed};
use crate::guest::{Guest, GuestKind};
use crate::schema::{Arg, Verified};
use crate::state::State;
use crate::task::{Plan, TaskStart};

/// One request after all checks that PVE makes for every method.
pub(crate) struct Ctx<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) now: f64,
    pub(crate) who: Who,
    /// What the path is about; what both kinds of guests have in common is answered by the same handler.
    pub(crate) kind: GuestKind,
    pub(crate) args: Verified,
    /// The file that came along.
    pub(crate) file: Option<&'a [u8]>,
}

impl Ctx<'_> {
    pub(crate) fn version(&self) -> PveVersion {
        self.state.version
    }

    pub(crate) fn is_nine(&self) -> bool {
        self.state.version == PveVersion::V9
    }

    /// A parameter that may be missing.
    pub(crate) fn opt(&self, name: &str) -> Option<&str> {
        match self.args.get(name)? {
            Arg::One(text) => Some(text),
            Arg::Many(texts) => texts.first().map(String::as_str),
            Arg::Null => None,
        }
    }

    /// A parameter that the table requires.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.opt(name).unwrap_or_default()
    }

    pub(crate) fn many(&self, name: &str) -> Vec<String> {
        match self.args.get(name) {
            Some(Arg::Many(texts)) => texts.clone(),
            Some(Arg::One(text)) => vec![text.clone()],
            _ => Vec::new(),
        }
    }

    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.opt(name)?.parse().ok()
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.opt(name) == Some("1")
    }

    /// A boolean with its default.
    pub(crate) fn flag_or(&self, name: &str, default: bool) -> bool {
        self.opt(name).map_or(default, |text| text == "1")
    }

    pub(crate) fn node(&self) -> &str {
        self.text("node")
    }

    pub(crate) fn vmid(&self) -> u32 {
        self.text("vmid").parse().unwrap_or_default()
    }

    pub(crate) fn require(&self, path: &str, any: &[&str]) -> Result<(), Refusal> {
        self.state.require(&self.who, path, any)
    }

    pub(crate) fn allows(&self, path: &str, any: &[&str]) -> bool {
        self.state.allows(&self.who, path, any)
    }

    /// The guest of the path.
    pub(crate) fn guest(&mut self) -> Result<&mut Guest, Refusal> {
        let (vmid, kind, node) = (self.vmid(), self.kind, self.node().to_owned());
        match self.state.guests.get_mut(&vmid) {
            Some(guest) if guest.kind == kind && guest.node == node => Ok(guest),
            _ => failed(no_config(kind, &node, vmid)),
        }
    }

    /// The guest of the path as a task looks for it: when it is not there, the task fails with the sentence.
    pub(crate) fn here(&self) -> Result<&Guest, String> {
        self.state.here(self.kind, self.vmid(), self.node())
    }

    /// Starts a task about the guest of the path and answers its UPID.
    pub(crate) fn fork_vm(&mut self, kind: &str, plan: Plan) -> Answer {
        let subject = self.vmid().to_string();
        self.fork(kind, &subject, plan)
    }

    /// Starts a task on the node of the path and answers its UPID.
    pub(crate) fn fork(&mut self, kind: &str, subject: &str, plan: Plan) -> Answer {
        let (node, user) = (self.node().to_owned(), self.who.id());
        let start = TaskStart { now: self.now, node: &node, kind, subject, user: &user };
        Ok(self.state.fork(start, plan).into())
    }
}

impl State {
    /// A guest of this kind on this node, else what PVE says of one that is not there.
    pub(crate) fn here(&self, kind: GuestKind, vmid: u32, node: &str) -> Result<&Guest, String> {
        let guest = self.guests.get(&vmid).filter(|g| g.kind == kind && g.node == node);
        guest.ok_or_else(|| no_config(kind, node, vmid))
    }
}

/// What PVE says of a guest that is not there.
pub(crate) fn no_config(kind: GuestKind, node: &str, vmid: u32) -> String {
    let folder = if kind == GuestKind::Qemu { "qemu-server" } else { "lxc" };
    format!("Configuration file 'nodes/{node}/{folder}/{vmid}.conf' does not exist")
}

impl Ctx<'_> {
    /// The guests of the node that the caller may see, by vmid.
    pub(crate) fn visible(&self) -> impl Iterator<Item = &Guest> {
        self.state.guests.values().filter(move |guest| {
            guest.kind == self.kind
                && guest.node == self.node()
                && self.allows(&format!("/vms/{}", guest.vmid), &["VM.Audit"])
        })
    }
}
