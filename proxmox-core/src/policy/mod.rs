//! The safety policy: what may be written, decided purely from a request and fresh facts.

mod facts;
mod gate;
mod rule;

pub use facts::GuestFacts;
pub(crate) use gate::Case;
pub use rule::{Refusal, Rule};

use crate::config::split_tags;
use crate::target::Target;
use crate::{Effect, Error, GuestKind, NodeName, PveRequest, Result, Upid, Verb, Vmid};

/// Which guests may be touched, and how deeply.
///
/// The default: only guests that carry the tag `sdk-managed` are written to, and none that carries `production` or
/// `protected` is stopped, deleted or otherwise interrupted. What this SDK creates or clones gets the tag.
///
/// | effect | guest is not managed | guest is protected |
/// |---|---|---|
/// | [`Effect::Read`] | allowed | allowed |
/// | [`Effect::Write`] | refused | allowed |
/// | [`Effect::Destroy`] | refused | refused |
///
/// Taking the managed tag or a protecting tag away counts as [`Effect::Destroy`]. A [`force`](crate::Call::force) that
/// names the guest lets one call pass. What cannot be verified is refused.
///
/// ```
/// use proxmox_core::Policy;
/// let policy = Policy::default().managed_tag("ci")?.protected_tags(["golden"])?;
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    managed: String,
    protected: Vec<String>,
    everything: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            managed: Self::MANAGED_TAG.to_owned(),
            protected: vec!["production".to_owned(), "protected".to_owned()],
            everything: false,
        }
    }
}

/// What the policy says to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// Go on.
    Allow,
    /// Do not send it.
    Refuse(Refusal),
}

/// What a write would change, as far as the policy cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Nothing that is a guest's.
    NoGuest,
    /// A guest that does not exist yet: PVE refuses a number that is taken.
    NewGuest,
    /// A new guest in the place of this one, if there is one: restoring with force.
    Overwritten(GuestAt),
    /// This guest; `None` when the request names one in a way that this side cannot read.
    Guest(Option<GuestAt>),
}

impl Subject {
    /// Of a request that is not a read.
    fn of(request: &PveRequest) -> Self {
        let segments: Vec<&str> = request.path.segments().collect();
        match (request.verb, segments.as_slice()) {
            // A clone only reads its source, and PVE refuses to clone onto an existing guest.
            (Verb::Create, ["nodes", _, "qemu" | "lxc", _, "clone"]) => Self::NoGuest,
            (_, ["nodes", node, kind @ ("qemu" | "lxc"), vmid, ..]) => {
                Self::Guest(GuestAt::read(node, kind, vmid))
            }
            (Verb::Create, ["nodes", node, kind @ ("qemu" | "lxc")]) => new_guest(request, node, kind),
            (Verb::Delete, ["nodes", _, "tasks", upid]) => task_of(upid),
            _ => Self::NoGuest,
        }
    }
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
        match (request.effect != Effect::Read).then(|| Subject::of(request))? {
            Subject::Guest(at) => at,
            Subject::Overwritten(at) => Some(at),
            Subject::NewGuest | Subject::NoGuest => None,
        }
    }

    fn read(node: &str, kind: &str, vmid: &str) -> Option<Self> {
        let kind = if kind == "lxc" { GuestKind::Lxc } else { GuestKind::Qemu };
        Some(Self { node: NodeName::parse(node).ok()?, kind, vmid: vmid.parse().ok()? })
    }
}

impl Policy {
    /// The tag of guests that this SDK may write to, unless another is chosen.
    pub const MANAGED_TAG: &'static str = "sdk-managed";

    /// Chooses the tag of guests that may be written to.
    ///
    /// # Errors
    /// `InvalidInput` when PVE would not take it as one tag.
    pub fn managed_tag(mut self, tag: &str) -> Result<Self> {
        self.managed = one_tag(tag)?;
        Ok(self)
    }

    /// Chooses the tags that protect a guest, instead of `production` and `protected`.
    ///
    /// # Errors
    /// `InvalidInput` when PVE would not take one of them as a tag.
    pub fn protected_tags<'a>(mut self, tags: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        self.protected = tags.into_iter().map(one_tag).collect::<Result<_>>()?;
        Ok(self)
    }

    /// No gate at all: every request that the credentials allow is sent.
    #[must_use]
    pub fn dangerous_allow_everything() -> Self {
        Self { everything: true, ..Self::default() }
    }

    /// The tag of managed guests.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.managed
    }

    /// These tags and the managed one, in PVE's form.
    #[must_use]
    pub fn with_tag(&self, tags: &[String]) -> String {
        let mut all = tags.to_vec();
        if !all.contains(&self.managed) {
            all.push(self.managed.clone());
        }
        all.join(";")
    }

    /// The line in the description of a clone that says where it comes from, so that a repeated call knows its own.
    /// A call that chose the number itself adds a word of its own: another such call may have taken the same number.
    pub(crate) fn clone_marker(&self, source: Vmid, call: Option<&str>) -> String {
        let call = call.map(|word| format!("call={word} ")).unwrap_or_default();
        format!("{}{call}-->", self.marker_of(source))
    }

    /// How every marker of a clone of this source begins.
    pub(crate) fn marker_of(&self, source: Vmid) -> String {
        format!("<!-- {} clone-of={source} ", self.managed)
    }

    fn has_marker(&self, facts: &GuestFacts) -> bool {
        facts.description.contains(&format!("<!-- {} clone-of=", self.managed))
    }

    /// What a request would change. `None` when there is nothing to ask: reads, and policies without a gate.
    pub(crate) fn subject(&self, request: &PveRequest) -> Option<Subject> {
        (!self.everything && request.effect != Effect::Read).then(|| Subject::of(request))
    }

    /// Whether a request may be sent, given what is known about its guest: `None` when there is none (yet).
    #[must_use]
    pub fn verdict(&self, request: &PveRequest, guest: Option<&GuestFacts>) -> Verdict {
        let Some(subject) = self.subject(request) else {
            return Verdict::Allow;
        };
        if let Some(what) = rule::reaches_guests(request) {
            return Refusal::without_guest(Rule::ManyGuests, what);
        }
        let Some(guest) = guest else {
            return match subject {
                Subject::Guest(_) => {
                    Refusal::without_guest(Rule::Unverifiable, "the guest's tags are not known")
                }
                _ => Verdict::Allow,
            };
        };
        if request.force == Some(guest.vmid) {
            return Verdict::Allow;
        }
        let managed = guest.tags.contains(&self.managed);
        if !managed && !self.finishes_own_clone(request, guest) {
            let why = format!("it does not carry the tag {:?}", self.managed);
            return Refusal::of_guest(Rule::ManagedTag, guest, &why, request.force);
        }
        let overwrites = matches!(subject, Subject::Overwritten(_));
        if (overwrites || self.real_effect(request, guest) == Effect::Destroy)
            && let Some(tag) = guest.tags.iter().find(|t| self.protected.contains(t))
        {
            return Refusal::of_guest(
                Rule::ProtectedTag,
                guest,
                &format!("it carries the tag {tag:?}"),
                request.force,
            );
        }
        let ends = overwrites || request.verb == Verb::Delete && Target::is_guest_itself(&request.path);
        if guest.protection && ends {
            return Refusal::of_guest(
                Rule::Protection,
                guest,
                "PVE's own protection flag is set",
                request.force,
            );
        }
        Verdict::Allow
    }

    /// Whether it is the step that gives a fresh clone of ours its tag.
    fn finishes_own_clone(&self, request: &PveRequest, guest: &GuestFacts) -> bool {
        request.verb == Verb::Set
            && request.path.segments().last() == Some("config")
            && request.params.iter().all(|(name, _)| matches!(name, "tags" | "digest"))
            && tags_of(request).is_some_and(|tags| tags.contains(&self.managed))
            && self.has_marker(guest)
    }

    /// The stated effect, or `Destroy` when it takes away what protects the guest, or a volume of it.
    fn real_effect(&self, request: &PveRequest, guest: &GuestFacts) -> Effect {
        let params = &request.params;
        let deleted: Vec<String> = params.all("delete").iter().flat_map(|text| split_tags(text)).collect();
        let deletes = |name: &str| deleted.iter().any(|key| key == name);
        let new_tags = match tags_of(request) {
            Some(tags) => tags,
            None if deletes("tags") => Vec::new(),
            None => guest.tags.clone(),
        };
        let guarding = |tag: &String| *tag == self.managed || self.protected.contains(tag);
        let loses_tag = guest.tags.iter().any(|tag| guarding(tag) && !new_tags.contains(tag));
        let unprotects = guest.protection
            && (deletes("protection") || params.all("protection").iter().any(|flag| flag != "1"));
        // Deleting an unused disk destroys its volume; with force, so does deleting any disk.
        let destroys_volume = deleted.iter().any(|key| key.starts_with("unused"))
            || params.all("force").iter().any(|flag| flag != "0")
            || request.path.segments().last() == Some("unlink");
        if loses_tag || unprotects || destroys_volume { Effect::Destroy } else { request.effect }
    }
}

/// The tags that a request sets, however they are given.
pub(crate) fn tags_of(request: &PveRequest) -> Option<Vec<String>> {
    let texts = request.params.all("tags");
    (!texts.is_empty()).then(|| texts.iter().flat_map(|text| split_tags(text)).collect())
}

/// `POST /nodes/{node}/{kind}`: creates, or restores.
fn new_guest(request: &PveRequest, node: &str, kind: &str) -> Subject {
    let overwrites = request.params.all("force").iter().any(|flag| flag != "0");
    match request.params.all("vmid").as_slice() {
        [vmid] if overwrites => {
            GuestAt::read(node, kind, vmid).map_or(Subject::Guest(None), Subject::Overwritten)
        }
        [_] | [] if !overwrites => Subject::NewGuest,
        _ => Subject::Guest(None),
    }
}

/// Stopping a task stops what it does to its guest. What makes a new guest, or a backup, may always be stopped.
fn task_of(upid: &str) -> Subject {
    let Ok(upid) = Upid::parse(upid) else { return Subject::NoGuest };
    let (kind, work) = match upid.kind().split_at_checked(2) {
        Some(("qm", work)) => ("qemu", work),
        Some(("vz", work)) => ("lxc", work),
        _ => return Subject::NoGuest,
    };
    match upid.subject() {
        Some(vmid) if !matches!(work, "clone" | "create" | "restore" | "dump") => {
            GuestAt::read(upid.node().as_str(), kind, vmid)
                .map_or(Subject::NoGuest, |at| Subject::Guest(Some(at)))
        }
        _ => Subject::NoGuest,
    }
}

fn one_tag(tag: &str) -> Result<String> {
    let plain =
        |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-' | b'+' | b'.');
    let first = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if tag.bytes().all(plain) && tag.bytes().next().is_some_and(first) {
        Ok(tag.to_owned())
    } else {
        Err(Error::invalid(
            "tag",
            format!("{tag:?} is not a tag: lower-case letters, digits, '_', '-', '+' and '.'"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PvePath;

    fn guest(tags: &str) -> GuestFacts {
        GuestFacts { tags: split_tags(tags), ..GuestFacts::new(Vmid::MIN) }
    }

    fn request(verb: Verb, path: &str, effect: Effect) -> PveRequest {
        PveRequest::new(verb, PvePath::parse(path).unwrap()).effect(effect)
    }

    fn rule(request: &PveRequest, guest: &GuestFacts) -> Option<Rule> {
        match Policy::default().verdict(request, Some(guest)) {
            Verdict::Allow => None,
            Verdict::Refuse(refusal) => Some(refusal.rule),
        }
    }

    #[test]
    fn the_table() {
        let start = request(Verb::Create, "/nodes/pve1/qemu/100/status/start", Effect::Write);
        let stop = request(Verb::Create, "/nodes/pve1/qemu/100/status/stop", Effect::Destroy);
        let read = request(Verb::Get, "/nodes/pve1/qemu/100/config", Effect::Read);
        for (tags, on_write, on_destroy) in [
            ("sdk-managed", None, None),
            ("", Some(Rule::ManagedTag), Some(Rule::ManagedTag)),
            ("web", Some(Rule::ManagedTag), Some(Rule::ManagedTag)),
            ("sdk-managed;production", None, Some(Rule::ProtectedTag)),
            ("production", Some(Rule::ManagedTag), Some(Rule::ManagedTag)),
        ] {
            assert_eq!(rule(&start, &guest(tags)), on_write, "{tags}");
            assert_eq!(rule(&stop, &guest(tags)), on_destroy, "{tags}");
            assert_eq!(rule(&read, &guest(tags)), None, "{tags}");
        }
    }

    #[test]
    fn force_names_one_guest() {
        let stop = request(Verb::Create, "/nodes/pve1/qemu/100/status/stop", Effect::Destroy);
        assert_eq!(rule(&stop.clone().force(Vmid::MIN), &guest("")), None);
        assert_eq!(rule(&stop.force(Vmid::MAX), &guest("")), Some(Rule::ManagedTag));
    }

    #[test]
    fn taking_protection_away_counts_as_destroy() {
        let set = |name: &str, value: &str| {
            request(Verb::Set, "/nodes/pve1/qemu/100/config", Effect::Write).param(name, value)
        };
        let mut production = guest("sdk-managed;production");
        assert_eq!(rule(&set("tags", "sdk-managed;production;web"), &production), None);
        assert_eq!(rule(&set("tags", "production"), &production), Some(Rule::ProtectedTag));
        assert_eq!(rule(&set("tags", "sdk-managed"), &production), Some(Rule::ProtectedTag));
        assert_eq!(rule(&set("delete", "cores,tags"), &production), Some(Rule::ProtectedTag));
        assert_eq!(rule(&set("cores", "2"), &production), None);
        production.protection = true;
        assert_eq!(rule(&set("protection", "0"), &production), Some(Rule::ProtectedTag));
        assert_eq!(rule(&set("delete", "protection"), &production), Some(Rule::ProtectedTag));
    }

    #[test]
    fn protection_flag_stops_a_delete() {
        let mut facts = guest("sdk-managed");
        facts.protection = true;
        let delete = request(Verb::Delete, "/nodes/pve1/qemu/100", Effect::Destroy);
        assert_eq!(rule(&delete, &facts), Some(Rule::Protection));
        let snapshot = request(Verb::Delete, "/nodes/pve1/qemu/100/snapshot/a", Effect::Destroy);
        assert_eq!(rule(&snapshot, &facts), None);
    }

    #[test]
    fn a_fresh_clone_of_ours_may_get_its_tag_and_nothing_else() {
        let mut facts = guest("inherited");
        facts.description = Policy::default().clone_marker(Vmid::MAX, None);
        let set = request(Verb::Set, "/nodes/pve1/qemu/100/config", Effect::Write);
        assert_eq!(rule(&set.clone().param("tags", "inherited;sdk-managed"), &facts), None);
        assert_eq!(rule(&set.clone().param("tags", "x"), &facts), Some(Rule::ManagedTag));
        assert_eq!(rule(&set.param("tags", "sdk-managed").param("cores", 8), &facts), Some(Rule::ManagedTag));
    }

    #[test]
    fn requests_that_reach_many_guests() {
        for (verb, path) in [
            (Verb::Create, "/nodes/pve1/stopall"),
            (Verb::Create, "/nodes/pve1/execute"),
            (Verb::Create, "/cluster/bulk-action/guest/start"),
            (Verb::Delete, "/nodes/pve1/storage/lab/content/lab:100/vm-100-disk-0.qcow2"),
        ] {
            let request = request(verb, path, Effect::Destroy);
            let Verdict::Refuse(refusal) = Policy::default().verdict(&request, None) else {
                panic!("{path}")
            };
            assert_eq!(refusal.rule, Rule::ManyGuests, "{path}");
            assert_eq!(Policy::dangerous_allow_everything().verdict(&request, None), Verdict::Allow);
        }
        let iso = request(Verb::Delete, "/nodes/pve1/storage/local/content/local:iso/a.iso", Effect::Destroy);
        assert_eq!(Policy::default().verdict(&iso, None), Verdict::Allow);
    }

    #[test]
    fn a_guest_without_facts_is_refused() {
        for path in
            ["/nodes/pve1/qemu/100/status/stop", "/nodes/pve1.lan/qemu/100", "/nodes/pve1/lxc/1e2/config"]
        {
            let request = request(Verb::Delete, path, Effect::Destroy);
            let Verdict::Refuse(refusal) = Policy::default().verdict(&request, None) else {
                panic!("{path}")
            };
            assert_eq!(refusal.rule, Rule::Unverifiable, "{path}");
        }
    }

    #[test]
    fn tags_are_checked() {
        assert!(Policy::default().managed_tag("ci.x-1").is_ok());
        for bad in ["", "a b", "a;b", "Ü", "-a", "A"] {
            assert!(Policy::default().managed_tag(bad).is_err(), "{bad}");
        }
    }
}
