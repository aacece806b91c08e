//! The safety policy: what may be written, decided purely from a request and fresh facts.

mod facts;
mod gate;
mod rule;

pub use facts::GuestFacts;
pub(crate) use gate::Gate;
pub use rule::{Refusal, Rule};

use crate::config::split_tags;
use crate::params::ParamValue;
use crate::target::Target;
use crate::{Effect, Error, PveRequest, Result, Verb, Vmid};

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
pub enum Verdict {
    /// Go on.
    Allow,
    /// Do not send it.
    Refuse(Refusal),
}

/// What a write would change, as far as the policy cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Nothing that is a guest's, or nothing that exists yet.
    NoGuest,
    /// A new guest of this number, in place of an old one where PVE is told to.
    NewGuest(Vmid),
    /// This guest.
    Guest,
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
        Self {
            everything: true,
            ..Self::default()
        }
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
    pub(crate) fn clone_marker(&self, source: Vmid) -> String {
        format!("<!-- {} clone-of={source} -->", self.managed)
    }

    fn has_marker(&self, facts: &GuestFacts) -> bool {
        facts
            .description
            .contains(&format!("<!-- {} clone-of=", self.managed))
    }

    /// What a request would change. `None` when there is nothing to ask: reads, and policies without a gate.
    pub(crate) fn subject(&self, request: &PveRequest) -> Option<Subject> {
        if self.everything || request.effect == Effect::Read {
            return None;
        }
        let segments: Vec<&str> = request.path.segments().collect();
        let last = segments.last().copied().unwrap_or_default();
        Some(match request.target() {
            // A clone only reads its source, and PVE refuses to clone onto an existing guest.
            Target::Guest { .. } if last == "clone" && request.verb == Verb::Create => Subject::NoGuest,
            Target::Guest { .. } => Subject::Guest,
            Target::Node(_) if matches!(last, "qemu" | "lxc") && request.verb == Verb::Create => {
                let vmid = request.params.text("vmid").and_then(|id| id.parse().ok());
                vmid.map_or(Subject::NoGuest, Subject::NewGuest)
            }
            // A guest's path whose node or number this side cannot read, though PVE perhaps can.
            _ if matches!(segments.as_slice(), ["nodes", _, "qemu" | "lxc", _, ..]) => Subject::Guest,
            _ => Subject::NoGuest,
        })
    }

    /// Whether a request may be sent, given what is known about its guest: `None` when there is none (yet).
    #[must_use]
    pub fn verdict(&self, request: &PveRequest, guest: Option<&GuestFacts>) -> Verdict {
        let Some(subject) = self.subject(request) else {
            return Verdict::Allow;
        };
        let Some(guest) = guest else {
            return match (subject, rule::reaches_guests(request)) {
                (Subject::Guest, _) => {
                    Refusal::without_guest(Rule::Unverifiable, "the guest's tags are not known")
                }
                (_, Some(what)) => Refusal::without_guest(Rule::ManyGuests, what),
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
        if self.real_effect(request, guest) == Effect::Destroy
            && let Some(tag) = guest.tags.iter().find(|t| self.protected.contains(t))
        {
            return Refusal::of_guest(
                Rule::ProtectedTag,
                guest,
                &format!("it carries the tag {tag:?}"),
                request.force,
            );
        }
        if guest.protection && request.verb == Verb::Delete && Target::is_guest_itself(&request.path) {
            let why = "PVE's own protection flag is set";
            return Refusal::of_guest(Rule::Protection, guest, why, request.force);
        }
        Verdict::Allow
    }

    /// Whether it is the step that gives a fresh clone of ours its tag.
    fn finishes_own_clone(&self, request: &PveRequest, guest: &GuestFacts) -> bool {
        let tags = request
            .params
            .text("tags")
            .map(|tags| split_tags(&tags))
            .unwrap_or_default();
        request.verb == Verb::Set
            && request.path.segments().last() == Some("config")
            && request
                .params
                .iter()
                .all(|(name, _)| matches!(name, "tags" | "digest"))
            && tags.contains(&self.managed)
            && self.has_marker(guest)
    }

    /// The stated effect, or `Destroy` when it takes away what protects the guest.
    fn real_effect(&self, request: &PveRequest, guest: &GuestFacts) -> Effect {
        let deleted = request
            .params
            .iter()
            .filter(|(name, _)| *name == "delete")
            .flat_map(|(_, v)| match v {
                ParamValue::Text(text) => split_tags(text),
                ParamValue::List(items) => items.iter().flat_map(|s| split_tags(s)).collect(),
                _ => Vec::new(),
            });
        let deleted: Vec<String> = deleted.collect();
        let new_tags = match request.params.text("tags") {
            Some(tags) => split_tags(&tags),
            None if deleted.iter().any(|name| name == "tags") => Vec::new(),
            None => guest.tags.clone(),
        };
        let guarding = |tag: &String| *tag == self.managed || self.protected.contains(tag);
        let loses_tag = guest
            .tags
            .iter()
            .any(|tag| guarding(tag) && !new_tags.contains(tag));
        let unprotects = guest.protection
            && (deleted.iter().any(|name| name == "protection")
                || request.params.text("protection").is_some_and(|flag| flag != "1"));
        if loses_tag || unprotects {
            Effect::Destroy
        } else {
            request.effect
        }
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
        GuestFacts {
            tags: split_tags(tags),
            ..GuestFacts::new(Vmid::MIN)
        }
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
        assert_eq!(
            rule(&set("tags", "sdk-managed;production;web"), &production),
            None
        );
        assert_eq!(
            rule(&set("tags", "production"), &production),
            Some(Rule::ProtectedTag)
        );
        assert_eq!(
            rule(&set("tags", "sdk-managed"), &production),
            Some(Rule::ProtectedTag)
        );
        assert_eq!(
            rule(&set("delete", "cores,tags"), &production),
            Some(Rule::ProtectedTag)
        );
        assert_eq!(rule(&set("cores", "2"), &production), None);
        production.protection = true;
        assert_eq!(
            rule(&set("protection", "0"), &production),
            Some(Rule::ProtectedTag)
        );
        assert_eq!(
            rule(&set("delete", "protection"), &production),
            Some(Rule::ProtectedTag)
        );
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
        facts.description = Policy::default().clone_marker(Vmid::MAX);
        let set = request(Verb::Set, "/nodes/pve1/qemu/100/config", Effect::Write);
        assert_eq!(
            rule(&set.clone().param("tags", "inherited;sdk-managed"), &facts),
            None
        );
        assert_eq!(
            rule(&set.clone().param("tags", "x"), &facts),
            Some(Rule::ManagedTag)
        );
        assert_eq!(
            rule(&set.param("tags", "sdk-managed").param("cores", 8), &facts),
            Some(Rule::ManagedTag)
        );
    }

    #[test]
    fn requests_that_reach_many_guests() {
        for (verb, path) in [
            (Verb::Create, "/nodes/pve1/stopall"),
            (Verb::Create, "/nodes/pve1/execute"),
            (Verb::Create, "/cluster/bulk-action/guest/start"),
            (
                Verb::Delete,
                "/nodes/pve1/storage/lab/content/lab:100/vm-100-disk-0.qcow2",
            ),
        ] {
            let request = request(verb, path, Effect::Destroy);
            let Verdict::Refuse(refusal) = Policy::default().verdict(&request, None) else {
                panic!("{path}")
            };
            assert_eq!(refusal.rule, Rule::ManyGuests, "{path}");
            assert_eq!(
                Policy::dangerous_allow_everything().verdict(&request, None),
                Verdict::Allow
            );
        }
        let iso = request(
            Verb::Delete,
            "/nodes/pve1/storage/local/content/local:iso/a.iso",
            Effect::Destroy,
        );
        assert_eq!(Policy::default().verdict(&iso, None), Verdict::Allow);
    }

    #[test]
    fn a_guest_without_facts_is_refused() {
        for path in [
            "/nodes/pve1/qemu/100/status/stop",
            "/nodes/pve1.lan/qemu/100",
            "/nodes/pve1/lxc/1e2/config",
        ] {
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
