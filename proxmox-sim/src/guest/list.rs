//! Lists and states of guests.

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal, Reply};
use crate::ctx::Ctx;
use crate::guest::GuestKind;
use crate::rrd;
use crate::state::seconds;
use crate::status::{self, Figures, object};

/// `GET /nodes/{node}/qemu` and `GET /nodes/{node}/lxc`
pub(crate) fn list(ctx: &mut Ctx<'_>) -> Answer {
    let full = ctx.flag("full");
    let rows: Vec<Value> = ctx
        .visible()
        .map(|guest| {
            let mut row = status::row(ctx.state, guest, ctx.now);
            if full && guest.kind == GuestKind::Qemu {
                status::full(guest, ctx.now, &mut row);
            }
            row.into()
        })
        .collect();
    Ok(Value::from(rows).into())
}

/// `GET …/status/current`
pub(crate) fn current(ctx: &mut Ctx<'_>) -> Answer {
    let now = ctx.now;
    let guest = ctx.here().map_err(Refusal::Failed)?;
    let mut row = status::row(ctx.state, guest, now);
    row.insert("ha".into(), json!({ "managed": 0 }));
    if guest.kind == GuestKind::Lxc {
        return Ok(Value::from(row).into());
    }
    status::full(guest, now, &mut row);
    let agent = guest.get("agent").unwrap_or_default();
    if agent.starts_with('1') || agent.contains("enabled=1") {
        row.insert("agent".into(), 1.into());
    }
    if guest.get("vga").is_some() {
        row.insert("clipboard".into(), Value::Null);
    }
    Ok(Value::from(row).into())
}

/// `GET …/rrddata`
pub(crate) fn rrddata(ctx: &mut Ctx<'_>) -> Answer {
    let points: Vec<_> = rrd::points(ctx).collect();
    let guest = ctx.here().map_err(Refusal::Failed)?;
    let rows = points.into_iter().map(|time| {
        if guest.run.as_ref().is_none_or(|run| run.since > time) {
            return json!({ "time": seconds(time) });
        }
        let figures = Figures::of(guest, time);
        let mut row = object(json!({
            "time": seconds(time), "cpu": figures.cpu, "maxcpu": guest.cpus(ctx.state), "mem": figures.mem,
            "maxmem": guest.memory(), "disk": 0, "maxdisk": figures.maxdisk, "netin": 120, "netout": 80,
            "diskread": 0, "diskwrite": 0,
        }));
        if ctx.is_nine() {
            status::pressure(guest, &figures, &json!(0), &mut row);
        }
        row.into()
    });
    Ok(Value::from(rows.collect::<Vec<_>>()).into())
}

/// `GET /nodes/{node}/qemu/{vmid}` and `GET /nodes/{node}/lxc/{vmid}`
pub(crate) fn index(ctx: &mut Ctx<'_>) -> Answer {
    let names: &[&str] = match ctx.kind {
        GuestKind::Qemu => &[
            "config",
            "pending",
            "cloudinit",
            "unlink",
            "vncproxy",
            "termproxy",
            "migrate",
            "resize",
            "move",
            "rrd",
            "rrddata",
            "monitor",
            "agent",
            "snapshot",
            "spiceproxy",
            "sendkey",
            "firewall",
            "mtunnel",
        ],
        GuestKind::Lxc => &[
            "config",
            "pending",
            "status",
            "vncproxy",
            "termproxy",
            "vncwebsocket",
            "spiceproxy",
            "migrate",
            "clone",
            "rrd",
            "rrddata",
            "firewall",
            "snapshot",
            "resize",
            "interfaces",
        ],
    };
    Ok(subdirs(names))
}

/// `GET …/status`
pub(crate) fn status_index(ctx: &mut Ctx<'_>) -> Answer {
    ctx.guest()?;
    Ok(subdirs(match ctx.kind {
        GuestKind::Qemu => &["current", "start", "stop", "reset", "shutdown", "suspend", "reboot"],
        GuestKind::Lxc => &["current", "start", "stop", "shutdown", "reboot", "migrate"],
    }))
}

fn subdirs(names: &[&str]) -> Reply {
    Value::from(names.iter().map(|name| json!({ "subdir": name })).collect::<Vec<_>>()).into()
}
