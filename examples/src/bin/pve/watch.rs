//! `pve watch`

use std::sync::Arc;

use console::Style;
use examples::{clock, complain, human, stdout};
use proxmox_core::guest::GuestState;
use proxmox_core::{Error, ErrorKind, NodeName, Outcome, Result};
use proxmox_fleet::Watch;
use proxmox_fleet::watch::{Change, Event, Guest};
use serde::Serialize;

use crate::args;
use crate::session::Session;
use crate::words::state;

/// A line of JSON.
#[derive(Serialize)]
struct Timed<'a> {
    /// Seconds since 1970.
    time: i64,
    #[serde(flatten)]
    event: &'a Event,
}

pub(crate) fn run(session: &Session, command: &args::Watch) -> Result<()> {
    // To a watch a wrong password is trouble that may pass. Here it is an error, and with it its advice and exit code.
    session.run("connecting", None, session.pve.cluster().version())?;
    let watch = Watch::new(&session.pve).interval(command.interval).templates(command.templates);
    let events = watch.subscribe().blocking().filter_map(|event| match &session.node {
        Some(node) => about(event, node),
        None => Some(event),
    });
    for event in events.take(command.count.map_or(usize::MAX, Into::into)) {
        let time = clock::unix();
        let line = if session.json { json(time, &event)? } else { text(time, &event) };
        if !stdout::offer(&format!("{line}\n"))? {
            break;
        }
    }
    Ok(())
}

/// The part of it that is about this node.
fn about(event: Event, node: &NodeName) -> Option<Event> {
    let is_here = |guest: &Arc<Guest>| guest.node == *node;
    let concerns = match &event {
        Event::Added { guest } | Event::Removed { guest, .. } => is_here(guest),
        Event::Changed { guest, what } => {
            let left = |change: &Change| matches!(change, Change::Node { from, .. } if from == node);
            is_here(guest) || what.iter().any(left)
        }
        Event::NodeAdded { node: n }
        | Event::NodeRemoved { node: n }
        | Event::NodeOnline { node: n }
        | Event::NodeOffline { node: n } => n.node == *node,
        _ => true,
    };
    Some(match event {
        Event::Snapshot { mut guests, mut nodes, missed } => {
            guests.retain(is_here);
            nodes.retain(|n| n.node == *node);
            Event::Snapshot { guests, nodes, missed }
        }
        event if concerns => event,
        _ => return None,
    })
}

fn json(time: i64, event: &Event) -> Result<String> {
    serde_json::to_string(&Timed { time, event }).map_err(|e| {
        Error::new(ErrorKind::Unexpected, Outcome::Rejected, format!("the event cannot be shown: {e}"))
            .with_source(e)
    })
}

/// When, who, what; in colour where stdout is one.
fn text(time: i64, event: &Event) -> String {
    let (who, what) = words(event);
    let who = if who.is_empty() { who } else { format!("{}: ", Style::new().bold().apply_to(who)) };
    format!("{}  {who}{what}", Style::new().dim().apply_to(human::time(time)))
}

/// Whom it is about, if anybody, and what there is to say.
fn words(event: &Event) -> (String, String) {
    let (good, bad) = (Style::new().green(), Style::new().red().bold());
    let node = |name: &NodeName| format!("node {name}");
    match event {
        Event::Snapshot { guests, nodes, missed } => {
            let running = guests.iter().filter(|guest| guest.status == GuestState::Running).count();
            let online = nodes.iter().filter(|node| node.is_online()).count();
            let text = format!(
                "{running} of {} running, {online} of {} online",
                human::count(guests.len(), "guest", "guests"),
                human::count(nodes.len(), "node", "nodes")
            );
            (String::new(), if *missed { format!("{text} (some events were missed)") } else { text })
        }
        Event::Added { guest } => (name(guest), format!("new, {}", state(&guest.status))),
        Event::Removed { guest, why } => (name(guest), Style::new().yellow().apply_to(why).to_string()),
        Event::Changed { guest, what } => {
            let what: Vec<String> = what.iter().filter_map(|change| words_of(change, guest)).collect();
            (name(guest), what.join(", "))
        }
        Event::NodeAdded { node: n } => (node(&n.node), format!("new, {}", n.status)),
        Event::NodeRemoved { node: n } => (node(&n.node), "no longer in the cluster".to_owned()),
        Event::NodeOnline { node: n } => (node(&n.node), good.apply_to("online").to_string()),
        Event::NodeOffline { node: n } => {
            (node(&n.node), format!("{}; its guests are unknown", bad.apply_to(&n.status)))
        }
        Event::Stale { retry_seconds, error, .. } => {
            let trouble = bad.apply_to("no answer").to_string();
            let error = complain::printable(error);
            (String::new(), format!("{trouble}; the next try is in {retry_seconds} s: {error}"))
        }
        Event::Recovered { after_seconds } => {
            let after = after_seconds.map(|seconds| format!(" after {seconds} s")).unwrap_or_default();
            (String::new(), format!("{}{after}", good.apply_to("answered again")))
        }
        Event::Unreadable { rows: 0, .. } => (String::new(), "all rows can be read again".to_owned()),
        Event::Unreadable { rows, why } => {
            let why = why.as_deref().map(|why| format!(": {}", complain::printable(why))).unwrap_or_default();
            let rows = human::count(*rows, "row", "rows");
            (String::new(), format!("{rows} cannot be read, so nothing counts as removed{why}"))
        }
        other => (String::new(), other.name().to_owned()),
    }
}

/// `VM 100 web on pve1`
fn name(guest: &Guest) -> String {
    let name =
        guest.name.as_deref().map(|name| format!(" {}", complain::printable(name))).unwrap_or_default();
    format!("{} {}{name} on {}", guest.kind.noun(), guest.vmid, guest.node)
}

/// None for figures of a guest that is unknown: that has been said.
fn words_of(change: &Change, guest: &Guest) -> Option<String> {
    let figure = |what: &str, from: Option<String>, to: Option<String>| match (from, to) {
        (_, None) if guest.is_unknown() => None,
        (_, None) => Some(format!("{what} unknown")),
        (None, Some(to)) => Some(format!("{what} {to}")),
        (Some(from), Some(to)) => Some(format!("{what} {from} → {to}")),
    };
    let size = |bytes: Option<i64>| bytes.map(human::bytes);
    Some(match change {
        Change::Status { from, to } => format!("{} → {}", state(from), state(to)),
        Change::Node { from, .. } => format!("moved from {from}"),
        Change::Name { from, .. } => match from {
            Some(from) => format!("was named {}", complain::printable(from)),
            None => "has a name now".to_owned(),
        },
        Change::Tags { from, to } => {
            let added = to.iter().filter(|tag| !from.contains(tag)).map(|tag| format!("+{tag}"));
            let removed = from.iter().filter(|tag| !to.contains(tag)).map(|tag| format!("-{tag}"));
            let all: Vec<String> = added.chain(removed).collect();
            complain::printable(&format!("tags {}", all.join(" ")))
        }
        Change::Lock { to: Some(lock), .. } => complain::printable(&format!("locked ({lock})")),
        Change::Lock { to: None, .. } => "unlocked".to_owned(),
        Change::Template { to: true, .. } => "a template now".to_owned(),
        Change::Template { to: false, .. } => "no template any more".to_owned(),
        Change::Cpu { from, to } => return figure("CPU", from.map(human::percent), to.map(human::percent)),
        Change::Mem { from, to } => return figure("memory", size(*from), size(*to)),
        Change::Maxmem { from, to } => return figure("all memory", size(*from), size(*to)),
        other => format!("{other:?}"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn guest(values: Value) -> Value {
        let mut guest = json!({
            "vmid": 100, "kind": "qemu", "node": "pve1", "name": "web", "status": "running", "cpu_percent": 5.0,
            "mem": 1, "maxmem": 2, "tags": [], "lock": null, "template": false,
        });
        let Value::Object(values) = values else { panic!("an object") };
        guest.as_object_mut().unwrap().extend(values);
        guest
    }

    fn event(value: Value) -> Event {
        serde_json::from_value(value).unwrap()
    }

    fn said(value: Value) -> String {
        text(1_800_000_000, &event(value)).strip_prefix("2027-01-15 08:00:00  ").unwrap().to_owned()
    }

    #[test]
    fn every_event_is_a_line() {
        let (on, off) =
            (json!({"node": "pve1", "status": "online"}), json!({"node": "pve1", "status": "offline"}));
        let web = || guest(json!({}));
        for (value, line) in [
            (
                json!({"event": "snapshot", "guests": [web(), guest(json!({"status": "stopped"}))], "nodes": [on, off],
                "missed": false}),
                "1 of 2 guests running, 1 of 2 nodes online",
            ),
            (
                json!({"event": "snapshot", "guests": [], "nodes": [], "missed": true}),
                "0 of 0 guests running, 0 of 0 nodes online (some events were missed)",
            ),
            (
                json!({"event": "added", "guest": guest(json!({"kind": "lxc"}))}),
                "CT 100 web on pve1: new, running",
            ),
            (
                json!({"event": "removed", "guest": guest(json!({"name": null})), "why": "gone"}),
                "VM 100 on pve1: gone",
            ),
            (
                json!({"event": "removed", "guest": web(), "why": "template"}),
                "VM 100 web on pve1: a template now",
            ),
            (json!({"event": "node-added", "node": on}), "node pve1: new, online"),
            (json!({"event": "node-removed", "node": on}), "node pve1: no longer in the cluster"),
            (json!({"event": "node-online", "node": on}), "node pve1: online"),
            (json!({"event": "node-offline", "node": off}), "node pve1: offline; its guests are unknown"),
            (
                json!({"event": "stale", "since_seconds": 10, "retry_seconds": 20, "kind": "connect", "error": "a\nb\u{1b}"}),
                "no answer; the next try is in 20 s: a b",
            ),
            (json!({"event": "recovered", "after_seconds": 30}), "answered again after 30 s"),
            (json!({"event": "recovered", "after_seconds": null}), "answered again"),
            (
                json!({"event": "unreadable", "rows": 1, "why": "row 3: x"}),
                "1 row cannot be read, so nothing counts as removed: row 3: x",
            ),
            (json!({"event": "unreadable", "rows": 0, "why": null}), "all rows can be read again"),
        ] {
            assert_eq!(said(value), line);
        }
    }

    #[test]
    fn every_change_in_words() {
        let unknown = || guest(json!({"status": "unknown", "cpu_percent": null, "mem": null}));
        for (guest, what, words) in [
            (
                guest(json!({})),
                json!([{"field": "status", "from": "stopped", "to": "running"},
                {"field": "cpu", "from": 0.0, "to": 5.0}, {"field": "mem", "from": null, "to": 1024}]),
                "stopped → running, CPU 0.0 % → 5.0 %, memory 1 KiB",
            ),
            (
                guest(json!({})),
                json!([{"field": "node", "from": "pve2", "to": "pve1"},
                {"field": "lock", "from": "migrate", "to": null}]),
                "moved from pve2, unlocked",
            ),
            (
                guest(json!({})),
                json!([{"field": "name", "from": "old", "to": "web"},
                {"field": "tags", "from": ["a", "b"], "to": ["b", "c"]}]),
                "was named old, tags +c -a",
            ),
            (
                guest(json!({})),
                json!([{"field": "lock", "from": null, "to": "backup"},
                {"field": "template", "from": false, "to": true},
                {"field": "maxmem", "from": 1024, "to": 2048}]),
                "locked (backup), a template now, all memory 1 KiB → 2 KiB",
            ),
            (guest(json!({})), json!([{"field": "cpu", "from": 1.0, "to": null}]), "CPU unknown"),
            (
                unknown(),
                json!([{"field": "status", "from": "running", "to": "unknown"},
                {"field": "cpu", "from": 1.0, "to": null}, {"field": "mem", "from": 1, "to": null}]),
                "running → unknown",
            ),
        ] {
            let value = json!({"event": "changed", "guest": guest, "what": what});
            assert_eq!(said(value), format!("VM 100 web on pve1: {words}"));
        }
    }

    #[test]
    fn only_what_is_about_a_node() {
        let node: NodeName = "pve1".parse().unwrap();
        let there = || guest(json!({"node": "pve2"}));
        let (on, other) =
            (json!({"node": "pve1", "status": "online"}), json!({"node": "pve2", "status": "online"}));
        let moved = |from: &str| json!([{"field": "node", "from": from, "to": "pve2"}]);
        for (value, concerns) in [
            (json!({"event": "added", "guest": guest(json!({}))}), true),
            (json!({"event": "added", "guest": there()}), false),
            (json!({"event": "changed", "guest": there(), "what": moved("pve1")}), true),
            (json!({"event": "changed", "guest": there(), "what": moved("pve3")}), false),
            (json!({"event": "node-online", "node": on}), true),
            (json!({"event": "node-online", "node": other}), false),
            (json!({"event": "recovered", "after_seconds": 1}), true),
        ] {
            assert_eq!(about(event(value.clone()), &node).is_some(), concerns, "{value}");
        }
        let all = json!({"event": "snapshot", "guests": [guest(json!({})), there()], "nodes": [on, other], "missed": false});
        let Some(Event::Snapshot { guests, nodes, .. }) = about(event(all), &node) else {
            panic!("a snapshot")
        };
        assert_eq!((guests.len(), nodes.len()), (1, 1));
    }
}
