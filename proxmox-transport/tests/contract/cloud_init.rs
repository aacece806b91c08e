//! Cloud-init: values that reach the guest, or an error before they are sent.

use proxmox_core::config::ConfigChange;
use proxmox_core::{ErrorKind, Outcome};
use proxmox_qemu::{CloudInit, Vm};

use super::{World, assert_is};

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI+a/b= me@example";

/// Takes its cloud-init drive from a VM.
async fn take_drive(vm: &Vm) {
    let config = vm.config().await.unwrap();
    let drives: Vec<_> = config
        .disks()
        .into_iter()
        .filter(|(_, disk)| disk.as_ref().unwrap().is_cloudinit())
        .map(|(key, _)| key.to_owned())
        .collect();
    for key in drives {
        vm.set_config(ConfigChange::new().delete(key)).await.unwrap();
    }
}

pub async fn values_are_set_and_the_drive_made_anew(world: &World) {
    let vm = world.new_vm("cloud").await;
    let values = CloudInit::new()
        .user("admin")
        .password("hunter2 & more")
        .ssh_keys([KEY])
        .ip(0, "ip=10.0.0.5/24,gw=10.0.0.1".parse().unwrap())
        .nameserver("1.1.1.1 9.9.9.9")
        .searchdomain("example.com");
    let call = vm.cloud_init(values);
    let shown = format!("{call:?} {}", call.request().unwrap());
    assert!(!shown.contains("hunter2"), "{shown}");
    call.await.unwrap();

    let config = vm.config().await.unwrap();
    assert_eq!(config.get("ciuser"), Some("admin"));
    assert_eq!(config.ssh_keys().unwrap(), [KEY]);
    let (index, ip) = config.ip_configs().remove(0);
    assert_eq!((index, ip.unwrap().to_string()), (0, "ip=10.0.0.5/24,gw=10.0.0.1".to_owned()));
    assert_eq!(config.get("nameserver"), Some("1.1.1.1 9.9.9.9"));
    assert!(!format!("{config:?}").contains("hunter2"));
    if let Some(simulated) = &world.simulated {
        let regenerated = format!("{}/cloudinit", vm.path());
        assert_eq!(simulated.log.executed("PUT", &regenerated), 1);
        let seen = format!("{:?}", simulated.sim.requests());
        assert!(!seen.contains("hunter2"), "the password goes in a form, and no log shows it");
    }
}

pub async fn only_what_is_set_is_changed(world: &World) {
    let vm = world.new_vm("cloud-again").await;
    vm.cloud_init(CloudInit::new().user("admin").ssh_keys([KEY])).await.unwrap();
    vm.cloud_init(CloudInit::new().user("other")).await.unwrap();
    let config = vm.config().await.unwrap();
    assert_eq!(config.get("ciuser"), Some("other"));
    assert_eq!(config.ssh_keys().unwrap(), [KEY]);
}

pub async fn without_a_drive_nothing_is_sent(world: &World) {
    let vm = world.new_vm("driveless").await;
    take_drive(&vm).await;
    let before = world.writes();
    let error = vm.cloud_init(CloudInit::new().user("admin")).await.unwrap_err();
    assert_is(&error, ErrorKind::WrongState, Outcome::NotSent);
    assert!(error.message().contains("no cloud-init drive"), "{error}");
    world.assert_nothing_written_since(&before);
}

pub async fn a_drive_is_attached_when_asked_for(world: &World) {
    let vm = world.new_vm("gets-a-drive").await;
    take_drive(&vm).await;
    let values = CloudInit::new().user("admin").drive("ide2", world.storage.clone());
    vm.cloud_init(values).await.unwrap();
    let config = vm.config().await.unwrap();
    assert!(config.disk("ide2").unwrap().is_cloudinit(), "{config:?}");
    assert_eq!(config.get("ciuser"), Some("admin"));
}

pub async fn nothing_to_set_is_an_error(world: &World) {
    let before = world.arrived();
    let call = world.vm(world.answering).cloud_init(CloudInit::new());
    assert_is(&call.await.unwrap_err(), ErrorKind::InvalidInput, Outcome::NotSent);
    assert_eq!(world.arrived(), before);
}
