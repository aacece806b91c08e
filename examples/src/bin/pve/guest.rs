//! What is to be read about VMs: the list, the state, the configuration.

use examples::human;
use examples::table::{Table, pairs};
use proxmox_core::cluster::Resource;
use proxmox_core::guest::GuestStatus;
use proxmox_core::{ConfigBag, NodeName, Result};
use proxmox_qemu::{QemuNode, Vm};

use crate::session::Session;
use crate::words;

/// Of one node, or of the whole cluster: one request either way.
pub(crate) fn list(session: &Session) -> Result<()> {
    if let Some(node) = &session.node {
        let vms = session.pve.node(node)?.vms().list().block()?;
        session.warn_of_rejects(&vms);
        let mut vms = vms.into_vec();
        vms.sort_by_key(|vm| vm.vmid);
        return session.answer(&vms, |vms| table(vms.iter().map(|vm| row_of(vm, node))));
    }
    let guests = session.pve.cluster().guests().block()?;
    session.warn_of_rejects(&guests);
    let mut vms: Vec<Resource> = guests.into_iter().filter(|row| row.kind == "qemu").collect();
    vms.sort_by_key(|vm| vm.vmid);
    session.answer(&vms, |vms| table(vms.iter().map(row)))
}

type Row = [String; 8];

fn row(vm: &Resource) -> Row {
    [
        vm.vmid.map(|id| id.to_string()).unwrap_or_default(),
        vm.name.clone().unwrap_or_default(),
        vm.node.as_ref().map(ToString::to_string).unwrap_or_default(),
        vm.status.as_ref().map(|s| words::vm_state(s, vm.template)).unwrap_or_default(),
        vm.maxcpu.map(|n| n.to_string()).unwrap_or_default(),
        vm.maxmem.map(human::bytes).unwrap_or_default(),
        vm.maxdisk.map(human::bytes).unwrap_or_default(),
        vm.tags.join(" "),
    ]
}

fn row_of(vm: &GuestStatus, node: &NodeName) -> Row {
    [
        vm.vmid.to_string(),
        vm.name.clone().unwrap_or_default(),
        node.to_string(),
        words::vm_state(&vm.status, vm.template),
        vm.cpus.map(|n| n.to_string()).unwrap_or_default(),
        vm.maxmem.map(human::bytes).unwrap_or_default(),
        vm.maxdisk.map(human::bytes).unwrap_or_default(),
        vm.tags.join(" "),
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

pub(crate) fn status(session: &Session, vm: &Vm) -> Result<()> {
    let status = vm.status().block()?;
    session.answer(&status, |status| describe(vm, status))
}

fn describe(vm: &Vm, status: &GuestStatus) -> String {
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
        ("node", vm.node().to_string()),
        ("status", words::vm_state(&status.status, status.template)),
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

pub(crate) fn config(session: &Session, vm: &Vm) -> Result<()> {
    let config = vm.config().block()?;
    session.answer(&config, describe_config)
}

fn describe_config(config: &ConfigBag) -> String {
    let mut lines: Vec<(&str, &str)> = config.iter().collect();
    lines.sort_unstable();
    lines.extend(config.digest().map(|digest| ("digest", digest)));
    pairs(lines)
}
