//! Both wires against the same real daemon: libvirt's own protocol and `virsh` over a real ssh give the same answers and the same errors.

// These are tests, and they wait for other processes in real time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

mod daemon;

use std::fmt::Debug;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use daemon::{Daemon, daemon};
use libvirt_driver::rpc::procedures::{device, domain, host, network, snapshot, storage};
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

#[tokio::test]
async fn pools_and_volumes() {
    let sshd = Sshd::start().unwrap();
    let wires = Wires::open(&sshd, "qemu", "/system").await;
    let target = daemon().pool().join("w");
    let xml = format!(
        "<pool type='dir'><name>- w'1</name><target><path>{}</path></target></pool>",
        target.display()
    );
    let pool = wires.by_virsh(storage::define_pool(&xml)).await;
    wires.same(|| storage::pool_info(&pool)).await;
    assert!(!wires.same(|| storage::pool_is_active(&pool)).await);
    wires.refuse(ErrorKind::WrongState, || storage::volumes(&pool)).await;
    wires.by_virsh(storage::build_pool(&pool, 0)).await;
    wires.by_virsh(storage::start_pool(&pool, 0)).await;
    wires.by_virsh(storage::refresh_pool(&pool)).await;
    wires.by_virsh(storage::set_pool_autostart(&pool, true)).await;
    wires.by_virsh(storage::set_pool_autostart(&pool, false)).await;
    assert!(wires.same(|| storage::pool_is_active(&pool)).await);
    assert_eq!(wires.same(|| storage::pool_by_name("- w'1")).await, pool);
    assert_eq!(wires.same(|| storage::pool_by_uuid(pool.uuid)).await, pool);
    for flags in [0, 1, 2] {
        wires.same_but(|| storage::pools(flags), |all| all.sort_by(|a, b| a.name.cmp(&b.name))).await;
    }
    wires.same_but(|| storage::pool_info(&pool), |info| (info.allocation, info.available) = (0, 0)).await;
    wires.same(|| storage::pool_xml(&pool, 1)).await;
    assert_eq!(wires.same(|| storage::volumes(&pool)).await, []);

    let volume = |name: &str| {
        format!(
            "<volume><name>{name}</name><capacity unit='B'>1500000</capacity><target><format type='raw'/></target></volume>"
        )
    };
    let mut made = Vec::new();
    for name in ["a.raw", "-b  c.raw", "ünï.raw", "it's \"$x\"; x.raw"] {
        let one = wires.by_virsh(storage::create_volume(&pool, &volume(name), 0)).await;
        assert_eq!(wires.same(|| storage::volume_by_name(&pool, name)).await, one);
        assert_eq!(wires.same(|| storage::volume_by_key(&one.key)).await, one);
        let path = wires.same(|| storage::volume_path(&one)).await;
        assert_eq!(wires.same(|| storage::volume_by_path(&path)).await, one);
        made.push(one);
    }
    made.push(wires.by_virsh(storage::create_volume_from(&pool, &volume("copy.raw"), &made[1], 0)).await);
    let listed =
        wires.same_but(|| storage::volumes(&pool), |all| all.sort_by(|a, b| a.name.cmp(&b.name))).await;
    assert_eq!(listed.len(), 5);
    let one = &made[0];
    wires.same(|| storage::volume_xml(one)).await;

    let content: Vec<u8> = (0..1_500_000u32).map(|i| ((i * 7) >> 3) as u8).collect();
    let sent = wires.virsh.upload(storage::upload(one, 0, 0), &mut &*content).await.unwrap();
    assert_eq!(sent, 1_500_000);
    for way in [&wires.rpc, &wires.virsh] {
        let mut back = Vec::new();
        let received = way.download(storage::download(one, 0, 0), &mut back).await.unwrap();
        assert!(received == 1_500_000 && back == content, "{received} bytes came back");
        let mut part = Vec::new();
        way.download(storage::download(one, 1000, 5000), &mut part).await.unwrap();
        assert!(part == content[1000..6000]);
    }
    let mut small = Vec::new();
    wires.virsh.upload(storage::upload(one, 10, 3), &mut &b"abc"[..]).await.unwrap();
    wires.virsh.download(storage::download(one, 9, 5), &mut small).await.unwrap();
    assert_eq!(small, [content[9], b'a', b'b', b'c', content[13]]);

    wires.by_virsh(storage::resize_volume(one, 2_000_000, 0)).await;
    assert_eq!(wires.same(|| storage::volume_info(one)).await.capacity, 2_000_000);
    wires.refuse(ErrorKind::AlreadyExists, || storage::create_volume(&pool, &volume("a.raw"), 0)).await;
    wires.refuse(ErrorKind::WrongState, || storage::start_pool(&pool, 0)).await;
    for one in &made {
        wires.by_virsh(storage::delete_volume(one)).await;
        wires.refuse(ErrorKind::NotFound, || storage::volume_by_key(&one.key)).await;
    }
    wires.refuse(ErrorKind::NotFound, || storage::delete_volume(one)).await;
    wires.refuse(ErrorKind::NotFound, || storage::volume_info(one)).await;
    wires.refuse(ErrorKind::NotFound, || storage::volume_by_name(&pool, "a.raw")).await;
    let error = wires.virsh.upload(storage::upload(one, 0, 0), &mut &*content).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::NotFound, Outcome::Rejected), "{error}");
    let error = wires.virsh.download(storage::download(one, 0, 0), &mut Vec::new()).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::NotFound, Outcome::Rejected), "{error}");
    wires.by_virsh(storage::stop_pool(&pool)).await;
    wires.refuse(ErrorKind::WrongState, || storage::stop_pool(&pool)).await;
    wires.by_virsh(storage::undefine_pool(&pool)).await;
    wires.refuse(ErrorKind::NotFound, || storage::pool_by_name("- w'1")).await;
    wires.refuse(ErrorKind::NotFound, || storage::pool_info(&pool)).await;
    wires.refuse(ErrorKind::NotFound, || storage::pool_is_active(&pool)).await;
}

#[tokio::test]
async fn networks_and_their_leases() {
    let sshd = Sshd::start().unwrap();
    let wires = Wires::open(&sshd, "qemu", "/system").await;
    let xml = "<network><name>-w net</name><bridge name='lvtest7'/><ip address='10.77.7.1' prefix='24'>\
               <dhcp><range start='10.77.7.2' end='10.77.7.9'/></dhcp></ip></network>";
    let net = wires.by_virsh(network::define(xml)).await;
    assert_eq!(wires.same(|| network::lookup_by_name("-w net")).await, net);
    for flags in [0, 1, 2] {
        wires.same_but(|| network::list(flags), |all| all.sort_by(|a, b| a.name.cmp(&b.name))).await;
    }
    wires.same(|| network::xml(&net)).await;
    assert!(!wires.same(|| network::is_active(&net)).await);
    assert_eq!(wires.same(|| network::leases(&net, None)).await, []);
    // As dnsmasq's helper leaves them.
    let leases = r#"[{"ip-address":"10.77.7.3","mac-address":"52:54:00:00:00:03","hostname":"a-guest","client-id":"01:52:54:00:00:00:03","expiry-time":4102444799},
        {"ip-address":"10.77.7.4","mac-address":"52:54:00:00:00:04","expiry-time":1995210546}]"#;
    let directory = daemon().pool().with_file_name("lib").join("dnsmasq");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("lvtest7.status"), leases).unwrap();
    let found = wires.same(|| network::leases(&net, None)).await;
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].expires, 4_102_444_799);
    let found = wires.same(|| network::leases(&net, Some("52:54:00:00:00:04"))).await;
    assert_eq!((found.len(), &*found[0].address), (1, "10.77.7.4"));
    wires.refuse(ErrorKind::WrongState, || network::stop(&net)).await;
    wires.by_virsh(network::undefine(&net)).await;
    wires.refuse(ErrorKind::NotFound, || network::lookup_by_name("-w net")).await;
    wires.refuse(ErrorKind::NotFound, || network::xml(&net)).await;
    wires.refuse(ErrorKind::NotFound, || network::start(&net)).await;
    wires.refuse(ErrorKind::NotFound, || network::is_active(&net)).await;
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

/// The commands that `programs` names, and no others.
fn path_of(sshd: &Path, programs: &[&str]) -> PathBuf {
    let directory = sshd.join("bin");
    fs::create_dir_all(&directory).unwrap();
    for program in programs {
        let found = ["/usr/bin", "/bin"]
            .iter()
            .map(|place| Path::new(place).join(program))
            .find(|path| path.exists());
        symlink(found.expect(program), directory.join(program)).unwrap();
    }
    directory
}

/// A server that forwards nothing, with no way to the socket but what is named.
fn bare(programs: &[&str], place: &tempfile::TempDir) -> Sshd {
    let path = path_of(place.path(), programs);
    let command = format!("PATH={}; export PATH; eval \"$SSH_ORIGINAL_COMMAND\"", path.display());
    Sshd::builder().line("AllowStreamLocalForwarding no").force_command(&command).start().unwrap()
}

#[tokio::test]
async fn virsh_is_the_last_way() {
    let place = tempfile::tempdir().unwrap();
    let sshd = bare(&["sh", "cat", "env", "timeout", "virsh", "mktemp", "rm"], &place);
    let uri = over_ssh(&sshd, daemon(), "test", "/default");
    // While one is connected the made up domains stay.
    let local: LibvirtUri = daemon().uri("test", "/default").parse().unwrap();
    let holder = Connection::open(&local).await.unwrap();
    let libvirt = Connection::open(&uri).await.unwrap();
    assert_eq!(libvirt.way().await, "virsh over ssh");
    let test = libvirt.call(domain::lookup_by_name("test")).await.unwrap();
    libvirt.call(domain::suspend(&test)).await.unwrap();
    assert_eq!(holder.call(domain::state(&test)).await.unwrap().state, 3);
    // What it cannot do it says, with the way that could.
    let console = libvirt.stream(domain::console(&test, None, 0)).await.unwrap_err();
    let events = libvirt.events().await.unwrap_err();
    let call = libvirt.call(domain::console(&test, None, 0)).await.unwrap_err();
    for error in [console, events, call] {
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unsupported, Outcome::NotSent), "{error}");
        assert!(error.advice().unwrap().contains("virt-ssh-helper"), "{error}");
    }
    // The link is made again.
    sshd.cut().unwrap();
    assert!(libvirt.call(domain::list(0)).await.unwrap().contains(&test));

    let error = Connection::builder(&uri).wire(Wire::Rpc).open().await.unwrap_err();
    assert!(error.kind() == ErrorKind::Connect && !error.to_string().contains("virsh:"), "{error}");
    let netcat = format!("{uri}&proxy=netcat").parse().unwrap();
    let error = Connection::open(&netcat).await.unwrap_err();
    assert!(error.to_string().contains("virsh: not tried"), "{error}");
    let error = Connection::builder(&netcat).wire(Wire::Virsh).open().await.unwrap_err();
    assert!(error.kind() == ErrorKind::InvalidInput && error.errors().contains_key("proxy"), "{error}");
}

#[tokio::test]
async fn a_host_without_virsh() {
    let place = tempfile::tempdir().unwrap();
    let sshd = bare(&["sh", "cat", "env", "timeout"], &place);
    let uri = over_ssh(&sshd, daemon(), "test", "/default");
    let error = Connection::open(&uri).await.unwrap_err();
    assert!(error.to_string().contains("virsh: there is no virsh on the host"), "{error}");
    assert!(error.to_string().contains("nc -U: "), "{error}");
    let error = Connection::builder(&uri).wire(Wire::Virsh).open().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unsupported, Outcome::NotSent), "{error}");
}

#[tokio::test]
async fn on_this_machine() {
    let uri: LibvirtUri = daemon().uri("qemu", "/system").parse().unwrap();
    let libvirt = by_virsh(&uri).await;
    assert_eq!(libvirt.way().await, "virsh");
    let tiny = libvirt.call(domain::define(&xml("w-here"), 0)).await.unwrap();
    let error = libvirt.call(domain::destroy(&tiny, 0)).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::WrongState, Outcome::Rejected), "{error}");
    libvirt.call(domain::undefine(&tiny, 0)).await.unwrap();
    let uri: LibvirtUri = "qemu+unix:///system?socket=/nonexistent/sock".parse().unwrap();
    let error = Connection::builder(&uri).wire(Wire::Virsh).open().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Connect, Outcome::NotSent), "{error}");
}

const AGENT: &str = "<devices><channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel></devices></domain>";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_when_all_stands_still() {
    let (daemon, sshd) = (Daemon::start(), Sshd::start().unwrap());
    let libvirt = by_virsh(&over_ssh(&sshd, &daemon, "qemu", "/system")).await;
    let tiny = libvirt.call(domain::define(&xml("w-agent").replace("</domain>", AGENT), 0)).await.unwrap();
    let tiny = libvirt.call(domain::start(&tiny, 0)).await.unwrap();
    let ping = r#"{"execute":"guest-ping","arguments":{"it's":"Z-hunter2 ü"}}"#;
    let error = libvirt.call(domain::agent_command(&tiny, ping, 1)).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Agent, Outcome::Rejected), "{error}");
    let home = sshd.identity_file().parent().unwrap().to_owned();
    assert!(!home.join(".cache/libvirt/virsh").exists(), "virsh has noted what it was told");

    daemon.freeze();
    let secret = xml("w-secret").replace("<memory", "<title>Z-hunter2</title><memory");
    let limit = Duration::from_millis(900);
    let (asked, defined, lines) = tokio::join!(
        libvirt.call(domain::agent_command(&tiny, ping, 1).timeout(limit)),
        libvirt.call(domain::define(&secret, 0).timeout(limit)),
        async {
            tokio::time::sleep(limit / 2).await;
            command_lines()
        }
    );
    assert!(lines.iter().filter(|line| line.contains("virsh")).count() >= 2, "{lines:?}");
    let shown: Vec<_> = lines.iter().filter(|line| line.contains("Z-hunter2")).collect();
    assert!(shown.is_empty(), "everybody on the host can read it: {shown:?}");
    for error in [asked.unwrap_err(), defined.unwrap_err()] {
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::MaybeApplied), "{error}");
    }
    // The daemon goes, and so does the link: what was written may have been done.
    let (destroyed, ()) = tokio::join!(libvirt.call(domain::destroy(&tiny, 0)), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        tokio::task::block_in_place(|| sshd.cut().unwrap());
    });
    let error = destroyed.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Connect, Outcome::MaybeApplied), "{error}");
    let (state, ()) = tokio::join!(libvirt.call(domain::state(&tiny)), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        tokio::task::block_in_place(|| sshd.cut().unwrap());
        daemon.thaw();
    });
    // The read was sent once more.
    assert!(state.unwrap().state > 0);
    let _ = libvirt.call(domain::destroy(&tiny, 0)).await;
    assert_eq!(libvirt.call(domain::state(&tiny)).await.unwrap().state, 5);
}

/// What everybody on the host can see.
fn command_lines() -> Vec<String> {
    let all =
        fs::read_dir("/proc").unwrap().filter_map(|entry| fs::read(entry.ok()?.path().join("cmdline")).ok());
    all.map(|line| String::from_utf8_lossy(&line).replace('\0', " ")).collect()
}
