//! What storages answer.

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal, bad_param, failed};
use crate::ctx::Ctx;
use crate::guest::disk::parse_size;
use crate::rrd;
use crate::schema::format;
use crate::state::{digest, seconds};
use crate::storage::{Image, Storage, Volume};
use crate::task::Plan;

const AUDIT: [&str; 2] = ["Datastore.Audit", "Datastore.AllocateSpace"];

#[allow(clippy::cast_precision_loss, reason = "a share")]
fn row(storage: &Storage, node: &str) -> Value {
    let active = storage.enabled && storage.is_on(node);
    let used = if active { storage.used_on(node) } else { 0 };
    let total = if active { storage.total } else { 0 };
    json!({
        "storage": storage.id, "type": storage.kind, "content": storage.contents(),
        "shared": i32::from(storage.shared), "enabled": i32::from(active), "active": i32::from(active),
        "total": total, "used": used, "avail": total - used,
        "used_fraction": if total > 0 { used as f64 / total as f64 } else { 0.0 },
    })
}

/// `GET /nodes/{node}/storage`
pub(crate) fn list(ctx: &mut Ctx<'_>) -> Answer {
    let node = ctx.node();
    let contents: Vec<_> = ctx.opt("content").map(|c| format::items(c).collect()).unwrap_or_default();
    let target = ctx.opt("target").unwrap_or(node);
    if let Some(id) = ctx.opt("storage").filter(|id| !ctx.state.storages.contains_key(*id)) {
        return failed(format!("storage '{id}' does not exist"));
    }
    let rows = ctx.state.storages.values().filter(|storage| {
        ctx.opt("storage").is_none_or(|id| id == storage.id)
            && storage.is_on(node)
            && (target == node || (storage.shared && storage.is_on(target)))
            && (contents.is_empty() || contents.iter().any(|c| storage.content.contains(*c)))
            && (!ctx.flag("enabled") || storage.enabled)
            && ctx.allows(&format!("/storage/{}", storage.id), &AUDIT)
    });
    Ok(Value::from(rows.map(|storage| row(storage, node)).collect::<Vec<_>>()).into())
}

/// `GET /nodes/{node}/storage/{storage}/status`
pub(crate) fn status(ctx: &mut Ctx<'_>) -> Answer {
    let id = ctx.text("storage");
    let Some(storage) = ctx.state.storages.get(id) else {
        return bad_param("storage", "No such storage.");
    };
    let mut row = row(storage, ctx.node());
    row.as_object_mut().map(|row| (row.remove("storage"), row.remove("used_fraction")));
    Ok(row.into())
}

/// `GET /nodes/{node}/storage/{storage}/rrddata`: as if it had always been as full as it is.
pub(crate) fn rrddata(ctx: &mut Ctx<'_>) -> Answer {
    let id = ctx.text("storage");
    let Some(storage) = ctx.state.storages.get(id) else {
        return failed(format!("storage '{id}' does not exist"));
    };
    let used = storage.used_on(ctx.node());
    let rows = rrd::points(ctx);
    let rows = rows.map(|time| json!({ "time": seconds(time), "total": storage.total, "used": used }));
    Ok(Value::from(rows.collect::<Vec<_>>()).into())
}

/// `GET /nodes/{node}/storage/{storage}`
pub(crate) fn index(_: &mut Ctx<'_>) -> Answer {
    let names =
        ["content", "download-url", "file-restore", "prunebackups", "rrd", "rrddata", "status", "upload"];
    Ok(Value::from(names.map(|name| json!({ "subdir": name })).to_vec()).into())
}

fn volume_row(storage: &Storage, volume: &Volume) -> Value {
    let mut row = json!({
        "volid": volume.volid, "content": volume.content, "format": volume.format, "size": volume.size,
        "ctime": seconds(volume.ctime),
    });
    if let Some(vmid) = volume.vmid {
        row["vmid"] = vmid.into();
        row["used"] = storage.used_by(volume).into();
        row["parent"] = volume.parent.as_deref().map_or(Value::Null, Value::from);
    }
    row
}

/// `GET /nodes/{node}/storage/{storage}/content`
pub(crate) fn content(ctx: &mut Ctx<'_>) -> Answer {
    let storage = ctx.state.usable(ctx.text("storage"), ctx.node())?;
    let (only, vmid) = (ctx.opt("content"), ctx.number("vmid"));
    let rows = storage.volumes_on(ctx.node()).filter(|volume| {
        only.is_none_or(|only| only == volume.content)
            && vmid.is_none_or(|vmid| volume.vmid.map(u64::from) == Some(vmid))
    });
    Ok(Value::from(rows.map(|volume| volume_row(storage, volume)).collect::<Vec<_>>()).into())
}

/// A volume by its id or by its name in the storage of the path.
fn volid(ctx: &Ctx<'_>) -> Result<String, Refusal> {
    let (storage, volume) = (ctx.text("storage"), ctx.text("volume"));
    ctx.state.usable(storage, ctx.node())?;
    let prefix = format!("{storage}:");
    match volume.split_once(':') {
        None => Ok(format!("{prefix}{volume}")),
        Some(_) if volume.starts_with(&prefix) => Ok(volume.to_owned()),
        Some(_) => failed(format!("unable to parse directory volume name '{volume}'")),
    }
}

fn may_touch(ctx: &Ctx<'_>, any: &[&str]) -> Result<(), Refusal> {
    ctx.require(&format!("/storage/{}", ctx.text("storage")), any)
}

/// `GET …/content/{volume}`
pub(crate) fn volume(ctx: &mut Ctx<'_>) -> Answer {
    may_touch(ctx, &AUDIT)?;
    let volid = volid(ctx)?;
    let storage = ctx.state.usable(ctx.text("storage"), ctx.node())?;
    match ctx.state.volume(&volid, ctx.node()) {
        Some(volume) => Ok(json!({
            "format": volume.format, "size": volume.size, "used": storage.used_by(volume),
            "path": format!("/mnt/pve/{}", volid.replace(':', "/")),
        })
        .into()),
        None => failed(format!("volume '{volid}' does not exist")),
    }
}

/// `POST …/content`
pub(crate) fn allocate(ctx: &mut Ctx<'_>) -> Answer {
    let (id, node, vmid) = (ctx.text("storage").to_owned(), ctx.node().to_owned(), ctx.vmid());
    let name = ctx.text("filename").to_owned();
    let storage = ctx.state.usable(&id, &node)?;
    let Some(size) = parse_size(ctx.text("size")) else {
        return bad_param("size", "not a size");
    };
    // A number without a unit is in KiB.
    let size = if ctx.text("size").bytes().all(|b| b.is_ascii_digit()) { size << 10 } else { size };
    let volid = if storage.has_files() { format!("{id}:{vmid}/{name}") } else { format!("{id}:{name}") };
    if ctx.state.volume(&volid, &node).is_some() {
        return failed(format!("disk image '{name}' already exists"));
    }
    let now = ctx.now;
    ctx.state.add_image(Image {
        volid: &volid,
        node: &node,
        content: "images",
        vmid,
        size,
        parent: None,
        now,
    });
    Ok(volid.into())
}

/// `DELETE …/content/{volume}`: of a missing volume it is fine, too.
pub(crate) fn delete(ctx: &mut Ctx<'_>) -> Answer {
    may_touch(ctx, &["Datastore.Allocate", "Datastore.AllocateSpace"])?;
    let (volid, node, storage) = (volid(ctx)?, ctx.node().to_owned(), ctx.text("storage").to_owned());
    let subject = match ctx.state.volume(&volid, &node).and_then(|v| v.vmid) {
        Some(vmid) => format!("{vmid}@{storage}"),
        None => storage,
    };
    let plan = Plan::new(0.3).line(format!("Removed volume '{volid}'")).work(move |state, _| {
        state.remove_volume(&volid, &node);
        Ok(())
    });
    ctx.fork("imgdel", &subject, plan)
}

fn config_row(storage: &Storage) -> Value {
    let mut row = json!({
        "storage": storage.id, "type": storage.kind, "content": storage.contents(),
        "digest": digest(&[storage.id.as_str(), storage.kind.as_str()]),
    });
    match storage.kind.as_str() {
        "dir" => {
            row["path"] = if storage.id == "local" {
                "/var/lib/vz".into()
            } else {
                format!("/mnt/{}", storage.id).into()
            }
        }
        "lvmthin" => {
            row["vgname"] = "pve".into();
            row["thinpool"] = "data".into();
        }
        "nfs" => {
            row["server"] = "192.0.2.200".into();
            row["export"] = format!("/export/{}", storage.id).into();
            row["path"] = format!("/mnt/pve/{}", storage.id).into();
        }
        _ => {}
    }
    if let Some(nodes) = &storage.nodes {
        row["nodes"] = nodes.join(",").into();
    }
    if storage.shared && storage.kind == "dir" {
        row["shared"] = 1.into();
    }
    if !storage.enabled {
        row["disable"] = 1.into();
    }
    row
}

/// `GET /storage`
pub(crate) fn configs(ctx: &mut Ctx<'_>) -> Answer {
    let only = ctx.opt("type");
    let seen = ctx.state.storages.values().filter(|storage| {
        only.is_none_or(|only| only == storage.kind)
            && ctx.allows(&format!("/storage/{}", storage.id), &AUDIT)
    });
    Ok(Value::from(seen.map(config_row).collect::<Vec<_>>()).into())
}

/// `GET /storage/{storage}`
pub(crate) fn config(ctx: &mut Ctx<'_>) -> Answer {
    let id = ctx.text("storage");
    match ctx.state.storages.get(id) {
        Some(storage) => Ok(config_row(storage).into()),
        None => failed(format!("storage '{id}' does not exist")),
    }
}
