//! The safety policy: what may be written, decided purely from a request and fresh facts.

mod decision;
mod facts;
mod gate;
mod rule;
mod subject;
mod table;
mod volume;

pub(crate) use decision::Audience;
pub use decision::{Decision, Passage};
pub use facts::{GuestFacts, InstanceFacts};
pub(crate) use gate::{Case, Passed};
pub use rule::{Refusal, Rule};
pub(crate) use subject::{GuestAt, Subject};

use std::ops::RangeInclusive;

use crate::config::split_tags;
use crate::target::Target;
use crate::{Effect, Error, NodeName, PveRequest, Result, Verb, Vmid};

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
/// What reaches beyond one guest is refused by rules of its own, unless they are [allowed](Self::allow): bulk actions, volumes and
/// storages where guests have their disks, backups, applying network settings, the last way in, a node's power and services, and
/// paths that this SDK does not know ([`Rule`]).
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
    marker: Option<String>,
    read_only: Vec<RangeInclusive<Vmid>>,
    nodes: Vec<NodeName>,
    pools: Vec<String>,
    allowed: Vec<Rule>,
    everything: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            managed: Self::MANAGED_TAG.to_owned(),
            protected: vec!["production".to_owned(), "protected".to_owned()],
            marker: None,
            read_only: Vec::new(),
            nodes: Vec::new(),
            pools: Vec::new(),
            allowed: Vec::new(),
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

    /// Demands a second sign beside the tag: a text in the guest's description. Whoever may edit tags may then still not let this
    /// program in by a tag alone. What is created or cloned gets it; taking it away counts as [`Effect::Destroy`].
    ///
    /// # Errors
    /// `InvalidInput` for an empty text and one of several lines.
    pub fn marker(mut self, text: &str) -> Result<Self> {
        if text.trim().is_empty() || text.contains(char::is_control) {
            return Err(Error::invalid("marker", format!("marker: {text:?} is not one line of text")));
        }
        self.marker = Some(text.trim().to_owned());
        Ok(self)
    }

    /// Guests that are only read, whatever their tags; not even [`force`](crate::Call::force) changes them.
    ///
    /// ```
    /// use proxmox_core::{Policy, Vmid};
    /// let policy = Policy::default().read_only(Vmid::new(100)?..=Vmid::new(199)?)?;
    /// # Ok::<(), proxmox_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` for an empty range, and for one that overlaps with another: one of the two is a mistake.
    pub fn read_only(mut self, vmids: RangeInclusive<Vmid>) -> Result<Self> {
        let bad = |why: &str| {
            Err(Error::invalid("read_only", format!("read_only: {}..={} {why}", vmids.start(), vmids.end())))
        };
        if vmids.is_empty() {
            return bad("is empty");
        }
        if self.read_only.iter().any(|other| other.start() <= vmids.end() && vmids.start() <= other.end()) {
            return bad("overlaps with another range");
        }
        self.read_only.push(vmids);
        Ok(self)
    }

    /// Only these nodes are worked on: guests elsewhere are only read, and none is cloned or moved there.
    ///
    /// # Errors
    /// `InvalidInput` for an empty list, which would allow nothing.
    pub fn only_nodes(mut self, nodes: impl IntoIterator<Item = NodeName>) -> Result<Self> {
        self.nodes = nodes.into_iter().collect();
        if self.nodes.is_empty() {
            return Err(Error::invalid("nodes", "only_nodes: it names no node"));
        }
        Ok(self)
    }

    /// Only guests of these pools are written to, whatever is forced, and new ones must be put into one of them. Each write to a guest
    /// then reads these pools as well: `GET /pools`, which needs `Pool.Audit`.
    ///
    /// # Errors
    /// `InvalidInput` for no pool, and for a name that is empty.
    pub fn only_pools<P: Into<String>>(mut self, pools: impl IntoIterator<Item = P>) -> Result<Self> {
        self.pools = pools.into_iter().map(Into::into).collect();
        if self.pools.is_empty() || self.pools.iter().any(String::is_empty) {
            return Err(Error::invalid("pools", "only_pools: it names no pool"));
        }
        Ok(self)
    }

    /// Lets requests pass that this rule refuses for what their path does, such as [`Rule::Network`].
    ///
    /// # Errors
    /// `InvalidInput` for a rule about a guest: force the call instead, naming the guest.
    pub fn allow(mut self, rule: Rule) -> Result<Self> {
        if !Rule::OF_PATHS.contains(&rule) {
            let text = format!("allow: the rule {rule} is about a guest or a limit of this policy");
            return Err(Error::invalid("rule", text).with_advice("force single calls, naming the guest"));
        }
        self.allowed.push(rule);
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
        (!self.everything && request.effect != Effect::Read).then(|| table::subject(request))
    }

    /// Whether a request may be sent, given what is known about its guest: `None` when there is none (yet).
    #[must_use]
    pub fn verdict(&self, request: &PveRequest, guest: Option<&GuestFacts>) -> Verdict {
        let Some(subject) = self.subject(request) else {
            return Verdict::Allow;
        };
        if let Some((rule, why)) = self.beyond(request, &subject) {
            return Refusal::without_guest(rule, why);
        }
        let Some(guest) = guest else {
            return match subject {
                Subject::Guest(_) => {
                    Refusal::without_guest(Rule::Unverifiable, "the guest's tags are not known")
                }
                _ => Verdict::Allow,
            };
        };
        if !self.allows_pool(guest.pool.as_deref()) {
            let why = format!("guest {} is in none of the pools {}", guest.vmid, self.pools.join(", "));
            return Refusal::without_guest(Rule::Pool, why);
        }
        if self.is_read_only(guest.vmid) {
            return Refusal::without_guest(Rule::ReadOnly, format!("guest {} is only read", guest.vmid));
        }
        if request.force == Some(guest.vmid) {
            return Verdict::Allow;
        }
        let overwrites = matches!(subject, Subject::Overwritten(_));
        let effect = if overwrites { Effect::Destroy } else { self.real_effect(request, guest) };
        let own = self.finishes_own_clone(request, guest);
        if let Some((rule, why)) = self.against(&guest.tags, &guest.description, effect, own) {
            return Refusal::of_guest(rule, guest, &why, request.force);
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

    /// Whether this may be done to an instance that is no guest of Proxmox VE, such as a domain of libvirt. The same rules hold: of the
    /// managed tag, the marker, protecting tags, and of nodes, which here are hosts. A policy that only allows some pools of Proxmox
    /// VE allows none of these instances.
    #[must_use]
    pub fn verdict_on(&self, instance: &InstanceFacts<'_>, effect: Effect) -> Verdict {
        if self.everything || effect == Effect::Read {
            return Verdict::Allow;
        }
        if !self.nodes.is_empty() && self.nodes.iter().all(|node| node.as_str() != instance.host) {
            let why = format!("host {} is none of those that may be worked on", instance.host);
            return Refusal::without_guest(Rule::Elsewhere, why);
        }
        if !self.pools.is_empty() {
            let why = format!("{} is in none of the pools {}", instance.name, self.pools.join(", "));
            return Refusal::without_guest(Rule::Pool, why);
        }
        if instance.forced {
            return Verdict::Allow;
        }
        match self.against(instance.tags, instance.description, effect, false) {
            Some((rule, why)) => Refusal::of_instance(rule, instance.name, &why),
            None => Verdict::Allow,
        }
    }

    /// The rules that look at what a guest carries.
    fn against(
        &self,
        tags: &[String],
        description: &str,
        effect: Effect,
        own: bool,
    ) -> Option<(Rule, String)> {
        if !tags.contains(&self.managed) && !own {
            return Some((Rule::ManagedTag, format!("it does not carry the tag {:?}", self.managed)));
        }
        if let Some(marker) = &self.marker
            && !description.contains(marker)
            && !own
        {
            return Some((Rule::Marker, format!("its description does not hold {marker:?}")));
        }
        let protecting = tags.iter().find(|tag| self.protected.contains(tag));
        protecting
            .filter(|_| effect == Effect::Destroy)
            .map(|tag| (Rule::ProtectedTag, format!("it carries the tag {tag:?}")))
    }

    /// Whether these tags instead of those take away what marks or protects a guest: that is [`Effect::Destroy`].
    #[must_use]
    pub fn loses_protection(&self, before: &[String], after: &[String]) -> bool {
        let guarding = |tag: &String| *tag == self.managed || self.protected.contains(tag);
        before.iter().any(|tag| guarding(tag) && !after.contains(tag))
    }

    /// The text that the description of a managed guest must hold, where this policy demands one.
    #[must_use]
    pub fn marker_text(&self) -> Option<&str> {
        self.marker.as_deref()
    }

    /// What lies beyond any single guest.
    fn beyond(&self, request: &PveRequest, subject: &Subject) -> Option<(Rule, String)> {
        match subject {
            Subject::Far(rule, why) if !self.allowed.contains(rule) => {
                return Some((*rule, (*why).to_owned()));
            }
            _ => {}
        }
        if let Some((slot, number)) = volume::of_another(request, subject)
            && !self.allowed.contains(&Rule::GuestData)
        {
            return Some((Rule::GuestData, format!("{slot} is a volume of guest {number}")));
        }
        let mut segments = request.path.segments();
        let here = segments.next().filter(|first| *first == "nodes").and_then(|_| segments.next());
        let targets = request.params.all("target");
        let elsewhere =
            |node: &&str| !self.nodes.is_empty() && self.nodes.iter().all(|known| known.as_str() != *node);
        if let Some(node) = here.into_iter().chain(targets.iter().map(|node| &**node)).find(elsewhere) {
            return Some((Rule::Elsewhere, format!("node {node} is none of those that may be worked on")));
        }
        let makes = matches!(subject, Subject::NewGuest | Subject::Copy | Subject::Overwritten(_));
        if makes && !self.allows_pool(request.params.text("pool").as_deref()) {
            let why = format!("a new guest must be put into one of the pools {}", self.pools.join(", "));
            return Some((Rule::Pool, why));
        }
        let numbers = ["newid", "vmid"].map(|name| request.params.all(name));
        let mut numbers = numbers.iter().flatten().filter_map(|text| text.parse().ok());
        let taken = numbers.find(|vmid| self.is_read_only(*vmid))?;
        Some((Rule::ReadOnly, format!("number {taken} is among those that are only read")))
    }

    fn allows_pool(&self, pool: Option<&str>) -> bool {
        self.pools.is_empty() || pool.is_some_and(|pool| self.pools.iter().any(|allowed| allowed == pool))
    }

    pub(crate) fn pools(&self) -> &[String] {
        &self.pools
    }

    fn is_read_only(&self, vmid: Vmid) -> bool {
        self.read_only.iter().any(|range| range.contains(&vmid))
    }

    /// A description for a new guest, with what this policy looks for in it.
    pub(crate) fn describe(&self, text: &str) -> String {
        match &self.marker {
            Some(marker) if !text.contains(marker) && text.is_empty() => marker.clone(),
            Some(marker) if !text.contains(marker) => format!("{text}\n\n{marker}"),
            _ => text.to_owned(),
        }
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
        let loses_tag = self.loses_protection(&guest.tags, &new_tags);
        let loses_marker = self.marker.as_ref().is_some_and(|marker| {
            let texts = request.params.all("description");
            deletes("description") || texts.first().is_some_and(|text| !text.contains(marker))
        });
        let unprotects = guest.protection
            && (deletes("protection") || params.all("protection").iter().any(|flag| flag != "1"));
        // Deleting an unused disk destroys its volume; with force, so does deleting any disk.
        let destroys_volume = deleted.iter().any(|key| key.starts_with("unused"))
            || params.all("force").iter().any(|flag| flag != "0")
            || request.path.segments().last() == Some("unlink");
        if interrupts(request) || loses_tag || loses_marker || unprotects || destroys_volume {
            Effect::Destroy
        } else {
            request.effect
        }
    }
}

/// The tags that a request sets, however they are given.
pub(crate) fn tags_of(request: &PveRequest) -> Option<Vec<String>> {
    let texts = request.params.all("tags");
    (!texts.is_empty()).then(|| texts.iter().flat_map(|text| split_tags(text)).collect())
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

/// Whether it ends or interrupts the guest, whatever the request calls itself.
fn interrupts(request: &PveRequest) -> bool {
    let segments: Vec<&str> = request.path.segments().collect();
    let ["nodes", _, "qemu" | "lxc", _, what @ ..] = segments.as_slice() else {
        return false;
    };
    match (request.verb, what) {
        (Verb::Delete, _) | (Verb::Create, ["template"] | ["snapshot", _, "rollback"]) => true,
        (Verb::Create, ["status", action]) => {
            matches!(*action, "stop" | "shutdown" | "reboot" | "reset" | "suspend")
        }
        (Verb::Create, ["agent", action]) => *action == "shutdown" || action.starts_with("suspend"),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
