use serde::{Deserialize, Serialize};

use super::{Guest, Kind};
use crate::call::{Ask, Call, Work};
use crate::extra::keeping_extra;
use crate::rows::Rows;
use crate::{Effect, Error, GuestKind, PvePath, PveRequest, PveResponse, Result, de};

keeping_extra! {
    /// A snapshot of a guest: a row of `GET /nodes/{node}/{kind}/{vmid}/snapshot`.
    pub struct GuestSnapshot {
        /// Its name.
        pub name: String,
        /// What was written about it.
        #[serde(default, deserialize_with = "de::opt_text")]
        pub description: Option<String>,
        /// When it was taken, seconds since 1970 by the node's clock.
        #[serde(default, deserialize_with = "de::opt_int")]
        pub snaptime: Option<i64>,
        /// The snapshot before it.
        #[serde(default, deserialize_with = "de::opt_text")]
        pub parent: Option<String>,
        /// Whether it has the memory too. VMs only.
        #[serde(default, deserialize_with = "de::flag")]
        pub vmstate: bool,
    }
}

/// A snapshot that is to be.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SnapshotOptions {
    name: String,
    description: Option<String>,
    vmstate: bool,
}

impl SnapshotOptions {
    /// The disks and the configuration, under this name: a letter, then letters, digits, `-` and `_`, at most 40 together.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Describes it.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Keeps the memory too, so that a rollback goes on where the VM was. PVE ignores it while the VM is off.
    #[must_use]
    pub fn vmstate(mut self) -> Self {
        self.vmstate = true;
        self
    }
}

impl<K: Kind> Guest<K> {
    fn snapshot_path(&self) -> PvePath {
        self.path().fixed("snapshot")
    }

    /// Its snapshots, in PVE's order: `GET …/snapshot`. Needs `VM.Audit`. The one it stands on is the key `parent` of its
    /// [`config`](Self::config).
    pub fn snapshots(&self) -> Call<Ask<Rows<GuestSnapshot>>> {
        self.pve.bind(Ask::with("guest.snapshots", Ok(PveRequest::get(self.snapshot_path())), saved))
    }

    /// Takes a snapshot: `POST …/snapshot`, waited for. Needs `VM.Snapshot`.
    ///
    /// ```
    /// use proxmox_core::guest::SnapshotOptions;
    /// # async fn demo<K: proxmox_core::guest::Kind>(guest: &proxmox_core::Guest<K>) -> proxmox_core::Result<()> {
    /// guest.snapshot(SnapshotOptions::named("before").description("before the upgrade")).await?;
    /// guest.rollback("before").await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `TaskFailed` when the name is used already, for templates, and where a storage has no snapshots.
    pub fn snapshot(&self, options: SnapshotOptions) -> Call<Work> {
        let request = if options.vmstate && K::KIND == GuestKind::Lxc {
            Err(Error::invalid("vmstate", "a container has no memory that a snapshot could keep"))
        } else {
            Ok(PveRequest::create(self.snapshot_path())
                .param("snapname", options.name)
                .param_some("description", options.description)
                .param_some("vmstate", options.vmstate.then_some(true))
                .effect(Effect::Write))
        };
        self.pve.bind(Work::new("guest.snapshot", request))
    }

    /// Takes it back to a snapshot, disks and configuration with its tags: `POST …/snapshot/{name}/rollback`, waited for. Needs
    /// `VM.Snapshot` or `VM.Snapshot.Rollback`. **What came after the snapshot is lost.** A guest that runs is stopped; with memory in
    /// the snapshot it goes on from there.
    ///
    /// # Errors
    /// `TaskFailed` when there is no such snapshot, and on storages that go back to the last one only.
    pub fn rollback(&self, name: &str) -> Call<Work> {
        let request = self.snapshot_path().segment(name);
        let request = request.map(|path| PveRequest::create(path.fixed("rollback")).effect(Effect::Destroy));
        self.pve.bind(Work::new("guest.rollback", request))
    }

    /// Deletes a snapshot, and leaves the guest as it is: `DELETE …/snapshot/{name}`, waited for. Needs `VM.Snapshot`.
    ///
    /// # Errors
    /// `TaskFailed` when there is no such snapshot. After another failure the guest stays locked (`snapshot-delete`).
    pub fn delete_snapshot(&self, name: &str) -> Call<Work> {
        let request = self.snapshot_path().segment(name);
        let request = request.map(|path| PveRequest::delete(path).effect(Effect::Destroy));
        self.pve.bind(Work::new("guest.delete_snapshot", request))
    }
}

/// Without `current`, by which PVE means the present: a name that no snapshot can have.
fn saved(answer: &PveResponse) -> Result<Rows<GuestSnapshot>> {
    Ok(answer.rows()?.retain(|snapshot: &GuestSnapshot| snapshot.name != "current"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_present_is_no_snapshot() {
        let answer = r#"{"data":[
            {"snaptime":1795217898,"description":"","parent":"s1","vmstate":0,"name":"s3"},
            {"vmstate":1,"name":"s1","snapstate":"delete","description":"erst\nün","snaptime":"1795217897"},
            {"parent":"s1"},
            {"digest":"e765","description":"You are here!","running":0,"parent":"s3","name":"current"}]}"#;
        let found = saved(&PveResponse::envelope(answer)).unwrap();
        assert_eq!(found.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["s3", "s1"]);
        assert_eq!((found[0].parent.as_deref(), found[0].vmstate), (Some("s1"), false));
        assert_eq!((found[1].snaptime, found[1].vmstate), (Some(1_795_217_897), true));
        assert_eq!(found[1].extra.get("snapstate").unwrap(), "delete");
        assert_eq!(found.rejects().len(), 1);
    }
}
