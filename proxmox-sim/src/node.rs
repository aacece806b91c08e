//! Nodes: what they are, and what they answer about themselves.

use serde_json::{Value, json};

use crate::answer::{Answer, failed};
use crate::ctx::Ctx;
use crate::rrd;
use crate::state::{State, digest, seconds};
use crate::status::Figures;

/// A node of the cluster.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) link: Link,
    pub(crate) ip: String,
    pub(crate) cores: u64,
    pub(crate) memory: u64,
    pub(crate) booted: f64,
    pub(crate) bridges: Vec<String>,
    pub(crate) disks: Vec<Disk>,
}

/// How a node can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    Up,
    /// Nobody listens.
    Refused,
    /// No way there, which takes a while to find out.
    Unreachable,
}

impl Node {
    pub(crate) fn is_up(&self) -> bool {
        self.link == Link::Up
    }
}

/// A physical disk.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    pub(crate) dev: String,
    pub(crate) model: String,
    pub(crate) serial: String,
    pub(crate) size: u64,
    pub(crate) healthy: bool,
}

/// Bytes of a node's root file system.
const ROOT: u64 = 94 << 30;

struct Load {
    cpu: f64,
    memory: u64,
    uptime: i64,
}

fn load(state: &State, node: &Node, now: f64) -> Load {
    let guests =
        state.guests.values().filter(|g| g.node == node.name).map(|g| (Figures::of(g, now), g.cpus(state)));
    #[allow(clippy::cast_precision_loss, reason = "a share of a few cores")]
    let (memory, busy) = guests.fold((node.memory / 16, 0.01), |(memory, busy), (figures, cpus)| {
        (memory + figures.mem, busy + figures.cpu * cpus as f64 / node.cores as f64)
    });
    Load { cpu: busy.min(1.0), memory: memory.min(node.memory), uptime: seconds(now - node.booted) }
}

/// A row of `GET /nodes` and of `/cluster/resources`.
pub(crate) fn row(ctx: &Ctx<'_>, node: &Node) -> Value {
    let name = &node.name;
    let mut row = json!({
        "node": name, "id": format!("node/{name}"), "type": "node", "level": "",
        "status": if node.is_up() { "online" } else { "offline" },
    });
    if node.is_up() && ctx.allows(&format!("/nodes/{name}"), &["Sys.Audit"]) {
        let load = load(ctx.state, node, ctx.now);
        row["cpu"] = load.cpu.into();
        row["maxcpu"] = node.cores.into();
        row["mem"] = load.memory.into();
        row["maxmem"] = node.memory.into();
        row["disk"] = (ROOT / 5).into();
        row["maxdisk"] = ROOT.into();
        row["uptime"] = load.uptime.into();
    }
    row
}

/// `GET /nodes`
pub(crate) fn list(ctx: &mut Ctx<'_>) -> Answer {
    let rows = ctx.state.nodes.values().map(|node| {
        let mut row = row(ctx, node);
        let print = digest(&[node.name.as_str(), "certificate"]).to_uppercase();
        let print = print.repeat(2);
        let pairs: Vec<_> = (0..32).filter_map(|i| print.get(2 * i..2 * i + 2)).collect();
        row["ssl_fingerprint"] = pairs.join(":").into();
        row
    });
    Ok(Value::from(rows.collect::<Vec<_>>()).into())
}

/// `GET /nodes/{node}`
pub(crate) fn index(_: &mut Ctx<'_>) -> Answer {
    let names = ["disks", "dns", "lxc", "network", "qemu", "status", "storage", "tasks", "time", "version"];
    Ok(Value::from(names.map(|name| json!({ "name": name })).to_vec()).into())
}

/// `GET /nodes/{node}/status`
pub(crate) fn status(ctx: &mut Ctx<'_>) -> Answer {
    let (version, nine) = (ctx.version(), ctx.is_nine());
    let Some(node) = ctx.state.nodes.get(ctx.node()) else {
        return failed("no such node");
    };
    let load = load(ctx.state, node, ctx.now);
    let kernel = if nine { "6.17.2-1-pve" } else { "6.8.12-15-pve" };
    let mut data = json!({
        "uptime": load.uptime, "cpu": load.cpu, "wait": 0, "idle": 0, "ksm": { "shared": 0 },
        "loadavg": [format!("{:.2}", load.cpu * 2.0), "0.30", "0.25"],
        "memory": { "total": node.memory, "used": load.memory, "free": node.memory - load.memory },
        "swap": { "total": 0, "used": 0, "free": 0 },
        "rootfs": { "total": ROOT, "used": ROOT / 5, "avail": ROOT / 4 * 3, "free": ROOT / 5 * 4 },
        "cpuinfo": {
            "model": "Simulated CPU", "cpus": node.cores, "cores": node.cores, "sockets": 1, "mhz": "2600.000",
            "hvm": "1", "user_hz": 100, "flags": "fpu vme de pse tsc msr pae",
        },
        "pveversion": format!("pve-manager/{}/sim0000000000001", version.as_str()),
        "kversion": format!("Linux {kernel} #1 SMP PREEMPT_DYNAMIC"),
        "current-kernel": {
            "sysname": "Linux", "release": kernel, "machine": "x86_64", "version": "#1 SMP PREEMPT_DYNAMIC",
        },
        "boot-info": { "mode": "efi", "secureboot": 0 },
    });
    if nine {
        data["memory"]["available"] = (node.memory - load.memory).into();
        data["cpuinfo"]["family"] = "6".into();
        data["cpuinfo"]["vendor"] = "GenuineIntel".into();
    }
    Ok(data.into())
}

/// `GET /version` and `GET /nodes/{node}/version`
pub(crate) fn version(ctx: &mut Ctx<'_>) -> Answer {
    let version = ctx.version();
    Ok(json!({ "version": version.as_str(), "release": version.release(), "repoid": "sim0000000000001" })
        .into())
}

/// `GET /nodes/{node}/time`
pub(crate) fn time(ctx: &mut Ctx<'_>) -> Answer {
    let now = seconds(ctx.now);
    Ok(json!({ "timezone": "Etc/UTC", "time": now, "localtime": now }).into())
}

/// `GET /nodes/{node}/dns`
pub(crate) fn dns(_: &mut Ctx<'_>) -> Answer {
    Ok(json!({ "dns1": "192.0.2.53", "search": "sim.example" }).into())
}

/// `GET /nodes/{node}/config`: a description, which is what `property` leaves of it unless it asks for something else.
pub(crate) fn config(ctx: &mut Ctx<'_>) -> Answer {
    if ctx.opt("property").is_some_and(|name| name != "description") {
        return Ok(json!({}).into());
    }
    let description = "A simulated node.\n";
    Ok(json!({ "description": description, "digest": digest(&[description]) }).into())
}

/// `GET /nodes/{node}/subscription`
pub(crate) fn subscription(ctx: &mut Ctx<'_>) -> Answer {
    Ok(json!({
        "status": "notfound",
        "message": "There is no subscription key",
        "serverid": digest(&["server", ctx.node()])[..32].to_uppercase(),
        "url": "https://www.proxmox.com/en/proxmox-virtual-environment/pricing",
    })
    .into())
}

/// `GET /nodes/{node}/hosts`
pub(crate) fn hosts(ctx: &mut Ctx<'_>) -> Answer {
    let Some(node) = ctx.state.nodes.get(ctx.node()) else {
        return failed("no such node");
    };
    let data = format!("127.0.0.1 localhost\n{} {1}.sim.example {1}\n", node.ip, node.name);
    Ok(json!({ "digest": digest(&[data.as_str()]), "data": data }).into())
}

/// `GET /nodes/{node}/services`
pub(crate) fn services(_: &mut Ctx<'_>) -> Answer {
    let names = ["chrony", "cron", "pve-cluster", "pvedaemon", "pveproxy", "pvestatd", "sshd"];
    let rows = names.map(|name| {
        json!({
            "service": name, "name": name, "desc": format!("simulated {name}"), "state": "running",
            "active-state": "active", "unit-state": "enabled",
        })
    });
    Ok(Value::from(rows.to_vec()).into())
}

/// `GET /nodes/{node}/aplinfo`: nothing can be downloaded.
pub(crate) fn aplinfo(_: &mut Ctx<'_>) -> Answer {
    Ok(json!([]).into())
}

/// `GET /nodes/{node}/capabilities/qemu/cpu`: some of what PVE lists.
pub(crate) fn cpu_models(_: &mut Ctx<'_>) -> Answer {
    let models = [
        ("default", "host max kvm64 qemu64 x86-64-v2 x86-64-v2-AES x86-64-v3 x86-64-v4"),
        (
            "GenuineIntel",
            "Nehalem Westmere SandyBridge Haswell Broadwell Skylake-Server Cascadelake-Server Icelake-Server",
        ),
        ("AuthenticAMD", "EPYC EPYC-Rome EPYC-Milan EPYC-Genoa"),
    ];
    let of = |(vendor, names): (&'static str, &'static str)| {
        names.split(' ').map(move |name| json!({ "name": name, "vendor": vendor, "custom": 0 }))
    };
    Ok(Value::from(models.into_iter().flat_map(of).collect::<Vec<_>>()).into())
}

/// `GET /nodes/{node}/rrddata`
pub(crate) fn rrddata(ctx: &mut Ctx<'_>) -> Answer {
    let Some(node) = ctx.state.nodes.get(ctx.node()) else {
        return failed("no such node");
    };
    let rows = rrd::points(ctx).map(|time| {
        if time < node.booted {
            return json!({ "time": seconds(time) });
        }
        let load = load(ctx.state, node, time);
        let mut row = json!({
            "time": seconds(time), "cpu": load.cpu, "maxcpu": node.cores, "memtotal": node.memory,
            "memused": load.memory, "roottotal": ROOT, "rootused": ROOT / 5, "swaptotal": 0, "swapused": 0,
            "netin": 0, "netout": 0, "iowait": 0, "loadavg": load.cpu * 2.0,
        });
        if ctx.is_nine() {
            for none in [
                "arcsize",
                "pressurecpusome",
                "pressureiosome",
                "pressureiofull",
                "pressurememorysome",
                "pressurememoryfull",
            ] {
                row[none] = 0.into();
            }
            row["memavailable"] = (node.memory - load.memory).into();
        }
        row
    });
    Ok(Value::from(rows.collect::<Vec<_>>()).into())
}

/// `GET /nodes/{node}/disks/list`
pub(crate) fn disks(ctx: &mut Ctx<'_>) -> Answer {
    let quick = ctx.flag("skipsmart");
    let unused = ctx.opt("type") == Some("unused");
    let disks = ctx.state.nodes.get(ctx.node()).map(|node| node.disks.as_slice()).unwrap_or_default();
    let rows = disks.iter().enumerate().filter(|(i, _)| !unused || *i > 0).map(|(i, disk)| {
        let name = disk.dev.trim_start_matches("/dev/");
        let ssd = disk.model.contains("SSD");
        let mut row = json!({
            "devpath": disk.dev, "model": disk.model, "serial": disk.serial, "size": disk.size, "vendor": "SIM",
            "type": if ssd { "ssd" } else { "hdd" }, "rpm": if ssd { 0 } else { 7200 }, "gpt": 1, "osdid": -1,
            "osdid-list": null, "wwn": format!("0x5000000000000{:03}", i + 1),
            "by_id_link": format!("/dev/disk/by-id/ata-{}_{}", disk.model, disk.serial), "mounted": i32::from(i == 0),
            "health": if quick { "UNKNOWN" } else { health(disk) },
            "wearout": if ssd { json!(99) } else { json!("N/A") }, "name": name,
        });
        if i == 0 {
            row["used"] = "LVM".into();
        }
        row
    });
    Ok(Value::from(rows.collect::<Vec<_>>()).into())
}

fn health(disk: &Disk) -> &'static str {
    if disk.healthy { "PASSED" } else { "FAILED" }
}

/// `GET /nodes/{node}/disks/smart`
pub(crate) fn smart(ctx: &mut Ctx<'_>) -> Answer {
    let dev = ctx.text("disk").to_owned();
    let only = ctx.flag("healthonly");
    let disks = ctx.state.nodes.get(ctx.node()).map(|node| node.disks.as_slice()).unwrap_or_default();
    let Some(disk) = disks.iter().find(|disk| disk.dev == dev) else {
        return failed(format!("no such device '{dev}'"));
    };
    if only {
        return Ok(json!({ "health": health(disk) }).into());
    }
    let attribute = |id: &str, name: &str, value: u32, raw: &str| {
        json!({
            "id": format!("{id:>3}"), "name": name, "value": value, "worst": value, "threshold": 0, "raw": raw,
            "normalized": value, "fail": "-", "flags": "-O--CK",
        })
    };
    Ok(json!({
        "health": health(disk), "type": "ata",
        "attributes": [
            attribute("5", "Reallocated_Sector_Ct", 100, "0"),
            attribute("9", "Power_On_Hours", 99, "4711"),
            attribute("194", "Temperature_Celsius", 67, "33"),
        ],
    })
    .into())
}
