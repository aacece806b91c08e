//! `pve report`

use std::path::Path;

use console::Style;
use examples::progress::Waiting;
use examples::table::Table;
use examples::{clock, complain, human, pairs, stdout};
use proxmox_core::{Error, ErrorKind, Outcome, Result};
use proxmox_fleet::{
    DiskRow, Fill, Flag, Gather, GuestCondition, GuestRow, NodeCondition, NodeRow, Report, Severity,
    Snapshot, StorageRow, Thresholds,
};

use crate::args;
use crate::session::Session;

pub(crate) fn run(session: &Session, command: &args::Report) -> Result<()> {
    // --json may stand before the command, where the parser does not see that they exclude each other.
    if session.json && (command.md || command.html.is_some()) {
        return Err(Error::invalid("--json", "a report is shown in one form: --json, --md or --html"));
    }
    let report = read(session, command)?;
    for (name, reason) in report.missing() {
        examples::tell!("{}", complain::warning(&format!("{name}: {reason}; its guests are unknown")));
    }
    match &command.html {
        Some(file) => write(file, &report.html()),
        None if command.md => stdout::write(&report.markdown()),
        None => session.answer(&report, text),
    }
}

fn thresholds(file: &str) -> Result<Thresholds> {
    let text = pairs::read("--thresholds", file)?;
    serde_json::from_str(&text).map_err(|e| {
        Error::invalid("--thresholds", format!("the thresholds in {file} cannot be used: {e}")).with_source(e)
    })
}

fn read(session: &Session, command: &args::Report) -> Result<Report> {
    let thresholds = command.thresholds.as_deref().map(thresholds).transpose()?.unwrap_or_default();
    let mut gather = Gather::new(clock::unix());
    // One node may also be named by the environment.
    let one = session.node.iter().filter(|_| command.node.is_empty());
    for node in command.node.iter().chain(one) {
        gather = gather.node(node.clone());
    }
    if command.addresses {
        gather = gather.with_addresses();
    }
    if command.snapshots {
        gather = gather.with_snapshots();
    }
    let waiting = Waiting::new("reading the fleet", false);
    let snapshot = session.pve.block_on(Snapshot::gather(&session.pve, gather));
    waiting.end();
    Ok(Report::of(&[snapshot?], &thresholds))
}

fn write(file: &Path, page: &str) -> Result<()> {
    std::fs::write(file, page).map_err(|e| {
        let text = format!("the report cannot be written to {}: {e}", file.display());
        Error::new(ErrorKind::Unexpected, Outcome::Rejected, text).with_source(e)
    })?;
    examples::tell_line!("the report is in {}", file.display());
    Ok(())
}

/// The report for a terminal, in colour where stdout is one.
fn text(report: &Report) -> String {
    let mut text = format!("{}\n", sums(report));
    section(&mut text, "ATTENTION", attention(&report.flags));
    section(&mut text, "NODES", nodes(&report.nodes));
    section(&mut text, "STORAGES", storages(&report.storages));
    section(&mut text, "DISKS", disks(&report.disks));
    for node in report.nodes.iter().filter(|node| !node.guests.is_empty()) {
        section(&mut text, &format!("GUESTS OF {}", node.place()), guests(&node.guests));
    }
    text
}

fn section(text: &mut String, title: &str, table: Table) {
    if !table.is_empty() {
        let title = Style::new().cyan().bold().apply_to(title);
        text.push_str(&format!("\n{title}\n{}", table.without_empty_columns().text()));
    }
}

fn sums(report: &Report) -> String {
    let sum = &report.summary;
    let mut parts = vec![
        format!("{} of {} online", sum.nodes_online, human::count(sum.nodes, "node", "nodes")),
        format!("{} of {} running", sum.running, human::count(sum.guests, "guest", "guests")),
    ];
    if sum.unknown > 0 {
        parts.push(Style::new().red().apply_to(format!("{} unknown", sum.unknown)).to_string());
    }
    let flags =
        [(sum.critical, Severity::Critical), (sum.warnings, Severity::Warning), (sum.notes, Severity::Note)];
    let some: Vec<String> = flags
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, severity)| style(Some(*severity)).apply_to(format!("{count} {severity}")).to_string())
        .collect();
    parts.push(match some.as_slice() {
        [] => Style::new().green().apply_to("nothing needs attention").to_string(),
        some => some.join(", "),
    });
    parts.join("; ")
}

fn style(severity: Option<Severity>) -> Style {
    match severity {
        Some(Severity::Critical) => Style::new().red().bold(),
        Some(Severity::Warning) => Style::new().yellow(),
        Some(Severity::Note) => Style::new().dim(),
        None => Style::new(),
    }
}

fn attention(flags: &[Flag]) -> Table {
    let mut table = Table::new(["SEVERITY", "ABOUT", "WHAT"]);
    for flag in flags {
        table.row([
            style(Some(flag.severity)).apply_to(flag.severity).to_string(),
            flag.subject.to_string(),
            flag.sentence.clone(),
        ]);
    }
    table
}

fn nodes(nodes: &[NodeRow]) -> Table {
    let mut table =
        Table::new(["NODE", "STATUS", "CPU", "LOAD", "MEMORY", "ROOT", "SWAP", "UPTIME", "PVE"]).right(2);
    for node in nodes {
        let state = match node.condition {
            NodeCondition::Online => Style::new().green(),
            _ => Style::new().red().bold(),
        };
        let load: Vec<String> = node.load.iter().map(|load| format!("{load:.2}")).collect();
        table.row([
            style(node.worst).apply_to(node.place()).to_string(),
            state.apply_to(node.condition.as_str()).to_string(),
            node.cpu_percent.map(human::percent).unwrap_or_default(),
            load.join(" "),
            used(node.memory.as_ref()),
            used(node.rootfs.as_ref()),
            used(node.swap.as_ref()),
            node.uptime.map(human::uptime).unwrap_or_default(),
            node.version.clone().unwrap_or_default(),
        ]);
    }
    table
}

fn storages(storages: &[StorageRow]) -> Table {
    let mut table = Table::new(["STORAGE", "TYPE", "ON", "STATE", "USED"]);
    for storage in storages {
        let nodes: Vec<&str> = storage.nodes.iter().map(AsRef::as_ref).collect();
        table.row([
            style(storage.worst).apply_to(storage.place()).to_string(),
            storage.kind.clone(),
            nodes.join(" "),
            storage.state().to_owned(),
            used(storage.fill.as_ref()),
        ]);
    }
    table
}

fn disks(disks: &[DiskRow]) -> Table {
    let mut table =
        Table::new(["DISK", "NODE", "MODEL", "SIZE", "SMART", "LIFE LEFT", "USED BY"]).right(3).right(5);
    for disk in disks {
        table.row([
            style(disk.worst).apply_to(&disk.devpath).to_string(),
            disk.place(),
            disk.model.clone().unwrap_or_default(),
            disk.size_bytes.map(human::bytes).unwrap_or_default(),
            disk.health.to_string(),
            disk.wearout_percent.map(|left| format!("{left} %")).unwrap_or_default(),
            disk.used.clone().unwrap_or_default(),
        ]);
    }
    table
}

fn guests(guests: &[GuestRow]) -> Table {
    let mut table =
        Table::new(["VMID", "NAME", "TYPE", "STATUS", "CPU", "MEMORY", "UPTIME", "ADDRESS", "TAGS"])
            .right(0)
            .right(4);
    for guest in guests {
        let state = match guest.condition {
            GuestCondition::Running => Style::new().green(),
            GuestCondition::Template => Style::new().cyan(),
            GuestCondition::Stopped => Style::new().dim(),
            _ => Style::new().red(),
        };
        let memory = match guest.memory {
            Some(memory) => used(Some(&memory)),
            None => guest.memory_bytes.map(human::bytes).unwrap_or_default(),
        };
        table.row([
            style(guest.worst).apply_to(guest.vmid).to_string(),
            guest.name.clone().unwrap_or_default(),
            guest.kind.noun().to_owned(),
            state.apply_to(guest.condition.as_str()).to_string(),
            guest.cpu_percent.map(human::percent).unwrap_or_default(),
            memory,
            guest.uptime.map(human::uptime).unwrap_or_default(),
            guest.address_text(),
            guest.tags.join(" "),
        ]);
    }
    table
}

/// `12.5 %, 2 of 16 GiB`
fn used(fill: Option<&Fill>) -> String {
    let show = |fill: &Fill| {
        format!("{}, {}", human::percent(fill.percent), human::part(fill.used_bytes, fill.total_bytes))
    };
    fill.map(show).unwrap_or_default()
}
