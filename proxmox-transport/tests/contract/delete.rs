//! Deletion: of what is there, of what is not, and of what must stay.

use proxmox_core::guest::{CloneOptions, DeleteOptions, Deleted};
use proxmox_core::{ErrorKind, Outcome};

use super::{Cap, World, assert_is};

pub async fn what_is_there_is_gone(world: &World) {
    let vm = world.new_vm_at(33, "deleted").await;
    let done = vm.delete(DeleteOptions::new().purge()).await.unwrap();
    let Deleted::Done(report) = done else { panic!("{done:?}") };
    assert_eq!(report.upid.kind(), "qmdestroy");
    assert!(vm.status().await.unwrap_err().is_not_found());
    if let Some(simulated) = &world.simulated {
        let entries = simulated.log.entries();
        let delete = entries.iter().find(|e| e.method == "DELETE").unwrap();
        let param = |name: &str| delete.params.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
        let text = |text: &str| Some(proxmox_sim::SimValue::Text(text.to_owned()));
        assert_eq!(param("purge"), text("1"));
        // Its default reaches across all storages in some versions: it is always said.
        assert_eq!(param("destroy-unreferenced-disks"), text("0"));
    }
}

pub async fn what_is_absent_is_a_result(world: &World) {
    let absent = world.vm(world.number(30));
    let before = world.writes();
    assert_eq!(absent.delete(DeleteOptions::new()).await.unwrap(), Deleted::Absent);
    let stop_first = DeleteOptions::new().stop_first();
    assert_eq!(absent.delete(stop_first).await.unwrap(), Deleted::Absent);
    world.assert_nothing_written_since(&before);
}

pub async fn a_second_delete_is_a_result(world: &World) {
    let vm = world.new_vm_at(34, "deleted-twice").await;
    assert!(matches!(vm.delete(DeleteOptions::new()).await.unwrap(), Deleted::Done(_)));
    assert_eq!(vm.delete(DeleteOptions::new()).await.unwrap(), Deleted::Absent);
}

pub async fn on_an_unknown_node_nothing_is_absent(world: &World) {
    if !world.needs(Cap::UnknownNodes) {
        return;
    }
    let vm = proxmox_qemu::Vm::new(&world.pve, &"nowhere".parse().unwrap(), world.number(31));
    let error = vm.delete(DeleteOptions::new()).await.unwrap_err();
    assert_is(&error, ErrorKind::NotFound, Outcome::NotSent);
}

pub async fn what_runs_is_in_the_wrong_state(world: &World) {
    let vm = world.new_vm_at(35, "runs").await;
    vm.start().await.unwrap();
    let error = vm.delete(DeleteOptions::new()).await.unwrap_err();
    assert_is(&error, ErrorKind::WrongState, Outcome::Rejected);
    assert!(error.advice().unwrap().contains("stop_first"), "{error:?}");
    assert!(vm.status().await.unwrap().is_running());

    let done = vm.delete(DeleteOptions::new().stop_first()).await.unwrap();
    assert!(matches!(done, Deleted::Done(_)));
    assert!(vm.status().await.unwrap_err().is_not_found());
}

pub async fn what_is_protected_stays(world: &World) {
    let vm = world.new_vm("protected-flag").await;
    vm.set_config([("protection", "1")]).await.unwrap();
    let before = world.writes();
    let error = vm.delete(DeleteOptions::new()).await.unwrap_err();
    assert_is(&error, ErrorKind::Refused, Outcome::NotSent);
    assert!(error.message().contains("protection"), "{error}");
    world.assert_nothing_written_since(&before);
    vm.set_config([("protection", "0")]).force(vm.vmid()).await.unwrap();
    vm.delete(DeleteOptions::new()).await.unwrap();
}

pub async fn pve_itself_protects_what_is_forced(world: &World) {
    let vm = world.new_vm("protected-by-pve").await;
    vm.set_config([("protection", "1")]).await.unwrap();
    let error = vm.delete(DeleteOptions::new()).force(vm.vmid()).await.unwrap_err();
    assert_is(&error, ErrorKind::Refused, Outcome::Rejected);
    assert!(vm.config().await.unwrap().is_protected());
}

pub async fn a_protected_guest_is_not_even_stopped(world: &World) {
    let vm = world.running_vm("production-delete").await;
    vm.set_config([("tags", "sdk-managed;production")]).await.unwrap();
    let before = world.writes();
    let error = vm.delete(DeleteOptions::new().stop_first()).await.unwrap_err();
    assert_is(&error, ErrorKind::Refused, Outcome::NotSent);
    world.assert_nothing_written_since(&before);
    assert!(vm.status().await.unwrap().is_running());
}

pub async fn a_base_of_linked_clones_stays(world: &World) {
    if !world.needs(Cap::LinkedClones) {
        return;
    }
    let base = world.new_vm("base").await;
    base.template().await.unwrap();
    let clone = base.clone_to(CloneOptions::named("leaf").linked()).await.unwrap();
    let error = base.delete(DeleteOptions::new()).await.unwrap_err();
    assert_is(&error, ErrorKind::TaskFailed, Outcome::Rejected);
    assert!(base.config().await.unwrap().is_template());
    clone.guest.delete(DeleteOptions::new()).await.unwrap();
    base.delete(DeleteOptions::new()).await.unwrap();
}
