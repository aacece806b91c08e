//! Cloning VMs.

use crate::answer::{Answer, Refusal, failed};
use crate::ctx::Ctx;
use crate::guest::volumes::{self, Copying};
use crate::guest::{Guest, GuestKind, birth, config, disk, removal};
use crate::qemu::net;
use crate::storage::storage_of;
use crate::task::{Plan, moving};

/// What a clone shows of itself until it is ready.
const UNREADY: &str = " qmclone temporary file";

/// `POST …/clone`
pub(crate) fn clone(ctx: &mut Ctx<'_>) -> Answer {
    let (vmid, node) = (ctx.vmid(), ctx.node().to_owned());
    let newid: u32 = ctx.text("newid").parse().unwrap_or_default();
    birth::may_clone_to(ctx, newid)?;
    let target = ctx.opt("target").unwrap_or(&node).to_owned();
    let storage = ctx.opt("storage").map(str::to_owned);
    birth::clone_target(ctx, &target, storage.as_deref())?;
    let Some(source) = ctx.state.guests.get(&vmid).filter(|g| g.kind == GuestKind::Qemu && g.node == node)
    else {
        return failed(format!("unable to find configuration file for VM {vmid} on node '{node}'"));
    };
    config::check_lock(source, false)?;
    let full = ctx.flag_or("full", !source.is_template());
    let drives: Vec<_> = drives(source, ctx.opt("snapname"))?;
    if !full && storage.is_some() {
        return failed("parameter 'storage' not allowed for linked clones");
    }
    for (key, drive) in drives.iter().filter(|(_, drive)| !drive.is_cloudinit() && !full) {
        if !volumes::is_base(&drive.file) {
            return failed(format!("Linked clone feature is not supported for '{}' ({key})", drive.file));
        }
    }
    let is_shared = |volid: &str| ctx.state.storages.get(storage_of(volid)).is_some_and(|s| s.shared);
    if target != node && !drives.iter().all(|(_, drive)| is_shared(&drive.file)) {
        return failed(format!("can't clone VM to node '{target}' (VM uses local storage)"));
    }
    if ctx.state.guests.contains_key(&newid) {
        return failed(format!("unable to create VM {newid}: config file already exists"));
    }
    let format = ctx.opt("format").map(str::to_owned);
    let copying = Copying { kind: GuestKind::Qemu, node, full, storage, format };
    if let Err(message) = copying.fits(ctx.state, &drives) {
        return ctx.fork_vm("qmclone", Plan::fail(message));
    }

    let mut clone = copy(source, ctx.opt("snapname"));
    clone.vmid = newid;
    clone.set("name", ctx.opt("name").map_or_else(|| copy_name(source), str::to_owned));
    if let Some(description) = ctx.opt("description") {
        clone.set("description", description);
    }
    let mut unready = Guest::new(newid, GuestKind::Qemu, &copying.node);
    unready.set("lock", "clone");
    unready.set("description", UNREADY);
    for (number, mut card) in net::cards(&clone) {
        card.mac = Some(ctx.state.counters.mac());
        clone.set(&format!("net{number}"), card.print());
    }
    clone.set("vmgenid", ctx.state.counters.uuid());
    clone.set("smbios1", format!("uuid={}", ctx.state.counters.uuid()));
    ctx.state.guests.insert(newid, unready);
    birth::join_pool(ctx, newid);

    let plan = copy_disks(ctx, &copying, &mut clone, drives);
    clone.node = target;
    let plan = plan.undo(move |state| removal::forget(state, newid)).work(move |state, _| {
        state.guests.insert(newid, clone);
        Ok(())
    });
    ctx.fork_vm("qmclone", plan)
}

/// The disks to copy: inserted images go along as they are.
fn drives(source: &Guest, snapshot: Option<&str>) -> Result<Vec<(String, disk::Drive)>, Refusal> {
    if let Some(name) = snapshot.filter(|name| !source.snapshots.iter().any(|s| s.name == *name)) {
        return failed(format!("snapshot '{name}' does not exist"));
    }
    Ok(disk::disks(source).into_iter().filter(|(_, drive)| drive.owns_volume()).collect())
}

fn copy_name(source: &Guest) -> String {
    let name = source.name().map_or_else(|| format!("VM {}", source.vmid), str::to_owned);
    format!("Copy-of-VM-{name}").replace(' ', "-")
}

/// Everything of the source that its copy takes over.
fn copy(source: &Guest, snapshot: Option<&str>) -> Guest {
    let mut copy = Guest::new(source.vmid, GuestKind::Qemu, &source.node);
    let saved = source.snapshots.iter().find(|s| Some(s.name.as_str()) == snapshot);
    copy.config = saved.map_or(&source.config, |saved| &saved.config).clone();
    let own =
        |key: &str| matches!(key, "lock" | "template" | "parent" | "snaptime") || key.starts_with("unused");
    copy.config.retain(|key, _| !own(key));
    copy.has_agent = source.has_agent;
    copy.obeys = source.obeys;
    copy.inside = source.inside.image();
    copy
}

/// Copies the disks, and says how it goes.
fn copy_disks(
    ctx: &mut Ctx<'_>,
    copying: &Copying,
    clone: &mut Guest,
    drives: Vec<(String, disk::Drive)>,
) -> Plan {
    let mut lines = Vec::new();
    if ctx.is_nine() {
        lines.push((0.0, format!("creating a clone of VM {} with ID {}", ctx.vmid(), clone.vmid)));
    }
    let mut bytes = 0;
    let count = drives.len().max(1);
    for (index, (key, drive)) in drives.into_iter().enumerate() {
        let size = ctx.state.volume(&drive.file, &copying.node).map_or(drive.size(), |v| v.size);
        let linked = !copying.full && !drive.is_cloudinit();
        let volid = copying.copy(ctx.state, clone.vmid, &drive, size, ctx.now);
        let step = |part: f64| {
            #[allow(clippy::cast_precision_loss, reason = "a handful of disks")]
            let fraction = (index as f64 + part) / count as f64;
            fraction
        };
        let how = if linked { "linked" } else { "full" };
        lines.push((step(0.0), format!("create {how} clone of drive {key} ({})", drive.file)));
        if let (true, Some((_, base)), Some((_, own))) =
            (linked, drive.file.split_once(':'), volid.rsplit_once('/'))
        {
            let new = clone.vmid;
            lines.push((step(0.0), format!("clone {base}: images, {own}, {new} to {own} (base=../{base})")));
        }
        if ctx.is_nine() && !linked {
            lines.push((step(0.0), format!("allocated target volume '{volid}'")));
        }
        if !linked {
            bytes += size;
            for tenth in 0..=10_u8 {
                let part = f64::from(tenth) / 10.0;
                lines.push((step(part * 0.99), transferred(size, part)));
            }
        }
        let mut copy = drive;
        copy.file = volid;
        clone.set(&key, copy.print());
    }
    let mut plan = Plan::new(if copying.full { 1.0 + moving(bytes) } else { 0.6 });
    for (fraction, line) in lines {
        plan = plan.line_at(fraction, line);
    }
    plan
}

fn transferred(size: u64, part: f64) -> String {
    #[allow(clippy::cast_precision_loss, reason = "shown with one digit")]
    let gib = |bytes: f64| match bytes {
        zero if zero <= 0.0 => "0.0 B".to_owned(),
        small if small < f64::from(1 << 30) => format!("{:.1} MiB", small / f64::from(1 << 20)),
        large => format!("{:.1} GiB", large / f64::from(1 << 30)),
    };
    #[allow(clippy::cast_precision_loss, reason = "shown with one digit")]
    let size = size as f64;
    format!("transferred {} of {} ({:.2}%)", gib(size * part), gib(size), part * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_lines() {
        assert_eq!(transferred(2 << 30, 0.0), "transferred 0.0 B of 2.0 GiB (0.00%)");
        assert_eq!(transferred(2 << 30, 1.0), "transferred 2.0 GiB of 2.0 GiB (100.00%)");
        assert_eq!(transferred(2 << 30, 0.1), "transferred 204.8 MiB of 2.0 GiB (10.00%)");
    }
}
