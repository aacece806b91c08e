//! Containers: the same life as a VM's, and what is their own.

use std::time::Duration;

use proxmox_core::config::{ConfigChange, ContainerNet, IpConfig, Size};
use proxmox_core::guest::{
    CloneOptions, DeleteOptions, Deleted, GuestState, HowCloned, IpQuery, NewId, Power, Shutdown,
    SnapshotOptions,
};
use proxmox_core::{ErrorKind, Outcome, PvePath, PveRequest};
use proxmox_lxc::{Container, ContainerSpec, Containers, Exec, ExecResult, LxcNode, Push};
use serde_json::Value;

use super::{Cap, World, assert_is};

fn containers(world: &World) -> Containers {
    world.node().containers()
}

fn spec(world: &World, hostname: &str) -> ContainerSpec {
    ContainerSpec::new(&world.archive, hostname).rootfs(&world.storage, 1).memory_mib(128)
}

fn card(world: &World, ip: &str) -> ContainerNet {
    let ip = IpConfig::new().with_ip(ip).unwrap();
    ContainerNet::new("eth0").unwrap().with_bridge(world.bridge).unwrap().with_ip_config(&ip).unwrap()
}

async fn new_container(world: &World, hostname: &str) -> Container {
    containers(world).create(NewId::Auto, spec(world, hostname)).await.unwrap()
}

/// Takes the managed tag away.
async fn disown(container: &Container) {
    let change = ConfigChange::new().delete("tags");
    container.set_config(change).force(container.vmid()).await.unwrap();
}

async fn state(container: &Container) -> GuestState {
    container.status().await.unwrap().status
}

pub async fn is_made_as_described(world: &World) {
    if !world.needs(Cap::Containers) {
        return;
    }
    let spec = spec(world, "made")
        .cores(2)
        .swap_mib(64)
        .mount(0, &world.storage, 2, "/srv/data")
        .net(0, &card(world, "192.0.2.5/24"))
        .nameservers(["192.0.2.53"])
        .ssh_keys(["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdTz0p+Zk3c4yq0b8z5mP4yq6m5m2XQbYQ2V8Qb2u+/ u@h"])
        .password("hunter2hunter2")
        .nesting()
        .onboot()
        .tags(["web"]);
    let container = containers(world).create(NewId::Auto, spec).await.unwrap();
    let config = container.config().await.unwrap();
    assert_eq!((config.name(), config.cores(), config.memory_mib()), (Some("made"), Some(2), Some(128)));
    assert_eq!(
        (config.int("swap"), config.flag("unprivileged"), config.flag("onboot")),
        (Some(64), Some(true), Some(true))
    );
    assert_eq!((config.get("features"), config.get("nameserver")), (Some("nesting=1"), Some("192.0.2.53")));
    for (slot, gib) in [("rootfs", 1), ("mp0", 2)] {
        let disk = config.disk(slot).unwrap();
        assert_eq!(disk.volid().unwrap().storage(), world.storage);
        assert_eq!(disk.size(), Some(Size::gib(gib)), "{slot}");
    }
    let (_, net) = config.container_nets().remove(0);
    let net = net.unwrap();
    assert!(net.mac().is_some(), "PVE chooses one: {config:?}");
    assert_eq!((net.name(), net.bridge()), ("eth0", Some(world.bridge)));
    let tags = config.tags();
    assert!(tags.contains("web") && tags.contains("sdk-managed"), "{tags:?}");
    assert!(!format!("{config:?}").contains("hunter2"));
    let listed = containers(world).list().await.unwrap();
    let row = listed.iter().find(|row| row.vmid == container.vmid()).unwrap();
    assert_eq!((row.name.as_deref(), row.maxmem), (Some("made"), Some(128 << 20)));
    container.delete(DeleteOptions::new()).await.unwrap();
}

pub async fn lives_its_life(world: &World) {
    if !world.needs(Cap::Containers) {
        return;
    }
    let container = containers(world).create(world.number(84), spec(world, "lives")).await.unwrap();
    assert_eq!(container.start().await.unwrap().upid.kind(), "vzstart");
    assert_eq!(state(&container).await, GuestState::Running);
    let status = container.status().await.unwrap();
    assert_eq!((status.vmid, status.name.as_deref()), (container.vmid(), Some("lives")));
    let error = container.start().await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Rejected, "{error:?}");
    assert_eq!(container.reboot(None).await.unwrap().upid.kind(), "vzreboot");
    assert_eq!(state(&container).await, GuestState::Running);
    let error = container.delete(DeleteOptions::new()).await.unwrap_err();
    assert_is(&error, ErrorKind::WrongState, Outcome::Rejected);
    let patience = Shutdown::new().timeout(Duration::from_secs(60));
    assert_eq!(container.shutdown(patience).await.unwrap().upid.kind(), "vzshutdown");
    assert_eq!(state(&container).await, GuestState::Stopped);
    container.start().await.unwrap();
    assert_eq!(container.stop().await.unwrap().upid.kind(), "vzstop");
    assert!(matches!(container.delete(DeleteOptions::new().purge()).await.unwrap(), Deleted::Done(_)));
    assert!(container.status().await.unwrap_err().is_not_found());
    assert!(matches!(container.delete(DeleteOptions::new()).await.unwrap(), Deleted::Absent));
}

pub async fn is_ensured_both_ways_and_once(world: &World) {
    if !world.needs(Cap::Containers) {
        return;
    }
    let container = new_container(world, "ensured").await;
    for (power, wanted) in [(Power::Running, GuestState::Running), (Power::Stopped, GuestState::Stopped)] {
        assert!(container.ensure(power).await.unwrap().is_some());
        assert_eq!(state(&container).await, wanted);
        let before = world.writes();
        assert!(container.ensure(power).await.unwrap().is_none());
        world.assert_nothing_written_since(&before);
    }
}

pub async fn a_static_address_is_known_before_it_runs(world: &World) {
    if !world.needs(Cap::Containers) {
        return;
    }
    let spec = spec(world, "static").net(0, &card(world, "192.0.2.77/24"));
    let container = containers(world).create(NewId::Auto, spec).await.unwrap();
    let found = container.wait_for_ip(IpQuery::v4()).await.unwrap();
    assert_eq!((found.address.to_string().as_str(), found.interface.as_str()), ("192.0.2.77", "eth0"));
}

pub async fn another_address_is_waited_for(world: &World) {
    if !world.needs(Cap::Containers) {
        return;
    }
    let spec = spec(world, "dhcp").net(0, &card(world, "dhcp"));
    let container = containers(world).create(NewId::Auto, spec).await.unwrap();
    let error = container.wait_for_ip(IpQuery::v4()).await.unwrap_err();
    assert_is(&error, ErrorKind::WrongState, Outcome::Rejected);
    container.start().await.unwrap();
    let found = container.wait_for_ip(IpQuery::v4()).await.unwrap();
    let seen = container.interfaces().await.unwrap();
    let eth0 = seen.iter().find(|interface| interface.name == "eth0").unwrap();
    assert!(eth0.addresses.iter().any(|address| address.ip() == Some(found.address)), "{seen:?}");
    assert_eq!(found.mac, eth0.mac);
}

pub async fn is_changed_and_grows(world: &World) {
    if !world.needs(Cap::Containers) {
        return;
    }
    let container = new_container(world, "changes").await;
    let config = container.config().await.unwrap();
    let change = config.change(|want| {
        want.set("memory", 256).set("description", "it's \"so\"\nü").set("tags", "sdk-managed;Web");
    });
    container.set_config(change.clone()).await.unwrap();
    let now = container.config().await.unwrap();
    assert_eq!((now.memory_mib(), now.description().map(str::trim_end)), (Some(256), Some("it's \"so\"\nü")));
    assert!(now.tags().contains("web"));
    assert!(change.digest().is_some());
    let error = container.set_config(change.set("cores", 2)).await.unwrap_err();
    assert_is(&error, ErrorKind::Conflict, Outcome::Rejected);
    let error = container.set_config([("cores", "many")]).await.unwrap_err();
    assert_is(&error, ErrorKind::InvalidInput, Outcome::Rejected);
    assert!(error.errors().contains_key("cores"), "{error:?}");

    let report = container.resize("rootfs", "+1G".parse().unwrap()).await.unwrap();
    assert_eq!(report.upid.kind(), "resize");
    let disk = container.config().await.unwrap().disk("rootfs").unwrap();
    assert_eq!(disk.size(), Some(Size::gib(2)));
    let error = container.resize("rootfs", "1G".parse().unwrap()).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Rejected, "{error:?}");
}

pub async fn goes_back_to_a_snapshot(world: &World) {
    if !world.needs(Cap::Containers) {
        return;
    }
    let container = new_container(world, "goes-back").await;
    let taken = container.snapshot(SnapshotOptions::named("before")).await.unwrap();
    assert_eq!(taken.upid.kind(), "vzsnapshot");
    container.set_config([("memory", "256")]).await.unwrap();
    assert_eq!(container.rollback("before").await.unwrap().upid.kind(), "vzrollback");
    assert_eq!(container.config().await.unwrap().int("memory"), Some(128));
    assert_eq!(container.delete_snapshot("before").await.unwrap().upid.kind(), "vzdelsnapshot");
    assert_eq!(container.snapshots().await.unwrap().len(), 0);

    let error = container.snapshot(SnapshotOptions::named("memory").vmstate()).await.unwrap_err();
    assert_is(&error, ErrorKind::InvalidInput, Outcome::NotSent);
}

pub async fn is_cloned_once(world: &World) {
    if !world.needs(Cap::Containers) {
        return;
    }
    let source = new_container(world, "source").await;
    let options = || CloneOptions::named("copy").newid(world.number(80)).full();
    let clone = source.clone_to(options()).await.unwrap();
    assert!(matches!(clone.how, HowCloned::New(_)), "{:?}", clone.how);
    let config = clone.guest.config().await.unwrap();
    assert_eq!(config.name(), Some("copy"));
    assert!(config.tags().contains("sdk-managed"));
    assert_ne!(
        config.disk("rootfs").unwrap().volid(),
        source.config().await.unwrap().disk("rootfs").unwrap().volid()
    );
    let again = source.clone_to(options()).await.unwrap();
    assert_eq!((again.vmid, again.how), (clone.vmid, HowCloned::Existing));
    let error = source.clone_to(options().newid(source.vmid())).await.unwrap_err();
    assert_is(&error, ErrorKind::AlreadyExists, Outcome::Rejected);
    clone.guest.start().await.unwrap();
    assert_eq!(state(&clone.guest).await, GuestState::Running);
}

pub async fn a_template_does_not_start(world: &World) {
    if !world.needs(Cap::Containers) {
        return;
    }
    let container = new_container(world, "becomes-template").await;
    assert_eq!(container.template().await.unwrap().upid.kind(), "vztemplate");
    assert!(container.status().await.unwrap().template);
    let error = container.start().await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Rejected, "{error:?}");
    let linked = container.clone_to(CloneOptions::named("linked")).await.unwrap();
    assert_eq!(linked.guest.config().await.unwrap().name(), Some("linked"));
    linked.guest.start().await.unwrap();
}

pub async fn nothing_is_done_to_one_that_is_not_ours(world: &World) {
    if !world.needs(Cap::Containers) {
        return;
    }
    let container = new_container(world, "foreign").await;
    container.start().await.unwrap();
    disown(&container).await;
    let untouched = container.config().await.unwrap();
    let before = world.writes();
    let refused = [
        container.start().await.map(drop),
        container.stop().await.map(drop),
        container.shutdown(Shutdown::new()).await.map(drop),
        container.reboot(None).await.map(drop),
        container.resize("rootfs", "+1G".parse().unwrap()).await.map(drop),
        container.set_config([("memory", "64")]).await,
        container.template().await.map(drop),
        container.delete(DeleteOptions::new()).await.map(drop),
    ];
    for result in refused {
        let error = result.unwrap_err();
        assert_is(&error, ErrorKind::Refused, Outcome::NotSent);
        assert!(error.to_string().contains(&format!("CT {}", container.vmid())), "{error}");
    }
    world.assert_nothing_written_since(&before);
    assert_eq!(container.config().await.unwrap(), untouched);
    container.stop().force(container.vmid()).await.unwrap();
    assert_eq!(state(&container).await, GuestState::Stopped);
}

pub async fn a_protected_one_is_not_deleted(world: &World) {
    if !world.needs(Cap::Containers) {
        return;
    }
    let spec = spec(world, "shop").tags(["production"]);
    let container = containers(world).create(NewId::Auto, spec).await.unwrap();
    for error in [
        container.delete(DeleteOptions::new()).await.unwrap_err(),
        container.set_config([("tags", "sdk-managed")]).await.unwrap_err(),
    ] {
        assert_is(&error, ErrorKind::Refused, Outcome::NotSent);
    }
    container.start().await.unwrap();
    assert_eq!(state(&container).await, GuestState::Running);
}

pub async fn what_cannot_be_made_is_told(world: &World) {
    if !world.needs(Cap::Containers) {
        return;
    }
    let vmid = world.number(81);
    let gone =
        ContainerSpec::new(&"local:vztmpl/none.tar.zst".parse().unwrap(), "x").rootfs(&world.storage, 1);
    let error = containers(world).create(vmid, gone).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Rejected, "{error:?}");
    let nowhere = ContainerSpec::new(&world.archive, "x").rootfs(&"no-such-storage".parse().unwrap(), 1);
    let error = containers(world).create(vmid, nowhere).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Rejected, "{error:?}");
    assert!(error.to_string().contains("no-such-storage"), "{error}");
    let error = containers(world).create(vmid, spec(world, "x").param("cores", "many")).await.unwrap_err();
    assert_is(&error, ErrorKind::InvalidInput, Outcome::Rejected);
    let error = containers(world).create(world.handmade, spec(world, "x")).await.unwrap_err();
    assert_is(&error, ErrorKind::AlreadyExists, Outcome::Rejected);
    let absent = world.node().container(vmid).unwrap();
    assert!(absent.status().await.unwrap_err().is_not_found());
    assert_is(&absent.start().await.unwrap_err(), ErrorKind::NotFound, Outcome::NotSent);
}

/// A running container to get into; where nobody can, holds the backend to saying so.
async fn to_get_into(world: &World, hostname: &str) -> Option<Container> {
    if !world.has(Cap::Pct) {
        let absent = world.node().container(world.number(82)).unwrap();
        let arrived = world.arrived();
        let errors = [
            absent.exec(Exec::new(["true"])).await.unwrap_err(),
            absent.push(Push::new("/x", "")).await.unwrap_err(),
            absent.pull("/x").await.unwrap_err(),
        ];
        for error in errors {
            assert_is(&error, ErrorKind::Unsupported, Outcome::NotSent);
            let advice = error.advice().unwrap();
            assert!(advice.contains("ssh") && advice.contains(world.node.as_str()), "{error:?}");
        }
        assert_eq!(world.arrived(), arrived, "something was sent");
        return None;
    }
    if !world.needs(Cap::Containers) {
        return None;
    }
    let container = new_container(world, hostname).await;
    container.start().await.unwrap();
    Some(container)
}

fn path(container: &Container, rest: &str) -> PvePath {
    PvePath::parse(&format!("{}/pct/{rest}", container.path())).unwrap()
}

pub async fn a_program_runs_in_it(world: &World) {
    let Some(container) = to_get_into(world, "runs").await else {
        return;
    };
    let before = world.writes();
    let done = container.exec(Exec::new(["sh", "-c", "echo out; echo err >&2; exit 3"])).await.unwrap();
    assert_eq!((done.exit_code, &*done.stdout.text(), &*done.stderr.text()), (Some(3), "out\n", "err\n"));
    assert!(!done.success() && !done.out_truncated && !done.err_truncated);
    if let (Some(before), Some(after)) = (before, world.writes()) {
        assert_eq!(after[before.len()..], [format!("POST {}", path(&container, "exec"))]);
    }
    // Each word is passed as it is.
    let odd = "-a \"b\" 'c' $d `e` \\ * ü\n\nf";
    let done = container.exec(Exec::new(["echo", "", odd, "--", "--keep-env"])).await.unwrap();
    assert_eq!(done.stdout.text(), format!(" {odd} -- --keep-env\n"));
    let done = container.exec(Exec::new(["hostname"])).await.unwrap();
    assert!(done.success());
    assert_eq!(done.stdout, "runs\n");
    // The same words for a VM.
    let vm = world.vm(world.answering);
    let done = vm.exec(Exec::new(["echo", "hello"])).await.unwrap();
    assert_eq!((done.success(), &*done.stdout.text()), (true, "hello\n"));
    // And for whoever builds requests.
    let request = PveRequest::create(path(&container, "exec")).param("command", "hostname");
    let raw: Value = world.pve.request(request).await.unwrap();
    assert_eq!((&raw["exitcode"], &raw["out-data"]), (&0.into(), &"runs\n".into()));
}

pub async fn every_byte_goes_in_and_comes_out(world: &World) {
    let Some(container) = to_get_into(world, "bytes").await else {
        return;
    };
    let all: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    for bytes in [&b""[..], "text ü\n".as_bytes(), b"\0", &[0xc3, 0x28], &all] {
        let done: ExecResult = container.exec(Exec::new(["cat"]).input(bytes)).await.unwrap();
        assert_eq!(done.stdout.as_bytes(), bytes);
        container.push(Push::new("/srv/bytes", bytes)).await.unwrap();
        assert_eq!(container.pull("/srv/bytes").await.unwrap().as_bytes(), bytes);
        let done = container.exec(Exec::new(["cat", "/srv/bytes"])).await.unwrap();
        assert_eq!(done.stdout.as_bytes(), bytes);
    }
}

pub async fn a_file_belongs_to_whom_it_should(world: &World) {
    let Some(container) = to_get_into(world, "owned").await else {
        return;
    };
    let stat = || container.exec(Exec::new(["stat", "-c", "%a %U %G", "/etc/secret"]));
    container.push(Push::new("/etc/secret", "x")).await.unwrap();
    assert_eq!(stat().await.unwrap().stdout, "644 root root\n");
    let push = Push::new("/etc/secret", "y").perms(0o600).user("www-data").group("daemon");
    container.push(push).await.unwrap();
    assert_eq!(stat().await.unwrap().stdout, "600 www-data daemon\n");
}

pub async fn what_cannot_be_run_or_found_is_told(world: &World) {
    let Some(container) = to_get_into(world, "told").await else {
        return;
    };
    let done = container.exec(Exec::new(["/no/such/program"])).await.unwrap();
    assert_eq!(done.exit_code, Some(127));
    assert!(done.stderr.text().contains("/no/such/program"), "{done:?}");
    let error = container.pull("/no/such/file").await.unwrap_err();
    assert_is(&error, ErrorKind::NotFound, Outcome::Rejected);
    assert!(error.to_string().contains("/no/such/file"), "{error}");
    let error = container.push(Push::new("/no/such/dir/x", "")).await.unwrap_err();
    assert_is(&error, ErrorKind::NotFound, Outcome::Rejected);
    let error = container.push(Push::new("/x", "").user("nosuchuser")).await.unwrap_err();
    assert_is(&error, ErrorKind::InvalidInput, Outcome::Rejected);
    let before = world.writes();
    for error in [
        container.exec(Exec::new([""])).await.unwrap_err(),
        container.push(Push::new("relative", "")).await.unwrap_err(),
        container.pull("relative").await.unwrap_err(),
        world
            .pve
            .request::<Value>(PveRequest::create(path(&container, "push")).param("path", "/x"))
            .await
            .unwrap_err(),
    ] {
        assert_is(&error, ErrorKind::InvalidInput, Outcome::NotSent);
    }
    let unknown = world.pve.request::<Value>(PveRequest::get(path(&container, "exec"))).await.unwrap_err();
    assert_is(&unknown, ErrorKind::Unsupported, Outcome::NotSent);
    world.assert_nothing_written_since(&before);
}

pub async fn nothing_gets_into_one_that_is_off(world: &World) {
    let Some(container) = to_get_into(world, "off").await else {
        return;
    };
    container.stop().await.unwrap();
    for error in [
        container.exec(Exec::new(["true"])).await.unwrap_err(),
        container.push(Push::new("/x", "")).await.unwrap_err(),
        container.pull("/etc/hostname").await.unwrap_err(),
    ] {
        assert_is(&error, ErrorKind::WrongState, Outcome::Rejected);
    }
    let absent = world.node().container(world.number(83)).unwrap();
    let error = absent.exec(Exec::new(["true"])).await.unwrap_err();
    assert_is(&error, ErrorKind::NotFound, Outcome::NotSent);
    let error = absent.pull("/x").await.unwrap_err();
    assert_is(&error, ErrorKind::NotFound, Outcome::Rejected);
}

pub async fn nothing_gets_into_one_that_is_not_ours(world: &World) {
    let Some(container) = to_get_into(world, "foreign").await else {
        return;
    };
    container.push(Push::new("/srv/x", "ours")).await.unwrap();
    disown(&container).await;
    let before = world.writes();
    let raw = |request: PveRequest| world.pve.request::<Value>(request);
    for error in [
        container.exec(Exec::new(["true"])).await.unwrap_err(),
        container.push(Push::new("/srv/x", "theirs")).await.unwrap_err(),
        raw(PveRequest::create(path(&container, "exec")).param("command", "true")).await.unwrap_err(),
        raw(PveRequest::create(path(&container, "push")).param("path", "/x").param("content", ""))
            .await
            .unwrap_err(),
    ] {
        assert_is(&error, ErrorKind::Refused, Outcome::NotSent);
        assert!(error.message().contains("managed-tag"), "{error}");
    }
    world.assert_nothing_written_since(&before);
    // To look is allowed.
    assert_eq!(container.pull("/srv/x").await.unwrap(), "ours");
    let done = container.exec(Exec::new(["true"])).force(container.vmid()).await.unwrap();
    assert!(done.success());
}

pub async fn a_program_that_goes_on_is_a_timeout(world: &World) {
    let Some(container) = to_get_into(world, "goes-on").await else {
        return;
    };
    let sleep = container.exec(Exec::new(["sleep", "10000000"])).timeout(Duration::from_secs(2));
    let error = sleep.await.unwrap_err();
    assert_is(&error, ErrorKind::Timeout, Outcome::MaybeApplied);
    assert!(error.advice().unwrap().contains("may go on in the container"), "{error:?}");
    let done = container.exec(Exec::new(["true"])).await.unwrap();
    assert!(done.success());
}
