use std::hash::{BuildHasher, Hasher, RandomState};

use serde::{Deserialize, Serialize};

use super::{Guest, Kind, is_absent, name_the_lost};
use crate::call::{Call, Operation, Work};
use crate::cluster::FreeIds;
use crate::policy::GuestFacts;
use crate::task::{TaskEntry, TaskReport};
use crate::{
    Effect, Error, ErrorKind, NodeName, Outcome, Pve, PvePath, PveRequest, Result, Rows, StorageId, Upid,
    Vmid,
};

/// The number of a new guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NewId {
    /// The next free one. Reserved in this process while the call runs; taken by somebody else meanwhile, another is
    /// chosen.
    #[default]
    Auto,
    /// This one.
    Vmid(Vmid),
}

impl From<Vmid> for NewId {
    fn from(vmid: Vmid) -> Self {
        Self::Vmid(vmid)
    }
}

/// What a clone is to be.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CloneOptions {
    newid: NewId,
    name: String,
    full: Option<bool>,
    target: Option<NodeName>,
    storage: Option<StorageId>,
    pool: Option<String>,
    snapname: Option<String>,
    description: Option<String>,
}

impl CloneOptions {
    /// A clone of this name (a DNS name) with the next free number: a linked one from a template, else a full one.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Chooses the number.
    #[must_use]
    pub fn newid(mut self, newid: impl Into<NewId>) -> Self {
        self.newid = newid.into();
        self
    }

    /// Copies all disks.
    #[must_use]
    pub fn full(mut self) -> Self {
        self.full = Some(true);
        self
    }

    /// Shares the template's disks.
    #[must_use]
    pub fn linked(mut self) -> Self {
        self.full = Some(false);
        self
    }

    /// Puts it on another node; the source's disks must be on shared storage.
    #[must_use]
    pub fn target(mut self, node: NodeName) -> Self {
        self.target = Some(node);
        self
    }

    /// Puts the copied disks there. Full clones only.
    #[must_use]
    pub fn storage(mut self, storage: StorageId) -> Self {
        self.storage = Some(storage);
        self
    }

    /// Adds it to a pool.
    #[must_use]
    pub fn pool(mut self, pool: impl Into<String>) -> Self {
        self.pool = Some(pool.into());
        self
    }

    /// Clones this snapshot of the source.
    #[must_use]
    pub fn snapname(mut self, snapname: impl Into<String>) -> Self {
        self.snapname = Some(snapname.into());
        self
    }

    /// Describes it. A line that marks its origin is added.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }
}

/// The end of a [`Guest::clone_to`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Cloned<K: Kind> {
    /// The clone.
    pub guest: K::Handle,
    /// Its number.
    pub vmid: Vmid,
    /// How it came about.
    pub how: HowCloned,
}

/// How a clone came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum HowCloned {
    /// Made by this task.
    New(TaskReport),
    /// It was there already, made by this SDK and without its tag: an earlier call had not come to the end, or the answer
    /// to this one's request was lost and the clone was complete before it was looked for. This call finished it.
    Resumed,
    /// It was there already, complete: a clone of the same source under the same name, made by this SDK.
    Existing,
}

impl<K: Kind> Guest<K> {
    /// Clones it: `POST /nodes/{node}/{kind}/{vmid}/clone`, waited for, then the managed tag is added to the tags that the
    /// source has. Needs `VM.Clone` on the source, `VM.Allocate` on the new number, `Datastore.AllocateSpace`, `VM.Audit`
    /// and `VM.Config.Options`.
    ///
    /// It may be repeated: when the number is taken by a clone of the same source with the same name that this SDK made,
    /// that one is finished where needed and returned. Any other guest there is an error, and is not touched. When the
    /// answer to the request was lost, its task is looked for before anything is reported.
    ///
    /// # Errors
    /// `AlreadyExists` when the number is taken by something else, `Locked` while it is being cloned, `NotFound` for the
    /// source, `TaskFailed` with the end of the task's log.
    pub fn clone_to(&self, options: CloneOptions) -> Call<CloneGuest<K>> {
        self.pve.bind(CloneGuest { source: self.clone(), options })
    }
}

/// See [`Guest::clone_to`].
#[derive(Debug)]
pub struct CloneGuest<K: Kind> {
    source: Guest<K>,
    options: CloneOptions,
}

impl<K: Kind> CloneGuest<K> {
    fn request_for(&self, newid: Option<Vmid>, call: Option<&str>) -> Result<PveRequest> {
        let o = &self.options;
        let dns = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
        if o.name.is_empty()
            || o.name.len() > 253
            || !o.name.bytes().all(dns)
            || o.name.starts_with(['-', '.'])
        {
            let text = format!("{:?} is not a guest name: letters, digits, '-' and '.'", o.name);
            return Err(Error::invalid(K::NAME_PARAM, text));
        }
        if o.full == Some(false) && o.storage.is_some() {
            let text = "storage: a linked clone shares its template's disks: leave storage out, or make a full clone";
            return Err(Error::invalid("storage", text));
        }
        let marker = self.source.pve.policy().clone_marker(self.source.vmid, call);
        let description = o.description.as_ref().map_or(marker.clone(), |text| format!("{text}\n\n{marker}"));
        let description = self.source.pve.policy().describe(&description);
        Ok(PveRequest::create(self.source.path().fixed("clone"))
            .param_some("newid", newid)
            .param(K::NAME_PARAM, o.name.as_str())
            .param_some("full", o.full)
            .param_some("target", o.target.as_ref())
            .param_some("storage", o.storage.as_ref())
            .param_some("pool", o.pool.as_deref())
            .param_some("snapname", o.snapname.as_deref())
            .param("description", description)
            .effect(Effect::Write))
    }

    /// Whether an existing guest is a clone that this call would have made; with a word of its own, that it has made.
    fn is_ours(&self, facts: &GuestFacts, call: Option<&str>) -> bool {
        let policy = self.source.pve.policy();
        let marker = match call {
            Some(_) => policy.clone_marker(self.source.vmid, call),
            None => policy.marker_of(self.source.vmid),
        };
        facts.description.contains(&marker) && facts.name.as_deref() == Some(self.options.name.as_str())
    }

    /// `call` is set when the number was chosen here.
    async fn attempt(&self, pve: &Pve, newid: Vmid, call: Option<&str>) -> Result<Cloned<K>> {
        let node = self.options.target.clone().unwrap_or_else(|| self.source.node.clone());
        let clone = Guest::<K>::new(pve.clone(), node, newid);
        let request = self.request_for(Some(newid), call)?;
        let how = match pve.bind(Work::new("guest.clone", Ok(request))).await {
            Ok(report) => HowCloned::New(report),
            Err(e) if e.kind() == ErrorKind::AlreadyExists && call.is_none() => {
                self.examine(&clone, e).await?
            }
            Err(e) if e.is_maybe_applied() && e.upid().is_none() => {
                self.reconcile(pve, &clone, call, e).await?
            }
            Err(e) => return Err(e),
        };
        let tagged = self.tag(&clone).await.map_err(|e| {
            e.with_outcome(Outcome::Applied)
                .about(&clone)
                .with_advice("the clone exists without its tag: make the same call again to finish it")
        })?;
        let how = if tagged && how == HowCloned::Existing { HowCloned::Resumed } else { how };
        Ok(Cloned { guest: clone.through(pve.without_options()).into(), vmid: newid, how })
    }

    /// The number is taken: by our own clone, or by something that is none of our business.
    async fn examine(&self, clone: &Guest<K>, taken: Error) -> Result<HowCloned> {
        let facts = match clone.facts().await {
            Ok(facts) => facts,
            // On another node, or of the other kind.
            Err(e) if is_absent(&e) => {
                return Err(taken.with_advice("choose another number, or let one be chosen"));
            }
            Err(e) => return Err(e),
        };
        if let Some(lock) = facts.lock.as_deref().filter(|lock| matches!(*lock, "clone" | "create")) {
            let text =
                format!("{clone} exists and is locked ({lock}): perhaps an earlier clone is still at work");
            return Err(Error::new(ErrorKind::Locked, Outcome::Rejected, text).about(clone));
        }
        if self.is_ours(&facts, None) {
            return Ok(HowCloned::Existing);
        }
        let name = facts.name.as_deref().unwrap_or("without a name");
        let source = self.source.vmid;
        let text =
            format!("{clone} exists ({name}) and is not a clone of {source} named {}", self.options.name);
        let advice = "choose another number, or let one be chosen; an existing guest is never taken over";
        Err(Error::new(ErrorKind::AlreadyExists, Outcome::Rejected, text).about(clone).with_advice(advice))
    }

    /// The answer was lost: looks for what the request did, and never sends it again.
    async fn reconcile(
        &self,
        pve: &Pve,
        clone: &Guest<K>,
        call: Option<&str>,
        lost: Error,
    ) -> Result<HowCloned> {
        let lost = name_the_lost(lost, clone);
        let facts = match clone.facts().await {
            Ok(facts) => facts,
            Err(e) if is_absent(&e) => {
                let text = format!("{clone} has not appeared so far; look again before a new attempt");
                return Err(lost.with_advice(text));
            }
            Err(_) => return Err(lost),
        };
        if facts.lock.as_deref() == Some("clone") {
            let Ok(running) = self.running_task(pve).await else {
                return Err(lost);
            };
            // A task that fails tells why; that the way to it fails tells nothing new about the request.
            let report = match running {
                Some(upid) => match pve.task(upid).wait().await {
                    Ok(report) => Some(report),
                    Err(e) if e.kind() == ErrorKind::TaskFailed => return Err(e),
                    Err(e) => return Err(lost.with_source(e)),
                },
                // It may have ended between the two looks.
                None => None,
            };
            return match clone.facts().await {
                Ok(facts) if facts.lock.is_none() && self.is_ours(&facts, call) => {
                    Ok(report.map_or(HowCloned::Existing, HowCloned::New))
                }
                _ => Err(lost),
            };
        }
        if self.is_ours(&facts, call) { Ok(HowCloned::Existing) } else { Err(lost) }
    }

    /// The one clone task of this source that runs right now, if there is exactly one.
    async fn running_task(&self, pve: &Pve) -> Result<Option<Upid>> {
        let request = PveRequest::get(PvePath::node(&self.source.node).fixed("tasks"))
            .param("source", "active")
            .param("vmid", self.source.vmid);
        let rows: Rows<TaskEntry> = pve.call(&request).await?.rows()?;
        let mut clones = rows.into_iter().map(|row| row.upid).filter(|upid| upid.kind().ends_with("clone"));
        Ok(clones.next().filter(|_| clones.next().is_none()))
    }

    /// Adds the managed tag to the inherited ones, unless it is there. Tells whether it had to.
    async fn tag(&self, clone: &Guest<K>) -> Result<bool> {
        let facts = clone.facts().await?;
        if facts.tags.iter().any(|tag| tag == clone.pve.policy().tag()) {
            return Ok(false);
        }
        let request = PveRequest::set(clone.path().fixed("config"))
            .param("tags", clone.pve.policy().with_tag(&facts.tags))
            .param_some("digest", facts.digest.as_deref())
            .effect(Effect::Write);
        clone.pve.call(&request).await?.done()?;
        Ok(true)
    }
}

/// A word that no other call has: the standard library's hash keys are random.
fn word() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}

impl<K: Kind> Operation for CloneGuest<K> {
    type Output = Cloned<K>;
    fn name(&self) -> &'static str {
        "guest.clone"
    }
    fn request(&self) -> Result<PveRequest> {
        let newid = match self.options.newid {
            NewId::Vmid(vmid) => Some(vmid),
            NewId::Auto => None,
        };
        self.request_for(newid, None)
    }
    async fn run(self, pve: Pve) -> Result<Cloned<K>> {
        self.request()?;
        if let NewId::Vmid(newid) = self.options.newid {
            return self.attempt(&pve, newid, None).await;
        }
        let call = word();
        let mut free = FreeIds::default();
        loop {
            let id = free.next(&pve).await?;
            match self.attempt(&pve, id.vmid(), Some(&call)).await {
                Err(e) if free.lost(&id, &e) => {}
                result => return result,
            }
        }
    }
}
