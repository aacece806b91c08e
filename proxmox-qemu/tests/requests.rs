//! Every operation as the request it is: built without I/O, and held against a snapshot.

#![allow(clippy::unwrap_used)] // helpers of tests, which no attribute marks as such

use std::time::Duration;

use proxmox_core::guest::{CloneOptions, DeleteOptions, IpQuery, NewId, Power, Shutdown};
use proxmox_core::{
    Call, Operation, Pve, PveRequest, PveResponse, Result, Transport, TransportInfo, Upid, Vmid, async_trait,
};
use proxmox_qemu::{CloudInit, Exec, QemuNode, Vm, VmSpec};

/// Leads nowhere: a request that is only built needs no more.
struct Nowhere;

#[async_trait]
impl Transport for Nowhere {
    fn info(&self) -> TransportInfo {
        TransportInfo::new("nowhere", "nowhere")
    }
    async fn call(&self, request: &PveRequest) -> Result<PveResponse> {
        panic!("{request} was sent")
    }
    async fn sleep(&self, _: Duration) {}
}

fn pve() -> Pve {
    Pve::new(Nowhere)
}

fn vm() -> Vm {
    pve().node("pve1").unwrap().vm(100).unwrap()
}

fn line<O: Operation>(call: &Call<O>) -> String {
    match call.request() {
        Ok(request) => format!("{:?} {request}", request.effect),
        Err(error) => format!("error: {error}"),
    }
}

#[test]
fn requests_of_all_operations() {
    let (vm, node, cluster) = (vm(), pve().node("pve1").unwrap(), pve().cluster());
    let upid = Upid::parse("UPID:pve2:00007073:000445CD:6B00C445:qmclone:100:root@pam!t:").unwrap();
    let task = pve().task(upid);
    let storage = "local-lvm".parse().unwrap();
    let named = || CloneOptions::named("web-1");
    let id = |n| NewId::Vmid(Vmid::new(n).unwrap());
    let lines = [
        line(&vm.status()),
        line(&vm.config()),
        line(&vm.current_config()),
        line(&vm.pending()),
        line(&vm.resize("scsi0", "+10G".parse().unwrap())),
        line(&vm.resize("scsi 0", "+10G".parse().unwrap())),
        line(&vm.template()),
        line(&vm.start()),
        line(&vm.start().detach()),
        line(&vm.shutdown(Shutdown::new())),
        line(&vm.shutdown(Shutdown::new().timeout(Duration::from_secs(60)).then_stop())),
        line(&vm.stop()),
        line(&vm.reboot(None)),
        line(&vm.reboot(Some(Duration::from_millis(1)))),
        line(&vm.reset()),
        line(&vm.suspend()),
        line(&vm.resume()),
        line(&vm.ensure(Power::Running)),
        line(&vm.ensure(Power::Stopped)),
        line(&vm.delete(DeleteOptions::new())),
        line(&vm.delete(DeleteOptions::new().purge().destroy_unreferenced_disks())),
        line(&vm.clone_to(named())),
        line(&vm.clone_to(named().newid(id(120)).full().storage(storage).target("pve2".parse().unwrap()))),
        line(&vm.clone_to(named().linked().pool("ci").snapname("s1").description("for tests"))),
        line(&vm.clone_to(CloneOptions::named("not a name"))),
        line(&vm.clone_to(named().linked().storage("local-lvm".parse().unwrap()))),
        line(
            &vm.cloud_init(
                CloudInit::new()
                    .user("admin")
                    .password("hunter2")
                    .ssh_keys(["ssh-ed25519 AAAA+b/c a@b"])
                    .ip(0, "ip=10.0.0.5/24,gw=10.0.0.1".parse().unwrap()),
            ),
        ),
        line(&vm.cloud_init(CloudInit::new())),
        line(&vm.agent().ping()),
        line(&vm.agent().osinfo()),
        line(&vm.agent().interfaces()),
        line(&vm.agent().exec(Exec::new(["sh", "-c", "echo $HOME"]).input("in"))),
        line(&vm.agent().exec(Exec::new([""]))),
        line(&vm.agent().file_read("/etc/hostname")),
        line(&vm.agent().file_write("/tmp/x", "hello")),
        line(&vm.agent().file_write("/tmp/x", &"x".repeat(70_000))),
        line(&vm.wait_for_ip(IpQuery::v4())),
        line(&node.vms().list()),
        line(&node.vms().create(id(200), VmSpec::named("db-1").cores(2).memory_mib(2048).agent().start())),
        line(&node.vms().create(NewId::Auto, VmSpec::named("db-1").tags(["a", "b"]))),
        line(&node.status()),
        line(&node.version()),
        line(&node.storages()),
        line(&node.content(&"local".parse().unwrap(), Some("iso"))),
        line(&node.interfaces()),
        line(&node.bridges()),
        line(&node.disks()),
        line(&node.tasks(20)),
        line(&cluster.version()),
        line(&cluster.resources()),
        line(&cluster.guests()),
        line(&cluster.nodes()),
        line(&cluster.vnets()),
        line(&cluster.next_id()),
        line(&cluster.find("web-1".parse().unwrap())),
        line(&task.status()),
        line(&task.log(50, 50)),
        line(&task.tail(10)),
        line(&task.wait()),
        line(&task.stop()),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn malformed_references_never_become_requests() {
    for bad in ["", "a/b", "..", "pve1.lan", "-x"] {
        assert!(pve().node(bad).is_err(), "{bad}");
    }
    let node = pve().node("pve1").unwrap();
    assert!(node.vm(99).is_err());
    assert!(node.vm(-1).is_err());
    assert!(node.vm("web").is_err());
}
