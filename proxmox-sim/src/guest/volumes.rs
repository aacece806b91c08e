//! The volumes of a guest: how they grow, are copied and become bases.

use std::collections::BTreeMap;

use crate::guest::disk::{self, Drive};
use crate::guest::{Guest, GuestKind};
use crate::state::State;
use crate::storage::{Image, storage_of};

/// All that are its own: those of its disks, and those it keeps unused.
pub(crate) fn all(guest: &Guest) -> Vec<String> {
    let drives = disk::disks(guest).into_iter().filter(|(_, d)| d.owns_volume()).map(|(_, d)| d.file);
    let unused = guest.config.iter().filter(|(key, _)| key.starts_with("unused")).map(|(_, v)| v.clone());
    drives.chain(unused).collect()
}

/// Makes a guest a template, and its volumes what linked clones stand on.
pub(crate) fn to_base(state: &mut State, vmid: u32) -> Result<(), String> {
    let Some(guest) = state.guests.get_mut(&vmid) else {
        return Err(format!("guest {vmid} is gone"));
    };
    guest.set("template", "1");
    let (node, disks) = (guest.node.clone(), disk::disks(guest));
    for (key, mut drive) in disks.into_iter().filter(|(_, d)| d.owns_volume() && !d.is_cloudinit()) {
        let base = base_name(&drive.file, vmid);
        if let Some(volume) = state.volume_mut(&drive.file, &node) {
            volume.volid.clone_from(&base);
        }
        drive.file = base;
        if let Some(guest) = state.guests.get_mut(&vmid) {
            guest.set(&key, drive.print());
        }
    }
    Ok(())
}

/// What the volume of a guest is called when linked clones can stand on it.
pub(crate) fn base_name(volid: &str, vmid: u32) -> String {
    volid
        .replace(&format!("subvol-{vmid}-"), &format!("basevol-{vmid}-"))
        .replace(&format!("vm-{vmid}-"), &format!("base-{vmid}-"))
}

/// Whether linked clones can stand on it.
pub(crate) fn is_base(volid: &str) -> bool {
    volid.contains("base-") || volid.contains("basevol-")
}

/// How large a disk is, and how large it shall be: `+1G` is so much more.
pub(crate) fn wanted_size(state: &State, node: &str, drive: &Drive, size: &str) -> Option<(u64, u64)> {
    let old = state.volume(&drive.file, node).map_or(drive.size(), |v| v.size);
    let (by, text) = size.strip_prefix('+').map_or((0, size), |text| (old, text));
    disk::parse_size(text).map(|size| (old, size + by))
}

/// Gives a disk its new size.
pub(crate) fn grow(state: &mut State, vmid: u32, node: &str, key: &str, mut drive: Drive, size: u64) {
    if let Some(volume) = state.volume_mut(&drive.file, node) {
        volume.size = size;
    }
    if let Some(guest) = state.guests.get_mut(&vmid) {
        drive.set("size", disk::print_size(size));
        guest.set(key, drive.print());
    }
}

/// How the volumes of a guest are copied.
#[derive(Debug)]
pub(crate) struct Copying {
    pub(crate) kind: GuestKind,
    pub(crate) node: String,
    pub(crate) full: bool,
    /// Where to, when not where they are.
    pub(crate) storage: Option<String>,
    pub(crate) format: Option<String>,
}

impl Copying {
    /// Whether there is room for full copies of all these.
    pub(crate) fn fits(&self, state: &State, drives: &[(String, Drive)]) -> Result<(), String> {
        let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
        for (_, drive) in drives.iter().filter(|_| self.full) {
            let size = state.volume(&drive.file, &self.node).map_or(drive.size(), |volume| volume.size);
            *sums.entry(self.storage.as_deref().unwrap_or_else(|| storage_of(&drive.file))).or_default() +=
                size;
        }
        let full = |(id, bytes): (&str, u64)| state.storages.get(id)?.fits(&self.node, bytes).err();
        sums.into_iter().find_map(full).map_or(Ok(()), Err)
    }

    /// Makes the copy of one volume: its id.
    pub(crate) fn copy(&self, state: &mut State, newid: u32, drive: &Drive, size: u64, now: f64) -> String {
        let own = storage_of(&drive.file).to_owned();
        let Some(storage) = state.storages.get(self.storage.as_ref().unwrap_or(&own)) else {
            return String::new();
        };
        let was = crate::storage::format_of(&drive.file);
        let mut parent = None;
        let volid = if drive.is_cloudinit() {
            let format = self.format.as_deref().unwrap_or(was);
            storage.volid(newid, &format!("vm-{newid}-cloudinit"), format)
        } else if self.full {
            let format = match self.kind {
                GuestKind::Qemu => self.format.as_deref().unwrap_or(was),
                GuestKind::Lxc => disk::container_format(storage, size),
            };
            storage.free_volid(newid, format)
        } else {
            parent = Some(drive.file.clone());
            let volid = storage.free_volid(newid, was);
            match (storage.has_files(), drive.file.split_once(':')) {
                (true, Some((id, base))) => {
                    format!("{id}:{base}/{}", volid.split_once(':').map_or("", |(_, name)| name))
                }
                _ => volid,
            }
        };
        let (node, content) = (self.node.as_str(), disk::content(self.kind));
        state.add_image(Image { volid: &volid, node, content, vmid: newid, size, parent, now });
        volid
    }
}
