//! New VMs from parameters, and templates of them.

use proxmox_core::config::Net;
use proxmox_core::guest::NewId;
use proxmox_core::{ErrorKind, Outcome};
use proxmox_qemu::VmSpec;

use super::{World, assert_is};

pub async fn makes_what_was_described(world: &World) {
    let spec = VmSpec::named("made")
        .cores(2)
        .memory_mib(768)
        .disk("scsi0", &world.storage, 3)
        .net(0, &Net::virtio().with_bridge(world.bridge).unwrap())
        .tags(["web"])
        .agent();
    let vm = world.vms().create(NewId::Auto, spec).await.unwrap();
    let config = vm.config().await.unwrap();
    assert_eq!((config.name(), config.cores(), config.memory_mib()), (Some("made"), Some(2), Some(768)));
    assert_eq!(config.disk("scsi0").unwrap().volid().unwrap().storage(), world.storage);
    assert!(config.agent().unwrap().is_enabled());
    let (_, net) = config.nets().remove(0);
    assert!(net.unwrap().mac().is_some(), "PVE chooses one: {config:?}");
    let tags = config.tags();
    assert!(tags.contains("web") && tags.contains("sdk-managed"), "{tags:?}");
    assert!(!vm.status().await.unwrap().is_running());
}

pub async fn a_taken_number_is_an_error(world: &World) {
    let before = world.vm(world.answering).config().await.unwrap();
    let error = world.vms().create(world.answering, VmSpec::named("taken")).await.unwrap_err();
    assert_is(&error, ErrorKind::AlreadyExists, Outcome::Rejected);
    assert_eq!(world.vm(world.answering).config().await.unwrap(), before);
}

pub async fn a_restore_over_an_unmanaged_guest_is_refused(world: &World) {
    let before = world.writes();
    let spec =
        VmSpec::named("taken").param("archive", "local:backup/vzdump-qemu-100.vma").param("force", true);
    let error = world.vms().create(world.handmade, spec).await.unwrap_err();
    assert_is(&error, ErrorKind::Refused, Outcome::NotSent);
    world.assert_nothing_written_since(&before);
}

pub async fn a_wrong_parameter_is_named(world: &World) {
    let spec = VmSpec::named("wrong").param("ostype", "os/2");
    let error = world.vms().create(world.number(11), spec).await.unwrap_err();
    assert_is(&error, ErrorKind::InvalidInput, Outcome::Rejected);
    assert!(error.errors().contains_key("ostype"), "{error:?}");
    assert!(world.vm(world.number(11)).status().await.unwrap_err().is_not_found());
}

pub async fn may_start_at_once(world: &World) {
    let spec = VmSpec::named("started").disk("scsi0", &world.storage, 1).start();
    let vm = world.vms().create(NewId::Auto, spec).await.unwrap();
    assert!(vm.status().await.unwrap().is_running());
}

pub async fn a_template_does_not_start(world: &World) {
    let vm = world.new_vm("becomes-template").await;
    vm.template().await.unwrap();
    let status = vm.status().await.unwrap();
    assert!(status.template && !status.is_running());
    assert!(vm.config().await.unwrap().is_template());
    let error = vm.start().await.unwrap_err();
    assert_is(&error, ErrorKind::TaskFailed, Outcome::Rejected);
    assert!(error.message().contains("template"), "{error}");
}

pub async fn what_runs_is_no_template(world: &World) {
    let vm = world.running_vm("runs-no-template").await;
    let error = vm.template().await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Rejected, "{error:?}");
    assert!(!vm.status().await.unwrap().template);
}
