//! A cluster, a way to it, and switches for what goes wrong between.

use std::future::Future;
use std::time::Duration;

use proxmox_core::{Pve, Vmid};
use proxmox_qemu::{QemuNode, Vm};
use proxmox_sim::{
    LogEntry, PveVersion, ROOT_PASSWORD, ROOT_TOKEN_ID, ROOT_TOKEN_SECRET, RequestLog, Sim, SimGuest,
    SimServer, SimServerBuilder, WireFaults,
};
use proxmox_transport::layer::{Limit, Retry, Trace};
use proxmox_transport::{Api, Engine};

/// How requests travel, and who answers.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    version: PveVersion,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    InProcess,
    Reqwest,
    ReqwestBlocking,
    Ureq,
}

pub mod way {
    use super::{Kind, PveVersion, Way};

    const fn way(kind: Kind, version: PveVersion) -> Way {
        Way { version, kind }
    }
    pub const fn in_process_8() -> Way {
        way(Kind::InProcess, PveVersion::V8)
    }
    pub const fn in_process_9() -> Way {
        way(Kind::InProcess, PveVersion::V9)
    }
    pub const fn reqwest_8() -> Way {
        way(Kind::Reqwest, PveVersion::V8)
    }
    pub const fn reqwest_blocking_9() -> Way {
        way(Kind::ReqwestBlocking, PveVersion::V9)
    }
    pub const fn ureq_8() -> Way {
        way(Kind::Ureq, PveVersion::V8)
    }
    pub const fn ureq_9() -> Way {
        way(Kind::Ureq, PveVersion::V9)
    }
}

/// Longer than any answer that comes takes on a busy machine.
const PATIENT: Duration = Duration::from_secs(30);
/// For answers that never come.
pub const IMPATIENT: Duration = Duration::from_secs(1);
/// Nothing lasts longer, whatever goes wrong: "does not hang".
pub const BOUND: Duration = Duration::from_secs(60);

/// A managed VM that is off.
pub const IDLE: u32 = 103;
/// A managed VM that runs, with an agent.
pub const RUNNING: u32 = 102;
/// The template.
pub const TEMPLATE: u32 = 9000;

pub struct Lab {
    pub pve: Pve,
    pub sim: Sim,
    pub log: RequestLog,
    pub faults: WireFaults,
    pub server: Option<SimServer>,
    engine: Option<Engine>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Lab {
    pub fn new(way: Way) -> Self {
        Self::with(way, PATIENT, SimServer::builder(), Login::Token)
    }

    /// One whose requests wait for their answers no longer than [`IMPATIENT`].
    pub fn impatient(way: Way) -> Self {
        Self::with(way, IMPATIENT, SimServer::builder(), Login::Token)
    }

    /// One with a server of other habits.
    pub fn behind(way: Way, server: SimServerBuilder) -> Self {
        Self::with(way, PATIENT, server, Login::Token)
    }

    /// One that logs in with a password.
    pub fn with_password(way: Way) -> Self {
        Self::with(way, PATIENT, SimServer::builder(), Login::Password)
    }

    fn with(way: Way, patience: Duration, server: SimServerBuilder, login: Login) -> Self {
        let in_process = way.kind == Kind::InProcess;
        let sim = cluster(way.version, if in_process { 0.0 } else { 1000.0 });
        if in_process {
            let transport = sim.transport().patience(patience);
            let (log, faults) = (transport.log().clone(), transport.faults().clone());
            let pve = Pve::builder(transport)
                .layer(Retry::new())
                .layer(Limit::default())
                .layer(Trace::new())
                .build();
            return Self { pve, sim, log, faults, server: None, engine: None, runtime: None };
        }
        let server = server.start(sim.clone()).unwrap();
        let engine = match way.kind {
            Kind::Ureq => Engine::Ureq,
            _ => Engine::Reqwest,
        };
        let api = Api::new(&server.url())
            .unwrap()
            .ca_pem(server.ca_pem())
            .unwrap()
            .engine(engine)
            .first_byte_timeout(patience);
        let api = match login {
            Login::Token => api.token(ROOT_TOKEN_ID, ROOT_TOKEN_SECRET.into()),
            Login::Password => api.password("root@pam", ROOT_PASSWORD.into()),
        };
        let runtime = (way.kind == Kind::Reqwest).then(|| {
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
        });
        Self {
            pve: api.unwrap().connect().unwrap(),
            sim,
            log: server.log().clone(),
            faults: server.faults().clone(),
            server: Some(server),
            engine: Some(engine),
            runtime,
        }
    }

    /// The server of a way over HTTPS.
    pub fn server(&self) -> &SimServer {
        self.server.as_ref().unwrap()
    }

    /// Another handle that travels in the same way.
    pub fn like(&self, api: Api) -> Pve {
        api.engine(self.engine.unwrap()).connect().unwrap()
    }

    /// Awaits it in a runtime, or blocks on it without one.
    pub fn run<T: Send>(&self, flow: impl Future<Output = T> + Send) -> T {
        match &self.runtime {
            Some(runtime) => runtime.block_on(flow),
            None => self.pve.block_on(flow),
        }
    }

    pub fn vm(&self, vmid: u32) -> Vm {
        self.pve.node("pve1").unwrap().vm(Vmid::new(vmid).unwrap()).unwrap()
    }

    /// Lets all tasks end.
    pub fn settle(&self) {
        self.sim.clock().advance(Duration::from_secs(600));
    }

    /// The writes that arrived, whole or in part.
    pub fn writes(&self) -> Vec<LogEntry> {
        let is_write = |e: &LogEntry| {
            e.method != "GET" && e.path != "/access/ticket" && !e.path.ends_with("/agent/ping")
        };
        self.log.entries().into_iter().filter(is_write).collect()
    }

    /// The first law: no write arrives twice.
    #[track_caller]
    pub fn assert_no_write_twice(&self) {
        let writes = self.writes();
        for (i, write) in writes.iter().enumerate() {
            let again = writes[..i].iter().find(|e| (&e.method, &e.path) == (&write.method, &write.path));
            assert!(again.is_none(), "sent twice: {} {}", write.method, write.path);
        }
    }

    /// How many guests have this name.
    pub fn named(&self, name: &str) -> usize {
        let guests = self.sim.guests();
        guests.iter().filter(|g| g.name.as_deref() == Some(name)).count()
    }
}

#[derive(Clone, Copy)]
enum Login {
    Token,
    Password,
}

fn cluster(version: PveVersion, scale: f64) -> Sim {
    let managed = |vmid, name: &str| {
        SimGuest::vm(vmid)
            .name(name)
            .config("cores", "1")
            .config("tags", "sdk-managed")
            .disk("scsi0", "local-lvm", 1 << 30)
            .cloudinit("ide2", "local-lvm")
            .agent()
    };
    Sim::builder()
        .version(version)
        .time_scale(scale)
        .guest(managed(RUNNING, "running").running())
        .guest(managed(IDLE, "idle"))
        .build()
}
