//! Snapshots.

use serde_json::{Map, Value, json};

use crate::answer::{Answer, failed};
use crate::ctx::{Ctx, no_config};
use crate::guest::{Guest, GuestKind, Snapshot};
use crate::qemu::{config, disk, power};
use crate::state::{State, seconds};
use crate::task::{Plan, TaskStart};

/// `GET …/snapshot`
pub(crate) fn list(ctx: &mut Ctx<'_>) -> Answer {
    rows(ctx, GuestKind::Qemu)
}

/// The list of a guest of either kind, which always has `current`.
pub(crate) fn rows(ctx: &mut Ctx<'_>, kind: GuestKind) -> Answer {
    let guest = ctx.guest(kind)?;
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
    let (vmid, name) = (ctx.vmid(), ctx.text("snapname").to_owned());
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
        Ok(guest) => {
            let disks = disk::disks(guest).into_iter().filter(|(_, d)| d.owns_volume() && !d.is_cloudinit());
            let lines = disks.map(|(key, d)| format!("snapshotting 'drive-{key}' ({})", d.file));
            let plan = lines.fold(Plan::new(0.6), Plan::line);
            plan.work(move |state, time| {
                let Some(guest) = state.guests.get_mut(&vmid) else {
                    return Err(format!("VM {vmid} is gone"));
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
    ctx.fork_vm("qmsnapshot", plan)
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
    ctx.fork_vm("qmdelsnapshot", plan)
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
                return Err(format!("VM {vmid} is gone"));
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
    ctx.fork_vm("qmrollback", plan)
}

fn start_again(state: &mut State, vmid: u32, node: &str, user: &str, now: f64) {
    let (plan, subject) = (power::start_plan(state, vmid, node, false), vmid.to_string());
    let start = TaskStart { now, node, kind: "qmstart", subject: &subject, user };
    state.fork(start, plan);
}

/// `GET …/snapshot/{snapname}/config`
pub(crate) fn saved(ctx: &mut Ctx<'_>) -> Answer {
    let (version, name) = (ctx.version(), ctx.text("snapname").to_owned());
    let guest = ctx.vm()?;
    let Some(snapshot) = guest.snapshots.iter().find(|s| s.name == name) else {
        return failed(format!("snapshot '{name}' does not exist"));
    };
    let mut data: Map<String, Value> = config::shown_all(GuestKind::Qemu, version, &snapshot.config);
    data.insert("snaptime".into(), seconds(snapshot.time).into());
    Ok(Value::from(data).into())
}

/// The VM when it may be worked on, else what the task says.
fn found<'a>(ctx: &'a Ctx<'_>) -> Result<&'a Guest, String> {
    let (vmid, node) = (ctx.vmid(), ctx.node());
    let guest = ctx.state.guests.get(&vmid).filter(|g| g.kind == GuestKind::Qemu && g.node == node);
    let guest = guest.ok_or_else(|| no_config(GuestKind::Qemu, node, vmid))?;
    guest.lock().map_or(Ok(guest), |lock| Err(format!("VM is locked ({lock})")))
}

fn missing(ctx: &Ctx<'_>, name: &str) -> Option<String> {
    match found(ctx) {
        Err(message) => Some(message),
        Ok(guest) if guest.snapshots.iter().any(|s| s.name == name) => None,
        Ok(_) => Some(format!("snapshot '{name}' does not exist")),
    }
}
