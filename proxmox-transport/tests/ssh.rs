//! What can go wrong on the way over ssh, on real servers: each fault has its kind and its outcome, nothing hangs, and no write
//! arrives twice.

// Other processes are waited for in real time.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use proxmox_core::{Error, ErrorKind, Outcome, Pve, PvePath, PveRequest, Transport as _};
use proxmox_lxc::{Container, Exec, LxcNode as _, Push};
use proxmox_sim::{
    NodeRoot, ROOT_TOKEN_ID, ROOT_TOKEN_SECRET, Sim, SimGuest, SimServer, Sshd, SshdBuilder, WireFault,
};
use proxmox_transport::{Engine, Ssh, SshEngine};
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// A simulated node behind a real ssh server.
struct Node {
    sshd: Sshd,
    root: NodeRoot,
    server: SimServer,
}

impl Node {
    fn new() -> Self {
        Self::with(Sshd::builder())
    }

    fn with(sshd: SshdBuilder) -> Self {
        let server = SimServer::start(Sim::builder().time_scale(1000.0).build()).unwrap();
        Self { sshd: sshd.start().unwrap(), root: NodeRoot::new(&server).unwrap(), server }
    }

    fn ssh(&self) -> Ssh {
        Ssh::new(&self.sshd.target())
            .unwrap()
            .key(self.sshd.identity_file())
            .known_hosts(self.sshd.known_hosts_file())
            .node_root(self.root.path())
            .pveproxy_port(self.server.address().port())
    }

    fn tunnel(&self) -> Pve {
        self.ssh().engine(SshEngine::Tunnel).connect().unwrap()
    }
}

fn version(pve: &Pve) -> Result<Value, Error> {
    pve.request(PveRequest::get(PvePath::parse("/version").unwrap())).block()
}

fn describe(pve: &Pve) -> Result<Value, Error> {
    let path = PvePath::parse("/nodes/pve1/qemu/100/config").unwrap();
    pve.request(PveRequest::set(path).param("description", "x").force("100".parse().unwrap())).block()
}

/// Events at WARN.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0 += &format!("{field}={value:?} ");
    }
}

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        self.0.lock().unwrap().push(text.0);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn where_forwarding_is_forbidden_auto_takes_pvesh_and_says_why() {
    let node = Node::with(Sshd::builder().forwarding(false));
    let warnings = Warnings::default();
    let pve = node.ssh().connect().unwrap();
    tracing::subscriber::with_default(warnings.clone(), || {
        assert_eq!(version(&pve).unwrap()["version"], "8.4.21");
        describe(&pve).unwrap();
    });
    assert_eq!(pve.info().name, "ssh/pvesh");
    let said = warnings.0.lock().unwrap().join("\n");
    assert!(said.contains("falling back to pvesh") && said.contains("does not forward"), "{said}");
    // Asked for by name, the tunnel is an error that says what to do.
    let error = version(&node.tunnel()).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unsupported, Outcome::NotSent), "{error}");
    assert!(error.advice().unwrap().contains("AllowTcpForwarding"));
    assert!(!error.is_retryable());
}

#[test]
fn where_it_works_auto_takes_the_tunnel() {
    let node = Node::new();
    let pve = node.ssh().connect().unwrap();
    version(&pve).unwrap();
    assert_eq!((pve.info().name, pve.info().endpoint), ("ssh/tunnel", node.sshd.target()));
    describe(&pve).unwrap();
    assert_eq!(node.server.log().executed("PUT", "/nodes/pve1/qemu/100/config"), 1);
}

/// Neither root nor a command on the node.
#[test]
fn a_token_needs_nothing_but_the_way() {
    let node = Node::with(Sshd::builder().max_sessions(0));
    let ssh = || node.ssh().token(ROOT_TOKEN_ID, ROOT_TOKEN_SECRET.into()).unwrap();
    for engine in [Engine::Reqwest, Engine::Ureq] {
        let pve =
            ssh().fingerprint(node.server.fingerprint()).unwrap().http_engine(engine).connect().unwrap();
        version(&pve).unwrap();
        assert!(node.server.log().entries().iter().all(|entry| entry.path != "/access/ticket"));
    }
    // One that is not the server's is refused before anything is sent.
    let wrong = ssh().fingerprint(&"AB".repeat(32)).unwrap().connect().unwrap();
    let error = version(&wrong).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Tls, Outcome::NotSent), "{error}");
}

#[test]
fn a_token_without_a_fingerprint_looks_at_the_node() {
    let node = Node::new();
    let ssh = || node.ssh().token(ROOT_TOKEN_ID, ROOT_TOKEN_SECRET.into()).unwrap().connect().unwrap();
    version(&ssh()).unwrap();
    // Where the files may not be read, what is served there counts.
    std::fs::remove_file(node.root.path().join("etc/pve/local/pve-ssl.pem")).unwrap();
    version(&ssh()).unwrap();
}

#[test]
fn a_changed_certificate_is_looked_up_once() {
    let node = Node::new();
    let file = node.root.path().join("etc/pve/local/pve-ssl.pem");
    let good = std::fs::read(&file).unwrap();
    // An administrator's own certificate goes before the cluster's, and is not the one that is served here.
    let other = SimServer::start(Sim::new()).unwrap();
    std::fs::write(file.with_file_name("pveproxy-ssl.pem"), other.certificate_pem()).unwrap();
    std::fs::write(file.with_file_name("pveproxy-ssl.key"), "").unwrap();
    let pve = node.tunnel();
    let error = version(&pve).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Tls, Outcome::NotSent), "{error}");
    std::fs::write(file.with_file_name("pveproxy-ssl.pem"), good).unwrap();
    version(&pve).unwrap();
}

#[test]
fn a_ticket_that_ended_is_made_anew() {
    let node = Node::new();
    let pve = node.tunnel();
    version(&pve).unwrap();
    node.server.sim().clock().advance(Duration::from_secs(3 * 60 * 60));
    describe(&pve).unwrap();
    assert_eq!(node.server.log().executed("PUT", "/nodes/pve1/qemu/100/config"), 1);
}

#[test]
fn where_pveproxy_listens_is_heeded() {
    let node = Node::new();
    std::fs::write(node.root.path().join("etc/default/pveproxy"), "# x\nLISTEN_IP=\"192.0.2.77\"\n").unwrap();
    let error = version(&node.tunnel()).unwrap_err();
    assert!(error.message().contains("192.0.2.77"), "{error}");
    std::fs::write(node.root.path().join("etc/default/pveproxy"), "LISTEN_IP=\"0.0.0.0\"\n").unwrap();
    version(&node.tunnel()).unwrap();
}

#[test]
fn a_host_without_pve_is_told() {
    let node = Node::new();
    let nothing = tempfile::tempdir().unwrap();
    for engine in [SshEngine::Tunnel, SshEngine::Pvesh, SshEngine::Auto] {
        let pve = node.ssh().node_root(nothing.path()).engine(engine).connect().unwrap();
        let error = version(&pve).unwrap_err();
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::Unsupported, Outcome::NotSent),
            "{engine}: {error}"
        );
        assert!(error.message().contains("Proxmox VE"), "{error}");
    }
}

/// In the midst of a request the connection is cut: a read is asked again, a write is not.
#[test]
fn a_cut_in_the_midst() {
    for engine in [Engine::Reqwest, Engine::Ureq] {
        let node = Node::new();
        let pve = node.ssh().engine(SshEngine::Tunnel).http_engine(engine).connect().unwrap();
        version(&pve).unwrap();
        let log = node.server.log();
        let arrived = |method: &str, path: &str, times: usize| {
            let started = Instant::now();
            while log.arrived(method, path) < times {
                assert!(started.elapsed() < Duration::from_secs(10));
                thread::sleep(Duration::from_millis(5));
            }
        };
        let config = "/nodes/pve1/qemu/100/config";
        node.server.faults().add(WireFault::Stall.on("PUT", config));
        thread::scope(|scope| {
            let write = scope.spawn(|| describe(&pve));
            arrived("PUT", config, 1);
            node.sshd.cut().unwrap();
            let error = write.join().unwrap().unwrap_err();
            assert_eq!(
                (error.kind(), error.outcome()),
                (ErrorKind::Connect, Outcome::MaybeApplied),
                "{error}"
            );
        });
        assert_eq!(log.arrived("PUT", config), 1);
        let before = log.arrived("GET", "/version");
        node.server.faults().add(WireFault::Stall.on("GET", "/version"));
        thread::scope(|scope| {
            let read = scope.spawn(|| version(&pve));
            arrived("GET", "/version", before + 1);
            node.sshd.cut().unwrap();
            read.join().unwrap().unwrap();
        });
        // Between two requests nobody notices, not even a write.
        node.sshd.cut().unwrap();
        thread::sleep(Duration::from_millis(50));
        describe(&pve).unwrap();
        assert_eq!(log.arrived("PUT", config), 2);
    }
}

#[test]
fn a_cut_in_the_midst_of_pvesh() {
    let node = Node::new();
    let pve = node.ssh().engine(SshEngine::Pvesh).connect().unwrap();
    version(&pve).unwrap();
    let slow = proxmox_sim::Fault::slow("qmstop", Duration::from_secs(10_000_000));
    node.server.sim().faults().add(slow);
    let stop = "/nodes/pve1/qemu/100/status/stop";
    thread::scope(|scope| {
        let write = scope.spawn(|| {
            let request = PveRequest::create(PvePath::parse(stop).unwrap()).force("100".parse().unwrap());
            pve.request::<Value>(request).block()
        });
        let started = Instant::now();
        while node.server.log().arrived("POST", stop) == 0 {
            assert!(started.elapsed() < Duration::from_secs(10));
            thread::sleep(Duration::from_millis(5));
        }
        node.sshd.cut().unwrap();
        let error = write.join().unwrap().unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Connect, Outcome::MaybeApplied), "{error}");
    });
    assert_eq!(node.server.log().arrived("POST", stop), 1);
    version(&pve).unwrap();
}

#[test]
fn a_stalled_node_ends_at_the_deadline() {
    let node = Node::new();
    let pve = node.tunnel();
    version(&pve).unwrap();
    node.sshd.freeze().unwrap();
    let path = PvePath::parse("/nodes/pve1/qemu/100/config").unwrap();
    let started = Instant::now();
    let write = PveRequest::set(path).param("description", "x").force("100".parse().unwrap());
    let error = pve.request::<Value>(write.timeout(Duration::from_secs(2))).block().unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert!(matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Connect), "{error}");
    node.sshd.thaw().unwrap();
    version(&pve).unwrap();
}

#[test]
fn any_value_passes_the_shell_of_the_node() {
    use proptest::prelude::*;
    let node = Node::new();
    let ssh = || node.ssh().engine(SshEngine::Pvesh);
    let ways = [ssh(), ssh().only_pvesh()].map(|ssh| ssh.connect().unwrap());
    let path = PvePath::parse("/nodes/pve1/qemu/100/config").unwrap();
    let values = prop_oneof![
        4 => "[^\0]{0,60}",
        2 => r#"[-'"`$\\!*;&|<>(){}#~ \n\t\r]{1,20}"#,
        1 => Just(String::new()),
        1 => Just("--output-format=yaml".to_owned()),
        1 => Just("ü\u{1f600}\u{200b} ".repeat(200)),
    ];
    proptest!(ProptestConfig::with_cases(40), |(value in values)| {
        for pve in &ways {
            node.server.sim().forget_requests();
            let request = PveRequest::set(path.clone()).param("description", value.as_str());
            pve.request::<Value>(request.force("100".parse().unwrap())).block().unwrap();
            let seen = node.server.sim().requests();
            let arrived: Vec<_> = seen.iter().filter(|r| r.method == "PUT").map(|r| r.param("description")).collect();
            prop_assert_eq!(arrived, [Some(value.as_str())], "{}", pve.info());
        }
    });
}

#[test]
fn secrets_are_in_no_process_list() {
    let node = with_containers();
    let pve = node.ssh().engine(SshEngine::Pvesh).connect().unwrap();
    version(&pve).unwrap();
    let seen = Arc::new(Mutex::new(String::new()));
    let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let watch = thread::spawn({
        let (seen, done) = (Arc::clone(&seen), Arc::clone(&done));
        move || {
            while !done.load(std::sync::atomic::Ordering::SeqCst) {
                for entry in std::fs::read_dir("/proc").unwrap().flatten() {
                    if let Ok(line) = std::fs::read(entry.path().join("cmdline")) {
                        *seen.lock().unwrap() += &String::from_utf8_lossy(&line);
                    }
                }
            }
        }
    });
    let path = PvePath::parse("/nodes/pve1/qemu/100/config").unwrap();
    let request =
        PveRequest::set(path).param("cipassword", proxmox_core::Secret::from("hunter2-of-the-list"));
    pve.request::<Value>(request.force("100".parse().unwrap())).block().unwrap();
    let ct = container(&pve, "pve1", 200);
    ct.push(Push::new("/srv/x", "hunter2-of-the-list")).block().unwrap();
    let read = ct.exec(Exec::new(["cat"]).input("hunter2-of-the-list")).block().unwrap();
    assert_eq!(read.stdout, "hunter2-of-the-list");
    assert_eq!(ct.pull("/srv/x").block().unwrap(), "hunter2-of-the-list");
    done.store(true, std::sync::atomic::Ordering::SeqCst);
    watch.join().unwrap();
    let seen = seen.lock().unwrap();
    assert!(seen.contains("usr/bin/pvesh") && seen.contains("usr/sbin/pct"), "nobody was seen");
    assert!(!seen.contains("hunter2"));
}

/// The default cluster, with a running container of ours on each node.
fn with_containers() -> Node {
    let container = |vmid, node: &str| {
        SimGuest::ct(vmid)
            .node(node)
            .config("tags", "sdk-managed")
            .disk("rootfs", "shared", 1 << 30)
            .running()
    };
    let sim = Sim::builder().time_scale(1000.0).guest(container(200, "pve1")).guest(container(201, "pve2"));
    let server = SimServer::start(sim.build()).unwrap();
    Node { sshd: Sshd::start().unwrap(), root: NodeRoot::new(&server).unwrap(), server }
}

fn container(pve: &Pve, node: &str, vmid: u32) -> Container {
    pve.node(node).unwrap().container(vmid).unwrap()
}

#[test]
fn pct_works_only_on_the_node_of_the_container() {
    let node = with_containers();
    for engine in [SshEngine::Tunnel, SshEngine::Pvesh] {
        let pve = node.ssh().engine(engine).connect().unwrap();
        assert!(pve.info().pct, "{engine}");
        assert!(container(&pve, "pve1", 200).exec(Exec::new(["true"])).block().unwrap().success());
        let there = container(&pve, "pve2", 201);
        for error in [
            there.exec(Exec::new(["true"])).block().unwrap_err(),
            there.push(Push::new("/x", "")).block().unwrap_err(),
            there.pull("/x").block().unwrap_err(),
        ] {
            assert_eq!(
                (error.kind(), error.outcome()),
                (ErrorKind::Unsupported, Outcome::NotSent),
                "{error}"
            );
            assert!(error.advice().unwrap().contains("node pve2"), "{error:?}");
        }
    }
    assert!(
        node.server.log().entries().iter().all(|entry| !entry.path.starts_with("/nodes/pve2/lxc/201/pct"))
    );
}

/// Who asks with a token does not get at root by the way of ssh, and where only pvesh may be run, pct may not.
#[test]
fn pct_is_for_root_alone() {
    let node = with_containers();
    let token = node.ssh().token(ROOT_TOKEN_ID, ROOT_TOKEN_SECRET.into()).unwrap().connect().unwrap();
    let only_pvesh = node.ssh().engine(SshEngine::Pvesh).only_pvesh().connect().unwrap();
    for pve in [token, only_pvesh] {
        assert!(!pve.info().pct);
        let error = container(&pve, "pve1", 200).pull("/etc/hostname").block().unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unsupported, Outcome::NotSent), "{error}");
    }
    assert!(node.server.log().entries().iter().all(|entry| !entry.path.contains("/pct/")));
}

/// PVE's own HTTP knows nothing of it.
#[test]
fn the_api_has_no_pct() {
    let node = with_containers();
    let api = proxmox_transport::Api::new(&node.server.url()).unwrap().ca_pem(node.server.ca_pem()).unwrap();
    let api = api.token(ROOT_TOKEN_ID, ROOT_TOKEN_SECRET.into()).unwrap();
    let path = PvePath::parse("/nodes/pve1/lxc/200/pct/pull").unwrap();
    let request = PveRequest::get(path).param("path", "/etc/hostname");
    let transport = api.ureq().unwrap();
    let mut error = None;
    let slot = &mut error;
    transport.drive(std::pin::pin!(async { *slot = transport.call(&request).await.err() }));
    let error = error.unwrap();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Unsupported, Some(501)), "{error}");
}

#[test]
fn a_cut_in_the_midst_of_pct() {
    for engine in [SshEngine::Tunnel, SshEngine::Pvesh] {
        let node = with_containers();
        let pve = node.ssh().engine(engine).connect().unwrap();
        version(&pve).unwrap();
        let exec = "/nodes/pve1/lxc/200/pct/exec";
        thread::scope(|scope| {
            let ct = container(&pve, "pve1", 200);
            let write = scope.spawn(move || ct.exec(Exec::new(["sleep", "10000000"])).block());
            let started = Instant::now();
            while node.server.log().arrived("POST", exec) == 0 {
                assert!(started.elapsed() < Duration::from_secs(10));
                thread::sleep(Duration::from_millis(5));
            }
            node.sshd.cut().unwrap();
            let error = write.join().unwrap().unwrap_err();
            assert_eq!(
                (error.kind(), error.outcome()),
                (ErrorKind::Connect, Outcome::MaybeApplied),
                "{error}"
            );
        });
        // Nobody has asked again, and the next one finds a way.
        assert_eq!(node.server.log().arrived("POST", exec), 1, "{engine}");
        assert!(container(&pve, "pve1", 200).exec(Exec::new(["true"])).block().unwrap().success());
    }
}

#[test]
fn what_is_wrong_is_said_before_anything_is_sent() {
    let field = |ssh: Result<Ssh, Error>| {
        let error = ssh.and_then(Ssh::connect).err().unwrap();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidInput, Outcome::NotSent));
        error.errors().keys().next().unwrap().clone()
    };
    let ssh = || Ssh::new("pve1").unwrap();
    assert_eq!(field(Ssh::new("-oProxyCommand=x")), "ssh");
    assert_eq!(field(ssh().jump("a b")), "ssh_jump");
    assert_eq!(field(ssh().proxy_command("")), "ssh_proxy_command");
    assert_eq!(field(Ok(ssh().key("/no/such/key"))), "ssh_key");
    assert_eq!(field(Ok(ssh().limit(0))), "limit");
    assert_eq!(field(ssh().fingerprint("AB")), "fingerprint");
    let token = ssh().token(ROOT_TOKEN_ID, ROOT_TOKEN_SECRET.into());
    assert_eq!(field(token.map(|ssh| ssh.engine(SshEngine::Pvesh))), "token");
    assert_eq!("tunnel".parse::<SshEngine>().unwrap(), SshEngine::Tunnel);
    assert!("x".parse::<SshEngine>().unwrap_err().errors().contains_key("ssh_engine"));
}
