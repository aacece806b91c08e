//! What a request needs, held against what there is: the guest, its number, its node, its drives and cards.

use super::facts::{Facts, kind_of};
use super::need::{Act, Need};
use super::report::{Findings, Severity};
use crate::guest::is_absent;
use crate::{ConfigBag, ErrorKind, Growth, GuestKind, PveRequest, Vmid};

pub(super) fn all(request: &PveRequest, need: Option<&Need>, facts: &Facts, found: &mut Findings) {
    cluster(facts, found);
    if let Some(need) = need {
        nodes(need, facts, found);
        number(need, facts, found);
        existing(need, facts, found);
        act(request, need, facts, found);
        super::place::storages(need, facts, found);
        super::place::network(need, facts, found);
        super::place::size(need, facts, found);
        values(need, found);
    }
    gate(need, facts, found);
    privileges(facts, found);
}

fn cluster(facts: &Facts, found: &mut Findings) {
    match &facts.version {
        Ok(version) if !(8..=9).contains(&version.major()) => found.warn(
            "version-unknown",
            format!("PVE {}", version.version),
            "this SDK is made for 8 and 9",
            "expect what differs to be refused, or to be left out",
        ),
        Ok(_) => {}
        Err(e) if e.kind() == ErrorKind::Unauthenticated => {
            found.error("not-authenticated", "the credentials", e.message(), e.advice().unwrap_or_default());
        }
        Err(e) => found.error("unreachable", "the API", e.message(), e.advice().unwrap_or_default()),
    }
    match &facts.resources {
        // Every node has a storage, and nodes themselves are shown to everybody.
        Ok(rows) if rows.iter().all(|row| row.kind != "storage") => found.warn(
            "lists-are-empty",
            "the cluster",
            "no storage is listed: these credentials may look at little, so little could be checked",
            "grant PVEAuditor on / to see all; a privilege-separated token needs an ACL of its own",
        ),
        Err(e) if facts.version.is_ok() => {
            found.warn("unreadable", "the cluster's resources", e.message(), e.advice().unwrap_or_default());
        }
        _ => {}
    }
}

fn nodes(need: &Need, facts: &Facts, found: &mut Findings) {
    let known: Vec<&str> = facts
        .resources()
        .iter()
        .filter(|row| row.kind == "node")
        .filter_map(|row| Some(row.node.as_ref()?.as_str()))
        .collect();
    if known.is_empty() {
        return;
    }
    for node in [&need.node, need.destination()] {
        match facts.node(node) {
            None => found.error(
                "node-unknown",
                format!("node {node}"),
                format!("there is no such node; there are {}", known.join(", ")),
                "name one of them",
            ),
            Some(row) if row.status.as_ref().is_some_and(|status| status.as_str() != "online") => found
                .error(
                    "node-offline",
                    format!("node {node}"),
                    "it is not online",
                    "wait for it, or take another node",
                ),
            Some(_) => {}
        }
    }
}

/// Numbers are the whole cluster's, VMs and containers together.
fn number(need: &Need, facts: &Facts, found: &mut Findings) {
    let Some(newid) = need.newid else {
        return;
    };
    // A restore may take the place of a guest.
    let newid = newid.filter(|_| need.wanted.flag("force") != Some(true));
    if let Some(newid) = newid
        && let Some(taken) = facts.guests().find(|row| row.vmid == Some(newid))
    {
        let node = taken.node.as_ref().map(|node| format!(" on node {node}")).unwrap_or_default();
        let name = taken.name.as_deref().unwrap_or("without a name");
        let free = next_free(facts, newid).map(|n| format!("take {n}, or let one be chosen"));
        // One of the same name may be this clone, made earlier: then the call finds it.
        let repeated = need.act == Act::Clone && taken.name.as_deref() == need.wanted.name();
        found.add(
            if repeated { Severity::Warning } else { Severity::Error },
            "vmid-taken",
            format!("number {newid}"),
            format!("it is that of {} {name}{node}", kind_of(taken).noun()),
            free.unwrap_or_else(|| "let one be chosen".to_owned()),
        );
    }
    let name = need.wanted.name().unwrap_or_default();
    if let Some(twin) = facts.guests().find(|row| !name.is_empty() && row.name.as_deref() == Some(name)) {
        let vmid = twin.vmid.map(|vmid| vmid.to_string()).unwrap_or_default();
        found.warn(
            "name-taken",
            format!("name {name}"),
            format!("guest {vmid} has the same name: neither can be found by it"),
            "take another name",
        );
    }
}

fn next_free(facts: &Facts, from: Vmid) -> Option<Vmid> {
    let taken: std::collections::BTreeSet<u32> =
        facts.guests().filter_map(|row| Some(row.vmid?.get())).collect();
    (from.get()..).find(|n| !taken.contains(n)).and_then(|n| Vmid::new(n).ok())
}

/// The guest that is there already.
fn existing(need: &Need, facts: &Facts, found: &mut Findings) {
    let (Some(vmid), Some(config)) = (need.vmid, &facts.config) else {
        return;
    };
    let config = match config {
        Ok(config) => config,
        Err(e) if is_absent(e) => {
            let elsewhere = facts.guests().find(|row| row.vmid == Some(vmid));
            let (code, message, remedy) = match elsewhere {
                Some(row) if kind_of(row) != need.kind => (
                    "guest-of-other-kind",
                    format!("{vmid} is a {}", kind_of(row).noun()),
                    "take the other handle",
                ),
                Some(row) => {
                    let node = row.node.as_ref().map(ToString::to_string).unwrap_or_default();
                    (
                        "guest-elsewhere",
                        format!("it is on node {node}"),
                        "ask that node, or find guests by number",
                    )
                }
                None => (
                    "guest-missing",
                    "there is no such guest".to_owned(),
                    "check the number; what lacks VM.Audit is not seen",
                ),
            };
            // To delete what is gone already is no fault.
            let severity = match code {
                "guest-missing" if need.act == Act::Delete => Severity::Warning,
                _ => Severity::Error,
            };
            return found.add(severity, code, need.subject(), message, remedy);
        }
        Err(e) => {
            return found.warn("unreadable", need.subject(), e.message(), e.advice().unwrap_or_default());
        }
    };
    if let Some(lock) = config.get("lock") {
        // What PVE lets pass all the same: what only reads or talks to the agent, and what deals with a suspended guest.
        let severity = match need.act {
            Act::Agent | Act::Other => Severity::Note,
            Act::Start | Act::Delete if lock == "suspended" => Severity::Warning,
            _ if need.wanted.flag("skiplock") == Some(true) => Severity::Warning,
            _ => Severity::Error,
        };
        found.add(
            severity,
            "guest-locked",
            need.subject(),
            format!("it is locked ({lock})"),
            "wait for the task that holds the lock to end",
        );
    }
    if let (Some(stated), Some(now)) = (need.wanted.digest(), config.digest())
        && stated != now
    {
        found.error(
            "changed-meanwhile",
            need.subject(),
            "its configuration is another than the one that this change was made from",
            "read it again and repeat the change on the new state",
        );
    }
}

/// Whether it is in the state that the act asks for.
fn act(request: &PveRequest, need: &Need, facts: &Facts, found: &mut Findings) {
    let (Some(config), Some(Ok(status))) = (facts.config(), &facts.status) else {
        return;
    };
    let (subject, running) = (need.subject(), status.is_running());
    match need.act {
        Act::Start if config.is_template() => {
            found.error("guest-is-template", subject, "a template does not start", "start a clone of it");
        }
        Act::Start if running => {
            found.error("guest-runs", subject, "it runs already", "nothing is to do; see ensure");
        }
        Act::Start => start(need, config, facts, found),
        // PVE is content with a stop of what does not run, and with other words of the kind only for VMs.
        Act::Stop if !running => {
            found.warn("guest-is-off", subject, "it does not run", "nothing is to do; see ensure");
        }
        Act::Agent if !running => found.error("guest-is-off", subject, "it does not run", "start it first"),
        Act::Agent if !config.agent().is_some_and(|agent| agent.is_enabled()) => found.error(
            "agent-disabled",
            subject,
            "its configuration has no guest agent",
            "set agent to 1, install qemu-guest-agent in the guest, stop and start it",
        ),
        Act::Delete | Act::Template if running => {
            found.error("guest-runs", subject, "it runs", "shut it down first");
        }
        Act::Template if config.is_template() => {
            found.error("guest-is-template", subject, "it is a template already", "nothing is to do");
        }
        Act::Delete if config.flag("protection") == Some(true) => found.error(
            "guest-protected",
            subject,
            "PVE's own protection flag is set",
            "set protection to 0 first, if that is what you want",
        ),
        Act::Clone if need.full == Some(false) && !config.is_template() => found.add(
            // Some storages make linked clones of snapshots.
            if request.params.get("snapname").is_some() { Severity::Warning } else { Severity::Error },
            "clone-not-linked",
            subject,
            "only a template can be cloned without copying its disks",
            "make a full clone, or turn it into a template",
        ),
        Act::Clone if need.storage.is_some() && need.full != Some(true) && config.is_template() => found
            .error(
                "clone-not-linked",
                subject,
                "a linked clone shares its template's disks and cannot be put on another storage",
                "leave the storage out, or make a full clone",
            ),
        Act::Resize => resize(request, need, config, found),
        Act::Config => cloud_init(need, config, found),
        _ => {}
    }
    let managed = status.extra.get("ha").and_then(|ha| serde_json::from_value::<Ha>(ha.clone()).ok());
    if matches!(need.act, Act::Start | Act::Stop | Act::Delete) && managed.is_some_and(|ha| ha.managed) {
        found.warn(
            "ha-managed",
            need.subject(),
            "high availability manages it, and may undo this",
            "ask for the state at its HA resource",
        );
    }
}

#[derive(serde::Deserialize)]
struct Ha {
    #[serde(default, deserialize_with = "crate::de::flag")]
    managed: bool,
}

/// PVE lets memory be promised twice.
fn start(need: &Need, config: &ConfigBag, facts: &Facts, found: &mut Findings) {
    let Some(node) = facts.node(&need.node) else {
        return;
    };
    let free = node.maxmem.unwrap_or(0).saturating_sub(node.mem.unwrap_or(0));
    let wanted =
        i64::try_from(config.memory_mib().unwrap_or(512)).unwrap_or(i64::MAX).saturating_mul(1 << 20);
    if node.maxmem.is_some() && wanted > free {
        found.warn(
            "memory-short",
            need.subject(),
            format!("it may use {} MiB, and node {} has {} MiB free", wanted >> 20, need.node, free >> 20),
            "stop something else, or take another node",
        );
    }
}

fn resize(request: &PveRequest, need: &Need, config: &ConfigBag, found: &mut Findings) {
    let (Some(slot), Some(size)) = (request.params.text("disk"), request.params.text("size")) else {
        return;
    };
    let Ok(growth) = size.parse::<Growth>() else {
        return found.error(
            "size-unreadable",
            need.subject(),
            format!("{size:?} is not a size"),
            "write 20G for a size, +5G for a growth",
        );
    };
    match config.disk(&slot) {
        Err(e) => found.error("disk-missing", need.subject(), e.message(), "name one that it has"),
        Ok(disk) => {
            if let Some(Err(e)) = disk.size().map(|now| growth.of(now)) {
                found.error(
                    "disk-shrinks",
                    need.subject(),
                    e.message(),
                    "PVE shrinks nothing: make a new disk",
                );
            }
        }
    }
}

fn cloud_init(need: &Need, config: &ConfigBag, found: &mut Findings) {
    let key = |key: &str| {
        matches!(key, "ciuser" | "cipassword" | "sshkeys" | "cicustom" | "ciupgrade")
            || key.starts_with("ipconfig")
    };
    let Some((key, _)) = need.wanted.iter().find(|(name, _)| key(name)) else {
        return;
    };
    let has_drive = |bag: &ConfigBag| {
        bag.disks().iter().any(|(_, disk)| disk.as_ref().is_ok_and(super::place::is_cloud_init))
    };
    if need.kind == GuestKind::Qemu && !has_drive(config) && !has_drive(&need.wanted) {
        found.warn(
            "cloud-init-drive-missing",
            need.subject(),
            format!("{key} is set, and there is no cloud-init drive to tell the guest"),
            "add one, such as ide2: local-lvm:cloudinit",
        );
    }
}

/// Values that PVE refuses, or that do not do what they seem to.
fn values(need: &Need, found: &mut Findings) {
    if !need.configures() {
        return;
    }
    let wanted = &need.wanted;
    let bad = |found: &mut Findings, key: &str, e: &crate::Error| {
        found.error("value-unreadable", format!("{key} of {}", need.subject()), e.message(), "correct it");
    };
    for (key, disk) in wanted.disks() {
        // A bare size goes to the storage that is named beside it.
        let bare =
            wanted.get(key).is_some_and(|value| value.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
        if let (Err(e), false) = (disk, bare && need.act == Act::Create) {
            bad(found, key, &e);
        }
    }
    for (number, ip) in wanted.ip_configs() {
        if let Err(e) = ip {
            bad(found, &format!("ipconfig{number}"), &e);
        }
    }
    let cards: Vec<(u32, crate::Error)> = match need.kind {
        GuestKind::Qemu => wanted.nets().into_iter().filter_map(|(n, net)| Some((n, net.err()?))).collect(),
        GuestKind::Lxc => {
            wanted.container_nets().into_iter().filter_map(|(n, net)| Some((n, net.err()?))).collect()
        }
    };
    for (number, e) in cards {
        bad(found, &format!("net{number}"), &e);
    }
    let tag = |tag: &str| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b'.');
        tag.bytes().all(plain) && tag.bytes().next().is_none_or(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    for text in wanted.get("tags").unwrap_or_default().split([';', ',', ' ']).filter(|text| !tag(text)) {
        found.error(
            "tag-malformed",
            format!("tag {text:?}"),
            "PVE takes letters, digits, '_', '-', '+' and '.', and no '-', '+' or '.' in front",
            "write it otherwise",
        );
    }
    if need.act == Act::Create
        && need.kind == GuestKind::Lxc
        && wanted.flag("unprivileged") == Some(true)
        && !wanted.get("features").unwrap_or_default().contains("nesting=1")
    {
        found.add(
            Severity::Note,
            "nesting-off",
            need.subject(),
            "with a recent systemd the console and some services of an unprivileged container do not come up",
            "set features to nesting=1 if it has one",
        );
    }
}

fn gate(need: Option<&Need>, facts: &Facts, found: &mut Findings) {
    // A guest that is not there has been told of.
    if let Err(e) = &facts.gate
        && e.kind() == ErrorKind::Refused
    {
        let subject = need.map_or_else(|| "the request".to_owned(), Need::subject);
        found.error("gate", subject, e.message(), e.advice().unwrap_or_default());
    }
}

fn privileges(facts: &Facts, found: &mut Findings) {
    for needed in &facts.needed {
        let held = |(path, privilege): &(String, &'static str)| {
            facts.held.get(path).map(|held| held.iter().any(|name| name == privilege))
        };
        // One of which nothing is known may be the one that is held.
        if needed.0.iter().any(|alternative| held(alternative) != Some(false)) {
            continue;
        }
        // A vnet's path names its zone; and whoever looked could not tell it from a bridge.
        let path = needed.path();
        let severity = if path.starts_with("/sdn/") { Severity::Warning } else { Severity::Error };
        found.add(
            severity,
            "privilege-missing",
            path,
            format!("{} is needed there", needed.words()),
            format!(
                "pveum acl modify {path} --users USER@REALM --roles {}\n\
                 a privilege-separated token needs the same with --tokens 'USER@REALM!NAME'",
                needed.role()
            ),
        );
    }
}
