//! Storages and their volumes.

use std::collections::BTreeSet;

/// A storage of the cluster.
#[derive(Debug)]
pub(crate) struct Storage {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) content: BTreeSet<String>,
    /// All nodes when `None`.
    pub(crate) nodes: Option<Vec<String>>,
    pub(crate) shared: bool,
    pub(crate) enabled: bool,
    /// Bytes, on each node.
    pub(crate) total: u64,
    pub(crate) volumes: Vec<Volume>,
}

/// A volume. Those of a storage that is not shared live on one node.
#[derive(Debug, Clone)]
pub(crate) struct Volume {
    pub(crate) volid: String,
    pub(crate) node: Option<String>,
    pub(crate) content: String,
    pub(crate) format: String,
    pub(crate) size: u64,
    pub(crate) vmid: Option<u32>,
    pub(crate) parent: Option<String>,
    pub(crate) ctime: f64,
}

impl Storage {
    pub(crate) fn is_on(&self, node: &str) -> bool {
        self.nodes
            .as_ref()
            .is_none_or(|nodes| nodes.iter().any(|n| n == node))
    }
}

/// The format of a file by its name, as PVE lists it.
pub(crate) fn format_of(name: &str) -> &'static str {
    let ends = |end: &str| name.ends_with(end);
    match name {
        _ if ends(".iso") => "iso",
        _ if ends(".tar.gz") || ends(".tgz") => "tgz",
        _ if ends(".tar.xz") => "txz",
        _ if ends(".tar.zst") => "tzst",
        _ if ends(".qcow2") => "qcow2",
        _ if ends(".vmdk") => "vmdk",
        _ if name.starts_with("snippets/") => "snippet",
        _ => "raw",
    }
}
