//! What is to be read about a host and its domains.

use examples::table::{Table, pairs};
use examples::{complain, human, words};
use libvirt_driver::xml::{self, Disk, DiskSource, Interface, InterfaceSource};
use libvirt_driver::{Overview, PoolCapacity};
use proxmox_core::{Result, Size};
use serde_json::{Value, json};

use crate::session::Session;

/// `1.5 GiB`
pub(crate) fn size(size: Size) -> String {
    human::bytes(i64::try_from(size.bytes()).unwrap_or(i64::MAX))
}

/// A part of one, as percent.
pub(crate) fn percent(part: f64) -> String {
    human::percent(part * 100.0)
}

pub(crate) async fn list(session: &Session) -> Result<()> {
    let all = session.host.list().await?;
    for domain in &all {
        if let Some(trouble) = &domain.trouble {
            examples::tell!(
                "{}",
                complain::warning(&format!("domain {} cannot be read: {trouble}", domain.name))
            );
        }
    }
    let answer: Vec<Value> = all.iter().map(overview).collect();
    session.answer(&answer.into(), || {
        let head = ["NAME", "STATE", "VCPUS", "MEMORY", "TAGS", "TITLE"];
        let mut table = Table::new(head).right(2).right(3);
        for domain in &all {
            let known = domain.trouble.is_none();
            table.row([
                domain.name.clone(),
                words::state(&domain.state.to_string()),
                if known { domain.vcpus.to_string() } else { String::new() },
                if known { size(domain.memory) } else { String::new() },
                domain.tags.iter().collect::<Vec<_>>().join(" "),
                domain.title.clone().unwrap_or_default(),
            ]);
        }
        if table.is_empty() {
            format!("{} has no domains\n", session.host)
        } else {
            table.without_empty_columns().text()
        }
    })
}

fn overview(domain: &Overview) -> Value {
    json!({
        "name": domain.name, "uuid": domain.uuid.to_string(), "state": domain.state.to_string(),
        "vcpus": domain.vcpus, "memory": domain.memory.bytes(), "managed": domain.managed,
        "tags": domain.tags.iter().collect::<Vec<_>>(), "title": domain.title,
        "trouble": domain.trouble.as_ref().map(ToString::to_string),
    })
}

pub(crate) async fn show(session: &Session, name: &str) -> Result<()> {
    let domain = session.domain(name).await?;
    let overview = domain.overview().await?;
    if let Some(trouble) = overview.trouble {
        return Err(trouble);
    }
    let document = domain.document().await?;
    let autostart = domain.autostart().await?;
    let mut answer = self::overview(&overview);
    if let Value::Object(answer) = &mut answer {
        answer.insert("autostart".into(), autostart.into());
        answer.insert("disks".into(), document.disks.iter().map(disk).collect());
        answer.insert("nics".into(), document.interfaces.iter().map(nic).collect());
    }
    session.answer(&answer, || describe(&overview, &document, autostart))
}

fn describe(domain: &Overview, document: &xml::Domain, autostart: bool) -> String {
    let up_to = |now: String, most: String| {
        if now == most { now } else { format!("{now}, up to {most}") }
    };
    let machine =
        [Some(document.virt_type.as_str()), document.os.arch.as_deref(), document.os.machine.as_deref()];
    let agent = match document.agent() {
        None => "it has no channel for one",
        Some(_) if !domain.state.is_active() => "",
        Some(channel) if channel.connected == Some(true) => "connected",
        Some(_) => "not connected",
    };
    let mut lines: Vec<(String, String)> = [
        ("name", domain.name.clone()),
        ("title", domain.title.clone().unwrap_or_default()),
        ("uuid", domain.uuid.to_string()),
        ("state", words::state(&domain.state.to_string())),
        ("tags", domain.tags.iter().collect::<Vec<_>>().join(" ")),
        ("autostart", if autostart { "on" } else { "off" }.to_owned()),
        ("machine", machine.into_iter().flatten().collect::<Vec<_>>().join(", ")),
        ("vcpus", up_to(document.vcpus.to_string(), document.max_vcpus.to_string())),
        ("memory", up_to(size(document.current_memory), size(document.memory))),
        ("agent", agent.to_owned()),
        ("description", document.description.clone().unwrap_or_default()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();
    let words = |words: &[Option<String>]| words.iter().flatten().cloned().collect::<Vec<_>>().join(", ");
    for disk in &document.disks {
        let read_only = disk.read_only.then(|| "read-only".to_owned());
        let format = disk.format.as_ref().map(ToString::to_string);
        let bus = disk.bus.as_ref().map(ToString::to_string);
        lines.push((disk.target.clone(), words(&[Some(source(&disk.source)), format, bus, read_only])));
    }
    for (n, nic) in document.interfaces.iter().enumerate() {
        let mac = nic.mac.as_ref().map(ToString::to_string);
        lines.push((
            format!("nic {n}"),
            words(&[Some(plug(nic)), nic.model.clone(), mac, nic.target.clone()]),
        ));
    }
    lines.retain(|(_, value)| !value.is_empty());
    pairs(lines)
}

fn source(source: &DiskSource) -> String {
    match source {
        DiskSource::Volume { pool, volume } => format!("volume {pool}/{volume}"),
        DiskSource::File(path) | DiskSource::Block(path) => path.clone(),
        DiskSource::Empty => "no medium".to_owned(),
        _ => "somewhere else".to_owned(),
    }
}

fn plug(nic: &Interface) -> String {
    match &nic.source {
        InterfaceSource::Network(name) => format!("network {name}"),
        InterfaceSource::Bridge(name) => format!("bridge {name}"),
        InterfaceSource::User => "user".to_owned(),
        InterfaceSource::Other(word) => word.clone(),
        _ => String::new(),
    }
}

fn disk(disk: &Disk) -> Value {
    json!({
        "target": disk.target, "source": source(&disk.source), "read_only": disk.read_only,
        "format": disk.format.as_ref().map(ToString::to_string), "bus": disk.bus.as_ref().map(ToString::to_string),
    })
}

fn nic(nic: &Interface) -> Value {
    json!({"source": plug(nic), "model": nic.model, "mac": nic.mac.as_ref().map(ToString::to_string), "target": nic.target})
}

pub(crate) async fn capacity(session: &Session) -> Result<()> {
    let capacity = session.host.capacity().await?;
    let answer = json!({
        "host": session.host.name(), "cpus": capacity.cpus, "promised_vcpus": capacity.promised_vcpus, "cpu": capacity.cpu,
        "memory": capacity.memory.bytes(), "free_memory": capacity.free_memory.map(Size::bytes),
        "promised_memory": capacity.promised_memory.bytes(),
        "pools": capacity.pools.iter().map(pool).collect::<Vec<_>>(),
    });
    session.answer(&answer, || {
        let busy = capacity.cpu.map(|part| format!(", {} busy", percent(part))).unwrap_or_default();
        let free = capacity.free_memory.map(|free| format!(", {} free", size(free))).unwrap_or_default();
        let lines = pairs([
            ("host", session.host.name().to_owned()),
            ("cpus", format!("{}, {} promised to domains{busy}", capacity.cpus, capacity.promised_vcpus)),
            (
                "memory",
                format!(
                    "{}, {} promised to domains{free}",
                    size(capacity.memory),
                    size(capacity.promised_memory)
                ),
            ),
        ]);
        if capacity.pools.is_empty() { lines } else { format!("{lines}\n{}", table_of(&capacity.pools)) }
    })
}

pub(crate) async fn pools(session: &Session) -> Result<()> {
    let pools = session.host.pools().await?;
    let answer: Vec<Value> = pools.iter().map(pool).collect();
    session.answer(&answer.into(), || {
        if pools.is_empty() { format!("{} has no pools\n", session.host) } else { table_of(&pools) }
    })
}

fn table_of(pools: &[PoolCapacity]) -> String {
    let head = ["POOL", "STATE", "SIZE", "ALLOCATED", "PROMISED", "FREE"];
    let mut table = (2..6).fold(Table::new(head), Table::right);
    for pool in pools {
        let amount = |amount: Size| if pool.active { size(amount) } else { String::new() };
        let state = words::state(if pool.active { "running" } else { "off" });
        table.row([
            pool.name.clone(),
            state,
            amount(pool.capacity),
            amount(pool.allocated),
            amount(pool.promised),
            amount(pool.free),
        ]);
    }
    table.text()
}

fn pool(pool: &PoolCapacity) -> Value {
    json!({
        "name": pool.name, "active": pool.active, "capacity": pool.capacity.bytes(), "allocated": pool.allocated.bytes(),
        "promised": pool.promised.bytes(), "free": pool.free.bytes(),
    })
}
