//! Tickets that get lost, end, or are refused.

use std::time::Duration;

use proxmox_core::{ErrorKind, Outcome};
use proxmox_sim::WireFault;

use crate::lab::{IDLE, Lab, Way};
use crate::on_each_way;

on_each_way!(https:
    a_lost_login_is_tried_again_and_the_write_arrives_once
    without_a_login_nothing_is_sent
    a_write_with_an_ended_ticket_is_executed_once
    a_lost_write_is_not_repeated_with_a_new_ticket
);

fn a_lost_login_is_tried_again_and_the_write_arrives_once(way: Way) {
    let lab = Lab::with_password(way);
    lab.faults.add(WireFault::CloseAfterExecuting.on("POST", "/access/ticket"));
    let vm = lab.vm(IDLE);
    lab.run(async { vm.set_config([("cores", "2")]).await }).unwrap();
    assert_eq!(lab.log.arrived("POST", "/access/ticket"), 2);
    lab.assert_no_write_twice();
}

fn without_a_login_nothing_is_sent(way: Way) {
    let lab = Lab::with_password(way);
    lab.faults.add(WireFault::Empty.on("POST", "/access/ticket").always());
    let vm = lab.vm(IDLE);
    let error = lab.run(async { vm.set_config([("cores", "2")]).await }).unwrap_err();
    // It was the gate's look at the guest that could not log in.
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Refused, Outcome::NotSent), "{error:?}");
    assert!(error.message().contains("login of root@pam"), "{error}");
    assert!(lab.writes().is_empty());
}

/// The 401 says that the first one was not looked at.
fn a_write_with_an_ended_ticket_is_executed_once(way: Way) {
    let lab = Lab::with_password(way);
    let vm = lab.vm(IDLE);
    lab.run(async { vm.status().await }).unwrap();
    // By the server's clock only: the client believes its ticket to be fresh.
    lab.sim.clock().advance(Duration::from_secs(3 * 3600));
    lab.run(async { vm.set_config([("cores", "2")]).await }).unwrap();
    let writes = lab.writes();
    let done = writes.iter().filter(|e| e.status == Some(200)).count();
    assert_eq!(done, 1);
    assert!(writes.iter().all(|e| matches!(e.status, Some(200 | 401))), "{writes:?}");
}

fn a_lost_write_is_not_repeated_with_a_new_ticket(way: Way) {
    let lab = Lab::with_password(way);
    let vm = lab.vm(IDLE);
    lab.faults.add(WireFault::CloseAfterExecuting.on("PUT", "/nodes/pve1/qemu"));
    let error = lab.run(async { vm.set_config([("cores", "2")]).await }).unwrap_err();
    assert_eq!(error.outcome(), Outcome::MaybeApplied, "{error:?}");
    assert_eq!(lab.log.arrived("POST", "/access/ticket"), 1);
    lab.assert_no_write_twice();
}
