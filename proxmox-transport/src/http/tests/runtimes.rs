//! One handle, many runtimes and none.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;

use proxmox_core::Pve;

use super::server::Server;
use super::{get, plain};

fn server() -> Server {
    Server::start(|c| c.serve("200 OK", r#"{"data":null}"#))
}

fn handle(server: &Server) -> Pve {
    // Long enough for all but what hangs.
    Pve::new(plain(server).total_timeout(std::time::Duration::from_secs(20)).reqwest().unwrap())
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// With one client for all, the blocking call would take the pooled connection of the runtime that it blocks, and wait
/// for ever.
#[test]
fn blocking_inside_of_the_runtime_that_has_the_connection() {
    let server = server();
    let pve = handle(&server);
    runtime().block_on(async {
        for _ in 0..3 {
            pve.call(&get("/version")).await.unwrap();
            pve.request::<()>(get("/version")).block().unwrap();
        }
    });
    assert_eq!(server.connections(), 2, "one of the runtime, one of the lane");
}

#[test]
fn one_connection_for_each_runtime() {
    let server = server();
    let pve = handle(&server);
    // More than are remembered: those of the past are given up.
    for _ in 0..10 {
        runtime().block_on(async {
            pve.call(&get("/version")).await.unwrap();
            pve.call(&get("/version")).await.unwrap();
        });
    }
    assert_eq!((server.connections(), server.seen().len()), (10, 20));
}

#[test]
fn threads_without_a_runtime_share_the_lane() {
    let server = server();
    let pve = handle(&server);
    pve.request::<()>(get("/version")).block().unwrap();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| pve.request::<()>(get("/version")).block().unwrap());
        }
    });
    assert_eq!(server.seen().len(), 5);
    let answers =
        pve.block_on(pve.fan_out(0..8, 4, |pve, _| async move { pve.call(&get("/version")).await }));
    assert!(answers.iter().all(Result::is_ok));
}

/// No runtime, and an executor that is not ours.
#[test]
fn polled_by_hand() {
    let server = server();
    let pve = handle(&server);
    let (request, mut context) = (get("/version"), Context::from_waker(Waker::noop()));
    let mut call = pin!(pve.call(&request));
    let answer = loop {
        match call.as_mut().poll(&mut context) {
            Poll::Ready(answer) => break answer,
            Poll::Pending => thread::yield_now(),
        }
    };
    answer.unwrap();
    pve.block_on(pve.sleep(std::time::Duration::from_millis(1)));
}

#[test]
fn the_lane_ends_with_its_handle() {
    let server = server();
    let pve = handle(&server);
    pve.request::<()>(get("/version")).block().unwrap();
    let other = pve.clone();
    drop(pve);
    other.request::<()>(get("/version")).block().unwrap();
    // Dropped inside of a runtime, where a runtime must not be dropped.
    runtime().block_on(async move { drop(other) });
}
