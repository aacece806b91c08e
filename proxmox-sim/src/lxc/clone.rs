//! Cloning containers. Meanwhile the source is locked with `disk` and the clone with `create`.

use crate::answer::{Answer, Refusal, failed};
use crate::ctx::Ctx;
use crate::guest::disk::{self, Drive};
use crate::guest::volumes::Copying;
use crate::guest::{Guest, GuestKind, birth, change, removal};
use crate::lxc::{feature, mount, net};
use crate::state::State;
use crate::storage::storage_of;
use crate::task::{Plan, moving};

/// `POST …/clone`
pub(crate) fn clone(ctx: &mut Ctx<'_>) -> Answer {
    let (vmid, node) = (ctx.vmid(), ctx.node().to_owned());
    let newid: u32 = ctx.text("newid").parse().unwrap_or_default();
    birth::may_clone_to(ctx, newid)?;
    let target = ctx.opt("target").unwrap_or(&node).to_owned();
    let (storage, snapshot) = (ctx.opt("storage").map(str::to_owned), ctx.opt("snapname").map(str::to_owned));
    birth::clone_target(ctx, &target, storage.as_deref())?;
    if let Some(sentence) = ctx.guest()?.locked() {
        return failed(sentence);
    }
    if let Some(taken) = birth::taken(ctx, newid) {
        return failed(taken);
    }
    let source = ctx.here().map_err(Refusal::Failed)?;
    let full = ctx.flag_or("full", !source.is_template());
    if !full && storage.is_some() {
        return failed("parameter 'storage' not allowed for linked clones");
    }
    let mut clone = copy(source, snapshot.as_deref())?;
    clone.vmid = newid;
    let drives = disk::disks(&clone);
    let copying = Copying { kind: GuestKind::Lxc, node, full, storage, format: None };
    check_volumes(ctx, source, &copying, &drives, snapshot.is_some())?;
    if target != copying.node && !drives.iter().all(|(_, drive)| shared(ctx.state, &copying, drive)) {
        return failed(format!("can't clone CT to node '{target}' (CT uses local storage)"));
    }
    if let Err(message) = copying.fits(ctx.state, &drives) {
        return ctx.fork_vm("vzclone", Plan::fail(message));
    }

    for key in ["hostname", "description"] {
        if let Some(value) = ctx.opt(key).filter(|value| !value.is_empty()) {
            clone.set(key, change::stored(GuestKind::Lxc, key, value));
        }
    }
    for (number, mut card) in net::cards(&clone) {
        card.set("hwaddr", ctx.state.counters.mac());
        clone.set(&format!("net{number}"), card.print());
    }
    let mut unready = Guest::new(newid, GuestKind::Lxc, &copying.node);
    unready.config.clone_from(&clone.config);
    unready.config.retain(|key, _| !disk::is_disk_key(GuestKind::Lxc, key));
    unready.set("lock", "create");
    ctx.state.guests.insert(newid, unready);
    if let Ok(source) = ctx.guest() {
        source.set("lock", "disk");
    }
    birth::join_pool(ctx, newid);

    let plan = copy_volumes(ctx, &copying, &mut clone, drives);
    clone.node = target;
    let undo = move |state: &mut State| {
        unlock(state, vmid);
        removal::forget(state, newid);
    };
    let plan = plan.undo(undo).work(move |state, _| {
        unlock(state, vmid);
        state.guests.insert(newid, clone);
        Ok(())
    });
    ctx.fork_vm("vzclone", plan)
}

/// Takes away the lock of a container whose volumes are copied.
pub(crate) fn unlock(state: &mut State, source: u32) {
    if let Some(source) = state.guests.get_mut(&source).filter(|guest| guest.lock() == Some("disk")) {
        source.config.remove("lock");
    }
}

/// Everything of the source, or of a snapshot of it, that its copy takes over.
fn copy(source: &Guest, snapshot: Option<&str>) -> Result<Guest, Refusal> {
    let mut copy = Guest::new(source.vmid, GuestKind::Lxc, &source.node);
    copy.config = match snapshot {
        None => source.config.clone(),
        Some(name) => match source.snapshots.iter().find(|s| s.name == name) {
            Some(saved) => saved.config.clone(),
            None => return failed(format!("snapshot '{name}' does not exist")),
        },
    };
    let own =
        |key: &str| matches!(key, "lock" | "template" | "parent" | "snaptime") || key.starts_with("unused");
    copy.config.retain(|key, _| !own(key));
    copy.obeys = source.obeys;
    copy.inside = source.inside.image();
    Ok(copy)
}

/// Whether all volumes can be copied so, and the caller may have them copied.
fn check_volumes(
    ctx: &Ctx<'_>,
    source: &Guest,
    copying: &Copying,
    drives: &[(String, Drive)],
    in_snapshot: bool,
) -> Result<(), Refusal> {
    for (key, drive) in drives {
        if !drive.owns_volume() {
            let kind = if drive.file.starts_with("/dev/") { "device" } else { "bind" };
            return failed(format!("unable to clone mountpoint '{key}' (type {kind})"));
        }
        let storage = copying.storage.as_deref().unwrap_or_else(|| storage_of(&drive.file));
        ctx.require(&format!("/storage/{storage}"), &["Datastore.AllocateSpace"])?;
        if copying.full && source.is_running() && !in_snapshot {
            return failed("Full clone of a running container is only possible from a snapshot");
        }
        if !copying.full && !feature::volume_has(ctx.state, drive, "clone", in_snapshot) {
            return failed(format!("Linked clone feature for '{}' is not available", drive.file));
        }
    }
    Ok(())
}

/// Whether the copy of a volume can be reached from another node.
fn shared(state: &State, copying: &Copying, drive: &Drive) -> bool {
    let storage = copying.storage.as_deref().unwrap_or_else(|| storage_of(&drive.file));
    state.storages.get(storage).is_some_and(|storage| storage.shared)
}

fn copy_volumes(
    ctx: &mut Ctx<'_>,
    copying: &Copying,
    clone: &mut Guest,
    drives: Vec<(String, Drive)>,
) -> Plan {
    let mut lines = Vec::new();
    if ctx.is_nine() {
        lines.push(format!("creating a clone of container {} with ID {}", ctx.vmid(), clone.vmid));
    }
    let mut bytes = 0;
    for (key, mut drive) in drives {
        let size = ctx.state.volume(&drive.file, &copying.node).map_or(drive.size(), |v| v.size);
        let volid = copying.copy(ctx.state, clone.vmid, &drive, size, ctx.now);
        if copying.full {
            lines.push(format!("create full clone of mountpoint {key} ({})", drive.file));
            lines.extend(mount::made(ctx.state, &volid, size));
            bytes += size;
        } else {
            lines.push(format!("create linked clone of mount point {key} ({})", drive.file));
        }
        drive.file = volid;
        clone.set(&key, drive.print());
    }
    let plan = Plan::new(if copying.full { 1.0 + moving(bytes) } else { 0.6 });
    lines.into_iter().fold(plan, Plan::line)
}
