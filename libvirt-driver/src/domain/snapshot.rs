//! Snapshots, inside of the disks' images.

use proxmox_core::{Error, ErrorKind, Outcome, Result};

use super::Domain;
use crate::host::of_each;
use crate::metadata::{Found, GuestMetadata};
use crate::rpc::SnapshotRef;
use crate::rpc::procedures::snapshot;
use crate::xml::{Snapshot, SnapshotXml};

impl Domain {
    /// Its snapshots, the oldest first.
    ///
    /// # Errors
    /// As [`state`](Self::state).
    pub async fn snapshots(&self) -> Result<Vec<Snapshot>> {
        let found = self.call(snapshot::list(&self.found, 0)).await?;
        let documents = of_each(&found, |found| self.call(snapshot::xml(found))).await?;
        let mut all: Vec<Snapshot> =
            documents.iter().map(|xml| Snapshot::parse(xml)).collect::<Result<_>>()?;
        all.sort_by_key(|snapshot| snapshot.created);
        Ok(all)
    }

    /// Makes a snapshot of its disks, and of its memory if it runs. Images must be qcow2. A guest that runs stands still meanwhile.
    ///
    /// # Errors
    /// `AlreadyExists` for a name that is taken.
    pub async fn snapshot(&self, snapshot: &SnapshotXml) -> Result<()> {
        self.call(snapshot::create(&self.found, &snapshot.to_xml()?, 0)).await.map(drop)
    }

    /// Takes the domain back to a snapshot: what came after is lost, sizes and devices included. With memory in it, it goes on where it
    /// was; else it is off. Its tags, and the list of volumes that are its own, stay as they are now.
    ///
    /// # Errors
    /// `NotFound`. When the daemon fails half-way the domain may be off: its state is told.
    pub async fn revert(&self, name: &str) -> Result<()> {
        let found = self.snapshot_named(name).await?;
        let before = self.state().await?;
        let carried = GuestMetadata::find(&self.definition().await?)?;
        match self.call(snapshot::revert(&found, 0)).await {
            // libvirt has taken the definition back too.
            Ok(()) => match carried {
                Found::Element(metadata) => self.write_metadata(&metadata).await.map_err(|e| {
                    e.with_outcome(Outcome::Applied)
                        .with_advice("it is reverted, and so are its tags: set them again")
                }),
                Found::Description(_) | Found::Nothing => Ok(()),
            },
            Err(e) if e.outcome() == Outcome::NotSent => Err(e),
            Err(e) => Err(match self.state().await {
                Ok(now) if now != before => {
                    let text = format!("{}; it was {before} and is {now} now", e.message());
                    Error::new(e.kind(), Outcome::MaybeApplied, text)
                        .during("snapshot.revert")
                        .about(self)
                        .with_advice("look at it, and start it if it is to run")
                        .with_source(e)
                }
                _ => e,
            }),
        }
    }

    /// Removes a snapshot. The domain stays as it is.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete_snapshot(&self, name: &str) -> Result<()> {
        let found = self.snapshot_named(name).await?;
        self.call(snapshot::delete(&found, 0)).await
    }

    async fn snapshot_named(&self, name: &str) -> Result<SnapshotRef> {
        match self.call(snapshot::lookup_by_name(&self.found, name)).await {
            Err(e) if e.is_not_found() => {
                let text = format!("it has no snapshot {name:?}");
                Err(self.error(ErrorKind::NotFound, Outcome::Rejected, text).with_source(e))
            }
            other => other,
        }
    }
}
