//! One kind of host seen as another: the nouns that Proxmox VE and plain libvirt hosts have in common.
//!
//! A [`Backend`] is a place where instances live: a Proxmox VE cluster, one of its nodes, or a libvirt host. A program that manages
//! regions of both kinds holds a list of them. What only one kind can do is done by its own crate.
//!
//! Whatever writes passes the same safety gate as everywhere: an instance that does not carry the managed tag is only looked at.
//!
//! ```
//! # async fn demo(regions: Vec<Box<dyn proxmox_core::backend::Backend>>) -> proxmox_core::Result<()> {
//! for region in &regions {
//!     let free = region.capacity().await?;
//!     println!("{}: {} vCPUs, {} MiB", region.info().endpoint, free.free_vcpus(), free.free_memory_mib());
//!     for instance in region.list().await? {
//!         println!("  {} {}", instance.name, instance.state);
//!     }
//! }
//! # Ok(()) }
//! ```

mod capacity;
mod instance;
mod region;
mod spec;
mod url;
mod watch;

use std::net::IpAddr;
use std::time::Duration;

pub use capacity::{Capacity, Fit};
pub use instance::{Instance, InstanceId, InstanceState};
pub use region::{Common, LibvirtRegion, PveRegion, Region, RegionKind, Regions, SecretSource};
pub use spec::{Image, InstanceSpec, InstanceType, Network};
pub use url::shown_url;
pub use watch::{InstanceEvent, InstanceWatch};

use crate::guest::{Exec, ExecResult};
use crate::{Result, async_trait};

/// A place where instances live.
///
/// Every method waits until what it asks for is done. The futures run wherever their backend says
/// ([`BackendInfo::blocking`]).
#[async_trait]
pub trait Backend: Send + Sync {
    /// What it is.
    fn info(&self) -> BackendInfo;

    /// All instances, by name: those that are not managed too.
    async fn list(&self) -> Result<Vec<Instance>>;

    /// One instance.
    async fn get(&self, id: &InstanceId) -> Result<Instance>;

    /// Makes an instance of an image, with cloud-init, and starts it. It is managed from its first moment.
    ///
    /// # Errors
    /// `AlreadyExists` when another instance has the name. What a failed creation has made is removed; what could not be removed is
    /// named.
    async fn create(&self, spec: &InstanceSpec) -> Result<Instance>;

    /// Starts it. One that runs is left alone.
    async fn start(&self, id: &InstanceId) -> Result<()>;

    /// Asks its system to shut down, and stops it when it has not within the patience. One that is off is left alone.
    async fn shutdown(&self, id: &InstanceId, patience: Duration) -> Result<()>;

    /// Stops it at once, as by its power switch. One that is off is left alone.
    async fn stop(&self, id: &InstanceId) -> Result<()>;

    /// Deletes it with its disks, stopping it first. True when there was something to delete, and false only where nothing has this id.
    ///
    /// What is deleted is what has the id **now**: on Proxmox VE a kept number may be another machine's meanwhile, see [`InstanceId`].
    ///
    /// # Errors
    /// On Proxmox VE `InvalidInput` for what is no id, `Refused` for a guest that is no instance or not managed, `WrongState` for an
    /// instance that is on another node than the backend's.
    async fn delete(&self, id: &InstanceId) -> Result<bool>;

    /// Sets its tags. The managed tag stays.
    async fn set_tags(&self, id: &InstanceId, tags: &[String]) -> Result<()>;

    /// Runs a program in it, through its guest agent.
    async fn exec(&self, id: &InstanceId, exec: Exec) -> Result<ExecResult>;

    /// Its usable addresses, as far as they are known now: none of one that is off.
    async fn ips(&self, id: &InstanceId) -> Result<Vec<IpAddr>>;

    /// What there is, and what is promised and used of it.
    async fn capacity(&self) -> Result<Capacity>;

    /// Looks on, from now until what is returned is dropped.
    async fn watch(&self) -> Result<Box<dyn InstanceWatch>>;
}

/// What a [`Backend`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackendInfo {
    /// Proxmox VE or libvirt.
    pub kind: RegionKind,
    /// Where it leads, such as `https://pve1:8006`, `qemu+ssh://host/system`. Never holds a secret.
    pub endpoint: String,
    /// Whether its futures do their work at the first poll, blocking the thread.
    pub blocking: bool,
}

impl BackendInfo {
    /// An asynchronous backend.
    #[must_use]
    pub fn new(kind: RegionKind, endpoint: impl Into<String>) -> Self {
        Self { kind, endpoint: endpoint.into(), blocking: false }
    }
}
