//! Cloud-init.

use serde_json::{Value, json};

use crate::answer::{Answer, failed};
use crate::ctx::Ctx;
use crate::guest::{Guest, GuestKind, config, disk};

/// Whether a key goes into the cloud-init drive.
fn is_key(key: &str) -> bool {
    key.starts_with("ipconfig")
        || matches!(
            key,
            "cicustom"
                | "cipassword"
                | "citype"
                | "ciupgrade"
                | "ciuser"
                | "nameserver"
                | "searchdomain"
                | "sshkeys"
        )
}

/// `GET …/cloudinit`
pub(crate) fn pending(ctx: &mut Ctx<'_>) -> Answer {
    let version = ctx.version();
    let guest = ctx.guest()?;
    let rows: Vec<Value> = guest
        .config
        .iter()
        .filter(|(key, _)| is_key(key) && !key.starts_with("ipconfig"))
        .map(|(key, value)| json!({ "key": key, "value": config::shown(GuestKind::Qemu, version, key, value) }))
        .collect();
    Ok(Value::from(rows).into())
}

/// `PUT …/cloudinit`: makes the drive anew.
pub(crate) fn regenerate(ctx: &mut Ctx<'_>) -> Answer {
    let guest = ctx.guest()?;
    config::check_lock(guest, false)?;
    if disk::disks(guest).iter().any(|(_, drive)| drive.is_cloudinit()) {
        Ok(Value::Null.into())
    } else {
        failed("no cloudinit drive configured")
    }
}

/// `GET …/cloudinit/dump`
pub(crate) fn dump(ctx: &mut Ctx<'_>) -> Answer {
    let kind = ctx.text("type").to_owned();
    let guest = ctx.guest()?;
    let text = match kind.as_str() {
        "user" => user(guest),
        "network" => network(guest),
        _ => format!("instance-id: {}\n", crate::state::digest(&[guest.digest().as_str()])),
    };
    Ok(text.into())
}

fn user(guest: &Guest) -> String {
    let name = guest.name().map_or_else(|| format!("VM{}", guest.vmid), str::to_owned);
    let mut text = format!("#cloud-config\nhostname: {name}\nmanage_etc_hosts: true\n");
    match guest.get("searchdomain") {
        Some(domain) => text.push_str(&format!("fqdn: {name}.{domain}\n")),
        None => text.push_str(&format!("fqdn: {name}\n")),
    }
    if let Some(user) = guest.get("ciuser") {
        text.push_str(&format!("user: {user}\n"));
    }
    if let Some(password) = guest.get("cipassword") {
        text.push_str(&format!("password: {password}\n"));
    }
    if let Some(keys) = guest.get("sshkeys") {
        text.push_str("ssh_authorized_keys:\n");
        let keys = percent_encoding::percent_decode_str(keys).decode_utf8_lossy().into_owned();
        for key in keys.lines().filter(|line| !line.trim().is_empty()) {
            text.push_str(&format!("  - {key}\n"));
        }
    }
    text.push_str("chpasswd:\n  expire: False\nusers:\n  - default\npackage_upgrade: ");
    text.push_str(if guest.get("ciupgrade") == Some("0") { "false\n" } else { "true\n" });
    text
}

fn network(guest: &Guest) -> String {
    let mut text = "version: 1\nconfig:\n".to_owned();
    for (number, card) in crate::qemu::net::cards(guest) {
        let mac = card.mac.unwrap_or_default().to_lowercase();
        text.push_str(&format!(
            "    - type: physical\n      name: eth{number}\n      mac_address: '{mac}'\n      subnets:\n"
        ));
        let config = guest.get(&format!("ipconfig{number}")).unwrap_or_default();
        for (key, value) in config.split(',').filter_map(|part| part.split_once('=')) {
            match (key, value.split_once('/')) {
                ("ip" | "ip6", Some((ip, bits))) => {
                    text.push_str(&format!("      - type: static\n        address: '{ip}/{bits}'\n"));
                }
                ("ip", None) if value == "dhcp" => text.push_str("      - type: dhcp4\n"),
                ("gw" | "gw6", _) => text.push_str(&format!("        gateway: '{value}'\n")),
                _ => {}
            }
        }
    }
    text
}
