use serde::{Deserialize, Serialize};

use super::{Guest, Kind, is_absent};
use crate::call::{Call, Operation, Work};
use crate::task::TaskReport;
use crate::{Effect, Error, ErrorKind, Outcome, Pve, PveRequest, Result};

/// How a guest is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeleteOptions {
    purge: bool,
    stop: bool,
    unreferenced: bool,
}

impl DeleteOptions {
    /// The guest and the disks that its configuration names; it must be off.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Also takes it out of backup jobs, replication and HA.
    #[must_use]
    pub fn purge(mut self) -> Self {
        self.purge = true;
        self
    }

    /// Stops it hard first when it runs. Without this a running guest is an error.
    #[must_use]
    pub fn stop_first(mut self) -> Self {
        self.stop = true;
        self
    }

    /// Also destroys all disks on **all** storages that carry its number, although its configuration does not name them.
    #[must_use]
    pub fn destroy_unreferenced_disks(mut self) -> Self {
        self.unreferenced = true;
        self
    }
}

/// What became of a [`Guest::delete`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Deleted {
    /// It is gone now; this task did it.
    Done(TaskReport),
    /// There was no such guest in the cluster, as far as the credentials can see.
    Absent,
}

impl<K: Kind> Guest<K> {
    /// Deletes it with its disks: `DELETE /nodes/{node}/{kind}/{vmid}`, waited for. Needs `VM.Allocate`.
    ///
    /// An absent guest is a result, not an error; one that is on another node is an error.
    ///
    /// # Errors
    /// `WrongState` while it runs, `Refused` by the safety gate, `TaskFailed` when a linked clone still uses its disks.
    pub fn delete(&self, options: DeleteOptions) -> Call<DeleteGuest<K>> {
        self.pve.bind(DeleteGuest { guest: self.clone(), options })
    }
}

/// See [`Guest::delete`].
#[derive(Debug)]
pub struct DeleteGuest<K: Kind> {
    guest: Guest<K>,
    options: DeleteOptions,
}

impl<K: Kind> Operation for DeleteGuest<K> {
    type Output = Deleted;
    fn name(&self) -> &'static str {
        "guest.delete"
    }
    fn request(&self) -> Result<PveRequest> {
        let flag = |set: bool| set.then_some(true);
        Ok(PveRequest::delete(self.guest.path())
            .param_some("purge", flag(self.options.purge))
            // Said either way: the default differs between versions, and the wrong one reaches across storages.
            .param("destroy-unreferenced-disks", self.options.unreferenced)
            .effect(Effect::Destroy))
    }
    fn settles(&self) -> &'static [&'static str] {
        if self.options.stop { &["guest-runs"] } else { &[] }
    }
    async fn run(self, pve: Pve) -> Result<Deleted> {
        let guest = self.guest.through(pve.clone());
        if self.options.stop {
            // Through the same gate as the delete: a protected guest is not even stopped.
            let running = match guest.status().await {
                Ok(status) => status.is_running(),
                Err(e) if is_absent(&e) => return absent(&guest).await,
                Err(e) => return Err(e),
            };
            if running && let Err(e) = guest.stop().await {
                let off = guest.status().await.is_ok_and(|s| !s.is_running());
                if !off {
                    return Err(e);
                }
            }
        }
        let request = self.request()?;
        match pve.bind(Work::new("guest.delete", Ok(request))).await {
            Ok(report) => Ok(Deleted::Done(report)),
            Err(e) if is_absent(&e) => absent(&guest).await,
            Err(e) => Err(explain(e, self.options)),
        }
    }
}

/// Absent from this node. PVE says the same of a guest that has moved to another one, which is not gone at all.
async fn absent<K: Kind>(guest: &Guest<K>) -> Result<Deleted> {
    match guest.pve.cluster().find(guest.vmid.into()).await {
        Err(e) if e.is_not_found() => Ok(Deleted::Absent),
        Err(e) => Err(e),
        Ok(found) => {
            let text = format!(
                "{guest} does not exist; {} {} is on node {}",
                found.kind.noun(),
                found.vmid,
                found.node
            );
            Err(Error::new(ErrorKind::NotFound, Outcome::Rejected, text)
                .about(guest)
                .with_advice("delete it on that node, if it is the one you mean"))
        }
    }
}

fn explain(e: Error, options: DeleteOptions) -> Error {
    if e.kind() == ErrorKind::WrongState && !options.stop {
        return e.with_advice("shut it down first, or delete it with stop_first");
    }
    e
}
