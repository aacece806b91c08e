//! The safety gate: on every write, whoever built it, before anything is sent.

use proxmox_core::config::ConfigChange;
use proxmox_core::guest::{DeleteOptions, GuestState, Power, Shutdown, SnapshotOptions};
use proxmox_core::{ErrorKind, Outcome, PvePath, PveRequest, Verb};
use proxmox_qemu::{CloudInit, Exec, QemuNode};
use serde_json::Value;

use super::{Who, World, assert_is};

#[track_caller]
fn assert_refused(error: &proxmox_core::Error) {
    assert_is(error, ErrorKind::Refused, Outcome::NotSent);
    assert!(error.message().starts_with("refused by rule "), "{error}");
}

pub async fn an_unmanaged_guest_is_left_alone(world: &World) {
    let vm = world.vm(world.handmade);
    let before = world.writes();
    let config = vm.config().await.unwrap();
    for error in [
        vm.start().await.unwrap_err(),
        vm.stop().await.unwrap_err(),
        vm.shutdown(Shutdown::new()).await.unwrap_err(),
        vm.reboot(None).await.unwrap_err(),
        vm.reset().await.unwrap_err(),
        vm.suspend().await.unwrap_err(),
        vm.resume().await.unwrap_err(),
        vm.ensure(Power::Stopped).await.unwrap_err(),
        vm.template().await.unwrap_err(),
        vm.resize("scsi0", "+1G".parse().unwrap()).await.unwrap_err(),
        vm.set_config([("cores", "1")]).await.unwrap_err(),
        vm.set_config([("tags", "sdk-managed")]).await.unwrap_err(),
        vm.cloud_init(CloudInit::new().user("x").drive("ide2", world.storage.clone())).await.unwrap_err(),
        vm.agent().exec(Exec::new(["true"])).await.unwrap_err(),
        vm.agent().file_write("/tmp/x", "x").await.unwrap_err(),
        vm.snapshot(SnapshotOptions::named("x")).await.unwrap_err(),
        vm.delete(DeleteOptions::new()).await.unwrap_err(),
        vm.delete(DeleteOptions::new().stop_first()).await.unwrap_err(),
    ] {
        assert_refused(&error);
        assert!(error.message().contains("managed-tag") && error.message().contains("handmade"), "{error}");
        assert!(error.advice().is_some());
    }
    world.assert_nothing_written_since(&before);
    assert_eq!(world.state(&vm).await, GuestState::Running);
    assert_eq!(vm.config().await.unwrap(), config);
}

pub async fn raw_writes_are_gated_too(world: &World) {
    let before = world.writes();
    let at =
        |rest: &str| PvePath::parse(&format!("/nodes/{}/qemu/{}{rest}", world.node, world.handmade)).unwrap();
    for request in [
        PveRequest::create(at("/status/stop")),
        PveRequest::set(at("/config")).param("cores", 1),
        PveRequest::delete(at("")),
        PveRequest::create(at("/snapshot")).param("snapname", "x"),
        PveRequest::new(Verb::Create, at("/monitor")).param("command", "quit"),
    ] {
        let error = world.pve.request::<Value>(request).await.unwrap_err();
        assert_refused(&error);
    }
    world.assert_nothing_written_since(&before);
}

pub async fn a_disk_of_another_guest_is_not_taken(world: &World) {
    let (own, other) = (world.new_vm("takes").await, world.new_vm("has-a-disk").await);
    let volume = other.config().await.unwrap().disk("scsi0").unwrap().volid().unwrap().to_string();
    let before = world.writes();
    let error = own.set_config([("scsi5", volume.as_str())]).await.unwrap_err();
    assert_refused(&error);
    assert!(error.message().contains("guest-data") && error.message().contains("scsi5"), "{error}");
    assert!(error.message().contains(&other.vmid().to_string()), "{error}");
    assert_refused(&own.set_config([("scsi5", volume.as_str())]).force(own.vmid()).await.unwrap_err());
    world.assert_nothing_written_since(&before);
}

pub async fn force_opens_the_gate_of_the_guest_it_names(world: &World) {
    let vm = world.running_vm("forced").await;
    let untag = vm.set_config(ConfigChange::new().delete("tags"));
    untag.force(vm.vmid()).await.unwrap();

    let before = world.writes();
    let error = vm.stop().force(world.handmade).await.unwrap_err();
    assert_refused(&error);
    let advice = error.advice().unwrap();
    assert!(
        advice.contains(&world.handmade.to_string()) && advice.contains(&vm.vmid().to_string()),
        "{advice}"
    );
    world.assert_nothing_written_since(&before);
    assert_eq!(world.state(&vm).await, GuestState::Running);

    vm.stop().force(vm.vmid()).await.unwrap();
    assert_eq!(world.state(&vm).await, GuestState::Stopped);
}

pub async fn production_may_be_started_and_not_stopped(world: &World) {
    let vm = world.new_vm("production-like").await;
    vm.set_config([("tags", "sdk-managed;production")]).await.unwrap();
    vm.start().await.unwrap();
    vm.set_config([("description", "a write is fine")]).await.unwrap();
    let before = world.writes();
    for error in [
        vm.stop().await.unwrap_err(),
        vm.shutdown(Shutdown::new()).await.unwrap_err(),
        vm.reboot(None).await.unwrap_err(),
        vm.reset().await.unwrap_err(),
        vm.suspend().await.unwrap_err(),
        vm.template().await.unwrap_err(),
        vm.rollback("before").await.unwrap_err(),
        vm.delete_snapshot("before").await.unwrap_err(),
        vm.delete(DeleteOptions::new()).await.unwrap_err(),
    ] {
        assert_refused(&error);
        assert!(error.message().contains("protected-tag"), "{error}");
    }
    world.assert_nothing_written_since(&before);
    assert_eq!(world.state(&vm).await, GuestState::Running);
    vm.stop().force(vm.vmid()).await.unwrap();
}

pub async fn what_protects_is_not_taken_away(world: &World) {
    let vm = world.vm(world.production);
    let before = world.writes();
    for change in [
        ConfigChange::from([("tags", "sdk-managed")]),
        ConfigChange::from([("tags", "production")]),
        ConfigChange::new().delete("tags"),
    ] {
        let error = vm.set_config(change).await.unwrap_err();
        assert_refused(&error);
        assert!(error.message().contains("protected-tag"), "{error}");
    }
    world.assert_nothing_written_since(&before);
    let tags = vm.config().await.unwrap().tags();
    assert!(tags.contains("production") && tags.contains("sdk-managed"));
}

pub async fn the_tag_is_a_matter_of_policy(world: &World) {
    let vm = world.new_vm("own-tag").await;
    vm.set_config([("tags", "sdk-managed;ci")]).await.unwrap();
    vm.start().await.unwrap();
    vm.stop().await.unwrap();
    assert_eq!(world.pve.policy().tag(), "sdk-managed");
}

pub async fn what_cannot_be_read_is_refused(world: &World) {
    let Some(nobody) = world.connect(Who::Nobody) else {
        return;
    };
    let before = world.writes();
    let vm = nobody.node(&world.node).unwrap().vm(world.answering).unwrap();
    let error = vm.stop().await.unwrap_err();
    assert_refused(&error);
    assert!(error.message().contains("unverifiable"), "{error}");
    world.assert_nothing_written_since(&before);
}

pub async fn requests_that_reach_many_are_refused(world: &World) {
    let before = world.writes();
    for (verb, path, rule) in [
        (Verb::Create, format!("/nodes/{}/stopall", world.node), "many-guests"),
        (Verb::Create, "/cluster/bulk-action/guest/shutdown".to_owned(), "many-guests"),
        (Verb::Create, format!("/nodes/{}/status", world.node), "node"),
        (
            Verb::Delete,
            format!("/nodes/{}/storage/local-lvm/content/vm-100-disk-0", world.node),
            "guest-data",
        ),
        (Verb::Delete, "/storage/local-lvm".to_owned(), "guest-data"),
        (Verb::Delete, "/access/users/root@pam".to_owned(), "lockout"),
        (Verb::Set, "/cluster/sdn".to_owned(), "network"),
        (Verb::Create, format!("/nodes/{}/none-of-todays", world.node), "unknown-path"),
    ] {
        let request = PveRequest::new(verb, PvePath::parse(&path).unwrap());
        let error = world.pve.request::<Value>(request).await.unwrap_err();
        assert_refused(&error);
        assert!(error.message().contains(&format!("by rule {rule}:")), "{path}: {error}");
    }
    world.assert_nothing_written_since(&before);
}

pub async fn a_change_between_look_and_write_is_noticed(world: &World) {
    let Some(simulated) = world.simulated() else {
        return;
    };
    let vm = world.new_vm("slips").await;
    let before = vm.config().await.unwrap();
    // The gate looked at a configuration with another digest than the one that is there when the write arrives.
    let stale = ConfigChange::new().set("cores", 2).with_digest(before.digest().unwrap());
    assert!(simulated.sim.set_config(vm.vmid().get(), "description", Some("changed")));
    let error = vm.set_config(stale).await.unwrap_err();
    assert_is(&error, ErrorKind::Conflict, Outcome::Rejected);
    simulated.log.clear();
    vm.set_config([("cores", "2")]).await.unwrap();
    let entries = simulated.log.entries();
    let put = entries.iter().find(|e| e.method == "PUT").unwrap();
    assert!(
        put.params.iter().any(|(name, _)| name == "digest"),
        "the digest that the gate judged goes along: {put:?}"
    );
}
