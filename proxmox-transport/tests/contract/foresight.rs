//! What is known before anything is sent: preflight, and plans.

use proxmox_core::guest::{CloneOptions, DeleteOptions};
use proxmox_core::plan::StepState;
use proxmox_core::{ErrorKind, Guest, Outcome};
use proxmox_qemu::Qemu;

use super::{World, assert_is};

pub async fn preflight_tells_all_that_is_missing(world: &World) {
    let options = CloneOptions::named("web").newid(world.handmade).full().storage("nowhere".parse().unwrap());
    let report = world.vm(world.template).clone_to(options).preflight().await.unwrap();
    assert!(!report.is_feasible());
    for code in ["vmid-taken", "storage-unknown"] {
        assert_eq!(report.of(code).count(), 1, "{code}: {report}");
    }
    let refused = world.vm(world.handmade).stop().preflight().await.unwrap();
    assert_eq!(refused.of("gate").count(), 1, "{refused}");
}

pub async fn what_is_feasible_is_done(world: &World) {
    let vm = world.new_vm("feasible").await;
    let report = vm.start().preflight().await.unwrap();
    assert!(report.is_feasible(), "{report}");
    vm.start().await.unwrap();
}

pub async fn a_plan_is_what_is_sent(world: &World) {
    let template = world.vm(world.template);
    let numbers = [world.number(90), world.number(91)];
    let mut plan = world
        .pve
        .plan(async |pve| {
            let template = Guest::<Qemu>::new(pve, template.node().clone(), template.vmid());
            let kept = template.clone_to(CloneOptions::named("planned").newid(numbers[0])).await?.guest;
            kept.set_config([("cores", "2")]).await?;
            let gone = template.clone_to(CloneOptions::named("passing").newid(numbers[1])).await?.guest;
            gone.start().await?;
            gone.delete(DeleteOptions::new().stop_first()).await
        })
        .await;
    assert!(plan.obstacle().is_none(), "{plan}");
    let (kept, gone) = (world.vm(numbers[0]), world.vm(numbers[1]));
    assert!(kept.config().await.unwrap_err().is_not_found(), "nothing was sent");

    plan.apply().await.unwrap();
    assert!(plan.steps().iter().all(|step| step.state == StepState::Done), "{plan}");
    let config = kept.config().await.unwrap();
    assert_eq!((config.name(), config.cores()), (Some("planned"), Some(2)));
    assert!(gone.config().await.unwrap_err().is_not_found());
}

pub async fn a_plan_stops_where_something_has_changed(world: &World) {
    let vm = world.new_vm("changing").await;
    let mut plan = world
        .pve
        .plan(async |pve| {
            Guest::<Qemu>::new(pve, vm.node().clone(), vm.vmid()).set_config([("cores", "2")]).await
        })
        .await;
    vm.set_config([("memory", "256")]).await.unwrap();
    assert_is(&plan.apply().await.unwrap_err(), ErrorKind::Conflict, Outcome::NotSent);
    assert_eq!(plan.steps()[0].state, StepState::NotDone);
    assert_ne!(vm.config().await.unwrap().cores(), Some(2));
}
