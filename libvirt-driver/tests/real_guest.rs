//! A guest that really boots, on a host behind a bastion.

// These are tests, and they wait for other processes in real time.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod bastion;
mod daemon;
mod lab;

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bastion::Bastion;
use daemon::daemon;
use libvirt_driver::Connection;
use libvirt_driver::rpc::procedures::{domain, network, storage};
use libvirt_driver::rpc::{DomainRef, PoolRef, VolumeRef};
use libvirt_driver::seed::{CloudConfig, CloudSeed};
use libvirt_driver::xml::{DiskXml, DomainXml, Format, NicXml, VirtType, VolumeXml};
use proxmox_core::Size;
use proxmox_core::config::MacAddr;
use serde_json::{Value, json};

/// A guest boots without hardware to help, beside other tests.
const BOOT: Duration = Duration::from_secs(60);

/// Asks until there is an answer.
async fn until<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            println!("{what}: {:?}", started.elapsed());
            return answer;
        }
        assert!(started.elapsed() < BOOT, "{what}: nothing after {:?}", started.elapsed());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn volume(
    libvirt: &Connection,
    pool: &PoolRef,
    xml: &VolumeXml,
    content: impl AsRef<[u8]>,
) -> VolumeRef {
    let volume = libvirt.call(storage::create_volume(pool, &xml.to_xml().unwrap(), 0)).await.unwrap();
    let mut content = content.as_ref();
    let length = u64::try_from(content.len()).unwrap();
    let sent = libvirt.upload(storage::upload(&volume, 0, length), &mut content).await.unwrap();
    assert_eq!(sent, length);
    volume
}

async fn agent(libvirt: &Connection, guest: &DomainRef, command: &Value) -> proxmox_core::Result<Value> {
    let answer = libvirt.call(domain::agent_command(guest, &command.to_string(), 5)).await?;
    let mut answer: Value = serde_json::from_str(&answer.unwrap()).unwrap();
    Ok(answer["return"].take())
}

/// Runs a command of the guest's shell with this input, and gives what it wrote.
async fn exec(libvirt: &Connection, guest: &DomainRef, script: &str, input: &str) -> String {
    let arguments = json!({"path": "/bin/sh", "arg": ["-c", script], "capture-output": true,
        "input-data": BASE64_STANDARD.encode(input)});
    let started = json!({"execute": "guest-exec", "arguments": arguments});
    let pid = agent(libvirt, guest, &started).await.unwrap()["pid"].take();
    let status = json!({"execute": "guest-exec-status", "arguments": {"pid": pid}});
    let ended = until(script, async || {
        let status = agent(libvirt, guest, &status).await.unwrap();
        (status["exited"] == true).then_some(status)
    });
    let ended = ended.await;
    assert_eq!(ended["exitcode"], 0, "{script}: {ended}");
    let output = BASE64_STANDARD.decode(ended["out-data"].as_str().unwrap_or_default()).unwrap();
    String::from_utf8(output).unwrap()
}

#[tokio::test]
async fn a_guest_from_an_image_takes_in_its_seed() {
    let bastion = Bastion::start();
    let libvirt = bastion.builder(daemon(), "qemu", "/system").open().await.unwrap();
    let pool = lab::pool(&libvirt, daemon(), "guests").await;
    let net = lab::network(&libvirt, "lab", 1).await;

    let started = Instant::now();
    let bytes = std::fs::read(lab::image()).unwrap();
    let disk =
        volume(&libvirt, &pool, &VolumeXml::new("web1.qcow2", Size::mib(64), Format::Qcow2), bytes).await;
    libvirt.call(storage::resize_volume(&disk, Size::mib(200).bytes(), 0)).await.unwrap();
    let user_data = CloudConfig::new().run(["sh", "-c", "echo \"it's $(hostname)\" >/run/proof"]);
    let seed = CloudSeed::new("i-1").hostname("web-1").user_data(user_data.to_user_data().unwrap());
    let seed = seed.to_iso(1_767_225_600).unwrap();
    let size = Size::from_bytes(u64::try_from(seed.len()).unwrap());
    volume(&libvirt, &pool, &VolumeXml::new("web1-seed.iso", size, Format::Raw), seed).await;
    println!("volumes: {:?}", started.elapsed());

    let mac: MacAddr = "52:54:00:77:00:01".parse().unwrap();
    let xml = DomainXml::new("web1", Size::mib(160), 1)
        .virt_type(VirtType::Qemu)
        .disk(DiskXml::volume("guests", "web1.qcow2").format(Format::Qcow2))
        .disk(DiskXml::volume("guests", "web1-seed.iso").read_only())
        .nic(NicXml::network("lab").mac(mac));
    let guest = libvirt.call(domain::define(&xml.to_xml().unwrap(), 1)).await.unwrap();
    let guest = libvirt.call(domain::start(&guest, 0)).await.unwrap();

    let ping = json!({"execute": "guest-ping"});
    until("agent", async || agent(&libvirt, &guest, &ping).await.ok()).await;
    assert_eq!(exec(&libvirt, &guest, "cloud-init status --wait; cat", "input").await, "status: done\ninput");
    let seen = exec(&libvirt, &guest, "hostname; cat /run/proof; cat /sys/block/vda/size", "").await;
    assert_eq!(seen, "web-1\nit's web-1\n409600\n");

    let lease = until("lease", async || {
        let leases = libvirt.call(network::leases(&net, Some(&mac.to_string()))).await.unwrap();
        leases.into_iter().next()
    });
    let lease = lease.await;
    assert!(lease.address.starts_with("10.77.1."), "{lease:?}");
    assert_eq!(lease.hostname.as_deref(), Some("web-1"));
    let found = until("address by agent", async || {
        let interfaces = libvirt.call(domain::addresses(&guest, 1)).await.unwrap();
        let addresses = interfaces.into_iter().flat_map(|interface| interface.addresses);
        addresses.map(|found| found.address).find(|address| *address == lease.address)
    });
    found.await;

    libvirt.call(domain::shutdown(&guest, 2)).await.unwrap();
    until("shutdown", async || (libvirt.call(domain::state(&guest)).await.unwrap().state == 5).then_some(()))
        .await;
}
