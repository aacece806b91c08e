//! The network of a VM as its guest agent shows it, with the noise that real guests have.

use serde_json::{Value, json};

use crate::guest::Guest;
use crate::qemu::agent::READY;
use crate::qemu::net;

/// How long after the agent's first answer the network has its addresses.
const LEASE: f64 = 2.0;

/// `network-get-interfaces`: loopback, one for each card, and docker's bridge.
pub(crate) fn of(guest: &Guest, now: f64) -> Value {
    let since = guest.run.as_ref().map_or(now, |run| run.since);
    let leased = now >= since + READY + LEASE;
    let mut list =
        vec![interface("lo", "00:00:00:00:00:00", &[address("127.0.0.1", 8), address("::1", 128)])];
    for (number, card) in net::cards(guest) {
        let mac = card.mac.unwrap_or_default().to_lowercase();
        let mut addresses = Vec::new();
        if leased && card.options.iter().all(|(key, value)| key != "link_down" || value != "1") {
            addresses.extend(configured(guest, number));
        }
        addresses.push(address(&link_local(&mac), 64));
        list.push(interface(&format!("eth{number}"), &mac, &addresses));
    }
    let docker = [address("172.17.0.1", 16), address("fe80::42:acff:fe11:1", 64)];
    list.push(interface("docker0", "02:42:ac:11:00:01", &docker));
    list.into()
}

/// The addresses that `ipconfigN` asks for; a lease for the first card without one.
fn configured(guest: &Guest, number: u32) -> Vec<Value> {
    let Some(config) = guest.get(&format!("ipconfig{number}")) else {
        return if number == 0 { vec![leased_address(guest.vmid)] } else { Vec::new() };
    };
    let mut addresses = Vec::new();
    for (key, value) in config.split(',').filter_map(|part| part.split_once('=')) {
        match (key, value, value.split_once('/')) {
            ("ip" | "ip6", _, Some((ip, bits))) => addresses.push(address(ip, bits.parse().unwrap_or(24))),
            ("ip", "dhcp", _) => addresses.push(leased_address(guest.vmid)),
            ("ip6", "auto" | "dhcp", _) => {
                addresses.push(address(&format!("2001:db8:77::{:x}", guest.vmid & 0xffff), 64));
            }
            _ => {}
        }
    }
    addresses
}

/// A lease that is always the same for a vmid, with its prefix.
pub(crate) fn lease(vmid: u32) -> String {
    format!("10.77.{}.{}/16", vmid / 250 % 256, vmid % 250 + 2)
}

fn leased_address(vmid: u32) -> Value {
    let lease = lease(vmid);
    let (ip, bits) = lease.split_once('/').unwrap_or((&lease, "16"));
    address(ip, bits.parse().unwrap_or(16))
}

/// The address that a card gives itself.
pub(crate) fn link_local(mac: &str) -> String {
    let octets: Vec<u16> = mac.split(':').filter_map(|o| u16::from_str_radix(o, 16).ok()).collect();
    match octets[..] {
        [a, b, c, d, e, f] => {
            std::net::Ipv6Addr::new(0xfe80, 0, 0, 0, (a ^ 2) << 8 | b, c << 8 | 0xff, 0xfe00 | d, e << 8 | f)
                .to_string()
        }
        _ => "fe80::1".to_owned(),
    }
}

fn address(ip: &str, prefix: u8) -> Value {
    let kind = if ip.contains(':') { "ipv6" } else { "ipv4" };
    json!({ "ip-address": ip, "ip-address-type": kind, "prefix": prefix })
}

fn interface(name: &str, mac: &str, addresses: &[Value]) -> Value {
    json!({
        "name": name, "hardware-address": mac, "ip-addresses": addresses,
        "statistics": {
            "rx-bytes": 290, "rx-packets": 3, "rx-errs": 0, "rx-dropped": 0,
            "tx-bytes": 5926, "tx-packets": 25, "tx-errs": 0, "tx-dropped": 0,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_local_addresses_are_made_of_the_mac() {
        assert_eq!(link_local("bc:24:11:66:3f:2a"), "fe80::be24:11ff:fe66:3f2a");
    }
}
