use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::call::{Call, Operation};
use crate::node::{Content, Disk, NodeStatus, StorageStatus};
use crate::{
    Error, ErrorKind, Node, NodeName, Pve, PvePath, PveRequest, PveResponse, Result, StorageId, Vmid,
};

/// A node at one moment: its state, its disks, its storages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NodeTelemetry {
    /// Its name.
    pub node: NodeName,
    /// CPU, load, memory, file system, versions; none when these credentials may not see it.
    pub status: Option<NodeStatus>,
    /// Its physical disks, with the verdict of SMART and the life that remains.
    pub disks: Vec<Disk>,
    /// The storages that it may use, and how full they are.
    pub storages: Vec<StorageStatus>,
    /// When the newest backup of each guest was made, seconds since 1970, where backups were asked for: those that lie on storages
    /// of this node.
    pub backups: BTreeMap<Vmid, i64>,
    /// What could not be read, in sentences.
    pub notes: Vec<String>,
}

impl Node {
    /// State, disks and storages at once: `GET …/status`, `…/disks/list`, `…/storage`. Needs `Sys.Audit` and `Datastore.Audit`;
    /// what may not be seen is a note.
    ///
    /// # Errors
    /// When the node does not answer.
    pub fn telemetry(&self) -> Call<ReadNode> {
        self.pve().bind(ReadNode { node: self.name().clone(), backups: false })
    }
}

/// See [`Node::telemetry`].
#[derive(Debug)]
pub struct ReadNode {
    node: NodeName,
    backups: bool,
}

impl Call<ReadNode> {
    /// Also when each guest was last backed up: one more request for each storage that holds backups.
    pub fn with_backups(self) -> Self {
        self.map(|read| ReadNode { backups: true, ..read })
    }
}

impl Operation for ReadNode {
    type Output = NodeTelemetry;
    fn name(&self) -> &'static str {
        "node.telemetry"
    }
    fn request(&self) -> Result<PveRequest> {
        Ok(PveRequest::get(PvePath::node(&self.node).fixed("status")))
    }
    async fn run(self, pve: Pve) -> Result<NodeTelemetry> {
        let reads = ["status", "disks/list", "storage"]
            .map(|what| PveRequest::get(PvePath::node(&self.node).fixed(what)));
        let mut answers = pve.call_all(reads).await.into_iter();
        let mut next = || answers.next().unwrap_or_else(|| unreachable!("one answer for each read"));
        let mut notes = Vec::new();
        let status = match next().and_then(|answer| answer.decode::<NodeStatus>()) {
            Ok(status) => Some(status),
            // It answers, and says that its state is not for these eyes.
            Err(e) if e.kind() == ErrorKind::PermissionDenied => {
                notes.push(format!("its state is not seen: {}", e.message()));
                None
            }
            Err(e) => return Err(e),
        };
        let disks = rows(&mut notes, "its disks", next());
        let storages: Vec<StorageStatus> = rows(&mut notes, "its storages", next());
        let backups =
            if self.backups { self.backups(&pve, &storages, &mut notes).await } else { BTreeMap::new() };
        Ok(NodeTelemetry { node: self.node, status, disks, storages, backups, notes })
    }
}

impl ReadNode {
    async fn backups(
        &self,
        pve: &Pve,
        storages: &[StorageStatus],
        notes: &mut Vec<String>,
    ) -> BTreeMap<Vmid, i64> {
        let holds = |row: &&StorageStatus| row.active && row.content.iter().any(|kind| kind == "backup");
        let places: Vec<&StorageId> = storages.iter().filter(holds).map(|row| &row.storage).collect();
        let read = |storage: &&StorageId| {
            PveRequest::get(PvePath::storage(&self.node, storage).fixed("content")).param("content", "backup")
        };
        let answers = pve.call_all(places.iter().map(read).collect::<Vec<_>>()).await;
        let mut newest = BTreeMap::new();
        for (storage, answer) in places.into_iter().zip(answers) {
            let found: Vec<Content> = rows(notes, &format!("the backups on storage {storage}"), answer);
            for (vmid, time) in found.into_iter().filter_map(|row| Some((row.vmid?, row.ctime?))) {
                let last = newest.entry(vmid).or_insert(time);
                *last = time.max(*last);
            }
        }
        newest
    }
}

/// The rows of a list, and a note of what is missing from it.
fn rows<T: serde::de::DeserializeOwned>(
    notes: &mut Vec<String>,
    what: &str,
    answer: Result<PveResponse, Error>,
) -> Vec<T> {
    match answer.and_then(|answer| answer.rows::<T>()) {
        Ok(rows) => {
            notes.extend(rows.complaints(what));
            rows.into_vec()
        }
        Err(e) => {
            notes.push(format!("{what} are not seen: {}", e.message()));
            Vec::new()
        }
    }
}
