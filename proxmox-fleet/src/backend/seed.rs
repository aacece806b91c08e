//! What a new instance's cloud-init reads: a small image of its own in a CD drive.

use proxmox_core::config::{ConfigBag, Disk};
use proxmox_core::seed::{CloudSeed, UserData};
use proxmox_core::{Result, Vmid, VolId};
use proxmox_qemu::Vm;

use super::PveBackend;
use super::place::Room;

/// How the files begin that belong to a machine and go with it.
fn prefix(vmid: Vmid) -> String {
    format!("sdk-seed-{vmid}-")
}

/// The drives that a seed may be in, the usual one first.
const SLOTS: [&str; 4] = ["ide2", "ide0", "ide1", "ide3"];

impl PveBackend {
    /// What the seed of a machine is called on its node. The word makes the name unlike that of any other, also where clusters share a
    /// storage.
    pub(super) fn seed_of(&self, room: &Room, vm: &Vm, word: &str) -> Result<VolId> {
        let storage = room.files("iso", self.files.as_ref())?;
        VolId::parse(&format!("{storage}:iso/{}{word}.iso", prefix(vm.vmid())))
    }

    /// Puts the seed of a machine that is ours on its node, under [its name](Self::seed_of).
    pub(super) async fn put_seed(
        &self,
        vm: &Vm,
        volid: &VolId,
        hostname: &str,
        data: UserData,
        word: &str,
    ) -> Result<VolId> {
        let id = format!("{}-{word}", vm.vmid());
        let image = CloudSeed::new(&id).hostname(hostname).user_data(data).to_iso(0)?;
        let name = volid.volume().trim_start_matches("iso/");
        self.pve.node(vm.node())?.upload_iso(&volid.storage(), name, image).await
    }
}

/// The drive that takes it: the one that PVE's own cloud-init is in, whose place it takes, or one that is free.
pub(super) fn slot(config: &ConfigBag) -> Option<&'static str> {
    let cloudinit = |slot: &&&str| config.disk(slot).is_ok_and(|disk| disk.is_cloudinit());
    SLOTS.iter().find(cloudinit).or_else(|| SLOTS.iter().find(|slot| config.get(slot).is_none())).copied()
}

/// The seeds in the drives of a machine: files that are named after it, and nothing else.
pub(super) fn of(config: &ConfigBag, vmid: Vmid) -> Vec<VolId> {
    let own = |volid: &VolId| {
        let name = volid.volume().strip_prefix("iso/").unwrap_or_default();
        name.starts_with(&prefix(vmid)) && name.ends_with(".iso")
    };
    let disks = config.disks().into_iter().filter_map(|(_, disk)| disk.ok());
    disks.filter(Disk::is_cdrom).filter_map(|disk| disk.volid()).filter(own).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bag(pairs: &[(&str, &str)]) -> ConfigBag {
        pairs.iter().copied().collect()
    }

    #[test]
    fn drives() {
        assert_eq!(slot(&bag(&[("ide2", "local:iso/debian.iso,media=cdrom")])), Some("ide0"));
        let both =
            bag(&[("ide0", "local-lvm:vm-100-cloudinit,media=cdrom"), ("scsi0", "local-lvm:vm-100-disk-0")]);
        assert_eq!(slot(&both), Some("ide0"));
        assert_eq!(slot(&bag(&[])), Some("ide2"));
    }

    #[test]
    fn only_ones_own_seeds() {
        let vmid = Vmid::new(100).unwrap();
        let found = |volume: &str| of(&bag(&[("ide2", &format!("{volume},media=cdrom"))]), vmid).len();
        assert_eq!(found("local:iso/sdk-seed-100-0a.iso"), 1);
        for foreign in
            ["local:iso/sdk-seed-1000-0a.iso", "local:iso/debian.iso", "local-lvm:vm-100-cloudinit", "none"]
        {
            assert_eq!(found(foreign), 0, "{foreign}");
        }
    }
}
