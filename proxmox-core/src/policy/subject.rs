//! Which guest a write is about.

use super::{Rule, table};
use crate::{Effect, GuestKind, NodeName, PveRequest, Vmid};

/// What a write would change, as far as the policy cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Nothing that a guest needs.
    Apart,
    /// A guest that does not exist yet: PVE refuses a number that is taken.
    NewGuest,
    /// The same, made from another that is only read. PVE takes no tags in the request.
    Copy,
    /// A new guest in the place of this one, if there is one: restoring with force.
    Overwritten(GuestAt),
    /// This guest; `None` when the request names one in a way that this side cannot read.
    Guest(Option<GuestAt>),
    /// More than can be asked about: what its path does, and by which rule that is refused.
    Far(Rule, &'static str),
}

/// Where the gate reads a guest's facts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct GuestAt {
    pub(crate) node: NodeName,
    pub(crate) kind: GuestKind,
    pub(crate) vmid: Vmid,
}

impl GuestAt {
    /// The guest that a request changes, where it names one.
    pub(crate) fn changed_by(request: &PveRequest) -> Option<Self> {
        match (request.effect != Effect::Read).then(|| table::subject(request))? {
            Subject::Guest(at) => at,
            Subject::Overwritten(at) => Some(at),
            Subject::NewGuest | Subject::Copy | Subject::Apart | Subject::Far(..) => None,
        }
    }

    pub(super) fn read(node: &str, kind: &str, vmid: &str) -> Option<Self> {
        let kind = if kind == "lxc" { GuestKind::Lxc } else { GuestKind::Qemu };
        Some(Self { node: NodeName::parse(node).ok()?, kind, vmid: vmid.parse().ok()? })
    }
}
