//! A Proxmox VE cluster, or one node of it, as a [`Backend`]: a place where instances live.
//!
//! Instances are virtual machines. Containers are left alone, but what is promised to them counts, and templates are what instances
//! are made of.
//!
//! ```
//! # async fn demo(pve: proxmox_core::Pve, region: &proxmox_core::backend::PveRegion) -> proxmox_core::Result<()> {
//! use proxmox_core::backend::Backend;
//! use proxmox_fleet::PveBackend;
//!
//! let eu = PveBackend::new(pve, region)?;
//! println!("{}: {} MiB free", eu.name(), eu.capacity().await?.free_memory_mib());
//! for node in eu.nodes().await? {
//!     println!("{}: {} instances", node.name(), node.list().await?.len());
//! }
//! # Ok(()) }
//! ```

mod build;
mod create;
mod image;
mod instances;
mod names;
mod place;
mod seed;
mod undo;
mod watch;

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use proxmox_core::backend::{
    Backend, BackendInfo, Capacity, Instance, InstanceId, InstanceSpec, InstanceWatch, PveRegion, RegionKind,
};
use proxmox_core::guest::{Exec, ExecResult, IpQuery, Power, Shutdown};
use proxmox_core::{Error, ErrorKind, NodeName, Outcome, Pve, Result, StorageId, async_trait};

use names::Names;

/// What cards are plugged into where nobody says: the bridge that PVE's installer makes.
const BRIDGE: &str = "vmbr0";

/// A cluster of Proxmox VE, or one of its nodes, as a [`Backend`].
///
/// What is written passes the gate of the handle's policy. Needs, beside what reading does (`VM.Audit`, `Sys.Audit`,
/// `Datastore.Audit`), for creating: `VM.Allocate`, `VM.Config.*`, `VM.PowerMgmt`, `Datastore.AllocateSpace`; for images by address
/// and user data `Datastore.AllocateTemplate`, and for the former `Sys.AccessNetwork`; for deleting a seed `Datastore.Allocate`.
#[derive(Clone)]
pub struct PveBackend {
    pve: Pve,
    name: String,
    /// Only this one.
    node: Option<NodeName>,
    /// Where disks go.
    storage: StorageId,
    /// Where images and seeds go, instead of the first storage that takes them.
    files: Option<StorageId>,
    bridge: Option<String>,
    names: Names,
}

impl PveBackend {
    /// The cluster that the handle leads to, with the region's name, storage and bridge. How it is reached is the handle's matter.
    ///
    /// # Errors
    /// `InvalidInput` for the name of a storage that cannot be one.
    pub fn new(pve: Pve, region: &PveRegion) -> Result<Self> {
        let bridge = region.bridge.clone();
        let storage = StorageId::parse(&region.storage)?;
        let name = region.common.name.clone();
        Ok(Self { pve, name, node: None, storage, files: None, bridge, names: Names::default() })
    }

    /// Only this node, under the region's stable name for it: `eu-pve1`.
    #[must_use]
    pub fn on(&self, node: NodeName) -> Self {
        let region = match &self.node {
            Some(now) => self.name.strip_suffix(&format!("-{now}")).unwrap_or(&self.name),
            None => &self.name,
        };
        Self { name: format!("{region}-{node}"), node: Some(node), ..self.clone() }
    }

    /// What is meant by the name of a region: itself, or one of its nodes by its stable name, `eu-pve1`.
    ///
    /// # Errors
    /// `NotFound` for another name. Whether there is such a node is not asked.
    pub fn named(&self, name: &str) -> Result<Self> {
        let node = || name.strip_prefix(&self.name)?.strip_prefix('-')?.parse::<NodeName>().ok();
        if name == self.name {
            return Ok(self.clone());
        }
        match node().filter(|_| self.node.is_none()) {
            Some(node) => Ok(self.on(node)),
            None => {
                let text = format!("{name:?} is neither region {} nor one of its nodes", self.name);
                Err(Error::new(ErrorKind::NotFound, Outcome::NotSent, text))
            }
        }
    }

    /// Puts images and seeds on this storage, instead of on the first that takes them.
    #[must_use]
    pub fn files_on(mut self, storage: StorageId) -> Self {
        self.files = Some(storage);
        self
    }

    /// The name of the region: `eu`, or `eu-pve1` of one node.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The node that this is, when it is only one.
    #[must_use]
    pub fn node(&self) -> Option<&NodeName> {
        self.node.as_ref()
    }

    /// The cluster's nodes as backends of their own, by name, those that are offline too.
    ///
    /// # Errors
    /// When the list cannot be read.
    pub async fn nodes(&self) -> Result<Vec<Self>> {
        let rows = self.pve.cluster().nodes().await?;
        let mut nodes: Vec<NodeName> =
            rows.into_iter().filter_map(|row| row.node).filter(|node| self.has(node)).collect();
        nodes.sort();
        Ok(nodes.into_iter().map(|node| self.on(node)).collect())
    }

    /// Whether a node belongs to it.
    fn has(&self, node: &NodeName) -> bool {
        self.node.as_ref().is_none_or(|only| only == node)
    }
}

#[async_trait]
impl Backend for PveBackend {
    fn info(&self) -> BackendInfo {
        let way = self.pve.info();
        let mut info = BackendInfo::new(RegionKind::Proxmox, way.endpoint);
        info.blocking = way.blocking;
        info
    }

    async fn list(&self) -> Result<Vec<Instance>> {
        self.all().await
    }

    async fn get(&self, id: &InstanceId) -> Result<Instance> {
        let vm = self.vm(id).await?;
        Ok(self.look(&vm).await?.1)
    }

    async fn create(&self, spec: &InstanceSpec) -> Result<Instance> {
        self.make(spec).await
    }

    async fn start(&self, id: &InstanceId) -> Result<()> {
        self.vm(id).await?.ensure(Power::Running).await.map(drop)
    }

    async fn shutdown(&self, id: &InstanceId, patience: Duration) -> Result<()> {
        let vm = self.vm(id).await?;
        self.off(&vm, vm.shutdown(Shutdown::new().timeout(patience).then_stop())).await
    }

    async fn stop(&self, id: &InstanceId) -> Result<()> {
        let vm = self.vm(id).await?;
        self.off(&vm, vm.stop()).await
    }

    async fn delete(&self, id: &InstanceId) -> Result<bool> {
        match self.vm(id).await {
            Ok(vm) => self.remove(&vm).await,
            Err(e) if e.is_not_found() => Ok(false),
            Err(e) => Err(e),
        }
    }

    async fn set_tags(&self, id: &InstanceId, tags: &[String]) -> Result<()> {
        let vm = self.vm(id).await?;
        vm.set_config([("tags", self.tags(tags)?)]).await
    }

    async fn exec(&self, id: &InstanceId, exec: Exec) -> Result<ExecResult> {
        self.vm(id).await?.exec(exec).await
    }

    /// None while the agent does not answer, or the instance is off.
    async fn ips(&self, id: &InstanceId) -> Result<Vec<IpAddr>> {
        match self.vm(id).await?.agent().interfaces().await {
            Ok(interfaces) => Ok(IpQuery::first_of_each(&interfaces)),
            Err(e) if matches!(e.kind(), ErrorKind::Agent | ErrorKind::WrongState) => Ok(Vec::new()),
            Err(e) => Err(e),
        }
    }

    async fn capacity(&self) -> Result<Capacity> {
        Ok(self.rooms().await?.sum())
    }

    async fn watch(&self) -> Result<Box<dyn InstanceWatch>> {
        Ok(Box::new(watch::Looks::new(&self.pve, self.node.clone())))
    }
}

impl fmt::Debug for PveBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PveBackend")
            .field("name", &self.name)
            .field("pve", &self.pve)
            .field("storage", &self.storage)
            .finish_non_exhaustive()
    }
}
