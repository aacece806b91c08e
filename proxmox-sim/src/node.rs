//! Nodes: what they are, and what they answer about themselves.

/// A node of the cluster.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) name: String,
    /// A node that is known but down answers 595.
    pub(crate) up: bool,
    pub(crate) ip: String,
    pub(crate) cores: u64,
    pub(crate) memory: u64,
    pub(crate) booted: f64,
    pub(crate) bridges: Vec<String>,
    pub(crate) disks: Vec<Disk>,
}

/// A physical disk.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    pub(crate) dev: String,
    pub(crate) model: String,
    pub(crate) serial: String,
    pub(crate) size: u64,
    pub(crate) healthy: bool,
}
