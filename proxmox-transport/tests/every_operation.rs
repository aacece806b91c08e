//! Every typed operation there is, found in the sources: each that writes is refused on a guest that is not managed, and nothing is sent.

#![allow(clippy::unwrap_used)] // helpers of tests, which no attribute marks as such

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use proxmox_core::guest::{CloneOptions, DeleteOptions, Exec, NewId, Power, Shutdown, SnapshotOptions};
use proxmox_core::{Call, Effect, ErrorKind, GuestKind, Node, Operation, Pve, Target, Upid, Vmid};
use proxmox_lxc::{ContainerSpec, LxcNode, Push};
use proxmox_qemu::{CloudInit, QemuNode, VmSpec};
use proxmox_sim::{Sim, SimGuest};

/// What only reads.
const READS: &str = "\
cluster::find cluster::guests cluster::next_id cluster::nodes cluster::resources cluster::version \
guest/config::config guest/config::current_config guest/config::pending guest/snapshot::snapshots guest/status::status guest/wait_for_ip::wait_for_ip \
node/disk::disks node/mod::guests node/mod::tasks node/mod::version node/network::bridges node/network::interfaces \
node/network::vnets node/status::status node/storage::content node/storage::storages \
preflight/mod::preflight \
task/mod::log task/mod::outcome task/mod::status task/mod::tail task/mod::wait \
telemetry/guest::telemetry telemetry/history::history telemetry/history::storage_history telemetry/node::telemetry \
container::interfaces container::list container::pull \
agent/mod::file_read agent/mod::interfaces agent/mod::osinfo agent/mod::ping vm::list";

/// What is no operation by itself: it takes one, or makes one that is named elsewhere.
const AROUND: &str = "call::detach call::map guest/create::new pve::bind pve::request";

/// What writes to a guest that is there.
const WRITES: &str = "\
guest/config::set_config guest/config::resize guest/delete::delete guest/exec::exec guest/power::ensure guest/power::reboot \
guest/power::resume guest/power::shutdown guest/power::start guest/power::stop guest/power::suspend guest/snapshot::delete_snapshot guest/snapshot::rollback guest/snapshot::snapshot task/mod::stop \
container::push container::template agent/mod::exec agent/mod::file_write vm::cloud_init vm::reset vm::template";

/// What writes to a storage, and to no guest.
const FILES: &str =
    "node/volume::delete_volume node/volume::download node/volume::upload node/volume::upload_iso";

/// What makes a guest, and only reads the one it is made from.
const BIRTHS: &str = "guest/clone::clone_to container::create vm::create";

fn names(list: &str) -> BTreeSet<String> {
    list.split_whitespace().map(str::to_owned).collect()
}

/// `module::function` of everything public that gives a call.
fn in_the_sources() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for krate in ["proxmox-core", "proxmox-qemu", "proxmox-lxc"] {
        scan(&root.join(krate).join("src"), "", &mut found);
    }
    found
}

fn scan(directory: &Path, module: &str, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            scan(&path, &format!("{module}{stem}/"), found);
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        for function in source.split("pub fn ").skip(1) {
            let head = function.split(['{', ';']).next().unwrap();
            if head.contains("-> Call<") {
                let name = head.split(['(', '<']).next().unwrap();
                found.insert(format!("{module}{stem}::{name}"));
            }
        }
    }
}

#[test]
fn each_operation_is_in_one_of_the_lists() {
    let lists = [READS, AROUND, WRITES, FILES, BIRTHS].map(names);
    let all: BTreeSet<String> = lists.iter().flatten().cloned().collect();
    assert_eq!(all.len(), lists.iter().map(BTreeSet::len).sum::<usize>(), "one is in two lists");
    assert_eq!(in_the_sources(), all);
}

fn sim() -> Sim {
    Sim::builder()
        .time_scale(0.0)
        .guest(
            SimGuest::vm(300)
                .name("foreign")
                .config("agent", "1")
                .disk("scsi0", "local-lvm", 1 << 30)
                .agent()
                .running(),
        )
        .guest(SimGuest::ct(301).name("foreign-ct").disk("rootfs", "local-lvm", 1 << 30).running())
        .build()
}

/// Carries out what must be refused.
struct Foreign {
    sim: Sim,
    tried: BTreeSet<String>,
}

impl Foreign {
    #[track_caller]
    fn refused<O: Operation>(&mut self, name: &str, call: Call<O>, kind: GuestKind, vmid: u32) {
        let request = call.request().unwrap();
        assert_ne!(request.effect, Effect::Read, "{name}");
        if name != "task/mod::stop" {
            assert!(
                matches!(request.target(), Target::Guest { kind: k, vmid: v, .. } if k == kind && v.get() == vmid),
                "{name}: {request}"
            );
        }
        self.sim.forget_requests();
        let Err(error) = call.block() else { panic!("{name} was carried out") };
        assert_eq!(error.kind(), ErrorKind::Refused, "{name}: {error}");
        assert!(error.message().contains("rule managed-tag: guest 30"), "{name}: {error}");
        let writes: Vec<_> =
            self.sim.requests().into_iter().filter(|request| request.method != "GET").collect();
        assert!(writes.is_empty(), "{name}: {writes:?}");
        self.tried.insert(name.to_owned());
    }
}

fn node(pve: &Pve) -> Node {
    pve.node("pve1").unwrap()
}

#[test]
fn each_write_to_a_guest_that_is_not_managed_is_refused() {
    let sim = sim();
    let pve = sim.pve();
    let vm = node(&pve).vm(300).unwrap();
    let ct = node(&pve).container(301).unwrap();
    let mut foreign = Foreign { sim, tried: BTreeSet::new() };
    macro_rules! both {
        ($($name:literal: $call:ident($($argument:expr),*)),* $(,)?) => {$(
            foreign.refused($name, vm.$call($($argument),*), GuestKind::Qemu, 300);
            foreign.refused($name, ct.$call($($argument),*), GuestKind::Lxc, 301);
        )*};
    }
    both! {
        "guest/config::set_config": set_config([("onboot", "1")]),
        "guest/delete::delete": delete(DeleteOptions::new()),
        "guest/delete::delete": delete(DeleteOptions::new().stop_first()),
        "guest/exec::exec": exec(Exec::new(["id"])),
        "guest/power::ensure": ensure(Power::Stopped),
        "guest/power::reboot": reboot(None),
        "guest/power::resume": resume(),
        "guest/power::shutdown": shutdown(Shutdown::new()),
        "guest/power::start": start(),
        "guest/power::stop": stop(),
        "guest/power::suspend": suspend(),
        "guest/snapshot::delete_snapshot": delete_snapshot("x"),
        "guest/snapshot::rollback": rollback("x"),
        "guest/snapshot::snapshot": snapshot(SnapshotOptions::named("x")),
    }
    let growth = "+1G".parse().unwrap();
    foreign.refused("guest/config::resize", vm.resize("scsi0", growth), GuestKind::Qemu, 300);
    foreign.refused("guest/config::resize", ct.resize("rootfs", growth), GuestKind::Lxc, 301);
    foreign.refused("vm::reset", vm.reset(), GuestKind::Qemu, 300);
    foreign.refused("vm::template", vm.template(), GuestKind::Qemu, 300);
    foreign.refused(
        "vm::cloud_init",
        vm.cloud_init(CloudInit::new().user("x").drive("ide2", "local-lvm".parse().unwrap())),
        GuestKind::Qemu,
        300,
    );
    foreign.refused("agent/mod::exec", vm.agent().exec(Exec::new(["id"])), GuestKind::Qemu, 300);
    foreign.refused("agent/mod::file_write", vm.agent().file_write("/etc/motd", "x"), GuestKind::Qemu, 300);
    foreign.refused("container::push", ct.push(Push::new("/etc/motd", "x")), GuestKind::Lxc, 301);
    foreign.refused("container::template", ct.template(), GuestKind::Lxc, 301);
    let upid = Upid::parse("UPID:pve1:00000001:00000001:00000001:qmstart:300:root@pam:").unwrap();
    foreign.refused("task/mod::stop", pve.task(upid).stop(), GuestKind::Qemu, 300);
    assert_eq!(foreign.tried, names(WRITES), "each of the list was tried");
    let guests = foreign.sim.guests();
    let ours: Vec<_> = guests.iter().filter(|guest| matches!(guest.vmid, 300 | 301)).collect();
    assert!(ours.len() == 2 && ours.iter().all(|guest| guest.running && guest.tags.is_empty()), "{ours:?}");
}

#[test]
fn what_is_made_is_managed_from_its_first_moment() {
    let sim = sim();
    let pve = sim.pve();
    let id = |vmid: u32| NewId::Vmid(Vmid::new(vmid).unwrap());
    node(&pve).vms().create(id(400), VmSpec::named("x")).block().unwrap();
    let archive = "local:vztmpl/alpine-3.20-default_20240908_amd64.tar.xz".parse().unwrap();
    let spec = ContainerSpec::new(&archive, "y").rootfs(&"local-lvm".parse().unwrap(), 1);
    node(&pve).containers().create(id(401), spec).block().unwrap();
    node(&pve).vm(9000).unwrap().clone_to(CloneOptions::named("z").newid(id(402))).block().unwrap();
    for vmid in 400..=402 {
        assert_eq!(sim.guest(vmid).unwrap().tags, ["sdk-managed"], "{vmid}");
    }
}
