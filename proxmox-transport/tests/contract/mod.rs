//! The contract: what every operation does, whatever carries it.
//!
//! Each case is an `async fn` over a [`World`], which is a cluster reached in some way. A backend makes worlds; the table
//! in [`suite`] turns backend × case into one test each, so that a failure names both. A backend that lacks something
//! declares it by name (a [`Cap`]): a case then holds the backend to what it does instead, or is skipped with that name on
//! stderr. Nothing is skipped silently.
//!
//! Cases share no guests: what they change they make themselves. So they run side by side, also against one live server.

pub mod agent;
pub mod bad_input;
pub mod batch;
pub mod clone;
pub mod cloud_init;
pub mod cluster;
pub mod config;
pub mod container;
pub mod create;
pub mod delete;
pub mod errors;
pub mod foresight;
pub mod gate;
pub mod node;
pub mod power;
pub mod raw;
pub mod snapshot;
pub mod suite;
pub mod task;
pub mod telemetry;
pub mod version;
pub mod volume;
pub mod wait_for_ip;
mod world;

pub use world::{Cap, Case, IMAGE, IMAGE_URL, Lacks, Simulated, Who, World, simulated_cluster};

use proxmox_core::{Error, ErrorKind, Outcome};

/// Checks the two questions that every caller asks of an error.
#[track_caller]
pub fn assert_is(error: &Error, kind: ErrorKind, outcome: Outcome) {
    assert_eq!((error.kind(), error.outcome()), (kind, outcome), "{error:?}");
}
