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
use libvirt_driver::rpc::procedures::{device, domain, network, snapshot, storage};
use libvirt_driver::rpc::{DomainRef, NetworkRef, PoolRef, VolumeRef};
use libvirt_driver::seed::{CloudConfig, CloudSeed, UserData};
use libvirt_driver::xml::{DiskXml, DomainXml, Format, NicXml, SnapshotXml, VirtType, VolumeXml};
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
async fn exec(
    libvirt: &Connection,
    guest: &DomainRef,
    script: &str,
    input: &str,
) -> proxmox_core::Result<String> {
    let arguments = json!({"path": "/bin/sh", "arg": ["-c", script], "capture-output": true,
        "input-data": BASE64_STANDARD.encode(input)});
    let started = json!({"execute": "guest-exec", "arguments": arguments});
    let pid = agent(libvirt, guest, &started).await?["pid"].take();
    let status = json!({"execute": "guest-exec-status", "arguments": {"pid": pid}});
    let ended = until(script, async || match agent(libvirt, guest, &status).await {
        Ok(status) => (status["exited"] == true).then_some(Ok(status)),
        Err(error) => Some(Err(error)),
    });
    let ended = ended.await?;
    assert_eq!(ended["exitcode"], 0, "{script}: {ended}");
    let output = BASE64_STANDARD.decode(ended["out-data"].as_str().unwrap_or_default()).unwrap();
    Ok(String::from_utf8(output).unwrap())
}

/// A guest of this name on the subnet of this number, booted from the image with this seed.
struct Booted {
    _bastion: Bastion,
    libvirt: Connection,
    network: NetworkRef,
    mac: MacAddr,
    guest: DomainRef,
}

async fn boot(
    name: &str,
    subnet: u8,
    user_data: UserData,
    seat: impl FnOnce(DomainXml, DiskXml) -> DomainXml,
) -> Booted {
    let bastion = Bastion::start();
    let libvirt = bastion.builder(daemon(), "qemu", "/system").open().await.unwrap();
    let pool = lab::pool(&libvirt, daemon(), name).await;
    let network = lab::network(&libvirt, name, subnet).await;

    let image = VolumeXml::new("disk.qcow2", Size::mib(64), Format::Qcow2);
    let disk = volume(&libvirt, &pool, &image, std::fs::read(lab::image()).unwrap()).await;
    libvirt.call(storage::resize_volume(&disk, Size::mib(200).bytes(), 0)).await.unwrap();
    let seed = CloudSeed::new("i-1").hostname(name).user_data(user_data).to_iso(1_767_225_600).unwrap();
    let size = Size::from_bytes(u64::try_from(seed.len()).unwrap());
    volume(&libvirt, &pool, &VolumeXml::new("seed.iso", size, Format::Raw), seed).await;

    let mac = MacAddr::parse(&format!("52:54:00:77:00:{subnet:02x}")).unwrap();
    let xml = DomainXml::new(name, Size::mib(160), 1)
        .virt_type(VirtType::Qemu)
        .disk(DiskXml::volume(name, "disk.qcow2").format(Format::Qcow2))
        .nic(NicXml::network(name).mac(mac));
    let xml = seat(xml, DiskXml::volume(name, "seed.iso")).to_xml().unwrap();
    let guest = libvirt.call(domain::define(&xml, 1)).await.unwrap();
    let guest = libvirt.call(domain::start(&guest, 0)).await.unwrap();
    let booted = Booted { _bastion: bastion, libvirt, network, mac, guest };
    booted.up().await;
    booted
}

impl Booted {
    async fn up(&self) {
        let ping = json!({"execute": "guest-ping"});
        until("agent", async || agent(&self.libvirt, &self.guest, &ping).await.ok()).await;
    }

    async fn exec(&self, script: &str, input: &str) -> String {
        exec(&self.libvirt, &self.guest, script, input).await.unwrap()
    }

    /// Asks it to shut down, and waits until it has.
    async fn shutdown(&self, how: u32) {
        self.libvirt.call(domain::shutdown(&self.guest, how)).await.unwrap();
        until("shutdown", async || {
            let state = self.libvirt.call(domain::state(&self.guest)).await.unwrap();
            (state.state == 5).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_guest_takes_in_its_seed_and_gets_an_address() {
    let user_data = CloudConfig::new().run(["sh", "-c", "echo \"it's $(hostname)\" >/run/proof"]);
    let user_data = user_data.to_user_data().unwrap();
    let booted = boot("web-1", 1, user_data, |guest, seed| guest.disk(seed.read_only())).await;
    assert_eq!(booted.exec("cloud-init status --wait; cat", "input").await, "status: done\ninput");
    let seen = booted.exec("hostname; cat /run/proof; cat /sys/block/vda/size", "").await;
    assert_eq!(seen, "web-1\nit's web-1\n409600\n");

    let Booted { libvirt, network, mac, guest, .. } = &booted;
    let mac = mac.to_string();
    let lease = until("lease", async || {
        libvirt.call(network::leases(network, Some(&mac))).await.unwrap().into_iter().next()
    });
    let lease = lease.await;
    assert!(lease.address.starts_with("10.77.1."), "{lease:?}");
    assert_eq!(lease.hostname.as_deref(), Some("web-1"));
    let found = until("address by agent", async || {
        let interfaces = libvirt.call(domain::addresses(guest, 1)).await.unwrap();
        let addresses = interfaces.into_iter().flat_map(|interface| interface.addresses);
        addresses.map(|found| found.address).find(|address| *address == lease.address)
    });
    found.await;
    booted.shutdown(2).await;
}

#[tokio::test]
async fn a_guest_goes_back_grows_and_boots_again() {
    let script = UserData::new("#!/bin/sh\necho fine >/run/proof\n").unwrap();
    let booted = boot("db-1", 2, script, |guest, seed| guest.machine("pc").disk(seed.cdrom())).await;
    let Booted { libvirt, guest, .. } = &booted;
    assert_eq!(booted.exec("cloud-init status --wait; cat /run/proof", "").await, "status: done\nfine\n");

    // Memory and disk go back together.
    let snapshot = SnapshotXml::new("s1").memory(true).disk("vda").to_xml().unwrap();
    let snapshot = libvirt.call(snapshot::create(guest, &snapshot, 0)).await.unwrap();
    let free = "dd if=/dev/vda bs=1M skip=40 count=1 2>/dev/null | head -c 4";
    booted.exec("rm /run/proof; echo lost | dd of=/dev/vda bs=1M seek=40 conv=fsync", "").await;
    assert_eq!(booted.exec(free, "").await, "lost");
    libvirt.call(snapshot::revert(&snapshot, 1)).await.unwrap();
    booted.up().await;
    assert_eq!(booted.exec("cat /run/proof", "").await, "fine\n");
    assert_eq!(booted.exec(free, "").await, "\0\0\0\0");
    libvirt.call(snapshot::delete(&snapshot, 0)).await.unwrap();

    libvirt.call(device::resize_disk(guest, "vda", Size::mib(300).bytes(), 1)).await.unwrap();
    until("growth", async || (booted.exec("cat /sys/block/vda/size", "").await == "614400\n").then_some(()))
        .await;

    let boot = "cat /proc/sys/kernel/random/boot_id";
    let before = booted.exec(boot, "").await;
    libvirt.call(domain::reboot(guest, 2)).await.unwrap();
    // Until it goes down the agent may still answer, and in between it does not.
    until("another boot", async || {
        let now = exec(libvirt, guest, boot, "").await.ok()?;
        (now != before).then_some(())
    })
    .await;
    booted.shutdown(1).await;
}
