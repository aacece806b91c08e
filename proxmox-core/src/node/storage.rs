use serde::{Deserialize, Serialize};

use super::Node;
use crate::call::{Ask, Call};
use crate::rows::Rows;
use crate::{PvePath, PveRequest, StorageId, Vmid, de};

/// A row of `GET /nodes/{node}/storage`. Sizes are bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StorageStatus {
    /// Which storage.
    pub storage: StorageId,
    /// `dir`, `lvmthin`, `zfspool`, `nfs`, `rbd` …
    #[serde(rename = "type", default)]
    pub kind: String,
    /// What it may hold: `images`, `rootdir`, `iso`, `vztmpl`, `backup`, `snippets`, `import`.
    #[serde(default, deserialize_with = "de::csv")]
    pub content: Vec<String>,
    /// Whether it is reachable from this node.
    #[serde(default, deserialize_with = "de::flag")]
    pub active: bool,
    /// Whether it is switched on.
    #[serde(default, deserialize_with = "de::flag")]
    pub enabled: bool,
    /// Whether all nodes see the same.
    #[serde(default, deserialize_with = "de::flag")]
    pub shared: bool,
    /// All of it.
    #[serde(default, deserialize_with = "de::opt_int")]
    pub total: Option<i64>,
    /// In use.
    #[serde(default, deserialize_with = "de::opt_int")]
    pub used: Option<i64>,
    /// Free for use.
    #[serde(default, deserialize_with = "de::opt_int")]
    pub avail: Option<i64>,
    /// Everything else that PVE sent.
    #[serde(flatten)]
    pub extra: de::Extra,
}

/// A row of `GET /nodes/{node}/storage/{storage}/content`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Content {
    /// The volume.
    pub volid: String,
    /// What it is: `images`, `iso`, `vztmpl` …
    #[serde(default)]
    pub content: String,
    /// Its format: `raw`, `qcow2`, `iso`, `tzst` …
    #[serde(default, deserialize_with = "de::opt_text")]
    pub format: Option<String>,
    /// Bytes.
    #[serde(default, deserialize_with = "de::opt_int")]
    pub size: Option<i64>,
    /// Its guest.
    #[serde(default)]
    pub vmid: Option<Vmid>,
    /// Made at, seconds since 1970.
    #[serde(default, deserialize_with = "de::opt_int")]
    pub ctime: Option<i64>,
    /// Everything else that PVE sent.
    #[serde(flatten)]
    pub extra: de::Extra,
}

impl Node {
    /// The storages that this node may use, with their fill: `GET /nodes/{node}/storage`. PVE leaves out those without
    /// `Datastore.Audit` or `Datastore.AllocateSpace`.
    pub fn storages(&self) -> Call<Ask<Rows<StorageStatus>>> {
        self.pve.bind(Ask::rows("node.storages", Ok(PveRequest::get(self.path().fixed("storage")))))
    }

    /// What lies on a storage: `GET /nodes/{node}/storage/{storage}/content`, of one kind (`iso`, `images` …) if asked.
    pub fn content(&self, storage: &StorageId, kind: Option<&str>) -> Call<Ask<Rows<Content>>> {
        let request = PveRequest::get(PvePath::storage(&self.name, storage).fixed("content"));
        self.pve.bind(Ask::rows("node.content", Ok(request.param_some("content", kind))))
    }
}
