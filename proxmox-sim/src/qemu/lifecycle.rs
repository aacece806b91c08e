//! Converting to a template, growing disks, deleting.

use serde_json::Value;

use crate::answer::{Answer, failed};
use crate::ctx::{Ctx, no_config};
use crate::guest::GuestKind;
use crate::qemu::{config, create, disk};
use crate::task::Plan;

/// `POST …/template`
pub(crate) fn template(ctx: &mut Ctx<'_>) -> Answer {
    let vmid = ctx.vmid();
    let only = ctx.opt("disk").map(str::to_owned);
    let guest = ctx.vm()?;
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
    let plan = Plan::new(0.5).work(move |state, _| {
        let Some(guest) = state.guests.get_mut(&vmid) else {
            return Err(format!("VM {vmid} is gone"));
        };
        guest.set("template", "1");
        let (node, disks) = (guest.node.clone(), disk::disks(guest));
        for (key, mut drive) in disks.into_iter().filter(|(_, d)| d.owns_volume() && !d.is_cloudinit()) {
            let base = drive.file.replace(&format!("vm-{vmid}-"), &format!("base-{vmid}-"));
            if let Some(volume) = state.volume_mut(&drive.file, &node) {
                volume.volid.clone_from(&base);
            }
            drive.file = base;
            if let Some(guest) = state.guests.get_mut(&vmid) {
                guest.set(&key, drive.print());
            }
        }
        Ok(())
    });
    ctx.fork_vm("qmtemplate", plan)
}

/// `PUT …/resize`
pub(crate) fn resize(ctx: &mut Ctx<'_>) -> Answer {
    config::only_root(ctx)?;
    let plan = resize_plan(ctx);
    ctx.fork_vm("resize", plan)
}

fn resize_plan(ctx: &mut Ctx<'_>) -> Plan {
    let (vmid, node) = (ctx.vmid(), ctx.node().to_owned());
    let (key, size) = (ctx.text("disk").to_owned(), ctx.text("size").to_owned());
    let (digest, skiplock) = (ctx.opt("digest").map(str::to_owned), ctx.flag("skiplock"));
    let Some(guest) = ctx.state.guests.get(&vmid).filter(|g| g.kind == GuestKind::Qemu && g.node == node)
    else {
        return Plan::fail(no_config(GuestKind::Qemu, &node, vmid));
    };
    if let Err(refusal) = config::check_state(guest, digest.as_deref(), skiplock) {
        return Plan::fail(refusal.sentence());
    }
    let Some(value) = guest.get(&key) else {
        return Plan::fail(format!("disk '{key}' does not exist"));
    };
    let mut drive = disk::Drive::parse(value);
    if drive.is_cdrom() {
        return Plan::fail("you can't resize a cdrom");
    }
    let old = ctx.state.volume(&drive.file, &node).map_or(drive.size(), |v| v.size);
    let (by, text) = size.strip_prefix('+').map_or((0, size.as_str()), |text| (old, text));
    let Some(new) = disk::parse_size(text).map(|size| size + by) else {
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
        if let Some(volume) = state.volume_mut(&drive.file, &node) {
            volume.size = new;
        }
        if let Some(guest) = state.guests.get_mut(&vmid) {
            drive.set("size", disk::print_size(new));
            guest.set(&key, drive.print());
        }
        Ok(())
    })
}

/// `DELETE /nodes/{node}/qemu/{vmid}`
pub(crate) fn destroy(ctx: &mut Ctx<'_>) -> Answer {
    config::only_root(ctx)?;
    let (vmid, node) = (ctx.vmid(), ctx.node().to_owned());
    let (purge, everywhere) = (ctx.flag("purge"), ctx.flag("destroy-unreferenced-disks"));
    let skiplock = ctx.flag("skiplock");
    let guest = ctx.vm()?;
    if guest.get("protection") == Some("1") {
        return failed(format!("can't remove VM {vmid} - protection mode enabled"));
    }
    if guest.is_running() {
        return failed(format!("VM {vmid} is running - destroy failed"));
    }
    let locked = guest.lock().filter(|_| !skiplock).map(|lock| format!("VM is locked ({lock})"));
    let kept: Vec<String> =
        guest.config.iter().filter(|(key, _)| key.starts_with("unused")).map(|(_, v)| v.clone()).collect();
    let drives = disk::disks(guest).into_iter().filter(|(_, d)| d.owns_volume()).map(|(_, d)| d.file);
    let volumes: Vec<_> = drives.chain(kept).collect();
    let based = volumes.iter().find(|volid| ctx.state.has_clones(volid));
    let plan = if let Some(message) = locked {
        Plan::fail(message)
    } else if let Some(volid) = based {
        Plan::fail(format!("base volume '{volid}' is still in use by linked cloned"))
    } else {
        let mut plan = Plan::new(0.8);
        if purge {
            plan = plan.line_at(0.9, format!("purging VM {vmid} from related configurations.."));
        }
        plan.work(move |state, _| {
            for volid in &volumes {
                state.remove_volume(volid, &node);
            }
            if everywhere {
                create::forget(state, vmid);
            }
            state.guests.remove(&vmid);
            for pool in state.pools.values_mut() {
                pool.vms.retain(|id| *id != vmid);
            }
            if purge {
                state.acl.retain(|acl| acl.path != format!("/vms/{vmid}"));
            }
            Ok(())
        })
    };
    ctx.fork_vm("qmdestroy", plan)
}

/// `PUT …/unlink`: detaches disks; unknown ones are passed over.
pub(crate) fn unlink(ctx: &mut Ctx<'_>) -> Answer {
    let delete = crate::schema::format::items(ctx.text("idlist")).map(str::to_owned).collect();
    let wish = config::Wish { delete, force: ctx.flag("force"), ..config::Wish::default() };
    config::check_lock(ctx.vm()?, false)?;
    let (vmid, now) = (ctx.vmid(), ctx.now);
    match crate::qemu::change::apply(ctx.state, vmid, &wish, now) {
        Ok(_) => Ok(Value::Null.into()),
        Err(sentence) => failed(sentence),
    }
}
