//! What is special about changing the configuration of a container.

use crate::answer::{Refusal, failed};
use crate::ctx::Ctx;
use crate::guest::config::Wish;
use crate::guest::{Guest, disk};
use crate::lxc::mount;

/// The lock and the digest.
pub(crate) fn check_state(guest: &Guest, digest: Option<&str>) -> Result<(), Refusal> {
    if let Some(sentence) = guest.locked() {
        return failed(sentence);
    }
    if digest.is_some_and(|digest| digest != guest.digest()) {
        return failed("detected modified configuration - file changed by other user? Try again.");
    }
    Ok(())
}

/// What may not be changed at all, and whether new mount points can be had.
pub(crate) fn check(ctx: &mut Ctx<'_>, wish: &Wish) -> Result<(), Refusal> {
    let vmid = ctx.vmid();
    let guest = ctx.guest()?;
    let protected = guest.get("protection") == Some("1");
    let is_disk = |key: &str| disk::is_disk_key(guest.kind, key) || key.starts_with("unused");
    for key in wish.delete.iter().filter(|key| guest.get(key).is_some() || guest.pending.contains_key(*key)) {
        match key.as_str() {
            "memory" | "rootfs" | "ostype" => {
                return failed(format!("unable to delete required option '{key}'"));
            }
            "unprivileged" => return failed("unable to delete read-only option: 'unprivileged'"),
            key if protected && is_disk(key) => {
                return failed(format!("can't remove CT {vmid} drive '{key}' - protection mode enabled"));
            }
            _ => {}
        }
    }
    let disks: Vec<_> = wish.set.iter().filter(|(key, _)| disk::is_disk_key(guest.kind, key)).collect();
    if let Some((key, _)) = disks.first().filter(|_| protected) {
        return failed(format!("can't update CT {vmid} drive '{key}' - protection mode enabled"));
    }
    disks.into_iter().try_for_each(|(_, value)| mount::check_change(ctx, value))
}

/// Whether a change of this key waits for the next start of a running container. What the kernel's groups limit can be
/// changed at once, and so can what only PVE looks at; a mount point can be added, but neither changed nor taken away.
pub(crate) fn waits(guest: &Guest, key: &str) -> bool {
    let family = key.trim_end_matches(|c: char| c.is_ascii_digit());
    let at_once = match family {
        "mp" | "dev" => guest.get(key).is_none(),
        "net" | "unused" => true,
        _ => matches!(
            key,
            "description"
                | "onboot"
                | "startup"
                | "protection"
                | "hostname"
                | "hookscript"
                | "cores"
                | "tags"
                | "lock"
                | "cpulimit"
                | "cpuunits"
                | "memory"
                | "swap"
        ),
    };
    !at_once
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::GuestKind;

    #[test]
    fn what_waits_for_a_restart() {
        let mut guest = Guest::new(200, GuestKind::Lxc, "pve1");
        guest.set("mp0", "local-lvm:vm-200-disk-1,mp=/data,size=1G");
        for (key, wait) in [
            ("memory", false),
            ("cores", false),
            ("hostname", false),
            ("net0", false),
            ("mp0", true),
            ("mp1", false),
            ("rootfs", true),
            ("features", true),
            ("nameserver", true),
        ] {
            assert_eq!(waits(&guest, key), wait, "{key}");
        }
    }
}
