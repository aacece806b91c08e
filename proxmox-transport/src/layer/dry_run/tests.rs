use std::sync::Arc;

use proxmox_core::guest::{CloneOptions, DeleteOptions};
use proxmox_core::{Guest, NodeName, Params, Pve, Vmid};

use super::*;
use crate::layer::testing::{Log, Scripted};

/// A node with a template 9000 and a running managed guest 101; 102 is the next free number.
fn scripted() -> (Scripted, Arc<Log>) {
    Scripted::new(|request| {
        assert_eq!(request.effect, Effect::Read, "{request}");
        let data = match request.path.as_str() {
            "/cluster/nextid" => match request.params.text("vmid").as_deref() {
                None => json!("102"),
                Some("103") => return Err(taken(Vmid::new(103)?)),
                Some(id) => json!(id),
            },
            "/nodes/pve1/qemu/9000/config" => {
                json!({"name": "template", "tags": "base", "memory": "2048", "scsi0": "a:1", "template": 1, "digest": "d1"})
            }
            "/nodes/pve1/qemu/101/config" => json!({"name": "web", "onboot": 1, "digest": "d2", "tags": "x"}),
            "/nodes/pve1/qemu/101/status/current" => {
                json!({"vmid": 101, "status": "running", "qmpstatus": "running", "uptime": 5})
            }
            path => {
                let text = format!("Configuration file '{path}' does not exist");
                return Err(classify(Effect::Read, 500, &text, b""));
            }
        };
        Ok(answer(&data))
    })
}

fn node() -> (Pve, Arc<DryRun>, Arc<Log>) {
    let (transport, log) = scripted();
    let plan = Arc::new(DryRun::new());
    (Pve::builder(transport).layer(Arc::clone(&plan)).build(), plan, log)
}

/// The same without the safety gate.
fn bare() -> (impl Fn(&PveRequest) -> Result<PveResponse>, Arc<DryRun>) {
    let (transport, _) = scripted();
    let plan = Arc::new(DryRun::new());
    let layer = Arc::clone(&plan);
    let call = move |request: &PveRequest| {
        let mut result = None;
        let slot = &mut result;
        proxmox_core::park(std::pin::pin!(async {
            *slot = Some(layer.call(&transport, request).await);
        }));
        result.unwrap()
    };
    (call, plan)
}

fn path(text: &str) -> PvePath {
    PvePath::parse(text).unwrap()
}

fn get(call: &impl Fn(&PveRequest) -> Result<PveResponse>, text: &str) -> Result<Value> {
    call(&PveRequest::get(path(text)))?.decode()
}

#[test]
fn a_whole_life_is_planned_and_nothing_is_sent() {
    let (pve, plan, log) = node();
    let template = Guest::<Vm>::new(pve.clone(), NodeName::parse("pve1").unwrap(), Vmid::new(9000).unwrap());
    let made = template.clone_to(CloneOptions::named("web-1")).block().unwrap();
    let guest = made.guest.0;
    assert_eq!(guest.vmid().get(), 102);
    let mut params = Params::new();
    params.set("memory", 4096).set("cipassword", "hunter2").set("delete", "scsi0");
    let set = PveRequest::set(guest.path().fixed("config")).params(params).effect(Effect::Write);
    pve.request::<()>(set).block().unwrap();
    guest.start().block().unwrap();
    assert!(guest.status().block().unwrap().is_running());
    let config: Value = pve.request(PveRequest::get(guest.path().fixed("config"))).block().unwrap();
    assert_eq!(
        (&config["memory"], &config["name"], &config["scsi0"]),
        (&json!("4096"), &json!("web-1"), &Value::Null)
    );
    assert_eq!(config["cipassword"], "<redacted>");
    guest.stop().block().unwrap();
    guest.delete(DeleteOptions::new()).block().unwrap();
    assert!(guest.config().block().unwrap_err().is_not_found());

    let lines: Vec<_> = plan.planned().iter().map(ToString::to_string).collect();
    let starts: Vec<_> = lines.iter().map(|line| line.split(" --").next().unwrap()).collect();
    assert_eq!(
        starts,
        [
            "pvesh create /nodes/pve1/qemu/9000/clone",
            "pvesh set /nodes/pve1/qemu/102/config",
            "pvesh set /nodes/pve1/qemu/102/config",
            "pvesh create /nodes/pve1/qemu/102/status/start",
            "pvesh create /nodes/pve1/qemu/102/status/stop",
            "pvesh delete /nodes/pve1/qemu/102",
        ]
    );
    assert!(lines[0].contains("--newid 102") && !format!("{plan:?}").contains("hunter2"), "{lines:?}");
    assert!(log.sent.lock().unwrap().iter().all(|request| request.verb == Verb::Get));
}

/// The VM facade lives in a crate above this one.
struct Vm;
struct Handle(Guest<Vm>);
impl proxmox_core::guest::Kind for Vm {
    const KIND: proxmox_core::GuestKind = proxmox_core::GuestKind::Qemu;
    const NAME_PARAM: &'static str = "name";
    const ADDRESSES: proxmox_core::guest::AddressSource = proxmox_core::guest::AddressSource {
        path: &["interfaces"],
        read: |answer| answer.decode(),
        fixed: None,
        teller: "the guest",
        advice: "wait longer",
    };
    type Exec = proxmox_core::Ask<proxmox_core::guest::ExecResult>;
    type Handle = Handle;

    fn exec(guest: &Guest<Self>, exec: proxmox_core::guest::Exec) -> Self::Exec {
        proxmox_core::Ask::new("test.exec", proxmox_core::Pct::Exec(exec).request(guest.path()))
    }
}
impl std::ops::Deref for Handle {
    type Target = Guest<Vm>;
    fn deref(&self) -> &Guest<Vm> {
        &self.0
    }
}
impl From<Guest<Vm>> for Handle {
    fn from(guest: Guest<Vm>) -> Self {
        Self(guest)
    }
}

#[test]
fn a_real_guest_shows_what_the_plan_makes_of_it() {
    let (call, plan) = bare();
    call(&PveRequest::create(path("/nodes/pve1/qemu/101/status/stop")).effect(Effect::Destroy)).unwrap();
    let set =
        PveRequest::set(path("/nodes/pve1/qemu/101/config")).param("delete", "onboot").param("cores", 2);
    call(&set).unwrap();
    assert_eq!(
        get(&call, "/nodes/pve1/qemu/101/status/current").unwrap(),
        json!({"vmid": 101, "status": "stopped", "qmpstatus": "stopped", "uptime": 5})
    );
    assert_eq!(
        get(&call, "/nodes/pve1/qemu/101/config").unwrap(),
        json!({"name": "web", "cores": "2", "digest": "d2", "tags": "x"})
    );
    assert_eq!(plan.planned().len(), 2);
}

#[test]
fn planned_numbers_are_taken() {
    let (call, _) = bare();
    let create =
        |id: i32| PveRequest::create(path("/nodes/pve1/qemu")).param("vmid", id).effect(Effect::Write);
    call(&create(102)).unwrap();
    assert_eq!(call(&create(102)).unwrap_err().kind(), ErrorKind::AlreadyExists);
    // 103 is taken for real.
    assert_eq!(get(&call, "/cluster/nextid").unwrap(), json!("104"));
    let asked = PveRequest::get(path("/cluster/nextid")).param("vmid", 102);
    assert_eq!(call(&asked).unwrap_err().kind(), ErrorKind::AlreadyExists);
}

#[test]
fn what_cannot_be_known_is_said() {
    let (call, _) = bare();
    call(
        &PveRequest::create(path("/nodes/pve1/lxc"))
            .param("vmid", 102)
            .param("hostname", "c")
            .param("start", true),
    )
    .unwrap();
    let status = get(&call, "/nodes/pve1/lxc/102/status/current").unwrap();
    assert_eq!((&status["name"], &status["status"]), (&json!("c"), &json!("running")));
    let error = get(&call, "/nodes/pve1/lxc/102/interfaces").unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unsupported, Outcome::NotSent));
    assert!(error.message().contains("CT 102 is only planned"), "{error}");
}

/// One request of each kind that PVE answers with a task, and some that it does not.
#[test]
fn which_writes_start_tasks() {
    let tasks = |verb, text: &str| {
        let upid = work::upid(&PveRequest::new(verb, path(text)), 7)?;
        Some(Upid::parse(&upid).unwrap().kind().to_owned())
    };
    use Verb::{Create, Delete, Set};
    for (verb, text, kind) in [
        (Create, "/nodes/pve1/qemu", Some("qmcreate")),
        (Create, "/nodes/pve1/lxc", Some("vzcreate")),
        (Delete, "/nodes/pve1/lxc/100", Some("vzdestroy")),
        (Create, "/nodes/pve1/qemu/100/status/start", Some("qmstart")),
        (Create, "/nodes/pve1/qemu/100/clone", Some("qmclone")),
        (Create, "/nodes/pve1/qemu/100/template", Some("qmtemplate")),
        (Create, "/nodes/pve1/lxc/100/template", None),
        (Create, "/nodes/pve1/qemu/100/config", Some("qmconfig")),
        (Set, "/nodes/pve1/qemu/100/config", None),
        (Set, "/nodes/pve1/qemu/100/resize", Some("resize")),
        (Delete, "/nodes/pve1/qemu/100/snapshot/a", Some("qmdelsnapshot")),
        (Create, "/nodes/pve1/qemu/100/snapshot/a/rollback", Some("qmrollback")),
        (Set, "/nodes/pve1/qemu/100/snapshot/a/config", None),
        (Create, "/nodes/pve1/qemu/100/agent/exec", None),
        (Delete, "/nodes/pve1/storage/local/content/local:iso/x.iso", Some("imgdel")),
        (Create, "/nodes/pve1/storage/local/download-url", Some("download")),
        (Create, "/nodes/pve1/storage/local/content", None),
        (Create, "/cluster/backup", None),
    ] {
        assert_eq!(tasks(verb, text).as_deref(), kind, "{verb} {text}");
    }
}

#[test]
fn each_write_of_a_batch_is_planned() {
    let (pve, plan, log) = node();
    let vmid = Vmid::new(101).unwrap();
    let writes = [
        PveRequest::set(path("/nodes/pve1/qemu/101/config")).param("cores", 2),
        PveRequest::create(path("/nodes/pve1/qemu/101/status/stop")),
        PveRequest::create(path("/cluster/backup")),
        PveRequest::create(path("/nodes/pve1/apt/update")),
    ];
    for answer in pve.block_on(pve.batch_writes(writes.map(|request| request.force(vmid)))) {
        answer.unwrap();
    }
    let mut planned: Vec<_> = plan.planned().iter().map(|r| format!("{} {}", r.verb, r.path)).collect();
    planned.sort_unstable();
    assert_eq!(
        planned,
        [
            "create /cluster/backup",
            "create /nodes/pve1/apt/update",
            "create /nodes/pve1/qemu/101/status/stop",
            "set /nodes/pve1/qemu/101/config",
        ]
    );
    assert!(log.sent.lock().unwrap().iter().all(|request| request.verb == Verb::Get));
}
