//! `virt usage`

use std::collections::BTreeMap;
use std::time::Instant;

use console::Term;
use examples::table::Table;
use examples::{clock, human, stdout, words};
use libvirt_driver::rpc::Uuid;
use libvirt_driver::{DomainUsage, Groups};
use proxmox_core::Result;
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval};

use crate::args;
use crate::look::{percent, size};
use crate::session::Session;

/// What each used by an earlier look.
type Before = (Instant, BTreeMap<Uuid, DomainUsage>);

pub(crate) async fn run(session: &Session, given: &args::Usage) -> Result<()> {
    let mut before: Option<Before> = None;
    let mut ticks = interval(given.interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let looks = if given.watch { given.count.map_or(usize::MAX, Into::into) } else { 1 };
    for look in 0..looks {
        ticks.tick().await;
        let (seen, all) = (Instant::now(), read(session, &given.names).await?);
        let cpu = |usage: &DomainUsage| {
            let (then, earlier) = before.as_ref()?;
            usage.cpu_since(earlier.get(&usage.uuid)?, seen.duration_since(*then))
        };
        let text = if session.json {
            let domains: Vec<Value> = all.iter().map(|usage| json(usage, cpu(usage))).collect();
            format!("{}\n", json!({"time": clock::unix(), "domains": domains}))
        } else {
            let table = table(&all, given.watch, cpu);
            match (given.watch, Term::stdout().is_term()) {
                // From the top, over what was there.
                (true, true) => {
                    format!("\u{1b}[H\u{1b}[J{}  {}\n\n{table}", session.host, human::time(clock::unix()))
                }
                (true, false) if look > 0 => format!("\n{table}"),
                _ => table,
            }
        };
        if !stdout::offer(&text)? {
            break;
        }
        before = Some((seen, all.into_iter().map(|usage| (usage.uuid, usage)).collect()));
    }
    Ok(())
}

/// All in one call, or those that are named.
async fn read(session: &Session, names: &[String]) -> Result<Vec<DomainUsage>> {
    if names.is_empty() {
        return session.host.usage(Groups::ALL).await;
    }
    let mut all = Vec::new();
    for name in names {
        all.push(session.domain(name).await?.usage(Groups::ALL).await?);
    }
    Ok(all)
}

fn table(all: &[DomainUsage], watch: bool, cpu: impl Fn(&DomainUsage) -> Option<f64>) -> String {
    let head = [
        "NAME",
        "STATE",
        if watch { "CPU" } else { "CPU TIME" },
        "MEMORY",
        "RESIDENT",
        "READ",
        "WRITTEN",
        "IN",
        "OUT",
    ];
    let mut table = (2..9).fold(Table::new(head), Table::right);
    for usage in all {
        let sum = |of: &dyn Fn(&DomainUsage) -> Option<u64>| {
            of(usage).map(|n| human::bytes(i64::try_from(n).unwrap_or(i64::MAX))).unwrap_or_default()
        };
        // What has no disks has not read nothing: there is nothing to tell.
        let disks = |of: fn(&libvirt_driver::DiskUse) -> u64| {
            sum(&|u| (u.state.is_active() && !u.disks.is_empty()).then(|| u.disks.iter().map(of).sum()))
        };
        let nics = |of: fn(&libvirt_driver::NicUse) -> u64| {
            sum(&|u| (u.state.is_active() && !u.nics.is_empty()).then(|| u.nics.iter().map(of).sum()))
        };
        let time = usage.cpu_time.filter(|_| usage.state.is_active()).map(human::took);
        table.row([
            usage.name.clone(),
            words::state(&usage.state.to_string()),
            if watch { cpu(usage).map(percent).unwrap_or_default() } else { time.unwrap_or_default() },
            usage.memory.map(size).unwrap_or_default(),
            usage.resident.map(size).unwrap_or_default(),
            disks(|disk| disk.read),
            disks(|disk| disk.written),
            nics(|nic| nic.received),
            nics(|nic| nic.sent),
        ]);
    }
    if table.is_empty() { "there are no domains\n".to_owned() } else { table.without_empty_columns().text() }
}

fn json(usage: &DomainUsage, cpu: Option<f64>) -> Value {
    let bytes = |size: Option<proxmox_core::Size>| size.map(proxmox_core::Size::bytes);
    let nics: Vec<Value> = usage
        .nics
        .iter()
        .map(|nic| json!({"name": nic.name, "received": nic.received, "sent": nic.sent}))
        .collect();
    let disks: Vec<Value> = usage
        .disks
        .iter()
        .map(|disk| {
            json!({
                "target": disk.target, "read": disk.read, "written": disk.written,
                "capacity": disk.capacity.bytes(), "allocated": disk.allocated.bytes(),
            })
        })
        .collect();
    json!({
        "name": usage.name, "uuid": usage.uuid.to_string(), "state": usage.state.to_string(), "cpu": cpu,
        "cpu_seconds": usage.cpu_time.map(|time| time.as_secs_f64()),
        "memory": bytes(usage.memory), "max_memory": bytes(usage.max_memory),
        "unused_memory": bytes(usage.unused_memory), "resident": bytes(usage.resident),
        "nics": nics, "disks": disks,
    })
}
