//! What a fleet of 100 nodes and 10,000 guests costs: a report of it, and a look of a watch at it.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use benches::rows::{self, GUESTS, NODES, Unknown};
use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use proxmox_core::cluster::Resource;
use proxmox_core::{Pve, PveRequest, PveResponse, Result, Transport, TransportInfo, async_trait};
use proxmox_fleet::watch::{Event, Settings, Subscription, View, diff};
use proxmox_fleet::{Report, Snapshot, Thresholds, Watch};
use serde_json::{Value, json};

const GIB: u64 = 1 << 30;

/// The rows of `/cluster/resources`.
fn resources() -> Vec<Value> {
    let body: Value =
        serde_json::from_slice(&rows::resources(Unknown::Zero)).unwrap_or_else(|e| panic!("{e}"));
    body["data"].as_array().cloned().unwrap_or_default()
}

fn is_guest(row: &Value) -> bool {
    row["vmid"].is_u64()
}

/// Each guest with two snapshots, and an address when it runs; each node with four storages and eight disks.
fn fleet() -> Snapshot {
    let guests: Vec<Value> = resources()
        .into_iter()
        .filter(is_guest)
        .map(|row| {
            let address = (row["status"] == "running").then(|| json!({"found": ["192.0.2.7"]}));
            // Of every twentieth one is old.
            let old =
                if row["vmid"].as_u64().is_some_and(|n| n % 20 == 0) { 1_790_000_000 } else { 1_799_000_000 };
            let snapshots = json!([{"name": "a", "snaptime": 1_799_500_000}, {"name": "b", "snaptime": old}]);
            json!({"row": row, "addresses": address, "snapshots": snapshots})
        })
        .collect();
    let storage = |n: u32| {
        json!({"storage": format!("store{n}"), "type": "lvmthin", "content": "images,rootdir", "active": 1, "enabled": 1,
            "shared": 0, "used": u64::from(20 + 12 * n) * GIB, "total": 60 * GIB, "avail": 4 * GIB})
    };
    let disk = |n: u32| {
        json!({"devpath": format!("/dev/nvme{n}n1"), "model": "DISK", "size": 1000 * GIB, "health": "PASSED",
            "wearout": 100 - 12 * n, "type": "nvme", "used": "ZFS", "serial": format!("S{n}")})
    };
    let nodes: Vec<Value> = (1..=NODES)
        .map(|n| {
            let status = json!({
                "cpu": 0.3, "loadavg": ["4.10", "4.75", "4.40"], "uptime": 3_553_200, "kversion": "Linux 6.8.12-15-pve",
                "memory": {"used": u64::from(n) * GIB, "total": 110 * GIB}, "swap": {"used": GIB, "total": 8 * GIB},
                "rootfs": {"used": 30 * GIB, "total": 100 * GIB}, "pveversion": "pve-manager/8.4.21/b2a1c0de",
                "cpuinfo": {"cpus": 16, "cores": 8, "sockets": 1, "model": "CPU"},
            });
            json!({"node": format!("pve{n}"), "online": true, "status": status,
                "disks": (0..8).map(disk).collect::<Vec<_>>(), "storages": (0..4).map(storage).collect::<Vec<_>>()})
        })
        .collect();
    let fleet = json!({"taken": 1_800_000_000, "nodes": nodes, "guests": guests});
    serde_json::from_value(fleet).unwrap_or_else(|e| panic!("{e}"))
}

fn report(c: &mut Criterion) {
    let (fleet, thresholds) = ([fleet()], Thresholds::default());
    let report = Report::of(&fleet, &thresholds);
    assert_eq!((report.nodes.len(), report.summary.guests), (NODES as usize, GUESTS as usize));
    assert_eq!(report.flags.len(), 823, "the figures are of this fleet");
    let mut group = c.benchmark_group("report_100_nodes_10000_guests");
    group.sample_size(30);
    group.bench_function("of", |b| b.iter(|| black_box(Report::of(&fleet, &thresholds))));
    group.bench_function("markdown", |b| b.iter(|| black_box(report.markdown())));
    group.bench_function("html", |b| b.iter(|| black_box(report.html())));
    group.bench_function("json", |b| b.iter(|| black_box(serde_json::to_vec(&report)).is_ok()));
    group.finish();
}

/// Two answers by turns; waiting takes no time.
#[derive(Clone)]
struct Canned {
    bodies: [Bytes; 2],
    /// How many questions there were, and seconds that were waited.
    counts: Arc<[AtomicU64; 2]>,
    begin: Instant,
}

impl Canned {
    fn new(bodies: [Bytes; 2]) -> Self {
        Self { bodies, counts: Arc::default(), begin: Instant::now() }
    }
}

#[async_trait]
impl Transport for Canned {
    fn info(&self) -> TransportInfo {
        TransportInfo::new("canned", "nowhere").blocking()
    }
    async fn call(&self, _: &PveRequest) -> Result<PveResponse> {
        let odd = self.counts[0].fetch_add(1, Ordering::Relaxed) % 2 == 1;
        Ok(PveResponse::envelope(self.bodies[usize::from(odd)].clone()))
    }
    async fn sleep(&self, duration: Duration) {
        self.counts[1].fetch_add(duration.as_secs(), Ordering::Relaxed);
    }
    fn now(&self) -> Instant {
        self.begin + Duration::from_secs(self.counts[1].load(Ordering::Relaxed))
    }
}

/// The usual answer, and one in which every so-manieth guest has another lock, CPU and memory use.
fn bodies(every: usize) -> [Bytes; 2] {
    let mut rows = resources();
    let usual = json!({"data": rows}).to_string();
    for row in rows.iter_mut().filter(|row| is_guest(row)).step_by(every) {
        row["lock"] = "backup".into();
        row["cpu"] = (row["cpu"].as_f64().unwrap_or_default() + 0.1).into();
        row["mem"] = (row["mem"].as_u64().unwrap_or_default() + GIB).into();
    }
    [usual.into(), json!({"data": rows}).to_string().into()]
}

/// What is told in a tick to each.
async fn events(subscriptions: &mut [Subscription], count: usize) {
    for subscription in subscriptions {
        for _ in 0..count {
            black_box(subscription.next().await);
        }
    }
}

fn watch(c: &mut Criterion) {
    let mut group = c.benchmark_group("watch_10000_guests");
    group.sample_size(30);
    let guests = GUESTS as usize;
    let [usual, all] = bodies(1);
    group.bench_function("decoding_alone", |b| {
        let mut odd = false;
        b.iter(|| {
            odd = !odd;
            let body = if odd { all.clone() } else { usual.clone() };
            black_box(PveResponse::envelope(body).rows::<Resource>()).is_ok()
        });
    });
    for (name, every, subscribers) in [
        ("one_changes", guests, 1),
        ("1_in_100_changes", 100, 1),
        ("all_change", 1, 1),
        ("all_change_for_10", 1, 10),
    ] {
        let pve = Pve::new(Canned::new(bodies(every)));
        // Templates too, so that the number of events is the number of guests.
        let watch = Watch::new(&pve).templates(true);
        let mut subscriptions: Vec<Subscription> = (0..subscribers).map(|_| watch.subscribe()).collect();
        pve.block_on(events(&mut subscriptions, 1));
        let count = guests / every;
        group.bench_function(format!("tick_{name}"), |b| {
            b.iter(|| pve.block_on(events(&mut subscriptions, count)));
        });
    }
    let view = |body: Bytes| {
        let pve = Pve::new(Canned::new([body.clone(), body]));
        let mut view = View::default();
        let first: Option<Event> = Watch::new(&pve).templates(true).subscribe().blocking().next();
        first.iter().for_each(|event| view.apply(event));
        view
    };
    let (before, after, settings) = (view(usual), view(all), Settings::default());
    assert_eq!(diff(&before, &after, &settings).len(), guests);
    group.bench_function("diff_alone_none_changes", |b| {
        b.iter(|| black_box(diff(&before, &before, &settings)));
    });
    group.bench_function("diff_alone_all_change", |b| b.iter(|| black_box(diff(&before, &after, &settings))));
    group.finish();
}

criterion_group!(benches, report, watch);
criterion_main!(benches);
