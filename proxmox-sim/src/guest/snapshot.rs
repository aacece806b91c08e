//! Snapshots.

use serde_json::{Map, Value, json};

use crate::answer::{Answer, failed};
use crate::ctx::Ctx;
use crate::guest::{Guest, GuestKind, Snapshot, config, disk};
use crate::lxc;
use crate::qemu::power;
use crate::state::{State, seconds};
use crate::task::{Plan, TaskStart};

/// `GET …/snapshot`, which always has `current`.
pub(crate) fn list(ctx: &mut Ctx<'_>) -> Answer {
    let kind = ctx.kind;
    let guest = ctx.guest()?;
    let with_parent = |mut row: Value, parent: Option<&String>| {
        if let Some(parent) = parent {
            row["parent"] = parent.as_str().into();
        }
        row
    };
    let saved = guest.snapshots.iter().map(|s| {
        let mut row = json!({ "name": s.name, "description": s.description, "snaptime": seconds(s.time) });
        if kind == GuestKind::Qemu {
            row["vmstate"] = i32::from(s.vmstate).into();
        }
        with_parent(row, s.parent.as_ref())
    });
    let mut rows: Vec<_> = saved.collect();
    let current = json!({
        "name": "current", "description": "You are here!", "digest": guest.digest(),
        "running": i32::from(guest.is_running()),
    });
    rows.push(with_parent(current, guest.config.get("parent")));
    Ok(Value::from(rows).into())
}

/// `POST …/snapshot`
pub(crate) fn create(ctx: &mut Ctx<'_>) -> Answer {
    let (vmid, kind, name) = (ctx.vmid(), ctx.kind, ctx.text("snapname").to_owned());
    if name == "current" {
        return failed("unable to use snapshot name 'current' (reserved name)");
    }
    let description = ctx.opt("description").unwrap_or_default().to_owned();
    let vmstate = ctx.flag("vmstate");
    let plan = match found(ctx) {
        Err(message) => Plan::fail(message),
        Ok(guest) if guest.snapshots.iter().any(|s| s.name == name) => {
            Plan::fail(format!("snapshot name '{name}' already used"))
        }
        Ok(guest) if guest.is_template() => Plan::fail("you can't take a snapshot if it's a template"),
        Ok(guest) if kind == GuestKind::Lxc && !lxc::feature::has(ctx.state, guest, "snapshot", None) => {
            Plan::fail("snapshot feature is not available")
        }
        Ok(guest) => {
            let disks = disk::disks(guest).into_iter().filter(|(_, d)| d.owns_volume() && !d.is_cloudinit());
            let lines = disks.map(|(key, d)| format!("snapshotting 'drive-{key}' ({})", d.file));
            let lines = lines.filter(|_| kind == GuestKind::Qemu);
            let plan = lines.fold(Plan::new(0.6), Plan::line);
            plan.work(move |state, time| {
                let Some(guest) = state.guests.get_mut(&vmid) else {
                    return Err(format!("guest {vmid} is gone"));
                };
                let parent = guest.config.insert("parent".to_owned(), name.clone());
                let mut config = guest.config.clone();
                config.remove("parent");
                if !description.is_empty() {
                    config.insert("description".to_owned(), description.clone());
                }
                let vmstate = vmstate && guest.is_running();
                guest.snapshots.push(Snapshot { name, description, time, parent, vmstate, config });
                Ok(())
            })
        }
    };
    ctx.fork_vm(&ctx.kind.task("snapshot"), plan)
}

/// `DELETE …/snapshot/{snapname}`
pub(crate) fn delete(ctx: &mut Ctx<'_>) -> Answer {
    let (vmid, name) = (ctx.vmid(), ctx.text("snapname").to_owned());
    let plan = match missing(ctx, &name) {
        Some(message) => Plan::fail(message),
        None => Plan::new(0.5).work(move |state, _| {
            if let Some(guest) = state.guests.get_mut(&vmid) {
                remove(guest, &name);
            }
            Ok(())
        }),
    };
    ctx.fork_vm(&ctx.kind.task("delsnapshot"), plan)
}

fn remove(guest: &mut Guest, name: &str) {
    let Some(index) = guest.snapshots.iter().position(|s| s.name == name) else {
        return;
    };
    let parent = guest.snapshots.remove(index).parent;
    for child in guest.snapshots.iter_mut().filter(|s| s.parent.as_deref() == Some(name)) {
        child.parent.clone_from(&parent);
    }
    if guest.get("parent") == Some(name) {
        match parent {
            Some(parent) => guest.set("parent", parent),
            None => drop(guest.config.remove("parent")),
        }
    }
}

/// `POST …/snapshot/{snapname}/rollback`
pub(crate) fn rollback(ctx: &mut Ctx<'_>) -> Answer {
    let (vmid, name, node) = (ctx.vmid(), ctx.text("snapname").to_owned(), ctx.node().to_owned());
    let (start, user) = (ctx.flag("start"), ctx.who.id());
    let plan = match missing(ctx, &name) {
        Some(message) => Plan::fail(message),
        None => Plan::new(0.6).work(move |state, now| {
            let Some(guest) = state.guests.get_mut(&vmid) else {
                return Err(format!("guest {vmid} is gone"));
            };
            let Some(saved) = guest.snapshots.iter().find(|s| s.name == name) else {
                return Err(format!("snapshot '{name}' does not exist"));
            };
            let had_description = guest.get("description").map(str::to_owned);
            guest.config = saved.config.clone();
            guest.config.remove("description");
            if let Some(description) = had_description {
                guest.set("description", description);
            }
            guest.set("parent", name);
            guest.pending.clear();
            guest.run = None;
            if start {
                start_again(state, vmid, &node, &user, now);
            }
            Ok(())
        }),
    };
    ctx.fork_vm(&ctx.kind.task("rollback"), plan)
}

fn start_again(state: &mut State, vmid: u32, node: &str, user: &str, now: f64) {
    let kind = state.guests.get(&vmid).map_or(GuestKind::Qemu, |guest| guest.kind);
    let plan = match kind {
        GuestKind::Qemu => power::start_plan(state, vmid, node, false),
        GuestKind::Lxc => lxc::power::start_plan(state, vmid, node, false),
    };
    let subject = vmid.to_string();
    state.fork(TaskStart { now, node, kind: &kind.task("start"), subject: &subject, user }, plan);
}

/// `GET …/snapshot/{snapname}/config`
pub(crate) fn saved(ctx: &mut Ctx<'_>) -> Answer {
    let (kind, version, name) = (ctx.kind, ctx.version(), ctx.text("snapname").to_owned());
    let guest = ctx.guest()?;
    let Some(snapshot) = guest.snapshots.iter().find(|s| s.name == name) else {
        return failed(format!("snapshot '{name}' does not exist"));
    };
    let mut data: Map<String, Value> = config::shown_all(kind, version, &snapshot.config);
    data.insert("snaptime".into(), seconds(snapshot.time).into());
    Ok(Value::from(data).into())
}

/// The guest when it may be worked on, else what the task says.
fn found<'a>(ctx: &'a Ctx<'_>) -> Result<&'a Guest, String> {
    let guest = ctx.here()?;
    guest.locked().map_or(Ok(guest), Err)
}

fn missing(ctx: &Ctx<'_>, name: &str) -> Option<String> {
    match found(ctx) {
        Err(message) => Some(message),
        Ok(guest) if guest.snapshots.iter().any(|s| s.name == name) => None,
        Ok(_) => Some(format!("snapshot '{name}' does not exist")),
    }
}
