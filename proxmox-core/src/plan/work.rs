//! What PVE answers to a write, as far as a plan can say it.

use serde_json::{Value, json};

use crate::{GuestKind, PvePath, PveRequest, Target, Upid, Verb};

/// Whose tasks the planned ones are.
pub(super) const USER: &str = "plan@pam";

/// The UPID of the task that PVE would start, if it would: `number` makes it differ from the others of the plan.
pub(super) fn upid(request: &PveRequest, number: usize) -> Option<String> {
    let segments: Vec<&str> = request.path.segments().collect();
    let ["nodes", node, rest @ ..] = segments.as_slice() else {
        return None;
    };
    task_kind(request.verb, rest).map(|kind| named(request, node, &kind, number))
}

/// The task that PVE would start for it without telling its UPID, likewise.
pub(super) fn quiet_upid(request: &PveRequest, number: usize) -> Option<String> {
    let node = request.path.segments().nth(1)?;
    quiet_task(request).map(|kind| named(request, node, kind, number))
}

/// The kind of task that PVE starts for it without telling the UPID.
pub(super) fn quiet_task(request: &PveRequest) -> Option<&'static str> {
    let segments: Vec<&str> = request.path.segments().collect();
    matches!((request.verb, segments.as_slice()), (Verb::Create, ["nodes", _, "lxc", _, "template"]))
        .then_some("vztemplate")
}

fn named(request: &PveRequest, node: &str, kind: &str, number: usize) -> String {
    let subject = match request.target() {
        Target::Guest { vmid, .. } => vmid.to_string(),
        _ => request.params.text("vmid").map(std::borrow::Cow::into_owned).unwrap_or_default(),
    };
    // A field of a UPID holds no colon.
    let subject = subject.replace(':', "-");
    format!("UPID:{node}:{number:08X}:00000000:00000000:{kind}:{subject}:{USER}:")
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

/// What PVE answers to a write that starts no task: nothing, with an exception.
pub(super) fn data(request: &PveRequest) -> Value {
    let segments: Vec<&str> = request.path.segments().collect();
    match (request.verb, segments.as_slice()) {
        (Verb::Create, ["nodes", _, "storage", storage, "content"]) => {
            let name = request.params.text("filename").unwrap_or_default();
            json!(format!("{storage}:{name}"))
        }
        _ => Value::Null,
    }
}

fn row(upid: &Upid) -> Value {
    json!({
        "upid": upid, "node": upid.node(), "type": upid.kind(), "id": upid.subject(), "user": USER,
        "pid": upid.pid(), "pstart": 0, "starttime": 0,
    })
}

/// A planned task in the node's list of tasks.
pub(super) fn listed(upid: &str) -> Option<Value> {
    let mut row = row(&Upid::parse(upid).ok()?);
    row["status"] = json!("OK");
    row["endtime"] = json!(0);
    Some(row)
}

/// What a planned task says when it is asked.
pub(super) fn task(path: &PvePath) -> Option<Value> {
    let segments: Vec<&str> = path.segments().collect();
    let ["nodes", _, "tasks", upid, rest @ ..] = segments.as_slice() else {
        return None;
    };
    let upid = Upid::parse(upid).ok().filter(|upid| upid.user() == USER)?;
    match rest {
        ["status"] => {
            let mut row = row(&upid);
            row["exitstatus"] = json!("OK");
            row["status"] = json!("stopped");
            Some(row)
        }
        ["log"] => Some(json!([{"n": 1, "t": "planned, not carried out"}])),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One request of each kind that PVE answers with a task, and some that it does not.
    #[test]
    fn which_writes_start_tasks() {
        use Verb::{Create, Delete, Set};
        for (verb, text, kind) in [
            (Create, "/nodes/pve1/qemu", Some("qmcreate")),
            (Create, "/nodes/pve1/lxc", Some("vzcreate")),
            (Delete, "/nodes/pve1/lxc/100", Some("vzdestroy")),
            (Create, "/nodes/pve1/qemu/100/status/start", Some("qmstart")),
            (Create, "/nodes/pve1/qemu/100/clone", Some("qmclone")),
            (Create, "/nodes/pve1/qemu/100/template", Some("qmtemplate")),
            (Create, "/nodes/pve1/lxc/100/template", None),
            (Create, "/nodes/pve1/qemu/100/config", Some("qmconfig")),
            (Set, "/nodes/pve1/qemu/100/config", None),
            (Set, "/nodes/pve1/qemu/100/resize", Some("resize")),
            (Delete, "/nodes/pve1/qemu/100/snapshot/a", Some("qmdelsnapshot")),
            (Create, "/nodes/pve1/qemu/100/snapshot/a/rollback", Some("qmrollback")),
            (Set, "/nodes/pve1/qemu/100/snapshot/a/config", None),
            (Create, "/nodes/pve1/qemu/100/agent/exec", None),
            (Delete, "/nodes/pve1/storage/local/content/local:iso/x.iso", Some("imgdel")),
            (Create, "/nodes/pve1/storage/local/download-url", Some("download")),
            (Create, "/nodes/pve1/storage/local/content", None),
            (Create, "/cluster/backup", None),
        ] {
            let request = PveRequest::new(verb, PvePath::parse(text).unwrap());
            let started = upid(&request, 7).map(|upid| Upid::parse(&upid).unwrap().kind().to_owned());
            assert_eq!(started.as_deref(), kind, "{verb} {text}");
        }
        let quiet = PveRequest::create(PvePath::parse("/nodes/pve1/lxc/100/template").unwrap());
        let upid = Upid::parse(&quiet_upid(&quiet, 7).unwrap()).unwrap();
        assert_eq!((upid.kind(), upid.subject()), ("vztemplate", Some("100")));
    }
}
