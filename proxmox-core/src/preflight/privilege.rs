//! Which privileges an operation needs: those of PVE 8, and what 9 has made of them.

use super::need::{Act, Need};
use crate::config::DiskSource;
use crate::{GuestKind, PveRequest};

/// One of these privileges is needed on a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Needed {
    pub(super) path: String,
    pub(super) any: Vec<&'static str>,
}

impl Needed {
    /// The smallest of PVE's own roles that has it.
    pub(super) fn role(&self) -> &'static str {
        match self.any.first() {
            Some(privilege) if privilege.starts_with("Datastore.") => "PVEDatastoreUser",
            Some(privilege) if privilege.starts_with("SDN.") => "PVESDNUser",
            Some(&("VM.PowerMgmt" | "VM.Config.CDROM" | "VM.Config.Cloudinit")) => "PVEVMUser",
            _ => "PVEVMAdmin",
        }
    }
}

pub(super) fn needed(request: &PveRequest, need: &Need) -> Vec<Needed> {
    let mut all: Vec<Needed> = Vec::new();
    let mut add = |path: String, any: &[&'static str]| {
        let needed = Needed { path, any: any.to_vec() };
        if !all.contains(&needed) {
            all.push(needed);
        }
    };
    let vms = |vmid: Option<crate::Vmid>| vmid.map(|vmid| format!("/vms/{vmid}"));
    let pool = request.params.text("pool").map(|pool| format!("/pool/{pool}"));
    let new = pool.clone().or_else(|| vms(need.newid.flatten()));
    if let Some(guest) = vms(need.vmid) {
        match need.act {
            Act::Clone => add(guest, &["VM.Clone"]),
            Act::Resize => add(guest, &["VM.Config.Disk"]),
            Act::Start | Act::Stop => add(guest, &["VM.PowerMgmt"]),
            Act::Delete | Act::Template => add(guest, &["VM.Allocate"]),
            Act::Agent => add(guest, agent(request)),
            Act::Config => {
                for (key, value) in need.wanted.iter().filter(|(key, _)| !matches!(*key, "digest" | "delete"))
                {
                    add(guest.clone(), config(need.kind, key, value));
                }
            }
            Act::Create | Act::Other => {}
        }
    }
    if let (Act::Create | Act::Clone, Some(new)) = (need.act, &new) {
        add(new.clone(), &["VM.Allocate"]);
    }
    let storages = need.drives().filter_map(|(_, disk)| match disk.source() {
        DiskSource::New { storage, .. } | DiskSource::NewCloudInit { storage } => Some(storage),
        _ => None,
    });
    for storage in storages.chain(need.storage.clone().filter(|_| matches!(need.act, Act::Clone))) {
        add(format!("/storage/{storage}"), &["Datastore.AllocateSpace"]);
    }
    for (_, bridge) in need.bridges() {
        if let Some(bridge) = bridge {
            add(format!("/sdn/zones/localnetwork/{bridge}"), &["SDN.Use"]);
        }
    }
    all
}

fn agent(request: &PveRequest) -> &'static [&'static str] {
    match request.path.segments().last() {
        Some("exec" | "exec-status") => &["VM.GuestAgent.Unrestricted", "VM.Monitor"],
        Some("file-read") => &["VM.GuestAgent.FileRead", "VM.GuestAgent.Unrestricted", "VM.Monitor"],
        Some("file-write") => &["VM.GuestAgent.FileWrite", "VM.GuestAgent.Unrestricted", "VM.Monitor"],
        _ => &["VM.GuestAgent.Audit", "VM.GuestAgent.Unrestricted", "VM.Monitor"],
    }
}

/// What a key of the configuration needs.
fn config(kind: GuestKind, key: &str, value: &str) -> &'static [&'static str] {
    let family = key.trim_end_matches(|c: char| c.is_ascii_digit());
    let disk = matches!(
        family,
        "scsi" | "virtio" | "sata" | "ide" | "efidisk" | "tpmstate" | "unused" | "rootfs" | "mp"
    );
    match (kind, key) {
        (GuestKind::Qemu, _) if disk && value.contains("media=cdrom") => &["VM.Config.CDROM"],
        _ if disk => &["VM.Config.Disk"],
        (_, "cores" | "cpu" | "sockets" | "cpulimit" | "cpuunits" | "vcpus" | "affinity" | "numa") => {
            &["VM.Config.CPU"]
        }
        (_, "memory" | "balloon" | "shares" | "swap") => &["VM.Config.Memory"],
        (GuestKind::Lxc, "nameserver" | "searchdomain" | "hostname") => &["VM.Config.Network"],
        (GuestKind::Qemu, "nameserver" | "searchdomain") => &["VM.Config.Cloudinit", "VM.Config.Network"],
        (_, "cicustom" | "cipassword" | "citype" | "ciupgrade" | "ciuser" | "sshkeys") => {
            &["VM.Config.Cloudinit"]
        }
        _ if family == "ipconfig" => &["VM.Config.Cloudinit", "VM.Config.Network"],
        _ if family == "net" => &["VM.Config.Network"],
        (
            _,
            "acpi" | "hotplug" | "kvm" | "machine" | "scsihw" | "smbios1" | "tablet" | "vga" | "watchdog"
            | "vmgenid",
        ) => &["VM.Config.HWType"],
        _ if matches!(family, "serial" | "usb" | "hostpci" | "parallel" | "audio" | "rng") => {
            &["VM.Config.HWType"]
        }
        _ => &["VM.Config.Options"],
    }
}
