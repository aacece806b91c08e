//! Preflight against the simulated cluster: each finding by itself, and that what works is never called infeasible.

#![allow(clippy::unwrap_used)] // helpers of tests, which no attribute marks as such

use std::collections::BTreeSet;

use proptest::prelude::*;
use proxmox_core::guest::{CloneOptions, DeleteOptions, IpQuery, NewId, Power, Shutdown};
use proxmox_core::preflight::{Report, Severity};
use proxmox_core::{Call, ErrorKind, Node, Operation, Outcome, Pve, PvePath, PveRequest, Verb, Vmid};
use proxmox_lxc::{ContainerSpec, LxcNode};
use proxmox_qemu::{Exec, QemuNode, Vm, VmSpec};
use proxmox_sim::{
    AUDITOR_TOKEN_ID, AUDITOR_TOKEN_SECRET, BARE_TOKEN_ID, BARE_TOKEN_SECRET, Sim, SimGuest, SimNode,
    SimStorage,
};

const ARCHIVE: &str = "local:vztmpl/alpine-3.20-default_20240908_amd64.tar.xz";

/// The default cluster, with what the findings are about.
fn sim() -> Sim {
    let vm = |vmid: u32| SimGuest::vm(vmid).config("tags", "sdk-managed").config("memory", "512");
    Sim::builder()
        .time_scale(0.0)
        .node(SimNode::new("pve3").down())
        .storage(SimStorage::new("off", "dir", "images,rootdir").disabled())
        .storage(SimStorage::new("thick", "lvm", "images,rootdir").size(4 << 30))
        .guest(
            vm(200)
                .name("plain")
                .disk("scsi0", "local-lvm", 8 << 30)
                .config("net0", "virtio=BC:24:11:00:02:00,bridge=vmbr0"),
        )
        .guest(vm(201).name("runs").disk("scsi0", "local-lvm", 8 << 30).running())
        .guest(vm(202).name("elsewhere").node("pve2"))
        .guest(vm(203).name("guarded").config("protection", "1"))
        .guest(vm(204).name("agent").config("agent", "1").agent().running())
        .guest(vm(205).name("huge").config("memory", "900000"))
        .guest(vm(206).name("unplugged").config("net0", "virtio=BC:24:11:00:02:06,bridge=vmbr9"))
        .guest(SimGuest::ct(210).name("ct").config("tags", "sdk-managed").disk(
            "rootfs",
            "local-lvm",
            1 << 30,
        ))
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

/// What was found, gravest first.
fn codes(report: &Report) -> Vec<(Severity, &str)> {
    report.findings.iter().map(|finding| (finding.severity, finding.code.as_str())).collect()
}

/// The findings so far. Each call has one error, or none.
struct Seen(BTreeSet<String>);

impl Seen {
    #[track_caller]
    fn call<O: Operation>(&mut self, call: &Call<O>, severity: Severity, code: &str) -> Report {
        let report = call.preflight().block().unwrap();
        assert!(codes(&report).contains(&(severity, code)), "wanted {code}:\n{report}");
        // What else is found is no error, but that the gate may see the same.
        let errors = |code: &str| {
            codes(&report).iter().filter(|(s, c)| *s == Severity::Error && *c != code && *c != "gate").count()
        };
        assert_eq!(errors(code), 0, "only {code} is wrong:\n{report}");
        assert_eq!(report.is_feasible(), severity != Severity::Error, "{report}");
        for finding in report.of(code) {
            assert!(!finding.subject.is_empty() && !finding.message.is_empty(), "{finding:?}");
            assert!(!finding.remedy.is_empty(), "{finding:?}");
        }
        self.0.insert(code.to_owned());
        report
    }

    #[track_caller]
    fn error<O: Operation>(&mut self, call: &Call<O>, code: &str) -> Report {
        self.call(call, Severity::Error, code)
    }

    #[track_caller]
    fn warning<O: Operation>(&mut self, call: &Call<O>, code: &str) -> Report {
        self.call(call, Severity::Warning, code)
    }
}

#[test]
fn each_finding() {
    let sim = sim();
    let pve = sim.pve();
    let mut seen = Seen(BTreeSet::new());
    let named = |name: &str| CloneOptions::named(name);
    let template = vm(&pve, 9000);
    let vms = node(&pve).vms();
    let cts = node(&pve).containers();
    let lvm = "local-lvm".parse().unwrap();
    let spec = |name: &str| VmSpec::named(name);
    let container = || ContainerSpec::new(&ARCHIVE.parse().unwrap(), "ct-new");

    // Numbers and names.
    let report = seen.error(&template.clone_to(named("x").newid(id(100)).full()), "vmid-taken");
    assert!(report.to_string().contains("VM handmade on node pve1"), "{report}");
    assert!(report.to_string().contains("take 102"), "{report}");
    // The call itself may find its own earlier clone there.
    seen.warning(&template.clone_to(named("handmade").newid(id(100)).full()), "vmid-taken");
    seen.error(&cts.create(id(100), container().rootfs(&lvm, 1)), "vmid-taken");
    seen.warning(&template.clone_to(named("handmade").full()), "name-taken");
    seen.error(&template.clone_to(named("not a name")), "invalid-input");
    // Nodes.
    seen.error(&pve.node("pve9").unwrap().vms().create(id(300), spec("x")), "node-unknown");
    seen.error(&pve.node("pve3").unwrap().vms().create(id(300), spec("x")), "node-offline");
    seen.error(&template.clone_to(named("x").full().target("pve3".parse().unwrap())), "node-offline");
    // Guests.
    seen.error(&vm(&pve, 777).start(), "guest-missing");
    seen.error(&vm(&pve, 202).start(), "guest-elsewhere");
    seen.error(&vm(&pve, 210).start(), "guest-of-other-kind");
    assert!(sim.set_lock(200, Some("backup")));
    seen.error(&vm(&pve, 200).start(), "guest-locked");
    assert!(sim.set_lock(200, None));
    seen.error(&vm(&pve, 201).start(), "guest-runs");
    seen.error(&vm(&pve, 201).delete(DeleteOptions::new()), "guest-runs");
    seen.warning(&vm(&pve, 201).delete(DeleteOptions::new().stop_first()), "guest-runs");
    seen.warning(&vm(&pve, 201).ensure(Power::Running), "guest-runs");
    seen.warning(&vm(&pve, 200).shutdown(Shutdown::new()), "guest-is-off");
    seen.error(&template.start().force(template.vmid()), "guest-is-template");
    seen.error(&vm(&pve, 203).delete(DeleteOptions::new()), "guest-protected");
    seen.error(&vm(&pve, 201).agent().exec(Exec::new(["true"])), "agent-disabled");
    seen.error(&vm(&pve, 201).wait_for_ip(IpQuery::v4()), "agent-disabled");
    seen.warning(&vm(&pve, 205).start(), "memory-short");
    let stale = proxmox_core::ConfigChange::new().set("cores", 2).with_digest("0000");
    seen.error(&vm(&pve, 200).set_config(stale), "changed-meanwhile");
    // The gate.
    let report = seen.error(&vm(&pve, 100).stop(), "gate");
    assert!(report.to_string().contains("managed-tag"), "{report}");
    seen.error(
        &pve.request::<()>(PveRequest::create(PvePath::parse("/nodes/pve1/stopall").unwrap())),
        "gate",
    );
    // Storages and volumes.
    let on = |storage: &str, gib| spec("x").disk("scsi0", &storage.parse().unwrap(), gib);
    let report = seen.error(&vms.create(id(300), on("nowhere", 1)), "storage-unknown");
    assert!(report.to_string().contains("local-lvm"), "{report}");
    seen.error(&vms.create(id(300), on("off", 1)), "storage-disabled");
    let report = seen.error(&vms.create(id(300), on("local", 1)), "storage-content");
    assert!(report.to_string().contains("take local-lvm"), "{report}");
    seen.error(&vms.create(id(300), on("thick", 64)), "storage-full");
    seen.error(
        &vms.create(id(300), on("thick", 3).disk("scsi1", &"thick".parse().unwrap(), 3)),
        "storage-full",
    );
    seen.warning(&vms.create(id(300), on("local-lvm", 4000)), "storage-overcommitted");
    seen.error(&vm(&pve, 200).clone_to(named("x").full().storage("thick".parse().unwrap())), "storage-full");
    seen.error(&template.clone_to(named("x").full().target("pve2".parse().unwrap())), "storage-not-shared");
    let gone = ContainerSpec::new(&"local:vztmpl/none.tar.zst".parse().unwrap(), "x").rootfs(&lvm, 1);
    let report = seen.error(&cts.create(id(300), gone), "volume-missing");
    assert!(report.to_string().contains("alpine-3.20"), "{report}");
    // Clones.
    seen.error(&vm(&pve, 200).clone_to(named("x").linked()), "clone-not-linked");
    // Disks.
    seen.error(&vm(&pve, 200).resize("scsi7", "+1G".parse().unwrap()), "disk-missing");
    seen.error(&vm(&pve, 200).resize("scsi0", "1G".parse().unwrap()), "disk-shrinks");
    let raw =
        PveRequest::set(vm(&pve, 200).path().fixed("resize")).param("disk", "scsi0").param("size", "+5 gigs");
    seen.error(&pve.request::<()>(raw), "size-unreadable");
    // Cards.
    let report =
        seen.warning(&vms.create(id(300), spec("x").param("net0", "virtio,bridge=vmbr9")), "bridge-unknown");
    assert!(report.to_string().contains("vmbr0"), "{report}");
    seen.warning(&vm(&pve, 206).start(), "bridge-unknown");
    seen.warning(&vms.create(id(300), spec("x").param("net0", "virtio")), "card-without-bridge");
    // Values.
    seen.error(&vm(&pve, 200).set_config([("ipconfig0", "ip=192.0.2.5")]), "value-unreadable");
    seen.error(&vm(&pve, 200).set_config([("net0", "bridge=vmbr0")]), "value-unreadable");
    seen.error(&vms.create(id(300), spec("x").param("scsi0", "local-lvm:8,size=big")), "value-unreadable");
    seen.error(&vms.create(id(300), spec("x").tags(["we b!"])), "tag-malformed");
    seen.warning(&vm(&pve, 200).set_config([("ciuser", "admin")]), "cloud-init-drive-missing");
    seen.warning(&vms.create(id(300), spec("x").cores(512)), "cores-exceed-node");
    seen.warning(&vms.create(id(300), spec("x").param("cpu", "x86-64-v9,flags=+aes")), "cpu-unknown");
    let usual = vms.create(id(300), spec("x").param("cpu", "cputype=host")).preflight().block().unwrap();
    assert_eq!(usual.of("cpu-unknown").count(), 0, "{usual}");
    seen.warning(&vms.create(id(300), spec("x").memory_mib(4_000_000)), "memory-exceeds-node");
    seen.call(&cts.create(id(300), container().rootfs(&lvm, 1)), Severity::Note, "nesting-off");

    // What PVE takes is not called wrong: a restore in the place of a guest, of a backup, with a bare size.
    let restore = PveRequest::create(node(&pve).path().fixed("lxc"))
        .param("vmid", 210)
        .param("restore", true)
        .param("force", true)
        .param("ostemplate", "local:backup/vzdump-lxc-210-2026_01_01-00_00_00.tar.zst")
        .param("storage", "local-lvm")
        .param("rootfs", "8")
        .param("tags", "sdk-managed");
    let report = pve.preflight(restore).block().unwrap();
    assert_eq!(report.of("vmid-taken").chain(report.of("value-unreadable")).count(), 0, "{report}");
    assert!(report.of("storage-content").all(|finding| finding.message.contains("for backup")), "{report}");

    assert!(seen.0.len() >= 30, "{} distinct findings: {:?}", seen.0.len(), seen.0);
}

#[test]
fn what_the_credentials_lack() {
    let sim = sim();
    let auditor = Pve::new(sim.transport().token(AUDITOR_TOKEN_ID, AUDITOR_TOKEN_SECRET));
    let clone = |pve: &Pve| {
        vm(pve, 9000).clone_to(CloneOptions::named("x").newid(id(300)).full()).preflight().block().unwrap()
    };
    let report = clone(&auditor);
    let missing: Vec<_> = report.of("privilege-missing").map(|finding| finding.subject.as_str()).collect();
    assert_eq!(missing, ["/vms/9000", "/vms/300"], "{report}");
    assert!(report.to_string().contains("pveum acl modify /vms/9000 --users"), "{report}");
    assert!(report.to_string().contains("--tokens"), "{report}");
    // Root lacks nothing.
    assert_eq!(clone(&sim.pve()).of("privilege-missing").count(), 0);
    // Who sees nothing is told so, and nothing is made up.
    let nobody = Pve::new(sim.transport().token(BARE_TOKEN_ID, BARE_TOKEN_SECRET));
    let report = clone(&nobody);
    assert_eq!(report.of("lists-are-empty").count(), 1, "{report}");
    assert_eq!(report.of("node-unknown").chain(report.of("storage-unknown")).count(), 0, "{report}");
}

#[test]
fn all_of_it_at_once_and_nothing_is_sent() {
    let sim = sim();
    let pve = sim.pve();
    sim.forget_requests();
    let spec = VmSpec::named("handmade")
        .param("scsi0", "nowhere:8")
        .param("scsi1", "local:8")
        .param("net0", "virtio,bridge=vmbr9")
        .tags(["a b!"])
        .cores(600);
    let report = node(&pve).vms().create(id(101), spec).preflight().block().unwrap();
    let found: BTreeSet<&str> = report.findings.iter().map(|finding| finding.code.as_str()).collect();
    for code in [
        "vmid-taken",
        "name-taken",
        "storage-unknown",
        "storage-content",
        "bridge-unknown",
        "tag-malformed",
        "cores-exceed-node",
    ] {
        assert!(found.contains(code), "{code}:\n{report}");
    }
    // Reads may travel in a batch, which is a POST.
    let is_read = |request: &proxmox_sim::SeenRequest| {
        request.method == "GET"
            || (request.path.ends_with("/execute")
                && request.params.iter().all(|(_, commands)| !commands.contains(r#""method":"P"#)))
    };
    assert!(sim.requests().iter().all(is_read), "{:?}", sim.requests());
    let again: Report = serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
    assert_eq!(again, report);
    let text = report.to_string();
    assert!(text.starts_with("error   "), "{text}");
    assert!(
        pve.preflight(PveRequest::new(Verb::Set, PvePath::parse("/cluster/options").unwrap()))
            .block()
            .unwrap()
            .is_feasible()
    );
}

/// What was feasible may not be so a moment later: then it is told, and nothing is half done.
#[test]
fn what_changes_between_preflight_and_act() {
    let sim = sim();
    let pve = sim.pve();
    let guest = vm(&pve, 200);
    let looked = guest.config().block().unwrap();
    let change = proxmox_core::ConfigChange::new().set("cores", 3).with_digest(looked.digest().unwrap());
    let calls = || [guest.set_config(change.clone()), guest.set_config([("cores", "3")])];
    for call in calls() {
        assert!(call.preflight().block().unwrap().is_feasible());
    }
    // Somebody else changes it: who states what the change was made from is told.
    assert!(sim.set_config(200, "description", Some("mine")));
    let [stated, plain] = calls();
    assert_eq!(stated.block().unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(sim.guest(200).unwrap().config.get("cores"), None);
    // It is locked.
    assert!(sim.set_lock(200, Some("migrate")));
    assert_eq!(plain.block().unwrap_err().kind(), ErrorKind::Locked);
    // PVE accepts a deletion, and its task says no.
    assert_eq!(guest.delete(DeleteOptions::new()).block().unwrap_err().kind(), ErrorKind::TaskFailed);
    assert!(sim.guest(200).is_some());
    assert!(sim.set_lock(200, None));
    // It goes away.
    assert!(guest.start().preflight().block().unwrap().is_feasible());
    guest.delete(DeleteOptions::new()).block().unwrap();
    let error = guest.start().block().unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::NotFound, Outcome::NotSent), "{error}");
}

#[derive(Debug, Clone)]
enum Step {
    CreateVm { storage: usize, gib: u32, memory: u32, cores: u32, bridge: usize, card: bool },
    CreateCt { storage: usize, gib: u32, memory: u32, nesting: bool, card: bool },
    Clone { source: usize, full: bool, storage: Option<usize>, target: bool },
    Set { guest: usize, key: usize },
    Resize { guest: usize, gib: u32, by: bool },
    Power { guest: usize, action: usize },
    Delete { guest: usize },
}

const STORAGES: [&str; 5] = ["local-lvm", "shared", "local", "thick", "off"];
const BRIDGES: [&str; 3] = ["vmbr0", "vnet0", "vmbr7"];
const GUESTS: [u32; 6] = [200, 201, 203, 204, 9000, 777];

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..5_usize, 1..40_u32, 64..4096_u32, 1..12_u32, 0..3_usize, any::<bool>()).prop_map(
            |(storage, gib, memory, cores, bridge, card)| Step::CreateVm {
                storage,
                gib,
                memory,
                cores,
                bridge,
                card
            }
        ),
        (0..5_usize, 1..40_u32, 64..4096_u32, any::<bool>(), any::<bool>()).prop_map(
            |(storage, gib, memory, nesting, card)| Step::CreateCt { storage, gib, memory, nesting, card }
        ),
        (0..6_usize, any::<bool>(), proptest::option::of(0..5_usize), any::<bool>())
            .prop_map(|(source, full, storage, target)| Step::Clone { source, full, storage, target }),
        (0..6_usize, 0..6_usize).prop_map(|(guest, key)| Step::Set { guest, key }),
        (0..6_usize, 1..20_u32, any::<bool>()).prop_map(|(guest, gib, by)| Step::Resize { guest, gib, by }),
        (0..6_usize, 0..6_usize).prop_map(|(guest, action)| Step::Power { guest, action }),
        (0..6_usize).prop_map(|guest| Step::Delete { guest }),
    ]
}

/// Asks first, then acts: what the simulator carries out was feasible.
fn agree<O: Operation>(call: Call<O>, step: &Step) -> Result<bool, TestCaseError> {
    let report = call.preflight().block().unwrap();
    let done = call.block();
    prop_assert!(
        done.is_err() || report.is_feasible(),
        "{:?} was carried out, and was called infeasible:\n{}",
        step,
        report
    );
    Ok(done.is_ok())
}

#[test]
fn what_works_is_never_called_infeasible() {
    let worked = std::cell::Cell::new(0);
    let mut runner =
        proptest::test_runner::TestRunner::new(ProptestConfig { cases: 900, ..ProptestConfig::default() });
    let result = runner.run(&steps(), |step| {
        let pve = sim().pve();
        let storage = |i: usize| STORAGES[i].parse().unwrap();
        let guest = |i: usize| vm(&pve, GUESTS[i]);
        let done = match step.clone() {
            Step::CreateVm { storage: s, gib, memory, cores, bridge, card } => {
                let spec =
                    VmSpec::named("new").disk("scsi0", &storage(s), gib).memory_mib(memory).cores(cores);
                let net =
                    if card { format!("virtio,bridge={}", BRIDGES[bridge]) } else { "virtio".to_owned() };
                agree(node(&pve).vms().create(id(300), spec.param("net0", net)), &step)
            }
            Step::CreateCt { storage: s, gib, memory, nesting, card } => {
                let spec = ContainerSpec::new(&ARCHIVE.parse().unwrap(), "new")
                    .rootfs(&storage(s), gib)
                    .memory_mib(memory);
                let spec = if nesting { spec.nesting() } else { spec };
                let spec = if card { spec.param("net0", "name=eth0,bridge=vmbr0,ip=dhcp") } else { spec };
                agree(node(&pve).containers().create(id(300), spec), &step)
            }
            Step::Clone { source, full, storage: s, target } => {
                let mut options = CloneOptions::named("copy").newid(id(300));
                options = if full { options.full() } else { options };
                options = s.into_iter().fold(options, |options, s| options.storage(storage(s)));
                options = if target { options.target("pve2".parse().unwrap()) } else { options };
                agree(guest(source).clone_to(options), &step)
            }
            Step::Set { guest: g, key } => {
                let (key, value) = [
                    ("cores", "3"),
                    ("ciuser", "admin"),
                    ("ipconfig0", "ip=dhcp"),
                    ("net1", "e1000,bridge=vmbr0"),
                    ("tags", "sdk-managed;x_1"),
                    ("description", "text"),
                ][key];
                agree(guest(g).set_config([(key, value)]), &step)
            }
            Step::Resize { guest: g, gib, by } => {
                let size = format!("{}{gib}G", if by { "+" } else { "" });
                agree(guest(g).resize("scsi0", size.parse().unwrap()), &step)
            }
            Step::Power { guest: g, action } => {
                let vm = guest(g);
                match action {
                    0 => agree(vm.start(), &step),
                    1 => agree(vm.stop(), &step),
                    2 => agree(vm.reboot(None), &step),
                    3 => agree(vm.shutdown(Shutdown::new()), &step),
                    4 => agree(vm.suspend(), &step),
                    _ => agree(vm.template(), &step),
                }
            }
            Step::Delete { guest: g } => agree(guest(g).delete(DeleteOptions::new()), &step),
        }?;
        worked.set(worked.get() + u32::from(done));
        Ok(())
    });
    if let Err(e) = result {
        panic!("{e}");
    }
    assert!(worked.get() >= 200, "only {} were feasible", worked.get());
}
