//! Network interfaces of a node, and the SDN.

use serde_json::{Value, json};

use crate::answer::{Answer, bad_param};
use crate::ctx::Ctx;
use crate::node::Node;

fn interfaces(node: &Node) -> Vec<Value> {
    let mut list: Vec<_> = (0..node.bridges.len())
        .map(|n| {
            json!({
                "iface": format!("eno{}", n + 1), "type": "eth", "method": "manual", "method6": "manual",
                "families": ["inet"], "active": 1, "exists": 1, "priority": 3 + n,
            })
        })
        .collect();
    let first = list.len() + 3;
    for (n, bridge) in node.bridges.iter().enumerate() {
        let mut row = json!({
            "iface": bridge, "type": "bridge", "method": "manual", "method6": "manual", "families": ["inet"],
            "active": 1, "autostart": 1, "priority": first + n, "bridge_ports": format!("eno{}", n + 1),
            "bridge_stp": "off", "bridge_fd": "0",
        });
        if n == 0 {
            row["method"] = "static".into();
            row["address"] = node.ip.as_str().into();
            row["netmask"] = "24".into();
            row["cidr"] = format!("{}/24", node.ip).into();
            row["gateway"] = "192.0.2.1".into();
        }
        list.push(row);
    }
    list
}

/// `GET /nodes/{node}/network`
pub(crate) fn list(ctx: &mut Ctx<'_>) -> Answer {
    let only = ctx.opt("type").unwrap_or_default();
    let Some(node) = ctx.state.nodes.get(ctx.node()) else {
        return Ok(json!([]).into());
    };
    let mut rows = interfaces(node);
    rows.retain(|row| match only {
        "" => true,
        "any_bridge" | "any_local_bridge" | "include_sdn" => row["type"] == "bridge",
        only => row["type"] == only,
    });
    rows.retain(|row| {
        let path = format!("/sdn/zones/localnetwork/{}", row["iface"].as_str().unwrap_or_default());
        row["type"] != "bridge" || ctx.allows(&path, &["SDN.Audit", "SDN.Use"])
    });
    if matches!(only, "any_bridge" | "include_sdn" | "vnet") {
        rows.extend(
            ctx.state.vnets.keys().map(|vnet| json!({ "iface": vnet, "type": "vnet", "active": "1" })),
        );
    }
    Ok(Value::from(rows).into())
}

/// `GET /nodes/{node}/network/{iface}`
pub(crate) fn one(ctx: &mut Ctx<'_>) -> Answer {
    let name = ctx.text("iface");
    let rows = ctx.state.nodes.get(ctx.node()).map(interfaces).unwrap_or_default();
    match rows.into_iter().find(|row| row["iface"] == name) {
        Some(mut row) => {
            row.as_object_mut().map(|row| row.remove("iface"));
            Ok(row.into())
        }
        None => bad_param("iface", "interface does not exist"),
    }
}

/// `GET /cluster/sdn/vnets`
pub(crate) fn vnets(ctx: &mut Ctx<'_>) -> Answer {
    let seen = ctx.state.vnets.iter().filter(|(name, vnet)| {
        ctx.allows(&format!("/sdn/zones/{}/{name}", vnet.zone), &["SDN.Audit", "SDN.Allocate"])
    });
    let rows = seen.map(|(name, vnet)| json!({ "vnet": name, "type": "vnet", "zone": vnet.zone }));
    Ok(Value::from(rows.collect::<Vec<_>>()).into())
}

/// `GET /cluster/sdn/zones`
pub(crate) fn zones(ctx: &mut Ctx<'_>) -> Answer {
    let zones: std::collections::BTreeSet<_> =
        ctx.state.vnets.values().map(|vnet| vnet.zone.as_str()).collect();
    let seen = zones
        .into_iter()
        .filter(|zone| ctx.allows(&format!("/sdn/zones/{zone}"), &["SDN.Audit", "SDN.Allocate"]));
    let rows = seen.map(|zone| json!({ "zone": zone, "type": "simple" }));
    Ok(Value::from(rows.collect::<Vec<_>>()).into())
}
