//! What is to be read about guests: the list, the state, the configuration.

use examples::human;
use examples::table::{Table, pairs};
use proxmox_core::cluster::Resource;
use proxmox_core::guest::{GuestStatus, Kind};
use proxmox_core::{ConfigBag, Guest, NodeName, Result};

use crate::session::Session;
use crate::words;

/// Of one node, or of the whole cluster: one request either way.
pub(crate) fn list<K: Kind>(session: &Session) -> Result<()> {
    if let Some(node) = &session.node {
        let guests = session.pve.node(node)?.guests::<K>().block()?;
        session.warn_of_rejects(&guests);
        let mut guests = guests.into_vec();
        guests.sort_by_key(|guest| guest.vmid);
        return session.answer(&guests, |guests| table(guests.iter().map(|guest| row_of(guest, node))));
    }
    let guests = session.pve.cluster().guests().block()?;
    session.warn_of_rejects(&guests);
    let mut guests: Vec<Resource> = guests.into_iter().filter(|row| row.kind == K::KIND.segment()).collect();
    guests.sort_by_key(|guest| guest.vmid);
    session.answer(&guests, |guests| table(guests.iter().map(row)))
}

type Row = [String; 8];

fn row(guest: &Resource) -> Row {
    [
        guest.vmid.map(|id| id.to_string()).unwrap_or_default(),
        guest.name.clone().unwrap_or_default(),
        guest.node.as_ref().map(ToString::to_string).unwrap_or_default(),
        guest.status.as_ref().map(|s| words::guest_state(s, guest.template)).unwrap_or_default(),
        guest.maxcpu.map(|n| n.to_string()).unwrap_or_default(),
        guest.maxmem.map(human::bytes).unwrap_or_default(),
        guest.maxdisk.map(human::bytes).unwrap_or_default(),
        guest.tags.join(" "),
    ]
}

fn row_of(guest: &GuestStatus, node: &NodeName) -> Row {
    [
        guest.vmid.to_string(),
        guest.name.clone().unwrap_or_default(),
        node.to_string(),
        words::guest_state(&guest.status, guest.template),
        guest.cpus.map(|n| n.to_string()).unwrap_or_default(),
        guest.maxmem.map(human::bytes).unwrap_or_default(),
        guest.maxdisk.map(human::bytes).unwrap_or_default(),
        guest.tags.join(" "),
    ]
}

fn table(rows: impl Iterator<Item = Row>) -> String {
    let head = ["VMID", "NAME", "NODE", "STATUS", "CPUS", "MEMORY", "DISK", "TAGS"];
    let mut table = Table::new(head).right(0).right(4).right(5).right(6);
    for row in rows {
        table.row(row);
    }
    table.text()
}

pub(crate) fn status<K: Kind>(session: &Session, guest: &Guest<K>) -> Result<()> {
    let status = guest.status().block()?;
    session.answer(&status, |status| describe(guest.node(), status))
}

fn describe(node: &NodeName, status: &GuestStatus) -> String {
    let both = |a: Option<i64>, b: Option<i64>, to: &str, from: &str| match (a, b) {
        (None, None) => String::new(),
        (a, b) => format!("{} {to}, {} {from}", human::bytes(a.unwrap_or(0)), human::bytes(b.unwrap_or(0))),
    };
    let running = status.is_running();
    let cpus = status.cpus.map(words::cpus).unwrap_or_default();
    let cpu = match status.cpu_percent().filter(|_| running) {
        Some(percent) => format!("{} of {cpus}", human::percent(percent)),
        None => cpus,
    };
    let qemu = status.qmpstatus.clone().filter(|word| running && word != "running");
    let mut lines = vec![
        ("vmid", status.vmid.to_string()),
        ("name", status.name.clone().unwrap_or_default()),
        ("node", node.to_string()),
        ("status", words::guest_state(&status.status, status.template)),
        ("qemu", qemu.unwrap_or_default()),
        ("lock", status.lock.clone().unwrap_or_default()),
        ("tags", status.tags.join(" ")),
        ("uptime", status.uptime.filter(|_| running).map(human::uptime).unwrap_or_default()),
        ("cpu", cpu),
        ("memory", words::part(status.mem, status.maxmem)),
        ("disk", words::part(status.disk, status.maxdisk)),
    ];
    if running {
        lines.push(("disk i/o", both(status.diskread, status.diskwrite, "read", "written")));
        lines.push(("network", both(status.netin, status.netout, "in", "out")));
    }
    lines.retain(|(_, value)| !value.is_empty());
    pairs(lines)
}

pub(crate) fn config<K: Kind>(session: &Session, guest: &Guest<K>) -> Result<()> {
    let config = guest.config().block()?;
    session.answer(&config, describe_config)
}

fn describe_config(config: &ConfigBag) -> String {
    let mut lines: Vec<(&str, &str)> = config.iter().collect();
    lines.sort_unstable();
    lines.extend(config.digest().map(|digest| ("digest", digest)));
    pairs(lines)
}
