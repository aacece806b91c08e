//! Switching guests on and off.

use crate::guest::{GuestKind, Run, change};
use crate::state::State;
use crate::task::Plan;

/// Starts a guest: what waited for that is now so.
pub(crate) fn on(state: &mut State, vmid: u32, now: f64) -> Result<(), String> {
    match state.guests.get(&vmid) {
        None => return Err(format!("guest {vmid} is gone")),
        Some(guest) if guest.is_running() => {
            return Err(format!("{} {vmid} already running", guest.kind.label()));
        }
        Some(_) => {}
    }
    change::settle(state, vmid, now)?;
    let pid = state.counters.pid();
    if let Some(guest) = state.guests.get_mut(&vmid) {
        guest.inside.boot();
        guest.run = Some(Run { since: now, pid, paused: false });
    }
    Ok(())
}

/// Switches off after a while.
pub(crate) fn off(seconds: f64, vmid: u32) -> Plan {
    Plan::new(seconds).work(move |state, now| stopped(state, vmid, now))
}

/// The guest no longer runs. What waited for that is so at once for a VM, and at its next start for a container.
pub(crate) fn stopped(state: &mut State, vmid: u32, now: f64) -> Result<(), String> {
    let Some(guest) = state.guests.get_mut(&vmid) else {
        return Ok(());
    };
    guest.run = None;
    if guest.kind == GuestKind::Qemu { change::settle(state, vmid, now) } else { Ok(()) }
}

/// Starts anew after a while. A VM's process stays.
pub(crate) fn again(seconds: f64, vmid: u32) -> Plan {
    Plan::new(seconds).work(move |state, now| {
        let Some(guest) = state.guests.get_mut(&vmid) else {
            return Ok(());
        };
        // Somebody may have switched it off meanwhile.
        let (kind, Some(process)) = (guest.kind, guest.run.take()) else {
            return Ok(());
        };
        on(state, vmid, now)?;
        if let (GuestKind::Qemu, Some(guest)) = (kind, state.guests.get_mut(&vmid)) {
            guest.run = Some(Run { since: now, ..process });
        }
        Ok(())
    })
}
