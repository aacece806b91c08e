//! What a node tells of itself.

use proxmox_core::node::DiskHealth;

use super::{Cap, Who, World};

pub async fn its_state(world: &World) {
    let status = world.node().status().await.unwrap();
    assert!(status.uptime.unwrap() > 0);
    if !world.needs(Cap::NodeFacts) {
        return;
    }
    assert!(status.cpuinfo.cpus.unwrap() > 0, "{status:?}");
    assert_eq!(status.loadavg.len(), 3);
    let (memory, root) = (&status.memory, &status.rootfs);
    assert!(memory.total.unwrap() >= memory.used.unwrap() && root.total.unwrap() > 0);
    assert!(status.pveversion.unwrap().starts_with("pve-manager/"));
}

pub async fn its_storages(world: &World) {
    let storages = world.node().storages().await.unwrap();
    assert!(storages.rejects().is_empty());
    let storage = storages.iter().find(|s| s.storage == world.storage).unwrap();
    assert!(storage.active && storage.enabled, "{storage:?}");
    assert!(storage.content.iter().any(|c| c == "images"), "{storage:?}");
    assert!(storage.total.unwrap() >= storage.avail.unwrap());
}

pub async fn what_lies_on_a_storage(world: &World) {
    let vm = world.new_vm("lies").await;
    let config = vm.config().await.unwrap();
    let volid = config.disk("scsi0").unwrap().volid().unwrap().to_string();
    let content = world.node().content(&world.storage, Some("images")).await.unwrap();
    let row = content.iter().find(|row| row.volid == volid);
    if world.simulated.is_some() {
        let row = row.unwrap();
        assert_eq!((row.vmid, row.size), (Some(vm.vmid()), Some(2 << 30)), "{row:?}");
    }
}

pub async fn its_bridges(world: &World) {
    let bridges = world.node().bridges().await.unwrap();
    let bridge = bridges.iter().find(|b| b.iface == world.bridge).unwrap();
    assert!(bridge.active && bridge.kind.to_lowercase().contains("bridge"), "{bridge:?}");
    let all = world.node().interfaces().await.unwrap();
    assert!(all.len() >= bridges.len() && all.iter().any(|i| i.iface == world.bridge));
}

pub async fn vnets(world: &World) {
    let vnets = world.pve.cluster().vnets().await.unwrap();
    if world.simulated.is_some() {
        assert_eq!((vnets[0].vnet.as_str(), vnets[0].zone.as_deref()), ("vnet0", Some("localzone")));
    }
}

pub async fn its_disks(world: &World) {
    let disks = world.node().disks().await.unwrap();
    assert_eq!(disks.note, None);
    assert!(!disks.disks.is_empty() && disks.disks.rejects().is_empty());
    if !world.needs(Cap::NodeFacts) {
        return;
    }
    for disk in &disks.disks {
        assert!(disk.devpath.starts_with("/dev/") && disk.size.unwrap() > 0, "{disk:?}");
    }
    assert!(disks.disks.iter().any(|disk| disk.health == DiskHealth::Passed), "{disks:?}");
}

pub async fn disks_without_the_privilege_are_a_note(world: &World) {
    let Some(nobody) = world.connect(Who::Nobody) else {
        return;
    };
    let disks = nobody.node(&world.node).unwrap().disks().await.unwrap();
    assert!(disks.disks.is_empty());
    let note = disks.note.unwrap();
    assert!(note.contains("Sys.Audit"), "{note}");
}

pub async fn another_node(world: &World) {
    if !world.needs(Cap::TwoNodes) {
        return;
    }
    let node = world.pve.node("pve2").unwrap();
    assert!(node.status().await.unwrap().uptime.unwrap() > 0);
    assert!(node.storages().await.unwrap().iter().any(|s| s.storage.as_str() == "shared" && s.shared));
}
