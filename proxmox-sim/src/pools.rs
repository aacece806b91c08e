//! Pools.

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal, failed};
use crate::ctx::Ctx;
use crate::schema::format;
use crate::state::Pool;
use crate::status;

fn row(name: &str, pool: &Pool) -> Value {
    let mut row = json!({ "poolid": name });
    if let Some(comment) = &pool.comment {
        row["comment"] = comment.as_str().into();
    }
    row
}

fn with_members(ctx: &Ctx<'_>, name: &str) -> Result<Value, Refusal> {
    let Some(pool) = ctx.state.pools.get(name) else {
        return failed(format!("pool '{name}' does not exist"));
    };
    let guests = pool.vms.iter().filter_map(|id| ctx.state.guests.get(id));
    let members = guests.map(|guest| status::resource(ctx.state, guest, ctx.now));
    let storages = pool
        .storages
        .iter()
        .map(|id| json!({ "id": format!("storage/{id}"), "type": "storage", "storage": id }));
    let mut row = row(name, pool);
    row["members"] = members.chain(storages).collect::<Vec<_>>().into();
    Ok(row)
}

/// `GET /pools`
pub(crate) fn list(ctx: &mut Ctx<'_>) -> Answer {
    if let Some(name) = ctx.opt("poolid") {
        return Ok(json!([with_members(ctx, name)?]).into());
    }
    let seen =
        ctx.state.pools.iter().filter(|(name, _)| ctx.allows(&format!("/pool/{name}"), &["Pool.Audit"]));
    Ok(Value::from(seen.map(|(name, pool)| row(name, pool)).collect::<Vec<_>>()).into())
}

/// `GET /pools/{poolid}`
pub(crate) fn one(ctx: &mut Ctx<'_>) -> Answer {
    let mut row = with_members(ctx, ctx.text("poolid"))?;
    row.as_object_mut().map(|row| row.remove("poolid"));
    Ok(row.into())
}

/// `POST /pools`
pub(crate) fn create(ctx: &mut Ctx<'_>) -> Answer {
    let name = ctx.text("poolid").to_owned();
    ctx.require(&format!("/pool/{name}"), &["Pool.Allocate"])?;
    if ctx.state.pools.contains_key(&name) {
        return failed(format!("create pool failed: pool '{name}' already exists"));
    }
    let comment = ctx.opt("comment").map(str::to_owned);
    ctx.state.pools.insert(name, Pool { comment, ..Pool::default() });
    Ok(Value::Null.into())
}

/// `PUT /pools/{poolid}` and `PUT /pools`
pub(crate) fn change(ctx: &mut Ctx<'_>) -> Answer {
    let name = ctx.text("poolid").to_owned();
    ctx.require(&format!("/pool/{name}"), &["Pool.Allocate"])?;
    let remove = ctx.flag("delete");
    let comment = ctx.opt("comment").map(str::to_owned);
    let list = |key: &str| -> Vec<String> {
        ctx.opt(key).map(|t| format::items(t).map(str::to_owned).collect()).unwrap_or_default()
    };
    let vms: Vec<u32> = list("vms").iter().filter_map(|id| id.parse().ok()).collect();
    let storages = list("storage");
    let Some(pool) = ctx.state.pools.get_mut(&name) else {
        return failed(format!("update pool failed: pool '{name}' does not exist"));
    };
    pool.vms.retain(|id| !vms.contains(id));
    pool.storages.retain(|id| !storages.contains(id));
    if !remove {
        pool.vms.extend(vms);
        pool.storages.extend(storages);
    }
    pool.comment = comment.or(pool.comment.take());
    Ok(Value::Null.into())
}

/// `DELETE /pools/{poolid}`
pub(crate) fn delete(ctx: &mut Ctx<'_>) -> Answer {
    let name = ctx.text("poolid").to_owned();
    ctx.require(&format!("/pool/{name}"), &["Pool.Allocate"])?;
    match ctx.state.pools.get(&name) {
        None => failed(format!("delete pool failed: pool '{name}' does not exist")),
        Some(pool) => match (pool.vms.first(), pool.storages.first()) {
            (Some(vmid), _) => {
                failed(format!("delete pool failed: pool '{name}' is not empty (contains VM {vmid})"))
            }
            (_, Some(id)) => {
                failed(format!("delete pool failed: pool '{name}' is not empty (contains storage '{id}')"))
            }
            _ => {
                ctx.state.pools.remove(&name);
                Ok(Value::Null.into())
            }
        },
    }
}
