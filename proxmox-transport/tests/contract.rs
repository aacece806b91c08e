//! The contract suite over every backend: in-process, reqwest over HTTPS, ureq over HTTPS, and a live server.
//!
//! A test is named `backend::topic::case`. The live server (`live_node_…`) is the one that the environment names:
//! `PVE_URL`, `PVE_NODE`, `PVE_USER` and `PVE_PASSWORD`, `PVE_CA` or `PVE_FINGERPRINT`. It must be laid out as
//! `scripts/fakepve-guests.json` says; the guests that the cases make stay there. Without `PVE_URL` those tests say so and pass, unless `CI=true` and
//! `CONTRACT_LIVE=required` are set.

#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub)]

#[path = "contract/mod.rs"]
mod contract;

use contract::{Cap, Case, Lacks, Simulated, Who, World, simulated_cluster};
use proxmox_core::{Policy, Pve, PveBuilder, Vmid};
use proxmox_sim::{NodeRoot, PveVersion, RequestLog, Sim, SimServer, SimTransport, Sshd, WireFaults};
use proxmox_transport::layer::{Limit, Retry, Trace};
use proxmox_transport::{Api, Engine, Local, Ssh, SshEngine};

contract::suite::suite!(in_process_8);
contract::suite::suite!(in_process_9);
contract::suite::suite!(reqwest_8);
contract::suite::suite!(reqwest_9);
contract::suite::suite!(reqwest_blocking_8);
contract::suite::suite!(ureq_8);
contract::suite::suite!(ureq_9);
contract::suite::suite!(ssh_tunnel_8);
contract::suite::suite!(ssh_tunnel_9);
contract::suite::suite!(ssh_tunnel_jump_8);
contract::suite::suite!(ssh_pvesh_8);
contract::suite::suite!(local_pvesh_8);
contract::suite::suite!(local_pvesh_9);
contract::suite::suite!(live_node_reqwest);
contract::suite::suite!(live_node_ureq);

/// Simulated seconds per second where real time passes: tasks are over at once, and nobody waits for a guest to boot.
const SCALE: f64 = 1000.0;

mod backend {
    use super::*;

    /// Without sockets; futures are ready at the first poll.
    pub(crate) fn in_process_8(case: Case) {
        let world = in_process(simulated_cluster(PveVersion::V8, 0.0), |transport| transport);
        world.pve.block_on(case(&world));
    }

    /// Without sockets; every call yields once, as over a network.
    pub(crate) fn in_process_9(case: Case) {
        let world = in_process(simulated_cluster(PveVersion::V9, 0.0), SimTransport::asynchronous);
        runtime().block_on(case(&world));
    }

    /// Awaited in the caller's runtime.
    pub(crate) fn reqwest_8(case: Case) {
        let server = server(PveVersion::V8);
        runtime().block_on(case(&https(&server, Engine::Reqwest)));
    }

    pub(crate) fn reqwest_9(case: Case) {
        let server = server(PveVersion::V9);
        runtime().block_on(case(&https(&server, Engine::Reqwest)));
    }

    /// The asynchronous engine under a caller without a runtime: what `.block()` does.
    pub(crate) fn reqwest_blocking_8(case: Case) {
        let server = server(PveVersion::V8);
        let world = https(&server, Engine::Reqwest);
        world.pve.block_on(case(&world));
    }

    pub(crate) fn ureq_8(case: Case) {
        let server = server(PveVersion::V8);
        let world = https(&server, Engine::Ureq);
        world.pve.block_on(case(&world));
    }

    pub(crate) fn ureq_9(case: Case) {
        let server = server(PveVersion::V9);
        let world = https(&server, Engine::Ureq);
        world.pve.block_on(case(&world));
    }

    pub(crate) fn ssh_tunnel_8(case: Case) {
        let node = Node::start(PveVersion::V8);
        runtime().block_on(case(&node.ssh(SshEngine::Tunnel, Engine::Reqwest, None)));
    }

    /// Without a runtime, and by the blocking engine.
    pub(crate) fn ssh_tunnel_9(case: Case) {
        let node = Node::start(PveVersion::V9);
        let world = node.ssh(SshEngine::Tunnel, Engine::Ureq, None);
        world.pve.block_on(case(&world));
    }

    pub(crate) fn ssh_tunnel_jump_8(case: Case) {
        let (node, bastion) = (Node::start(PveVersion::V8), Sshd::start().unwrap());
        bastion.trust_with(&node.sshd).unwrap();
        runtime().block_on(case(&node.ssh(SshEngine::Tunnel, Engine::Reqwest, Some(&bastion))));
    }

    pub(crate) fn ssh_pvesh_8(case: Case) {
        let node = Node::start(PveVersion::V8);
        let world = node.ssh(SshEngine::Pvesh, Engine::Reqwest, None).lacking(PVESH);
        runtime().block_on(case(&world));
    }

    pub(crate) fn local_pvesh_8(case: Case) {
        let server = server(PveVersion::V8);
        let root = NodeRoot::new(&server).unwrap();
        runtime().block_on(case(&local(&server, &root)));
    }

    /// Without a runtime.
    pub(crate) fn local_pvesh_9(case: Case) {
        let server = server(PveVersion::V9);
        let root = NodeRoot::new(&server).unwrap();
        let world = local(&server, &root);
        world.pve.block_on(case(&world));
    }

    pub(crate) fn live_node_reqwest(case: Case) {
        if let Some(world) = live(Engine::Reqwest, 500_000) {
            runtime().block_on(case(&world));
        }
    }

    pub(crate) fn live_node_ureq(case: Case) {
        if let Some(world) = live(Engine::Ureq, 600_000) {
            world.pve.block_on(case(&world));
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn server(version: PveVersion) -> SimServer {
    SimServer::start(simulated_cluster(version, SCALE)).unwrap()
}

/// The layers that `Api` puts around its transport.
fn layered(transport: SimTransport) -> PveBuilder {
    Pve::builder(transport).layer(Retry::new()).layer(Limit::default()).layer(Trace::new())
}

fn in_process(sim: Sim, kind: fn(SimTransport) -> SimTransport) -> World {
    let transport = kind(sim.transport());
    let (log, faults) = (transport.log().clone(), transport.faults().clone());
    let pve = layered(transport.clone()).build();
    let connect = move |who| {
        let transport = match token(who) {
            Some((id, secret)) => transport.clone().token(id, secret),
            None => transport.clone(),
        };
        layered(transport).build()
    };
    world(pve, sim, log, faults, Box::new(connect))
}

fn https(server: &SimServer, engine: Engine) -> World {
    let (url, ca) = (server.url(), server.ca_pem().to_owned());
    let connect = move |who| {
        let api = Api::new(&url).unwrap().ca_pem(&ca).unwrap().engine(engine);
        let api = match token(who) {
            Some((id, secret)) => api.token(id, secret.into()),
            None => api.password("root@pam", proxmox_sim::ROOT_PASSWORD.into()),
        };
        api.unwrap().connect().unwrap()
    };
    world(
        connect(Who::RootToken),
        server.sim().clone(),
        server.log().clone(),
        server.faults().clone(),
        Box::new(connect),
    )
    .lacking(API)
}

/// What PVE's API lacks.
const API: Lacks = &[(Cap::Pct, "pct runs on the node, and is not in the API")];

/// A simulated node behind a real ssh server.
struct Node {
    sshd: Sshd,
    root: NodeRoot,
    server: SimServer,
}

impl Node {
    fn start(version: PveVersion) -> Self {
        let server = server(version);
        Self { sshd: Sshd::start().unwrap(), root: NodeRoot::new(&server).unwrap(), server }
    }

    fn ssh(&self, engine: SshEngine, http: Engine, bastion: Option<&Sshd>) -> World {
        let ssh = Ssh::new(&self.sshd.target())
            .unwrap()
            .key(self.sshd.identity_file())
            .known_hosts(self.sshd.known_hosts_file())
            .node_root(self.root.path())
            .pveproxy_port(self.server.address().port())
            .engine(engine)
            .http_engine(http);
        let ssh = match bastion {
            Some(bastion) => ssh.jump(&bastion.target()).unwrap(),
            None => ssh,
        };
        let pve = ssh.clone().connect().unwrap();
        // Connecting takes longer than what some cases wait for an answer.
        pve.cluster().version().block().unwrap();
        let connect = move |who| {
            let ssh = match token(who) {
                Some((id, secret)) => ssh.clone().token(id, secret.into()).unwrap(),
                None => ssh.clone(),
            };
            ssh.connect().unwrap()
        };
        let server = &self.server;
        world(pve, server.sim().clone(), server.log().clone(), server.faults().clone(), Box::new(connect))
    }
}

fn local(server: &SimServer, root: &NodeRoot) -> World {
    let pve = Local::new().node_root(root.path()).connect().unwrap();
    let connect = Box::new(|who| panic!("nobody asks pvesh as {who:?}"));
    let world = world(pve, server.sim().clone(), server.log().clone(), server.faults().clone(), connect);
    world.lacking(PVESH)
}

/// What the command line of a node lacks.
const PVESH: Lacks = &[
    (Cap::OtherUsers, "it asks as root@pam"),
    (Cap::Background, "a task ends before the command that starts it"),
    (Cap::HttpFaults, "there is no HTTP"),
];

fn token(who: Who) -> Option<(&'static str, &'static str)> {
    Some(match who {
        Who::Root => return None,
        Who::RootToken => (proxmox_sim::ROOT_TOKEN_ID, proxmox_sim::ROOT_TOKEN_SECRET),
        Who::Auditor => (proxmox_sim::AUDITOR_TOKEN_ID, proxmox_sim::AUDITOR_TOKEN_SECRET),
        Who::Nobody => (proxmox_sim::BARE_TOKEN_ID, proxmox_sim::BARE_TOKEN_SECRET),
        Who::Impostor => (proxmox_sim::ROOT_TOKEN_ID, "00000000-0000-0000-0000-000000000000"),
    })
}

fn world(
    pve: Pve,
    sim: Sim,
    log: RequestLog,
    faults: WireFaults,
    connect: Box<dyn Fn(Who) -> Pve + Send + Sync>,
) -> World {
    let simulated = Simulated { sim, log, faults, connect };
    laid_out(pve, "pve1", Some(simulated), &[], 500_000)
}

fn laid_out(pve: Pve, node: &str, simulated: Option<Simulated>, lacks: Lacks, numbers: u32) -> World {
    let vmid = |n| Vmid::new(n).unwrap();
    World {
        pve,
        node: node.parse().unwrap(),
        template: vmid(9000),
        handmade: vmid(100),
        production: vmid(101),
        answering: vmid(102),
        archive: "local:vztmpl/alpine-3.20-default_20240908_amd64.tar.xz".parse().unwrap(),
        storage: "local-lvm".parse().unwrap(),
        bridge: "vmbr0",
        simulated,
        lacks,
        numbers,
    }
}

/// What fakepve lacks. Where it and the recordings of a real PVE disagree, the recordings are right.
const FAKEPVE: Lacks = &[
    (Cap::AgentOnClones, "its clones have no agent"),
    (Cap::AgentStates, "an agent that is not there does not run"),
    (Cap::Batches, "it answers an execute without looking at it"),
    (Cap::BehindTheApi, "it is a process of its own"),
    (Cap::Containers, "it has no archive to make them of"),
    (Cap::Files, "its storages keep nothing"),
    (Cap::ExecOutput, "its programs print only what its list says"),
    (Cap::GuestFiles, "its files are all empty"),
    (Cap::LinkedClones, "its clones share nothing"),
    (Cap::NodeFacts, "its node is filled in from the schema"),
    (Cap::OtherUsers, "it has one user and no tokens"),
    (Cap::Pct, "pct runs on the node, and is not in the API"),
    (Cap::Pending, "its configuration shows what runs, not what waits"),
    (Cap::ResizeEffect, "its resize changes nothing"),
    (Cap::TwoNodes, "it has one node"),
    (Cap::UnknownNodes, "on a node that does not exist only the guest is missing"),
    (Cap::UnknownPath501, "it answers 404"),
    (Cap::UnknownTasks, "a UPID that it did not make is malformed"),
];

/// What a real node lacks here.
const LIVE: Lacks = &[
    (Cap::BehindTheApi, "it is a machine of its own"),
    (Cap::Containers, "no archive is named"),
    (Cap::Files, "no storage for them is named"),
    (Cap::OtherUsers, "only one is named"),
    (Cap::Pct, "pct runs on the node, and is not in the API"),
    (Cap::TwoNodes, "only one is named"),
];

fn live(engine: Engine, numbers: u32) -> Option<World> {
    let get = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let Some(url) = get("PVE_URL") else {
        let required =
            get("CI").as_deref() == Some("true") && get("CONTRACT_LIVE").as_deref() == Some("required");
        assert!(!required, "CONTRACT_LIVE=required, but PVE_URL is not set");
        eprintln!("SKIPPED: no live server: PVE_URL is not set (scripts/fakepve sets it)");
        return None;
    };
    let need = |name: &str| get(name).unwrap_or_else(|| panic!("PVE_URL is set, but {name} is not"));
    let api = Api::new(&url).unwrap().engine(engine);
    let api = match (get("PVE_CA"), get("PVE_FINGERPRINT")) {
        (Some(ca), _) => api.ca_file(ca).unwrap(),
        (None, Some(pin)) => api.fingerprint(&pin).unwrap(),
        (None, None) => panic!("PVE_URL is set, but neither PVE_CA nor PVE_FINGERPRINT is"),
    };
    let api = api.password(need("PVE_USER").as_str(), need("PVE_PASSWORD").into()).unwrap();
    let pve = api.builder().unwrap().policy(Policy::default()).build();
    let version = pve.cluster().version().block().unwrap();
    let lacks = match version.repoid.as_deref() {
        Some("fakepve") => FAKEPVE,
        _ => LIVE,
    };
    Some(laid_out(pve, &need("PVE_NODE"), None, lacks, numbers))
}
