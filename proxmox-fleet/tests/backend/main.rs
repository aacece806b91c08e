//! A simulated cluster as a place where instances live.
#![allow(clippy::unwrap_used)] // helpers of tests, which no attribute marks as such

mod failed;

use std::time::Duration;

use proxmox_core::backend::{
    Backend, Image, Instance, InstanceEvent, InstanceId, InstanceSpec, InstanceState, InstanceType, Network,
    PveRegion, Region, RegionKind, Regions,
};
use proxmox_core::guest::Exec;
use proxmox_core::{Error, ErrorKind, Outcome, Pve};
use proxmox_fleet::PveBackend;
use proxmox_sim::{PveVersion, Sim, SimGuest, SimNode, SimStorage, SimTransport, WireFault};

const URL: &str = "https://images.example/debian-12.qcow2";
/// Of [`qcow2`].
const SUM: &str = "sha256:2c60242273513a6e33ee22e9f5d2a230e1ca62e2e4881d007a88a93f40fbd23c";
const GIB: u64 = 1 << 30;

/// The head of a disk of 3 GiB.
fn qcow2() -> Vec<u8> {
    let mut image = vec![0; 512];
    image[..8].copy_from_slice(b"QFI\xfb\0\0\0\x03");
    image[24..32].copy_from_slice(&(3 * GIB).to_be_bytes());
    image
}

fn region() -> PveRegion {
    let regions: Regions = serde_json::from_str(
        r#"[{"region_name": "eu", "backend_type": "proxmox", "url": "https://pve1:8006", "token_id": "root@pam!sim",
             "token_secret_env": "TOKEN", "storage": "local-lvm", "bridge": "vmbr1"}]"#,
    )
    .unwrap();
    match regions.get("eu").unwrap() {
        Region::Proxmox(region) => region.clone(),
        other => panic!("{other:?}"),
    }
}

/// The default cluster: two nodes, of which the second has more memory. The clock moves only when somebody waits.
fn sim() -> Sim {
    of_version(PveVersion::V8)
}

fn of_version(version: PveVersion) -> Sim {
    Sim::builder()
        .version(version)
        .time_scale(0.0)
        .node(SimNode::new("pve1").cores(8).memory(16 * GIB).bridge("vmbr1"))
        .node(SimNode::new("pve2").cores(16).memory(64 * GIB).bridge("vmbr1"))
        .storage(SimStorage::new("local-lvm", "lvmthin", "images,rootdir").size(200 * GIB))
        .url(URL, &qcow2())
        .guest(SimGuest::ct(250).name("box").config("memory", "1024").config("cores", "2").node("pve2"))
        .build()
}

struct World {
    sim: Sim,
    transport: SimTransport,
    pve: Pve,
    eu: PveBackend,
}

fn world(sim: &Sim) -> World {
    reached(sim.transport())
}

fn reached(transport: SimTransport) -> World {
    let sim = transport.sim().clone();
    let pve = Pve::new(transport.clone());
    let eu = PveBackend::new(pve.clone(), &region()).unwrap();
    World { sim, transport, pve, eu }
}

impl World {
    fn run<T: Send>(&self, work: impl Future<Output = T> + Send) -> T {
        self.pve.block_on(work)
    }

    fn create(&self, spec: &InstanceSpec) -> Result<Instance, Error> {
        self.run(self.eu.create(spec))
    }

    /// Seeds and images that are there, on both nodes.
    fn files(&self) -> Vec<String> {
        let all = ["pve1", "pve2"].into_iter().flat_map(|node| self.sim.volumes("local", node));
        let mut all: Vec<_> = all.filter(|volid| volid.contains("/sdk-")).collect();
        all.sort();
        all
    }

    /// What was there before, and nothing else.
    #[track_caller]
    fn assert_nothing_left(&self) {
        let guests: Vec<u32> = self.sim.guests().iter().map(|guest| guest.vmid).collect();
        assert_eq!(guests, [100, 101, 250, 9000]);
        assert!(!self.files().iter().any(|volid| volid.contains("sdk-seed")), "{:?}", self.files());
        for node in ["pve1", "pve2"] {
            let disks = self.sim.volumes("local-lvm", node);
            assert!(!disks.iter().any(|disk| disk.contains("vm-102-")), "{disks:?}");
        }
    }
}

fn size(memory_mib: u64, disk_mib: u64) -> InstanceType {
    InstanceType { name: "small".into(), vcpus: 2, memory_mib, disk_mib }
}

fn of_url() -> Image {
    Image::Url { url: URL.into(), checksum: SUM.into() }
}

fn spec(name: &str, image: Image) -> InstanceSpec {
    InstanceSpec::new(name, size(2048, 10_240), image)
}

const SECRETS: &str = "#cloud-config\npassword: hunter2\n";

#[test]
fn a_whole_life() {
    let world = world(&sim());
    let info = world.eu.info();
    assert_eq!((info.kind, info.blocking, world.eu.name()), (RegionKind::Proxmox, true, "eu"));
    whole_life(&world);
}

/// Each call yields once, as over a network.
#[test]
fn a_whole_life_on_the_next_version() {
    let world = reached(of_version(PveVersion::V9).transport().asynchronous());
    assert!(!world.eu.info().blocking);
    whole_life(&world);
}

fn whole_life(world: &World) {
    let eu = &world.eu;
    let spec = spec("web-1", of_url()).user_data(SECRETS).tags(["web"]);
    let made = world.create(&spec).unwrap();
    assert_eq!(
        (made.name.as_str(), made.node.as_str(), made.state),
        ("web-1", "pve2", InstanceState::Running)
    );
    assert_eq!((made.managed, made.vcpus, made.memory_mib), (true, Some(2), Some(2048)));
    assert_eq!(made.tags, ["sdk-managed", "web"]);

    let vmid = made.id.as_str().parse().unwrap();
    let guest = world.sim.guest(vmid).unwrap();
    for (key, value) in [
        ("serial0", "socket"),
        ("agent", "1"),
        ("cores", "2"),
        ("memory", "2048"),
        ("boot", "order=scsi0"),
        ("scsi0", "local-lvm:vm-102-disk-0,discard=on,size=10G"),
    ] {
        assert_eq!(guest.config.get(key).map(String::as_str), Some(value), "{key}");
    }
    assert!(guest.config["net0"].contains("bridge=vmbr1"), "{:?}", guest.config);
    // The seed is a file of its own, which only the machine's drive names; what is in it nobody was shown.
    let files = world.files();
    let seed = files.iter().find(|volid| volid.starts_with("local:iso/sdk-seed-102-")).unwrap();
    assert!(guest.config["ide2"].starts_with(&format!("{seed},")), "{:?}", guest.config);
    let image = world.sim.file(seed, "pve2").unwrap();
    for wanted in [SECRETS, "local-hostname: \"web-1\""] {
        assert!(image.windows(wanted.len()).any(|part| part == wanted.as_bytes()), "{wanted}");
    }
    assert!(!format!("{spec:?}{:?}{:?}", world.sim.requests(), world.transport.log()).contains("hunter2"));
    let fetched = format!("local:import/sdk-{}.qcow2", SUM.replace(':', "-"));
    assert!(files.contains(&fetched), "{files:?}");

    world.sim.clock().advance(Duration::from_secs(30));
    let done = world.run(eu.exec(&made.id, Exec::new(["echo", "hello"]))).unwrap();
    assert_eq!((done.exit_code, done.stdout.text().trim()), (Some(0), "hello"));
    assert!(!world.run(eu.ips(&made.id)).unwrap().is_empty());
    world.run(eu.set_tags(&made.id, &["b".into(), "a".into()])).unwrap();
    assert_eq!(world.run(eu.get(&made.id)).unwrap().tags, ["a", "b", "sdk-managed"]);

    for _ in 0..2 {
        world.run(eu.shutdown(&made.id, Duration::from_secs(30))).unwrap();
        assert_eq!(world.run(eu.get(&made.id)).unwrap().state, InstanceState::Stopped);
    }
    assert_eq!(world.run(eu.ips(&made.id)).unwrap(), Vec::<std::net::IpAddr>::new());
    for _ in 0..2 {
        world.run(eu.start(&made.id)).unwrap();
        assert_eq!(world.run(eu.get(&made.id)).unwrap().state, InstanceState::Running);
    }
    for _ in 0..2 {
        world.run(eu.stop(&made.id)).unwrap();
        assert_eq!(world.run(eu.get(&made.id)).unwrap().state, InstanceState::Stopped);
    }
    world.run(eu.start(&made.id)).unwrap();
    // Running as it is, it goes with its disk and its seed; the image stays for the next one.
    assert!(world.run(eu.delete(&made.id)).unwrap());
    assert!(!world.run(eu.delete(&made.id)).unwrap());
    world.assert_nothing_left();
    assert_eq!(world.files(), [fetched]);
    assert!(world.run(eu.get(&made.id)).unwrap_err().is_not_found());
}

#[test]
fn a_stubborn_one_is_stopped_when_patience_ends() {
    let world = world(&sim());
    let made = world.create(&spec("web-1", of_url())).unwrap();
    assert!(world.sim.set_obeys_shutdown(made.id.as_str().parse().unwrap(), false));
    world.run(world.eu.shutdown(&made.id, Duration::from_secs(7))).unwrap();
    assert_eq!(world.run(world.eu.get(&made.id)).unwrap().state, InstanceState::Stopped);
}

#[test]
fn an_image_is_fetched_once() {
    let world = world(&sim());
    for name in ["web-1", "web-2"] {
        let made = world.create(&spec(name, of_url())).unwrap();
        // Without user data PVE's own drive tells the name.
        let config = world.sim.guest(made.id.as_str().parse().unwrap()).unwrap().config;
        assert!(config["ide2"].contains("cloudinit"), "{config:?}");
    }
    let fetches = world.sim.tasks().iter().filter(|task| task.kind == "download").count();
    assert_eq!((fetches, world.files().len()), (1, 1));
}

#[test]
fn a_volume_decides_the_node() {
    let storage = SimStorage::new("only1", "dir", "import").nodes(&["pve1"]).volume("import/a.raw", 20 * GIB);
    let sim = Sim::builder().time_scale(0.0).node(SimNode::new("pve2").memory(64 * GIB));
    let world = world(&sim.storage(storage).build());
    let spec = spec("web-1", Image::Volume("only1:import/a.raw".into()));
    let spec = spec.network(Network::Bridge("vmbr0".into()));
    let made = world.create(&spec).unwrap();
    assert_eq!(made.node, "pve1");
    // The disk is never made smaller.
    let config = world.sim.guest(made.id.as_str().parse().unwrap()).unwrap().config;
    assert!(config["scsi0"].ends_with("size=20G"), "{config:?}");
    let none = InstanceSpec::new("web-2", size(2048, 1024), Image::Volume("only1:import/none.raw".into()));
    let error = world.create(&none).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::NotFound, Outcome::NotSent), "{error}");
}

#[test]
fn a_template_is_copied() {
    let world = world(&sim());
    for image in ["9000", "debian-12-cloud"] {
        let spec = spec("web-1", Image::Template(image.into())).user_data(SECRETS).tags(["web"]);
        let made = world.create(&spec).unwrap();
        assert_eq!((made.node.as_str(), made.state, made.vcpus), ("pve1", InstanceState::Running, Some(2)));
        assert_eq!(made.tags, ["sdk-managed", "web"]);
        let config = world.sim.guest(made.id.as_str().parse().unwrap()).unwrap().config;
        assert!(config["scsi0"].ends_with("size=10G") && config["ide2"].contains("sdk-seed"), "{config:?}");
        assert!(config["net0"].contains("bridge=vmbr1") && config["memory"] == "2048", "{config:?}");
        assert!(world.run(world.eu.delete(&made.id)).unwrap());
        world.assert_nothing_left();
    }
    let error = world.create(&spec("web-1", Image::Template("none".into()))).unwrap_err();
    assert!(error.is_not_found(), "{error}");
}

#[test]
fn a_name_is_taken_once() {
    let world = world(&sim());
    // PVE itself would take it again; also from those that are not ours, and of another kind.
    for name in ["handmade", "HANDMADE", "box"] {
        let error = world.create(&spec(name, of_url())).unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::AlreadyExists, Outcome::NotSent), "{error}");
    }
    assert!(world.sim.tasks().is_empty());
    world.assert_nothing_left();
    // Of two at once one gets it, whatever list they have read.
    let sim = sim();
    let pve = Pve::new(sim.transport().asynchronous());
    let eu = PveBackend::new(pve.clone(), &region()).unwrap();
    let both = spec("web-1", of_url());
    let (one, two) = pve.block_on(futures_util::future::join(eu.create(&both), eu.clone().create(&both)));
    let kinds: Vec<_> = [one, two].into_iter().map(|made| made.map_err(|e| e.kind()).err()).collect();
    assert!(kinds.contains(&None) && kinds.contains(&Some(ErrorKind::AlreadyExists)), "{kinds:?}");
}

#[test]
fn a_foreign_one_is_only_looked_at() {
    let world = world(&sim());
    let (id, eu) = (InstanceId::new("100"), &world.eu);
    let seen = world.run(eu.get(&id)).unwrap();
    assert!(!seen.managed && seen.state == InstanceState::Running, "{seen:?}");
    world.sim.forget_requests();
    let refused = [
        world.run(eu.shutdown(&id, Duration::from_secs(9))),
        world.run(eu.stop(&id)),
        world.run(eu.delete(&id)).map(drop),
        world.run(eu.set_tags(&id, &["web".into()])),
        world.run(eu.exec(&id, Exec::new(["reboot"]))).map(drop),
    ];
    for result in refused {
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Refused, Outcome::NotSent), "{error}");
    }
    assert!(world.sim.requests().iter().all(|request| request.method == "GET"));
    // What runs is left alone.
    world.run(eu.start(&id)).unwrap();
}

#[test]
fn only_what_does_not_exist_is_called_so() {
    let world = world(&sim());
    let on = |node: &str| world.eu.on(node.parse().unwrap());
    assert!(!world.run(world.eu.delete(&InstanceId::new("999"))).unwrap());
    assert!(world.run(world.eu.get(&InstanceId::new("999"))).unwrap_err().is_not_found());
    for (eu, id, kind, says) in [
        (world.eu.clone(), "web-1", ErrorKind::InvalidInput, "\"web-1\""),
        (world.eu.clone(), "", ErrorKind::InvalidInput, "no id"),
        (world.eu.clone(), "99", ErrorKind::InvalidInput, "\"99\""),
        (world.eu.clone(), "250", ErrorKind::Refused, "container"),
        (world.eu.clone(), "9000", ErrorKind::Refused, "template"),
        (on("pve2"), "101", ErrorKind::WrongState, "on node pve1"),
        // Wherever it is.
        (on("pve1"), "250", ErrorKind::Refused, "container"),
    ] {
        let id = InstanceId::new(id);
        let errors = [
            world.run(eu.delete(&id)).map(drop),
            world.run(eu.get(&id)).map(drop),
            world.run(eu.start(&id)),
            world.run(eu.set_tags(&id, &[])),
        ];
        for error in errors.map(Result::unwrap_err) {
            assert_eq!((error.kind(), error.outcome()), (kind, Outcome::NotSent), "{id}: {error}");
            assert!(error.to_string().contains(says) && !error.is_not_found(), "{id}: {error}");
        }
    }
    world.assert_nothing_left();
    // A list that cannot be read in full does not say who is missing.
    let rows = r#"{"data": [{"id": "qemu/101", "type": "qemu", "vmid": {}, "node": "pve1"}]}"#;
    world.transport.faults().add(WireFault::Body(rows.into()).on("GET", "/cluster/resources"));
    let error = world.run(world.eu.delete(&InstanceId::new("101"))).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Decode, Outcome::NotSent), "{error}");
}

#[test]
fn what_there_is_and_what_is_promised() {
    let world = world(&sim());
    let all = world.run(world.eu.capacity()).unwrap();
    // 2 + 2 CPUs and 2 + 4 GiB of both machines, running or not, and the container; the template is none.
    assert_eq!((all.vcpus, all.promised_vcpus), (24, 6));
    assert_eq!((all.memory_mib, all.promised_memory_mib), (80 << 10, 7 << 10));
    assert!(all.used_memory_mib.unwrap() > 0 && all.cpu_percent.unwrap() > 0.0);
    assert_eq!(all.disk_mib, 400 << 10);
    let nodes = world.run(world.eu.nodes()).unwrap();
    let names: Vec<_> = nodes.iter().map(PveBackend::name).collect();
    assert_eq!(names, ["eu-pve1", "eu-pve2"]);
    assert_eq!(world.eu.named("eu-pve2").unwrap().node(), nodes[1].node());
    assert_eq!(world.eu.named("eu").unwrap().node(), None);
    assert_eq!(nodes[1].on("pve1".parse().unwrap()).name(), "eu-pve1");
    for name in ["us", "eu-", "eupve1", "eu-pve1/x"] {
        assert!(world.eu.named(name).unwrap_err().is_not_found(), "{name}");
    }
    let two = world.run(nodes[1].capacity()).unwrap();
    assert_eq!((two.vcpus, two.promised_vcpus, two.promised_memory_mib), (16, 2, 1 << 10));
    assert_eq!(two.disk_mib, 200 << 10);
    let listed = |backend: &PveBackend| -> Vec<String> {
        world.run(backend.list()).unwrap().into_iter().map(|instance| instance.name).collect()
    };
    assert_eq!(listed(&world.eu), ["handmade", "shop-db"]);
    assert_eq!(listed(&nodes[1]), Vec::<String>::new());
    // A storage that both share counts once.
    let mut elsewhere = region();
    elsewhere.storage = "shared".into();
    let shared = PveBackend::new(world.pve.clone(), &elsewhere).unwrap();
    assert_eq!(world.run(shared.capacity()).unwrap().disk_mib, 500 << 10);
}

#[test]
fn the_node_with_the_most_free_memory_takes_it() {
    let world = world(&sim());
    let large = |name: &str, memory| InstanceSpec::new(name, size(memory, 4096), of_url());
    assert_eq!(world.create(&large("a", 60 << 10)).unwrap().node, "pve2");
    // 3 GiB are left there, and 10 here.
    assert_eq!(world.create(&large("b", 8 << 10)).unwrap().node, "pve1");
    let error = world.create(&large("c", 8 << 10)).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Refused, Outcome::NotSent));
    assert!(
        error.to_string().contains("pve1: 2048 MiB") && error.to_string().contains("pve2: 3072 MiB"),
        "{error}"
    );
    let disk = InstanceSpec::new("d", size(1024, 999 << 10), of_url());
    assert!(world.create(&disk).unwrap_err().to_string().contains("of disk are free"));
    // One that is offline takes nothing.
    assert!(world.sim.set_node_down("pve2", true));
    assert_eq!(world.create(&large("e", 1024)).unwrap().node, "pve1");
}

#[test]
fn what_happens_is_told() {
    let world = world(&sim());
    let mut all = world.run(world.eu.watch()).unwrap();
    let mut here = world.run(world.eu.on("pve1".parse().unwrap()).watch()).unwrap();
    let InstanceEvent::Listed(first) = world.run(all.next()).unwrap() else { panic!() };
    assert_eq!(first.iter().map(|i| i.name.as_str()).collect::<Vec<_>>(), ["handmade", "shop-db"]);
    let InstanceEvent::Listed(_) = world.run(here.next()).unwrap() else { panic!() };
    let made = world.create(&spec("web-1", of_url())).unwrap();
    let seen = loop {
        match world.run(all.next()).unwrap() {
            InstanceEvent::Changed(instance) if instance.state == InstanceState::Running => break instance,
            InstanceEvent::Changed(_) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((&seen.id, seen.name.as_str(), seen.managed), (&made.id, "web-1", true));
    // A silence is an error and no end, and nobody is gone by it.
    world.transport.faults().add(WireFault::CloseBeforeExecuting.on("GET", "/cluster/resources"));
    assert!(world.run(all.next()).is_err());
    world.run(world.eu.delete(&made.id)).unwrap();
    let gone = loop {
        match world.run(all.next()).unwrap() {
            InstanceEvent::Changed(_) => {}
            other => break other,
        }
    };
    assert_eq!(gone, InstanceEvent::Gone(made.id));
    assert!(world.sim.set_config(101, "tags", Some("production;sdk-managed;x")));
    let InstanceEvent::Changed(changed) = world.run(here.next()).unwrap() else { panic!() };
    assert_eq!(changed.tags, ["production", "sdk-managed", "x"]);
}

#[test]
fn what_is_wrong_is_said_before_anything_is_made() {
    let world = world(&sim());
    world.sim.forget_requests();
    for (bad, why) in [
        (spec("web-1", of_url()).user_data("#cloud-config\na: ["), "user_data"),
        (spec("web-1", of_url()).tags(["a b"]), "tag"),
        (spec("12", of_url()), "number"),
        (spec("web-1", Image::Url { url: "https://x/a.html".into(), checksum: SUM.into() }), ".qcow2"),
        (spec("web-1", Image::Volume("no-volume".into())), "volid"),
    ] {
        let error = world.create(&bad).unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidInput, Outcome::NotSent), "{error}");
        assert!(error.to_string().contains(why), "{error}");
    }
    assert!(world.sim.requests().iter().all(|request| request.method == "GET"));
}
