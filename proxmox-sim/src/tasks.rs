//! What tasks answer.

use serde_json::{Value, json};

use crate::PveVersion;
use crate::answer::{Answer, Refusal, Reply, bad_param};
use crate::ctx::Ctx;
use crate::state::seconds;
use crate::task::Task;

/// Whether the caller may see a task: its own, or those of a node it may audit.
fn may_see(ctx: &Ctx<'_>, task: &Task) -> bool {
    task.user == ctx.who.id()
        || (ctx.who.token.is_none() && task.userid() == ctx.who.user)
        || ctx.allows(&format!("/nodes/{}", task.node), &["Sys.Audit"])
}

/// `GET /nodes/{node}/tasks`, newest first.
pub(crate) fn list(ctx: &mut Ctx<'_>) -> Answer {
    let source = ctx.opt("source").unwrap_or("archive");
    let (limit, start) = (ctx.number("limit").unwrap_or(50), ctx.number("start").unwrap_or(0));
    let time = |name: &str| ctx.opt(name).and_then(|t| t.parse::<i64>().ok());
    let (since, until) = (time("since"), time("until"));
    let statuses: Option<Vec<_>> = ctx.opt("statusfilter").map(|s| crate::schema::format::items(s).collect());
    let fits = |task: &&Task| {
        let failed = task.exitstatus.as_deref().is_some_and(|exit| exit != "OK");
        let class = match task.exitstatus.as_deref() {
            None | Some("") => "unknown",
            Some("OK") => "ok",
            Some(exit) if exit.starts_with("WARNINGS") => "warning",
            Some(_) => "error",
        };
        task.node == ctx.node()
            && match source {
                "active" => task.is_running(),
                "archive" => !task.is_running(),
                _ => true,
            }
            && ctx.opt("vmid").is_none_or(|vmid| task.subject == vmid)
            && ctx.opt("typefilter").is_none_or(|kind| task.kind == kind)
            && ctx
                .opt("userfilter")
                .is_none_or(|user| task.user.to_lowercase().contains(&user.to_lowercase()))
            && (!ctx.flag("errors") || failed)
            && statuses.as_ref().is_none_or(|list| list.contains(&class))
            && since.is_none_or(|since| seconds(task.start) >= since)
            && until.is_none_or(|until| seconds(task.start) <= until)
            && may_see(ctx, task)
    };
    let all: Vec<_> = ctx.state.tasks.iter().rev().filter(fits).collect();
    let total = all.len();
    let count = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let rows = all.into_iter().skip(count(start)).take(if limit == 0 { usize::MAX } else { count(limit) });
    let rows: Vec<_> = rows.map(Task::listed).collect();
    Ok(Reply::from(Value::from(rows)).beside("total", total))
}

/// `GET /cluster/tasks`: the last ones of all nodes.
pub(crate) fn cluster(ctx: &mut Ctx<'_>) -> Answer {
    let seen = ctx.state.tasks.iter().rev().filter(|task| may_see(ctx, task)).take(25);
    let rows = seen.map(|task| {
        let mut row = task.listed();
        row["saved"] = if task.is_running() { "0" } else { "1" }.into();
        row.as_object_mut().map(|row| (row.remove("pid"), row.remove("pstart")));
        row
    });
    Ok(Value::from(rows.collect::<Vec<_>>()).into())
}

/// `GET /cluster/log`: starts and ends of tasks, newest first.
pub(crate) fn cluster_log(ctx: &mut Ctx<'_>) -> Answer {
    let max = ctx.number("max").and_then(|n| usize::try_from(n).ok()).unwrap_or(50);
    let mut entries = Vec::new();
    for task in ctx.state.tasks.iter().filter(|task| may_see(ctx, task)) {
        entries.push((task.start, task, 6, format!("starting task {}", task.upid)));
        if let Some(exit) = &task.exitstatus {
            let severity = if exit == "OK" { 6 } else { 3 };
            entries.push((task.end, task, severity, format!("end task {} {exit}", task.upid)));
        }
    }
    entries.sort_by(|(a, ..), (b, ..)| b.total_cmp(a));
    let rows = entries.into_iter().take(max).enumerate().map(|(i, (time, task, pri, msg))| {
        json!({
            "uid": i.to_string(), "id": format!("{i}:{}", task.node), "node": task.node, "pid": task.pid, "pri": pri,
            "tag": "pvedaemon", "time": seconds(time), "user": task.user, "msg": msg,
        })
    });
    Ok(Value::from(rows.collect::<Vec<_>>()).into())
}

/// A UPID of the path's node that can be read.
fn upid<'a>(ctx: &'a Ctx<'_>) -> Result<&'a str, Refusal> {
    let upid = ctx.text("upid");
    let fields: Vec<_> = upid.split(':').collect();
    if fields.len() == 9 && fields[0] == "UPID" && fields[8].is_empty() && fields[1] == ctx.node() {
        Ok(upid)
    } else {
        bad_param("upid", "unable to parse worker upid")
    }
}

fn find(ctx: &Ctx<'_>) -> Result<Option<usize>, Refusal> {
    let upid = upid(ctx)?;
    Ok(ctx.state.tasks.iter().rposition(|task| task.upid == upid))
}

fn known(ctx: &Ctx<'_>) -> Result<usize, Refusal> {
    let Some(index) = find(ctx)? else {
        return bad_param("upid", "no such task");
    };
    if may_see(ctx, &ctx.state.tasks[index]) {
        Ok(index)
    } else {
        Err(Refusal::Forbidden(format!(" (/nodes/{}, Sys.Audit)", ctx.node())))
    }
}

/// `GET …/tasks/{upid}`
pub(crate) fn index(_: &mut Ctx<'_>) -> Answer {
    Ok(json!([{ "name": "log" }, { "name": "status" }]).into())
}

/// `GET …/tasks/{upid}/status`
pub(crate) fn status(ctx: &mut Ctx<'_>) -> Answer {
    let index = known(ctx)?;
    Ok(ctx.state.tasks[index].status().into())
}

/// `GET …/tasks/{upid}/log`
pub(crate) fn log(ctx: &mut Ctx<'_>) -> Answer {
    if find(ctx)?.is_none() {
        let line = json!({ "n": 1, "t": "unable to open file - No such file or directory" });
        let data = if ctx.version() == PveVersion::V8 { line } else { json!([line]) };
        return Ok(Reply::from(data).beside("total", 1));
    }
    let index = known(ctx)?;
    let log = &ctx.state.tasks[index].log;
    if log.is_empty() {
        return Ok(Reply::from(json!([{ "n": 1, "t": "no content" }])).beside("total", 1));
    }
    let count = |name: &str, default: usize| {
        ctx.number(name).map_or(default, |n| usize::try_from(n).unwrap_or(usize::MAX))
    };
    let limit = match count("limit", 50) {
        0 => usize::MAX,
        limit => limit,
    };
    let lines = log.iter().zip(1..).skip(count("start", 0)).take(limit);
    let lines: Vec<_> = lines.map(|(text, n): (_, u64)| json!({ "n": n, "t": text })).collect();
    Ok(Reply::from(Value::from(lines)).beside("total", log.len()))
}

/// `DELETE …/tasks/{upid}`: stops it; an ended one stays as it is.
pub(crate) fn stop(ctx: &mut Ctx<'_>) -> Answer {
    let Some(index) = find(ctx)? else {
        return bad_param("upid", "no such task");
    };
    let own = ctx.state.tasks[index].userid() == ctx.who.user;
    if !own {
        ctx.require(&format!("/nodes/{}", ctx.node()), &["Sys.Modify"])?;
    }
    ctx.state.stop_task(index, ctx.now, "received interrupt");
    Ok(Value::Null.into())
}
