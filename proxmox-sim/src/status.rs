//! What guests show of themselves in lists.

use serde_json::{Map, Value, json};

use crate::PveVersion;
use crate::guest::{Guest, GuestKind, disk};
use crate::node::Node;
use crate::qemu::net;
use crate::state::{State, seconds};

/// The figures of a guest at one moment: the same moment gives the same figures.
pub(crate) struct Figures {
    pub(crate) uptime: i64,
    pub(crate) cpu: f64,
    pub(crate) mem: u64,
    pub(crate) netin: u64,
    pub(crate) netout: u64,
    pub(crate) maxdisk: u64,
}

impl Figures {
    pub(crate) fn of(guest: &Guest, now: f64) -> Self {
        let maxdisk = boot_size(guest);
        let Some(run) = &guest.run else {
            return Self { uptime: 0, cpu: 0.0, mem: 0, netin: 0, netout: 0, maxdisk };
        };
        let uptime = seconds(now - run.since).max(0);
        let beat = (uptime.unsigned_abs() + u64::from(guest.vmid) * 7) % 100;
        let cpu = if run.paused { 0.0 } else { f64::from(u32::try_from(beat).unwrap_or(0)) / 1000.0 + 0.002 };
        let moved = uptime.unsigned_abs();
        let mem = guest.memory() / 100 * (25 + beat / 10);
        Self { uptime, cpu, mem, netin: 290 + moved * 120, netout: 5900 + moved * 80, maxdisk }
    }
}

/// The size of the disk that the guest starts from.
fn boot_size(guest: &Guest) -> u64 {
    let disks = disk::disks(guest);
    let order = guest.get("boot").and_then(|boot| boot.strip_prefix("order=")).unwrap_or_default();
    let named = order.split(';').find_map(|key| disks.iter().find(|(k, d)| k == key && !d.is_cdrom()));
    let first = disks.iter().find(|(key, drive)| !drive.is_cdrom() && !key.starts_with("efidisk"));
    named.or(first).map_or(0, |(_, drive)| drive.size())
}

/// A row of `GET /nodes/{node}/qemu` and of `…/lxc`.
pub(crate) fn row(state: &State, guest: &Guest, now: f64) -> Map<String, Value> {
    let figures = Figures::of(guest, now);
    let mut row = object(json!({
        "vmid": guest.vmid,
        "name": shown_name(guest),
        "status": if guest.is_running() { "running" } else { "stopped" },
        "cpus": guest.cpus(state),
        "cpu": figures.cpu,
        "maxmem": guest.memory(),
        "mem": figures.mem,
        "maxdisk": figures.maxdisk,
        "disk": 0,
        "netin": figures.netin,
        "netout": figures.netout,
        "uptime": figures.uptime,
    }));
    // A VM's own list has no disk traffic in the recordings; a container's has.
    if guest.kind == GuestKind::Lxc {
        let swap = guest.number("swap", 512) << 20;
        row.extend(object(json!({
            "type": "lxc", "diskread": 0, "diskwrite": 0, "maxswap": swap, "swap": 0,
            "disk": if guest.is_running() { figures.maxdisk / 10 } else { 0 },
        })));
    } else if guest.config.keys().any(|key| key.starts_with("serial")) {
        row.insert("serial".into(), 1.into());
    }
    if let Some(run) = &guest.run {
        row.insert("pid".into(), run.pid.into());
    }
    if guest.is_template() {
        row.insert("template".into(), 1.into());
    }
    for key in ["tags", "lock"] {
        if let Some(value) = guest.get(key) {
            row.insert(key.into(), value.into());
        }
    }
    if state.version == PveVersion::V9 {
        let value = if guest.kind == GuestKind::Qemu { json!(0) } else { json!("0.00") };
        pressure(guest, &figures, &value, &mut row);
    }
    row
}

/// The name of a guest, or what PVE makes of its number.
fn shown_name(guest: &Guest) -> String {
    let made = || match guest.kind {
        GuestKind::Qemu => format!("VM {}", guest.vmid),
        GuestKind::Lxc => format!("CT{}", guest.vmid),
    };
    guest.name().map_or_else(made, str::to_owned)
}

/// What 9.x adds, the pressures only while it runs. In lists those of containers are texts.
pub(crate) fn pressure(guest: &Guest, figures: &Figures, value: &Value, row: &mut Map<String, Value>) {
    if guest.kind == GuestKind::Qemu {
        row.insert("memhost".into(), if guest.is_running() { figures.mem + (8 << 20) } else { 0 }.into());
    }
    if guest.is_running() {
        for what in ["cpusome", "cpufull", "iosome", "iofull", "memorysome", "memoryfull"] {
            row.insert(format!("pressure{what}"), value.clone());
        }
    }
}

/// What `full=1` and `status/current` add for a VM.
pub(crate) fn full(guest: &Guest, now: f64, row: &mut Map<String, Value>) {
    let state = match &guest.run {
        None => "stopped",
        Some(run) if run.paused => "paused",
        Some(_) => "running",
    };
    row.insert("qmpstatus".into(), state.into());
    let cards = net::cards(guest);
    if guest.is_running() && !cards.is_empty() {
        let figures = Figures::of(guest, now);
        let nics: Map<_, _> = cards
            .iter()
            .map(|(n, _)| {
                let counts = json!({ "netin": figures.netin, "netout": figures.netout });
                (format!("tap{}i{n}", guest.vmid), counts)
            })
            .collect();
        row.insert("nics".into(), nics.into());
    }
}

/// A row of `GET /cluster/resources`.
pub(crate) fn resource(state: &State, guest: &Guest, now: f64) -> Value {
    let online = state.nodes.get(&guest.node).is_some_and(Node::is_up);
    let figures = Figures::of(guest, now);
    let mut row = object(json!({
        "id": format!("{}/{}", guest.kind.as_str(), guest.vmid),
        "type": guest.kind.as_str(),
        "vmid": guest.vmid,
        "node": guest.node,
        "template": i32::from(guest.is_template()),
    }));
    if online {
        let running = if guest.is_running() { "running" } else { "stopped" };
        row.extend(object(json!({
            "status": running, "maxcpu": guest.cpus(state), "cpu": figures.cpu, "maxmem": guest.memory(),
            "mem": figures.mem, "maxdisk": figures.maxdisk, "disk": 0, "netin": figures.netin,
            "netout": figures.netout, "diskread": 0, "diskwrite": 0, "uptime": figures.uptime,
        })));
        row.insert("name".into(), shown_name(guest).into());
        if state.version == PveVersion::V9 {
            let counted = guest.is_running() && guest.kind == GuestKind::Qemu;
            let memhost = if counted { figures.mem + (8 << 20) } else { 0 };
            row.insert("memhost".into(), memhost.into());
        }
    } else {
        row.insert("status".into(), "unknown".into());
    }
    for key in ["tags", "lock"] {
        if let Some(value) = guest.get(key) {
            row.insert(key.into(), value.into());
        }
    }
    if let Some((pool, _)) = state.pools.iter().find(|(_, pool)| pool.vms.contains(&guest.vmid)) {
        row.insert("pool".into(), pool.as_str().into());
    }
    row.into()
}

/// The object of a `json!` that is one.
pub(crate) fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}
