//! A node: its state, storages, bridges, disks and tasks.

mod disk;
mod network;
mod status;
mod storage;
mod volume;

use std::fmt;

pub use disk::{Disk, DiskHealth, Disks, ReadDisks};
pub use network::{Interface, Vnet};
pub use status::{CpuInfo, NodeStatus, Usage};
pub use storage::{Content, StorageStatus};
pub use volume::{Checksum, Download, FileKind, Store, Upload};

use crate::call::{Ask, Call};
use crate::guest::{GuestStatus, Kind};
use crate::rows::Rows;
use crate::task::TaskEntry;
use crate::{NodeName, Pve, PvePath, PveRequest, Version};

/// The handle of a node. Cheap to clone; nothing is read until asked.
#[derive(Clone)]
pub struct Node {
    pve: Pve,
    name: NodeName,
}

impl Node {
    pub(crate) fn new(pve: Pve, name: NodeName) -> Self {
        Self { pve, name }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &NodeName {
        &self.name
    }

    /// The handle it was made from.
    #[must_use]
    pub fn pve(&self) -> &Pve {
        &self.pve
    }

    /// Its path in the API, `/nodes/{node}`.
    #[must_use]
    pub fn path(&self) -> PvePath {
        PvePath::node(&self.name)
    }

    /// Which PVE this node runs: `GET /nodes/{node}/version`.
    pub fn version(&self) -> Call<Ask<Version>> {
        self.pve.bind(Ask::new("node.version", Ok(PveRequest::get(self.path().fixed("version")))))
    }

    /// All its guests of a kind with state and telemetry in one request: `GET /nodes/{node}/{kind}`. PVE leaves out those without
    /// `VM.Audit`.
    pub fn guests<K: Kind>(&self) -> Call<Ask<Rows<GuestStatus>>> {
        let request = self.path().segment(K::KIND.segment()).map(PveRequest::get);
        self.pve.bind(Ask::rows("guest.list", request))
    }

    /// Its last tasks, running and finished, the newest first: `GET /nodes/{node}/tasks`. Without `Sys.Audit` only one's own are listed.
    pub fn tasks(&self, limit: u32) -> Call<Ask<Rows<TaskEntry>>> {
        let request =
            PveRequest::get(self.path().fixed("tasks")).param("limit", limit).param("source", "all");
        self.pve.bind(Ask::rows("node.tasks", Ok(request)))
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {}", self.name)
    }
}
