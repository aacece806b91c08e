//! The transport without sockets.

#![allow(clippy::unwrap_used)]

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use proxmox_core::{Effect, ErrorKind, Outcome, Pve, PvePath, PveRequest, Transport};
use proxmox_sim::{BARE_TOKEN_ID, BARE_TOKEN_SECRET, Sim, SimValue, WireFault};
use serde_json::Value;

/// A cluster whose clock moves only by hand.
fn still() -> Sim {
    Sim::builder().time_scale(0.0).build()
}

fn path(text: &str) -> PvePath {
    PvePath::parse(text).unwrap()
}

fn version() -> PveRequest {
    PveRequest::get(path("/version"))
}

fn write() -> PveRequest {
    PveRequest::create(path("/nodes/pve1/qemu/9000/config")).param("description", "x").effect(Effect::Write)
}

fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn parameters_travel_as_in_a_form() {
    let transport = still().transport();
    let request = PveRequest::get(path("/version"))
        .param("yes", true)
        .param("n", 7)
        .param("list", vec!["a".to_owned(), String::new()])
        .param("password", "hunter2");
    let answer = poll_once(transport.call(&request));
    assert!(matches!(answer, Poll::Ready(Err(_))), "parameters that /version does not know");
    let pairs: Vec<_> = transport.log().entries()[0]
        .params
        .iter()
        .map(|(name, value)| match value {
            SimValue::Text(text) => format!("{name}={text}"),
            SimValue::Json(value) => panic!("{name} as JSON: {value}"),
        })
        .collect();
    assert_eq!(pairs, ["yes=1", "n=7", "list=a", "list=", "password=hunter2"]);
}

#[test]
fn blocking_is_ready_at_once_and_the_other_yields() {
    let sim = still();
    assert!(sim.transport().info().blocking);
    assert!(poll_once(sim.transport().call(&version())).is_ready());
    let other = sim.transport().asynchronous();
    assert!(!other.info().blocking);
    assert!(poll_once(other.call(&version())).is_pending());
    let pve = Pve::new(other);
    let answer: Value = pve.request(version()).block().unwrap();
    assert_eq!(answer["release"], "8.4");
}

#[test]
fn sleeping_moves_the_simulated_clock() {
    let sim = still();
    let transport = sim.transport();
    let (before, simulated) = (transport.now(), sim.clock().now());
    assert!(poll_once(transport.sleep(Duration::from_secs(3600))).is_ready());
    assert_eq!(transport.now() - before, Duration::from_secs(3600));
    assert_eq!(sim.clock().now() - simulated, Duration::from_secs(3600));
}

#[test]
fn a_late_answer_takes_simulated_time_or_runs_out() {
    let sim = still();
    let transport = sim.transport().token("root@pam!nope", "x");
    let begin = sim.clock().now();
    let Poll::Ready(Err(error)) = poll_once(transport.call(&version())) else { panic!("let in") };
    assert_eq!((error.kind(), error.reason()), (ErrorKind::Unauthenticated, Some("Authentication failed!")));
    assert_eq!(sim.clock().now() - begin, Duration::from_secs(3));

    let short = version().timeout(Duration::from_secs(1));
    let Poll::Ready(Err(error)) = poll_once(transport.call(&short)) else { panic!("let in") };
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(sim.clock().now() - begin, Duration::from_secs(4));
}

#[test]
fn tokens_have_their_own_privileges() {
    let pve = Pve::new(still().transport().token(BARE_TOKEN_ID, BARE_TOKEN_SECRET));
    let rows: Vec<Value> = pve.request(PveRequest::get(path("/nodes/pve1/qemu"))).block().unwrap();
    assert_eq!(rows, Vec::<Value>::new());
    let error = pve.request::<Value>(PveRequest::get(path("/nodes/pve1/status"))).block().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
}

#[test]
fn lost_answers_say_what_is_not_known() {
    let transport = still().transport();
    for (fault, kind, executed) in [
        (WireFault::CloseBeforeReading, ErrorKind::Connect, 0),
        (WireFault::CloseBeforeExecuting, ErrorKind::Connect, 0),
        (WireFault::CloseAfterExecuting, ErrorKind::Connect, 1),
        (WireFault::Truncate, ErrorKind::Connect, 1),
        (WireFault::Stall, ErrorKind::Timeout, 0),
        (WireFault::Delay(Duration::from_secs(3600)), ErrorKind::Timeout, 1),
        (WireFault::Html, ErrorKind::Unavailable, 0),
        (WireFault::refused(), ErrorKind::NodeUnreachable, 0),
    ] {
        for (request, outcome) in [(write(), Outcome::MaybeApplied), (version(), Outcome::Rejected)] {
            transport.log().clear();
            transport.faults().add(fault.clone().on("*", "/"));
            let Poll::Ready(Err(error)) = poll_once(transport.call(&request)) else {
                panic!("{fault:?}: no error")
            };
            assert_eq!(error.kind(), kind, "{fault:?}: {error}");
            if error.status().is_none() {
                assert_eq!(error.outcome(), outcome, "{fault:?}: {error}");
            }
            let path = request.path.as_str();
            assert_eq!(transport.log().arrived("*", path), 1);
            assert_eq!(transport.log().executed("*", path), executed, "{fault:?}");
        }
    }
}

#[test]
fn answers_that_cannot_be_read() {
    let transport = still().transport();
    for fault in [WireFault::Empty, WireFault::Garbage(100), WireFault::Body("[]".to_owned())] {
        transport.faults().add(fault.on("POST", "/"));
        let Poll::Ready(Ok(answer)) = poll_once(transport.call(&write())) else { panic!("an error already") };
        let error = answer.answering(Effect::Write).upid().unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Decode, Outcome::MaybeApplied));
    }
}

#[test]
fn waits_as_long_as_it_is_told() {
    let transport = still().transport().patience(Duration::from_secs(7));
    transport.faults().add(WireFault::Stall.on("GET", "/").times(2));
    let ask = |request: &PveRequest| {
        let before = transport.now();
        let Poll::Ready(Err(error)) = poll_once(transport.call(request)) else { panic!("an answer") };
        assert_eq!(error.kind(), ErrorKind::Timeout);
        transport.now() - before
    };
    assert_eq!(ask(&version()), Duration::from_secs(7));
    assert_eq!(ask(&version().timeout(Duration::from_secs(2))), Duration::from_secs(2));
}
