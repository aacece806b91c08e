//! Clones: what they become, and what happens when they are there already, half there, or somebody else's.

use std::collections::BTreeSet;
use std::time::Duration;

use proxmox_core::config::ConfigChange;
use proxmox_core::guest::{CloneOptions, HowCloned, SnapshotOptions};
use proxmox_core::{ErrorKind, Outcome, PvePath, PveRequest};
use proxmox_sim::Fault;

use super::{Cap, Who, World, assert_is};

pub async fn a_full_one_is_new(world: &World) {
    let options = CloneOptions::named("full")
        .newid(world.number(20))
        .full()
        .storage(world.storage.clone())
        .description("for tests");
    let done = world.vm(world.template).clone_to(options).await.unwrap();
    assert_eq!(done.vmid, world.number(20));
    let HowCloned::New(report) = done.how else { panic!("{:?}", done.how) };
    assert_eq!(report.upid.kind(), "qmclone");
    assert_eq!(report.upid.subject(), Some(world.template.to_string().as_str()));
    let config = done.guest.config().await.unwrap();
    assert_eq!((config.name(), config.lock()), (Some("full"), None));
    assert!(!config.is_template());
    assert!(config.description().unwrap().starts_with("for tests"), "{config:?}");
    assert!(config.tags().contains("sdk-managed"));
    assert_eq!(config.disk("scsi0").unwrap().volid().unwrap().storage(), world.storage);
    let template = world.vm(world.template).config().await.unwrap();
    assert_ne!(config.get("scsi0"), template.get("scsi0"));
    assert_ne!(config.get("net0"), template.get("net0"), "it has a MAC of its own");
}

pub async fn a_linked_one_shares_the_disk(world: &World) {
    let done = world.vm(world.template).clone_to(CloneOptions::named("linked").linked()).await.unwrap();
    assert!(matches!(done.how, HowCloned::New(_)));
    let config = done.guest.config().await.unwrap();
    assert!(config.disk("scsi0").unwrap().volid().is_some());
    assert!(config.tags().contains("sdk-managed"));
}

pub async fn a_vm_has_no_linked_clones(world: &World) {
    if !world.needs(Cap::LinkedClones) {
        return;
    }
    let vm = world.new_vm("no-template").await;
    let error =
        vm.clone_to(CloneOptions::named("linked").newid(world.number(21)).linked()).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Rejected, "{error:?}");
    assert!(world.vm(world.number(21)).status().await.unwrap_err().is_not_found());
}

pub async fn may_be_repeated(world: &World) {
    let template = world.vm(world.template);
    let options = || CloneOptions::named("repeated").newid(world.number(22));
    let first = template.clone_to(options()).await.unwrap();
    let before = first.guest.config().await.unwrap();
    let second = template.clone_to(options()).await.unwrap();
    assert_eq!((second.vmid, second.how), (first.vmid, HowCloned::Existing));
    assert_eq!(first.guest.config().await.unwrap(), before);
}

pub async fn one_left_half_done_is_finished(world: &World) {
    let template = world.vm(world.template);
    let options = || CloneOptions::named("half").newid(world.number(23));
    let first = template.clone_to(options()).await.unwrap();
    // As after a crash between the clone and its tag.
    let untag = first.guest.set_config(ConfigChange::new().delete("tags"));
    untag.force(first.vmid).await.unwrap();
    let again = template.clone_to(options()).await.unwrap();
    assert_eq!(again.how, HowCloned::Resumed);
    assert!(again.guest.config().await.unwrap().tags().contains("sdk-managed"));
}

pub async fn a_foreign_guest_is_never_adopted(world: &World) {
    for taken in [world.handmade, world.production] {
        let before = world.vm(taken).config().await.unwrap();
        let error = world
            .vm(world.template)
            .clone_to(CloneOptions::named("handmade").newid(taken))
            .await
            .unwrap_err();
        assert_is(&error, ErrorKind::AlreadyExists, Outcome::Rejected);
        assert_eq!(world.vm(taken).config().await.unwrap(), before);
    }
}

pub async fn our_own_under_another_name_is_foreign(world: &World) {
    let template = world.vm(world.template);
    template.clone_to(CloneOptions::named("first-name").newid(world.number(24))).await.unwrap();
    let error =
        template.clone_to(CloneOptions::named("other-name").newid(world.number(24))).await.unwrap_err();
    assert_is(&error, ErrorKind::AlreadyExists, Outcome::Rejected);
    let config = world.vm(world.number(24)).config().await.unwrap();
    assert_eq!(config.name(), Some("first-name"));
}

pub async fn our_own_of_another_source_is_foreign(world: &World) {
    let source = world.new_vm("another-source").await;
    let options = || CloneOptions::named("whose").newid(world.number(25)).full();
    world.vm(world.template).clone_to(options()).await.unwrap();
    let error = source.clone_to(options()).await.unwrap_err();
    assert_is(&error, ErrorKind::AlreadyExists, Outcome::Rejected);
}

pub async fn inherited_tags_are_kept(world: &World) {
    let source = world.new_vm("tagged-source").await;
    source.set_config([("tags", "sdk-managed;team-a;web")]).await.unwrap();
    // From a source without the managed tag it is added.
    for (name, tags) in [("inherits", "sdk-managed;team-a;web"), ("gets-it", "team-a;web")] {
        source.set_config([("tags", tags)]).force(source.vmid()).await.unwrap();
        let clone = source.clone_to(CloneOptions::named(name).full()).await.unwrap();
        let tags = clone.guest.config().await.unwrap().tags();
        let mut tags: Vec<_> = tags.iter().collect();
        tags.sort_unstable();
        assert_eq!(tags, ["sdk-managed", "team-a", "web"], "{name}");
    }
}

pub async fn automatic_numbers_are_unique(world: &World) {
    let template = world.vm(world.template);
    let names: Vec<_> = (0..8).map(|i| format!("fan-{i}")).collect();
    let done = world
        .pve
        .fan_out(names.clone(), 8, |pve, name| {
            let template = proxmox_qemu::Vm::new(&pve, template.node(), template.vmid());
            async move { template.clone_to(CloneOptions::named(name)).await }
        })
        .await;
    let done: Vec<_> = done.into_iter().map(Result::unwrap).collect();
    let ids: BTreeSet<_> = done.iter().map(|d| d.vmid).collect();
    assert_eq!(ids.len(), 8, "{ids:?}");
    for (clone, name) in done.iter().zip(&names) {
        let config = clone.guest.config().await.unwrap();
        assert_eq!(config.name(), Some(name.as_str()), "the order is kept");
        assert!(config.tags().contains("sdk-managed"));
    }
}

pub async fn a_number_lost_to_somebody_else_is_replaced(world: &World) {
    // Two handles do not know of each other's reservations.
    let Some(other) = world.connect(Who::RootToken) else {
        return;
    };
    let clone = |pve: proxmox_core::Pve, name: String| {
        let template = proxmox_qemu::Vm::new(&pve, &world.node, world.template);
        async move { template.clone_to(CloneOptions::named(name)).await }
    };
    let mine = other.clone();
    let handles = (0..6).map(|i| (i % 2 == 0, format!("race-{i}")));
    let done = world
        .pve
        .fan_out(handles, 6, |pve, (first, name)| clone(if first { pve } else { mine.clone() }, name))
        .await;
    let ids: BTreeSet<_> = done.into_iter().map(|d| d.unwrap().vmid).collect();
    assert_eq!(ids.len(), 6, "{ids:?}");
}

pub async fn one_still_at_work_is_locked(world: &World) {
    if !world.needs(Cap::Background) {
        return;
    }
    let Some(simulated) = world.simulated() else {
        return;
    };
    let template = world.vm(world.template);
    let options = || CloneOptions::named("slow").newid(world.number(26));
    simulated.sim.faults().add(Fault::slow("qmclone", Duration::from_secs(10_000_000)));
    let error = template.clone_to(options()).timeout(Duration::from_millis(300)).await.unwrap_err();
    assert_is(&error, ErrorKind::Timeout, Outcome::MaybeApplied);
    let upid = error.upid().unwrap().clone();
    assert!(world.pve.task(upid).status().await.unwrap().is_running());

    let error = template.clone_to(options()).await.unwrap_err();
    assert_is(&error, ErrorKind::Locked, Outcome::Rejected);
    assert_eq!(simulated.log.arrived("POST", "/nodes/pve1/qemu/9000/clone"), 2);
}

pub async fn a_failed_task_tells_why(world: &World) {
    let Some(simulated) = world.simulated() else {
        return;
    };
    let fault = Fault::fail("qmclone", "clone failed: no space left on device");
    simulated.sim.faults().add(fault);
    let error = world
        .vm(world.template)
        .clone_to(CloneOptions::named("fails").newid(world.number(27)))
        .await
        .unwrap_err();
    assert_is(&error, ErrorKind::TaskFailed, Outcome::Rejected);
    assert!(error.message().contains("no space left on device"), "{error}");
    assert!(!error.task_log().is_empty() && error.upid().is_some(), "{error:?}");
    assert!(world.vm(world.number(27)).status().await.unwrap_err().is_not_found());
}

pub async fn may_be_on_another_node(world: &World) {
    if !world.needs(Cap::TwoNodes) {
        return;
    }
    let source = world
        .vm(world.template)
        .clone_to(CloneOptions::named("on-shared").full().storage("shared".parse().unwrap()))
        .await
        .unwrap()
        .guest;
    // A cloud-init drive follows the disk's storage or stays behind: without it nothing is local.
    let local = source.config().await.unwrap();
    let drives: Vec<_> = local
        .disks()
        .into_iter()
        .filter(|(_, disk)| disk.as_ref().unwrap().is_cloudinit())
        .map(|(key, _)| key.to_owned())
        .collect();
    for key in drives {
        source.set_config(ConfigChange::new().delete(key)).await.unwrap();
    }
    source.template().await.unwrap();
    let done = source
        .clone_to(CloneOptions::named("elsewhere").linked().target("pve2".parse().unwrap()))
        .await
        .unwrap();
    assert_eq!(done.guest.node().as_str(), "pve2");
    let HowCloned::New(report) = done.how else { panic!("{:?}", done.how) };
    assert_eq!(report.upid.node(), world.node, "the source's node does the work");
    assert!(done.guest.config().await.unwrap().tags().contains("sdk-managed"));
}

pub async fn of_a_snapshot(world: &World) {
    let Some(simulated) = world.simulated() else {
        return;
    };
    let source = world.new_vm("with-snapshot").await;
    source.set_config([("cores", "2")]).await.unwrap();
    source.snapshot(SnapshotOptions::named("before")).await.unwrap();
    source.set_config([("cores", "4")]).await.unwrap();
    assert_eq!(simulated.sim.guest(source.vmid().get()).unwrap().snapshots, ["before"]);
    let clone = source.clone_to(CloneOptions::named("of-snapshot").full().snapname("before")).await.unwrap();
    assert_eq!(clone.guest.config().await.unwrap().cores(), Some(2));
}

pub async fn may_join_a_pool(world: &World) {
    if world.simulated().is_none() {
        return;
    }
    let pool = PveRequest::create(PvePath::parse("/pools").unwrap()).param("poolid", "ci");
    world.pve.request::<()>(pool).await.unwrap();
    let done = world.vm(world.template).clone_to(CloneOptions::named("in-pool").pool("ci")).await.unwrap();
    let guests = world.pve.cluster().guests().await.unwrap();
    let row = guests.iter().find(|row| row.vmid == Some(done.vmid)).unwrap();
    assert_eq!(row.pool.as_deref(), Some("ci"));
}
