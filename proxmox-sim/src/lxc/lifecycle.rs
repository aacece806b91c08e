//! Converting to a template, growing volumes, deleting.

use serde_json::Value;

use crate::answer::{Answer, Refusal, failed};
use crate::ctx::Ctx;
use crate::guest::removal::Removal;
use crate::guest::{disk, run, volumes};
use crate::lxc::{config, mount};
use crate::storage::storage_of;
use crate::task::Plan;

/// `POST …/template`: PVE starts a task and does not tell which.
pub(crate) fn template(ctx: &mut Ctx<'_>) -> Answer {
    let vmid = ctx.vmid();
    let guest = ctx.guest()?;
    if let Some(sentence) = guest.locked() {
        return failed(sentence);
    }
    if !guest.snapshots.is_empty() {
        return failed("unable to create template, because CT contains snapshots");
    }
    if guest.is_template() {
        return failed("you can't convert a template to a template");
    }
    if guest.is_running() {
        return failed("you can't convert a CT to template if the CT is running");
    }
    ctx.fork_vm("vztemplate", Plan::new(0.5).work(move |state, _| volumes::to_base(state, vmid)))?;
    Ok(Value::Null.into())
}

/// `PUT …/resize`: what is wrong is refused before there is a task.
pub(crate) fn resize(ctx: &mut Ctx<'_>) -> Answer {
    let (vmid, node) = (ctx.vmid(), ctx.node().to_owned());
    let (key, size) = (ctx.text("disk").to_owned(), ctx.text("size").to_owned());
    let digest = ctx.opt("digest").map(str::to_owned);
    let guest = ctx.guest()?;
    config::check_state(guest, digest.as_deref())?;
    let Some(value) = guest.get(&key) else {
        return Err(mount::missing());
    };
    let drive = disk::Drive::parse(value);
    let storage = storage_of(&drive.file).to_owned();
    ctx.require(&format!("/storage/{storage}"), &["Datastore.AllocateSpace"])?;
    let Some((old, new)) = volumes::wanted_size(ctx.state, &node, &drive, &size) else {
        return failed("invalid size string");
    };
    if new < old {
        return failed("unable to shrink disk size");
    }
    if new == old {
        return failed("disk is already at specified size");
    }
    let storage = ctx.state.storages.get(&storage);
    let plan = if storage.is_some_and(|storage| new > storage.total) {
        Plan::fail(format!("unable to resize '{}': not enough space", drive.file))
    } else {
        Plan::new(0.6).line(mount::grown(ctx.state, &drive.file, new)).work(move |state, _| {
            volumes::grow(state, vmid, &node, &key, drive, new);
            Ok(())
        })
    };
    ctx.fork_vm("resize", plan)
}

/// `DELETE /nodes/{node}/lxc/{vmid}`
pub(crate) fn destroy(ctx: &mut Ctx<'_>) -> Answer {
    let (vmid, force) = (ctx.vmid(), ctx.flag("force"));
    let removal = Removal::of(ctx)?;
    let guest = ctx.guest()?;
    if guest.get("protection") == Some("1") {
        return failed(format!("can't remove CT {vmid} - protection mode enabled"));
    }
    if let Some(sentence) = guest.locked() {
        return failed(sentence);
    }
    let running = guest.is_running();
    if running && !force {
        return failed(format!("unable to destroy CT {vmid} - container is running"));
    }
    let mut plan = removal.plan(ctx.state);
    if running {
        run::stopped(ctx.state, vmid, ctx.now).map_err(Refusal::Failed)?;
        plan = plan.line(format!("forced to stop CT {vmid} before destroying!"));
    }
    ctx.fork_vm("vzdestroy", plan)
}
