//! Snapshots, inside of the disks' images.

use std::collections::HashMap;
use std::iter::successors;

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
        let all = documents.iter().map(|xml| Snapshot::parse(xml)).collect::<Result<_>>()?;
        Ok(oldest_first(all))
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

/// libvirt counts in seconds, so that of two made in one second only their kinship tells which was first.
fn oldest_first(all: Vec<Snapshot>) -> Vec<Snapshot> {
    let parents: HashMap<_, _> =
        all.iter().map(|snapshot| (&snapshot.name, snapshot.parent.as_ref())).collect();
    let depth = |snapshot: &Snapshot| {
        let ancestors = successors(snapshot.parent.as_ref(), |name| parents.get(name).copied().flatten());
        // No more than there are, should one ever be its own ancestor.
        ancestors.take(all.len()).count()
    };
    let mut order: Vec<_> =
        all.iter().map(|snapshot| (snapshot.created, depth(snapshot))).enumerate().collect();
    order.sort_by_key(|(_, age)| *age);
    let mut all: Vec<_> = all.into_iter().map(Some).collect();
    order.into_iter().filter_map(|(n, _)| all[n].take()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_one_second_parents_come_first() {
        let snapshot = |name: &str, parent: &str, created: i64| {
            let parent = if parent.is_empty() {
                String::new()
            } else {
                format!("<parent><name>{parent}</name></parent>")
            };
            let xml = format!(
                "<domainsnapshot><name>{name}</name><state>shutoff</state>{parent}<creationTime>{created}</creationTime></domainsnapshot>"
            );
            Snapshot::parse(&xml).unwrap()
        };
        let all =
            vec![snapshot("c", "b", 5), snapshot("b", "a", 5), snapshot("d", "", 4), snapshot("a", "", 5)];
        let names: Vec<_> = oldest_first(all).into_iter().map(|snapshot| snapshot.name).collect();
        assert_eq!(names, ["d", "a", "b", "c"]);
    }
}
