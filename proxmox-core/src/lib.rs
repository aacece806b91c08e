//! Proxmox VE as values.
//!
//! Every PVE operation is one [`PveRequest`]: a verb, a path, parameters. A [`Transport`] executes it; [`Layer`]s wrap the
//! transport; a [`Pve`] is the cheap handle over both. Typed operations are [`Call`]s with three ways out: `.await`,
//! `.block()` and `.request()`. Trouble is one [`Error`] that says what kind it is and whether the request may have taken
//! effect. Work that PVE does in the background is a [`Task`].
//!
//! Every write passes the gate of a [`Policy`]. What stands in its way is told beforehand by [`preflight`], what a flow would
//! send by [`plan`]; how guests and nodes fare by [`telemetry`]. What cloud-init reads at a first boot is made by [`seed`].
//!
//! This crate is pure: no runtime, no HTTP client, no ssh. Those live in `proxmox-transport`; virtual machines in
//! `proxmox-qemu`, containers in `proxmox-lxc`; a simulated node for tests in `proxmox-sim`.
//!
//! # Limits
//!
//! Dropping a future ends the *waiting*, never the work on the node: stop a task with [`Task::stop`].

pub mod backend;
mod batch;
mod call;
pub mod cluster;
pub mod config;
pub mod de;
mod deadline;
mod error;
mod executor;
mod extra;
mod fan_out;
mod file;
pub mod guest;
mod id;
mod layer;
pub mod node;
mod params;
mod path;
mod pct;
pub mod plan;
pub mod policy;
pub mod preflight;
mod pve;
mod request;
mod response;
mod rows;
mod secret;
pub mod seed;
mod target;
pub mod task;
pub mod telemetry;
mod transport;
mod version;

pub use async_trait::async_trait;

pub use call::{Ask, Call, Detached, Operation, Work};
pub use cluster::Cluster;
pub use config::{ConfigBag, ConfigChange, Growth, PropertyString, Size};
pub use deadline::Deadline;
pub use error::{Error, ErrorKind, MissingPrivilege, Outcome, Result, classify};
pub use executor::park;
pub use file::FilePart;
pub use guest::Guest;
pub use id::{GuestKind, GuestRef, NodeName, StorageId, TokenId, Upid, UserId, Vmid, VolId};
pub use layer::Layer;
pub use node::Node;
pub use params::{ParamValue, Params};
pub use path::PvePath;
pub use pct::{Pct, PctRequest, Push};
pub use plan::Plan;
pub use policy::Policy;
pub use pve::{Pve, PveBuilder};
pub use request::{Effect, PveRequest, Verb};
pub use response::PveResponse;
pub use rows::{Reject, Rows};
pub use secret::{ExposeSecret, Secret};
pub use target::Target;
pub use task::Task;
pub use transport::{Transport, TransportInfo};
pub use version::Version;
