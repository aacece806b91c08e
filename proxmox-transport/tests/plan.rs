//! Plans against the simulated cluster: what they say, and that applying one does what the flow itself does.

#![allow(clippy::unwrap_used)] // helpers of tests, which no attribute marks as such

use proxmox_core::guest::{CloneOptions, DeleteOptions, NewId, Power, Shutdown};
use proxmox_core::plan::{Judgement, StepState};
use proxmox_core::policy::{Passage, Rule};
use proxmox_core::{
    ErrorKind, Growth, Node, Outcome, Plan, Policy, Pve, PvePath, PveRequest, Result, Secret, Verb, Vmid,
};
use proxmox_lxc::{ContainerSpec, LxcNode};
use proxmox_qemu::{Exec, QemuNode, Vm, VmSpec};
use proxmox_sim::{Fault, GuestView, Sim, SimGuest, WireFault};
use serde_json::{Value, json};

const ARCHIVE: &str = "local:vztmpl/alpine-3.20-default_20240908_amd64.tar.xz";

fn sim() -> Sim {
    let vm = |vmid: u32| SimGuest::vm(vmid).config("tags", "sdk-managed").config("memory", "512");
    Sim::builder()
        .time_scale(0.0)
        .guest(vm(200).name("plain").disk("scsi0", "local-lvm", 8 << 30))
        .guest(
            vm(201).name("runs").disk("scsi0", "local-lvm", 8 << 30).agent().config("agent", "1").running(),
        )
        .build()
}

fn node(pve: &Pve) -> Node {
    pve.node("pve1").unwrap()
}

fn vm(pve: &Pve, vmid: u32) -> Vm {
    node(pve).vm(vmid).unwrap()
}

fn id(vmid: u32) -> NewId {
    NewId::Vmid(Vmid::new(vmid).unwrap())
}

fn plan<T, F: Future<Output = Result<T>> + Send>(pve: &Pve, flow: impl FnOnce(Pve) -> F + Send) -> Plan {
    pve.block_on(pve.plan(flow))
}

fn apply(pve: &Pve, plan: &mut Plan) -> Result<()> {
    pve.block_on(plan.apply())
}

fn lines(plan: &Plan) -> Vec<String> {
    plan.steps().iter().map(|step| format!("{} {}", step.request.verb, step.request.path)).collect()
}

fn states(plan: &Plan) -> Vec<StepState> {
    plan.steps().iter().map(|step| step.state).collect()
}

/// All that a flow may leave behind.
fn world(sim: &Sim) -> (Vec<GuestView>, Vec<Value>, Vec<String>) {
    let pve = sim.pve();
    let volumes = PvePath::parse("/nodes/pve1/storage/local-lvm/content").unwrap();
    let mut volumes: Vec<Value> = pve.request(PveRequest::get(volumes)).block().unwrap();
    for volume in &mut volumes {
        volume.as_object_mut().unwrap().remove("ctime");
    }
    let tasks = sim.tasks().into_iter();
    let tasks = tasks.map(|task| format!("{} {} {:?}", task.kind, task.subject, task.exitstatus));
    (sim.guests(), volumes, tasks.collect())
}

/// Clones, changes, grows, starts and deletes, of either kind, and leaves some of it.
async fn a_life(pve: Pve) -> Result<()> {
    let template = vm(&pve, 9000);
    let kept = template.clone_to(CloneOptions::named("kept").newid(id(300)).full()).await?.guest;
    kept.set_config([("cores", "4"), ("tags", "sdk-managed;web")]).await?;
    kept.resize("scsi0", "+3G".parse()?).await?;
    kept.resize("scsi0", "+1G".parse()?).await?;
    kept.start().await?;
    let gone = template.clone_to(CloneOptions::named("gone").newid(id(301)).full()).await?.guest;
    gone.start().await?;
    gone.delete(DeleteOptions::new().stop_first()).await?;
    vm(&pve, 200).ensure(Power::Running).await?;
    let spec = ContainerSpec::new(&ARCHIVE.parse()?, "ct").rootfs(&"local-lvm".parse()?, 2);
    let container = node(&pve).containers().create(id(302), spec.password(Secret::from("hunter2"))).await?;
    container.start().await?;
    container.set_config([("memory", "1024")]).await?;
    container.shutdown(Shutdown::new()).await?;
    container.template().await?;
    vm(&pve, 201).set_config([("onboot", "1")]).await
}

#[test]
fn applying_a_plan_does_what_the_flow_does() {
    let (direct, planned) = (sim(), sim());
    direct.pve().block_on(a_life(direct.pve())).unwrap();

    let pve = planned.pve();
    let before = world(&planned);
    planned.forget_requests();
    let mut plan = plan(&pve, a_life);
    assert!(plan.obstacle().is_none(), "{plan}");
    assert_eq!(world(&planned), before, "planning changes nothing");
    let is_read = |request: &proxmox_sim::SeenRequest| request.method == "GET";
    assert!(planned.requests().iter().all(is_read), "{:?}", planned.requests());
    let of_the_plan = |request: &&proxmox_sim::SeenRequest| request.path.contains("plan@pam");
    assert_eq!(planned.requests().iter().filter(of_the_plan).count(), 0, "planned tasks are never asked for");

    apply(&pve, &mut plan).unwrap();
    assert_eq!(world(&planned), world(&direct));
    assert!(states(&plan).iter().all(|state| *state == StepState::Done), "{plan}");
    let again = apply(&pve, &mut plan).unwrap_err();
    assert_eq!((again.kind(), again.outcome()), (ErrorKind::InvalidInput, Outcome::NotSent), "{again}");
}

#[test]
fn what_a_plan_says() {
    let pve = sim().pve();
    let plan = plan(&pve, a_life);
    let steps = lines(&plan);
    assert_eq!(
        &steps[..6],
        [
            "create /nodes/pve1/qemu/9000/clone",
            "set /nodes/pve1/qemu/300/config",
            "set /nodes/pve1/qemu/300/config",
            "set /nodes/pve1/qemu/300/resize",
            "set /nodes/pve1/qemu/300/resize",
            "create /nodes/pve1/qemu/300/status/start",
        ]
    );
    let text = plan.to_string();
    assert!(
        text.contains("  1. VM 9000 on node pve1\n     pvesh create /nodes/pve1/qemu/9000/clone"),
        "{text}"
    );
    let json = serde_json::to_value(&plan).unwrap();
    assert_eq!(json["steps"][0]["judgement"], json!({"verdict": "allowed"}));
    assert!(json["steps"][0]["basis"].is_string(), "{json}");
    assert_eq!(json["steps"][1]["basis"], Value::Null);
    assert_eq!(json["obstacle"], Value::Null);
    for shown in [text, json.to_string(), format!("{plan:?}"), plan.pvesh().collect()] {
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn later_reads_show_what_the_plan_has_made() {
    let sim = sim();
    let planner = sim.pve().planner();
    let pve = planner.handle();
    let made = vm(&pve, 9000).clone_to(CloneOptions::named("web-1").full()).block().unwrap().guest;
    made.set_config([("memory", "4096"), ("cipassword", "hunter2")]).block().unwrap();
    made.resize("scsi0", Growth::By("2G".parse().unwrap())).block().unwrap();
    made.start().block().unwrap();
    assert!(made.status().block().unwrap().is_running());
    let config = made.config().block().unwrap();
    assert_eq!((config.get("memory"), config.name()), (Some("4096"), Some("web-1")));
    assert_eq!(config.get("cipassword"), Some("**********"));
    assert_eq!(config.disk("scsi0").unwrap().size().unwrap().to_string(), "4G");
    vm(&pve, 200).set_config([("onboot", "1")]).block().unwrap();
    assert_eq!(vm(&pve, 200).config().block().unwrap().get("onboot"), Some("1"));
    // Numbers: the planned one is taken, and the next free one is another.
    let other = vm(&pve, 9000).clone_to(CloneOptions::named("web-2").full()).block().unwrap();
    assert_ne!(other.vmid, made.vmid());
    let twice = node(&pve).vms().create(NewId::Vmid(made.vmid()), VmSpec::named("x")).block().unwrap_err();
    assert_eq!(twice.kind(), ErrorKind::AlreadyExists, "{twice}");
    made.delete(DeleteOptions::new()).block().unwrap();
    assert!(made.config().block().unwrap_err().is_not_found());
    assert!(made.start().block().unwrap_err().is_not_found());
    assert!(sim.guest(300).is_none() && sim.guest(made.vmid().get()).is_none());
}

#[test]
fn a_plan_ends_where_nobody_can_know_more() {
    let pve = sim().pve();
    let mut of_new = plan(&pve, async |pve: Pve| {
        let made = vm(&pve, 9000).clone_to(CloneOptions::named("x").newid(id(300)).full()).await?.guest;
        made.start().await?;
        made.agent().interfaces().await
    });
    let mut of_program = plan(&pve, async |pve: Pve| vm(&pve, 201).agent().exec(Exec::new(["id"])).await);
    for plan in [&mut of_new, &mut of_program] {
        let obstacle = plan.obstacle().unwrap();
        assert_eq!(
            (obstacle.kind(), obstacle.outcome()),
            (ErrorKind::Unsupported, Outcome::NotSent),
            "{obstacle}"
        );
        assert!(plan.to_string().contains("the plan ends here: "), "{plan}");
        let error = apply(&pve, plan).unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidInput, Outcome::NotSent), "{error}");
    }
    assert_eq!((of_new.steps().len(), of_program.steps().len()), (3, 1));
}

#[test]
fn the_gate_has_its_say() {
    let sim = sim();
    let pve = sim.pve();
    let mut refused = plan(&pve, async |pve: Pve| {
        // A flow that goes on after a refusal is planned to its end.
        let _refused = vm(&pve, 100).stop().await;
        vm(&pve, 200).start().await
    });
    let judgements: Vec<_> = refused.steps().iter().map(|step| &step.judgement).collect();
    assert!(matches!(judgements[..], [Judgement::Refused { .. }, Judgement::Allowed]), "{refused}");
    assert!(refused.to_string().contains("refused by rule managed-tag"), "{refused}");
    let error = apply(&pve, &mut refused).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Refused, Outcome::NotSent), "{error}");
    assert!(!sim.guest(200).unwrap().running, "nothing at all is sent of a plan that would be refused");

    let mut forced = plan(&pve, async |pve: Pve| vm(&pve, 100).stop().force(Vmid::new(100)?).await);
    assert!(
        matches!(&forced.steps()[0].judgement, Judgement::Forced { rule: Rule::ManagedTag, .. }),
        "{forced}"
    );
    assert!(forced.steps()[0].to_string().contains(" # forced against rule managed-tag: "), "{forced}");
    apply(&pve, &mut forced).unwrap();
    assert!(!sim.guest(100).unwrap().running);
}

#[test]
fn it_stops_at_the_first_deviation() {
    let sim = sim();
    let pve = sim.pve();
    let three = async |pve: Pve| {
        vm(&pve, 200).start().await?;
        vm(&pve, 201).set_config([("cores", "3")]).await?;
        vm(&pve, 200).set_config([("cores", "2")]).await
    };
    // Somebody changes what the second step is about.
    let mut changed = plan(&pve, three);
    vm(&pve, 201).set_config([("description", "mine")]).block().unwrap();
    let error = apply(&pve, &mut changed).unwrap_err();
    assert_eq!(states(&changed), [StepState::Done, StepState::NotDone, StepState::NotDone]);
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::Applied), "{error}");
    assert!(error.to_string().contains("stopped at step 2 of 3 (not done)"), "{error}");
    assert!(error.to_string().contains("done: 1; not sent: 3"), "{error}");
    assert!(changed.to_string().contains("  2. [not done] VM 201 on node pve1"), "{changed}");
    assert_eq!(sim.guest(201).unwrap().config.get("cores").map(String::as_str), None);

    // A task fails.
    vm(&pve, 200).stop().block().unwrap();
    let mut failing = plan(&pve, three);
    sim.faults().add(Fault::fail("qmstart", "no space left").vmid(200));
    let error = apply(&pve, &mut failing).unwrap_err();
    assert_eq!(states(&failing), [StepState::Failed, StepState::NotDone, StepState::NotDone]);
    assert!(error.to_string().contains("no space left"), "{error}");
    assert_eq!(error.kind(), ErrorKind::TaskFailed);

    // A number is taken meanwhile.
    let clone = async |pve: Pve| {
        vm(&pve, 9000).clone_to(CloneOptions::named("x").newid(id(300)).full()).await.map(drop)
    };
    let mut taken = plan(&pve, clone);
    node(&pve).vms().create(id(300), VmSpec::named("other")).block().unwrap();
    let error = apply(&pve, &mut taken).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
    assert_eq!(sim.guest(300).unwrap().name.as_deref(), Some("other"));

    // An answer is lost.
    let transport = sim.transport();
    let pve = Pve::new(transport.clone());
    let mut lost = plan(&pve, async |pve: Pve| vm(&pve, 200).start().await);
    transport.faults().add(WireFault::CloseAfterExecuting.on("POST", "/nodes/pve1/qemu/200/status/start"));
    let error = apply(&pve, &mut lost).unwrap_err();
    assert_eq!(
        (states(&lost), error.outcome()),
        (vec![StepState::Unknown], Outcome::MaybeApplied),
        "{error}"
    );
}

#[test]
fn what_is_there_already_is_noticed() {
    let sim = sim();
    let pve = sim.pve();
    // Deleting what is gone is no refusal, and leaves nothing to do.
    let mut gone = plan(&pve, async |pve: Pve| vm(&pve, 777).delete(DeleteOptions::new()).await);
    assert!(gone.steps().is_empty() && gone.obstacle().is_none(), "{gone}");
    apply(&pve, &mut gone).unwrap();
    // A repeated clone is found.
    let clone = async |pve: Pve| {
        let made = vm(&pve, 9000).clone_to(CloneOptions::named("mine").newid(id(300)).full()).await?;
        made.guest.start().await
    };
    pve.block_on(clone(pve.clone())).unwrap();
    vm(&pve, 300).stop().block().unwrap();
    let mut again = plan(&pve, clone);
    assert_eq!(lines(&again), ["create /nodes/pve1/qemu/300/status/start"], "{again}");
    apply(&pve, &mut again).unwrap();
    // A foreign guest is not taken over.
    let foreign = plan(&pve, async |pve: Pve| {
        vm(&pve, 9000).clone_to(CloneOptions::named("other").newid(id(300)).full()).await
    });
    assert_eq!(foreign.obstacle().unwrap().kind(), ErrorKind::AlreadyExists, "{foreign}");
}

#[test]
fn pools_know_what_is_planned() {
    let sim = sim();
    let root = Pve::builder(sim.transport()).policy(Policy::dangerous_allow_everything()).build();
    let pools = PvePath::parse("/pools").unwrap();
    root.request::<()>(PveRequest::create(pools).param("poolid", "web")).block().unwrap();
    let policy = Policy::default().only_pools(["web"]).unwrap();
    let pve = Pve::builder(sim.transport()).policy(policy).build();
    let mut plan = plan(&pve, async |pve: Pve| {
        let options = CloneOptions::named("x").newid(id(300)).full().pool("web");
        vm(&pve, 9000).clone_to(options).await?.guest.start().await
    });
    assert!(plan.obstacle().is_none(), "{plan}");
    apply(&pve, &mut plan).unwrap();
    assert!(sim.guest(300).unwrap().running);
}

/// Whoever gives up waiting knows which step was under way.
#[test]
fn a_plan_that_is_left_alone_does_not_call_a_sent_step_not_done() {
    let sim = sim();
    let pve = Pve::new(sim.transport().asynchronous());
    let mut plan = plan(&pve, async |pve: Pve| {
        vm(&pve, 200).start().await?;
        vm(&pve, 201).set_config([("cores", "3")]).await
    });
    sim.forget_requests();
    {
        let mut applying = std::pin::pin!(plan.apply());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        while sim.requests().iter().all(|request| request.method != "POST") {
            assert!(applying.as_mut().poll(&mut context).is_pending());
        }
    }
    assert_eq!(states(&plan), [StepState::Unknown, StepState::NotDone], "{plan}");
}

#[test]
fn each_write_of_a_batch_is_planned() {
    let sim = sim();
    let planner = sim.pve().planner();
    let pve = planner.handle();
    let path = |text: &str| PvePath::parse(text).unwrap();
    let writes = [
        PveRequest::set(path("/nodes/pve1/qemu/201/config")).param("cores", 2),
        PveRequest::create(path("/nodes/pve1/qemu/201/status/stop")),
        PveRequest::create(path("/nodes/pve1/qemu/100/status/stop")),
    ];
    let answers = pve.block_on(pve.batch_writes(writes));
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 2);
    let plan = planner.finish(Ok(()));
    let mut planned = lines(&plan);
    planned.sort_unstable();
    assert_eq!(
        planned,
        [
            "create /nodes/pve1/qemu/100/status/stop",
            "create /nodes/pve1/qemu/201/status/stop",
            "set /nodes/pve1/qemu/201/config",
        ]
    );
    assert_eq!(
        plan.steps().iter().filter(|step| matches!(step.judgement, Judgement::Refused { .. })).count(),
        1
    );
}

#[test]
fn decisions_are_told() {
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = std::sync::Arc::clone(&told);
    let sim = sim();
    let pve = Pve::builder(sim.transport())
        .on_decision(move |decision| {
            let word = match &decision.passage {
                Passage::Allowed => "allowed".to_owned(),
                Passage::Forced(refusal) => format!("forced {}", refusal.rule),
                Passage::Refused(e) => format!("{:?}", e.kind()),
                _ => "new".to_owned(),
            };
            log.lock().unwrap().push(format!("{word}: {}", decision.request.path));
        })
        .build();
    vm(&pve, 200).config().block().unwrap();
    vm(&pve, 200).start().block().unwrap();
    vm(&pve, 100).stop().block().unwrap_err();
    vm(&pve, 100).stop().force(Vmid::new(100).unwrap()).block().unwrap();
    let unlooked = PveRequest::new(Verb::Create, PvePath::parse("/nodes/pve1/qemu/777/status/stop").unwrap());
    pve.request::<()>(unlooked).block().unwrap_err();
    assert_eq!(
        *told.lock().unwrap(),
        [
            "allowed: /nodes/pve1/qemu/200/status/start",
            "Refused: /nodes/pve1/qemu/100/status/stop",
            "forced managed-tag: /nodes/pve1/qemu/100/status/stop",
            "NotFound: /nodes/pve1/qemu/777/status/stop",
        ]
    );
}
