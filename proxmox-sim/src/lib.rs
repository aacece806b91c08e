//! A simulated Proxmox VE.
//!
//! # The default cluster

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
mod users;

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
