//! The network of a container as the node sees it from outside.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::ctx::Ctx;
use crate::lxc::net;
use crate::qemu::interfaces::{lease, link_local};

/// How long after the start of a container a DHCP server has answered it.
const LEASE: f64 = 3.0;

/// `GET …/interfaces`: nothing at all while it is stopped.
pub(crate) fn get(ctx: &mut Ctx<'_>) -> Answer {
    let now = ctx.now;
    let guest = ctx.guest()?;
    let Some(run) = &guest.run else {
        return Ok(Value::Null.into());
    };
    let leased = now >= run.since + LEASE;
    let mut rows = vec![row("lo", "00:00:00:00:00:00", &["127.0.0.1/8".to_owned(), "::1/128".to_owned()])];
    for (_, card) in net::cards(guest) {
        let mac = card.get("hwaddr").unwrap_or_default().to_lowercase();
        let mut addresses = Vec::new();
        if card.get("link_down") != Some("1") {
            addresses.extend(addresses_of(&card, guest.vmid, leased));
            addresses.push(format!("{}/64", link_local(&mac)));
        }
        rows.push(row(card.get("name").unwrap_or("eth0"), &mac, &addresses));
    }
    Ok(Value::from(rows).into())
}

/// Fixed addresses are there at once; others come when somebody gives them.
fn addresses_of(card: &net::Card, vmid: u32, leased: bool) -> Vec<String> {
    let four = match card.get("ip") {
        Some("dhcp") => leased.then(|| lease(vmid)),
        Some("manual") | None => None,
        Some(fixed) => Some(fixed.to_owned()),
    };
    let six = match card.get("ip6") {
        Some("dhcp" | "auto") => leased.then(|| format!("2001:db8:77::{:x}/64", vmid & 0xffff)),
        Some("manual") | None => None,
        Some(fixed) => Some(fixed.to_owned()),
    };
    four.into_iter().chain(six).collect()
}

/// `inet` and `inet6` repeat the last address of their family.
fn row(name: &str, mac: &str, addresses: &[String]) -> Value {
    let mut row = json!({ "name": name, "hwaddr": mac, "hardware-address": mac, "ip-addresses": [] });
    for (ip, prefix) in addresses.iter().filter_map(|address| address.split_once('/')) {
        let family = if ip.contains(':') { "inet6" } else { "inet" };
        row[family] = format!("{ip}/{prefix}").into();
        let prefix: u8 = prefix.parse().unwrap_or(32);
        if let Some(list) = row["ip-addresses"].as_array_mut() {
            list.push(json!({ "ip-address": ip, "ip-address-type": family, "prefix": prefix }));
        }
    }
    row
}
