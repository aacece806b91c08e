//! Connections that are not made, end early, or end while nobody looks.

use std::collections::BTreeSet;
use std::time::Duration;

use proxmox_core::{ErrorKind, Outcome};
use proxmox_sim::{SimServer, WireFault};

use crate::lab::{IDLE, Lab, RUNNING, Way};
use crate::on_each_way;

on_each_way!(https:
    a_connection_that_is_not_made_is_made_again
    without_a_connection_nothing_is_sent
    a_server_that_is_gone_is_told
    a_write_after_idling_arrives_once
    a_write_on_a_connection_that_was_just_closed_arrives_once
    the_limit_of_a_connection_is_not_seen
    every_error_closes_the_connection_unseen
    the_longest_answer_has_an_end
);

/// Nothing was sent: so a write, too, is tried again.
fn a_connection_that_is_not_made_is_made_again(way: Way) {
    let lab = Lab::new(way);
    let vm = lab.vm(IDLE);
    lab.faults.close_connections(2);
    lab.run(async { vm.set_config([("cores", "2")]).await }).unwrap();
    assert_eq!(lab.sim.guest(IDLE).unwrap().config["cores"], "2");
    lab.assert_no_write_twice();
}

fn without_a_connection_nothing_is_sent(way: Way) {
    let lab = Lab::new(way);
    let vm = lab.vm(IDLE);
    lab.faults.close_connections(1000);
    let error = lab.run(async { vm.start().await }).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Connect, Outcome::NotSent), "{error:?}");
    assert!(error.attempts() > 1 && !error.is_retryable(), "{error:?}");
    assert!(lab.log.entries().is_empty());
    lab.faults.clear();
    lab.run(async { vm.start().await }).unwrap();
}

fn a_server_that_is_gone_is_told(way: Way) {
    let mut lab = Lab::new(way);
    let vm = lab.vm(IDLE);
    lab.run(async { vm.status().await }).unwrap();
    lab.server = None;
    let error = lab.run(async { vm.start().await }).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Connect, Outcome::NotSent), "{error:?}");
}

/// PVE closes after 5 s; this server is quicker, so that the client's own limit does not save it.
fn a_write_after_idling_arrives_once(way: Way) {
    let idle = Duration::from_millis(100);
    let lab = Lab::behind(way, SimServer::builder().idle(idle));
    let vm = lab.vm(RUNNING);
    for turn in 0..6 {
        lab.run(async {
            let set = vm.set_config([("description", format!("turn {turn}"))]);
            set.await.unwrap();
            lab.pve.sleep(3 * idle).await;
        });
    }
    assert_eq!(lab.writes().len(), 6);
    assert!(lab.writes().iter().all(|e| e.status == Some(200)));
}

/// The server hangs up right behind an answer that promised more. Whether the client has seen it or not when the next
/// write begins: that write arrives once, or the error says what is known.
fn a_write_on_a_connection_that_was_just_closed_arrives_once(way: Way) {
    let lab = Lab::new(way);
    let vm = lab.vm(RUNNING);
    lab.faults.add(WireFault::CloseAfterAnswering.on("GET", "/nodes/pve1/qemu").always());
    let mut applied = 0;
    for turn in 0..20 {
        let text = format!("turn {turn}");
        let set = vm.set_config([("description", text.as_str())]);
        match lab.run(async { set.await }) {
            Ok(()) => {
                applied += 1;
                assert_eq!(lab.sim.guest(RUNNING).unwrap().config["description"], text);
            }
            Err(e) => assert_eq!(e.outcome(), Outcome::MaybeApplied, "{e:?}"),
        }
    }
    let writes = lab.writes();
    let texts: BTreeSet<_> = writes.iter().map(|e| format!("{:?}", e.params)).collect();
    assert_eq!(texts.len(), writes.len(), "a write arrived twice");
    assert!(applied > 0, "not one in twenty got through");
}

/// 100 requests, then the connection ends.
fn the_limit_of_a_connection_is_not_seen(way: Way) {
    let lab = Lab::new(way);
    let vm = lab.vm(RUNNING);
    for turn in 0..125 {
        let text = format!("turn {turn}");
        // The gate's look and the write: two requests.
        lab.run(async { vm.set_config([("description", text)]).await }).unwrap();
    }
    let entries = lab.log.entries();
    assert_eq!(entries.len(), 250);
    assert!(entries.iter().all(|e| e.status == Some(200)));
    let connections: BTreeSet<_> = entries.iter().map(|e| e.connection).collect();
    assert!((3..=10).contains(&connections.len()), "{connections:?}");
}

fn every_error_closes_the_connection_unseen(way: Way) {
    let lab = Lab::new(way);
    let vm = lab.vm(RUNNING);
    for turn in 0..20 {
        let error = lab.run(async { vm.set_config([("cores", "none")]).await }).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
        let text = format!("turn {turn}");
        lab.run(async { vm.set_config([("description", text)]).await }).unwrap();
    }
    assert_eq!(lab.writes().len(), 40);
}

/// More than anybody reads: an error, and not all of it is fetched.
fn the_longest_answer_has_an_end(way: Way) {
    let lab = Lab::new(way);
    lab.faults.add(WireFault::Garbage(65 << 20).on("GET", "/nodes/pve1/qemu"));
    let vm = lab.vm(RUNNING);
    let error = lab.run(async { vm.status().await }).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Decode, Outcome::Rejected), "{error:?}");
    assert!(error.message().contains("MiB"), "{error}");
}
