//! What only a container has, as the requests that it is.

#![allow(clippy::unwrap_used)] // helpers of tests, which no attribute marks as such

use std::time::Duration;

use proxmox_core::config::{ContainerNet, IpConfig};
use proxmox_core::guest::{CloneOptions, DeleteOptions, IpQuery, NewId, Shutdown};
use proxmox_core::{
    Call, Operation, Pve, PveRequest, PveResponse, Result, Transport, TransportInfo, async_trait,
};
use proxmox_lxc::{ContainerSpec, LxcNode};

/// Answers every read with what it was given.
struct Answers(&'static str, &'static str);

#[async_trait]
impl Transport for Answers {
    fn info(&self) -> TransportInfo {
        TransportInfo::new("test", "test").blocking()
    }
    async fn call(&self, request: &PveRequest) -> Result<PveResponse> {
        let config = request.path.as_str().ends_with("config");
        Ok(PveResponse::bare(if config { self.0 } else { self.1 }.to_owned()))
    }
    async fn sleep(&self, time: Duration) {
        panic!("slept {time:?}")
    }
}

fn pve(config: &'static str, interfaces: &'static str) -> Pve {
    Pve::new(Answers(config, interfaces))
}

fn line<O: Operation>(call: &Call<O>) -> String {
    match call.request() {
        Ok(request) => format!("{:?} {request}", request.effect),
        Err(error) => format!("error: {error}"),
    }
}

#[test]
fn requests_of_all_operations() {
    let node = pve("{}", "[]").node("pve1").unwrap();
    let container = node.container(200).unwrap();
    let (lvm, id) = ("local-lvm".parse().unwrap(), NewId::Vmid(200.try_into().unwrap()));
    let ip = IpConfig::new().with_ip("192.0.2.5/24").unwrap().with_gw("192.0.2.1").unwrap();
    let net = ContainerNet::new("eth0").unwrap().with_bridge("vmbr0").unwrap();
    let spec = || ContainerSpec::new(&"local:vztmpl/debian-12.tar.zst".parse().unwrap(), "web-1");
    let full = spec()
        .rootfs(&lvm, 8)
        .mount(0, &lvm, 32, "/srv/data")
        .cores(2)
        .memory_mib(1024)
        .swap_mib(0)
        .net(0, &net.clone().with_ip_config(&ip).unwrap())
        .net(1, &net.with_ip_config(&IpConfig::dhcp()).unwrap())
        .nameservers(["192.0.2.53", "2001:db8::53"])
        .ssh_keys(["ssh-ed25519 AAAA+b/c a@b", "ssh-ed25519 BBBB c@d"])
        .password("hunter2")
        .nesting()
        .privileged()
        .onboot()
        .pool("ci")
        .tags(["a", "b"])
        .param("timezone", "host")
        .start();
    let lines = [
        line(&node.containers().list()),
        line(&node.containers().create(id, spec())),
        line(&node.containers().create(NewId::Auto, full)),
        line(&container.status()),
        line(&container.config()),
        line(&container.interfaces()),
        line(&container.wait_for_ip(IpQuery::v4())),
        line(&container.start()),
        line(&container.shutdown(Shutdown::new().then_stop())),
        line(&container.stop()),
        line(&container.resize("rootfs", "+1G".parse().unwrap())),
        line(&container.resize("mp0", "10G".parse().unwrap())),
        line(&container.clone_to(CloneOptions::named("web-2").full())),
        line(&container.template()),
        line(&container.delete(DeleteOptions::new().purge())),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}

const ETH0: &str = r#"[{"name":"lo","hardware-address":"00:00:00:00:00:00","ip-addresses":[{"ip-address":"127.0.0.1"}]},
    {"name":"eth0","hwaddr":"bc:24:11:2d:0e:68","hardware-address":"bc:24:11:2d:0e:68","ip-addresses":[
        {"ip-address":"192.0.2.77","prefix":24,"ip-address-type":"inet"},{"ip-address":"2001:db8::7","prefix":64}]}]"#;

#[test]
fn a_static_address_is_known_at_once() {
    let config =
        r#"{"net0":"name=eth0,hwaddr=BC:24:11:2D:0E:68,ip=192.0.2.5/24,ip6=2001:db8::5/64","net1":"broken"}"#;
    let container = pve(config, "null").node("pve1").unwrap().container(200).unwrap();
    let found = container.wait_for_ip(IpQuery::v4()).block().unwrap();
    assert_eq!((found.address.to_string(), found.interface.as_str()), ("192.0.2.5".to_owned(), "eth0"));
    assert_eq!(found.mac.as_deref(), Some("bc:24:11:2d:0e:68"));
    let found = container.wait_for_ip(IpQuery::v6().mac("BC:24:11:2D:0E:68")).block().unwrap();
    assert_eq!(found.address.to_string(), "2001:db8::5");
}

#[test]
fn others_are_asked_for() {
    let container =
        pve(r#"{"net0":"name=eth0,ip=dhcp"}"#, ETH0).node("pve1").unwrap().container(200).unwrap();
    let found = container.wait_for_ip(IpQuery::v4()).block().unwrap();
    assert_eq!(found.address.to_string(), "192.0.2.77");
    assert_eq!(container.wait_for_ip(IpQuery::v6()).block().unwrap().address.to_string(), "2001:db8::7");
}

#[test]
fn a_container_that_is_off_has_none() {
    let container = pve("{}", "null").node("pve1").unwrap().container(200).unwrap();
    for error in [
        container.wait_for_ip(IpQuery::v4()).block().unwrap_err(),
        container.interfaces().block().unwrap_err(),
    ] {
        assert_eq!(error.kind(), proxmox_core::ErrorKind::WrongState, "{error}");
        assert!(error.to_string().contains("CT 200 on node pve1"), "{error}");
    }
}

#[test]
fn passwords_are_secret() {
    let spec = ContainerSpec::new(&"local:vztmpl/x.tar".parse().unwrap(), "web-1").password("hunter2");
    let call = pve("{}", "[]").node("pve1").unwrap().containers().create(NewId::Auto, spec.clone());
    assert!(!format!("{spec:?} {}", call.request().unwrap()).contains("hunter2"));
}
