//! Both engines against the simulated node over HTTPS: what works, and what became of each request that did not.
#![cfg(any(feature = "reqwest", feature = "ureq"))]
#![allow(clippy::unwrap_used, reason = "helpers of tests may, as tests may")]

use std::pin::pin;
use std::time::Duration;

use proxmox_core::{Effect, ErrorKind, Outcome, PvePath, PveRequest, PveResponse, Result, Transport};
use proxmox_sim::{ROOT_PASSWORD, ROOT_TOKEN_ID, ROOT_TOKEN_SECRET, Sim, SimServer, WireFault};
use proxmox_transport::Api;

/// A transport without layers and gates, for callers that block.
struct Bare(Box<dyn Transport>);

impl Bare {
    fn call(&self, request: &PveRequest) -> Result<PveResponse> {
        let mut answer = None;
        let slot = &mut answer;
        self.0.drive(pin!(async move { *slot = Some(self.0.call(request).await) }));
        answer.unwrap()
    }
}

fn engines(api: &Api) -> Vec<(&'static str, Bare)> {
    vec![
        #[cfg(feature = "reqwest")]
        ("reqwest", Bare(Box::new(api.clone().reqwest().unwrap()))),
        #[cfg(feature = "ureq")]
        ("ureq", Bare(Box::new(api.clone().ureq().unwrap()))),
    ]
}

fn server() -> SimServer {
    // Failed logins take 3 s.
    SimServer::start(Sim::builder().time_scale(100.0).build()).unwrap()
}

fn api(server: &SimServer) -> Api {
    Api::new(&server.url()).unwrap().ca_pem(server.ca_pem()).unwrap()
}

fn with_token(server: &SimServer) -> Api {
    api(server).token(ROOT_TOKEN_ID, ROOT_TOKEN_SECRET.into()).unwrap()
}

fn get(path: &str) -> PveRequest {
    PveRequest::get(PvePath::parse(path).unwrap())
}

const START: &str = "/nodes/pve1/qemu/100/status/start";

fn start() -> PveRequest {
    PveRequest::create(PvePath::parse(START).unwrap()).effect(Effect::Write)
}

/// Each error closes the connection, and so does every hundredth request; nobody notices.
#[test]
fn three_hundred_requests_and_none_is_lost() {
    let server = server();
    for (name, pve) in engines(&with_token(&server)) {
        for i in 0..300 {
            if i % 50 == 7 {
                let error = pve.call(&get("/nodes/pve1/qemu/999/config")).unwrap_err();
                assert_eq!(
                    (error.kind(), error.status()),
                    (ErrorKind::NotFound, Some(500)),
                    "{name}: {error:?}"
                );
            } else if i % 3 == 0 {
                pve.call(&start()).unwrap_or_else(|e| panic!("{name} {i}: {e:?}"));
            } else {
                pve.call(&get("/version")).unwrap_or_else(|e| panic!("{name} {i}: {e:?}"));
            }
        }
        let log = server.log();
        assert_eq!(log.entries().len(), 300, "{name}");
        assert!(log.entries().iter().all(|entry| entry.executed), "{name}");
        log.clear();
    }
}

#[test]
fn user_and_password() {
    let server = server();
    for (name, pve) in engines(&api(&server).password("root@pam", ROOT_PASSWORD.into()).unwrap()) {
        pve.call(&get("/version")).unwrap();
        // A write carries the token against forged requests.
        pve.call(&start()).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        assert_eq!(server.log().executed("POST", "/access/ticket"), 1, "{name}");
        server.log().clear();
    }
}

/// The server's clock goes on without ours: the ticket dies early, and the write that finds out is sent again with a new one.
#[test]
fn a_ticket_that_died_early() {
    let server = server();
    for (name, pve) in engines(&api(&server).password("root@pam", ROOT_PASSWORD.into()).unwrap()) {
        pve.call(&start()).unwrap();
        server.sim().clock().advance(Duration::from_secs(3 * 60 * 60));
        server.log().clear();
        pve.call(&start()).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        assert_eq!(server.log().executed("POST", "/access/ticket"), 1, "{name}");
        let statuses: Vec<_> = server
            .log()
            .entries()
            .iter()
            .filter(|entry| entry.path == START)
            .map(|entry| entry.status)
            .collect();
        assert_eq!(statuses, [Some(401), Some(200)], "{name}");
    }
}

#[test]
fn who_is_not_known() {
    let server = server();
    let wrong = [
        api(&server).token(ROOT_TOKEN_ID, "00000000-0000-0000-0000-000000000000".into()).unwrap(),
        api(&server).password("root@pam", "wrong".into()).unwrap(),
    ];
    for api in wrong {
        for (name, pve) in engines(&api) {
            let error = pve.call(&start()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{name}: {error:?}");
            assert!(!error.message().is_empty() && error.reason().is_some(), "{name}: {error:?}");
        }
    }
    // Under a token the write itself is refused; without a ticket it is not even sent.
    assert_eq!(server.log().arrived("POST", START), engines(&with_token(&server)).len());
}

/// For each fault: what the caller is told, and that the write arrived once.
#[test]
fn what_became_of_a_write() {
    use ErrorKind as K;
    use Outcome as O;
    for (fault, kind, outcome) in [
        (WireFault::CloseBeforeReading, K::Connect, O::MaybeApplied),
        (WireFault::CloseBeforeExecuting, K::Connect, O::MaybeApplied),
        (WireFault::CloseAfterExecuting, K::Connect, O::MaybeApplied),
        (WireFault::Truncate, K::Connect, O::MaybeApplied),
        (WireFault::refused(), K::NodeUnreachable, O::Rejected),
        (WireFault::broken_pipe(), K::NodeUnreachable, O::MaybeApplied),
        (WireFault::Html, K::Unavailable, O::MaybeApplied),
        (WireFault::Empty, K::Decode, O::MaybeApplied),
        (WireFault::Garbage(10 << 20), K::Decode, O::MaybeApplied),
        (WireFault::Stall, K::Timeout, O::MaybeApplied),
    ] {
        let server = server();
        for (name, pve) in engines(&with_token(&server).first_byte_timeout(Duration::from_secs(1))) {
            server.faults().add(fault.clone().on("POST", START));
            // The write goes over a connection that was used before: there a client may be tempted to send it again.
            pve.call(&get("/version")).unwrap();
            let error = pve.call(&start()).and_then(|answer| answer.upid()).unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (kind, outcome), "{name} {fault:?}: {error:?}");
            assert_eq!(server.log().arrived("POST", START), 1, "{name} {fault:?}");
            server.log().clear();
        }
    }
}

#[test]
fn a_connection_that_was_not_made_sent_nothing() {
    let server = server();
    for (name, pve) in engines(&with_token(&server)) {
        server.faults().close_connections(1);
        let error = pve.call(&start()).unwrap_err();
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::Connect, Outcome::NotSent),
            "{name}: {error:?}"
        );
        assert_eq!(server.log().arrived("POST", START), 0, "{name}");
    }
}
