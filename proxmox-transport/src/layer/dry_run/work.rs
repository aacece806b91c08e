//! What PVE answers to a write, as far as a plan can say it.

use proxmox_core::{GuestKind, PvePath, PveRequest, Target, Upid, Verb};
use serde_json::{Value, json};

use super::is_ours;

/// Whose tasks the planned ones are.
pub(super) const USER: &str = "dry-run@pam";

/// The UPID of the task that PVE would start, if it would: `number` makes it differ from the others of the plan.
pub(super) fn upid(request: &PveRequest, number: usize) -> Option<String> {
    let segments: Vec<&str> = request.path.segments().collect();
    let (node, rest) = match segments.as_slice() {
        ["nodes", node, rest @ ..] => (*node, rest),
        _ => return None,
    };
    let kind = task_kind(request.verb, rest)?;
    let subject = match request.target() {
        Target::Guest { vmid, .. } => vmid.to_string(),
        _ => request.params.text("vmid").map(std::borrow::Cow::into_owned).unwrap_or_default(),
    };
    // A field of a UPID holds no colon.
    let subject = subject.replace(':', "-");
    Some(format!("UPID:{node}:{number:08X}:00000000:00000000:{kind}:{subject}:{USER}:"))
}

/// The kind of task, for those requests that start one. The others are answered with nothing.
fn task_kind(verb: Verb, rest: &[&str]) -> Option<String> {
    use Verb::{Create, Delete, Set};
    let guest = |kind: &str| {
        if kind == GuestKind::Qemu.segment() { "qm" } else { "vz" }
    };
    let text = |s: &str| Some(s.to_owned());
    match (verb, rest) {
        (Create, [kind @ ("qemu" | "lxc")]) => Some(format!("{}create", guest(kind))),
        (Delete, [kind @ ("qemu" | "lxc"), _]) => Some(format!("{}destroy", guest(kind))),
        (Create, [kind @ ("qemu" | "lxc"), _, "status", action]) => Some(format!("{}{action}", guest(kind))),
        (
            Create,
            [kind @ ("qemu" | "lxc"), _, action @ ("clone" | "migrate" | "remote_migrate" | "snapshot")],
        ) => Some(format!("{}{}", guest(kind), action.trim_start_matches("remote_"))),
        (Create, ["qemu", _, action @ ("config" | "template")]) => Some(format!("qm{action}")),
        (Create, ["qemu", _, "move_disk"]) => text("qmmove"),
        (Create, ["lxc", _, "move_volume"]) => text("move_volume"),
        (Set, ["qemu" | "lxc", _, "resize"]) => text("resize"),
        (Delete, [kind @ ("qemu" | "lxc"), _, "snapshot", _]) => Some(format!("{}delsnapshot", guest(kind))),
        (Create, [kind @ ("qemu" | "lxc"), _, "snapshot", _, "rollback"]) => {
            Some(format!("{}rollback", guest(kind)))
        }
        (Create, ["vzdump"]) => text("vzdump"),
        (Create, [all @ ("startall" | "stopall" | "suspendall" | "migrateall")]) => text(all),
        (Delete, ["storage", _, "content", _, ..]) => text("imgdel"),
        (Delete, ["storage", _, "prunebackups"]) => text("prunebackups"),
        (Create, ["storage", _, "download-url"]) => text("download"),
        (Create, ["storage", _, "upload"] | ["storage", _, "content", _, ..]) => text("imgcopy"),
        (Create, ["apt", "update"]) => text("aptupdate"),
        (Create, ["services", _, action]) => Some(format!("srv{action}")),
        (Set, ["network"]) => text("srvreload"),
        (Create | Delete, ["disks", what, ..]) => Some(format!("disk{what}")),
        (Set, ["disks", "wipedisk"]) => text("wipedisk"),
        _ => None,
    }
}

/// What PVE answers to a write that starts no task: nothing, with three exceptions.
pub(super) fn data(request: &PveRequest) -> Value {
    let segments: Vec<&str> = request.path.segments().collect();
    match (request.verb, segments.as_slice()) {
        (Verb::Create, ["nodes", _, "storage", storage, "content"]) => {
            let name = request.params.text("filename").unwrap_or_default();
            json!(format!("{storage}:{name}"))
        }
        (Verb::Create, [.., "agent", "exec"]) => json!({ "pid": 0 }),
        (Verb::Create, [.., "pct", "exec"]) => json!({ "exitcode": 0 }),
        _ => Value::Null,
    }
}

/// What a planned task says when it is asked.
pub(super) fn task(path: &PvePath) -> Option<Value> {
    let segments: Vec<&str> = path.segments().collect();
    let ["nodes", _, "tasks", upid, rest @ ..] = segments.as_slice() else {
        return None;
    };
    let upid = Upid::parse(upid).ok().filter(is_ours)?;
    match rest {
        ["status"] => Some(json!({
            "upid": upid, "node": upid.node(), "type": upid.kind(), "id": upid.subject(), "user": USER,
            "pid": upid.pid(), "pstart": 0, "starttime": 0, "status": "stopped", "exitstatus": "OK",
        })),
        ["log"] => Some(json!([{"n": 1, "t": "dry-run: planned, not carried out"}])),
        _ => None,
    }
}
