//! What most programs name: `use proxmox_sdk::prelude::*;`.
//!
//! Of the crates behind features it has what those features bring.

pub use proxmox_core::guest::{
    CloneOptions, DeleteOptions, Exec, ExecResult, IpQuery, NewId, Power, Shutdown, SnapshotOptions,
};
pub use proxmox_core::{
    Call, ConfigChange, Error, ErrorKind, Guest, GuestKind, GuestRef, Layer, Node, NodeName, Operation,
    Outcome, Policy, Pve, PvePath, PveRequest, Result, Secret, StorageId, Task, Transport, Upid, Vmid, VolId,
};
#[cfg(feature = "fleet")]
pub use proxmox_fleet::{Gather, Report, Snapshot, Thresholds, Watch};
#[cfg(feature = "lxc")]
pub use proxmox_lxc::{Container, ContainerSpec, LxcNode};
#[cfg(feature = "qemu")]
pub use proxmox_qemu::{CloudInit, QemuNode, Vm, VmSpec};
#[cfg(feature = "sim")]
pub use proxmox_sim::Sim;
#[cfg(feature = "local")]
pub use proxmox_transport::Local;
#[cfg(feature = "ssh")]
pub use proxmox_transport::Ssh;
#[cfg(any(feature = "reqwest", feature = "ureq"))]
pub use proxmox_transport::{Api, Engine};

pub use crate::connect::Connect;
