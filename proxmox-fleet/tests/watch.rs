//! What a watch tells of a cluster whose life is written down, look by look.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use proxmox_core::{
    Error, ErrorKind, Outcome, Pve, PveRequest, PveResponse, Result, Transport, TransportInfo, async_trait,
};
use proxmox_fleet::Watch;
use proxmox_fleet::watch::{Event, View};
use serde_json::{Value, json};

/// What is answered, one after the other; `None` is no answer. Waiting takes no time.
#[derive(Clone)]
struct Script(Arc<Inner>);

struct Inner {
    looks: Mutex<std::vec::IntoIter<Option<Value>>>,
    begin: Instant,
    seconds: AtomicU64,
}

impl Script {
    #[allow(clippy::disallowed_methods)] // Only the time since then is ever looked at.
    fn new(looks: Vec<Option<Value>>) -> Self {
        let looks = Mutex::new(looks.into_iter());
        Self(Arc::new(Inner { looks, begin: Instant::now(), seconds: AtomicU64::new(0) }))
    }

    fn seconds(&self) -> u64 {
        self.0.seconds.load(Ordering::SeqCst)
    }

    fn left(&self) -> usize {
        self.0.looks.lock().unwrap().len()
    }
}

#[async_trait]
impl Transport for Script {
    fn info(&self) -> TransportInfo {
        TransportInfo::new("script", "nowhere").blocking()
    }

    async fn call(&self, request: &PveRequest) -> Result<PveResponse> {
        assert_eq!((request.path.as_str(), request.params.iter().count()), ("/cluster/resources", 0));
        let look = self.0.looks.lock().unwrap().next().expect("a look more than is written down");
        match look {
            Some(rows) => Ok(PveResponse::bare(rows.to_string())),
            None => Err(Error::new(ErrorKind::Connect, Outcome::NotSent, "no connection to pve1: refused")),
        }
    }

    async fn sleep(&self, duration: Duration) {
        self.0.seconds.fetch_add(duration.as_secs(), Ordering::SeqCst);
    }

    fn now(&self) -> Instant {
        self.0.begin + Duration::from_secs(self.seconds())
    }
}

fn node(name: &str, status: &str) -> Value {
    json!({"id": format!("node/{name}"), "type": "node", "node": name, "status": status, "maxcpu": 8})
}

fn with(mut row: Value, values: Value) -> Value {
    let Value::Object(values) = values else { panic!("an object") };
    row.as_object_mut().unwrap().extend(values);
    row
}

/// A guest that runs, half of its 2 GiB in use, with other values.
fn guest(kind: &str, vmid: u32, node: &str, name: &str, values: Value) -> Value {
    let row = json!({
        "id": format!("{kind}/{vmid}"), "type": kind, "vmid": vmid, "node": node, "name": name, "status": "running",
        "cpu": 0.125, "mem": 1_i64 << 30, "maxmem": 2_i64 << 30, "uptime": 77, "template": 0,
    });
    with(row, values)
}

/// What PVE says of a guest whose node it does not hear: what is in its configuration, and no more.
fn silent(kind: &str, vmid: u32, node: &str, values: Value) -> Value {
    let row = json!({
        "id": format!("{kind}/{vmid}"), "type": kind, "vmid": vmid, "node": node, "status": "unknown", "template": 0,
    });
    with(row, values)
}

fn life() -> Vec<Option<Value>> {
    let (one, two) = (node("pve1", "online"), node("pve2", "online"));
    let web = |node: &str, values| guest("qemu", 100, node, "web", values);
    let db = |values| guest("qemu", 101, "pve1", "db", values);
    let off = json!({"status": "stopped", "cpu": 0, "mem": 0, "tags": "production;db"});
    let on = json!({"cpu": 0.5, "tags": "db;production"});
    let mail = guest("qemu", 200, "pve2", "mail", json!({}));
    let dns = guest("lxc", 300, "pve2", "dns", json!({}));
    let golden = guest(
        "qemu",
        9000,
        "pve2",
        "golden",
        json!({"status": "stopped", "template": 1, "cpu": 0, "mem": 0}),
    );
    let second = [two.clone(), mail.clone(), dns.clone(), golden.clone()];
    let storage = json!({"id": "storage/pve1/local", "type": "storage", "node": "pve1", "storage": "local"});
    let look = |rows: &[Value], more: &[Value]| Some(Value::from([rows, more].concat()));
    let renamed =
        guest("qemu", 100, "pve2", "www", json!({"tags": "web", "cpu": 0.13, "mem": 1_100_000_000}));
    let template = db(json!({"status": "stopped", "template": 1, "cpu": 0, "mem": 0, "tags": "db"}));
    let broken = json!({"id": "qemu/200", "type": "qemu", "vmid": "2oo", "node": "pve2"});
    vec![
        look(&[one.clone(), web("pve1", json!({})), db(off), storage], &second),
        // A start, and a move in two steps.
        look(&[one.clone(), web("pve1", json!({"lock": "migrate"})), db(on.clone())], &second),
        look(&[one.clone(), web("pve2", json!({})), db(on.clone())], &second),
        // Another name and a tag; CPU and memory have hardly moved.
        look(&[one.clone(), renamed.clone(), db(on.clone())], &second),
        // A node goes down. At first PVE repeats its last word, then it knows no more than the numbers, and of one not even that.
        look(&[one.clone(), node("pve2", "offline"), renamed.clone(), db(on.clone())], &second[1..]),
        look(
            &[
                one.clone(),
                node("pve2", "offline"),
                silent("qemu", 100, "pve2", json!({"tags": "web"})),
                db(on.clone()),
            ],
            &[silent("qemu", 200, "pve2", json!({})), silent("qemu", 9000, "pve2", json!({}))],
        ),
        // It is back, without the container.
        look(&[one.clone(), two.clone(), renamed.clone(), db(on)], &[mail.clone(), golden.clone()]),
        // A VM becomes a template.
        look(&[one.clone(), two.clone(), renamed.clone(), template.clone()], &[mail, golden]),
        // A row cannot be read.
        look(&[one.clone(), two.clone(), renamed.clone(), template.clone()], &[broken]),
        // Nobody answers, three times; what answers then is no cluster. Then it is all there again, but for one.
        None,
        None,
        None,
        look(&[], &[]),
        look(&[one, two, renamed, template], &[guest("lxc", 200, "pve2", "mail", json!({}))]),
    ]
}

#[test]
fn the_life_of_a_cluster() {
    let script = Script::new(life());
    let mut lines = String::new();
    let mut view = View::default();
    let mut events = Watch::new(&Pve::new(script.clone())).subscribe().blocking();
    while script.left() > 0 {
        let event = events.next().unwrap();
        view.apply(&event);
        let json = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), event);
        lines.push_str(&format!("{:>3} s {json}\n", script.seconds()));
    }
    // What the last look tells besides.
    for event in events.take(3) {
        view.apply(&event);
        lines.push_str(&format!("{:>3} s {}\n", script.seconds(), serde_json::to_string(&event).unwrap()));
    }
    insta::assert_snapshot!("life", lines);
    let guests: Vec<String> =
        view.guests().map(|g| format!("{} {} {}", g.kind.noun(), g.vmid, g.node)).collect();
    assert_eq!(guests, ["VM 100 pve2", "CT 200 pve2"]);
}

#[test]
fn with_templates() {
    let script = Script::new(life());
    let watch = Watch::new(&Pve::new(script)).templates(true).cpu_points(100.0).memory_percent(100.0);
    let mut lines = String::new();
    for event in watch.subscribe().blocking() {
        match &event {
            Event::Snapshot { guests, .. } => lines.push_str(&format!("{} guests\n", guests.len())),
            Event::Changed { guest, what } => {
                lines.push_str(&format!("{} {}\n", guest.vmid, serde_json::to_string(what).unwrap()));
            }
            Event::Stale { .. } => break,
            other => lines.push_str(&format!("{}\n", other.name())),
        }
    }
    insta::assert_snapshot!("life_with_templates", lines);
}
