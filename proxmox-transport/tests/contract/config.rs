//! Configuration: read, changed, protected by its digest; disks that grow.

use proxmox_core::config::ConfigChange;
use proxmox_core::{ErrorKind, Outcome};

use super::{Cap, World, assert_is};

pub async fn is_read_as_it_is(world: &World) {
    let config = world.vm(world.template).config().await.unwrap();
    assert!(config.is_template() && config.digest().is_some(), "{config:?}");
    assert_eq!(config.memory_mib(), Some(1024));
    assert_eq!(config.disk("scsi0").unwrap().volid().unwrap().storage(), world.storage);
    let (index, net) = config.nets().remove(0);
    assert_eq!((index, net.unwrap().bridge()), (0, Some(world.bridge)));
    assert!(config.disks().into_iter().any(|(_, disk)| disk.unwrap().is_cloudinit()));
}

pub async fn is_changed_by_what_differs(world: &World) {
    let vm = world.new_vm("changed").await;
    let config = vm.config().await.unwrap();
    let change = config.change(|want| {
        want.set("cores", 3).set("memory", 1024).set("onboot", true);
    });
    assert_eq!(change.sets().collect::<Vec<_>>(), ["cores", "onboot"]);
    vm.set_config(change).await.unwrap();
    let config = vm.config().await.unwrap();
    assert_eq!((config.cores(), config.onboot()), (Some(3), true));

    vm.set_config(ConfigChange::new().delete("onboot")).await.unwrap();
    let config = vm.config().await.unwrap();
    assert_eq!((config.cores(), config.get("onboot")), (Some(3), None));
}

pub async fn a_stale_digest_is_a_conflict(world: &World) {
    let vm = world.new_vm("stale").await;
    let mine = vm.config().await.unwrap();
    vm.set_config([("description", "somebody was faster")]).await.unwrap();
    let error = vm
        .set_config(mine.change(|want| {
            want.set("cores", 4);
        }))
        .await
        .unwrap_err();
    assert_is(&error, ErrorKind::Conflict, Outcome::Rejected);
    let now = vm.config().await.unwrap();
    assert_eq!(now.cores(), Some(1));
    let again = now.change(|want| {
        want.set("cores", 4);
    });
    vm.set_config(again).await.unwrap();
    assert_eq!(vm.config().await.unwrap().cores(), Some(4));
}

pub async fn every_character_arrives(world: &World) {
    let vm = world.new_vm("characters").await;
    let text = "Ümläute & =+%20; #?/\\ \"quoted\" 'so' 日本\nsecond line";
    vm.set_config([("description", text)]).await.unwrap();
    let config = vm.config().await.unwrap();
    assert_eq!(config.description().map(str::trim_end), Some(text));
}

pub async fn tags_become_pves_own_form(world: &World) {
    let vm = world.new_vm("tags").await;
    vm.set_config([("tags", "Web sdk-managed,web;team-a")]).await.unwrap();
    let tags = vm.config().await.unwrap().tags();
    let mut tags: Vec<_> = tags.iter().collect();
    tags.sort_unstable();
    assert_eq!(tags, ["sdk-managed", "team-a", "web"]);
}

pub async fn an_empty_change_is_not_sent(world: &World) {
    let before = world.arrived();
    let error = world.vm(world.answering).set_config(ConfigChange::new()).await.unwrap_err();
    assert_is(&error, ErrorKind::InvalidInput, Outcome::NotSent);
    assert_eq!(world.arrived(), before);
}

pub async fn a_lock_is_told(world: &World) {
    let Some(simulated) = world.simulated() else {
        return;
    };
    let vm = world.new_vm("locked").await;
    assert!(simulated.sim.set_lock(vm.vmid().get(), Some("backup")));
    let error = vm.set_config([("cores", "2")]).await.unwrap_err();
    assert_is(&error, ErrorKind::Locked, Outcome::Rejected);
    assert_eq!(error.message(), "VM is locked (backup)");
    assert_eq!(vm.config().await.unwrap().lock(), Some("backup"));
    assert!(simulated.sim.set_lock(vm.vmid().get(), None));
    vm.set_config([("cores", "2")]).await.unwrap();
}

pub async fn what_waits_for_a_restart_is_pending(world: &World) {
    if !world.needs(Cap::Pending) {
        return;
    }
    let vm = world.running_vm("pending").await;
    vm.set_config([("cores", "2")]).await.unwrap();
    assert_eq!(vm.config().await.unwrap().cores(), Some(2));
    assert_eq!(vm.current_config().await.unwrap().cores(), Some(1));
    let pending = vm.pending().await.unwrap();
    let row = pending.iter().find(|row| row.key == "cores").unwrap();
    assert_eq!((row.value.as_deref(), row.pending.as_deref()), (Some("1"), Some("2")));

    vm.reboot(None).await.unwrap();
    assert_eq!(vm.current_config().await.unwrap().cores(), Some(2));
    let pending = vm.pending().await.unwrap();
    let row = pending.iter().find(|row| row.key == "cores").unwrap();
    assert_eq!((row.value.as_deref(), row.pending.as_deref()), (Some("2"), None));
}

pub async fn a_disk_grows(world: &World) {
    let vm = world.new_vm("grows").await;
    let size = async || vm.config().await.unwrap().disk("scsi0").unwrap().size().unwrap().to_string();
    let before = size().await;
    vm.resize("scsi0", "+2G".parse().unwrap()).await.unwrap();
    if world.has(Cap::ResizeEffect) {
        assert_eq!((before.as_str(), size().await.as_str()), ("2G", "4G"));
        vm.resize("scsi0", "10G".parse().unwrap()).await.unwrap();
        assert_eq!(size().await, "10G");
    } else {
        assert_eq!(size().await, before);
    }
}

pub async fn a_disk_does_not_shrink(world: &World) {
    if !world.needs(Cap::ResizeEffect) {
        return;
    }
    let vm = world.new_vm("shrinks").await;
    let error = vm.resize("scsi0", "1G".parse().unwrap()).await.unwrap_err();
    assert_is(&error, ErrorKind::TaskFailed, Outcome::Rejected);
    assert!(error.message().contains("shrinking disks is not supported"), "{error}");
    assert!(error.upid().is_some());
    let disk = vm.config().await.unwrap().disk("scsi0").unwrap();
    assert_eq!(disk.size().unwrap().to_string(), "2G");
}

pub async fn a_disk_that_is_not_there_does_not_grow(world: &World) {
    if !world.needs(Cap::ResizeEffect) {
        return;
    }
    let vm = world.new_vm("no-disk").await;
    let error = vm.resize("virtio7", "+1G".parse().unwrap()).await.unwrap_err();
    assert_is(&error, ErrorKind::TaskFailed, Outcome::Rejected);
    assert!(error.message().contains("disk 'virtio7' does not exist"), "{error}");
}
