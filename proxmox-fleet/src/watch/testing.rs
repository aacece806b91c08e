//! A small cluster, as `GET /cluster/resources` tells of it.

use proxmox_core::cluster::Resource;
use proxmox_core::{Error, ErrorKind, Outcome, PveResponse, Result, Rows, Vmid};
use serde_json::{Value, json};

use super::read::{Reading, read};
use super::{Event, View};

pub(super) fn vmid(n: u32) -> Vmid {
    Vmid::new(n).unwrap()
}

pub(super) fn node(name: &str, status: &str) -> Value {
    json!({"id": format!("node/{name}"), "type": "node", "node": name, "status": status})
}

/// A VM that runs, with 1 of 4 GiB and 10 % CPU.
pub(super) fn vm(n: u32, node: &str) -> Value {
    json!({
        "id": format!("qemu/{n}"), "type": "qemu", "vmid": n, "node": node, "name": format!("vm-{n}"),
        "status": "running", "cpu": 0.1, "mem": 1_i64 << 30, "maxmem": 4_i64 << 30, "template": 0,
    })
}

/// What PVE still tells of a VM when its node has been silent for some minutes.
pub(super) fn silent(n: u32, node: &str) -> Value {
    json!({"id": format!("qemu/{n}"), "type": "qemu", "vmid": n, "node": node, "status": "unknown"})
}

/// A row with other values.
pub(super) fn but(mut row: Value, values: Value) -> Value {
    let Value::Object(values) = values else { panic!("an object") };
    row.as_object_mut().unwrap().extend(values);
    row
}

pub(super) fn rows(rows: impl IntoIterator<Item = Value>) -> Rows<Resource> {
    let data = Value::from_iter(rows);
    PveResponse::bare(data.to_string()).rows().unwrap()
}

/// Understood after what was known, without templates.
pub(super) fn reading(list: impl IntoIterator<Item = Value>, before: &View) -> Reading {
    read(rows(list), before, false).unwrap()
}

pub(super) fn view(list: impl IntoIterator<Item = Value>) -> View {
    reading(list, &View::default()).view
}

pub(super) fn down() -> Result<Rows<Resource>> {
    Err(Error::new(ErrorKind::Connect, Outcome::NotSent, "nobody is there"))
}

/// `added 100`, `changed 100: Status`, `node-offline pve1` …: enough to compare by.
pub(super) fn brief(events: &[Event]) -> Vec<String> {
    let words = |event: &Event| match event {
        Event::Snapshot { guests, nodes, missed } => {
            format!("{} guests, {} nodes{}", guests.len(), nodes.len(), if *missed { ", missed" } else { "" })
        }
        Event::Added { guest } => guest.vmid.to_string(),
        Event::Removed { guest, why } => format!("{} {why}", guest.vmid),
        Event::Changed { guest, what } => {
            let what = serde_json::to_value(what).unwrap();
            let fields: Vec<_> =
                what.as_array().unwrap().iter().map(|c| c["field"].as_str().unwrap()).collect();
            format!("{} {}", guest.vmid, fields.join(","))
        }
        Event::NodeAdded { node }
        | Event::NodeRemoved { node }
        | Event::NodeOnline { node }
        | Event::NodeOffline { node } => node.node.to_string(),
        Event::Stale { since_seconds, retry_seconds, .. } => format!("{since_seconds:?} {retry_seconds}"),
        Event::Recovered { after_seconds } => format!("{after_seconds:?}"),
        Event::Unreadable { rows, .. } => rows.to_string(),
    };
    events.iter().map(|event| format!("{} {}", event.name(), words(event))).collect()
}
