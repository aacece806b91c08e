//! A policy that allows only some pools, against the simulated cluster.

#![allow(clippy::unwrap_used)] // helpers of tests, which no attribute marks as such

use proxmox_core::guest::{CloneOptions, NewId};
use proxmox_core::{ErrorKind, Outcome, Policy, Pve, PvePath, PveRequest, Vmid};
use proxmox_qemu::{QemuNode, Vm};
use proxmox_sim::{Sim, SimGuest};

/// Guest 200 in the pool `web`, 201 in `db`, 202 in none, all managed.
fn sim() -> Sim {
    let vm = |vmid: u32| SimGuest::vm(vmid).config("tags", "sdk-managed");
    let sim = Sim::builder().time_scale(0.0).guest(vm(200)).guest(vm(201)).guest(vm(202)).build();
    let root = Pve::builder(sim.transport()).policy(Policy::dangerous_allow_everything()).build();
    for (pool, vms) in [("web", "200"), ("db", "201")] {
        let path = || PvePath::parse("/pools").unwrap();
        root.request::<()>(PveRequest::create(path()).param("poolid", pool)).block().unwrap();
        root.request::<()>(PveRequest::set(path()).param("poolid", pool).param("vms", vms)).block().unwrap();
    }
    sim
}

fn handle(sim: &Sim, pools: &[&str]) -> Pve {
    let policy = Policy::default().only_pools(pools.iter().copied()).unwrap();
    Pve::builder(sim.transport()).policy(policy).build()
}

fn vm(pve: &Pve, vmid: u32) -> Vm {
    pve.node("pve1").unwrap().vm(vmid).unwrap()
}

#[test]
fn only_guests_of_the_pools_are_written_to() {
    let sim = sim();
    let pve = handle(&sim, &["web"]);
    vm(&pve, 200).start().block().unwrap();
    for vmid in [201, 202] {
        for call in [vm(&pve, vmid).start(), vm(&pve, vmid).start().force(Vmid::new(vmid).unwrap())] {
            let error = call.block().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Refused);
            assert!(error.message().contains("rule pool: guest"), "{error}");
        }
        assert!(vm(&pve, vmid).config().block().is_ok(), "reading is free");
    }
    let both = handle(&sim, &["web", "db"]);
    vm(&both, 201).start().block().unwrap();
    // Preflight says the same.
    let report = vm(&pve, 202).start().preflight().block().unwrap();
    assert_eq!(report.of("gate").count(), 1, "{report}");
    assert!(vm(&both, 200).stop().preflight().block().unwrap().is_feasible());
    // In a batch each write is judged by its own facts.
    let stop = |vmid: u32| PveRequest::create(vm(&pve, vmid).path().fixed("status/stop"));
    let answers = pve.block_on(pve.batch_writes([201, 200, 777, 202].map(stop)));
    assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true, false, false]);
    // With several pools too, where the first of them may settle it.
    let both = handle(&sim, &["web", "db"]);
    let answers = both.block_on(both.batch_writes([200, 201, 202, 777, 201].map(stop)));
    assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false, false, true]);
}

#[test]
fn new_guests_are_put_into_one_of_them() {
    let sim = sim();
    let pve = handle(&sim, &["web"]);
    let clone = |options: CloneOptions| vm(&pve, 9000).clone_to(options.newid(NewId::Auto).full()).block();
    let before = sim.guests().len();
    for options in [CloneOptions::named("x"), CloneOptions::named("x").pool("db")] {
        let error = clone(options).unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Refused, Outcome::NotSent), "{error}");
        assert!(error.message().contains("rule pool"), "{error}");
    }
    assert_eq!(sim.guests().len(), before);
    let made = clone(CloneOptions::named("x").pool("web")).unwrap();
    made.guest.start().block().unwrap();
}

#[test]
fn a_pool_that_cannot_be_read_may_be_the_one() {
    let sim = sim();
    let error = vm(&handle(&sim, &["gone"]), 200).start().block().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.message().contains("unverifiable") && error.message().contains("gone"), "{error}");
}
