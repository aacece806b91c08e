//! Who may change what of a container.

use crate::answer::Refusal;
use crate::ctx::Ctx;
use crate::guest::{GuestKind, disk};
use crate::lxc::net;

/// Whether the caller may change a key. `root@pam` itself may, without its tokens.
pub(crate) fn permit(ctx: &Ctx<'_>, path: &str, key: &str, value: &str) -> Result<(), Refusal> {
    if ctx.who.is_root() {
        return Ok(());
    }
    let only_root = |what: &str| Err(Refusal::Forbidden(format!(" ({what} is only allowed for root@pam)")));
    let family = key.trim_end_matches(|c: char| c.is_ascii_digit());
    let any: &[&str] = match key {
        "hookscript" => return only_root("changing the hookscript"),
        _ if family == "dev" => return only_root("configuring device passthrough"),
        "features" if unprivileged(ctx) && matches!(value, "nesting=0" | "nesting=1") => &["VM.Allocate"],
        "features" if unprivileged(ctx) => return only_root("changing feature flags (except nesting)"),
        "features" => return only_root("changing feature flags for privileged container"),
        _ if disk::is_disk_key(GuestKind::Lxc, key)
            && disk::Drive::parse(value).file.starts_with("/dev/") =>
        {
            return only_root("mount point type device");
        }
        _ if disk::is_disk_key(GuestKind::Lxc, key) && disk::Drive::parse(value).file.starts_with('/') => {
            return only_root("mount point type bind");
        }
        _ if disk::is_disk_key(GuestKind::Lxc, key) => &["VM.Config.Disk"],
        "cores" | "cpuunits" | "cpulimit" => &["VM.Config.CPU"],
        "memory" | "swap" => &["VM.Config.Memory"],
        "nameserver" | "searchdomain" | "hostname" => &["VM.Config.Network"],
        _ if family == "net" => &["VM.Config.Network"],
        _ => &["VM.Config.Options"],
    };
    if !(ctx.opt("pool").is_some_and(|pool| ctx.allows(&format!("/pool/{pool}"), any))) {
        ctx.require(path, any)?;
    }
    let card = (family == "net").then(|| net::Card::parse(value));
    let bridge = card.as_ref().and_then(|card| card.get("bridge"));
    bridge.map_or(Ok(()), |bridge| ctx.require(&format!("/sdn/zones/localnetwork/{bridge}"), &["SDN.Use"]))
}

/// Whether the container is unprivileged, or will be.
pub(crate) fn unprivileged(ctx: &Ctx<'_>) -> bool {
    match (ctx.opt("unprivileged"), ctx.here()) {
        (Some(flag), _) => flag == "1",
        (None, Ok(guest)) => guest.get("unprivileged") == Some("1"),
        (None, Err(_)) => ctx.is_nine(),
    }
}
