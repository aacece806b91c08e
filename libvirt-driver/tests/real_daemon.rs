//! The client against a real libvirtd.

// These are tests, and they wait for other processes in real time.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod daemon;

use std::time::Duration;

use daemon::{Daemon, daemon};
use libvirt_driver::rpc::procedures::{device, domain, host, network, snapshot, storage};
use libvirt_driver::rpc::{DomainRef, Event, RemoteError, TypedValue};
use libvirt_driver::{Connection, LibvirtUri, Reconnect};
use proxmox_core::{Effect, ErrorKind, Outcome};

async fn open(daemon: &Daemon, driver: &str, path: &str) -> Connection {
    let uri: LibvirtUri = daemon.uri(driver, path).parse().unwrap();
    Connection::open(&uri).await.unwrap()
}

fn xml(name: &str) -> String {
    format!(
        "<domain type='qemu'><name>{name}</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>\
         <os><type arch='x86_64'>hvm</type></os><features><acpi/></features></domain>"
    )
}

async fn define(host: &Connection, name: &str) -> DomainRef {
    host.call(domain::define(&xml(name), 0)).await.unwrap()
}

#[tokio::test]
async fn the_host_tells_of_itself() {
    let libvirt = open(daemon(), "qemu", "/system").await;
    assert!(libvirt.call(host::lib_version()).await.unwrap() >= 6_000_000);
    assert_eq!(libvirt.call(host::uri()).await.unwrap(), "qemu:///system");
    assert!(!libvirt.call(host::hostname()).await.unwrap().is_empty());
    assert!(libvirt.call(host::version()).await.unwrap() > 0);
    assert!(libvirt.call(host::capabilities()).await.unwrap().contains("<capabilities>"));
    let capabilities = host::domain_capabilities(None, Some("x86_64"), None, Some("qemu"));
    assert!(libvirt.call(capabilities).await.unwrap().contains("<domainCapabilities>"));
    let info = libvirt.call(host::info()).await.unwrap();
    assert_eq!((info.model.0.as_str(), info.cpus > 0), ("x86_64", true));
    let memory = libvirt.call(host::memory_stats()).await.unwrap();
    assert!(memory.iter().any(|(name, kib)| name == "total" && *kib > 100_000), "{memory:?}");
    let cpu = libvirt.call(host::cpu_stats()).await.unwrap();
    assert!(cpu.iter().any(|(name, ns)| name == "idle" && *ns > 0), "{cpu:?}");
}

#[tokio::test]
async fn a_domain_from_its_definition_to_its_end() {
    let libvirt = open(daemon(), "qemu", "/system").await;
    let tiny = define(&libvirt, "life").await;
    assert_eq!((tiny.name.as_str(), tiny.id), ("life", -1));
    assert!(libvirt.call(domain::list(0)).await.unwrap().contains(&tiny));
    assert_eq!(libvirt.call(domain::lookup_by_uuid(tiny.uuid)).await.unwrap(), tiny);
    assert_eq!(libvirt.call(domain::lookup_by_name("life")).await.unwrap(), tiny);
    assert_eq!(libvirt.call(domain::state(&tiny)).await.unwrap().state, 5);

    let running = libvirt.call(domain::start(&tiny, 1)).await.unwrap();
    assert!(running.id > 0);
    assert_eq!(libvirt.call(domain::state(&tiny)).await.unwrap().state, 3);
    libvirt.call(domain::resume(&tiny)).await.unwrap();
    assert_eq!(libvirt.call(domain::state(&tiny)).await.unwrap().state, 1);
    let info = libvirt.call(domain::info(&tiny)).await.unwrap();
    assert_eq!((info.state, info.max_memory, info.vcpus), (1, 65_536, 1));
    libvirt.call(domain::suspend(&tiny)).await.unwrap();
    libvirt.call(domain::reset(&tiny)).await.unwrap();
    let stats = libvirt.call(domain::stats(std::slice::from_ref(&tiny), 1, 0)).await.unwrap();
    let state = ("state.state".to_owned(), TypedValue::Int(3));
    assert!(stats.len() == 1 && stats[0].values.contains(&state), "{stats:?}");

    let error = libvirt.call(domain::start(&tiny, 0)).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::WrongState, Outcome::Rejected), "{error}");
    libvirt.call(domain::destroy(&tiny, 0)).await.unwrap();
    let error = libvirt.call(domain::destroy(&tiny, 0)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongState, "{error}");
    libvirt.call(domain::undefine(&tiny, 1 | 2 | 4)).await.unwrap();
    let error = libvirt.call(domain::lookup_by_uuid(tiny.uuid)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(RemoteError::of(&error).map(|said| (said.code, said.domain)), Some((42, 10)));
}

#[tokio::test]
async fn a_definition_changes() {
    let libvirt = open(daemon(), "qemu", "/system").await;
    let tiny = define(&libvirt, "changes").await;
    let same = xml("changes").replace("<memory", "<title>a</title><memory");
    let error = libvirt.call(domain::define(&same, 0)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");

    libvirt.call(domain::set_vcpus(&tiny, 4, 2 | 4)).await.unwrap();
    libvirt.call(domain::set_vcpus(&tiny, 2, 2)).await.unwrap();
    assert_eq!(libvirt.call(domain::vcpus(&tiny, 2)).await.unwrap(), 2);
    libvirt.call(domain::set_memory(&tiny, 128 << 10, 2 | 4)).await.unwrap();
    libvirt.call(domain::set_memory(&tiny, 96 << 10, 2)).await.unwrap();
    assert_eq!(libvirt.call(domain::info(&tiny)).await.unwrap().max_memory, 128 << 10);

    let uri = Some("https://example.com/tags");
    let error = libvirt.call(domain::metadata(&tiny, 2, uri, 2)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    let tags = Some("<tags><tag name='a&amp;b'/></tags>");
    libvirt.call(domain::set_metadata(&tiny, 2, tags, Some("t"), uri, 2)).await.unwrap();
    let stored = libvirt.call(domain::metadata(&tiny, 2, uri, 2)).await.unwrap();
    assert!(stored.contains("name=\"a&amp;b\""), "{stored}");
    libvirt.call(domain::set_metadata(&tiny, 1, Some("A title"), None, None, 2)).await.unwrap();
    assert!(libvirt.call(domain::xml(&tiny, 2)).await.unwrap().contains("<title>A title</title>"));

    let serial = "<serial type='null'><target port='1'/></serial>";
    libvirt.call(device::attach(&tiny, serial, 2)).await.unwrap();
    assert!(libvirt.call(domain::xml(&tiny, 2)).await.unwrap().contains("<serial type='null'>"));

    assert!(!libvirt.call(domain::autostart(&tiny)).await.unwrap());
    libvirt.call(domain::set_autostart(&tiny, true)).await.unwrap();
    assert!(libvirt.call(domain::autostart(&tiny)).await.unwrap());
    assert!(!libvirt.call(domain::has_managed_save(&tiny)).await.unwrap());

    let error =
        libvirt.call(domain::agent_command(&tiny, "{\"execute\":\"guest-ping\"}", 1)).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Rejected, "{error}");
    libvirt.call(domain::rename(&tiny, "changed")).await.unwrap();
    let tiny = libvirt.call(domain::lookup_by_name("changed")).await.unwrap();
    libvirt.call(domain::undefine(&tiny, 0)).await.unwrap();

    let error = libvirt.call(domain::define("<domain><oops", 0)).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidInput, Outcome::Rejected), "{error}");
}

#[tokio::test]
async fn an_agent_that_is_not_there_is_its_own_trouble() {
    let libvirt = open(daemon(), "qemu", "/system").await;
    let channel = "<devices><channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel></devices></domain>";
    let xml = xml("agentless").replace("</domain>", channel);
    let tiny = libvirt.call(domain::define(&xml, 0)).await.unwrap();
    libvirt.call(domain::start(&tiny, 0)).await.unwrap();
    let ping = domain::agent_command(&tiny, "{\"execute\":\"guest-ping\"}", 1).with_effect(Effect::Read);
    let error = libvirt.call(ping).await.unwrap_err();
    libvirt.call(domain::destroy(&tiny, 0)).await.unwrap();
    libvirt.call(domain::undefine(&tiny, 0)).await.unwrap();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Agent, Outcome::Rejected), "{error}");
}

#[tokio::test]
async fn a_console_takes_and_gives_bytes() {
    let libvirt = open(daemon(), "qemu", "/system").await;
    // There is no guest: the firmware writes to the port.
    let serial = "<devices><serial type='pty'><target port='0'/></serial></devices></domain>";
    let xml = xml("console").replace("<os>", "<os><bios useserial='yes'/>").replace("</domain>", serial);
    let tiny = libvirt.call(domain::define(&xml, 0)).await.unwrap();
    let tiny = libvirt.call(domain::start(&tiny, 1)).await.unwrap();
    let mut console = libvirt.stream(domain::console(&tiny, None, 0)).await.unwrap().endless();
    let error = libvirt.stream(domain::console(&tiny, None, 0)).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Rejected, "{error}");
    libvirt.call(domain::resume(&tiny)).await.unwrap();
    let mut text = String::new();
    while !text.contains("SeaBIOS") {
        let part = tokio::time::timeout(Duration::from_secs(10), console.next()).await.expect("no output");
        text += &String::from_utf8_lossy(&part.unwrap().expect("the console has ended"));
    }
    console.send(b"\r").await.unwrap();
    drop(console);
    libvirt.call(domain::destroy(&tiny, 0)).await.unwrap();
    libvirt.call(domain::undefine(&tiny, 0)).await.unwrap();
}

#[tokio::test]
async fn a_pool_and_its_volumes() {
    let libvirt = open(daemon(), "qemu", "/system").await;
    let target = daemon().pool().join("lab");
    let xml =
        format!("<pool type='dir'><name>lab</name><target><path>{}</path></target></pool>", target.display());
    let pool = libvirt.call(storage::define_pool(&xml)).await.unwrap();
    libvirt.call(storage::build_pool(&pool, 0)).await.unwrap();
    libvirt.call(storage::start_pool(&pool, 0)).await.unwrap();
    libvirt.call(storage::refresh_pool(&pool)).await.unwrap();
    assert!(libvirt.call(storage::pool_is_active(&pool)).await.unwrap());
    assert_eq!(libvirt.call(storage::pool_by_name("lab")).await.unwrap(), pool);
    assert_eq!(libvirt.call(storage::pool_by_uuid(pool.uuid)).await.unwrap(), pool);
    assert!(libvirt.call(storage::pools(0)).await.unwrap().contains(&pool));
    let info = libvirt.call(storage::pool_info(&pool)).await.unwrap();
    assert!(info.state == 2 && info.available > 0, "{info:?}");
    assert!(libvirt.call(storage::pool_xml(&pool, 0)).await.unwrap().contains("<pool type='dir'>"));

    let xml = "<volume><name>a.raw</name><capacity unit='B'>1500000</capacity><target><format type='raw'/></target></volume>";
    let volume = libvirt.call(storage::create_volume(&pool, xml, 0)).await.unwrap();
    let error = libvirt.call(storage::create_volume(&pool, xml, 0)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
    assert_eq!(libvirt.call(storage::volumes(&pool)).await.unwrap(), std::slice::from_ref(&volume));
    assert_eq!(libvirt.call(storage::volume_by_name(&pool, "a.raw")).await.unwrap(), volume);
    assert_eq!(libvirt.call(storage::volume_by_key(&volume.key)).await.unwrap(), volume);
    let path = libvirt.call(storage::volume_path(&volume)).await.unwrap();
    assert_eq!(libvirt.call(storage::volume_by_path(&path)).await.unwrap(), volume);

    let content: Vec<u8> = (0..1_500_000u32).map(|i| ((i * 7) >> 3) as u8).collect();
    let sent = libvirt.upload(storage::upload(&volume, 0, 0), &mut &*content).await.unwrap();
    assert_eq!(sent, 1_500_000);
    let mut back = Vec::new();
    let received = libvirt.download(storage::download(&volume, 0, 0), &mut back).await.unwrap();
    assert!(received == 1_500_000 && back == content, "{received} bytes came back");

    libvirt.call(storage::resize_volume(&volume, 2_000_000, 0)).await.unwrap();
    assert_eq!(libvirt.call(storage::volume_info(&volume)).await.unwrap().capacity, 2_000_000);
    let copy = xml.replace("a.raw", "b.raw");
    let copy = libvirt.call(storage::create_volume_from(&pool, &copy, &volume, 0)).await.unwrap();
    assert!(libvirt.call(storage::volume_xml(&copy)).await.unwrap().contains("<name>b.raw</name>"));
    for volume in [volume, copy] {
        libvirt.call(storage::delete_volume(&volume)).await.unwrap();
        let error = libvirt.call(storage::volume_by_key(&volume.key)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
    libvirt.call(storage::stop_pool(&pool)).await.unwrap();
    libvirt.call(storage::undefine_pool(&pool)).await.unwrap();
}

#[tokio::test]
async fn an_upload_beyond_the_end_is_refused() {
    let libvirt = open(daemon(), "qemu", "/system").await;
    let target = daemon().pool();
    let xml = format!(
        "<pool type='dir'><name>beyond</name><target><path>{}</path></target></pool>",
        target.display()
    );
    let pool = libvirt.call(storage::define_pool(&xml)).await.unwrap();
    libvirt.call(storage::start_pool(&pool, 0)).await.unwrap();
    let xml = "<volume><name>s.raw</name><capacity unit='B'>1000</capacity><target><format type='raw'/></target></volume>";
    let volume = libvirt.call(storage::create_volume(&pool, xml, 0)).await.unwrap();
    let upload = storage::upload(&volume, 0, 1000);
    let error = libvirt.upload(upload, &mut &*vec![1; 3_000_000]).await.unwrap_err();
    assert!(RemoteError::of(&error).is_some(), "{error:?}");
    // The connection has not suffered.
    libvirt.call(storage::delete_volume(&volume)).await.unwrap();
    libvirt.call(storage::stop_pool(&pool)).await.unwrap();
    libvirt.call(storage::undefine_pool(&pool)).await.unwrap();
}

#[tokio::test]
async fn a_network() {
    let libvirt = open(daemon(), "qemu", "/system").await;
    let net = libvirt
        .call(network::define("<network><name>net1</name><bridge name='lvtest0'/></network>"))
        .await
        .unwrap();
    assert!(libvirt.call(network::list(0)).await.unwrap().contains(&net));
    assert_eq!(libvirt.call(network::lookup_by_name("net1")).await.unwrap(), net);
    assert!(libvirt.call(network::xml(&net)).await.unwrap().contains("lvtest0"));
    assert!(!libvirt.call(network::is_active(&net)).await.unwrap());
    assert_eq!(libvirt.call(network::leases(&net, None)).await.unwrap(), []);
    libvirt.call(network::undefine(&net)).await.unwrap();
    let error = libvirt.call(network::lookup_by_name("net1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

/// What the daemon makes up: leases, addresses, snapshots.
#[tokio::test]
async fn the_test_driver() {
    let libvirt = open(daemon(), "test", "/default").await;
    let test = libvirt.call(domain::lookup_by_name("test")).await.unwrap();
    let taken = libvirt
        .call(snapshot::create(&test, "<domainsnapshot><name>s1</name></domainsnapshot>", 0))
        .await
        .unwrap();
    assert_eq!(libvirt.call(snapshot::list(&test, 0)).await.unwrap(), std::slice::from_ref(&taken));
    assert_eq!(libvirt.call(snapshot::lookup_by_name(&test, "s1")).await.unwrap(), taken);
    assert!(libvirt.call(snapshot::xml(&taken)).await.unwrap().contains("<name>s1</name>"));
    libvirt.call(snapshot::revert(&taken, 0)).await.unwrap();
    libvirt.call(snapshot::delete(&taken, 0)).await.unwrap();
    let error = libvirt.call(snapshot::lookup_by_name(&test, "s1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    let stats = libvirt.call(domain::stats(&[], 0, 0)).await.unwrap();
    assert_eq!(stats[0].domain.uuid, test.uuid);
    libvirt.call(domain::shutdown(&test, 0)).await.unwrap();
    assert_eq!(libvirt.call(domain::state(&test)).await.unwrap().state, 5);
}

#[tokio::test]
async fn events_of_a_life() {
    let libvirt = open(daemon(), "qemu", "/system").await;
    let mut events = libvirt.events().await.unwrap();
    let tiny = define(&libvirt, "events").await;
    libvirt.call(domain::start(&tiny, 1)).await.unwrap();
    libvirt.call(domain::destroy(&tiny, 0)).await.unwrap();
    libvirt.call(domain::undefine(&tiny, 0)).await.unwrap();
    let mut seen = Vec::new();
    while seen.last() != Some(&1) {
        match tokio::time::timeout(Duration::from_secs(5), events.next()).await.unwrap().unwrap() {
            Event::Lifecycle(event) if event.domain.uuid == tiny.uuid => seen.push(event.event),
            _ => {}
        }
    }
    // qemu may tell that it shuts down when it is told to.
    seen.retain(|event| *event != 6);
    // Defined, started, suspended because it was to be, stopped, undefined.
    assert_eq!(seen, [0, 2, 3, 5, 1]);
}

#[tokio::test]
async fn a_daemon_that_restarts() {
    let daemon = Daemon::start();
    let libvirt = open(&daemon, "qemu", "/system").await;
    let uri: LibvirtUri = daemon.uri("qemu", "/system").parse().unwrap();
    let strict = Connection::builder(&uri).reconnect(Reconnect::Never).open().await.unwrap();
    let tiny = define(&libvirt, "restart").await;
    let mut events = libvirt.events().await.unwrap();
    daemon.restart();
    let error = events.next().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    // The definition is on disk, and the next call finds the new daemon.
    assert_eq!(libvirt.call(domain::lookup_by_name("restart")).await.unwrap(), tiny);
    let error = strict.call(domain::start(&tiny, 1)).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Connect, Outcome::NotSent), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_killed_in_the_middle_of_a_write() {
    let daemon = Daemon::start();
    let libvirt = open(&daemon, "qemu", "/system").await;
    let tiny = define(&libvirt, "midway").await;
    daemon.freeze();
    let started =
        libvirt.call(domain::start(&tiny, 1).timeout(Duration::from_millis(300))).await.unwrap_err();
    assert_eq!((started.kind(), started.outcome()), (ErrorKind::Timeout, Outcome::MaybeApplied), "{started}");
    let (write, read, ()) =
        tokio::join!(libvirt.call(domain::undefine(&tiny, 0)), libvirt.call(domain::state(&tiny)), async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            tokio::task::block_in_place(|| daemon.restart());
        },);
    let write = write.unwrap_err();
    assert_eq!((write.kind(), write.outcome()), (ErrorKind::Connect, Outcome::MaybeApplied), "{write}");
    // The read was sent once more.
    assert_eq!(read.unwrap().state, 5);
}

#[tokio::test]
async fn no_daemon_and_no_driver() {
    let uri: LibvirtUri = "qemu+unix:///system?socket=/nonexistent/sock".parse().unwrap();
    let error = Connection::open(&uri).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Connect, Outcome::NotSent));
    assert!(error.to_string().contains("socket /nonexistent/sock: there is none"), "{error}");

    let uri: LibvirtUri = format!("{}&name=vz:///system", daemon().uri("qemu", "/system")).parse().unwrap();
    let error = Connection::open(&uri).await.unwrap_err();
    assert!(RemoteError::of(&error).is_some(), "{error:?}");
    assert_eq!(error.outcome(), Outcome::NotSent);
}
