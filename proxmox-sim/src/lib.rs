//! A simulated Proxmox VE, for tests and examples that need a cluster and have none.
//!
//! A [`Sim`] is a whole cluster in memory: nodes, storages, guests, tasks, users. It answers requests as the API of
//! PVE 8.4 or 9.2 does, down to the sentence of an error, the lock of a guest that is being cloned and the log of the
//! task that clones it. It is held against recorded answers of a real PVE: see `tests/recorded.rs`.
//!
//! ```
//! use std::time::Duration;
//! use proxmox_sim::{Sim, SimRequest};
//!
//! let sim = Sim::builder().time_scale(0.0).build();
//! let clone = SimRequest::new("POST", "/nodes/pve1/qemu/9000/clone").param("newid", "200").param("name", "web");
//! let answer = sim.answer(&clone);
//! assert!(answer.data().as_str().unwrap().starts_with("UPID:pve1:"));
//! assert_eq!(sim.guest(200).unwrap().lock.as_deref(), Some("clone"));
//!
//! sim.clock().advance(Duration::from_secs(10));
//! assert_eq!(sim.guest(200).unwrap().lock, None);
//! assert_eq!(sim.tasks()[0].exitstatus.as_deref(), Some("OK"));
//! ```
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
//! # Over ssh, and on the node
//!
//! With the feature `sshd`, `Sshd` is a real OpenSSH server and `NodeRoot` what there is on a simulated node: its `pvesh` and `pct`,
//! its certificate, and what makes tickets. Programs and files of containers are had there and in-process, as `root@pam`; over HTTPS
//! they are not, because PVE's API does not have them.
//!
//! All clones of a [`Sim`], and all that carry requests to it, share one cluster. It lives as long as the last of them.
//!
//! # The default cluster
//!
//! [`Sim::new`] builds the cluster that the SDK's documentation, examples and tests share.
//!
//! | what | which |
//! |---|---|
//! | nodes | `pve1`, `pve2` |
//! | storages | `local` (dir: iso, vztmpl, snippets, import), `local-lvm` (lvmthin: images, rootdir), `shared` (nfs: images, rootdir) |
//! | network | bridge `vmbr0` on each node; vnet `vnet0` in the zone `localzone` |
//! | VM `9000` | `debian-12-cloud`, a template with a 2 GiB disk, a cloud-init drive, a card and a guest agent |
//! | VM `100` | `handmade`, running, with a working guest agent and no tags |
//! | VM `101` | `shop-db`, stopped, tags `production;sdk-managed` |
//! | files | an ISO image, two container templates, a disk image to import and a snippet in `local` |
//! | users | `root@pam` ([password](ROOT_PASSWORD), token [`root@pam!sim`](ROOT_TOKEN_ID)), [`audit@pve`](AUDITOR) who may look at everything |
//! | a token without privileges | [`root@pam!sep`](BARE_TOKEN_ID): lists are empty, everything else is a 403 |
//!
//! [`Sim::builder`] adds to it; [`SimBuilder::bare`] begins without nodes, storages and guests.
//!
//! # Time
//!
//! Tasks, boots, agents and tickets live by a simulated [`Clock`]. It starts at the machine's time and runs as fast as
//! [`SimBuilder::time_scale`] says. A start takes 1.5 s, a full clone a second more than its disks have GiB, an obeyed
//! shutdown 3 s; a guest agent answers 5 s after a start, and the guest has its IPv4 address 2 s later. A container
//! starts in 1 s, obeys in 2 s, and has its lease 3 s after its start. Nothing is random: with a scale of 0 and
//! [`SimBuilder::start_at`] two runs give the same answers byte for byte.
//!
//! # What goes wrong
//!
//! - Tasks: [`Sim::faults`] lets them fail, warn or linger.
//! - Guests: [`Sim::set_lock`], [`Sim::set_agent`], [`Sim::set_obeys_shutdown`], [`Sim::set_config`].
//! - Nodes: [`Sim::set_node_down`], [`SimNode::unreachable`].
//! - Connections: [`WireFaults`], of the transport and of the server.
//!
//! # What is simulated, and what is not
//!
//! VMs: lists, configuration with pending changes, create, clone, template, resize, snapshots, power, cloud-init,
//! guest agent. Containers: lists, configuration with pending changes, create from an archive, clone, template,
//! resize, moving volumes, snapshots where the storage has them, power, addresses. Tasks, storages and their content,
//! networks, disks, resources, pools, users, tokens, privileges. Every parameter is checked against its type as PVE
//! checks it.
//!
//! A guest runs no operating system. A VM's agent and a container's `pct` know a few programs (`echo`, `cat`, `true`, `false`,
//! `sleep`, `hostname`, `uname`, `whoami`, `seq`, `stat`, `env`, `apt-get` with two old packages, `sh -c` with `;`, `&&`, `||`,
//! `>&2`, `exit`) and keep files in memory; an agent also shows the network that `ipconfigN` asks for between the loopback and docker interfaces of a real guest. A clone has what
//! its template had; a VM that was created with empty disks has nothing that could obey a shutdown, as a real one. What
//! is in a container shows only in the name of its archive, which tells `ostype` and `arch`; suspending one fails as it
//! does on nodes without CRIU.
//!
//! What PVE has and the simulator has not is answered `501` with a sentence that says so.

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
mod execute;
mod faults;
mod guest;
mod inside;
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
mod upload;
mod users;

pub use builder::SimBuilder;
pub use clock::Clock;
pub use default_cluster::{
    AUDITOR, AUDITOR_PASSWORD, AUDITOR_TOKEN_ID, AUDITOR_TOKEN_SECRET, BARE_TOKEN_ID, BARE_TOKEN_SECRET,
    ROOT_PASSWORD, ROOT_TOKEN_ID, ROOT_TOKEN_SECRET,
};
pub use exchange::{Credentials, SimAnswer, SimFile, SimRequest, SimValue};
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
#[cfg(feature = "sshd")]
mod node_root;
#[cfg(feature = "sshd")]
mod pct;
mod pvesh;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "sshd")]
mod sshd;
mod wire_fault;

pub use http::HttpRequest;
pub use inprocess::SimTransport;
pub use log::{LogEntry, RequestLog};
#[cfg(feature = "sshd")]
pub use node_root::NodeRoot;
pub use pvesh::PveshOutput;
#[cfg(feature = "server")]
pub use server::{SimServer, SimServerBuilder};
#[cfg(feature = "sshd")]
pub use sshd::{Sshd, SshdBuilder};
pub use wire_fault::{WireFault, WireFaults, WireRule};
