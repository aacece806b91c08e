//! Each rule: where it begins, what it says, and what it does not mind.

use serde_json::{Value, json};

use crate::{
    GuestCondition, NodeCondition, Report, Rule, Severity, Snapshot, StorageRow, Subject, Thresholds,
};

const GIB: i64 = 1 << 30;
const NOW: i64 = 1_800_000_000;
const DAY: i64 = 86_400;

/// One node `a` that is well and has no guests.
fn fleet() -> Value {
    json!({ "taken": NOW, "nodes": [{ "node": "a", "online": true, "status": { "cpuinfo": { "cpus": 4 } } }], "guests": [] })
}

fn read(fleet: &Value) -> Snapshot {
    serde_json::from_value(fleet.clone()).unwrap()
}

fn report(fleet: &Value) -> Report {
    Report::of(&[read(fleet)], &Thresholds::default())
}

/// `warning node-memory node a: memory: …` of each flag.
fn lines(report: &Report) -> Vec<String> {
    let line = |f: &crate::Flag| format!("{} {} {}: {}", f.severity, f.rule, f.subject, f.sentence);
    report.flags.iter().map(line).collect()
}

fn flags(fleet: &Value) -> Vec<String> {
    lines(&report(fleet))
}

/// The fleet with something in the state of its node.
fn node(key: &str, value: Value) -> Value {
    let mut fleet = fleet();
    fleet["nodes"][0]["status"][key] = value;
    fleet
}

fn disk(disk: &Value) -> Value {
    let mut fleet = fleet();
    fleet["nodes"][0]["disks"] = json!([disk]);
    fleet
}

fn storage(storage: &Value) -> Value {
    let mut fleet = fleet();
    fleet["nodes"][0]["storages"] = json!([storage]);
    fleet
}

/// The fleet with a running guest, with these changes to its row and to what else is known of it.
fn guest(kind: &str, row: Value, more: Value) -> Value {
    let mut guest = json!({ "row": {
        "id": format!("{kind}/100"), "type": kind, "vmid": 100, "name": "g", "node": "a", "status": "running", "maxmem": 100 * GIB,
    } });
    let merge = |into: &mut Value, from: Value| {
        into.as_object_mut().unwrap().extend(from.as_object().unwrap().clone());
    };
    merge(&mut guest["row"], row);
    merge(&mut guest, more);
    let mut fleet = fleet();
    fleet["guests"] = json!([guest]);
    fleet
}

#[test]
fn nothing_to_say() {
    let report = report(&fleet());
    assert_eq!(lines(&report), [""; 0]);
    assert_eq!((report.summary.nodes, report.summary.nodes_online, report.nodes[0].worst), (1, 1, None));
}

#[test]
fn a_nodes_memory() {
    let of = |used: i64| flags(&node("memory", json!({ "used": used, "total": 1000 * GIB })));
    assert_eq!(of(849 * GIB), [""; 0]);
    assert_eq!(
        of(850 * GIB),
        ["warning node-memory node a: memory: 850 of 1000 GiB (85.0 %), warning from 85 %"]
    );
    assert_eq!(
        of(950 * GIB),
        ["critical node-memory node a: memory: 950 of 1000 GiB (95.0 %), critical from 95 %"]
    );
}

#[test]
fn what_is_shown_as_reached_is_reached() {
    // 84.96 % is shown as 85.0 %.
    let fleet = node("memory", json!({ "used": 84_960, "total": 100_000 }));
    assert!(flags(&fleet)[0].contains("(85.0 %)"), "{:?}", flags(&fleet));
    assert_eq!(flags(&node("memory", json!({ "used": 84_940, "total": 100_000 }))), [""; 0]);
}

#[test]
fn a_nodes_root_file_system() {
    let of = |used: i64| flags(&node("rootfs", json!({ "used": used * GIB, "total": 100 * GIB })));
    assert_eq!(of(79), [""; 0]);
    assert_eq!(
        of(80),
        ["warning node-rootfs node a: root file system: 80 of 100 GiB (80.0 %), warning from 80 %"]
    );
    assert_eq!(
        of(90),
        ["critical node-rootfs node a: root file system: 90 of 100 GiB (90.0 %), critical from 90 %"]
    );
}

#[test]
fn a_nodes_swap() {
    let of =
        |used: i64, total: i64| flags(&node("swap", json!({ "used": used * GIB, "total": total * GIB })));
    assert_eq!(of(0, 0), [""; 0]);
    assert_eq!(of(49, 100), [""; 0]);
    assert_eq!(of(100, 100), ["warning node-swap node a: swap: 100 of 100 GiB (100.0 %), warning from 50 %"]);
    assert_eq!(of(50, 100).len(), 1);
}

#[test]
fn a_nodes_load_over_five_minutes() {
    let of = |load: Value| flags(&node("loadavg", load));
    assert_eq!(of(json!(["9.00", "4.00", "9.00"])), [""; 0]);
    assert_eq!(
        of(json!(["0.00", "4.01", "0.00"])),
        ["warning node-load node a: load: 4.01 over 5 minutes on 4 CPUs, warning above 4.00"]
    );
    assert_eq!(of(json!([])), [""; 0]);
}

#[test]
fn a_disks_health() {
    let of = |health: &str| flags(&disk(&json!({ "devpath": "/dev/sda", "health": health, "model": " M " })));
    assert_eq!(of("PASSED"), [""; 0]);
    assert_eq!(of("OK"), [""; 0]);
    assert_eq!(of("UNKNOWN"), ["note disk-health disk /dev/sda of a: SMART says nothing of it (M)"]);
    assert_eq!(of("FAILED"), ["critical disk-health disk /dev/sda of a: SMART says FAILED (M)"]);
    assert_eq!(of("FAILING_NOW"), ["critical disk-health disk /dev/sda of a: SMART says FAILING_NOW (M)"]);
}

#[test]
fn a_disks_life() {
    let of = |left: Value| flags(&disk(&json!({ "devpath": "/dev/sda", "health": "OK", "wearout": left })));
    assert_eq!(of(json!(11)), [""; 0]);
    assert_eq!(of(json!("N/A")), [""; 0]);
    assert_eq!(
        of(json!("10")),
        ["warning disk-wearout disk /dev/sda of a: 10 % of its life remains, warning from 10 % down"]
    );
}

#[test]
fn a_storages_fill() {
    let of = |used: i64| {
        let row =
            json!({ "storage": "lvm", "enabled": 1, "active": 1, "used": used * GIB, "total": 100 * GIB });
        flags(&storage(&row))
    };
    assert_eq!(of(79), [""; 0]);
    assert_eq!(
        of(80),
        ["warning storage-fill storage lvm on a: used: 80 of 100 GiB (80.0 %), warning from 80 %"]
    );
    assert_eq!(
        of(90),
        ["critical storage-fill storage lvm on a: used: 90 of 100 GiB (90.0 %), critical from 90 %"]
    );
}

#[test]
fn a_storage_that_is_not_there() {
    let of = |enabled: i64| flags(&storage(&json!({ "storage": "nfs", "enabled": enabled, "active": 0 })));
    assert_eq!(of(0), [""; 0]);
    assert_eq!(of(1), ["warning storage-inactive storage nfs on a: is switched on and cannot be used on a"]);
}

#[test]
fn a_shared_storage_stands_once_with_the_figures_of_a_node_that_sees_it() {
    let row = |active: i64, used: i64| json!([{ "storage": "nfs", "shared": 1, "enabled": 1, "active": active, "used": used, "total": 100 }]);
    let fleet = json!({ "taken": NOW, "guests": [], "nodes": [
        { "node": "a", "online": true, "status": {}, "storages": row(0, 0) },
        { "node": "b", "online": true, "status": {}, "storages": row(1, 91) },
        { "node": "c", "online": true, "status": {}, "storages": row(1, 91) },
    ] });
    let report = report(&fleet);
    let [nfs]: &[StorageRow] = &report.storages else { panic!("{:?}", report.storages) };
    assert_eq!((nfs.nodes.len(), nfs.fill.unwrap().percent, nfs.state()), (3, 91.0, "active in part"));
    assert_eq!(nfs.worst, Some(Severity::Critical));
    assert_eq!(
        lines(&report),
        [
            "critical storage-fill storage nfs: used: 91 of 100 B (91.0 %), critical from 90 %",
            "warning storage-inactive storage nfs: is switched on and cannot be used on a",
        ]
    );
    assert_eq!(report.summary.storage.unwrap().total_bytes, 100);
}

#[test]
fn a_containers_memory_and_not_a_vms() {
    let of = |kind: &str, used: i64| flags(&guest(kind, json!({ "mem": used * GIB }), json!({})));
    assert_eq!(of("lxc", 84), [""; 0]);
    assert_eq!(
        of("lxc", 85),
        ["warning guest-memory CT 100 (g) on a: memory: 85 of 100 GiB (85.0 %), warning from 85 %"]
    );
    assert_eq!(of("lxc", 95)[0].split(' ').next(), Some("critical"));
    assert_eq!(of("qemu", 100), [""; 0]);
}

#[test]
fn running_without_an_address() {
    for kind in ["qemu", "lxc"] {
        let of = |more: Value| flags(&guest(kind, json!({}), more));
        assert_eq!(of(json!({})), [""; 0], "not read");
        assert_eq!(of(json!({ "addresses": { "found": ["10.0.0.1"] } })), [""; 0]);
        let found = of(json!({ "addresses": {} }));
        assert!(
            found[0].starts_with("warning guest-without-ip ")
                && found[0].ends_with("(g) on a: runs without a usable address"),
            "{found:?}"
        );
    }
    let silent = guest("qemu", json!({}), json!({ "addresses": { "unknown": "no agent" } }));
    assert_eq!(
        flags(&silent),
        ["note guest-without-ip VM 100 (g) on a: runs, and its address is not known: no agent"]
    );
    assert_eq!(report(&silent).nodes[0].guests[0].addresses, None);
}

#[test]
fn old_snapshots() {
    let of = |ages: &[(&str, i64)]| {
        let rows: Vec<Value> =
            ages.iter().map(|(name, age)| json!({ "name": name, "snaptime": NOW - age })).collect();
        flags(&guest("qemu", json!({}), json!({ "snapshots": rows })))
    };
    assert_eq!(of(&[("fresh", DAY), ("just", 14 * DAY), ("of tomorrow", -DAY)]), [""; 0]);
    assert_eq!(
        of(&[("x", 14 * DAY + 1), ("fresh", 5)]),
        ["warning guest-snapshot-old VM 100 (g) on a: snapshot \"x\" is 14d 0h old, warning above 14 days"]
    );
    assert_eq!(
        of(&[("b", 15 * DAY), ("c", 30 * DAY)]),
        [
            "warning guest-snapshot-old VM 100 (g) on a: 2 snapshots are older than 14 days, the oldest, \"c\", 30d 0h"
        ]
    );
}

#[test]
fn locks_and_templates() {
    assert_eq!(
        flags(&guest("qemu", json!({ "lock": "clone" }), json!({}))),
        ["warning guest-locked VM 100 (g) on a: is locked (clone)"]
    );
    let of = |status: &str| report(&guest("qemu", json!({ "template": 1, "status": status }), json!({})));
    assert_eq!(lines(&of("running")), ["warning template-running VM 100 (g) on a: is a template, and runs"]);
    assert_eq!(lines(&of("stopped")), [""; 0]);
    assert_eq!(of("stopped").nodes[0].guests[0].condition, GuestCondition::Template);
}

#[test]
fn the_guests_of_a_node_that_is_not_seen_are_unknown_and_stay() {
    // Whatever the cluster's list still says of them.
    for (node, condition, said) in [
        (
            json!({ "node": "a", "online": false }),
            NodeCondition::Offline,
            "critical node-offline node a: is offline; its guest is unknown",
        ),
        (
            json!({ "node": "a", "online": true, "unanswered": "no route" }),
            NodeCondition::Unreachable("no route".into()),
            "critical node-unreachable node a: did not answer: no route; its guest is unknown",
        ),
    ] {
        let mut fleet =
            guest("lxc", json!({ "mem": 100 * GIB, "lock": "backup" }), json!({ "addresses": {} }));
        fleet["nodes"][0] = node;
        let report = report(&fleet);
        assert_eq!(lines(&report), [said]);
        assert_eq!(report.nodes[0].condition, condition);
        assert_eq!(report.nodes[0].guests[0].condition, GuestCondition::Unknown);
        assert_eq!((report.summary.guests, report.summary.unknown, report.summary.running), (1, 1, 0));
        assert_eq!(report.missing().len(), 1);
    }
}

#[test]
fn a_guest_on_a_node_that_is_not_listed_is_kept() {
    let mut fleet = guest("qemu", json!({ "node": "lost" }), json!({}));
    fleet["nodes"] = json!([]);
    let report = report(&fleet);
    assert_eq!(report.nodes[0].guests[0].condition, GuestCondition::Unknown);
    assert!(lines(&report)[0].contains("it is not in the cluster's list of nodes; its guest is unknown"));
}

#[test]
fn several_clusters_and_one_that_is_silent() {
    let silent = Snapshot {
        source: Some("hel".into()),
        unanswered: Some("Connection refused".into()),
        ..Snapshot::empty(NOW)
    };
    let named =
        Snapshot { source: Some("fsn".into()), ..read(&node("swap", json!({ "used": 1, "total": 1 }))) };
    let report = Report::of(&[silent, named, read(&fleet())], &Thresholds::default());
    assert_eq!(
        lines(&report),
        [
            "critical source-unreachable hel: did not answer: Connection refused; nothing is known of it",
            "warning node-swap fsn: node a: swap: 1 of 1 B (100.0 %), warning from 50 %",
        ]
    );
    let places: Vec<String> = report.nodes.iter().map(super::NodeRow::place).collect();
    assert_eq!(places, ["#3/a", "fsn/a"]);
    assert_eq!(report.missing(), [("hel".to_owned(), "Connection refused")]);
}

#[test]
fn what_could_not_be_read_is_said() {
    let mut fleet = fleet();
    fleet["notes"] = json!(["row 3"]);
    fleet["nodes"][0]["notes"] = json!(["no disks"]);
    assert_eq!(flags(&fleet), ["note not-seen the cluster: row 3", "note not-seen node a: no disks"]);
}

#[test]
fn thresholds_move_and_switch_off() {
    let mut fleet = guest(
        "lxc",
        json!({ "mem": 96 * GIB, "lock": "backup", "template": 1 }),
        json!({ "addresses": {}, "snapshots": [{ "name": "s", "snaptime": 0 }] }),
    );
    let full = json!({ "used": 96, "total": 100 });
    fleet["nodes"][0]["status"] = json!({ "memory": full, "rootfs": full, "swap": full, "cpuinfo": { "cpus": 1 }, "loadavg": [5, 5, 5] });
    fleet["nodes"][0]["disks"] = json!([{ "devpath": "d", "health": "FAILED", "wearout": 1 }]);
    fleet["nodes"][0]["storages"] =
        json!([{ "storage": "st", "enabled": 1, "active": 1, "used": 96, "total": 100 }]);
    let all = report(&fleet);
    let rules: Vec<Rule> = all.flags.iter().map(|flag| flag.rule).collect();
    assert_eq!(rules.len(), 12, "{rules:?}");

    let never = json!({ "warning": 101, "critical": 101 });
    let off: Thresholds = serde_json::from_value(json!({
        "memory": never, "rootfs": never, "storage": never, "swap_percent": 101, "load_per_cpu": 6, "wearout_percent": 0,
        "smart": false, "without_ip": false, "snapshot_days": 4_000_000, "locked": false, "template_running": false,
    }))
    .unwrap();
    assert_eq!(lines(&Report::of(&[read(&fleet)], &off)), [""; 0]);
}

#[test]
fn the_worst_comes_first_and_each_rule_has_its_place() {
    let flags = report(&serde_json::from_str(include_str!("../../tests/fleet.json")).unwrap()).flags;
    assert!(flags.is_sorted_by_key(|flag| (std::cmp::Reverse(flag.severity), flag.rule)));
    assert!(matches!(flags[0].subject, Subject::Node { .. }));
    let names = serde_json::to_value(Rule::GuestWithoutIp).unwrap();
    assert_eq!(names, Rule::GuestWithoutIp.as_str());
}
