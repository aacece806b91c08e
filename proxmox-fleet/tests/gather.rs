//! What is read of a cluster, by how many requests, and what happens when something does not answer.
#![allow(clippy::unwrap_used)]

use proxmox_core::{Layer, Pve, PveRequest, PveResponse, Result, Transport, async_trait};
use proxmox_fleet::{Gather, GuestCondition, Report, Snapshot, Thresholds};
use proxmox_sim::{BARE_TOKEN_ID, BARE_TOKEN_SECRET, Sim, SimGuest};

const NOW: i64 = 1_800_000_000;
const DAY: i64 = 86_400;

/// Sees each request by itself, so that none is packed with others, and answers for the snapshots of guests.
struct Single;

#[async_trait]
impl Layer for Single {
    async fn call(&self, inner: &dyn Transport, request: &PveRequest) -> Result<PveResponse> {
        let path = request.path.as_str();
        if !path.ends_with("/snapshot") {
            return inner.call(request).await;
        }
        let old = format!(
            r#"{{"data":[{{"name":"current","digest":"x"}},{{"name":"old","snaptime":"{}"}}]}}"#,
            NOW - 20 * DAY
        );
        let none = r#"{"data":[{"name":"current"}]}"#.to_owned();
        Ok(PveResponse::envelope(if path.contains("/101/") { old } else { none }))
    }
}

/// The default cluster and a running container on its second node.
fn sim() -> Sim {
    Sim::builder()
        .time_scale(0.0)
        .guest(
            SimGuest::ct(300)
                .name("ct")
                .node("pve2")
                .config("net0", "name=eth0,bridge=vmbr0,ip=dhcp")
                .running(),
        )
        .build()
}

fn handle(sim: &Sim) -> Pve {
    Pve::builder(sim.transport()).layer(Single).build()
}

fn gather(pve: &Pve, gather: Gather) -> Snapshot {
    pve.block_on(Snapshot::gather(pve, gather)).unwrap()
}

fn report(snapshot: &Snapshot) -> Report {
    Report::of(std::slice::from_ref(snapshot), &Thresholds::default())
}

fn paths(sim: &Sim) -> Vec<String> {
    let mut paths: Vec<String> =
        sim.requests().into_iter().map(|r| format!("{} {}", r.method, r.path)).collect();
    paths.sort();
    paths
}

#[test]
fn two_requests_and_three_for_each_node() {
    let sim = sim();
    let snapshot = gather(&handle(&sim), Gather::new(NOW));
    assert_eq!(
        paths(&sim),
        [
            "GET /cluster/resources",
            "GET /nodes",
            "GET /nodes/pve1/disks/list",
            "GET /nodes/pve1/status",
            "GET /nodes/pve1/storage",
            "GET /nodes/pve2/disks/list",
            "GET /nodes/pve2/status",
            "GET /nodes/pve2/storage",
        ]
    );
    assert!(snapshot.guests.iter().all(|guest| guest.addresses.is_none() && guest.snapshots.is_none()));
    let report = report(&snapshot);
    assert_eq!((report.summary.nodes_online, report.summary.guests, report.summary.running), (2, 4, 2));
    assert!(
        report.nodes.iter().all(|node| node.memory.is_some() && node.version.as_deref() == Some("8.4.21"))
    );
    assert!(!report.disks.is_empty());
    assert_eq!(report.storages.iter().filter(|storage| storage.shared).count(), 1);
    assert_eq!(snapshot.taken, NOW);
}

#[test]
fn where_batches_may_be_sent_each_node_takes_one_request() {
    let sim = sim();
    let snapshot = gather(&sim.pve(), Gather::new(NOW));
    let posts = paths(&sim).iter().filter(|path| path.contains("/execute")).count();
    assert_eq!((posts, snapshot.missing().count()), (2, 0));
    assert_eq!(snapshot, gather(&handle(&sim), Gather::new(NOW)));
}

#[test]
fn addresses_and_snapshots_are_read_when_asked_for() {
    let sim = sim();
    let snapshot = gather(&handle(&sim), Gather::new(NOW).with_addresses().with_snapshots());
    let more: Vec<String> =
        paths(&sim).into_iter().filter(|path| path.contains("100/") || path.contains("300/")).collect();
    assert_eq!(
        more,
        ["GET /nodes/pve1/qemu/100/agent/network-get-interfaces", "GET /nodes/pve2/lxc/300/interfaces"]
    );
    assert_eq!(paths(&sim).len(), 8 + 2, "and nothing for guests that are off");
    let found = |vmid: u32| {
        let guest = snapshot
            .guests
            .iter()
            .find(|guest| guest.row.vmid.map(proxmox_core::Vmid::get) == Some(vmid))
            .unwrap();
        guest
            .addresses
            .as_ref()
            .map(|addresses| addresses.found.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    assert_eq!(found(100).unwrap(), ["10.77.0.102"]);
    assert_eq!(found(101), None);
    let report = report(&snapshot);
    let old: Vec<&str> = report
        .flags
        .iter()
        .filter(|flag| flag.rule.as_str() == "guest-snapshot-old")
        .map(|flag| flag.sentence.as_str())
        .collect();
    assert_eq!(old, ["snapshot \"old\" is 20d 0h old, warning above 14 days"]);
    assert!(snapshot.guests.iter().all(|guest| guest.snapshots.is_some()));
}

#[test]
fn an_agent_that_is_silent_is_said_to_be() {
    let sim = sim();
    assert!(sim.set_agent(100, false));
    let snapshot = gather(&handle(&sim), Gather::new(NOW).with_addresses());
    let flags = report(&snapshot).flags;
    let about = |flag: &&proxmox_fleet::Flag| flag.subject.to_string() == "VM 100 (handmade) on pve1";
    let flag = flags.iter().find(about).unwrap();
    assert_eq!(flag.severity.as_str(), "note");
    assert!(flag.sentence.contains("QEMU guest agent is not running"), "{flag:?}");
}

#[test]
fn a_node_that_is_offline_is_not_asked_and_its_guests_are_unknown() {
    let sim = sim();
    assert!(sim.set_node_down("pve2", true));
    let snapshot = gather(&handle(&sim), Gather::new(NOW).with_addresses().with_snapshots());
    assert!(!paths(&sim).iter().any(|path| path.contains("/nodes/pve2")), "{:?}", paths(&sim));
    let missing: Vec<_> = snapshot.missing().map(|(node, why)| format!("{node}: {why}")).collect();
    assert_eq!(missing, ["pve2: it is offline"]);
    let report = report(&snapshot);
    let lost = &report.nodes[1];
    assert_eq!((lost.node.as_str(), lost.guests.len()), ("pve2", 1));
    assert_eq!(lost.guests[0].condition, GuestCondition::Unknown);
    assert_eq!((report.summary.guests, report.summary.unknown), (4, 1));
}

/// The list still says that all is well.
struct Stale;

#[async_trait]
impl Layer for Stale {
    async fn call(&self, inner: &dyn Transport, request: &PveRequest) -> Result<PveResponse> {
        if request.path.as_str() == "/nodes" {
            let rows = r#"{"data":[{"node":"pve2","id":"node/pve2","type":"node","status":"online"},
                {"node":"pve1","id":"node/pve1","type":"node","status":"online"},{"id":7}]}"#;
            return Ok(PveResponse::envelope(rows));
        }
        inner.call(request).await
    }
}

#[test]
fn a_node_that_does_not_answer_is_named_with_the_reason() {
    let sim = sim();
    assert!(sim.set_node_down("pve2", true));
    let pve = Pve::builder(sim.transport()).layer(Stale).build();
    let snapshot = gather(&pve, Gather::new(NOW).with_addresses());
    let missing: Vec<_> = snapshot.missing().map(|(node, why)| format!("{node}: {why}")).collect();
    assert_eq!(missing, ["pve2: Connection refused"]);
    assert!(
        snapshot.notes[0].starts_with("row 2 of the list of nodes cannot be read"),
        "{:?}",
        snapshot.notes
    );
    let report = report(&snapshot);
    assert_eq!(report.flags[0].sentence, "did not answer: Connection refused; its guest is unknown");
    assert!(!report.nodes[0].guests.is_empty() && report.nodes[0].memory.is_some(), "the other one is seen");
}

#[test]
fn some_nodes_only() {
    let sim = sim();
    let snapshot = gather(&handle(&sim), Gather::new(NOW).node("pve2".parse().unwrap()));
    assert_eq!(paths(&sim).len(), 2 + 3);
    assert_eq!((snapshot.nodes.len(), snapshot.guests.len()), (1, 1));
    let lost = Gather::new(NOW).node("pve9".parse().unwrap());
    let pve = handle(&sim);
    let error = pve.block_on(Snapshot::gather(&pve, lost)).unwrap_err();
    assert!(error.is_not_found() && error.to_string().contains("there is no node pve9"), "{error}");
    assert_eq!(error.advice(), Some("the cluster has pve1, pve2"));
}

#[test]
fn without_privileges_it_says_what_is_not_seen() {
    let sim = sim();
    let transport = sim.transport().token(BARE_TOKEN_ID, BARE_TOKEN_SECRET);
    let pve = Pve::builder(transport).layer(Single).build();
    let snapshot = gather(&pve, Gather::new(NOW));
    assert_eq!(snapshot.missing().count(), 0, "it answers, though it says nothing");
    assert!(snapshot.nodes[0].notes.iter().any(|note| note.contains("state is not seen")), "{snapshot:?}");
    assert!(snapshot.nodes[0].notes.iter().any(|note| note.contains("disks are not seen")), "{snapshot:?}");
}

#[test]
fn a_cluster_that_does_not_answer_is_an_error_that_can_be_reported() {
    let sim = sim();
    let pve = Pve::builder(sim.transport().token("root@pam!no", "wrong")).layer(Single).build();
    let error = pve.block_on(Snapshot::gather(&pve, Gather::new(NOW))).unwrap_err();
    let report = Report::of(&[Snapshot::unanswered("fsn", NOW, &error)], &Thresholds::default());
    assert_eq!(report.missing()[0].0, "fsn");
    assert!(report.html().contains("did not answer at"), "{}", report.markdown());
}
