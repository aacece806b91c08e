//! What PVE says when it says no, and what becomes of it.

use proxmox_core::guest::CloneOptions;
use proxmox_core::{ErrorKind, Outcome, PvePath, PveRequest};
use proxmox_qemu::QemuNode;
use serde_json::Value;

use super::{Cap, Who, World, assert_is};

pub async fn a_missing_guest_is_not_found(world: &World) {
    let missing = world.vm(world.number(1));
    for error in [
        missing.status().await.unwrap_err(),
        missing.config().await.map(drop).unwrap_err(),
        missing.pending().await.map(drop).unwrap_err(),
    ] {
        assert_is(&error, ErrorKind::NotFound, Outcome::Rejected);
        assert!(error.is_not_found() && !error.is_retryable());
        assert_eq!(error.target(), Some(format!("VM {} on node {}", missing.vmid(), world.node).as_str()));
        assert!(error.operation().unwrap().starts_with("guest."), "{error:?}");
    }
}

pub async fn a_write_to_a_missing_guest_is_not_sent(world: &World) {
    let missing = world.vm(world.number(2));
    let before = world.writes();
    let error = missing.start().await.unwrap_err();
    assert_is(&error, ErrorKind::NotFound, Outcome::NotSent);
    let error = missing.set_config([("cores", "2")]).await.unwrap_err();
    assert_is(&error, ErrorKind::NotFound, Outcome::NotSent);
    world.assert_nothing_written_since(&before);
}

pub async fn a_clone_of_a_missing_guest_is_not_found(world: &World) {
    let missing = world.vm(world.number(3));
    let error = missing.clone_to(CloneOptions::named("of-nothing").newid(world.number(4))).await.unwrap_err();
    assert_is(&error, ErrorKind::NotFound, Outcome::Rejected);
    assert!(world.vm(world.number(4)).status().await.unwrap_err().is_not_found());
}

pub async fn an_unknown_path_is_unsupported(world: &World) {
    let request = PveRequest::get(PvePath::parse("/no/such/thing").unwrap());
    let error = world.pve.request::<Value>(request).await.unwrap_err();
    if world.has(Cap::UnknownPath501) {
        assert_is(&error, ErrorKind::Unsupported, Outcome::Rejected);
        assert_eq!(error.status(), Some(501));
        assert_eq!(error.message(), "Method 'GET /no/such/thing' not implemented");
    } else {
        assert_is(&error, ErrorKind::NotFound, Outcome::Rejected);
    }
}

pub async fn an_unknown_node_is_not_found(world: &World) {
    let error = world.pve.node("nowhere").unwrap().status().await.unwrap_err();
    assert_is(&error, ErrorKind::NotFound, Outcome::Rejected);
    assert_eq!(error.target(), Some("node nowhere"));
}

pub async fn a_node_that_is_down_is_unreachable(world: &World) {
    let Some(simulated) = world.simulated() else {
        return;
    };
    assert!(simulated.sim.set_node_down("pve2", true));
    let node = world.pve.node("pve2").unwrap();
    let error = node.status().await.unwrap_err();
    assert_is(&error, ErrorKind::NodeUnreachable, Outcome::Rejected);
    // The body is empty: the reason phrase is PVE's only text.
    assert_eq!((error.status(), error.message()), (Some(595), "Connection refused"));
    assert!(error.attempts() > 1 && !error.is_retryable(), "reads are tried again: {error:?}");

    simulated.log.clear();
    let error = node.vm(world.number(5)).unwrap().start().await.unwrap_err();
    assert_is(&error, ErrorKind::NodeUnreachable, Outcome::NotSent);
    assert!(simulated.log.entries().iter().all(|e| e.method == "GET"));

    assert!(simulated.sim.set_node_down("pve2", false));
    node.status().await.unwrap();
}

pub async fn a_missing_privilege_is_named(world: &World) {
    let Some(nobody) = world.connect(Who::Nobody) else {
        return;
    };
    let vm = nobody.node(&world.node).unwrap().vm(world.handmade).unwrap();
    let error = vm.config().await.map(drop).unwrap_err();
    assert_is(&error, ErrorKind::PermissionDenied, Outcome::Rejected);
    assert_eq!(error.status(), Some(403));
    let missing = error.missing_privilege().unwrap();
    assert_eq!(
        (missing.path.as_str(), missing.privilege.as_str()),
        (format!("/vms/{}", world.handmade).as_str(), "VM.Audit")
    );

    let Some(auditor) = world.connect(Who::Auditor) else {
        return;
    };
    let vm = auditor.node(&world.node).unwrap().vm(world.answering).unwrap();
    let error = vm.stop().await.unwrap_err();
    assert_is(&error, ErrorKind::PermissionDenied, Outcome::Rejected);
    assert_eq!(error.missing_privilege().unwrap().privilege, "VM.PowerMgmt");
    assert!(world.vm(world.answering).status().await.unwrap().is_running());
}

pub async fn without_privileges_lists_are_empty(world: &World) {
    let Some(nobody) = world.connect(Who::Nobody) else {
        return;
    };
    let node = nobody.node(&world.node).unwrap();
    assert!(node.vms().list().await.unwrap().is_empty());
    assert!(nobody.cluster().guests().await.unwrap().is_empty());
    assert!(node.storages().await.unwrap().is_empty());
}

pub async fn a_wrong_secret_is_unauthenticated(world: &World) {
    let Some(impostor) = world.connect(Who::Impostor) else {
        return;
    };
    let before = world.arrived().unwrap();
    let error = impostor.cluster().nodes().await.unwrap_err();
    assert_is(&error, ErrorKind::Unauthenticated, Outcome::Rejected);
    // The body is empty here too.
    assert_eq!((error.status(), error.message()), (Some(401), "Authentication failed!"));
    assert_eq!(world.arrived(), Some(before + 1), "asking again does not help");
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("00000000-0000-0000-0000-000000000000"), "{shown}");
}

pub async fn only_root_itself_may_set_some_keys(world: &World) {
    let Some(token) = world.connect(Who::RootToken) else {
        return;
    };
    let vm = world.new_vm("root-only").await;
    let vm = token.node(&world.node).unwrap().vm(vm.vmid()).unwrap();
    let error = vm.set_config([("args", "-no-hpet")]).await.unwrap_err();
    assert_is(&error, ErrorKind::PermissionDenied, Outcome::Rejected);
    assert_eq!(error.message(), "only root can set 'args' config");
}

pub async fn wrong_parameters_are_named(world: &World) {
    let vm = world.new_vm("wrong-parameters").await;
    let error = vm.set_config([("cores", "many")]).await.unwrap_err();
    assert_is(&error, ErrorKind::InvalidInput, Outcome::Rejected);
    assert_eq!(error.status(), Some(400));
    assert!(error.errors().contains_key("cores"), "{error:?}");
    assert!(error.to_string().contains("cores: "), "{error}");
    assert_eq!(vm.config().await.unwrap().cores(), Some(1));
}
