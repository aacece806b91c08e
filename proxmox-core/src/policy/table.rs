//! What each write may reach: the paths of PVE 8.4 and 9.2.

#![allow(clippy::match_same_arms)] // One line for each family of paths, in the order that they are tried.

use super::Rule;
use super::subject::{GuestAt, Subject};
use super::volume;
use crate::{PveRequest, Upid, Verb};

const DISKS: Subject = Subject::Far(Rule::GuestData, "guests may have their disks there");
const MANY: Subject = Subject::Far(Rule::ManyGuests, "a bulk action touches guests without asking each");
const NETWORK: Subject = Subject::Far(Rule::Network, "it may cut guests and nodes off");
const USED: Subject = Subject::Far(Rule::ManyGuests, "guests may use it");
const NO_BACKUP: Subject = Subject::Far(Rule::Backup, "its guests might no longer be backed up");
const MEMBERS: Subject = Subject::Far(Rule::Node, "it changes which nodes the cluster has");

/// One line for each family of paths. A path that is in none is refused: nobody has looked at what it does.
pub(super) fn subject(request: &PveRequest) -> Subject {
    let segments: Vec<&str> = request.path.segments().collect();
    let known = match segments.as_slice() {
        ["nodes", node, rest @ ..] => of_node(request, node, rest),
        ["cluster", rest @ ..] => of_cluster(request, rest),
        ["access", rest @ ..] => of_access(request, rest),
        ["pools"] | ["pools", _] => Some(of_pool(request)),
        ["storage"] if request.verb == Verb::Create => Some(Subject::Apart),
        ["storage", _] => Some(of_storage(request)),
        _ => None,
    };
    known.unwrap_or(Subject::Far(Rule::UnknownPath, "it is not known what this path does"))
}

fn of_node(request: &PveRequest, node: &str, rest: &[&str]) -> Option<Subject> {
    use Verb::{Create, Delete, Set};
    Some(match (request.verb, rest) {
        // A clone only reads its source, and PVE refuses to clone onto an existing guest.
        (Create, ["qemu" | "lxc", _, "clone"]) => Subject::Copy,
        (_, ["qemu" | "lxc", ..]) if has(request, "target-vmid") => {
            Subject::Far(Rule::ManyGuests, "it also changes the guest that target-vmid names")
        }
        (_, [kind @ ("qemu" | "lxc"), vmid, ..]) => Subject::Guest(GuestAt::read(node, kind, vmid)),
        (Create, [kind @ ("qemu" | "lxc")]) => new_guest(request, node, kind),
        (Delete, ["tasks", upid]) => task_of(upid),
        (Create, ["startall" | "stopall" | "suspendall" | "migrateall"]) => MANY,
        (Create, ["execute"]) => Subject::Far(Rule::ManyGuests, "a batch hides the requests it carries"),
        (Create, ["status"]) => {
            Subject::Far(Rule::Node, "rebooting or shutting down a node stops its guests")
        }
        (Create, ["vzdump"]) => of_backup(request),
        (Delete, ["storage", _, "content", volume @ ..]) => volume_deletion(volume),
        (Delete, ["storage", _, "prunebackups"]) => backups(),
        (_, ["storage", _, "content" | "download-url" | "oci-registry-pull" | "upload", ..]) => {
            Subject::Apart
        }
        (Delete, ["disks", ..]) | (Set, ["disks", "wipedisk"]) => DISKS,
        // PVE itself refuses disks that are in use.
        (Create, ["disks", "directory" | "initgpt" | "lvm" | "lvmthin" | "zfs"]) => Subject::Apart,
        (Delete | Set, ["ceph", ..]) => DISKS,
        (Create, ["ceph", "stop" | "restart" | "restart-bulk"] | ["ceph", "osd", _, "out"]) => DISKS,
        (Create, ["ceph", ..]) => Subject::Apart,
        // Staged until they are applied.
        (Create | Delete, ["network"]) | (Set | Delete, ["network", _]) => Subject::Apart,
        (Set, ["network"]) => NETWORK,
        (_, ["firewall", ..]) => NETWORK,
        (Create, ["services", _, "stop" | "restart"]) => {
            Subject::Far(Rule::Node, "the node, its guests or this connection may depend on that service")
        }
        (Create, ["services", _, "start" | "reload"]) => Subject::Apart,
        (
            _,
            [
                "aplinfo" | "apt" | "certificates" | "config" | "dns" | "hosts" | "replication"
                | "subscription",
                ..,
            ]
            | ["spiceshell" | "termproxy" | "vncshell" | "time" | "wakeonlan"],
        ) => Subject::Apart,
        _ => return None,
    })
}

fn of_cluster(request: &PveRequest, rest: &[&str]) -> Option<Subject> {
    use Verb::{Create, Delete, Set};
    Some(match (request.verb, rest) {
        (_, ["bulk-action", ..]) => MANY,
        (_, ["ha", ..]) => {
            Subject::Far(Rule::ManyGuests, "high availability starts, stops and moves its guests")
        }
        (_, ["replication", ..]) => Subject::Far(
            Rule::ManyGuests,
            "a replication job belongs to a guest that the path does not name by node",
        ),
        (Delete, ["backup", _]) => NO_BACKUP,
        (Set, ["backup", _]) if narrows(request) => NO_BACKUP,
        (Create, ["backup"]) | (Set, ["backup", _]) => of_backup(request),
        (_, ["ceph", ..]) => DISKS,
        (_, ["config", ..]) => MEMBERS,
        (Set, ["sdn"]) => NETWORK,
        (_, ["sdn", "vnets", _, "firewall", ..] | ["firewall", ..]) => NETWORK,
        // Staged until they are applied.
        (_, ["sdn", ..]) => Subject::Apart,
        (Delete | Set, ["mapping" | "qemu", ..]) => USED,
        (Create, ["mapping" | "qemu", ..]) => Subject::Apart,
        (_, ["acme" | "jobs" | "metrics" | "notifications" | "options", ..]) => Subject::Apart,
        _ => return None,
    })
}

fn of_access(request: &PveRequest, rest: &[&str]) -> Option<Subject> {
    const LOCKOUT: Subject =
        Subject::Far(Rule::Lockout, "it may lock everybody out, and takes all tokens of root@pam along");
    Some(match (request.verb, rest) {
        (Verb::Delete, ["users", "root@pam"] | ["domains", "pam" | "pve"]) => LOCKOUT,
        (Verb::Set, ["users", "root@pam"]) if has(request, "enable") || has(request, "expire") => LOCKOUT,
        (
            _,
            ["acl" | "domains" | "groups" | "openid" | "password" | "roles" | "tfa" | "ticket" | "users", ..],
        ) => Subject::Apart,
        (_, ["vncticket"]) => Subject::Apart,
        _ => return None,
    })
}

/// Who may do what to a guest depends on its pools.
fn of_pool(request: &PveRequest) -> Subject {
    let moves = request.verb == Verb::Set && (has(request, "vms") || has(request, "storage"));
    if moves {
        Subject::Far(Rule::ManyGuests, "it moves guests in or out of a pool without asking each")
    } else {
        Subject::Apart
    }
}

/// A storage's definition. Some of it says nothing about where volumes are.
fn of_storage(request: &PveRequest) -> Subject {
    let harmless =
        |name: &str| matches!(name, "bwlimit" | "digest" | "max-protected-backups" | "prune-backups");
    if request.verb == Verb::Set && request.params.iter().all(|(name, _)| harmless(name)) {
        Subject::Apart
    } else {
        DISKS
    }
}

fn has(request: &PveRequest, name: &str) -> bool {
    !request.params.all(name).is_empty()
}

/// A backup, or a job that makes some. A snapshot goes beside the guest's work; the other modes stop or suspend it.
fn of_backup(request: &PveRequest) -> Subject {
    let keeps_all = |keep: &std::borrow::Cow<'_, str>| keep.split(',').any(|part| part == "keep-all=1");
    if request.params.all("mode").iter().any(|mode| mode != "snapshot") {
        Subject::Far(Rule::ManyGuests, "a backup in this mode interrupts its guests")
    } else if has(request, "maxfiles") || !request.params.all("prune-backups").iter().all(keeps_all) {
        backups()
    } else {
        Subject::Apart
    }
}

/// Whether a change of a backup job may leave guests out.
fn narrows(request: &PveRequest) -> bool {
    ["all", "delete", "enabled", "exclude", "exclude-path", "node", "pool", "schedule", "storage", "vmid"]
        .iter()
        .any(|name| has(request, name))
}

fn backups() -> Subject {
    Subject::Far(Rule::Backup, "a backup that is deleted does not come back")
}

/// `vm-100-disk-0`, `base-100-disk-0.qcow2`, `subvol-200-disk-0`, anything in a directory with a guest's number; and backups.
fn volume_deletion(path: &[&str]) -> Subject {
    let bare = |segment: &&str| segment.rsplit(':').next().unwrap_or_default().to_owned();
    let names: Vec<String> = path.iter().map(bare).collect();
    let numbered = |name: &String| !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
    let (last, directories) = names.split_last().map_or(("", &[] as &[String]), |(l, d)| (l.as_str(), d));
    if volume::numbered(last).is_some() || directories.iter().any(numbered) {
        Subject::Far(Rule::GuestData, "the volume may be a guest's disk")
    } else if last.starts_with("vzdump-") || directories.iter().any(|name| name == "backup") {
        backups()
    } else {
        Subject::Apart
    }
}

/// `POST /nodes/{node}/{kind}`: creates, or restores.
fn new_guest(request: &PveRequest, node: &str, kind: &str) -> Subject {
    let overwrites = request.params.all("force").iter().any(|flag| flag != "0");
    match request.params.all("vmid").as_slice() {
        [vmid] if overwrites => {
            GuestAt::read(node, kind, vmid).map_or(Subject::Guest(None), Subject::Overwritten)
        }
        [_] | [] if !overwrites => Subject::NewGuest,
        _ => Subject::Guest(None),
    }
}

/// Stopping a task stops what it does to its guest. What makes a new guest, or a backup, may always be stopped.
fn task_of(upid: &str) -> Subject {
    let Ok(upid) = Upid::parse(upid) else { return Subject::Guest(None) };
    let (kind, work) = match upid.kind().split_at_checked(2) {
        Some(("qm", work)) => ("qemu", work),
        Some(("vz", work)) => ("lxc", work),
        // `resize`, `hastop` and others are about a guest, and do not say of which kind.
        _ if upid.subject().is_some_and(|subject| subject.bytes().all(|b| b.is_ascii_digit())) => {
            return Subject::Guest(None);
        }
        _ => return Subject::Apart,
    };
    match upid.subject() {
        Some(vmid) if !matches!(work, "clone" | "create" | "restore" | "dump") => {
            GuestAt::read(upid.node().as_str(), kind, vmid)
                .map_or(Subject::Apart, |at| Subject::Guest(Some(at)))
        }
        _ => Subject::Apart,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{GuestFacts, Policy, Verdict};
    use crate::{Effect, PvePath, Vmid};

    /// What the placeholders of the paths stand for here.
    const VALUES: [(&str, &str); 5] = [
        ("{vmid}", "123"),
        ("{upid}", "UPID:pve1:00007073:000445CD:6B00C445:qmstart:123:root@pam:"),
        ("{volume}", "local:iso/debian.iso"),
        ("{userid}", "joe@pve"),
        ("{realm}", "ldap"),
    ];

    /// Every write of PVE, as a raw request without parameters: what it is called, and itself.
    fn writes() -> impl Iterator<Item = (String, PveRequest)> {
        let lines = include_str!("writes.txt").lines().filter(|line| !line.starts_with('#'));
        lines.flat_map(|line| {
            let mut words = line.split(' ');
            let path = words.next().unwrap();
            let filled = VALUES.iter().fold(path.to_owned(), |path, (name, value)| path.replace(name, value));
            let parts: Vec<String> = filled
                .split('/')
                .map(|part| {
                    if part.starts_with('{') { part.trim_matches(['{', '}']) } else { part }.to_owned()
                })
                .collect();
            let filled = PvePath::parse(&parts.join("/").replace("/node/", "/pve1/")).unwrap();
            let verb = |method: &str| match method.split(':').next().unwrap() {
                "POST" => Verb::Create,
                "PUT" => Verb::Set,
                "DELETE" => Verb::Delete,
                other => panic!("{other}"),
            };
            let all: Vec<_> = words
                .map(|method| (format!("{method} {path}"), PveRequest::new(verb(method), filled.clone())))
                .collect();
            all
        })
    }

    #[test]
    fn every_write_is_known() {
        let lines: Vec<String> = writes()
            .map(|(name, request)| {
                let reach = match subject(&request) {
                    Subject::Apart => "apart".to_owned(),
                    Subject::NewGuest => "new guest".to_owned(),
                    Subject::Copy => "copy of a guest".to_owned(),
                    Subject::Overwritten(_) => "overwritten".to_owned(),
                    Subject::Guest(at) => {
                        format!("guest {}", at.map_or("?".to_owned(), |at| at.vmid.to_string()))
                    }
                    Subject::Far(rule, _) => format!("refused: {rule}"),
                };
                assert_ne!(reach, "refused: unknown-path", "{name}");
                format!("{reach:24} {name}")
            })
            .collect();
        assert!(lines.len() > 300, "{}", lines.len());
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn every_write_to_a_guest_is_gated() {
        let foreign = GuestFacts::new(Vmid::new(123).unwrap());
        let mut gated = 0;
        for (name, request) in writes().filter(|(name, _)| name.contains("{vmid}")) {
            assert_eq!(request.effect, Effect::Destroy, "{name}");
            if name.ends_with("/clone") {
                assert_eq!(subject(&request), Subject::Copy, "{name}");
                continue;
            }
            let Subject::Guest(Some(at)) = subject(&request) else { panic!("{name}") };
            assert_eq!((at.vmid, at.node.as_str()), (foreign.vmid, "pve1"), "{name}");
            assert_eq!(at.kind.segment(), if name.contains("/qemu/") { "qemu" } else { "lxc" }, "{name}");
            for facts in [None, Some(&foreign)] {
                assert_ne!(Policy::default().verdict(&request, facts), Verdict::Allow, "{name}");
            }
            gated += 1;
        }
        assert!(gated > 80, "{gated}");
    }

    fn rule(verb: Verb, path: &str, params: &[(&str, &str)]) -> Option<Rule> {
        let request = PveRequest::new(verb, PvePath::parse(path).unwrap());
        let request = params.iter().fold(request, |request, (name, value)| request.param(*name, *value));
        match subject(&request) {
            Subject::Far(rule, _) => Some(rule),
            _ => None,
        }
    }

    #[test]
    fn what_depends_on_more_than_the_path() {
        use Verb::{Create, Delete, Set};
        let content = |volume: &str| format!("/nodes/pve1/storage/lab/content/{volume}");
        for (volume, expected) in [
            ("lab:100/vm-100-disk-0.qcow2", Some(Rule::GuestData)),
            ("vm-100-disk-0", Some(Rule::GuestData)),
            ("lab:base-9000-disk-0", Some(Rule::GuestData)),
            ("lab:backup/vzdump-qemu-100-2026_01_01-00_00_00.vma.zst", Some(Rule::Backup)),
            ("lab:iso/a.iso", None),
            ("lab:import/x/y/z/deep/er/vm-1-disk-0.raw", Some(Rule::GuestData)),
        ] {
            assert_eq!(rule(Delete, &content(volume), &[]), expected, "{volume}");
        }
        for (verb, path, params, expected) in [
            (Delete, "/access/users/root@pam", &[][..], Some(Rule::Lockout)),
            (Set, "/access/users/root@pam", &[("enable", "0")], Some(Rule::Lockout)),
            (Set, "/access/users/root@pam", &[("comment", "x")], None),
            (Delete, "/access/domains/pam", &[], Some(Rule::Lockout)),
            (Create, "/nodes/pve1/vzdump", &[("mode", "stop")], Some(Rule::ManyGuests)),
            (Create, "/nodes/pve1/vzdump", &[("mode", "snapshot")], None),
            (Create, "/nodes/pve1/vzdump", &[("prune-backups", "keep-last=1")], Some(Rule::Backup)),
            (Create, "/nodes/pve1/vzdump", &[("prune-backups", "keep-all=1")], None),
            (Create, "/cluster/backup", &[("all", "1"), ("schedule", "2:00")], None),
            (Create, "/cluster/backup", &[("all", "1"), ("mode", "stop")], Some(Rule::ManyGuests)),
            (Set, "/cluster/backup/x", &[("enabled", "0")], Some(Rule::Backup)),
            (Set, "/cluster/backup/x", &[("vmid", "100")], Some(Rule::Backup)),
            (Set, "/cluster/backup/x", &[("mode", "suspend")], Some(Rule::ManyGuests)),
            (Set, "/cluster/backup/x", &[("comment", "x")], None),
            (Set, "/pools/ci", &[("vms", "100")], Some(Rule::ManyGuests)),
            (Set, "/pools/ci", &[("comment", "x")], None),
            (Set, "/storage/lab", &[("disable", "1")], Some(Rule::GuestData)),
            (Set, "/storage/lab", &[("bwlimit", "1"), ("digest", "x")], None),
            (Create, "/nodes/pve1/qemu/100/move_disk", &[("target-vmid", "101")], Some(Rule::ManyGuests)),
            (Create, "/nodes/pve1/new-in-pve-10", &[], Some(Rule::UnknownPath)),
            (Create, "/new", &[], Some(Rule::UnknownPath)),
            (Set, "/cluster/sdn", &[], Some(Rule::Network)),
        ] {
            assert_eq!(rule(verb, path, params), expected, "{path} {params:?}");
        }
    }
}
