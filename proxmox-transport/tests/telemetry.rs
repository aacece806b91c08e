//! Telemetry of the simulated cluster.

#![allow(clippy::unwrap_used)] // helpers of tests, which no attribute marks as such

use std::time::Duration;

use proxmox_core::guest::GuestState;
use proxmox_core::node::DiskHealth;
use proxmox_core::telemetry::Timeframe;
use proxmox_core::{GuestKind, Node, Policy, Pve, PvePath, PveRequest};
use proxmox_lxc::LxcNode;
use proxmox_qemu::QemuNode;
use proxmox_sim::{AUDITOR_TOKEN_ID, AUDITOR_TOKEN_SECRET, BARE_TOKEN_ID, BARE_TOKEN_SECRET};
use proxmox_sim::{PveVersion, Sim, SimGuest};
use proxmox_transport::layer::Replay;
use serde_json::{Value, json};

fn sim(version: PveVersion) -> Sim {
    Sim::builder()
        .version(version)
        .time_scale(0.0)
        .guest(
            SimGuest::vm(204)
                .name("agent")
                .config("agent", "1")
                .config("net0", "virtio=BC:24:11:00:02:04,bridge=vmbr0")
                .agent()
                .running(),
        )
        .guest(SimGuest::ct(210).name("ct").disk("rootfs", "local-lvm", 1 << 30).running())
        .guest(SimGuest::vm(205).name("off").config("tags", "sdk-managed"))
        .build()
}

fn node(pve: &Pve) -> Node {
    pve.node("pve1").unwrap()
}

#[test]
fn a_guest_of_each_version() {
    for version in [PveVersion::V8, PveVersion::V9] {
        let sim = sim(version);
        let pve = sim.pve();
        let root = Pve::builder(sim.transport()).policy(Policy::dangerous_allow_everything()).build();
        let pool = PveRequest::create(PvePath::parse("/pools").unwrap()).param("poolid", "web");
        root.request::<()>(pool).block().unwrap();
        let pool =
            PveRequest::set(PvePath::parse("/pools").unwrap()).param("poolid", "web").param("vms", 204);
        root.request::<()>(pool).block().unwrap();
        let vm = node(&pve).vm(204).unwrap();
        let first = vm.telemetry().with_addresses().block().unwrap();
        assert_eq!(
            (first.kind, first.node.as_str(), first.status.status.clone()),
            (GuestKind::Qemu, "pve1", GuestState::Running)
        );
        assert_eq!((first.pool.as_deref(), first.ha_state.as_deref()), (Some("web"), None));
        assert!(!first.addresses.is_empty() && first.notes.is_empty(), "{first:?}");
        // PVE 8 knows no pressure.
        assert_eq!(first.pressure.is_some(), version == PveVersion::V9, "{first:?}");
        assert!(first.rates.is_none());
        sim.clock().advance(Duration::from_secs(10));
        let second = vm.telemetry().block().unwrap().since(&first);
        assert!(second.addresses.is_empty());
        let json: Value = serde_json::to_value(&second).unwrap();
        for key in [
            "vmid", "node", "kind", "status", "cpu", "maxmem", "pool", "ha_state", "pressure", "rates",
            "uptime",
        ] {
            assert!(json.get(key).is_some(), "{key}: {json}");
        }
        // Another guest's counters are not this one's.
        assert!(
            node(&pve).container(210).unwrap().telemetry().block().unwrap().since(&first).rates.is_none()
        );

        let container = node(&pve).container(210).unwrap().telemetry().block().unwrap();
        assert_eq!(container.pressure.is_some(), version == PveVersion::V9, "{container:?}");
        let off = node(&pve).vm(205).unwrap().telemetry().with_addresses().block().unwrap();
        assert!(off.pressure.is_none() && off.addresses.is_empty() && off.notes.is_empty(), "{off:?}");
        assert!(node(&pve).vm(777).unwrap().telemetry().block().unwrap_err().is_not_found());
    }
}

#[test]
fn rates_between_two_looks() {
    let pve = sim(PveVersion::V8).pve();
    let vm = node(&pve).vm(204).unwrap();
    let first = vm.telemetry().block().unwrap();
    pve.block_on(pve.sleep(Duration::from_secs(1)));
    let rates = vm.telemetry().block().unwrap().since(&first).rates.unwrap();
    assert!(rates.seconds > 0.0 && rates.netin.is_some_and(|rate| rate >= 0.0), "{rates:?}");
}

#[test]
fn a_node() {
    let sim = sim(PveVersion::V8);
    let told = node(&sim.pve()).telemetry().with_backups().block().unwrap();
    let status = told.status.as_ref().unwrap();
    assert!(status.memory.percent().is_some() && status.pveversion.is_some() && status.kversion.is_some());
    assert!(told.disks.iter().all(|disk| disk.health == DiskHealth::Passed) && !told.disks.is_empty());
    assert!(
        told.storages
            .iter()
            .any(|storage| storage.storage.as_str() == "local-lvm" && storage.total.is_some())
    );
    assert!(told.notes.is_empty() && told.backups.is_empty(), "{told:?}");
    let again = serde_json::from_str(&serde_json::to_string(&told).unwrap()).unwrap();
    assert_eq!(told, again);

    // Who may see less is told so.
    let auditor = Pve::new(sim.transport().token(AUDITOR_TOKEN_ID, AUDITOR_TOKEN_SECRET));
    assert!(node(&auditor).telemetry().block().unwrap().status.is_some());
    let nobody = Pve::new(sim.transport().token(BARE_TOKEN_ID, BARE_TOKEN_SECRET));
    let told = node(&nobody).telemetry().block().unwrap();
    assert!(told.status.is_none() && told.notes[0].starts_with("its state is not seen: "), "{told:?}");
}

#[test]
fn the_newest_backup_of_each_guest() {
    let read = |path: &str, data: Value| json!({"request": {"verb": "get", "path": path, "effect": "read", "idempotent": true}, "data": data});
    let backups = |storage: &str, data: Value| {
        json!({"request": {"verb": "get", "path": format!("/nodes/pve1/storage/{storage}/content"), "params": {"content": "backup"},
            "effect": "read", "idempotent": true}, "data": data})
    };
    let storage = |name: &str, content: &str, active: u8| json!({"storage": name, "content": content, "active": active, "enabled": 1, "type": "dir"});
    let backup = |vmid: u32, ctime: i64| {
        json!({"volid": format!("local:backup/vzdump-qemu-{vmid}-2026_11_21-00_00_00.vma.zst"), "content": "backup",
            "vmid": vmid, "ctime": ctime, "size": 1, "format": "vma.zst", "subtype": "qemu"})
    };
    let tape = json!({"exchanges": [
        read("/nodes/pve1/status", json!({"uptime": 5})),
        read("/nodes/pve1/disks/list", json!([])),
        read("/nodes/pve1/storage", json!([
            storage("local", "backup,iso", 1), storage("nas", "backup", 1), storage("gone", "backup", 0), storage("thin", "images", 1),
        ])),
        backups("local", json!([backup(205, 100), backup(205, 300), backup(206, 50)])),
        backups("nas", json!([backup(205, 200), backup(206, 70), {"volid": "nas:backup/other.tar", "content": "backup", "size": 1}])),
    ]});
    let pve = Pve::new(Replay::new(serde_json::from_value(tape).unwrap()));
    let told = node(&pve).telemetry().with_backups().block().unwrap();
    let newest: Vec<_> = told.backups.iter().map(|(vmid, time)| (vmid.get(), *time)).collect();
    assert_eq!(newest, [(205, 300), (206, 70)], "{told:?}");
}

#[test]
fn histories_keep_gaps() {
    for version in [PveVersion::V8, PveVersion::V9] {
        let sim = sim(version);
        let pve = sim.pve();
        let vm = node(&pve).vm(205).unwrap();
        vm.start().block().unwrap();
        sim.clock().advance(Duration::from_secs(600));
        let guest = vm.history(Timeframe::Hour).block().unwrap();
        assert!(
            guest.iter().any(|point| point.cpu.is_none()) && guest.iter().any(|point| point.cpu.is_some())
        );
        assert!(guest.windows(2).all(|pair| pair[0].time < pair[1].time));
        let points = node(&pve).history(Timeframe::Day).block().unwrap();
        assert!(!points.is_empty() && points.rejects().is_empty());
    }
}
