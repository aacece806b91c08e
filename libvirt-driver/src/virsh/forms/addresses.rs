//! Addresses of guests.

use proxmox_core::Result;

use super::command::{Command, beyond};
use super::fields::number;
use super::form::{Form, Read, Unread};
use crate::rpc::{DomainRef, GuestAddress, GuestInterface};

pub(crate) fn addresses((domain, source, _): (DomainRef, u32, u32)) -> Result<Form<Vec<GuestInterface>>> {
    let source = match source {
        0 => "lease",
        1 => "agent",
        2 => "arp",
        other => return Err(beyond(format!("virsh knows no source of addresses {other}"))),
    };
    let command = Command::new("domifaddr").domain(&domain).option("--full").with("--source", source);
    Ok(Form::new(command, interfaces))
}

/// Rows of name, MAC, kind and address. The last three have no spaces, the name may. A row for each address, or one without any.
fn interfaces(output: &str) -> Read<Vec<GuestInterface>> {
    let mut all: Vec<GuestInterface> = Vec::new();
    let rows = output.lines().skip(2).take_while(|line| !line.is_empty());
    if !output.trim_start().starts_with("Name") {
        return Err(Unread::Malformed("it is no table of addresses".to_owned()));
    }
    for row in rows {
        let bad = || Unread::Malformed(format!("{row:?} is not name, MAC, protocol and address"));
        let mut rest = row.trim();
        let mut word = || {
            let (before, word) = rest.rsplit_once(' ')?;
            rest = before.trim_end();
            Some(word)
        };
        let (address, family, mac) =
            (word().ok_or_else(bad)?, word().ok_or_else(bad)?, word().ok_or_else(bad)?);
        let name = rest;
        let known = |text: &str| (text != "N/A").then(|| text.to_owned());
        let mac = known(mac);
        if !all.last().is_some_and(|last| last.name == name && last.mac == mac) {
            all.push(GuestInterface { name: name.to_owned(), mac, addresses: Vec::new() });
        }
        let family = match family {
            "ipv4" => 0,
            "ipv6" => 1,
            "N/A" => continue,
            _ => return Err(bad()),
        };
        let (address, prefix) = address.split_once('/').ok_or_else(bad)?;
        let address = GuestAddress { family, address: address.to_owned(), prefix: number(prefix)? };
        if let Some(last) = all.last_mut() {
            last.addresses.push(address);
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = " Name       MAC address          Protocol     Address\n-------------------------------------------------------------------------------\n";

    #[test]
    fn interfaces_with_their_addresses() {
        let rows = " lo         00:00:00:00:00:00    ipv4         127.0.0.1/8\n lo         00:00:00:00:00:00    ipv6         ::1/128\n \
                    Ethernet  2 52:54:00:54:3f:b9    ipv4         10.0.2.15/24\n eth1       52:54:00:54:3f:ba    N/A          N/A\n\n";
        let all = interfaces(&format!("{HEAD}{rows}")).unwrap();
        let found: Vec<_> = all
            .iter()
            .map(|one| {
                let addresses: Vec<_> = one
                    .addresses
                    .iter()
                    .map(|a| format!("{}/{} {}", a.address, a.prefix, a.family))
                    .collect();
                (one.name.as_str(), one.mac.as_deref().unwrap_or("-"), addresses.join(" "))
            })
            .collect();
        assert_eq!(
            found,
            [
                ("lo", "00:00:00:00:00:00", "127.0.0.1/8 0 ::1/128 1".to_owned()),
                ("Ethernet  2", "52:54:00:54:3f:b9", "10.0.2.15/24 0".to_owned()),
                ("eth1", "52:54:00:54:3f:ba", String::new()),
            ]
        );
        assert_eq!(interfaces(&format!("{HEAD}\n")).unwrap(), []);
        for bad in ["", "\n", &format!("{HEAD} eth0 ipv4\n"), &format!("{HEAD} eth0 52:54 ipx 1/2\n")] {
            assert!(interfaces(bad).is_err(), "{bad:?}");
        }
    }
}
