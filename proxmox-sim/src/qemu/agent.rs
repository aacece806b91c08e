//! The guest agent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};

use crate::answer::{Answer, Refusal, failed};
use crate::ctx::Ctx;
use crate::guest::Guest;
use crate::inside::Look;
use crate::qemu::{interfaces, power};
use crate::state::{Dying, seconds};
use std::time::Duration;

/// How long after the start of a VM its agent answers.
pub(crate) const READY: f64 = 5.0;
/// The agent keeps no more of a process's output.
const OUTPUT: usize = 16 << 20;

/// The guest, when its agent answers.
fn agent<'a>(ctx: &'a mut Ctx<'_>) -> Result<&'a mut Guest, Refusal> {
    let now = ctx.now;
    let guest = ctx.guest()?;
    let vmid = guest.vmid;
    let config = guest.get("agent").unwrap_or_default();
    let enabled = config.split(',').any(|part| matches!(part, "1" | "enabled=1"));
    match &guest.run {
        _ if !enabled && guest.is_running() => failed("No QEMU guest agent configured"),
        None => failed(format!("VM {vmid} is not running")),
        Some(run) if run.paused || !guest.has_agent || now < run.since + READY => {
            failed("QEMU guest agent is not running")
        }
        Some(_) => Ok(guest),
    }
}

fn result(value: impl Into<Value>) -> Answer {
    let value = value.into();
    Ok(json!({ "result": value }).into())
}

/// A command without parameters: the last part of the path, or `command` of `POST …/agent`.
pub(crate) fn simple(command: &str, ctx: &mut Ctx<'_>) -> Answer {
    let now = ctx.now;
    let guest = agent(ctx)?;
    match command {
        "ping" | "suspend-ram" | "suspend-hybrid" | "suspend-disk" => result(json!({})),
        "get-host-name" => result(json!({ "host-name": hostname(guest) })),
        "get-osinfo" => result(json!({
            "id": "debian", "name": "Debian GNU/Linux", "pretty-name": "Debian GNU/Linux 12 (bookworm)",
            "version": "12 (bookworm)", "version-id": "12", "machine": "x86_64",
            "kernel-release": "6.1.0-28-cloud-amd64", "kernel-version": "#1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1",
        })),
        "get-time" => result(json!(seconds(now) * 1_000_000_000)),
        "get-timezone" => result(json!({ "offset": 0, "zone": "UTC" })),
        "get-users" | "get-memory-blocks" => result(json!([])),
        "get-memory-block-info" => result(json!({ "size": 134_217_728 })),
        "get-vcpus" => {
            let cpus =
                (0..guest.vcpus()).map(|n| json!({ "logical-id": n, "online": true, "can-offline": n > 0 }));
            result(cpus.collect::<Vec<_>>())
        }
        "get-fsinfo" => result(json!([{
            "name": "sda1", "mountpoint": "/", "type": "ext4", "total-bytes": 1_992_294_400_u64,
            "used-bytes": 812_646_400_u64, "disk": [],
        }])),
        "info" => result(json!({ "version": "7.2.15", "supported_commands": supported() })),
        "network-get-interfaces" => result(interfaces::of(guest, now)),
        "fsfreeze-status" => result(json!("thawed")),
        "fsfreeze-freeze" | "fsfreeze-thaw" => result(json!(1)),
        "fstrim" => result(json!({ "paths": [{ "path": "/", "trimmed": 0, "minimum": 0 }] })),
        "shutdown" => {
            // The guest does this itself: no task of PVE's shows it.
            if let Some(pid) = guest.run.as_ref().map(|run| run.pid) {
                let (vmid, end) = (guest.vmid, now + power::OBEY);
                ctx.state.dying.push(Dying { vmid, pid, end });
            }
            result(json!({}))
        }
        other => failed(format!("the simulator's agent does not know '{other}'")),
    }
}

fn supported() -> Vec<Value> {
    let names = [
        "guest-ping",
        "guest-info",
        "guest-exec",
        "guest-exec-status",
        "guest-get-osinfo",
        "guest-get-host-name",
        "guest-network-get-interfaces",
        "guest-get-time",
        "guest-get-timezone",
        "guest-get-users",
        "guest-get-vcpus",
        "guest-get-fsinfo",
        "guest-fsfreeze-status",
        "guest-fsfreeze-freeze",
        "guest-fsfreeze-thaw",
        "guest-fstrim",
        "guest-shutdown",
        "guest-file-open",
        "guest-file-read",
        "guest-file-write",
        "guest-file-close",
        "guest-set-user-password",
    ];
    names.iter().map(|name| json!({ "name": name, "enabled": true, "success-response": true })).collect()
}

fn hostname(guest: &Guest) -> String {
    guest.name().map_or_else(|| format!("vm{}", guest.vmid), str::to_owned)
}

/// `POST …/agent`
pub(crate) fn generic(ctx: &mut Ctx<'_>) -> Answer {
    let command = ctx.text("command").to_owned();
    simple(&command, ctx)
}

/// `POST …/agent/set-user-password`
pub(crate) fn set_password(ctx: &mut Ctx<'_>) -> Answer {
    agent(ctx)?;
    result(json!({}))
}

/// `POST …/agent/exec`
pub(crate) fn exec(ctx: &mut Ctx<'_>) -> Answer {
    let argv = ctx.many("command");
    let input = ctx.opt("input-data").unwrap_or_default().to_owned();
    let now = ctx.now;
    let guest = agent(ctx)?;
    let name = hostname(guest);
    match guest.inside.exec(&argv, input.as_bytes(), &name, now) {
        Some(pid) => Ok(json!({ "pid": pid }).into()),
        // The agent's sentence has typographic quotes, and these break PVE's own answer.
        None => Err(Refusal::Bare(596, "Broken pipe", Duration::from_secs(5))),
    }
}

/// `GET …/agent/exec-status`
pub(crate) fn exec_status(ctx: &mut Ctx<'_>) -> Answer {
    let pid = ctx.opt("pid").and_then(|pid| pid.parse().ok()).unwrap_or(0);
    let now = ctx.now;
    let done = match agent(ctx)?.inside.look(pid, now) {
        Look::NoSuch => return failed("Agent error: Invalid parameter 'pid'"),
        Look::Running => return Ok(json!({ "exited": 0 }).into()),
        Look::Exited(done) => done,
    };
    let mut data = Map::new();
    data.insert("exited".into(), 1.into());
    match done.signal {
        Some(signal) => data.insert("signal".into(), signal.into()),
        None => data.insert("exitcode".into(), done.code.into()),
    };
    for (name, text) in
        [("out", &done.out), ("err", &done.err)].into_iter().filter(|(_, text)| !text.is_empty())
    {
        // What is not UTF-8 does not survive PVE.
        let text = String::from_utf8_lossy(text);
        let kept = cut(&text, OUTPUT);
        data.insert(format!("{name}-data"), kept.into());
        data.insert(format!("{name}-truncated"), i32::from(kept.len() < text.len()).into());
    }
    Ok(Value::from(data).into())
}

/// The beginning of a text, cut between characters.
fn cut(text: &str, limit: usize) -> &str {
    let end = (0..=limit.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
    &text[..end]
}

/// `GET …/agent/file-read`
pub(crate) fn file_read(ctx: &mut Ctx<'_>) -> Answer {
    let path = ctx.text("file").to_owned();
    let number = |name: &str| ctx.number(name).and_then(|n| usize::try_from(n).ok());
    let (offset, count) = (number("offset").unwrap_or(0), number("count").unwrap_or(OUTPUT));
    let decode = ctx.flag_or("decode", true);
    let guest = agent(ctx)?;
    let content = match (guest.inside.files.get(&path), path.as_str()) {
        (Some(content), _) => content.clone(),
        (None, "/etc/hostname") => format!("{}\n", hostname(guest)).into_bytes(),
        (None, _) => {
            return failed(format!(
                "Agent error: failed to open file '{path}' (mode: 'r'): No such file or directory"
            ));
        }
    };
    let bytes = content.as_slice();
    let from = offset.min(bytes.len());
    let part = &bytes[from..from.saturating_add(count).min(bytes.len())];
    let shown = if decode { String::from_utf8_lossy(part).into_owned() } else { BASE64.encode(part) };
    let mut data = json!({ "bytes-read": part.len(), "content": shown });
    if from + part.len() < bytes.len() {
        data["truncated"] = 1.into();
    }
    Ok(data.into())
}

/// `POST …/agent/file-write`
pub(crate) fn file_write(ctx: &mut Ctx<'_>) -> Answer {
    let (path, content) = (ctx.text("file").to_owned(), ctx.text("content").to_owned());
    let encode = ctx.flag_or("encode", true);
    let guest = agent(ctx)?;
    let content = if encode {
        content.into_bytes()
    } else {
        match BASE64.decode(&content) {
            Ok(bytes) => bytes,
            Err(_) => return failed("Agent error: failed to decode base64 content"),
        }
    };
    guest.inside.files.insert(path, content);
    Ok(Value::Null.into())
}
