use std::fmt;

use serde::{Deserialize, Serialize};

use super::{GuestFacts, Verdict};
use crate::{Error, ErrorKind, Outcome, PveRequest, Verb, Vmid};

/// Which rule refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Rule {
    /// The guest does not carry the managed tag.
    ManagedTag,
    /// The guest carries a protecting tag.
    ProtectedTag,
    /// PVE's own `protection` flag is set.
    Protection,
    /// The request reaches guests without naming each, so that none of them can be asked.
    ManyGuests,
    /// The guest's facts could not be read.
    Unverifiable,
}

impl Rule {
    /// The name in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ManagedTag => "managed-tag",
            Self::ProtectedTag => "protected-tag",
            Self::Protection => "protection",
            Self::ManyGuests => "many-guests",
            Self::Unverifiable => "unverifiable",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a request is not sent, and how to go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Refusal {
    /// Which rule.
    pub rule: Rule,
    /// What it saw.
    pub why: String,
    /// How to go on.
    pub advice: String,
}

impl Refusal {
    pub(super) fn without_guest(rule: Rule, why: impl Into<String>) -> Verdict {
        let advice = match rule {
            Rule::ManyGuests => "send one request for each guest, or use a policy that allows everything",
            _ => "make the guest's configuration readable (VM.Audit) for these credentials",
        };
        Verdict::Refuse(Self { rule, why: why.into(), advice: advice.to_owned() })
    }

    pub(super) fn of_guest(rule: Rule, guest: &GuestFacts, why: &str, force: Option<Vmid>) -> Verdict {
        let vmid = guest.vmid;
        let advice = match (rule, force) {
            (_, Some(other)) => format!("force names {other}; it must name {vmid}"),
            (Rule::Protection, _) => format!("set protection to 0 on {vmid} first; PVE refuses it as well"),
            _ => format!("if that is what you want, force it, naming {vmid}"),
        };
        let name = guest.name.as_deref().map(|n| format!(" ({n})")).unwrap_or_default();
        Verdict::Refuse(Self { rule, why: format!("guest {vmid}{name}: {why}"), advice })
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let message = format!("refused by rule {}: {}", refusal.rule, refusal.why);
        Self::new(ErrorKind::Refused, Outcome::NotSent, message).with_advice(refusal.advice)
    }
}

/// Requests that change guests which their path does not name.
pub(super) fn reaches_guests(request: &PveRequest) -> Option<&'static str> {
    let segments: Vec<&str> = request.path.segments().collect();
    match (request.verb, segments.as_slice()) {
        (Verb::Create, ["nodes", _, "startall" | "stopall" | "suspendall" | "migrateall"])
        | (_, ["cluster", "bulk-action", ..]) => Some("a bulk action touches guests without asking each"),
        (Verb::Create, ["nodes", _, "execute"]) => Some("a batch hides the requests it carries"),
        (Verb::Create, ["nodes", _, "status"]) => Some("rebooting or shutting down a node stops its guests"),
        (_, ["cluster", "ha", "resources", ..]) => {
            Some("high availability starts, stops and moves its guests")
        }
        (Verb::Create, ["nodes", _, "vzdump"]) if interrupts(request) => {
            Some("a backup in this mode interrupts its guests")
        }
        (Verb::Delete, ["nodes", _, "storage", _, "content", volume @ ..]) if owned_by_guest(volume) => {
            Some("the volume may be a guest's disk")
        }
        (Verb::Delete, ["nodes", _, "disks", ..]) | (_, ["nodes", _, "disks", "wipedisk"]) => {
            Some("guests may have their disks there")
        }
        (Verb::Delete, ["nodes", _, "ceph", ..]) => Some("guests may have their disks there"),
        (_, ["nodes", _, "qemu" | "lxc", ..]) if !request.params.all("target-vmid").is_empty() => {
            Some("it also changes the guest that target-vmid names")
        }
        _ => None,
    }
}

/// A snapshot goes beside the guest's work; the other modes stop or suspend it.
fn interrupts(request: &PveRequest) -> bool {
    request.params.all("mode").iter().any(|mode| mode != "snapshot")
}

/// `vm-100-disk-0`, `base-100-disk-0.qcow2`, `subvol-200-disk-0`, or anything in a directory with a guest's number.
fn owned_by_guest(volume: &[&str]) -> bool {
    let bare = |segment: &&str| segment.rsplit(':').next().unwrap_or_default().to_owned();
    let names: Vec<String> = volume.iter().map(bare).collect();
    let numbered = |name: &String| !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
    let (last, directories) = names.split_last().map_or(("", &[] as &[String]), |(l, d)| (l.as_str(), d));
    directories.iter().any(numbered)
        || ["vm-", "base-", "subvol-", "basevol-"]
            .iter()
            .filter_map(|prefix| last.strip_prefix(prefix))
            .any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}
