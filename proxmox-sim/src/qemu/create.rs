//! Making VMs.

use crate::answer::{Answer, failed};
use crate::ctx::Ctx;
use crate::guest::{Guest, GuestKind, birth, change, config, disk, removal};
use crate::qemu::{net, permit, power};
use crate::state::{State, seconds};
use crate::task::{Plan, TaskStart, moving};

/// `POST /nodes/{node}/qemu`
pub(crate) fn create(ctx: &mut Ctx<'_>) -> Answer {
    let (vmid, node) = (ctx.vmid(), ctx.node().to_owned());
    permit::only_root(ctx)?;
    birth::may_allocate(ctx, vmid)?;
    if ctx.opt("archive").is_some() {
        return failed("the simulator does not restore archives");
    }
    let set = config::given(ctx)?;
    for (key, value) in &set {
        permit::permit(ctx, &format!("/vms/{vmid}"), key, value)?;
    }
    for (_, value) in set.iter().filter(|(key, _)| disk::is_disk_key(GuestKind::Qemu, key)) {
        disk::check(ctx, &node, value)?;
    }
    if let Some(taken) = birth::taken(ctx, vmid) {
        return failed(format!("unable to create VM {vmid} - {taken}"));
    }
    let mut guest = Guest::new(vmid, GuestKind::Qemu, &node);
    guest.set("lock", "create");
    ctx.state.guests.insert(vmid, guest);
    birth::join_pool(ctx, vmid);

    // The disks are made at once, so that their lines are in the log from the beginning.
    let nine = ctx.is_nine();
    let mut lines = Vec::new();
    let (mut finished, mut bytes, mut error) = (Vec::new(), 0, None);
    let imported = set.iter().any(|(_, value)| value.contains("import-from="));
    for (key, value) in set {
        let value = if disk::is_disk_key(GuestKind::Qemu, &key) {
            match disk::allocate(ctx.state, vmid, &node, &key, &value, ctx.now) {
                Ok((value, log)) => {
                    bytes += disk::Drive::parse(&value).size();
                    lines.extend(log);
                    value
                }
                Err(message) => {
                    error = Some(format!("unable to create VM {vmid} - {message}"));
                    break;
                }
            }
        } else if net::is_card_key(&key) {
            net::stored(ctx.state, &value)
        } else if key == "tags" && !nine {
            value
        } else {
            change::stored(GuestKind::Qemu, &key, &value)
        };
        finished.push((key, value));
    }
    let start = ctx.flag("start");
    let mut plan = Plan::new(0.5 + moving(bytes) / 20.0);
    for line in lines {
        plan = plan.line(line);
    }
    if start {
        plan = plan.line_at(1.0, "Execute autostart");
    }
    let (user, home) = (ctx.who.id(), node.clone());
    let plan = plan.undo(move |state| removal::forget(state, vmid)).work(move |state, now| {
        if let Some(error) = error {
            removal::forget(state, vmid);
            return Err(error);
        }
        let Some(mut guest) = state.guests.remove(&vmid) else {
            return Ok(());
        };
        guest.config.remove("lock");
        guest.config.extend(finished);
        // On an empty disk there is nothing that could obey or run an agent.
        guest.has_agent = imported;
        guest.obeys = imported;
        fill_in(state, &mut guest, now);
        state.guests.insert(vmid, guest);
        if start {
            let plan = power::start_plan(state, vmid, &home, true);
            let subject = vmid.to_string();
            let start = TaskStart { now, node: &home, kind: "qmstart", subject: &subject, user: &user };
            state.fork(start, plan);
        }
        Ok(())
    });
    ctx.fork("qmcreate", &vmid.to_string(), plan)
}

/// What PVE itself puts into every configuration.
pub(crate) fn fill_in(state: &mut State, guest: &mut Guest, now: f64) {
    let boot = boot_order(guest);
    for (key, value) in [
        ("boot", boot),
        ("smbios1", format!("uuid={}", state.counters.uuid())),
        ("vmgenid", state.counters.uuid()),
        ("meta", format!("creation-qemu=9.2.0,ctime={}", seconds(now))),
    ] {
        guest.config.entry(key.to_owned()).or_insert(value);
    }
}

/// The first disk, the first CD drive, the first network card.
fn boot_order(guest: &Guest) -> String {
    let disks = disk::disks(guest);
    let bootable = |key: &str| !key.starts_with("efidisk") && !key.starts_with("tpmstate");
    let hard = disks.iter().find(|(key, drive)| bootable(key) && !drive.is_cdrom());
    let cd = disks.iter().find(|(_, drive)| drive.is_cdrom() && !drive.is_cloudinit());
    let devices: Vec<_> = hard
        .into_iter()
        .chain(cd)
        .map(|(key, _)| key.clone())
        .chain(net::cards(guest).first().map(|(n, _)| format!("net{n}")))
        .collect();
    if devices.is_empty() { " ".to_owned() } else { format!("order={}", devices.join(";")) }
}
