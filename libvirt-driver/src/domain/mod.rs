//! A domain: its life from its start to its end, a concept a file.

mod address;
mod agent;
mod console;
mod delete;
mod power;
mod resize;
mod snapshot;
mod state;
mod tags;

use std::fmt;

use proxmox_core::{Effect, Error, ErrorKind, Outcome, Result};

pub use delete::Deleted;
pub use power::Shutdown;
pub use state::State;

use crate::host::{DomainUsage, Groups, Host, Overview, read_domain};
use crate::rpc::procedures::domain;
use crate::rpc::{Call, DomainRef, Uuid};
use crate::xml;

/// Changes what runs.
const LIVE: u32 = 1;
/// Changes what will run.
const CONFIG: u32 = 2;

/// A domain of a [`Host`]: found by its UUID, whatever it is called. Cheap to clone.
#[derive(Clone)]
pub struct Domain {
    host: Host,
    found: DomainRef,
    forced: bool,
}

impl Domain {
    pub(crate) fn new(host: Host, found: DomainRef) -> Self {
        Self { host, found, forced: false }
    }

    /// Its name, as it was when it was found.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.found.name
    }

    /// What lasts as long as it is defined.
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        self.found.uuid
    }

    /// Its host.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// A handle that no tag holds back. It must be told the domain's name, so that nothing is forced on another one.
    ///
    /// # Errors
    /// `Refused` for another name.
    pub fn force(&self, name: &str) -> Result<Self> {
        if name != self.name() {
            let text = format!("force names {name:?}; it must name {:?}", self.name());
            return Err(self.error(ErrorKind::Refused, Outcome::NotSent, text));
        }
        Ok(Self { forced: true, ..self.clone() })
    }

    /// What it does.
    ///
    /// # Errors
    /// `NotFound` once it is gone.
    pub async fn state(&self) -> Result<State> {
        self.call(domain::state(&self.found)).await.map(State::from)
    }

    /// Its document: of a domain that runs, as it runs.
    ///
    /// # Errors
    /// As [`state`](Self::state).
    pub async fn document(&self) -> Result<xml::Domain> {
        read_domain(&self.host, &self.found, 0).await
    }

    /// Its document as it will be after the next start.
    ///
    /// # Errors
    /// As [`state`](Self::state).
    pub async fn definition(&self) -> Result<xml::Domain> {
        read_domain(&self.host, &self.found, CONFIG).await
    }

    /// It as a list shows it.
    ///
    /// # Errors
    /// As [`state`](Self::state).
    pub async fn overview(&self) -> Result<Overview> {
        self.host.overview(&self.found).await
    }

    /// What it uses.
    ///
    /// # Errors
    /// As [`state`](Self::state).
    pub async fn usage(&self, groups: Groups) -> Result<DomainUsage> {
        let all = self.host.usage_of(std::slice::from_ref(&self.found), groups).await?;
        let own = all.into_iter().find(|usage| usage.uuid == self.uuid());
        own.ok_or_else(|| self.error(ErrorKind::NotFound, Outcome::Rejected, "there are no figures of it"))
    }

    /// Sends a call that is about this domain: the one way for all of them. What writes passes the gate first.
    async fn call<T>(&self, call: Call<T>) -> Result<T> {
        let named = |e: Error| e.during(call.name()).about(self);
        self.host.allow(&self.found, call.effect(), self.forced).await.map_err(named)?;
        self.host.connection().call(call.about(self)).await
    }

    /// Sends one that interrupts it, which a protecting tag forbids.
    async fn interrupt<T>(&self, call: Call<T>) -> Result<T> {
        self.call(call.with_effect(Effect::Destroy)).await
    }

    /// Where changes go: into what runs, if it does, and into what will, if it is to run again.
    async fn everywhere(&self) -> Result<u32> {
        if !self.state().await?.is_active() {
            return Ok(CONFIG);
        }
        Ok(if self.is_defined().await? { LIVE | CONFIG } else { LIVE })
    }

    /// Whether it has a definition, and is not gone with its end.
    async fn is_defined(&self) -> Result<bool> {
        // virConnectListAllDomains: those with a definition.
        const PERSISTENT: u32 = 4;
        let all = self.call(domain::list(PERSISTENT)).await?;
        Ok(all.iter().any(|found| found.uuid == self.uuid()))
    }

    fn error(&self, kind: ErrorKind, outcome: Outcome, text: impl Into<String>) -> Error {
        Error::new(kind, outcome, text).about(self)
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "domain {} on {}", self.found.name, self.host.name())
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Domain")
            .field("name", &self.found.name)
            .field("uuid", &self.found.uuid)
            .field("host", &self.host.name())
            .field("forced", &self.forced)
            .finish()
    }
}
