//! Deleting guests.

use crate::answer::Refusal;
use crate::ctx::Ctx;
use crate::guest::{GuestKind, volumes};
use crate::state::State;
use crate::task::Plan;

/// What goes when a guest is deleted.
#[derive(Debug)]
pub(crate) struct Removal {
    vmid: u32,
    kind: GuestKind,
    node: String,
    volumes: Vec<String>,
    purge: bool,
    everywhere: bool,
}

impl Removal {
    /// What the request asks to delete.
    pub(crate) fn of(ctx: &mut Ctx<'_>) -> Result<Self, Refusal> {
        let (purge, everywhere) = (ctx.flag("purge"), ctx.flag("destroy-unreferenced-disks"));
        let guest = ctx.guest()?;
        let (vmid, kind, node) = (guest.vmid, guest.kind, guest.node.clone());
        Ok(Self { vmid, kind, node, volumes: volumes::all(guest), purge, everywhere })
    }

    /// Deletes the guest, unless linked clones stand on it.
    pub(crate) fn plan(self, state: &State) -> Plan {
        if let Some(volid) = self.volumes.iter().find(|volid| state.has_clones(volid)) {
            return Plan::fail(format!("base volume '{volid}' is still in use by linked cloned"));
        }
        let Self { vmid, kind, node, volumes, purge, everywhere } = self;
        let mut plan = Plan::new(0.8);
        if purge {
            let label = kind.label();
            plan = plan.line_at(0.9, format!("purging {label} {vmid} from related configurations.."));
        }
        plan.work(move |state, _| {
            for volid in &volumes {
                state.free_own_volume(volid, &node, vmid);
            }
            if everywhere {
                forget(state, vmid);
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
    }
}

/// Undoes a half-made guest.
pub(crate) fn forget(state: &mut State, vmid: u32) {
    state.guests.remove(&vmid);
    for pool in state.pools.values_mut() {
        pool.vms.retain(|id| *id != vmid);
    }
    for storage in state.storages.values_mut() {
        storage.volumes.retain(|v| v.vmid != Some(vmid));
    }
}
