use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{GuestFacts, Verdict};
use crate::{Error, ErrorKind, Outcome, Result, Vmid};

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
    /// The guest's number is one that may only be read.
    ReadOnly,
    /// The node is none of those that may be worked on.
    Elsewhere,
    /// The guest is in none of the pools that may be worked on, or would not be.
    Pool,
    /// The guest's description lacks the marker that the policy demands.
    Marker,
    /// The request reaches guests without naming each, so that none of them can be asked.
    ManyGuests,
    /// The request touches volumes, disks or storages where guests may have their data.
    GuestData,
    /// The request takes backups, or a backup job, away.
    Backup,
    /// The request applies network or firewall settings, which may cut guests and nodes off. Of an SDN apply PVE reports OK even
    /// when the reload failed.
    Network,
    /// The request may take everybody's access away, this program's included.
    Lockout,
    /// The request stops a node or its services, or changes which nodes the cluster has.
    Node,
    /// The path is none that this SDK knows, so nothing can be said of it.
    UnknownPath,
    /// The guest's facts could not be read.
    Unverifiable,
}

impl Rule {
    /// Those that refuse a request for what its path does, whichever guests there are.
    pub(super) const OF_PATHS: [Self; 7] = [
        Self::ManyGuests,
        Self::GuestData,
        Self::Backup,
        Self::Network,
        Self::Lockout,
        Self::Node,
        Self::UnknownPath,
    ];

    /// The name in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ManagedTag => "managed-tag",
            Self::ProtectedTag => "protected-tag",
            Self::Protection => "protection",
            Self::ReadOnly => "read-only",
            Self::Elsewhere => "elsewhere",
            Self::Pool => "pool",
            Self::Marker => "marker",
            Self::ManyGuests => "many-guests",
            Self::GuestData => "guest-data",
            Self::Backup => "backup",
            Self::Network => "network",
            Self::Lockout => "lockout",
            Self::Node => "node",
            Self::UnknownPath => "unknown-path",
            Self::Unverifiable => "unverifiable",
        }
    }
}

impl FromStr for Rule {
    type Err = Error;
    fn from_str(name: &str) -> Result<Self> {
        let rules = Self::OF_PATHS.into_iter().chain([
            Self::ManagedTag,
            Self::ProtectedTag,
            Self::Protection,
            Self::ReadOnly,
            Self::Elsewhere,
            Self::Pool,
            Self::Marker,
            Self::Unverifiable,
        ]);
        let mut found = rules.filter(|rule| rule.as_str() == name);
        found.next().ok_or_else(|| Error::invalid("rule", format!("{name:?} is not the name of a rule")))
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
            Rule::Unverifiable => {
                "make the guest's configuration readable (VM.Audit) for these credentials".to_owned()
            }
            Rule::ReadOnly | Rule::Elsewhere | Rule::Pool => "use a policy that includes it".to_owned(),
            Rule::ManyGuests => {
                format!(
                    "send one request for each guest, or let the policy allow what the rule {rule} refuses"
                )
            }
            _ => format!("if that is what you want, let the policy allow what the rule {rule} refuses"),
        };
        Verdict::Refuse(Self { rule, why: why.into(), advice })
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

    pub(super) fn of_instance(rule: Rule, name: &str, why: &str) -> Verdict {
        let advice = format!("if that is what you want, force it, naming {name}");
        Verdict::Refuse(Self { rule, why: format!("{name}: {why}"), advice })
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let message = format!("refused by rule {}: {}", refusal.rule, refusal.why);
        Self::new(ErrorKind::Refused, Outcome::NotSent, message).with_advice(refusal.advice)
    }
}
