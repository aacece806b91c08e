//! Power: on, off, and what lies between.

use std::time::Duration;

use proxmox_core::guest::{GuestState, Power, Shutdown};
use proxmox_core::{ErrorKind, Outcome};

use super::{Cap, World, assert_is};

pub async fn starts_and_stops(world: &World) {
    let vm = world.new_vm("starts").await;
    assert_eq!(world.state(&vm).await, GuestState::Stopped);
    let report = vm.start().await.unwrap();
    assert_eq!(report.upid.kind(), "qmstart");
    let status = vm.status().await.unwrap();
    assert!(status.is_running() && status.maxmem == Some(1 << 30), "{status:?}");
    vm.stop().await.unwrap();
    let status = vm.status().await.unwrap();
    assert_eq!((status.status.clone(), status.uptime.unwrap_or(0)), (GuestState::Stopped, 0), "{status:?}");
}

pub async fn a_start_may_be_left_alone(world: &World) {
    let vm = world.new_vm("detached").await;
    let task = vm.start().detach().await.unwrap();
    assert_eq!(task.upid().kind(), "qmstart");
    let report = task.wait().await.unwrap();
    assert_eq!(&report.upid, task.upid());
    assert!(vm.status().await.unwrap().is_running());
}

pub async fn a_second_start_fails_in_its_task(world: &World) {
    if !world.needs(Cap::TasksFailLate) {
        return;
    }
    let vm = world.running_vm("started-twice").await;
    let task = vm.start().detach().await.unwrap();
    let error = task.wait().await.unwrap_err();
    assert_is(&error, ErrorKind::TaskFailed, Outcome::Rejected);
    assert!(error.message().contains("already running"), "{error}");
    assert_eq!(error.upid(), Some(task.upid()));
}

pub async fn shuts_down(world: &World) {
    let vm = world.running_vm("shuts-down").await;
    let report = vm.shutdown(Shutdown::new().timeout(Duration::from_secs(60))).await.unwrap();
    assert_eq!(report.upid.kind(), "qmshutdown");
    assert_eq!(world.state(&vm).await, GuestState::Stopped);
}

pub async fn a_stubborn_guest_runs_on_or_is_stopped(world: &World) {
    let Some(simulated) = world.simulated() else {
        return;
    };
    let vm = world.running_vm("stubborn").await;
    assert!(simulated.sim.set_obeys_shutdown(vm.vmid().get(), false));
    let patience = Shutdown::new().timeout(Duration::from_secs(5));
    let error = vm.shutdown(patience).await.unwrap_err();
    assert_is(&error, ErrorKind::TaskFailed, Outcome::Rejected);
    assert!(error.message().contains("timeout"), "{error}");
    assert_eq!(world.state(&vm).await, GuestState::Running);
    vm.shutdown(patience.then_stop()).await.unwrap();
    assert_eq!(world.state(&vm).await, GuestState::Stopped);
}

pub async fn reboots_and_resets(world: &World) {
    let vm = world.running_vm("reboots").await;
    assert_eq!(vm.reboot(None).await.unwrap().upid.kind(), "qmreboot");
    assert_eq!(world.state(&vm).await, GuestState::Running);
    assert_eq!(vm.reset().await.unwrap().upid.kind(), "qmreset");
    assert_eq!(world.state(&vm).await, GuestState::Running);
}

pub async fn suspends_and_resumes(world: &World) {
    let vm = world.running_vm("suspends").await;
    vm.suspend().await.unwrap();
    let status = vm.status().await.unwrap();
    assert_eq!((status.is_running(), status.qmpstatus.as_deref()), (true, Some("paused")));
    vm.resume().await.unwrap();
    assert_eq!(vm.status().await.unwrap().qmpstatus.as_deref(), Some("running"));
}

pub async fn is_ensured_both_ways_and_once(world: &World) {
    let vm = world.new_vm("ensured").await;
    assert!(vm.ensure(Power::Running).await.unwrap().is_some());
    assert_eq!(world.state(&vm).await, GuestState::Running);
    let before = world.writes();
    assert!(vm.ensure(Power::Running).await.unwrap().is_none());
    world.assert_nothing_written_since(&before);

    assert!(vm.ensure(Power::Stopped).await.unwrap().is_some());
    assert_eq!(world.state(&vm).await, GuestState::Stopped);
    let before = world.writes();
    assert!(vm.ensure(Power::Stopped).await.unwrap().is_none());
    world.assert_nothing_written_since(&before);
}

pub async fn a_paused_guest_is_ensured_too(world: &World) {
    let vm = world.running_vm("ensured-paused").await;
    vm.suspend().await.unwrap();
    let report = vm.ensure(Power::Running).await.unwrap().unwrap();
    assert_eq!(report.upid.kind(), "qmresume");
    assert_eq!(vm.status().await.unwrap().qmpstatus.as_deref(), Some("running"));
    vm.suspend().await.unwrap();
    let report = vm.ensure(Power::Stopped).await.unwrap().unwrap();
    assert_eq!(report.upid.kind(), "qmstop");
    assert_eq!(world.state(&vm).await, GuestState::Stopped);
}

pub async fn a_wait_may_be_bounded(world: &World) {
    if !world.needs(Cap::Background) {
        return;
    }
    let Some(simulated) = world.simulated() else {
        return;
    };
    let vm = world.new_vm("bounded").await;
    simulated.sim.faults().add(proxmox_sim::Fault::slow("qmstart", Duration::from_secs(10_000_000)));
    let error = vm.start().timeout(Duration::from_millis(300)).await.unwrap_err();
    assert_is(&error, ErrorKind::Timeout, Outcome::MaybeApplied);
    assert!(error.upid().is_some() && error.advice().is_some(), "{error:?}");
    assert_eq!(simulated.log.executed("POST", &format!("{}/status/start", vm.path())), 1);
}

pub async fn telemetry_is_typed(world: &World) {
    let status = world.vm(world.answering).status().await.unwrap();
    assert_eq!(status.vmid, world.answering);
    assert_eq!(status.name.as_deref(), Some("answering"));
    assert!(status.is_running() && !status.template);
    assert!(status.uptime.unwrap() >= 0);
    assert_eq!((status.maxmem, status.cpus), (Some(1 << 30), Some(1.0)));
    assert!(status.cpu_percent().unwrap() >= 0.0 && status.mem_percent().unwrap() <= 100.0);
    assert!(status.tags.contains(&"sdk-managed".to_owned()));
}
