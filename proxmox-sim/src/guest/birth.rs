//! What every new guest of the cluster goes through.

use crate::answer::{Refusal, failed};
use crate::ctx::Ctx;

/// Whether the caller may make a guest of this number, in the pool of the request.
pub(crate) fn may_allocate(ctx: &Ctx<'_>, vmid: u32) -> Result<(), Refusal> {
    let pool = ctx.opt("pool");
    if let Some(pool) = pool.filter(|pool| !ctx.state.pools.contains_key(*pool)) {
        return failed(format!("pool '{pool}' does not exist"));
    }
    let allowed = ctx.allows(&format!("/vms/{vmid}"), &["VM.Allocate"])
        || pool.is_some_and(|pool| ctx.allows(&format!("/pool/{pool}"), &["VM.Allocate"]));
    if allowed { Ok(()) } else { Err(Refusal::Forbidden(String::new())) }
}

/// The same for a clone, whose refusal names the number.
pub(crate) fn may_clone_to(ctx: &Ctx<'_>, newid: u32) -> Result<(), Refusal> {
    match may_allocate(ctx, newid) {
        Err(Refusal::Forbidden(_)) => ctx.require(&format!("/vms/{newid}"), &["VM.Allocate"]),
        other => other,
    }
}

/// Who has a number already: `VM 100 already exists on node 'pve1'`.
pub(crate) fn taken(ctx: &Ctx<'_>, vmid: u32) -> Option<String> {
    let guest = ctx.state.guests.get(&vmid)?;
    Some(format!("{} {vmid} already exists on node '{}'", guest.kind.label(), guest.node))
}

/// Where a clone may go: the node is there, and so is the storage, which both nodes must share.
pub(crate) fn clone_target(ctx: &Ctx<'_>, target: &str, storage: Option<&str>) -> Result<(), Refusal> {
    if !ctx.state.nodes.contains_key(target) {
        return failed(format!("no such cluster node '{target}'"));
    }
    if let Some(id) = storage {
        ctx.state.usable(id, ctx.node())?;
        if !ctx.state.usable(id, target)?.shared && target != ctx.node() {
            return failed(format!("can't clone to non-shared storage '{id}'"));
        }
        ctx.require(&format!("/storage/{id}"), &["Datastore.AllocateSpace"])?;
    }
    Ok(())
}

/// Puts a new guest into the pool of the request.
pub(crate) fn join_pool(ctx: &mut Ctx<'_>, vmid: u32) {
    let name = ctx.opt("pool").map(str::to_owned);
    if let Some(pool) = name.and_then(|name| ctx.state.pools.get_mut(&name)) {
        pool.vms.push(vmid);
    }
}
