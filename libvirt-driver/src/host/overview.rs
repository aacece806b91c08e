//! All domains of a host, a line each.

use proxmox_core::config::Tags;
use proxmox_core::{Error, Outcome, Result, Size};

use super::each::of_each;
use super::{Host, read_domain};
use crate::domain::{Domain, State};
use crate::metadata::GuestMetadata;
use crate::rpc::procedures::domain;
use crate::rpc::{DomainRef, Uuid};

/// A domain as a list shows it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Overview {
    /// Its name.
    pub name: String,
    /// What lasts as long as it is defined.
    pub uuid: Uuid,
    /// What it does.
    pub state: State,
    /// Its tags.
    pub tags: Tags,
    /// Whether it carries the managed tag: others are only looked at.
    pub managed: bool,
    /// One line for people.
    pub title: Option<String>,
    /// Virtual CPUs it has now.
    pub vcpus: u32,
    /// Memory it may have.
    pub memory: Size,
    /// What kept its document from being read. Then only name, UUID and state are known.
    pub trouble: Option<Error>,
}

impl Host {
    /// All domains, running or not, managed or not, by name. One that cannot be read is there with its trouble; one that goes while they
    /// are read is not.
    ///
    /// # Errors
    /// When the list itself cannot be had.
    pub async fn list(&self) -> Result<Vec<Overview>> {
        let found = self.connection().call(domain::list(0)).await?;
        let mut all = of_each(&found, |found| self.overview(found)).await?;
        all.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    pub(crate) async fn overview(&self, found: &DomainRef) -> Result<Overview> {
        let (state, document) =
            tokio::join!(self.connection().call(domain::state(found)), read_domain(self, found, 0));
        let mut overview = Overview {
            name: found.name.clone(),
            uuid: found.uuid,
            state: State::Unknown,
            tags: Tags::new(),
            managed: false,
            title: None,
            vcpus: 0,
            memory: Size::default(),
            trouble: None,
        };
        match state {
            Ok(state) => overview.state = state.into(),
            Err(e) if e.is_not_found() || e.outcome() != Outcome::Rejected => return Err(e),
            Err(e) => overview.trouble = Some(e),
        }
        let read = document.and_then(|document| Ok((GuestMetadata::find(&document)?.tags(), document)));
        match read {
            Ok((tags, document)) => {
                overview.managed = tags.contains(self.policy().tag());
                overview.tags = tags;
                overview.title = document.title;
                overview.vcpus = document.vcpus;
                overview.memory = document.memory;
            }
            Err(e) if e.is_not_found() => return Err(e),
            Err(e) => overview.trouble = Some(e),
        }
        Ok(overview)
    }

    /// The handles of all domains that carry this tag.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn tagged(&self, tag: &str) -> Result<Vec<Domain>> {
        let all = self.list().await?;
        let with = all.into_iter().filter(|overview| overview.tags.contains(tag));
        Ok(with.map(|overview| self.known_domain(&overview.name, overview.uuid)).collect())
    }
}
