use proptest::prelude::*;
use proxmox_core::guest::GuestState;
use proxmox_core::{GuestKind, NodeName};
use serde_json::json;

use super::super::testing::{brief, but, node, view, vm, vmid};
use super::*;

fn told(before: &View, after: &View) -> Vec<String> {
    brief(&diff(before, after, &Settings::default()))
}

/// What is told when the row of one VM becomes this.
fn change(values: serde_json::Value) -> Vec<String> {
    let of = |row| view([node("pve1", "online"), node("pve2", "online"), row]);
    told(&of(vm(100, "pve1")), &of(but(vm(100, "pve1"), values)))
}

#[test]
fn each_change_by_its_name() {
    for (values, name) in [
        (json!({"status": "stopped"}), "status"),
        (json!({"node": "pve2"}), "node"),
        (json!({"name": "other"}), "name"),
        (json!({"tags": "a;b"}), "tags"),
        (json!({"lock": "backup"}), "lock"),
        (json!({"cpu": 0.5}), "cpu"),
        (json!({"mem": 2_i64 << 30}), "mem"),
        (json!({"maxmem": 5_i64 << 30}), "maxmem"),
        (json!({"status": "stopped", "cpu": 0, "mem": 0, "lock": "x"}), "status,lock,cpu,mem"),
    ] {
        assert_eq!(change(values), [format!("changed 100 {name}")]);
    }
    assert_eq!(change(json!({"uptime": 5, "netin": 7, "disk": 1})), [""; 0], "nothing that is told of");
}

#[test]
fn small_moves_are_not_told() {
    let percent = |n: i64| (1_i64 << 30) + (4_i64 << 30) * n / 1000;
    for (values, is_told) in [
        (json!({"cpu": 0.119}), false),
        (json!({"cpu": 0.081}), false),
        (json!({"cpu": 0.121}), true),
        (json!({"cpu": 0.079}), true),
        (json!({"cpu": null}), true),
        (json!({"mem": percent(9)}), false),
        (json!({"mem": percent(-9)}), false),
        (json!({"mem": percent(11)}), true),
        (json!({"mem": percent(-11)}), true),
        (json!({"mem": null}), true),
    ] {
        assert_eq!(!change(values.clone()).is_empty(), is_told, "{values}");
    }
}

#[test]
fn use_that_creeps_is_told_by_its_sum() {
    let settings = Settings::default();
    let of = |cpu: f64| view([node("pve1", "online"), but(vm(100, "pve1"), json!({"cpu": cpu}))]);
    let (mut known, mut times) = (of(0.0), 0);
    for step in 1..=100 {
        let events = diff(&known, &of(f64::from(step) * 0.0075), &settings);
        times += events.len();
        events.iter().for_each(|event| known.apply(event));
    }
    assert_eq!(times, 33, "by 2.25 points each");
}

#[test]
fn without_thresholds_every_move_counts_and_only_moves() {
    let settings = Settings { cpu_points: -1.0, memory_percent: 0.0, ..Settings::default() };
    let of = |mem: i64| view([node("pve1", "online"), but(vm(100, "pve1"), json!({"mem": mem}))]);
    assert_eq!(diff(&of(5), &of(5), &settings), []);
    assert_eq!(brief(&diff(&of(5), &of(6), &settings)), ["changed 100 mem"]);
}

#[test]
fn what_comes_and_goes() {
    let before = view([node("pve1", "online"), node("pve2", "online"), vm(100, "pve1"), vm(101, "pve1")]);
    let after = view([
        node("pve1", "unknown"),
        node("pve3", "online"),
        but(vm(101, "pve3"), json!({"type": "lxc"})),
        vm(102, "pve3"),
    ]);
    let there = ["node-offline pve1", "node-removed pve2", "node-added pve3"];
    let guests = ["removed 100 gone", "removed 101 gone", "added 101", "added 102"];
    assert_eq!(told(&before, &after), [&there[..], &guests[..]].concat());
    assert_eq!(told(&after, &before)[..1], ["node-online pve1"]);
}

#[test]
fn a_template_is_not_gone() {
    let of =
        |template: i32| view([node("pve1", "online"), but(vm(100, "pve1"), json!({"template": template}))]);
    assert_eq!(told(&of(0), &of(1)), ["removed 100 a template now"]);
    assert_eq!(told(&of(1), &of(0)), ["added 100"]);
}

fn guests() -> impl Strategy<Value = Vec<Guest>> {
    let state = prop_oneof![
        Just(GuestState::Running),
        Just(GuestState::Stopped),
        Just(GuestState::Other("unknown".to_owned()))
    ];
    let guest = (
        (100_u32..108, any::<bool>(), 0..3_u8, any::<bool>()),
        (state, prop::option::of(0.0..10.0_f64), prop::option::of(0..100_i64), prop::option::of(50..101_i64)),
        (prop::option::of("[ab]"), prop::collection::vec("[ab]", 0..2), prop::option::of("[ab]")),
    );
    let guest =
        guest.prop_map(|((n, lxc, on, template), (status, cpu_percent, mem, maxmem), (name, tags, lock))| {
            let kind = if lxc { GuestKind::Lxc } else { GuestKind::Qemu };
            let node = format!("pve{on}").parse().unwrap();
            Guest { vmid: vmid(n), kind, node, name, status, cpu_percent, mem, maxmem, tags, lock, template }
        });
    prop::collection::vec(guest, 0..8)
}

fn views() -> impl Strategy<Value = View> {
    (guests(), prop::collection::btree_map("pve[012]", "online|offline", 0..3)).prop_map(|(guests, nodes)| {
        let named = |(name, status): (String, String)| {
            let node: NodeName = name.parse().unwrap();
            (node.clone(), Arc::new(Node { node, status }))
        };
        View {
            guests: guests.into_iter().map(|guest| (guest.vmid, Arc::new(guest))).collect(),
            nodes: nodes.into_iter().map(named).collect(),
            ..View::default()
        }
    })
}

/// A guest without the figures that may lag behind.
fn still(guest: &Guest) -> Guest {
    Guest { cpu_percent: None, mem: None, ..guest.clone() }
}

proptest! {
    #[test]
    fn the_events_lead_from_one_view_to_the_next(before in views(), after in views()) {
        let settings = Settings::default();
        let events = diff(&before, &after, &settings);
        let mut view = before;
        events.iter().for_each(|event| view.apply(event));
        prop_assert_eq!(&view.nodes, &after.nodes);
        let numbers = |view: &View| view.guests.keys().copied().collect::<Vec<_>>();
        prop_assert_eq!(numbers(&view), numbers(&after));
        for (known, real) in view.guests().zip(after.guests()) {
            prop_assert_eq!(still(known), still(real));
            let cpu = known.cpu_percent.zip(real.cpu_percent);
            prop_assert_eq!(cpu.is_some(), real.cpu_percent.is_some());
            prop_assert!(cpu.is_none_or(|(a, b)| (a - b).abs() <= 2.0));
            let mem = known.mem.zip(real.mem);
            prop_assert_eq!(mem.is_some(), real.mem.is_some());
            let limit = real.maxmem.unwrap_or(0) / 100;
            prop_assert!(mem.is_none_or(|(a, b)| (a - b).abs() <= limit));
        }
        // What has been told is not told again.
        prop_assert_eq!(diff(&view, &after, &settings), vec![]);
        for event in &events {
            if let Event::Changed { what, .. } = event {
                prop_assert!(!what.is_empty());
            }
        }
    }
}
