//! What the storages of a container's volumes can do.

use serde_json::json;

use crate::answer::{Answer, failed};
use crate::ctx::Ctx;
use crate::guest::disk::{self, Drive};
use crate::guest::{Guest, volumes};
use crate::state::State;
use crate::storage::storage_of;

/// `GET …/feature`
pub(crate) fn get(ctx: &mut Ctx<'_>) -> Answer {
    let (feature, snapshot) = (ctx.text("feature").to_owned(), ctx.opt("snapname").map(str::to_owned));
    let guest = &*ctx.guest()?;
    if let Some(name) = snapshot.as_deref().filter(|name| !guest.snapshots.iter().any(|s| s.name == *name)) {
        return failed(format!("snapshot '{name}' does not exist"));
    }
    let vmid = guest.vmid;
    let has = ctx.state.guests.get(&vmid).is_some_and(|g| has(ctx.state, g, &feature, snapshot.as_deref()));
    Ok(json!({ "hasFeature": i32::from(has) }).into())
}

/// Whether all volumes have it.
pub(crate) fn has(state: &State, guest: &Guest, feature: &str, snapshot: Option<&str>) -> bool {
    disk::disks(guest).iter().all(|(_, drive)| volume_has(state, drive, feature, snapshot.is_some()))
}

/// Whether one volume has it, as it is or in a snapshot. Files of containers are raw: they can only be copied.
pub(crate) fn volume_has(state: &State, drive: &Drive, feature: &str, in_snapshot: bool) -> bool {
    let Some(storage) = state.storages.get(storage_of(&drive.file)).filter(|_| drive.owns_volume()) else {
        return false;
    };
    let base = volumes::is_base(&drive.file);
    let subvol = crate::storage::format_of(&drive.file) == "subvol";
    let snapshots = matches!(storage.kind.as_str(), "lvmthin" | "zfspool" | "rbd" | "btrfs");
    match feature {
        "snapshot" => snapshots && !base && !in_snapshot,
        "clone" => snapshots && (base || in_snapshot),
        "copy" if storage.has_files() => !subvol && !in_snapshot,
        "copy" => snapshots || !in_snapshot,
        _ => false,
    }
}
