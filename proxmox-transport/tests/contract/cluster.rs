//! The cluster as a whole, and all VMs of a node at once.

use proxmox_core::guest::CloneOptions;
use proxmox_core::{ErrorKind, GuestKind, Outcome};

use super::{Cap, World, assert_is};

pub async fn all_vms_come_in_one_request(world: &World) {
    let before = world.arrived();
    let vms = world.vms().list().await.unwrap();
    if let (Some(after), Some(before)) = (world.arrived(), before) {
        assert_eq!(after, before + 1);
    }
    assert!(vms.rejects().is_empty());
    for vmid in [world.template, world.handmade, world.production, world.answering] {
        assert!(vms.iter().any(|vm| vm.vmid == vmid), "{vmid}");
    }
    let vm = vms.iter().find(|vm| vm.vmid == world.handmade).unwrap();
    assert!(vm.is_running() && vm.name.as_deref() == Some("handmade"), "{vm:?}");
    assert_eq!(vm.maxmem, Some(2 << 30));
    let template = vms.iter().find(|vm| vm.vmid == world.template).unwrap();
    assert!(template.template && !template.is_running());
}

pub async fn a_row_says_what_the_status_says(world: &World) {
    let vms = world.vms().list().await.unwrap();
    let row = vms.iter().find(|vm| vm.vmid == world.answering).unwrap();
    let status = world.vm(world.answering).status().await.unwrap();
    assert_eq!(
        (&row.name, &row.status, row.maxmem, row.cpus, &row.tags),
        (&status.name, &status.status, status.maxmem, status.cpus, &status.tags)
    );
}

pub async fn nodes_and_resources(world: &World) {
    let nodes = world.pve.cluster().nodes().await.unwrap();
    let row = nodes.iter().find(|n| n.node.as_ref() == Some(&world.node)).unwrap();
    assert_eq!((row.kind.as_str(), row.id.as_str()), ("node", format!("node/{}", world.node).as_str()));

    let before = world.arrived();
    let all = world.pve.cluster().resources().await.unwrap();
    if let (Some(after), Some(before)) = (world.arrived(), before) {
        assert_eq!(after, before + 1);
    }
    assert!(all.rejects().is_empty(), "{:?}", all.rejects());
    for kind in ["node", "qemu", "storage"] {
        assert!(all.iter().any(|row| row.kind == kind), "{kind}");
    }
    let guests = world.pve.cluster().guests().await.unwrap();
    assert!(guests.iter().all(|row| matches!(row.kind.as_str(), "qemu" | "lxc")));
    let row = guests.iter().find(|row| row.vmid == Some(world.production)).unwrap();
    assert_eq!(row.node.as_ref(), Some(&world.node));
    assert!(row.tags.contains(&"production".to_owned()));
}

pub async fn guests_are_found_by_number_and_name(world: &World) {
    let cluster = world.pve.cluster();
    let by_name = cluster.find("handmade".parse().unwrap()).await.unwrap();
    assert_eq!((by_name.vmid, by_name.kind, &by_name.node), (world.handmade, GuestKind::Qemu, &world.node));
    let by_number = cluster.find(world.handmade.into()).await.unwrap();
    assert_eq!(by_number, by_name);
    for missing in ["Handmade", "hand", "nobody-has-this-name"] {
        let error = cluster.find(missing.parse().unwrap()).await.unwrap_err();
        assert_is(&error, ErrorKind::NotFound, Outcome::Rejected);
    }
    let error = cluster.find(world.number(50).into()).await.unwrap_err();
    assert!(error.is_not_found());
}

pub async fn an_ambiguous_name_is_told(world: &World) {
    let name = format!("twin-{}", world.number(51));
    for number in [51, 52] {
        let options = CloneOptions::named(name.as_str()).newid(world.number(number));
        world.vm(world.template).clone_to(options).await.unwrap();
    }
    let error = world.pve.cluster().find(name.parse().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
    let ids = format!("{}, {}", world.number(51), world.number(52));
    assert!(error.message().contains(&ids), "{error}");
}

pub async fn the_next_number_is_free(world: &World) {
    let id = world.pve.cluster().next_id().await.unwrap();
    let guests = world.pve.cluster().guests().await.unwrap();
    // Others may have taken it meanwhile where others are.
    if world.simulated.is_some() {
        assert!(guests.iter().all(|row| row.vmid != Some(id)), "{id}");
    }
}

pub async fn a_guest_of_another_node_is_found_there(world: &World) {
    if !world.needs(Cap::TwoNodes) {
        return;
    }
    use proxmox_qemu::QemuNode;
    let node = world.pve.node("pve2").unwrap();
    let spec = proxmox_qemu::VmSpec::named("over-there");
    node.vms().create(world.number(53), spec).await.unwrap();
    let found = world.pve.cluster().find("over-there".parse().unwrap()).await.unwrap();
    assert_eq!((found.vmid, found.node.as_str()), (world.number(53), "pve2"));
    // On this node it does not exist, and the error says where it was looked for.
    let error = world.vm(world.number(53)).status().await.unwrap_err();
    assert_is(&error, ErrorKind::NotFound, Outcome::Rejected);
}
