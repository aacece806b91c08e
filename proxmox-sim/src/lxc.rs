//! Containers: what lists, inventories and power need. Making and changing them is not simulated.

use serde_json::{Value, json};

use crate::answer::{Answer, bad_param};
use crate::ctx::{Ctx, no_config};
use crate::guest::{GuestKind, Run};
use crate::qemu::{config, snapshot};
use crate::status;
use crate::task::Plan;

/// `GET /nodes/{node}/lxc`
pub(crate) fn list(ctx: &mut Ctx<'_>) -> Answer {
    let rows = ctx.visible(GuestKind::Lxc).map(|guest| status::row(guest, ctx.version(), ctx.now).into());
    Ok(Value::from(rows.collect::<Vec<Value>>()).into())
}

/// `GET …/status/current`
pub(crate) fn current(ctx: &mut Ctx<'_>) -> Answer {
    let (version, now) = (ctx.version(), ctx.now);
    let mut row = status::row(ctx.guest(GuestKind::Lxc)?, version, now);
    row.insert("ha".into(), json!({ "managed": 0 }));
    Ok(Value::from(row).into())
}

/// `GET …/config`
pub(crate) fn get(ctx: &mut Ctx<'_>) -> Answer {
    config::read(ctx, GuestKind::Lxc)
}

/// `GET …/snapshot`
pub(crate) fn snapshots(ctx: &mut Ctx<'_>) -> Answer {
    snapshot::rows(ctx, GuestKind::Lxc)
}

/// `POST …/status/start`
pub(crate) fn start(ctx: &mut Ctx<'_>) -> Answer {
    power(ctx, "vzstart", 1.0, true)
}

/// `POST …/status/stop`
pub(crate) fn stop(ctx: &mut Ctx<'_>) -> Answer {
    power(ctx, "vzstop", 0.5, false)
}

/// `POST …/status/shutdown`
pub(crate) fn shutdown(ctx: &mut Ctx<'_>) -> Answer {
    power(ctx, "vzshutdown", 2.0, false)
}

fn power(ctx: &mut Ctx<'_>, kind: &str, seconds: f64, on: bool) -> Answer {
    if ctx.flag("skiplock") && !ctx.who.is_root() {
        return bad_param("skiplock", "Only root may use this option.");
    }
    let (vmid, node) = (ctx.vmid(), ctx.node().to_owned());
    let plan = match ctx.state.guests.get(&vmid).filter(|g| g.kind == GuestKind::Lxc && g.node == node) {
        None => Plan::fail(no_config(GuestKind::Lxc, &node, vmid)),
        Some(guest) if guest.lock().is_some() => {
            Plan::fail(format!("CT is locked ({})", guest.lock().unwrap_or_default()))
        }
        Some(guest) if on && guest.is_template() => Plan::fail("you can't start a CT if it's a template"),
        Some(guest) if on && guest.is_running() => Plan::fail(format!("CT {vmid} already running")),
        Some(guest) if !on && !guest.is_running() => Plan::fail(format!("CT {vmid} not running")),
        Some(_) => Plan::new(seconds).work(move |state, now| {
            let pid = state.counters.pid();
            if let Some(guest) = state.guests.get_mut(&vmid) {
                guest.run = on.then_some(Run { since: now, pid, paused: false });
            }
            Ok(())
        }),
    };
    ctx.fork_vm(kind, plan)
}

/// `GET …/interfaces`
pub(crate) fn interfaces(ctx: &mut Ctx<'_>) -> Answer {
    let guest = ctx.guest(GuestKind::Lxc)?;
    if !guest.is_running() {
        return Ok(Value::Null.into());
    }
    let mut rows = vec![json!({
        "name": "lo", "hwaddr": "00:00:00:00:00:00", "hardware-address": "00:00:00:00:00:00",
        "inet": "127.0.0.1/8", "inet6": "::1/128", "ip-addresses": [],
    })];
    for (_, value) in guest.config.iter().filter(|(key, _)| key.starts_with("net")) {
        let get = |name: &str| {
            value.split(',').filter_map(|part| part.split_once('=')).find(|(k, _)| *k == name).map(|(_, v)| v)
        };
        let mac = get("hwaddr").unwrap_or_default().to_lowercase();
        let mut row = json!({
            "name": get("name").unwrap_or("eth0"), "hwaddr": mac, "hardware-address": mac, "ip-addresses": [],
        });
        if let Some((ip, prefix)) = get("ip").and_then(|ip| ip.split_once('/')) {
            row["inet"] = format!("{ip}/{prefix}").into();
            row["ip-addresses"] = json!([{ "ip-address": ip, "ip-address-type": "inet", "prefix": prefix }]);
        }
        rows.push(row);
    }
    Ok(Value::from(rows).into())
}
