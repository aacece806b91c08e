//! PVE's background work: ends of all kinds, logs, and where they are asked for.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use proxmox_core::guest::CloneOptions;
use proxmox_core::task::TaskOutcome;
use proxmox_core::{ErrorKind, Outcome, Upid};
use proxmox_sim::Fault;

use super::{Cap, World, assert_is};

/// Longer than any test.
const FOREVER: Duration = Duration::from_secs(10_000_000);

pub async fn a_good_end(world: &World) {
    let vm = world.new_vm("good-end").await;
    let task = vm.start().detach().await.unwrap();
    assert_eq!(task.outcome().await.unwrap(), TaskOutcome::Ok);
    let status = task.status().await.unwrap();
    assert!(!status.is_running());
    assert_eq!(status.exitstatus.as_deref(), Some("OK"));
    assert_eq!(&status.upid, task.upid());
}

pub async fn a_bad_end_carries_its_log(world: &World) {
    if !world.needs(Cap::TasksFailLate) {
        return;
    }
    let vm = world.running_vm("bad-end").await;
    let task = vm.start().detach().await.unwrap();
    let outcome = task.outcome().await.unwrap();
    let TaskOutcome::Failed { message, log } = outcome else { panic!("{outcome:?}") };
    assert!(message.contains("already running"), "{message}");
    assert!(log.iter().any(|line| line.contains("already running")), "{log:?}");
    let error = task.wait().await.unwrap_err();
    assert_is(&error, ErrorKind::TaskFailed, Outcome::Rejected);
    assert_eq!(error.task_log(), log);
}

pub async fn warnings_are_an_end_of_their_own(world: &World) {
    let Some(simulated) = world.simulated() else {
        return;
    };
    let vm = world.new_vm("warns").await;
    let warnings = ["no efidisk configured!", "the second thing"];
    simulated.sim.faults().add(Fault::warn("qmstart", &warnings));
    let report = vm.start().await.unwrap();
    assert_eq!(report.warnings.len(), 2, "{report:?}");
    for (line, warning) in report.warnings.iter().zip(warnings) {
        assert!(line.contains(warning), "{line}");
    }
    assert!(vm.status().await.unwrap().is_running(), "the work is done");
}

pub async fn may_be_stopped(world: &World) {
    if !world.needs(Cap::Background) {
        return;
    }
    let Some(simulated) = world.simulated() else {
        return;
    };
    let vm = world.new_vm("stopped-task").await;
    simulated.sim.faults().add(Fault::slow("qmstart", FOREVER));
    let task = vm.start().detach().await.unwrap();
    assert!(task.status().await.unwrap().is_running());
    task.stop().await.unwrap();
    let outcome = task.outcome().await.unwrap();
    assert!(matches!(outcome, TaskOutcome::Stopped { .. }), "{outcome:?}");
    let error = task.wait().await.unwrap_err();
    assert_is(&error, ErrorKind::TaskFailed, Outcome::Rejected);
    assert!(error.message().contains("stopped"), "{error}");
}

pub async fn a_log_is_paged_and_its_end_is_found(world: &World) {
    let Some(simulated) = world.simulated() else {
        return;
    };
    let vm = world.new_vm("long-log").await;
    let lines: Vec<_> = (0..1200).map(|i| format!("line {i}")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    simulated.sim.faults().add(Fault::warn("qmstart", &lines));
    let task = vm.start().detach().await.unwrap();
    let outcome = task.outcome().await.unwrap();
    let TaskOutcome::Warnings { count, lines } = outcome else { panic!("{outcome:?}") };
    assert_eq!((count, lines.len()), (1200, 1200));

    let page = task.log(10, 5).await.unwrap();
    let numbers: Vec<_> = page.iter().map(|line| line.n).collect();
    assert_eq!(numbers, [11, 12, 13, 14, 15]);
    let tail = task.tail(3).await.unwrap();
    assert_eq!(tail.len(), 3);
    assert!(tail[2].starts_with("TASK WARNINGS"), "{tail:?}");
}

pub async fn progress_is_told_line_by_line(world: &World) {
    if !world.needs(Cap::AgentOnClones) {
        return;
    }
    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = Arc::clone(&told);
    world
        .vm(world.template)
        .clone_to(CloneOptions::named("told").full().storage(world.storage.clone()))
        .on_progress(move |progress| {
            telling.lock().unwrap().push((progress.line.clone(), progress.fraction));
        })
        .await
        .unwrap();
    let told = told.lock().unwrap();
    assert!(told.iter().any(|(_, fraction)| *fraction == Some(1.0)), "{told:?}");
    let lines: Vec<_> = told.iter().map(|(line, _)| line).collect();
    assert_eq!(lines.iter().filter(|line| line.starts_with("TASK OK")).count(), 1, "once: {lines:?}");
}

pub async fn passing_troubles_are_borne(world: &World) {
    if !world.needs(Cap::HttpFaults) {
        return;
    }
    let Some(simulated) = world.simulated() else {
        return;
    };
    let vm = world.new_vm("troubled").await;
    // More than one request's own retries, in the middle of the wait.
    let fault = proxmox_sim::WireFault::broken_pipe();
    simulated.faults.add(fault.on("GET", "/nodes/pve1/tasks").times(6));
    vm.start().await.unwrap();
    let start = format!("{}/status/start", vm.path());
    assert_eq!(simulated.log.arrived("POST", &start), 1);
}

pub async fn is_asked_for_where_it_runs(world: &World) {
    if !world.needs(Cap::TwoNodes) {
        return;
    }
    let node = world.pve.node("pve2").unwrap();
    let spec = proxmox_qemu::VmSpec::named("on-pve2");
    let vm = {
        use proxmox_qemu::QemuNode;
        node.vms().create(proxmox_core::guest::NewId::Auto, spec).await.unwrap()
    };
    let report = vm.start().await.unwrap();
    assert_eq!(report.upid.node().as_str(), "pve2");
    let upid: Upid = report.upid.to_string().parse().unwrap();
    let status = world.pve.task(upid).status().await.unwrap();
    assert_eq!(status.exitstatus.as_deref(), Some("OK"));
}

pub async fn an_unknown_one_is_not_found(world: &World) {
    if !world.needs(Cap::UnknownTasks) {
        return;
    }
    let upid = format!("UPID:{}:00007073:000445CD:6B00C445:qmstart:100:root@pam:", world.node);
    let task = world.pve.task(upid.parse().unwrap());
    let error = task.status().await.unwrap_err();
    assert_is(&error, ErrorKind::NotFound, Outcome::Rejected);
    let error = task.wait().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
}

pub async fn the_node_lists_its_last_ones(world: &World) {
    let vm = world.new_vm("listed").await;
    let report = vm.start().await.unwrap();
    // A live server is shared with the other tests: they start tasks as well.
    let tasks = world.node().tasks(10_000).await.unwrap();
    let row = tasks.iter().find(|row| row.upid == report.upid).unwrap();
    assert_eq!(row.status.as_deref(), Some("OK"));
    assert!(row.starttime.is_some() && tasks.rejects().is_empty());
}
