//! Snapshots of guests: taken, listed, gone back to, deleted.

use proxmox_core::guest::{GuestSnapshot, GuestState, SnapshotOptions};
use proxmox_core::{ErrorKind, Outcome, Rows};

use super::{Cap, World, assert_is};

fn names(found: &Rows<GuestSnapshot>) -> Vec<&str> {
    let mut names: Vec<_> = found.iter().map(|snapshot| snapshot.name.as_str()).collect();
    names.sort_unstable();
    names
}

pub async fn is_gone_back_to(world: &World) {
    let vm = world.new_vm("goes-back").await;
    assert_eq!(names(&vm.snapshots().await.unwrap()), Vec::<&str>::new(), "the present is no snapshot");
    vm.set_config([("cores", "2")]).await.unwrap();
    let first = SnapshotOptions::named("first").description("erst\nün&=");
    assert_eq!(vm.snapshot(first).await.unwrap().upid.kind(), "qmsnapshot");
    vm.set_config([("cores", "4")]).await.unwrap();
    vm.snapshot(SnapshotOptions::named("second")).await.unwrap();

    let found = vm.snapshots().await.unwrap();
    assert_eq!(names(&found), ["first", "second"]);
    let of = |name: &str| found.iter().find(|snapshot| snapshot.name == name).unwrap();
    assert_eq!(of("first").description.as_deref(), Some("erst\nün&="));
    assert_eq!((of("first").parent.as_deref(), of("second").parent.as_deref()), (None, Some("first")));
    assert!(of("first").snaptime.is_some_and(|at| at > 1_600_000_000), "{found:?}");

    assert_eq!(vm.rollback("first").await.unwrap().upid.kind(), "qmrollback");
    let config = vm.config().await.unwrap();
    assert_eq!((config.cores(), config.get("parent")), (Some(2), Some("first")));
    assert!(config.tags().contains("sdk-managed"));

    assert_eq!(vm.delete_snapshot("first").await.unwrap().upid.kind(), "qmdelsnapshot");
    let found = vm.snapshots().await.unwrap();
    assert_eq!(names(&found), ["second"]);
    assert_eq!(found[0].parent, None);
}

pub async fn a_guest_that_runs_is_stopped_by_going_back(world: &World) {
    let vm = world.running_vm("runs-and-goes-back").await;
    vm.snapshot(SnapshotOptions::named("running")).await.unwrap();
    assert_eq!(world.state(&vm).await, GuestState::Running);
    vm.rollback("running").await.unwrap();
    assert_eq!(world.state(&vm).await, GuestState::Stopped);
}

pub async fn what_cannot_be_done_is_told(world: &World) {
    if !world.needs(Cap::TasksFailLate) {
        return;
    }
    let vm = world.new_vm("no-such-snapshot").await;
    vm.snapshot(SnapshotOptions::named("taken")).await.unwrap();
    for (error, words) in [
        (vm.snapshot(SnapshotOptions::named("taken")).await.unwrap_err(), "already used"),
        (vm.rollback("missing").await.unwrap_err(), "does not exist"),
        (vm.delete_snapshot("missing").await.unwrap_err(), "does not exist"),
    ] {
        assert_is(&error, ErrorKind::TaskFailed, Outcome::Rejected);
        assert!(error.message().contains(words), "{error}");
    }
    let error = vm.snapshot(SnapshotOptions::named("no name")).await.unwrap_err();
    assert_is(&error, ErrorKind::InvalidInput, Outcome::Rejected);
    assert!(error.to_string().contains("snapname"), "{error}");
    let error = vm.rollback("../config").await.unwrap_err();
    assert_is(&error, ErrorKind::InvalidInput, Outcome::NotSent);
    assert_eq!(names(&vm.snapshots().await.unwrap()), ["taken"]);
}
