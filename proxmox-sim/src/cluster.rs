//! What the cluster answers.

use serde_json::{Value, json};

use crate::answer::{Answer, bad_param, failed};
use crate::ctx::Ctx;
use crate::node::Node;
use crate::{node, status};

/// `GET /cluster`
pub(crate) fn index(_: &mut Ctx<'_>) -> Answer {
    let names = ["nextid", "options", "resources", "sdn", "status", "tasks"];
    Ok(Value::from(names.map(|name| json!({ "name": name })).to_vec()).into())
}

/// `GET /cluster/resources`
pub(crate) fn resources(ctx: &mut Ctx<'_>) -> Answer {
    let only = ctx.opt("type");
    let wants = |kind: &str| only.is_none_or(|only| only == kind);
    let state = &*ctx.state;
    let mut rows = Vec::new();
    if only.is_none() {
        let seen = state.pools.keys().filter(|pool| ctx.allows(&format!("/pool/{pool}"), &["Pool.Audit"]));
        rows.extend(seen.map(|pool| json!({ "id": format!("/pool/{pool}"), "type": "pool", "pool": pool })));
    }
    if wants("vm") {
        let seen = state.guests.values().filter(|g| ctx.allows(&format!("/vms/{}", g.vmid), &["VM.Audit"]));
        rows.extend(seen.map(|guest| status::resource(state, guest, ctx.now)));
    }
    if wants("node") {
        rows.extend(state.nodes.values().map(|node| {
            let mut row = node::row(ctx, node);
            row["cgroup-mode"] = 2.into();
            row
        }));
    }
    if wants("storage") {
        for storage in state.storages.values().filter(|s| s.enabled) {
            let id = &storage.id;
            if !ctx.allows(&format!("/storage/{id}"), &["Datastore.Audit", "Datastore.AllocateSpace"]) {
                continue;
            }
            for name in state.nodes.keys().filter(|name| storage.is_on(name)) {
                let up = state.nodes.get(name).is_some_and(Node::is_up);
                let mut row = json!({
                    "id": format!("storage/{name}/{id}"), "type": "storage", "node": name, "storage": id,
                    "status": if up { "available" } else { "unknown" }, "plugintype": storage.kind,
                    "shared": i32::from(storage.shared), "content": storage.contents(),
                });
                if up {
                    row["maxdisk"] = storage.total.into();
                    row["disk"] = storage.used_on(name).into();
                }
                rows.push(row);
            }
        }
    }
    if only.is_none() || (only == Some("sdn") && !ctx.is_nine()) {
        for name in state.nodes.values().filter(|node| node.is_up()).map(|node| &node.name) {
            if !ctx.allows("/sdn/zones/localnetwork", &["SDN.Audit", "SDN.Use"]) {
                continue;
            }
            rows.push(if ctx.is_nine() {
                json!({
                    "id": format!("network/{name}/zone/localnetwork"), "type": "network", "node": name,
                    "network": "localnetwork", "network-type": "zone", "status": "ok",
                })
            } else {
                json!({
                    "id": format!("sdn/{name}/localnetwork"), "type": "sdn", "node": name,
                    "sdn": "localnetwork", "status": "ok",
                })
            });
        }
    }
    Ok(Value::from(rows).into())
}

/// `GET /cluster/status`
pub(crate) fn status(ctx: &mut Ctx<'_>) -> Answer {
    let nodes = &ctx.state.nodes;
    let up = nodes.values().filter(|node| node.is_up()).count();
    let mut rows = Vec::new();
    if nodes.len() > 1 {
        rows.push(json!({
            "type": "cluster", "id": "cluster", "name": "sim", "nodes": nodes.len(), "version": 2,
            "quorate": i32::from(up * 2 > nodes.len()),
        }));
    }
    let local = nodes.values().find(|node| node.is_up()).map(|node| node.name.as_str());
    rows.extend(nodes.values().zip(1..).map(|(node, number): (_, u32)| {
        json!({
            "type": "node", "id": format!("node/{}", node.name), "name": node.name, "ip": node.ip, "level": "",
            "nodeid": if nodes.len() > 1 { number } else { 0 }, "online": i32::from(node.is_up()),
            "local": i32::from(local == Some(node.name.as_str())),
        })
    }));
    Ok(Value::from(rows).into())
}

/// `GET /cluster/nextid`: reserves nothing.
pub(crate) fn nextid(ctx: &mut Ctx<'_>) -> Answer {
    if let Some(vmid) = ctx.opt("vmid") {
        return match vmid.parse().ok().and_then(|id: u32| ctx.state.guests.get(&id)) {
            Some(guest) => {
                let what = if guest.kind == crate::GuestKind::Qemu { "VM" } else { "CT" };
                bad_param("vmid", format!("{what} {vmid} already exists"))
            }
            None => Ok(vmid.into()),
        };
    }
    match (100..=999_999_999_u32).find(|id| !ctx.state.guests.contains_key(id)) {
        Some(id) => Ok(id.to_string().into()),
        None => failed("unable to get any free VMID in range [100, 1000000]"),
    }
}

/// `GET /cluster/options`
pub(crate) fn options(_: &mut Ctx<'_>) -> Answer {
    Ok(json!({ "mac_prefix": "BC:24:11", "description": "", "allowed-tags": [] }).into())
}
