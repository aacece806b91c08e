//! A simulated Proxmox VE.
//!
//! # The default cluster
//!
//! # In-process
//!
//! [`Sim::pve`] gives a handle without sockets and without a runtime. Waiting moves the simulated clock and costs no
//! time: minutes of tasks pass in microseconds. [`SimTransport`] does the same as the owner of a token, with its
//! [faults](WireFault) and its [log](RequestLog) at hand.
//!
//! ```
//! use proxmox_core::{PvePath, PveRequest, Upid};
//! use proxmox_sim::Sim;
//!
//! let sim = Sim::new();
//! let pve = sim.pve();
//! // A raw write passes the safety gate only when it names the guest.
//! let clone = PveRequest::create(PvePath::parse("/nodes/pve1/qemu/9000/clone")?)
//!     .param("newid", 120)
//!     .param("name", "web")
//!     .param("full", true)
//!     .force("9000".parse()?);
//! let upid: Upid = pve.request(clone).block()?;
//! pve.task(upid).wait().block()?;
//! assert_eq!(sim.guest(120).unwrap().name.as_deref(), Some("web"));
//! # Ok::<(), proxmox_core::Error>(())
//! ```
//!
//! # Over HTTPS
//!
//! [`SimServer`] (feature `server`, on by default) is for programs that bring their own client: real TLS, PVE's reason
//! phrases, and a server that closes connections as PVE does. [`WireFaults`] make it lose answers, stall or talk
//! nonsense; its [log](SimServer::log) tells what arrived and what was executed.
//!
//! ```
//! use proxmox_core::{PvePath, PveRequest};
//! use proxmox_sim::{ROOT_TOKEN_ID, ROOT_TOKEN_SECRET, Sim, SimServer, WireFault};
//! use proxmox_transport::Api;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // A thousand simulated seconds in each real one.
//! let server = SimServer::start(Sim::builder().time_scale(1000.0).build())?;
//! let pve = Api::new(&server.url())?
//!     .token(ROOT_TOKEN_ID, ROOT_TOKEN_SECRET.into())?
//!     .ca_pem(server.ca_pem())?
//!     .connect()?;
//! let version: serde_json::Value = pve.request(PveRequest::get(PvePath::parse("/version")?)).block()?;
//! assert_eq!(version["release"], "8.4");
//!
//! // The next stop of this VM takes place, but its answer is lost.
//! let stop = "/nodes/pve1/qemu/100/status/stop";
//! server.faults().add(WireFault::CloseAfterExecuting.on("POST", stop));
//! let request = PveRequest::create(PvePath::parse(stop)?).force("100".parse()?);
//! let error = pve.request::<serde_json::Value>(request).block().unwrap_err();
//! assert!(error.is_maybe_applied());
//! assert_eq!(server.log().executed("POST", stop), 1);
//! # Ok(()) }
//! ```
//!
//! The simulator is held against recorded answers of a real PVE: see `tests/recorded.rs`.

mod access;
mod acl;
mod answer;
mod auth;
mod build;
mod builder;
mod clock;
mod cluster;
mod content;
mod ctx;
mod default_cluster;
mod exchange;
mod faults;
mod guest;
mod inspect;
mod lxc;
mod network;
mod node;
mod pools;
mod qemu;
mod routes;
mod rrd;
mod schema;
mod sim;
mod spec;
mod state;
mod status;
mod storage;
mod task;
mod tasks;

pub use builder::SimBuilder;
pub use clock::Clock;
pub use default_cluster::{
    AUDITOR, AUDITOR_PASSWORD, AUDITOR_TOKEN_ID, AUDITOR_TOKEN_SECRET, BARE_TOKEN_ID, BARE_TOKEN_SECRET,
    ROOT_PASSWORD, ROOT_TOKEN_ID, ROOT_TOKEN_SECRET,
};
pub use exchange::{Credentials, SimAnswer, SimRequest, SimValue};
pub use faults::{Fault, Faults};
pub use guest::GuestKind;
pub use inspect::{GuestView, SeenRequest, TaskView};
pub use sim::{PveVersion, Sim};
pub use spec::{SimGuest, SimNode, SimStorage};

// What carries requests to the brain.
#[cfg(feature = "server")]
mod certificate;
mod delivery;
mod http;
mod inprocess;
mod log;
#[cfg(feature = "server")]
mod server;
mod wire_fault;

pub use http::HttpRequest;
pub use inprocess::SimTransport;
pub use log::{LogEntry, RequestLog};
#[cfg(feature = "server")]
pub use server::{SimServer, SimServerBuilder};
pub use wire_fault::{WireFault, WireFaults, WireRule};
