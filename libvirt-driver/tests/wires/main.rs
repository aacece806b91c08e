//! Both wires against the same real daemon: libvirt's own protocol and `virsh` over a real ssh give the same answers and the same errors.

// These are tests, and they wait for other processes in real time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "../daemon/mod.rs"]
mod daemon;
mod fallback;
mod places;

use std::fmt::Debug;
use std::fs;

use daemon::{Daemon, daemon};
use libvirt_driver::rpc::procedures::{device, domain, host, snapshot};
use libvirt_driver::rpc::{Call, DomainInfo, DomainRef, DomainStats, NodeInfo, RemoteError, TypedValue};
use libvirt_driver::{Connection, LibvirtUri, Wire};
use proxmox_core::{ErrorKind, Outcome};
use proxmox_sim::Sshd;

/// A connection of each kind to the same daemon.
struct Wires {
    rpc: Connection,
    virsh: Connection,
}

fn over_ssh(sshd: &Sshd, daemon: &Daemon, driver: &str, path: &str) -> LibvirtUri {
    let (key, known) = (sshd.identity_file(), sshd.known_hosts_file());
    let uri = format!(
        "{driver}+ssh://{}{path}?keyfile={}&known_hosts={}&socket={}",
        sshd.target(),
        key.display(),
        known.display(),
        daemon.socket().display()
    );
    uri.parse().unwrap()
}

async fn by_virsh(uri: &LibvirtUri) -> Connection {
    Connection::builder(uri).wire(Wire::Virsh).open().await.unwrap()
}

impl Wires {
    async fn open(sshd: &Sshd, driver: &str, path: &str) -> Self {
        let uri: LibvirtUri = daemon().uri(driver, path).parse().unwrap();
        let rpc = Connection::builder(&uri).wire(Wire::Rpc).open().await.unwrap();
        let virsh = by_virsh(&over_ssh(sshd, daemon(), driver, path)).await;
        assert_eq!(virsh.way().await, "virsh over ssh");
        Self { rpc, virsh }
    }

    /// The answer that both give.
    async fn same<T: PartialEq + Debug>(&self, call: impl Fn() -> Call<T>) -> T {
        self.same_but(call, |_| {}).await
    }

    /// The answer that both give, but for what `level` takes out of it: what goes on while they are asked, or virsh cannot know.
    async fn same_but<T: PartialEq + Debug>(&self, call: impl Fn() -> Call<T>, level: impl Fn(&mut T)) -> T {
        let name = call().name();
        let mut one = self.rpc.call(call()).await.unwrap_or_else(|e| panic!("rpc {name}: {e}"));
        let mut other = self.virsh.call(call()).await.unwrap_or_else(|e| panic!("virsh {name}: {e}"));
        level(&mut one);
        level(&mut other);
        assert_eq!(other, one, "{name}");
        other
    }

    /// Carried out by virsh.
    async fn by_virsh<T>(&self, call: Call<T>) -> T {
        let name = call.name();
        self.virsh.call(call).await.unwrap_or_else(|e| panic!("virsh {name}: {e}"))
    }

    /// The error that both give.
    async fn refuse<T: Debug>(&self, kind: ErrorKind, call: impl Fn() -> Call<T>) {
        let name = call().name();
        let one = self.rpc.call(call()).await.expect_err(name);
        let other = self.virsh.call(call()).await.expect_err(name);
        assert_eq!((one.kind(), one.outcome()), (kind, Outcome::Rejected), "rpc {name}: {one:?}");
        assert_eq!((other.kind(), other.outcome()), (kind, Outcome::Rejected), "virsh {name}: {other:?}");
        let code = |error| RemoteError::of(error).map(|said| said.code);
        // 1 stands for any sentence that has nothing to know it by.
        assert!(code(&other) == code(&one) || code(&other) == Some(1), "{name}: {other:?}, not {one:?}");
    }
}

fn xml(name: &str) -> String {
    let name = name.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<domain type='qemu'><name>{name}</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>\
         <os><type arch='x86_64'>hvm</type></os><features><acpi/></features></domain>"
    )
}

#[tokio::test]
async fn the_host() {
    let sshd = Sshd::start().unwrap();
    let wires = Wires::open(&sshd, "qemu", "/system").await;
    wires.same(host::hostname).await;
    assert!(wires.same(host::version).await > 1_000_000);
    assert!(wires.same(host::lib_version).await > 6_000_000);
    wires.same(host::capabilities).await;
    wires.same(|| host::domain_capabilities(None, Some("x86_64"), None, Some("qemu"))).await;
    wires.same_but(host::info, |info: &mut NodeInfo| info.mhz = 0).await;
    let names = |figures: &mut Vec<(String, u64)>| {
        figures.retain(|(_, figure)| *figure > 0);
        figures.sort();
        figures.iter_mut().filter(|(name, _)| name != "total").for_each(|(_, figure)| *figure = 1);
    };
    assert_eq!(wires.same_but(host::memory_stats, names).await.len(), 4);
    assert_eq!(wires.same_but(host::cpu_stats, names).await.len(), 4);
}

#[tokio::test]
async fn definitions() {
    let sshd = Sshd::start().unwrap();
    let wires = Wires::open(&sshd, "qemu", "/system").await;
    let mut all = Vec::new();
    for name in ["w-one", "1", "--", "-x y  'z' \"$HOME\"", "ünï & <b>", "#; hostname"] {
        let defined = wires.by_virsh(domain::define(&xml(name), 1)).await;
        assert_eq!(defined.name, name);
        assert_eq!(wires.same(|| domain::lookup_by_name(name)).await, defined);
        assert_eq!(wires.same(|| domain::lookup_by_uuid(defined.uuid)).await, defined);
        all.push(defined);
    }
    let by_name = |all: &mut Vec<DomainRef>| all.sort_by(|a, b| a.name.cmp(&b.name));
    for flags in [0, 1, 2, 3, 4, 64] {
        wires.same_but(|| domain::list(flags), by_name).await;
    }
    let one = &all[0];
    wires.by_virsh(domain::start(one, 1)).await;
    // "1" is now also the id of another.
    let named = wires.same(|| domain::lookup_by_name("1")).await;
    assert_eq!(named.uuid, all[1].uuid);
    wires.by_virsh(domain::destroy(one, 1)).await;

    for flags in [0, 1, 2, 8] {
        wires.same(|| domain::xml(one, flags)).await;
    }
    wires.by_virsh(domain::set_vcpus(one, 4, 2 | 4)).await;
    wires.by_virsh(domain::set_vcpus(one, 2, 2)).await;
    for (flags, count) in [(2, 2), (2 | 4, 4), (0, 2), (4, 4)] {
        assert_eq!(wires.same(|| domain::vcpus(one, flags)).await, count);
    }
    wires.by_virsh(domain::set_memory(one, 128 << 10, 2 | 4)).await;
    wires.by_virsh(domain::set_memory(one, 96 << 10, 2)).await;
    let info = wires.same(|| domain::info(one)).await;
    assert_eq!((info.max_memory, info.memory), (128 << 10, 96 << 10));
    assert!(!wires.same(|| domain::autostart(one)).await);
    wires.by_virsh(domain::set_autostart(one, true)).await;
    assert!(wires.same(|| domain::autostart(one)).await);
    wires.by_virsh(domain::set_autostart(one, false)).await;
    assert!(!wires.same(|| domain::autostart(one)).await);
    assert!(!wires.same(|| domain::has_managed_save(one)).await);

    let uri = Some("https://example.com/tags");
    let tags = "<tags><tag name='a&amp;b'>it's \"$x\"</tag></tags>";
    wires.by_virsh(domain::set_metadata(one, 2, Some(tags), Some("t"), uri, 2)).await;
    assert!(wires.same(|| domain::metadata(one, 2, uri, 2)).await.contains("a&amp;b"));
    for (kind, text) in [(1, "--a  title <&"), (0, "-two\nlines \u{1f600}")] {
        wires.by_virsh(domain::set_metadata(one, kind, Some(text), None, None, 2)).await;
        assert_eq!(wires.same(|| domain::metadata(one, kind, None, 2)).await, text);
        assert_eq!(wires.same(|| domain::metadata(one, kind, None, 0)).await, text);
        wires.by_virsh(domain::set_metadata(one, kind, None, None, None, 2)).await;
        wires.refuse(ErrorKind::NotFound, || domain::metadata(one, kind, None, 2)).await;
    }
    wires.by_virsh(domain::set_metadata(one, 2, None, None, uri, 2)).await;
    wires.refuse(ErrorKind::NotFound, || domain::metadata(one, 2, uri, 2)).await;

    wires.by_virsh(domain::rename(one, "-w two")).await;
    assert_eq!(wires.same(|| domain::lookup_by_name("-w two")).await.uuid, one.uuid);
    for one in &all {
        wires.by_virsh(domain::undefine(one, 1 | 2 | 4)).await;
        wires.refuse(ErrorKind::NotFound, || domain::lookup_by_uuid(one.uuid)).await;
    }
}

/// Numbers of whatever width, and no figures that go on.
fn level_stats(all: &mut Vec<DomainStats>) {
    all.sort_by(|a, b| a.domain.name.cmp(&b.domain.name));
    for stats in all {
        for (name, value) in &mut stats.values {
            let goes_on =
                ["time", "user", "system", "delay", "wait", "rss"].iter().any(|end| name.ends_with(end));
            let text = match &*value {
                TypedValue::Int(n) => n.to_string(),
                TypedValue::UInt(n) => n.to_string(),
                TypedValue::Long(n) => n.to_string(),
                TypedValue::ULong(n) => n.to_string(),
                other => format!("{other:?}"),
            };
            *value = TypedValue::String(if goes_on { String::new() } else { text });
        }
    }
}

#[tokio::test]
async fn a_running_domain_and_its_devices() {
    let sshd = Sshd::start().unwrap();
    let wires = Wires::open(&sshd, "qemu", "/system").await;
    let disk = daemon().pool().join("w disk.raw");
    fs::File::create(&disk).unwrap().set_len(1 << 20).unwrap();
    let devices = format!(
        "<devices><controller type='pci' model='pci-root'/><disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{}'/>\
         <target dev='vda' bus='virtio'/></disk></devices></domain>",
        disk.display()
    );
    let defined = wires.by_virsh(domain::define(&xml("w-runs").replace("</domain>", &devices), 0)).await;
    let off = wires.same_but(|| domain::stats(std::slice::from_ref(&defined), 1, 0), level_stats).await;
    assert_eq!(off.len(), 1);
    let tiny = wires.by_virsh(domain::start(&defined, 1)).await;
    assert!(tiny.id > 0);
    let states = async |state, reason| {
        let now = wires.same(|| domain::state(&tiny)).await;
        assert_eq!((now.state, now.reason), (state, reason));
    };
    states(3, 1).await;
    wires.by_virsh(domain::resume(&tiny)).await;
    states(1, 5).await;
    wires.by_virsh(domain::suspend(&tiny)).await;
    wires.by_virsh(domain::reset(&tiny)).await;
    wires.by_virsh(domain::resume(&tiny)).await;
    wires.by_virsh(domain::shutdown(&tiny, 1)).await;
    wires.by_virsh(domain::reboot(&tiny, 1)).await;
    wires.by_virsh(domain::suspend(&tiny)).await;
    states(3, 1).await;
    wires.same(|| domain::xml(&tiny, 0)).await;
    wires.same_but(|| domain::info(&tiny), |info: &mut DomainInfo| info.cpu_time = 0).await;
    for (domains, groups) in
        [(vec![tiny.clone()], 1 | 2 | 4 | 8 | 16 | 32), (vec![], 1), (vec![tiny.clone()], 0)]
    {
        let stats = wires.same_but(|| domain::stats(&domains, groups, 0), level_stats).await;
        assert!(stats.iter().any(|stats| stats.domain == tiny && stats.values.len() > 1));
    }
    let gone = DomainRef { uuid: "11111111-2222-3333-4444-555555555555".parse().unwrap(), ..tiny.clone() };
    assert_eq!(wires.same(|| domain::stats(std::slice::from_ref(&gone), 1, 0)).await, []);

    assert_eq!(wires.same(|| device::block_info(&tiny, "vda")).await.capacity, 1 << 20);
    wires.by_virsh(device::resize_disk(&tiny, "vda", 3 << 20, 1)).await;
    wires.by_virsh(device::resize_disk(&tiny, "vda", 4 << 10, 0)).await;
    assert_eq!(wires.same(|| device::block_info(&tiny, "vda")).await.capacity, 4 << 20);
    let cdrom = "<interface type='user'><mac address='52:54:00:00:00:07'/><model type='virtio'/></interface>";
    wires.by_virsh(device::attach(&tiny, cdrom, 2)).await;
    let definition = wires.same(|| domain::xml(&tiny, 2)).await;
    assert!(definition.contains("52:54:00:00:00:07"), "{definition}");
    let down = cdrom.replace("<model", "<link state='down'/><model");
    wires.by_virsh(device::update(&tiny, &down, 2)).await;
    assert!(wires.same(|| domain::xml(&tiny, 2)).await.contains("link state='down'"));
    wires.by_virsh(device::detach(&tiny, &down, 2)).await;
    assert!(!wires.same(|| domain::xml(&tiny, 2)).await.contains("52:54:00:00:00:07"));
    wires.same(|| domain::addresses(&tiny, 0)).await;

    // What is wrong while it runs.
    use ErrorKind as K;
    wires.refuse(K::WrongState, || domain::start(&tiny, 0)).await;
    wires.refuse(K::InvalidInput, || domain::set_vcpus(&tiny, 9, 1)).await;
    wires.refuse(K::InvalidInput, || device::block_info(&tiny, "vdz")).await;
    wires.refuse(K::WrongState, || domain::agent_command(&tiny, "{\"execute\":\"guest-ping\"}", 1)).await;
    wires.by_virsh(domain::destroy(&tiny, 0)).await;
    wires.refuse(K::WrongState, || domain::destroy(&tiny, 0)).await;
    wires.refuse(K::WrongState, || domain::shutdown(&tiny, 0)).await;
    wires.refuse(K::WrongState, || domain::reboot(&tiny, 0)).await;
    wires.refuse(K::WrongState, || domain::suspend(&tiny)).await;
    wires.refuse(K::WrongState, || domain::resume(&tiny)).await;
    wires.refuse(K::WrongState, || domain::reset(&tiny)).await;
    wires.refuse(K::WrongState, || domain::addresses(&tiny, 0)).await;
    wires.refuse(K::WrongState, || device::resize_disk(&tiny, "vda", 1 << 20, 1)).await;
    wires.refuse(K::InvalidInput, || domain::define("<domain><oops", 0)).await;
    wires
        .refuse(K::InvalidInput, || domain::define(&xml("w-valid").replace("<vcpu>", "<nonsense/><vcpu>"), 1))
        .await;
    let taken = xml("w-runs").replace("<memory", "<title>a</title><memory");
    wires.refuse(K::AlreadyExists, || domain::define(&taken, 0)).await;
    wires.by_virsh(domain::undefine(&tiny, 0)).await;
    for call in [domain::undefine, domain::destroy, domain::shutdown] {
        wires.refuse(K::NotFound, || call(&tiny, 0)).await;
    }
    wires.refuse(K::NotFound, || domain::autostart(&tiny)).await;
    wires.refuse(K::NotFound, || domain::state(&tiny)).await;
    wires.refuse(K::NotFound, || domain::xml(&tiny, 0)).await;
    wires.refuse(K::NotFound, || domain::lookup_by_name("w-runs")).await;
}

/// The daemon's own made up driver has what takes a guest elsewhere.
#[tokio::test]
async fn snapshots_and_addresses() {
    let sshd = Sshd::start().unwrap();
    let wires = Wires::open(&sshd, "test", "/default").await;
    let test = wires.same(|| domain::lookup_by_name("test")).await;
    assert_eq!(wires.same(|| snapshot::list(&test, 0)).await, []);
    for name in ["s1", "-s  2", "ünï"] {
        let xml = format!("<domainsnapshot><name>{name}</name><description>d</description></domainsnapshot>");
        let taken = wires.by_virsh(snapshot::create(&test, &xml, 0)).await;
        assert_eq!(wires.same(|| snapshot::lookup_by_name(&test, name)).await, taken);
        assert!(wires.same(|| snapshot::xml(&taken)).await.contains("<description>d"));
        wires.refuse(ErrorKind::AlreadyExists, || snapshot::create(&test, &xml, 0)).await;
    }
    let unnamed = wires.by_virsh(snapshot::create(&test, "<domainsnapshot/>", 0)).await;
    assert_eq!(wires.same(|| snapshot::lookup_by_name(&test, &unnamed.name)).await, unnamed);
    let all =
        wires.same_but(|| snapshot::list(&test, 0), |all| all.sort_by(|a, b| a.name.cmp(&b.name))).await;
    assert_eq!(all.len(), 4);
    wires.same(|| snapshot::list(&test, 1)).await;
    wires.by_virsh(snapshot::revert(&all[0], 0)).await;
    for one in &all {
        wires.by_virsh(snapshot::delete(one, 0)).await;
        wires.refuse(ErrorKind::NotFound, || snapshot::lookup_by_name(&test, &one.name)).await;
        wires.refuse(ErrorKind::NotFound, || snapshot::revert(one, 0)).await;
    }
    let addresses = wires.same(|| domain::addresses(&test, 0)).await;
    assert!(addresses[0].addresses[0].address.starts_with("192.168.122."), "{addresses:?}");
}
