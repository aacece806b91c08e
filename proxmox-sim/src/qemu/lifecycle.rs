//! Converting to a template, growing disks, deleting.

use serde_json::Value;

use crate::answer::{Answer, failed};
use crate::ctx::Ctx;
use crate::guest::removal::Removal;
use crate::guest::{change, config, disk, volumes};
use crate::qemu::permit;
use crate::task::Plan;

/// `POST …/template`
pub(crate) fn template(ctx: &mut Ctx<'_>) -> Answer {
    let vmid = ctx.vmid();
    let only = ctx.opt("disk").map(str::to_owned);
    let guest = ctx.guest()?;
    config::check_lock(guest, false)?;
    if !guest.snapshots.is_empty() {
        return failed("unable to create template, because VM contains snapshots");
    }
    if guest.is_template() && only.is_none() {
        return failed("you can't convert a template to a template");
    }
    if guest.is_running() {
        return failed("you can't convert a VM to template if VM is running");
    }
    let plan = Plan::new(0.5).work(move |state, _| volumes::to_base(state, vmid));
    ctx.fork_vm("qmtemplate", plan)
}

/// `PUT …/resize`
pub(crate) fn resize(ctx: &mut Ctx<'_>) -> Answer {
    permit::only_root(ctx)?;
    let plan = resize_plan(ctx);
    ctx.fork_vm("resize", plan)
}

fn resize_plan(ctx: &mut Ctx<'_>) -> Plan {
    let (vmid, node) = (ctx.vmid(), ctx.node().to_owned());
    let (key, size) = (ctx.text("disk").to_owned(), ctx.text("size").to_owned());
    let (digest, skiplock) = (ctx.opt("digest").map(str::to_owned), ctx.flag("skiplock"));
    let guest = match ctx.here() {
        Ok(guest) => guest,
        Err(message) => return Plan::fail(message),
    };
    if let Err(refusal) = config::check_state(guest, digest.as_deref(), skiplock) {
        return Plan::fail(refusal.sentence());
    }
    let Some(value) = guest.get(&key) else {
        return Plan::fail(format!("disk '{key}' does not exist"));
    };
    let drive = disk::Drive::parse(value);
    if drive.is_cdrom() {
        return Plan::fail("you can't resize a cdrom");
    }
    let Some((old, new)) = volumes::wanted_size(ctx.state, &node, &drive, &size) else {
        return Plan::fail(format!("invalid size string '{size}'"));
    };
    let storage = ctx.state.storages.get(crate::storage::storage_of(&drive.file));
    if new < old {
        return Plan::fail("shrinking disks is not supported");
    }
    if storage.is_some_and(|storage| new > storage.total) {
        return Plan::fail(format!("unable to resize disk '{key}': not enough space"));
    }
    Plan::new(0.4).line("Image resized.").work(move |state, _| {
        volumes::grow(state, vmid, &node, &key, drive, new);
        Ok(())
    })
}

/// `DELETE /nodes/{node}/qemu/{vmid}`
pub(crate) fn destroy(ctx: &mut Ctx<'_>) -> Answer {
    permit::only_root(ctx)?;
    let (vmid, skiplock) = (ctx.vmid(), ctx.flag("skiplock"));
    let removal = Removal::of(ctx)?;
    let guest = ctx.guest()?;
    if guest.get("protection") == Some("1") {
        return failed(format!("can't remove VM {vmid} - protection mode enabled"));
    }
    if guest.is_running() {
        return failed(format!("VM {vmid} is running - destroy failed"));
    }
    let plan = match guest.locked().filter(|_| !skiplock) {
        Some(message) => Plan::fail(message),
        None => removal.plan(ctx.state),
    };
    ctx.fork_vm("qmdestroy", plan)
}

/// `PUT …/unlink`: detaches disks; unknown ones are passed over.
pub(crate) fn unlink(ctx: &mut Ctx<'_>) -> Answer {
    let delete = crate::schema::format::items(ctx.text("idlist")).map(str::to_owned).collect();
    let wish = config::Wish { delete, force: ctx.flag("force"), ..config::Wish::default() };
    config::check_lock(ctx.guest()?, false)?;
    let (vmid, now) = (ctx.vmid(), ctx.now);
    match change::apply(ctx.state, vmid, &wish, now) {
        Ok(_) => Ok(Value::Null.into()),
        Err(sentence) => failed(sentence),
    }
}
