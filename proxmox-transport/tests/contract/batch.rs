//! Many requests at once: in one round trip or not, with the same results.

use proxmox_core::config::ConfigChange;
use proxmox_core::guest::GuestState;
use proxmox_core::{Effect, Error, ErrorKind, Outcome, Pve, PvePath, PveRequest, PveResponse, Result, Vmid};
use proxmox_qemu::Vm;
use serde_json::Value;

use super::{Cap, Who, World, assert_is};

fn get(path: &str) -> PveRequest {
    PveRequest::get(PvePath::parse(path).unwrap())
}

fn set(vm: &Vm, name: &str, value: &str) -> PveRequest {
    PveRequest::set(vm.path().fixed("config")).param(name, value).effect(Effect::Write)
}

/// All that a caller can see of an answer.
fn shown(answer: Result<PveResponse>) -> Result<Value, String> {
    let tell = |e: Error| {
        format!(
            "{:?} {:?} {:?} {} | {:?} | {:?} | {:?}",
            e.kind(),
            e.outcome(),
            e.status(),
            e.message(),
            e.target(),
            e.errors(),
            e.advice()
        )
    };
    answer.map_err(tell).map(|answer| answer.decode().unwrap())
}

/// The handles that a batch may go through: the usual one, and root itself, who may pack.
fn handles(world: &World) -> Vec<Pve> {
    [Some(world.pve.clone()), world.connect(Who::Root)].into_iter().flatten().collect()
}

/// What failed of a batch, by its place.
fn failures(answers: &[Result<PveResponse>]) -> Vec<(usize, ErrorKind, Outcome)> {
    let failed = |(place, answer): (usize, &Result<PveResponse>)| {
        answer.as_ref().err().map(|e| (place, e.kind(), e.outcome()))
    };
    answers.iter().enumerate().filter_map(failed).collect()
}

pub async fn each_answer_is_that_of_a_single_request(world: &World) {
    let known = [world.template, world.handmade, world.production, world.answering];
    let config = |vmid: Vmid| get(&format!("/nodes/{}/qemu/{vmid}/config", world.node));
    let mut requests: Vec<_> = known.iter().cycle().take(48).copied().map(config).collect();
    requests.insert(7, config(world.number(70)));
    requests.insert(9, config(world.handmade).param("current", "maybe"));
    requests.insert(11, get(&format!("/nodes/{}/nosuch/thing", world.node)));
    requests.insert(13, get("/nodes/nowhere/qemu"));
    requests.insert(14, get("/nodes/nowhere/version"));
    requests.insert(15, get("/no/such/thing"));
    requests.insert(17, config(world.handmade).param("bogus key", 1));
    requests.insert(19, get(&format!("/nodes/{}/storage/{}/status", world.node, "no-such-storage")));
    for pve in handles(world) {
        let mut singly = Vec::new();
        for request in &requests {
            singly.push(shown(pve.call(request).await));
        }
        let together: Vec<_> = pve.call_all(requests.clone()).await.into_iter().map(shown).collect();
        for ((request, together), singly) in requests.iter().zip(&together).zip(&singly) {
            assert_eq!(together, singly, "{request} over {}", pve.info());
        }
        assert!(together.iter().filter(|answer| answer.is_ok()).count() >= 48);
        assert!(together[7].is_err() && together[11].is_err());
    }
}

pub async fn reads_of_one_node_are_one_round_trip(world: &World) {
    let Some(root) = world.connect(Who::Root) else {
        return;
    };
    let Some(simulated) = world.simulated() else {
        return;
    };
    assert!(root.info().executes, "{}", root.info());
    // A login is a request as well.
    root.call(&get("/version")).await.unwrap();
    let config = get(&format!("/nodes/{}/qemu/{}/config", world.node, world.template));
    for (pve, requests) in [(&root, 1), (&world.connect(Who::RootToken).unwrap(), 50)] {
        simulated.log.clear();
        let answers = pve.call_all(vec![config.clone(); 50]).await;
        assert!(answers.iter().all(Result::is_ok));
        let entries = simulated.log.entries();
        assert_eq!(entries.len(), requests, "{} {entries:#?}", pve.info());
        assert_eq!(entries[0].path.ends_with("/execute"), requests == 1);
    }
}

pub async fn typed_calls_travel_together_too(world: &World) {
    for pve in handles(world) {
        let node = pve.node(&world.node).unwrap();
        let numbers = [world.template, world.handmade, world.number(71), world.production];
        let vms = numbers.map(|vmid| proxmox_qemu::QemuNode::vm(&node, vmid).unwrap());
        let configs = pve.all(vms.iter().map(|vm| vm.config())).await;
        for (vm, config) in vms.iter().zip(configs) {
            match (vm.config().await, config) {
                (Ok(alone), Ok(together)) => assert_eq!(alone, together),
                (alone, together) => {
                    let (alone, together) = (alone.unwrap_err(), together.unwrap_err());
                    assert_eq!(format!("{alone:?}"), format!("{together:?}"));
                    assert_eq!(alone.to_string(), together.to_string());
                    assert_is(&together, ErrorKind::NotFound, Outcome::Rejected);
                }
            }
        }
    }
}

pub async fn the_gate_looks_at_each_write(world: &World) {
    if !world.needs(Cap::Batches) {
        return;
    }
    let vms = [world.new_vm("batch-a").await, world.new_vm("batch-b").await];
    let handmade = world.vm(world.handmade);
    let untouched = handmade.config().await.unwrap();
    for (round, pve) in handles(world).into_iter().enumerate() {
        let text = format!("round {round}: \"ü\" \\ 'x' \u{1f600}, and\na second line");
        let requests = [
            set(&vms[0], "description", &text),
            set(&handmade, "description", &text),
            set(&vms[1], "description", &text),
            set(&world.vm(world.number(72)), "description", &text),
            set(&vms[1], "cores", "many"),
        ];
        let answers = pve.batch_writes(requests).await;
        let refused = (1, ErrorKind::Refused, Outcome::NotSent);
        let absent = (3, ErrorKind::NotFound, Outcome::NotSent);
        let wrong = (4, ErrorKind::InvalidInput, Outcome::Rejected);
        assert_eq!(failures(&answers), [refused, absent, wrong], "over {}", pve.info());
        for vm in &vms {
            let config = vm.config().await.unwrap();
            assert_eq!(config.description().map(str::trim_end), Some(text.as_str()));
        }
        assert_eq!(handmade.config().await.unwrap(), untouched);
    }
}

pub async fn writes_travel_together_only_when_asked_for(world: &World) {
    let Some(root) = world.connect(Who::Root) else {
        return;
    };
    let Some(simulated) = world.simulated() else {
        return;
    };
    let vms = [world.new_vm("packed-a").await, world.new_vm("packed-b").await];
    let requests = || vms.iter().map(|vm| set(vm, "cores", "2")).collect::<Vec<_>>();
    let execute = format!("/nodes/{}/execute", world.node);
    root.call(&get("/version")).await.unwrap();

    simulated.log.clear();
    assert!(root.call_all(requests()).await.iter().all(Result::is_ok));
    assert_eq!((simulated.log.arrived("POST", &execute), simulated.log.entries().len()), (0, 4));
    simulated.log.clear();
    assert!(root.batch_writes(requests()).await.iter().all(Result::is_ok));
    // The facts of both, then both.
    assert_eq!((simulated.log.arrived("POST", &execute), simulated.log.entries().len()), (2, 2));
}

pub async fn changes_of_one_guest_are_made_in_order(world: &World) {
    let vm = world.new_vm("in-order").await;
    for pve in handles(world) {
        let changes = ["1", "2", "3", "1", "2"].map(|cores| set(&vm, "cores", cores));
        assert_eq!(failures(&pve.batch_writes(changes).await), []);
        assert_eq!(vm.config().await.unwrap().cores(), Some(2));
        vm.set_config(ConfigChange::new().set("cores", 1)).await.unwrap();
    }
}

pub async fn tasks_are_started_and_not_waited_for(world: &World) {
    if !world.needs(Cap::Batches) {
        return;
    }
    let vms = [world.new_vm("started-a").await, world.new_vm("started-b").await];
    for pve in handles(world) {
        for (verb, state) in [("status/start", GuestState::Running), ("status/stop", GuestState::Stopped)] {
            let requests = vms.iter().map(|vm| PveRequest::create(vm.path().fixed(verb)));
            for answer in pve.batch_writes(requests).await {
                pve.task(answer.unwrap().upid().unwrap()).wait().await.unwrap();
            }
            for vm in &vms {
                assert_eq!(world.state(vm).await, state);
            }
        }
    }
}

pub async fn a_batch_of_a_callers_own_making_does_not_pass(world: &World) {
    let execute = || PveRequest::create(PvePath::parse(&format!("/nodes/{}/execute", world.node)).unwrap());
    let stop = format!(r#"[{{"method":"POST","path":"qemu/{}/status/stop"}}]"#, world.handmade);
    let before = world.writes();
    for pve in handles(world) {
        let raw = execute().param("commands", stop.as_str());
        for answer in pve.batch_writes(vec![raw.clone(); 2]).await.into_iter().chain([pve.call(&raw).await]) {
            let error = answer.unwrap_err();
            assert_is(&error, ErrorKind::Refused, Outcome::NotSent);
            assert!(error.message().contains("many-guests"), "{error}");
        }
        let disguised = pve.call(&raw.effect(Effect::Read)).await.unwrap_err();
        assert_is(&disguised, ErrorKind::InvalidInput, Outcome::NotSent);
    }
    world.assert_nothing_written_since(&before);
    assert_eq!(world.state(&world.vm(world.handmade)).await, GuestState::Running);
}
