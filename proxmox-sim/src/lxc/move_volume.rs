//! Moving a volume of a container to another storage.

use crate::answer::{Answer, Refusal, failed};
use crate::ctx::Ctx;
use crate::guest::volumes::{self, Copying};
use crate::guest::{GuestKind, change, disk};
use crate::lxc::{clone, mount};
use crate::state::State;
use crate::task::{Plan, moving};

/// `POST …/move_volume`: the old volume is kept unused, unless it shall be deleted.
pub(crate) fn move_volume(ctx: &mut Ctx<'_>) -> Answer {
    let (vmid, node, key) = (ctx.vmid(), ctx.node().to_owned(), ctx.text("volume").to_owned());
    let target = match (ctx.opt("storage"), ctx.opt("target-vmid")) {
        (Some(storage), None) => storage.to_owned(),
        (None, Some(_)) => return failed("the simulator does not move volumes to another container"),
        (Some(_), Some(_)) => {
            return bad_both("either set 'storage' or 'target-vmid', but not both");
        }
        (None, None) => {
            return bad_both("both 'storage' and 'target-vmid' missing, either needs to be set");
        }
    };
    ctx.require(&format!("/storage/{target}"), &["Datastore.AllocateSpace"])?;
    let (digest, delete) = (ctx.opt("digest").map(str::to_owned), ctx.flag("delete"));
    let guest = ctx.guest()?;
    if let Some(sentence) = guest.locked() {
        return failed(sentence);
    }
    if guest.is_running() {
        return failed("cannot move volumes of a running container");
    }
    let Some(drive) = guest.get(&key).map(disk::Drive::parse) else {
        return Err(mount::missing());
    };
    let in_snapshot = guest.snapshots.iter().filter_map(|s| s.config.get(&key));
    if delete && in_snapshot.map(|value| disk::Drive::parse(value)).any(|saved| saved.file == drive.file) {
        return failed("you can't move a volume with snapshots and delete the source");
    }
    crate::lxc::config::check_state(guest, digest.as_deref())?;
    let template = guest.is_template();
    guest.set("lock", "disk");

    let size = ctx.state.volume(&drive.file, &node).map_or(drive.size(), |v| v.size);
    let refused = match ctx.state.usable(&target, &node) {
        Err(refusal) => Some(refusal.sentence()),
        Ok(storage) if !storage.content.contains("rootdir") => {
            Some(format!("content type 'rootdir' is not available or configured on storage '{target}'"))
        }
        Ok(_) => None,
    };
    if let Some(sentence) = refused {
        let unlocked = move |state: &mut State, _| {
            clone::unlock(state, vmid);
            Err(sentence)
        };
        return ctx.fork_vm("move_volume", Plan::new(0.1).work(unlocked));
    }
    let kind = GuestKind::Lxc;
    let copying = Copying { kind, node: node.clone(), full: true, storage: Some(target), format: None };
    let mut moved = drive.clone();
    moved.file = copying.copy(ctx.state, vmid, &drive, size, ctx.now);
    let lines = mount::made(ctx.state, &moved.file, size);
    let (made, home) = (moved.file.clone(), node.clone());
    let plan = lines.into_iter().fold(Plan::new(1.0 + moving(size)), Plan::line);
    let undo = move |state: &mut State| {
        clone::unlock(state, vmid);
        state.remove_volume(&made, &home);
    };
    let plan = plan.undo(undo).work(move |state, _| {
        clone::unlock(state, vmid);
        if template {
            let base = volumes::base_name(&moved.file, vmid);
            if let Some(volume) = state.volume_mut(&moved.file, &node) {
                volume.volid.clone_from(&base);
            }
            moved.file = base;
        }
        if let Some(guest) = state.guests.get_mut(&vmid) {
            guest.set(&key, moved.print());
            if !delete {
                change::keep_unused(guest, &drive.file);
            }
        }
        if delete {
            state.remove_volume(&drive.file, &node);
        }
        Ok(())
    });
    ctx.fork_vm("move_volume", plan)
}

fn bad_both(text: &str) -> Answer {
    Err(Refusal::Params(["storage", "target-vmid"].map(|name| (name.to_owned(), text.to_owned())).to_vec()))
}
