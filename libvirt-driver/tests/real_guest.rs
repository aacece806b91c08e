//! A guest that really boots, on a host behind a bastion: its whole life, by the facade alone.

// These are tests, and they wait for other processes in real time.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod bastion;
mod daemon;
mod lab;

use std::process::Command;
use std::time::{Duration, Instant};

use bastion::Bastion;
use daemon::daemon;
use libvirt_driver::seed::CloudConfig;
use libvirt_driver::xml::{DomainXml, NicXml, SnapshotXml, VirtType};
use libvirt_driver::{Checksum, Domain, Groups, Host, Image, NewDomain, Shutdown, State, Wire};
use proxmox_core::guest::{Exec, IpQuery};
use proxmox_core::{ErrorKind, Size};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

/// A guest boots without hardware to help, beside other tests.
const BOOT: Duration = Duration::from_secs(90);

async fn says(guest: &Domain, script: &str) -> String {
    let done = guest.exec(Exec::new(["/bin/sh", "-c", script])).await.unwrap();
    assert!(done.success(), "{script}: {done:?}");
    done.stdout.text().trim().to_owned()
}

/// The image, served as from the web, with its sum.
async fn served() -> (MockServer, Image) {
    let server = MockServer::start().await;
    let bytes = std::fs::read(lab::image()).unwrap();
    let told = Command::new("sha256sum").arg(lab::image()).output().unwrap().stdout;
    let sum: Checksum =
        format!("sha256:{}", String::from_utf8(told).unwrap().split(' ').next().unwrap()).parse().unwrap();
    let answer = ResponseTemplate::new(200).set_body_raw(bytes, "application/octet-stream");
    Mock::given(path("/tiny.qcow2")).respond_with(answer).mount(&server).await;
    let image = Image::url(format!("{}/tiny.qcow2", server.uri()), sum);
    (server, image)
}

#[tokio::test]
async fn a_guest_lives_behind_a_bastion() {
    let bastion = Bastion::start();
    let connection = bastion.builder(daemon(), "qemu", "/system").open().await.unwrap();
    lab::pool(&connection, daemon(), "guests").await;
    lab::network(&connection, "lab", 1).await;
    let host = Host::new(connection).await.unwrap();
    let (_server, image) = served().await;

    let began = Instant::now();
    let user_data = CloudConfig::new().run(["sh", "-c", "echo \"it's $(hostname)\" >/run/proof"]);
    let machine = DomainXml::new("web-1", Size::mib(160), 1)
        .title("the <first> & only")
        .virt_type(VirtType::Qemu)
        .max_vcpus(2)
        .nic(NicXml::network("lab"));
    let new = NewDomain::new(machine)
        .pool("guests")
        .disk(image, Size::mib(200))
        .user_data(user_data.to_user_data().unwrap())
        .tags(["web"])
        .unwrap();
    let guest = host.create(&new).await.unwrap();
    println!("created: {:?}", began.elapsed());

    guest.wait_for_agent(BOOT).await.unwrap();
    println!("agent: {:?}", began.elapsed());
    assert_eq!(says(&guest, "cloud-init status --wait").await, "status: done");
    assert_eq!(says(&guest, "hostname; cat /run/proof").await, "web-1\nit's web-1");
    assert_eq!(says(&guest, "cat /sys/block/vda/size").await, "409600", "200 MiB");
    let echoed = guest.exec(Exec::new(["cat"]).input(vec![0, 255, b'x'])).await.unwrap();
    assert_eq!(echoed.stdout.as_bytes(), [0, 255, b'x']);
    let failed = guest.exec(Exec::new(["/bin/sh", "-c", "echo no >&2; exit 3"])).await.unwrap();
    assert_eq!((failed.exit_code, failed.stderr.text().trim()), (Some(3), "no"));
    assert_eq!(guest.exec(Exec::new(["/no/such"])).await.unwrap_err().kind(), ErrorKind::Agent);
    let slow = guest.exec_for(Exec::new(["sleep", "30"]), Duration::from_millis(200)).await.unwrap_err();
    assert_eq!(slow.kind(), ErrorKind::Timeout);

    let found = guest.wait_for_ip(IpQuery::v4(), BOOT).await.unwrap();
    println!("address {}: {:?}", found.address, began.elapsed());
    assert!(found.address.to_string().starts_with("10.77.1."), "{found:?}");

    let usage = guest.usage(Groups::ALL).await.unwrap();
    assert!(
        usage.state == State::Running && usage.cpu_time.unwrap() > Duration::from_millis(500),
        "{usage:?}"
    );
    assert!(usage.nics[0].received > 0 && usage.disks[0].read > 0, "{usage:?}");

    // The same guest by the host's virsh.
    let by_virsh = bastion.builder(daemon(), "qemu", "/system").wire(Wire::Virsh).open().await.unwrap();
    let same = Host::new(by_virsh).await.unwrap().domain("web-1").await.unwrap();
    let echoed = same.exec(Exec::new(["cat"]).input("it's \"quoted\"\n")).await.unwrap();
    assert_eq!(echoed.stdout, "it's \"quoted\"\n");
    assert_eq!(same.wait_for_ip(IpQuery::v4(), BOOT).await.unwrap().address, found.address);

    // Back to what it was, with what it had in memory.
    says(&guest, "echo before >/run/moment").await;
    guest.snapshot(&SnapshotXml::new("moment")).await.unwrap();
    says(&guest, "echo after >/run/moment").await;
    guest.revert("moment").await.unwrap();
    guest.wait_for_agent(BOOT).await.unwrap();
    assert_eq!(says(&guest, "cat /run/moment").await, "before");
    guest.delete_snapshot("moment").await.unwrap();
    println!("reverted: {:?}", began.elapsed());

    assert_eq!(guest.resize_disk("vda", "+56M".parse().unwrap()).await.unwrap(), Size::mib(256));
    assert_eq!(says(&guest, "cat /sys/block/vda/size").await, "524288");
    guest.set_memory(Size::mib(128)).await.unwrap();
    guest.set_tags(["sdk-managed", "web", "blue"]).await.unwrap();
    assert_eq!(guest.tags().await.unwrap().iter().collect::<Vec<_>>(), ["blue", "sdk-managed", "web"]);

    let usage = guest.usage(Groups::DISKS).await.unwrap();
    assert_eq!(usage.disks[0].capacity, Size::mib(256));

    guest.shutdown(Shutdown::new().timeout(BOOT)).await.unwrap();
    println!("off: {:?}", began.elapsed());

    // One that hears, and does not go: the daemon itself would wait for a minute.
    guest.start().await.unwrap();
    guest.wait_for_agent(BOOT).await.unwrap();
    says(&guest, "killall acpid; printf '#!/bin/sh\\n' >/sbin/shutdown").await;
    let asked = Instant::now();
    guest.shutdown(Shutdown::new().timeout(Duration::from_secs(6)).then_stop()).await.unwrap();
    assert_eq!(guest.state().await.unwrap(), State::Off);
    let took = asked.elapsed();
    assert!(took > Duration::from_secs(5) && took < Duration::from_secs(25), "{took:?}");
    println!("stopped: {:?}", began.elapsed());
    let deleted = guest.delete().await.unwrap();
    assert!(deleted.existed && deleted.volumes.len() == 2 && deleted.left.is_empty(), "{deleted:?}");
    assert!(host.domain("web-1").await.unwrap_err().is_not_found());
    println!("gone: {:?}", began.elapsed());
}
