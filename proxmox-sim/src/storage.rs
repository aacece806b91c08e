//! Storages and their volumes.

use std::collections::BTreeSet;

use crate::answer::{Refusal, failed};
use crate::state::State;

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
    /// The base image of a linked clone.
    pub(crate) parent: Option<String>,
    pub(crate) ctime: f64,
}

impl Volume {
    fn is_on(&self, node: &str) -> bool {
        self.node.as_ref().is_none_or(|n| n == node)
    }

    fn is_image(&self) -> bool {
        matches!(self.content.as_str(), "images" | "rootdir")
    }
}

impl Storage {
    pub(crate) fn is_on(&self, node: &str) -> bool {
        self.nodes.as_ref().is_none_or(|nodes| nodes.iter().any(|n| n == node))
    }

    /// Whether it keeps files; else it keeps block devices.
    pub(crate) fn has_files(&self) -> bool {
        matches!(self.kind.as_str(), "dir" | "nfs" | "cifs" | "cephfs" | "btrfs")
    }

    pub(crate) fn volumes_on<'a>(&'a self, node: &'a str) -> impl Iterator<Item = &'a Volume> {
        self.volumes.iter().filter(move |v| v.is_on(node))
    }

    pub(crate) fn used_on(&self, node: &str) -> u64 {
        let volumes: u64 = self.volumes_on(node).map(|volume| self.used_by(volume)).sum();
        (volumes + self.total / 50).min(self.total)
    }

    /// What a volume takes: images are thin but for those of plain LVM.
    pub(crate) fn used_by(&self, volume: &Volume) -> u64 {
        if volume.is_image() && !self.is_thick() { volume.size / 4 } else { volume.size }
    }

    fn is_thick(&self) -> bool {
        self.kind == "lvm"
    }

    /// Whether there is room for so many bytes. Thin storages promise more than they have.
    pub(crate) fn fits(&self, node: &str, bytes: u64) -> Result<(), String> {
        let room = if self.is_thick() { self.total - self.used_on(node) } else { self.total };
        if bytes <= room {
            return Ok(());
        }
        let size = crate::guest::disk::print_size(bytes);
        Err(format!("unable to create image: {size} do not fit into storage '{}'", self.id))
    }

    pub(crate) fn contents(&self) -> String {
        self.content.iter().map(String::as_str).collect::<Vec<_>>().join(",")
    }

    /// Where a volume of it would live.
    fn home(&self, node: &str) -> Option<String> {
        (!self.shared).then(|| node.to_owned())
    }

    /// The volume id of an image called `stem`.
    pub(crate) fn volid(&self, vmid: u32, stem: &str, format: &str) -> String {
        let id = &self.id;
        if self.has_files() { format!("{id}:{vmid}/{stem}.{format}") } else { format!("{id}:{stem}") }
    }

    /// The next free `vm-ID-disk-N`, or `subvol-ID-disk-N`.
    pub(crate) fn free_volid(&self, vmid: u32, format: &str) -> String {
        let own: Vec<_> =
            self.volumes.iter().filter(|v| v.vmid == Some(vmid)).map(|v| stem_of(&v.volid)).collect();
        let taken = |stem: &str| own.contains(&stem);
        let (plain, base) = if format == "subvol" { ("subvol", "basevol") } else { ("vm", "base") };
        (0_u32..)
            .map(|n| (format!("{plain}-{vmid}-disk-{n}"), format!("{base}-{vmid}-disk-{n}")))
            .find(|(stem, base)| !taken(stem) && !taken(base))
            .map(|(stem, _)| self.volid(vmid, &stem, format))
            .unwrap_or_default()
    }
}

/// `vm-100-disk-0` of `lab:100/vm-100-disk-0.qcow2`.
fn stem_of(volid: &str) -> &str {
    let file = volid.rsplit([':', '/']).next().unwrap_or_default();
    file.split('.').next().unwrap_or_default()
}

/// The storage of a volume id.
pub(crate) fn storage_of(volid: &str) -> &str {
    volid.split(':').next().unwrap_or_default()
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
        _ if ends(".subvol") || name.contains(":subvol-") || name.contains(":basevol-") => "subvol",
        _ if name.starts_with("snippets/") => "snippet",
        _ => "raw",
    }
}

impl State {
    /// A storage that can be used on a node.
    pub(crate) fn usable(&self, id: &str, node: &str) -> Result<&Storage, Refusal> {
        match self.storages.get(id) {
            None => failed(format!("storage '{id}' does not exist")),
            Some(storage) if !storage.enabled => failed(format!("storage '{id}' is disabled")),
            Some(storage) if !storage.is_on(node) => {
                failed(format!("storage '{id}' is not available on node '{node}'"))
            }
            Some(storage) => Ok(storage),
        }
    }

    pub(crate) fn volume(&self, volid: &str, node: &str) -> Option<&Volume> {
        self.storages.get(storage_of(volid))?.volumes.iter().find(|v| v.volid == volid && v.is_on(node))
    }

    pub(crate) fn volume_mut(&mut self, volid: &str, node: &str) -> Option<&mut Volume> {
        let storage = self.storages.get_mut(storage_of(volid))?;
        storage.volumes.iter_mut().find(|v| v.volid == volid && v.is_on(node))
    }

    /// Keeps an image of a guest.
    pub(crate) fn add_image(&mut self, image: Image<'_>) {
        if let Some(storage) = self.storages.get_mut(storage_of(image.volid)) {
            let node = storage.home(image.node);
            let format = format_of(image.volid);
            storage.volumes.push(Volume {
                volid: image.volid.to_owned(),
                node,
                content: image.content.to_owned(),
                format: format.to_owned(),
                size: image.size,
                vmid: Some(image.vmid),
                parent: image.parent,
                ctime: image.now,
            });
        }
    }

    /// Forgets a volume; false when it was not there.
    pub(crate) fn remove_volume(&mut self, volid: &str, node: &str) -> bool {
        let Some(storage) = self.storages.get_mut(storage_of(volid)) else {
            return false;
        };
        let before = storage.volumes.len();
        storage.volumes.retain(|v| v.volid != volid || !v.is_on(node));
        let gone = storage.volumes.len() < before;
        self.files
            .retain(|(other, home), _| other != volid || home.as_ref().is_some_and(|home| home != node));
        gone
    }

    /// Frees a volume with the guest that it belongs to. One of another guest is only let go of.
    pub(crate) fn free_own_volume(&mut self, volid: &str, node: &str, vmid: u32) {
        let own = |v: &Volume| v.volid == volid && v.vmid.is_none_or(|owner| owner == vmid);
        if self.storages.get(storage_of(volid)).is_some_and(|storage| storage.volumes.iter().any(own)) {
            self.remove_volume(volid, node);
        }
    }

    /// Whether linked clones stand on a base image.
    pub(crate) fn has_clones(&self, volid: &str) -> bool {
        let volumes = self.storages.get(storage_of(volid)).map(|s| s.volumes.as_slice()).unwrap_or_default();
        volumes.iter().any(|v| v.parent.as_deref() == Some(volid))
    }
}

/// An image to keep.
#[derive(Debug, Clone)]
pub(crate) struct Image<'a> {
    pub(crate) volid: &'a str,
    pub(crate) node: &'a str,
    pub(crate) content: &'a str,
    pub(crate) vmid: u32,
    pub(crate) size: u64,
    pub(crate) parent: Option<String>,
    pub(crate) now: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::SimBuilder;

    #[test]
    fn names_follow_the_kind_of_storage() {
        let state = crate::build::state(SimBuilder::new(), 1_800_000_000.0);
        assert_eq!(state.storages["local-lvm"].free_volid(100, "raw"), "local-lvm:vm-100-disk-1");
        assert_eq!(state.storages["shared"].free_volid(100, "qcow2"), "shared:100/vm-100-disk-0.qcow2");
        assert_eq!(state.storages["local-lvm"].free_volid(9000, "raw"), "local-lvm:vm-9000-disk-1");
        assert_eq!(stem_of("lab:120/base-120-disk-0.qcow2"), "base-120-disk-0");
    }

    #[test]
    fn local_volumes_live_on_one_node() {
        let mut state = crate::build::state(SimBuilder::new(), 1_800_000_000.0);
        let volid = "local-lvm:vm-100-disk-0";
        assert!(state.volume(volid, "pve1").is_some());
        assert!(state.volume(volid, "pve2").is_none());
        assert!(!state.remove_volume(volid, "pve2"));
        assert!(state.remove_volume(volid, "pve1"));
        assert!(state.volume("local:iso/debian-12-netinst.iso", "pve2").is_some());
    }

    #[test]
    fn what_cannot_be_used_says_why() {
        let state = crate::build::state(
            SimBuilder::new()
                .storage(crate::SimStorage::new("off", "dir", "images").disabled())
                .storage(crate::SimStorage::new("far", "dir", "images").nodes(&["pve2"])),
            1_800_000_000.0,
        );
        let refused = |id: &str| state.usable(id, "pve1").map(|s| s.id.clone()).unwrap_err().sentence();
        assert_eq!(refused("nost"), "storage 'nost' does not exist");
        assert_eq!(refused("off"), "storage 'off' is disabled");
        assert_eq!(refused("far"), "storage 'far' is not available on node 'pve1'");
        assert!(state.usable("local-lvm", "pve1").is_ok());
    }
}
