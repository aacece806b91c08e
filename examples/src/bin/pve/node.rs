//! `pve node …`

use examples::human;
use examples::table::{Table, pairs};
use proxmox_core::cluster::Resource;
use proxmox_core::node::{NodeStatus, Usage};
use proxmox_core::{NodeName, PveRequest, Result};
use serde_json::value::RawValue;

use crate::args::Node;
use crate::session::Session;
use crate::words;

pub(crate) fn run(session: &Session, command: Node) -> Result<()> {
    match command {
        Node::List => {
            let nodes = session.pve.cluster().nodes().block()?;
            session.list(&nodes, table)
        }
        Node::Status(arg) => {
            let name = session.node(arg.name.as_ref())?;
            let status = session.pve.node(&name)?.status().block()?;
            session.answer(&status, |status| describe(&name, status))
        }
        Node::Config(arg) => {
            let path = session.pve.node(session.node(arg.name.as_ref())?)?.path().fixed("config");
            let config: Box<RawValue> = session.pve.request(PveRequest::get(path)).block()?;
            session.data(&config)
        }
    }
}

fn table(nodes: &[Resource]) -> String {
    let mut table =
        Table::new(["NODE", "STATUS", "CPUS", "CPU", "MEMORY", "DISK", "UPTIME"]).right(2).right(3);
    let mut nodes: Vec<&Resource> = nodes.iter().collect();
    nodes.sort_by_key(|node| &node.node);
    for node in nodes {
        table.row([
            node.node.as_ref().map(ToString::to_string).unwrap_or_default(),
            node.status.as_ref().map(words::state).unwrap_or_default(),
            node.maxcpu.map(|n| n.to_string()).unwrap_or_default(),
            node.cpu.map(|c| human::percent(c * 100.0)).unwrap_or_default(),
            words::part(node.mem, node.maxmem),
            words::part(node.disk, node.maxdisk),
            node.uptime.map(human::uptime).unwrap_or_default(),
        ]);
    }
    table.text()
}

fn describe(name: &NodeName, status: &NodeStatus) -> String {
    let usage = |usage: &Usage| match (usage.total, usage.percent()) {
        (Some(0), _) => "none".to_owned(),
        (total, Some(percent)) => format!("{} ({})", words::part(usage.used, total), human::percent(percent)),
        (total, None) => words::part(usage.used, total),
    };
    let cpus = status.cpuinfo.cpus.map(|n| format!(" of {n} CPUs")).unwrap_or_default();
    let load: Vec<String> = status.loadavg.iter().map(|load| format!("{load:.2}")).collect();
    let mut lines = vec![
        ("node", name.to_string()),
        ("version", status.pveversion.clone().unwrap_or_default()),
        ("kernel", status.kversion.clone().unwrap_or_default()),
        ("uptime", status.uptime.map(human::uptime).unwrap_or_default()),
        ("cpu", status.cpu.map(|c| format!("{}{cpus}", human::percent(c * 100.0))).unwrap_or_default()),
        ("model", status.cpuinfo.model.clone().unwrap_or_default()),
        ("load", load.join(" ")),
        ("memory", usage(&status.memory)),
        ("swap", usage(&status.swap)),
        ("root disk", usage(&status.rootfs)),
    ];
    lines.retain(|(_, value)| !value.is_empty());
    pairs(lines)
}
