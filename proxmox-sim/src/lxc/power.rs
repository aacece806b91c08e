//! Start, stop and what lies between. Unlike with VMs, what a container cannot do in its state is refused at once.

use crate::answer::{Answer, Refusal, bad_param, failed};
use crate::ctx::Ctx;
use crate::guest::{Guest, GuestKind, disk, run};
use crate::lxc::net;
use crate::state::State;
use crate::task::Plan;

/// How long a container takes to start.
const START: f64 = 1.0;
/// How long its init takes to obey.
const OBEY: f64 = 2.0;
/// How long a shutdown waits when nobody says.
const PATIENCE: f64 = 60.0;

/// `POST …/status/start`
pub(crate) fn start(ctx: &mut Ctx<'_>) -> Answer {
    only_root(ctx)?;
    let (vmid, node, skiplock) = (ctx.vmid(), ctx.node().to_owned(), ctx.flag("skiplock"));
    if runs(ctx) {
        return failed(format!("CT {vmid} already running"));
    }
    let plan = start_plan(ctx.state, vmid, &node, skiplock);
    ctx.fork_vm("vzstart", plan)
}

/// What a start does.
pub(crate) fn start_plan(state: &State, vmid: u32, node: &str, skiplock: bool) -> Plan {
    let guest = match state.here(GuestKind::Lxc, vmid, node) {
        Ok(guest) => guest,
        Err(message) => return Plan::fail(message),
    };
    if guest.is_template() {
        return Plan::fail("you can't start a CT if it's a template");
    }
    if let Some(message) = locked(guest, skiplock) {
        return Plan::fail(message);
    }
    for (_, drive) in disk::disks(guest).iter().filter(|(_, drive)| drive.owns_volume()) {
        if state.volume(&drive.file, node).is_none() {
            return Plan::fail(format!("volume '{}' does not exist", drive.file));
        }
    }
    for (_, card) in net::cards(guest) {
        let bridge = card.get("bridge").unwrap_or("vmbr0");
        let known = state.nodes.get(node).is_some_and(|n| n.bridges.iter().any(|b| b == bridge));
        if !known && !state.vnets.contains_key(bridge) {
            let plan = Plan::new(START).line(format!("bridge '{bridge}' does not exist"));
            return plan.work(move |_, _| Err(format!("startup for container '{vmid}' failed")));
        }
    }
    Plan::new(START).work(move |state, now| run::on(state, vmid, now))
}

/// `POST …/status/stop`
pub(crate) fn stop(ctx: &mut Ctx<'_>) -> Answer {
    only_root(ctx)?;
    let vmid = must_run(ctx, "CT")?;
    let skiplock = ctx.flag("skiplock");
    let overruled = if ctx.flag("overrule-shutdown") {
        ctx.state.abort_tasks("vzshutdown", vmid, ctx.now)
    } else {
        Vec::new()
    };
    let mut plan = match locked(ctx.guest()?, skiplock) {
        Some(message) => Plan::fail(message),
        None => run::off(0.5, vmid),
    };
    if !overruled.is_empty() {
        plan = plan.line(format!("overruled vzshutdown tasks: {}", overruled.join(", ")));
    }
    ctx.fork_vm("vzstop", plan)
}

/// `POST …/status/shutdown`
pub(crate) fn shutdown(ctx: &mut Ctx<'_>) -> Answer {
    let vmid = must_run(ctx, "CT")?;
    let (force, timeout) = (ctx.flag("forceStop"), patience(ctx));
    let guest = ctx.guest()?;
    let plan = match guest.locked() {
        Some(message) => Plan::fail(message),
        None if guest.obeys && timeout >= OBEY => run::off(OBEY, vmid),
        None if force => run::off(timeout, vmid),
        None => Plan::new(timeout)
            .line_at(
                1.0,
                format!("command 'lxc-stop -n {vmid} --nokill --timeout {timeout}' failed: exit code 1"),
            )
            .work(|_, _| Err("container did not stop".to_owned())),
    };
    ctx.fork_vm("vzshutdown", plan)
}

/// `POST …/status/reboot`: one that does not obey is killed when its time is over.
pub(crate) fn reboot(ctx: &mut Ctx<'_>) -> Answer {
    // PVE says VM here.
    let vmid = must_run(ctx, "VM")?;
    let timeout = patience(ctx);
    let down = if ctx.guest()?.obeys { OBEY.min(timeout) } else { timeout };
    ctx.fork_vm("vzreboot", run::again(down + START, vmid))
}

/// `POST …/status/suspend`
pub(crate) fn suspend(ctx: &mut Ctx<'_>) -> Answer {
    let vmid = must_run(ctx, "CT")?;
    let plan = match ctx.guest()?.locked() {
        Some(message) => Plan::fail(message),
        None => checkpoint(vmid, "-s"),
    };
    ctx.fork_vm("vzsuspend", plan)
}

/// `POST …/status/resume`
pub(crate) fn resume(ctx: &mut Ctx<'_>) -> Answer {
    let vmid = ctx.vmid();
    if runs(ctx) {
        return failed(format!("CT {vmid} already running"));
    }
    ctx.fork_vm("vzresume", checkpoint(vmid, "-r --foreground"))
}

/// PVE calls a program that needs CRIU, and nodes have no CRIU: the task fails.
fn checkpoint(vmid: u32, how: &str) -> Plan {
    Plan::fail(format!("command 'lxc-checkpoint -n {vmid} {how} -D /var/lib/vz/dump' failed: exit code 1"))
}

fn patience(ctx: &Ctx<'_>) -> f64 {
    ctx.opt("timeout").and_then(|t| t.parse().ok()).unwrap_or(PATIENCE)
}

fn only_root(ctx: &Ctx<'_>) -> Result<(), Refusal> {
    if ctx.flag("skiplock") && !ctx.who.is_root() {
        return bad_param("skiplock", "Only root may use this option.");
    }
    Ok(())
}

/// PVE looks for the process alone: a container that is not there does not run.
fn runs(ctx: &Ctx<'_>) -> bool {
    ctx.here().is_ok_and(Guest::is_running)
}

fn must_run(ctx: &Ctx<'_>, label: &str) -> Result<u32, Refusal> {
    let vmid = ctx.vmid();
    if runs(ctx) { Ok(vmid) } else { failed(format!("{label} {vmid} not running")) }
}

/// A container that is only mounted may be started and stopped.
fn locked(guest: &Guest, skiplock: bool) -> Option<String> {
    guest.locked().filter(|_| !skiplock && guest.lock() != Some("mounted"))
}
