//! Who may change what of a VM.

use crate::answer::{Refusal, bad_param, failed};
use crate::ctx::Ctx;
use crate::guest::{GuestKind, disk};
use crate::qemu::net;

/// What only `root@pam` itself may use: neither other users nor its API tokens.
pub(crate) fn only_root(ctx: &Ctx<'_>) -> Result<(), Refusal> {
    if ctx.who.is_root() {
        return Ok(());
    }
    if ctx.flag("skiplock") {
        return bad_param("skiplock", "Only root may use this option.");
    }
    match ["args", "lock", "hookscript"].iter().find(|key| ctx.args.contains_key(**key)) {
        Some(key) => failed(format!("only root can set '{key}' config")),
        None => Ok(()),
    }
}

/// Whether the caller may change a key.
pub(crate) fn permit(ctx: &Ctx<'_>, path: &str, key: &str, value: &str) -> Result<(), Refusal> {
    let family = key.trim_end_matches(|c: char| c.is_ascii_digit());
    let any: &[&str] = match key {
        _ if disk::is_disk_key(GuestKind::Qemu, key) && value.contains("media=cdrom") => &["VM.Config.CDROM"],
        _ if disk::is_disk_key(GuestKind::Qemu, key) || family == "unused" => &["VM.Config.Disk"],
        "cores" | "cpu" | "sockets" | "cpulimit" | "cpuunits" | "vcpus" | "affinity" | "numa" | "smp" => {
            &["VM.Config.CPU"]
        }
        "memory" | "balloon" | "shares" => &["VM.Config.Memory"],
        "nameserver" | "searchdomain" => &["VM.Config.Cloudinit", "VM.Config.Network"],
        "cicustom" | "cipassword" | "citype" | "ciupgrade" | "ciuser" | "sshkeys" => &["VM.Config.Cloudinit"],
        _ if family == "ipconfig" => &["VM.Config.Cloudinit", "VM.Config.Network"],
        _ if net::is_card_key(key) => &["VM.Config.Network"],
        "acpi" | "hotplug" | "kvm" | "machine" | "scsihw" | "smbios1" | "tablet" | "vga" | "watchdog"
        | "audio0" | "rng0" | "vmgenid" => &["VM.Config.HWType"],
        _ if matches!(family, "serial" | "usb" | "hostpci" | "parallel") => &["VM.Config.HWType"],
        _ => &["VM.Config.Options"],
    };
    ctx.require(path, any)?;
    let bridge = net::is_card_key(key)
        .then(|| net::Card::parse(value))
        .and_then(|c| c.get("bridge").map(str::to_owned));
    bridge.map_or(Ok(()), |bridge| ctx.require(&format!("/sdn/zones/localnetwork/{bridge}"), &["SDN.Use"]))
}
