//! What a request is about, read off its path.

use std::fmt;

use crate::id::{GuestKind, NodeName, Vmid};
use crate::path::PvePath;

/// The thing a path names. Errors and gates speak of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Target {
    /// A guest on a node.
    Guest {
        /// VM or container.
        kind: GuestKind,
        /// Which.
        vmid: Vmid,
        /// Where.
        node: NodeName,
    },
    /// A node.
    Node(NodeName),
    /// Something that belongs to the cluster: the path tells.
    Cluster(PvePath),
}

impl Target {
    /// Reads the target off a path.
    #[must_use]
    pub fn of(path: &PvePath) -> Self {
        let mut segments = path.segments();
        if segments.next() == Some("nodes")
            && let Some(Ok(node)) = segments.next().map(NodeName::parse)
        {
            let kind = match segments.next() {
                Some("qemu") => GuestKind::Qemu,
                Some("lxc") => GuestKind::Lxc,
                _ => return Self::Node(node),
            };
            return match segments.next().and_then(|s| s.parse().ok()) {
                Some(vmid) => Self::Guest { kind, vmid, node },
                None => Self::Node(node),
            };
        }
        Self::Cluster(path.clone())
    }

    /// Whether the path names a guest as a whole, not something of it.
    pub(crate) fn is_guest_itself(path: &PvePath) -> bool {
        matches!(Self::of(path), Self::Guest { .. }) && path.segments().count() == 4
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guest { kind, vmid, node } => write!(f, "{} {vmid} on node {node}", kind.noun()),
            Self::Node(node) => write!(f, "node {node}"),
            Self::Cluster(path) => path.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_off_the_path() {
        for (path, text) in [
            ("/nodes/pve1/qemu/100/status/start", "VM 100 on node pve1"),
            ("/nodes/pve1/lxc/200", "CT 200 on node pve1"),
            ("/nodes/pve1/qemu", "node pve1"),
            ("/nodes/pve1/storage/local", "node pve1"),
            ("/access/users", "/access/users"),
        ] {
            assert_eq!(Target::of(&PvePath::parse(path).unwrap()).to_string(), text);
        }
    }
}
