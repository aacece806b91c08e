//! Start, stop and what lies between.

use crate::answer::{Answer, failed};
use crate::ctx::Ctx;
use crate::guest::{Guest, GuestKind, disk, run};
use crate::qemu::{net, permit};
use crate::state::State;
use crate::task::Plan;

/// How long a VM takes to start.
const START: f64 = 1.5;
/// How long a guest takes to obey a shutdown request.
pub(crate) const OBEY: f64 = 3.0;
/// How long a shutdown waits when nobody says.
const PATIENCE: f64 = 60.0;

/// `POST …/status/start`
pub(crate) fn start(ctx: &mut Ctx<'_>) -> Answer {
    permit::only_root(ctx)?;
    let (vmid, node, skiplock) = (ctx.vmid(), ctx.node().to_owned(), ctx.flag("skiplock"));
    let plan = start_plan(ctx.state, vmid, &node, skiplock);
    ctx.fork_vm("qmstart", plan)
}

/// What a start does: wrong states are failing tasks.
pub(crate) fn start_plan(state: &State, vmid: u32, node: &str, skiplock: bool) -> Plan {
    let guest = match state.here(GuestKind::Qemu, vmid, node) {
        Ok(guest) => guest,
        Err(message) => return Plan::fail(message),
    };
    if guest.is_template() {
        return Plan::fail("you can't start a vm if it's a template");
    }
    // A start of a running VM that a backup holds is taken for its end: PVE resumes the VM.
    let resumes = guest.is_running() && guest.lock() == Some("backup");
    if let (Some(lock), false) = (guest.lock(), skiplock || resumes) {
        return Plan::fail(format!("VM is locked ({lock})"));
    }
    if resumes {
        return Plan::new(0.1);
    }
    if guest.is_running() {
        return Plan::fail(format!("VM {vmid} already running"));
    }
    let mut plan = Plan::new(START);
    let drives = disk::disks(guest);
    if drives.iter().any(|(_, drive)| drive.is_cloudinit()) {
        plan = plan.line("generating cloud-init ISO");
    }
    for (_, card) in net::cards(guest) {
        let bridge = card.get("bridge").unwrap_or("vmbr0");
        let known = state.nodes.get(node).is_some_and(|n| n.bridges.iter().any(|b| b == bridge));
        if !known && !state.vnets.contains_key(bridge) {
            let failed = plan.line(format!("bridge '{bridge}' does not exist"));
            return failed.work(|_, _| Err("start failed: QEMU exited with code 1".to_owned()));
        }
    }
    for (_, drive) in drives.iter().filter(|(_, drive)| drive.owns_volume()) {
        if state.volume(&drive.file, node).is_none() {
            return Plan::fail(format!("volume '{}' does not exist", drive.file));
        }
    }
    if guest.get("bios") == Some("ovmf") && guest.get("efidisk0").is_none() {
        plan = plan.warn("no efidisk configured! Using temporary efivars disk.");
    }
    plan.work(move |state, now| run::on(state, vmid, now))
}

/// `POST …/status/stop`
pub(crate) fn stop(ctx: &mut Ctx<'_>) -> Answer {
    permit::only_root(ctx)?;
    let skiplock = ctx.flag("skiplock");
    let plan = match ctx.here() {
        Err(message) => Plan::fail(message),
        Ok(guest) if !guest.is_running() => Plan::new(0.1),
        Ok(guest) => match guest.lock() {
            Some(lock) if !skiplock => Plan::fail(format!("VM is locked ({lock})")),
            _ => run::off(0.5, ctx.vmid()),
        },
    };
    ctx.fork_vm("qmstop", plan)
}

/// `POST …/status/shutdown`
pub(crate) fn shutdown(ctx: &mut Ctx<'_>) -> Answer {
    permit::only_root(ctx)?;
    let vmid = ctx.vmid();
    let (force, skiplock) = (ctx.flag("forceStop"), ctx.flag("skiplock"));
    let timeout = ctx.opt("timeout").and_then(|t| t.parse().ok()).unwrap_or(PATIENCE);
    let guest = match ctx.here() {
        Ok(guest) => guest,
        Err(message) => return ctx.fork_vm("qmshutdown", Plan::fail(message)),
    };
    if is_paused(guest) && !force {
        return failed("VM is paused - cannot shutdown");
    }
    let plan = match guest.lock() {
        _ if !guest.is_running() => Plan::new(0.1),
        Some(lock) if !skiplock => Plan::fail(format!("VM is locked ({lock})")),
        _ if guest.obeys && timeout >= OBEY && !is_paused(guest) => run::off(OBEY, vmid),
        _ if force => {
            run::off(timeout, vmid).line_at(0.9, "VM quit/powerdown failed - terminating now with SIGTERM")
        }
        _ => Plan::new(timeout).work(|_, _| Err("VM quit/powerdown failed - got timeout".to_owned())),
    };
    ctx.fork_vm("qmshutdown", plan)
}

/// `POST …/status/reboot`
pub(crate) fn reboot(ctx: &mut Ctx<'_>) -> Answer {
    let vmid = ctx.vmid();
    let timeout = ctx.opt("timeout").and_then(|t| t.parse().ok()).unwrap_or(PATIENCE);
    let guest = match ctx.here() {
        Ok(guest) => guest,
        Err(message) => return ctx.fork_vm("qmreboot", Plan::fail(message)),
    };
    if is_paused(guest) {
        return failed("VM is paused - cannot shutdown");
    }
    let plan = match guest.lock() {
        _ if !guest.is_running() => Plan::new(0.1),
        Some(lock) => Plan::fail(format!("VM is locked ({lock})")),
        None if guest.obeys && timeout >= OBEY => run::again(OBEY + START, vmid),
        None => Plan::new(timeout).work(|_, _| Err("VM quit/powerdown failed".to_owned())),
    };
    ctx.fork_vm("qmreboot", plan)
}

/// `POST …/status/reset`
pub(crate) fn reset(ctx: &mut Ctx<'_>) -> Answer {
    permit::only_root(ctx)?;
    let vmid = must_run(ctx)?;
    let plan = Plan::new(0.2).work(move |state, now| {
        if let Some(guest) = state.guests.get_mut(&vmid) {
            guest.inside.boot();
            if let Some(run) = &mut guest.run {
                run.since = now;
            }
        }
        Ok(())
    });
    ctx.fork_vm("qmreset", plan)
}

/// `POST …/status/suspend`
pub(crate) fn suspend(ctx: &mut Ctx<'_>) -> Answer {
    permit::only_root(ctx)?;
    let vmid = must_run(ctx)?;
    if ctx.flag("todisk") {
        return failed("the simulator does not suspend to disk");
    }
    let plan = pause(vmid, true);
    ctx.fork_vm("qmpause", plan)
}

/// `POST …/status/resume`
pub(crate) fn resume(ctx: &mut Ctx<'_>) -> Answer {
    permit::only_root(ctx)?;
    let vmid = must_run(ctx)?;
    let plan = pause(vmid, false);
    ctx.fork_vm("qmresume", plan)
}

fn pause(vmid: u32, paused: bool) -> Plan {
    Plan::new(0.2).work(move |state, _| {
        if let Some(run) = state.guests.get_mut(&vmid).and_then(|guest| guest.run.as_mut()) {
            run.paused = paused;
        }
        Ok(())
    })
}

fn must_run(ctx: &mut Ctx<'_>) -> Result<u32, crate::answer::Refusal> {
    let vmid = ctx.vmid();
    if ctx.guest()?.is_running() { Ok(vmid) } else { failed(format!("VM {vmid} not running")) }
}

fn is_paused(guest: &Guest) -> bool {
    guest.run.as_ref().is_some_and(|run| run.paused)
}
