//! Flows of several requests, when one of them gets lost.

use std::time::Duration;

use proxmox_core::guest::{CloneOptions, DeleteOptions, Deleted, HowCloned, NewId, Power};
use proxmox_core::{Effect, ErrorKind, Outcome, PvePath, PveRequest, Vmid};
use proxmox_qemu::{CloudInit, Exec, VmSpec};
use proxmox_sim::{Fault, WireFault};

use crate::lab::{IDLE, Lab, RUNNING, TEMPLATE, Way};
use crate::on_each_way;

on_each_way!(
    when_the_gate_cannot_look_nothing_is_sent
    a_clone_without_its_tag_is_finished_by_the_next_call
    a_clone_that_is_still_at_work_is_waited_for
    a_clone_that_fails_unheard_tells_why
    lost_clones_among_many_are_told_apart
    a_lost_create_is_not_repeated
    a_lost_stop_keeps_the_guest_from_being_deleted_blindly
    a_lost_delete_is_absent_the_next_time
    a_lost_start_is_ensured
    a_lost_command_is_not_repeated
    a_lost_ping_is_a_read
    a_lost_resize_is_not_repeated
    a_lost_regeneration_is_told
    a_lost_stop_of_a_task_is_not_repeated
    looks_at_a_task_may_get_lost
    a_lost_raw_write_is_not_repeated
    even_an_idempotent_write_is_not_repeated
    a_budget_of_its_own_bounds_a_read
);

fn copy() -> CloneOptions {
    CloneOptions::named("copy").newid(Vmid::new(700).unwrap())
}

const CLONE: &str = "/nodes/pve1/qemu/9000/clone";

fn when_the_gate_cannot_look_nothing_is_sent(way: Way) {
    for fault in [
        WireFault::CloseAfterExecuting,
        WireFault::broken_pipe(),
        WireFault::Html,
        WireFault::Empty,
        WireFault::Garbage(1000),
    ] {
        let lab = Lab::new(way);
        let vm = lab.vm(RUNNING);
        lab.faults.add(fault.on("GET", "/").always());
        let error = lab.run(async { vm.stop().await }).unwrap_err();
        assert_eq!(error.outcome(), Outcome::NotSent, "{error:?}");
        assert!(lab.writes().is_empty());
        assert!(lab.sim.guest(RUNNING).unwrap().running);
    }
}

fn a_clone_without_its_tag_is_finished_by_the_next_call(way: Way) {
    for (fault, how) in [
        (WireFault::CloseBeforeExecuting, HowCloned::Resumed),
        (WireFault::CloseAfterExecuting, HowCloned::Existing),
    ] {
        let lab = Lab::new(way);
        let template = lab.vm(TEMPLATE);
        lab.faults.add(fault.on("PUT", "/nodes/pve1/qemu/700/config"));
        let error = lab.run(async { template.clone_to(copy()).await }).unwrap_err();
        assert_eq!(error.outcome(), Outcome::Applied, "the clone is there: {error:?}");
        assert!(error.advice().unwrap().contains("same call"), "{error:?}");
        lab.assert_no_write_twice();

        let done = lab.run(async { template.clone_to(copy()).await }).unwrap();
        assert_eq!(done.how, how);
        assert_eq!(lab.named("copy"), 1);
        let tags = lab.sim.guest(700).unwrap().tags;
        assert!(tags.contains(&"sdk-managed".to_owned()), "{tags:?}");
    }
}

fn a_clone_that_is_still_at_work_is_waited_for(way: Way) {
    let lab = Lab::new(way);
    // A second of real time over HTTPS.
    lab.sim.faults().add(Fault::slow("qmclone", Duration::from_secs(1000)));
    lab.faults.add(WireFault::CloseAfterExecuting.on("POST", CLONE));
    let template = lab.vm(TEMPLATE);
    let done = lab.run(async { template.clone_to(copy()).await }).unwrap();
    let HowCloned::New(report) = done.how else { panic!("its task was adopted: {:?}", done.how) };
    assert_eq!(report.upid.to_string(), lab.sim.tasks().last().unwrap().upid);
    assert_eq!(lab.log.arrived("POST", CLONE), 1);
    lab.assert_no_write_twice();
}

fn a_clone_that_fails_unheard_tells_why(way: Way) {
    let lab = Lab::new(way);
    lab.sim.faults().add(Fault::fail("qmclone", "no space left on device"));
    lab.sim.faults().add(Fault::slow("qmclone", Duration::from_secs(1000)));
    lab.faults.add(WireFault::CloseAfterExecuting.on("POST", CLONE));
    let template = lab.vm(TEMPLATE);
    let error = lab.run(async { template.clone_to(copy()).await }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TaskFailed, "{error:?}");
    assert!(error.message().contains("no space left"), "{error}");
    lab.settle();
    assert_eq!((lab.named("copy"), lab.log.arrived("POST", CLONE)), (0, 1));
}

fn lost_clones_among_many_are_told_apart(way: Way) {
    let lab = Lab::new(way);
    lab.faults.add(WireFault::CloseAfterExecuting.on("POST", CLONE).after(2).times(5));
    let names: Vec<_> = (0..12).map(|i| format!("many-{i}")).collect();
    let flow = lab.pve.fan_out(names.clone(), 6, |pve, name| {
        let template = proxmox_qemu::Vm::new(&pve, &"pve1".parse().unwrap(), Vmid::new(TEMPLATE).unwrap());
        async move { template.clone_to(CloneOptions::named(name)).await }
    });
    let done = lab.run(flow);
    lab.settle();
    let mut numbers = std::collections::BTreeSet::new();
    for (name, result) in names.iter().zip(done) {
        // One that lost its number to another's clone was refused unheard.
        assert!(lab.named(name) <= 1, "{name}: {result:?}");
        match result {
            Ok(clone) => {
                let guest = lab.sim.guest(clone.vmid.get()).unwrap();
                assert_eq!(guest.name.as_ref(), Some(name), "its own, not another's");
                assert!(numbers.insert(clone.vmid), "{name} shares its number");
            }
            Err(e) => assert_eq!(e.outcome(), Outcome::MaybeApplied, "{name}: {e:?}"),
        }
    }
    assert!(numbers.len() >= 7, "those that nothing happened to: {numbers:?}");
    assert_eq!(lab.log.arrived("POST", CLONE), lab.log.executed("POST", CLONE));
}

fn a_lost_create_is_not_repeated(way: Way) {
    let lab = Lab::new(way);
    lab.faults.add(WireFault::CloseAfterExecuting.on("POST", "/nodes/pve1/qemu"));
    let vms = proxmox_qemu::QemuNode::vms(&lab.pve.node("pve1").unwrap());
    let call = vms.create(NewId::Auto, VmSpec::named("created"));
    let error = lab.run(async { call.await }).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Connect, Outcome::MaybeApplied), "{error:?}");
    lab.settle();
    assert_eq!(lab.named("created"), 1);
    lab.assert_no_write_twice();
}

fn a_lost_stop_keeps_the_guest_from_being_deleted_blindly(way: Way) {
    let stop = format!("/nodes/pve1/qemu/{RUNNING}/status/stop");
    for fault in [WireFault::CloseBeforeExecuting, WireFault::CloseAfterExecuting] {
        let lab = Lab::new(way);
        let executed = fault == WireFault::CloseAfterExecuting;
        lab.faults.add(fault.on("POST", stop.as_str()));
        let vm = lab.vm(RUNNING);
        let result = lab.run(async { vm.delete(DeleteOptions::new().stop_first()).await });
        lab.assert_no_write_twice();
        match result {
            // It was seen to be off.
            Ok(done) => assert!(executed && matches!(done, Deleted::Done(_)), "{done:?}"),
            Err(e) => {
                assert_eq!(e.outcome(), Outcome::MaybeApplied, "{e:?}");
                assert!(lab.sim.guest(RUNNING).is_some());
                assert!(lab.writes().iter().all(|e| e.method != "DELETE"));
            }
        }
    }
}

fn a_lost_delete_is_absent_the_next_time(way: Way) {
    let lab = Lab::new(way);
    lab.faults.add(WireFault::CloseAfterExecuting.on("DELETE", "/nodes/pve1/qemu"));
    let vm = lab.vm(IDLE);
    let error = lab.run(async { vm.delete(DeleteOptions::new()).await }).unwrap_err();
    assert_eq!(error.outcome(), Outcome::MaybeApplied, "{error:?}");
    lab.assert_no_write_twice();
    lab.settle();
    let again = lab.run(async { vm.delete(DeleteOptions::new()).await });
    assert_eq!(again.unwrap(), Deleted::Absent);
    lab.assert_no_write_twice();
}

fn a_lost_start_is_ensured(way: Way) {
    let start = format!("/nodes/pve1/qemu/{IDLE}/status/start");
    let lab = Lab::new(way);
    lab.faults.add(WireFault::CloseAfterExecuting.on("POST", start.as_str()));
    let vm = lab.vm(IDLE);
    if let Err(e) = lab.run(async { vm.ensure(Power::Running).await }) {
        assert_eq!(e.outcome(), Outcome::MaybeApplied, "{e:?}");
    }
    assert_eq!(lab.log.arrived("POST", &start), 1);
    lab.settle();
    let again = lab.run(async { vm.ensure(Power::Running).await });
    assert_eq!(again.unwrap(), None, "nothing was to do");
    assert_eq!(lab.log.arrived("POST", &start), 1);
}

fn a_lost_command_is_not_repeated(way: Way) {
    let exec = format!("/nodes/pve1/qemu/{RUNNING}/agent/exec");
    let lab = Lab::new(way);
    lab.faults.add(WireFault::CloseAfterExecuting.on("POST", exec.as_str()));
    let agent = lab.vm(RUNNING).agent();
    let error = lab.run(async { agent.exec(Exec::new(["echo", "once"])).await }).unwrap_err();
    assert_eq!(error.outcome(), Outcome::MaybeApplied, "{error:?}");
    assert_eq!(lab.log.arrived("POST", &exec), 1);

    // Its end is a read.
    let status = format!("/nodes/pve1/qemu/{RUNNING}/agent/exec-status");
    lab.faults.add(WireFault::CloseBeforeExecuting.on("GET", status.as_str()).times(2));
    let done = lab.run(async { agent.exec(Exec::new(["echo", "twice"])).await });
    assert_eq!(done.unwrap().stdout, "twice\n");

    // But the agent tells it only once. The first look may come too early to be told.
    lab.faults.add(WireFault::CloseAfterExecuting.on("GET", status.as_str()).times(3));
    let error = lab.run(async { agent.exec(Exec::new(["echo", "unheard"])).await }).unwrap_err();
    assert_eq!(error.outcome(), Outcome::Applied, "{error:?}");
    assert!(error.message().contains("has ended"), "{error}");
    assert_eq!(lab.log.arrived("POST", &exec), 3);
}

/// A POST that changes nothing.
fn a_lost_ping_is_a_read(way: Way) {
    let lab = Lab::new(way);
    lab.faults.add(WireFault::CloseAfterExecuting.on("POST", "/nodes/pve1/qemu"));
    let agent = lab.vm(RUNNING).agent();
    lab.run(async { agent.ping().await }).unwrap();
    let ping = format!("/nodes/pve1/qemu/{RUNNING}/agent/ping");
    assert_eq!(lab.log.arrived("POST", &ping), 2);
}

/// `+1G` twice would be 2 GiB more.
fn a_lost_resize_is_not_repeated(way: Way) {
    let lab = Lab::new(way);
    lab.faults.add(WireFault::CloseAfterExecuting.on("PUT", "/nodes/pve1/qemu"));
    let vm = lab.vm(IDLE);
    let error = lab.run(async { vm.resize("scsi0", "+1G".parse().unwrap()).await }).unwrap_err();
    assert_eq!(error.outcome(), Outcome::MaybeApplied, "{error:?}");
    lab.settle();
    let disk = &lab.sim.guest(IDLE).unwrap().config["scsi0"];
    assert!(disk.contains("size=2G"), "{disk}");
    lab.assert_no_write_twice();
}

fn a_lost_regeneration_is_told(way: Way) {
    let lab = Lab::new(way);
    let regenerate = format!("/nodes/pve1/qemu/{IDLE}/cloudinit");
    lab.faults.add(WireFault::CloseAfterExecuting.on("PUT", regenerate.as_str()));
    let vm = lab.vm(IDLE);
    let error = lab.run(async { vm.cloud_init(CloudInit::new().user("admin")).await }).unwrap_err();
    assert_eq!(error.outcome(), Outcome::MaybeApplied, "{error:?}");
    assert_eq!(lab.sim.guest(IDLE).unwrap().config["ciuser"], "admin");
    lab.assert_no_write_twice();
}

fn a_lost_stop_of_a_task_is_not_repeated(way: Way) {
    let lab = Lab::new(way);
    lab.sim.faults().add(Fault::slow("qmstart", Duration::from_secs(10_000_000)));
    let vm = lab.vm(IDLE);
    let task = lab.run(async { vm.start().detach().await }).unwrap();
    lab.faults.add(WireFault::CloseAfterExecuting.on("DELETE", "/nodes/pve1/tasks"));
    let error = lab.run(async { task.stop().await }).unwrap_err();
    assert_eq!(error.outcome(), Outcome::MaybeApplied, "{error:?}");
    lab.assert_no_write_twice();
}

fn looks_at_a_task_may_get_lost(way: Way) {
    for fault in
        [WireFault::CloseAfterExecuting, WireFault::Truncate, WireFault::broken_pipe(), WireFault::Html]
    {
        let lab = Lab::new(way);
        lab.faults.add(fault.on("GET", "/nodes/pve1/tasks").times(6));
        let vm = lab.vm(IDLE);
        lab.run(async { vm.start().await }).unwrap();
        assert!(lab.sim.guest(IDLE).unwrap().running);
        lab.assert_no_write_twice();
    }
}

fn a_lost_raw_write_is_not_repeated(way: Way) {
    for fault in [WireFault::CloseBeforeExecuting, WireFault::CloseAfterExecuting] {
        let lab = Lab::new(way);
        lab.faults.add(fault.on("POST", "/pools"));
        let pool = PveRequest::create(PvePath::parse("/pools").unwrap()).param("poolid", "ci");
        let error = lab.run(async { lab.pve.request::<()>(pool).await }).unwrap_err();
        assert_eq!(error.outcome(), Outcome::MaybeApplied, "{error:?}");
        lab.assert_no_write_twice();
    }
}

fn even_an_idempotent_write_is_not_repeated(way: Way) {
    let lab = Lab::new(way);
    lab.faults.add(WireFault::CloseBeforeExecuting.on("PUT", "/nodes/pve1/qemu"));
    let mut put =
        PveRequest::set(lab.vm(IDLE).path().fixed("config")).param("cores", 2).effect(Effect::Write);
    put.idempotent = true;
    let error = lab.run(async { lab.pve.request::<()>(put).await }).unwrap_err();
    assert_eq!(error.outcome(), Outcome::MaybeApplied, "{error:?}");
    lab.assert_no_write_twice();
}

/// All tries together.
fn a_budget_of_its_own_bounds_a_read(way: Way) {
    let lab = Lab::new(way);
    lab.faults.add(WireFault::Stall.on("GET", "/version").always());
    let read = PveRequest::get(PvePath::parse("/version").unwrap()).timeout(Duration::from_millis(700));
    let before = lab.pve.now();
    let error = lab.run(async { lab.pve.request::<serde_json::Value>(read).await }).unwrap_err();
    let took = lab.pve.now().saturating_duration_since(before);
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::Rejected), "{error:?}");
    assert!(took < Duration::from_secs(20), "took {took:?}");
}
