//! Networks.

use proxmox_core::Result;

use super::columns::table;
use super::command::{Command, Flags};
use super::domain::named;
use super::fields::{document, next_part, number, parsed};
use super::form::{Form, Read, Unread};
use super::lists::{among, by_name, one_of_pairs, pairs};
use crate::rpc::{DhcpLease, NetworkRef};

const WHO: Flags = &[(4, "--persistent"), (8, "--transient"), (16, "--autostart"), (32, "--no-autostart")];

pub(crate) fn list((_, flags): (i32, u32)) -> Result<Form<Vec<NetworkRef>>> {
    let command = Command::new("net-list");
    // 1 those that do not run, 2 those that do.
    let command = match flags & 3 {
        1 => command.option("--inactive"),
        2 => command,
        _ => command.option("--all"),
    };
    Ok(pairs(&command.flags(flags & !3, WHO)?))
}

pub(crate) fn lookup_by_name((name,): (String,)) -> Result<Form<NetworkRef>> {
    Ok(one_of_pairs(move |all| by_name(all, &name)))
}

pub(crate) fn xml((network, flags): (NetworkRef, u32)) -> Result<Form<String>> {
    let command = Command::new("net-dumpxml").network(&network).flags(flags, &[(1, "--inactive")])?;
    Ok(Form::new(command, document))
}

pub(crate) fn is_active((network,): (NetworkRef,)) -> Result<Form<bool>> {
    among(Command::new("net-list"), &network)
}

pub(crate) fn leases(
    (network, mac, _, _): (NetworkRef, Option<String>, i32, u32),
) -> Result<Form<Vec<DhcpLease>>> {
    let leases = Command::new("net-dhcp-leases").network(&network).maybe("--mac", mac);
    // The bridge is in no column.
    let xml = Command::new("net-dumpxml").network(&network);
    Ok(Form::several(vec![leases, xml], |output| {
        let no_end = || Unread::Malformed("the table has no end".to_owned());
        let (leases, xml) = next_part(output).ok_or_else(no_end)?;
        let network = parsed(xml)?;
        let bridge = network.child("bridge").and_then(|bridge| bridge.attribute("name")).unwrap_or_default();
        read_leases(leases, bridge)
    }))
}

fn read_leases(output: &str, bridge: &str) -> Read<Vec<DhcpLease>> {
    let head = ["Expiry Time", "MAC address", "Protocol", "IP address", "Hostname", "Client ID or DUID"];
    let rows = table(output, head)?;
    let lease = |[expires, mac, family, address, hostname, client_id]: [String; 6]| {
        let bad = |what: &str, text: &str| Unread::Malformed(format!("{text:?} is no {what} of a lease"));
        let known = |text: String| (text != "-").then_some(text);
        let family = match &*family {
            "ipv4" => 0,
            "ipv6" => 1,
            other => return Err(bad("protocol", other)),
        };
        let (address, prefix) = address.split_once('/').ok_or_else(|| bad("address", &address))?;
        Ok(DhcpLease {
            interface: bridge.to_owned(),
            expires: seconds(&expires).ok_or_else(|| bad("time", &expires))?,
            family,
            mac: known(mac),
            // virsh does not tell.
            iaid: None,
            address: address.to_owned(),
            prefix: number(prefix)?,
            hostname: known(hostname),
            client_id: known(client_id),
        })
    };
    rows.into_iter().map(lease).collect()
}

/// `2026-11-20 21:35:46` in UTC, as seconds since 1970.
fn seconds(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(' ')?;
    let three = |text: &str, by: char| -> Option<[i64; 3]> {
        let parts: Vec<i64> = text.split(by).map(|part| part.parse().ok()).collect::<Option<_>>()?;
        parts.try_into().ok()
    };
    let ([year, month, day], [hour, minute, second]) = (three(date, '-')?, three(time, ':')?);
    if !(1..=12).contains(&month) {
        return None;
    }
    // The year begins in March: its leap day is then its last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (153 * month + 2) / 5
        + day
        - 1
        - 719_468;
    Some(days * 86400 + hour * 3600 + minute * 60 + second)
}

pub(crate) fn define((xml,): (String,)) -> Result<Form<NetworkRef>> {
    let sent = xml.clone();
    let form = Form::then(Command::new("net-define").stdin("--file"), move |_| {
        let name = named(&parsed(&sent)?)?;
        Ok(one_of_pairs(move |all| by_name(all, &name)))
    });
    Ok(form.document(xml))
}

fn plain(name: &str, network: &NetworkRef) -> Result<Form<()>> {
    Ok(Form::plain(Command::new(name).network(network)))
}

pub(crate) fn start((network,): (NetworkRef,)) -> Result<Form<()>> {
    plain("net-start", &network)
}

pub(crate) fn stop((network,): (NetworkRef,)) -> Result<Form<()>> {
    plain("net-destroy", &network)
}

pub(crate) fn undefine((network,): (NetworkRef,)) -> Result<Form<()>> {
    plain("net-undefine", &network)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases_stand_in_columns() {
        let uuid = "65fe0813-35a5-4b17-b5d3-834c52316430".parse().unwrap();
        let net = NetworkRef { name: "net1".to_owned(), uuid };
        let form = || leases((net.clone(), Some("52:54:00:6e:78:33".to_owned()), 1, 0)).unwrap();
        assert!(form().lines()[0].ends_with("--mac 52:54:00:6e:78:33"));
        let head = " Expiry Time           MAC address         Protocol   IP address          Hostname   Client ID or DUID\n-----\n";
        let rows = " 2026-11-20 21:35:46   52:54:00:6e:78:33   ipv4       192.168.122.3/24    my guest   01:52:54:00:6e:78:33\n \
                    1970-01-01 00:00:00   52:54:00:6e:78:33   ipv6       fd00::3/64          -          -\n\n";
        let xml = "<network><bridge name='virbr7'/></network>\n\n";
        let all = form().answer(&format!("{head}{rows}{xml}")).unwrap();
        let first = &all[0];
        assert_eq!((&*first.interface, first.expires, first.family), ("virbr7", 1_795_210_546, 0));
        assert_eq!((&*first.address, first.prefix), ("192.168.122.3", 24));
        assert_eq!(first.hostname.as_deref(), Some("my guest"));
        assert_eq!(
            (all[1].expires, all[1].family, &all[1].hostname, &all[1].client_id),
            (0, 1, &None, &None)
        );
        assert_eq!(form().answer(&format!("{head}\n{xml}")).unwrap(), []);
    }

    #[test]
    fn times() {
        for (text, expected) in [
            ("1970-01-01 00:00:00", Some(0)),
            ("1972-02-29 00:00:00", Some(68_169_600)),
            ("2000-02-29 12:34:56", Some(951_827_696)),
            ("2026-01-01 00:00:00", Some(1_767_225_600)),
            ("2100-03-01 00:00:00", Some(4_107_542_400)),
            ("2026-13-01 00:00:00", None),
            ("soon", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
