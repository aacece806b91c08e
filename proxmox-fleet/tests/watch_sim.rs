//! A watch of the simulated cluster: what it costs, and that nobody is held up by anybody.
#![allow(clippy::unwrap_used)]

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use proxmox_core::guest::GuestState;
use proxmox_core::{Pve, PveRequest, PveResponse, Result, Transport, TransportInfo, Vmid, async_trait};
use proxmox_fleet::Watch;
use proxmox_fleet::watch::{Change, Event, Subscription};
use proxmox_qemu::QemuNode;
use proxmox_sim::{BARE_TOKEN_ID, BARE_TOKEN_SECRET, Sim, WireFault};

const RESOURCES: &str = "/cluster/resources";

/// The clock moves only when somebody waits.
fn sim() -> Sim {
    Sim::builder().time_scale(0.0).build()
}

/// What the guests' own figures do is left aside.
fn watch(pve: &Pve) -> Watch {
    Watch::new(pve).cpu_points(100.0).memory_percent(100.0)
}

fn asked(sim: &Sim) -> usize {
    sim.requests().iter().filter(|request| request.path == RESOURCES).count()
}

fn next(pve: &Pve, subscription: &mut Subscription) -> Event {
    pve.block_on(subscription.next())
}

fn locked(event: &Event) -> Option<&str> {
    match event {
        Event::Changed { guest, .. } => guest.lock.as_deref(),
        _ => None,
    }
}

#[test]
fn any_number_of_subscribers_cost_one_request_per_interval() {
    // One after the other, and all at once.
    for together in [false, true] {
        let sim = sim();
        let transport = sim.transport();
        let pve = Pve::new(if together { transport.asynchronous() } else { transport });
        let watch = watch(&pve);
        let mut all: Vec<Subscription> = (0..50).map(|_| watch.subscribe()).collect();
        let mut round = || -> Vec<Event> {
            if together {
                pve.block_on(join_all(all.iter_mut().map(Subscription::next)))
            } else {
                all.iter_mut().map(|one| next(&pve, one)).collect()
            }
        };
        assert!(round().iter().all(|event| event.name() == "snapshot"));
        for n in 1..=10 {
            let word = format!("lock-{n}");
            assert!(sim.set_lock(101, Some(&word)));
            for event in round() {
                assert_eq!(locked(&event), Some(word.as_str()), "{event:?}");
            }
            assert_eq!((sim.requests().len(), asked(&sim)), (n + 1, n + 1), "{together}");
        }
        // One who comes in between, and one who has come from a clone.
        let late = next(&pve, &mut watch.clone().subscribe());
        assert!(matches!(late, Event::Snapshot { missed: false, .. }));
        assert_eq!(asked(&sim), 11);
    }
}

#[test]
fn threads_share_the_requests_too() {
    /// In real time, blocking, and different each time.
    #[derive(Clone, Default)]
    struct Counting(Arc<AtomicU32>);

    #[async_trait]
    impl Transport for Counting {
        fn info(&self) -> TransportInfo {
            TransportInfo::new("counting", "nowhere").blocking()
        }
        async fn call(&self, _: &PveRequest) -> Result<PveResponse> {
            let n = self.0.fetch_add(1, Ordering::SeqCst);
            self.sleep(Duration::from_millis(10)).await;
            let text = format!(
                r#"[{{"id":"node/a","type":"node","node":"a","status":"online"}},
                    {{"id":"qemu/100","type":"qemu","vmid":100,"node":"a","status":"running","lock":"{n}"}}]"#
            );
            Ok(PveResponse::bare(text))
        }
        #[allow(clippy::disallowed_methods)] // This is what Transport::sleep is.
        async fn sleep(&self, duration: Duration) {
            thread::sleep(duration);
        }
    }

    let counting = Counting::default();
    let watch = Watch::new(&Pve::new(counting.clone())).interval(Duration::from_millis(100));
    thread::scope(|scope| {
        for _ in 0..20 {
            let events = watch.subscribe().blocking();
            scope.spawn(|| {
                let names: Vec<_> = events.take(5).map(|event| event.name()).collect();
                assert_eq!(names, ["snapshot", "changed", "changed", "changed", "changed"]);
            });
        }
    });
    // A thread that starts late begins with a later snapshot.
    let asked = counting.0.load(Ordering::SeqCst);
    assert!((5..=10).contains(&asked), "{asked} questions");
}

#[test]
fn pauses_grow_while_nobody_answers() {
    let sim = sim();
    let transport = sim.transport();
    let faults = transport.faults().clone();
    let pve = Pve::new(transport);
    let mut subscription = watch(&pve).subscribe();
    let begin = pve.now();
    let mut seen = |sim: &Sim| {
        let name = next(&pve, &mut subscription).name();
        (name, pve.now().duration_since(begin).as_secs(), asked(sim))
    };
    assert_eq!(seen(&sim), ("snapshot", 0, 1));
    faults.add(WireFault::CloseBeforeReading.on("GET", RESOURCES).times(7));
    assert_eq!(seen(&sim), ("stale", 10, 1));
    assert!(sim.set_lock(101, Some("backup")));
    // After 20, 40, 80, 160, 300, 300 and 300 seconds.
    assert_eq!(seen(&sim), ("recovered", 1210, 2));
    assert_eq!(seen(&sim), ("changed", 1210, 2));
    assert!(sim.set_lock(101, None));
    assert_eq!(seen(&sim), ("changed", 1220, 3));
}

/// Polls a future so many times, until it is in the middle of what it does.
fn begin(mut future: std::pin::Pin<&mut impl Future<Output = Event>>, times: usize) {
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..times {
        assert!(matches!(future.as_mut().poll(&mut context), Poll::Pending));
    }
}

#[test]
fn a_question_left_alone_is_asked_by_another() {
    let sim = sim();
    let pve = Pve::new(sim.transport().asynchronous());
    let watch = watch(&pve);
    let (mut lame, mut first, mut second) = (watch.subscribe(), watch.subscribe(), watch.subscribe());
    let start = pve.now();
    let mut asking = pin!(lame.next());
    begin(asking.as_mut(), 1);
    let both = pve.block_on(join_all([first.next(), second.next()]));
    assert!(both.iter().all(|event| event.name() == "snapshot"));
    assert_eq!(asked(&sim), 1);
    let waited = pve.now().duration_since(start);
    assert!((60..=120).contains(&waited.as_secs()), "{waited:?}");
    // Its answer comes too late to count, and it learns what the others know.
    assert!(sim.set_lock(101, Some("backup")));
    assert_eq!(pve.block_on(asking.as_mut()).name(), "snapshot");
    assert_eq!(asked(&sim), 2);
    assert_eq!(locked(&pve.block_on(first.next())), Some("backup"));
}

#[test]
fn a_question_that_is_dropped_holds_nobody_up() {
    let sim = sim();
    let pve = Pve::new(sim.transport().asynchronous());
    let watch = watch(&pve);
    let (mut fickle, mut other) = (watch.subscribe(), watch.subscribe());
    let start = pve.now();
    {
        let mut asking = Box::pin(fickle.next());
        begin(asking.as_mut(), 1);
        let mut waiting = pin!(other.next());
        begin(waiting.as_mut(), 1);
        drop(asking);
        assert_eq!(pve.block_on(waiting).name(), "snapshot");
    }
    assert_eq!((asked(&sim), pve.now()), (1, start));
    assert_eq!(next(&pve, &mut fickle).name(), "snapshot");
}

#[test]
fn what_is_done_is_seen() {
    let sim = sim();
    let pve = sim.pve();
    let mut subscription = watch(&pve).subscribe();
    assert!(matches!(next(&pve, &mut subscription), Event::Snapshot { guests, nodes, .. }
        if guests.len() == 2 && nodes.len() == 2));
    let vmid = Vmid::new(101).unwrap();
    pve.node("pve1").unwrap().vm(vmid).unwrap().start().block().unwrap();
    let Event::Changed { guest, what } = next(&pve, &mut subscription) else { panic!("a change") };
    assert_eq!((guest.vmid, guest.name.as_deref()), (vmid, Some("shop-db")));
    let started = Change::Status { from: GuestState::Stopped, to: GuestState::Running };
    assert!(what.contains(&started), "{what:?}");

    assert!(sim.set_node_down("pve1", true));
    let names: Vec<String> = pve.block_on(subscription.into_stream().take(3).map(|e| label(&e)).collect());
    assert_eq!(names, ["node-offline pve1", "changed 100 unknown", "changed 101 unknown"]);
}

fn label(event: &Event) -> String {
    match event {
        Event::Changed { guest, .. } => format!("changed {} {}", guest.vmid, guest.status),
        Event::NodeOffline { node } => format!("node-offline {}", node.node),
        other => other.name().to_owned(),
    }
}

#[test]
fn without_rights_there_are_nodes_and_no_guests() {
    let pve = Pve::new(sim().transport().token(BARE_TOKEN_ID, BARE_TOKEN_SECRET));
    let event = next(&pve, &mut Watch::new(&pve).subscribe());
    assert!(matches!(event, Event::Snapshot { guests, nodes, .. } if guests.is_empty() && nodes.len() == 2));
}
