//! Snapshots of a guest of either kind.

use proxmox_core::guest::Kind;
use proxmox_core::{Ask, Call, Effect, Guest, PvePath, PveRequest, Result, Rows, Work, de};
use serde::{Deserialize, Serialize};

/// One row of `GET .../snapshot`.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct SnapshotEntry {
    name: String,
    #[serde(default, deserialize_with = "de::opt_text")]
    description: Option<String>,
    #[serde(default, deserialize_with = "de::opt_text")]
    parent: Option<String>,
    #[serde(default, deserialize_with = "de::opt_int")]
    snaptime: Option<i64>,
    #[serde(default, deserialize_with = "de::flag")]
    vmstate: bool,
}

fn at<K: Kind>(guest: &Guest<K>, name: &str) -> Result<PvePath> {
    guest.path().fixed("snapshot").segment(name)
}

pub(crate) fn list<K: Kind>(guest: &Guest<K>) -> Call<Ask<Rows<SnapshotEntry>>> {
    guest.pve().bind(Ask::rows("guest.snapshots", Ok(PveRequest::get(guest.path().fixed("snapshot")))))
}

impl SnapshotEntry {
    /// PVE lists the present state among them, as `current`.
    pub(crate) fn is_snapshot(&self) -> bool {
        self.name != "current"
    }
}

pub(crate) fn create<K: Kind>(
    guest: &Guest<K>,
    name: &str,
    description: Option<&str>,
    vmstate: bool,
) -> Call<Work> {
    let request = PveRequest::create(guest.path().fixed("snapshot")).param("snapname", name);
    let request =
        request.param_some("description", description).param_some("vmstate", vmstate.then_some(true));
    guest.pve().bind(Work::new("guest.snapshot", Ok(request.effect(Effect::Write))))
}

pub(crate) fn rollback<K: Kind>(guest: &Guest<K>, name: &str) -> Call<Work> {
    let request = at(guest, name).map(|path| PveRequest::create(path.fixed("rollback")));
    guest.pve().bind(Work::new("guest.rollback", request))
}

pub(crate) fn delete<K: Kind>(guest: &Guest<K>, name: &str) -> Call<Work> {
    guest.pve().bind(Work::new("guest.delete_snapshot", at(guest, name).map(PveRequest::delete)))
}
