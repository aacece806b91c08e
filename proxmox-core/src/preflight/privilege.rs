//! Which privileges an operation needs: those of PVE 8, and what 9 has made of them.
//!
//! Only what is certain is demanded. What PVE decides by more than the request, or leaves to root alone, is not told here.

use super::need::{Act, Need};
use crate::config::{Disk, DiskSource};
use crate::{GuestKind, PveRequest};

/// One of these is needed: a privilege on a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Needed(pub(super) Vec<(String, &'static str)>);

impl Needed {
    fn one_of(path: &str, privileges: &[&'static str]) -> Self {
        Self(privileges.iter().map(|privilege| (path.to_owned(), *privilege)).collect())
    }

    /// The path to grant it on: the first of them.
    pub(super) fn path(&self) -> &str {
        self.0.first().map_or("/", |(path, _)| path)
    }

    /// In words.
    pub(super) fn words(&self) -> String {
        let words: Vec<String> = self
            .0
            .iter()
            .map(|(path, privilege)| match path == self.path() {
                true => (*privilege).to_owned(),
                false => format!("{privilege} on {path}"),
            })
            .collect();
        words.join(" or ")
    }

    /// The smallest of PVE's own roles that has the first of them.
    pub(super) fn role(&self) -> &'static str {
        match self.0.first() {
            Some((_, privilege)) if privilege.starts_with("Datastore.") => "PVEDatastoreUser",
            Some((_, privilege)) if privilege.starts_with("SDN.") => "PVESDNUser",
            Some((_, "VM.PowerMgmt" | "VM.Config.CDROM" | "VM.Config.Cloudinit")) => "PVEVMUser",
            Some((_, "Sys.Modify")) => "Administrator",
            _ => "PVEVMAdmin",
        }
    }
}

pub(super) fn needed(request: &PveRequest, need: &Need) -> Vec<Needed> {
    let mut all: Vec<Needed> = Vec::new();
    let mut add = |needed: Needed| {
        if !all.contains(&needed) {
            all.push(needed);
        }
    };
    let vms = |vmid: Option<crate::Vmid>| vmid.map(|vmid| format!("/vms/{vmid}"));
    if let Some(guest) = vms(need.vmid) {
        let privileges: &[&str] = match need.act {
            Act::Clone => &["VM.Clone"],
            Act::Resize => &["VM.Config.Disk"],
            Act::Start | Act::Stop => &["VM.PowerMgmt"],
            Act::Delete | Act::Template => &["VM.Allocate"],
            Act::Agent => agent(request),
            Act::Config | Act::Create | Act::Other => &[],
        };
        if !privileges.is_empty() {
            add(Needed::one_of(&guest, privileges));
        }
        if need.act == Act::Config {
            for (key, value) in need.wanted.iter() {
                for privileges in config(need.kind, key, value) {
                    add(Needed::one_of(&guest, privileges));
                }
            }
            if need.kind == GuestKind::Qemu && need.wanted.get("startup").is_some() {
                add(Needed::one_of("/", &["Sys.Modify"]));
            }
        }
    }
    if matches!(need.act, Act::Create | Act::Clone) {
        // On the number or on the pool. Of a number that is yet to be chosen nothing can be said.
        let number = vms(need.newid.flatten());
        let pool = request.params.text("pool").map(|pool| format!("/pool/{pool}"));
        if need.newid.flatten().is_some() {
            add(Needed(number.into_iter().chain(pool).map(|path| (path, "VM.Allocate")).collect()));
        }
    }
    for storage in storages(need) {
        add(Needed::one_of(&format!("/storage/{storage}"), &["Datastore.AllocateSpace"]));
    }
    for (_, bridge) in need.bridges() {
        if let Some(bridge) = bridge {
            add(Needed::one_of(&format!("/sdn/zones/localnetwork/{bridge}"), &["SDN.Use"]));
        }
    }
    all
}

/// Where something is to be allocated. Cloud-init drives need no privilege there.
fn storages(need: &Need) -> impl Iterator<Item = crate::StorageId> {
    let new = need.drives().filter_map(|(_, disk)| match disk.source() {
        DiskSource::New { storage, .. } => Some(storage),
        _ => None,
    });
    let copied = need.storage.clone().filter(|_| need.act == Act::Clone);
    new.chain(copied).collect::<Vec<_>>().into_iter()
}

fn agent(request: &PveRequest) -> &'static [&'static str] {
    match request.path.segments().last().unwrap_or_default() {
        "exec" | "exec-status" | "set-user-password" | "agent" => {
            &["VM.GuestAgent.Unrestricted", "VM.Monitor"]
        }
        "file-read" => &["VM.GuestAgent.FileRead", "VM.GuestAgent.Unrestricted", "VM.Monitor"],
        "file-write" => &["VM.GuestAgent.FileWrite", "VM.GuestAgent.Unrestricted", "VM.Monitor"],
        "fstrim" | "fsfreeze-freeze" | "fsfreeze-thaw" => {
            &["VM.GuestAgent.FileSystemMgmt", "VM.GuestAgent.Unrestricted", "VM.Monitor"]
        }
        "shutdown" | "suspend-disk" | "suspend-hybrid" | "suspend-ram" => {
            &["VM.PowerMgmt", "VM.GuestAgent.Unrestricted", "VM.Monitor"]
        }
        _ => &["VM.GuestAgent.Audit", "VM.GuestAgent.Unrestricted", "VM.Monitor"],
    }
}

/// What a key of the configuration needs: one of each group. Nothing where it depends on more than the key, or is root's.
fn config(kind: GuestKind, key: &str, value: &str) -> Vec<&'static [&'static str]> {
    match kind {
        GuestKind::Qemu => vm(key, value),
        GuestKind::Lxc => container(key, value),
    }
}

fn vm(key: &str, value: &str) -> Vec<&'static [&'static str]> {
    let family = key.trim_end_matches(|c: char| c.is_ascii_digit());
    match key {
        _ if matches!(family, "scsi" | "virtio" | "sata" | "ide" | "efidisk" | "tpmstate") => drive(value),
        "cores" | "cpu" | "sockets" | "cpulimit" | "cpuunits" | "vcpus" => vec![&["VM.Config.CPU"]],
        _ if family == "numa" => vec![&["VM.Config.CPU"]],
        "memory" | "balloon" | "shares" => vec![&["VM.Config.Memory"]],
        "acpi" | "hotplug" | "kvm" | "machine" | "scsihw" | "smbios1" | "tablet" | "vga" | "watchdog" => {
            vec![&["VM.Config.HWType"]]
        }
        "boot" | "bootdisk" | "vmstatestorage" => vec![&["VM.Config.Disk"]],
        "freeze" => vec![&["VM.PowerMgmt"]],
        "cicustom" | "cipassword" | "citype" | "ciupgrade" | "ciuser" | "nameserver" | "searchdomain"
        | "sshkeys" => {
            vec![&["VM.Config.Cloudinit", "VM.Config.Network"]]
        }
        _ if family == "ipconfig" => vec![&["VM.Config.Cloudinit", "VM.Config.Network"]],
        _ if family == "net" => vec![&["VM.Config.Network"]],
        "agent" | "autostart" | "bios" | "description" | "keyboard" | "localtime" | "name" | "onboot"
        | "ostype" | "protection" | "reboot" | "startdate" | "startup" | "tdf" => {
            vec![&["VM.Config.Options"]]
        }
        _ => Vec::new(),
    }
}

fn drive(value: &str) -> Vec<&'static [&'static str]> {
    let Ok(disk) = value.parse::<Disk>() else {
        return Vec::new();
    };
    if super::place::is_cloud_init(&disk) {
        vec![&["VM.Config.Cloudinit"], &["VM.Config.CDROM"]]
    } else if disk.is_cdrom() {
        vec![&["VM.Config.CDROM"]]
    } else {
        vec![&["VM.Config.Disk"]]
    }
}

fn container(key: &str, value: &str) -> Vec<&'static [&'static str]> {
    let family = key.trim_end_matches(|c: char| c.is_ascii_digit());
    match key {
        "rootfs" => vec![&["VM.Config.Disk"]],
        _ if family == "mp" => vec![&["VM.Config.Disk"]],
        "cores" | "cpulimit" | "cpuunits" => vec![&["VM.Config.CPU"]],
        "memory" | "swap" => vec![&["VM.Config.Memory"]],
        "hostname" | "nameserver" | "searchdomain" => vec![&["VM.Config.Network"]],
        _ if family == "net" => vec![&["VM.Config.Network"]],
        "features" if value == "nesting=1" => vec![&["VM.Allocate"]],
        "arch" | "cmode" | "console" | "description" | "onboot" | "ostype" | "protection" | "startup"
        | "tty" => {
            vec![&["VM.Config.Options"]]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What PVE's own checks ask for, key by key.
    #[test]
    fn keys_of_configurations() {
        let words = |kind, key: &str, value: &str| {
            let groups = config(kind, key, value);
            groups.iter().map(|any| any.join("|")).collect::<Vec<_>>().join(" & ")
        };
        for (key, value, expected) in [
            ("scsi0", "lab:8", "VM.Config.Disk"),
            ("ide2", "lab:iso/x.iso,media=cdrom", "VM.Config.CDROM"),
            ("ide2", "none,media=cdrom", "VM.Config.CDROM"),
            ("ide2", "lab:cloudinit", "VM.Config.Cloudinit & VM.Config.CDROM"),
            ("boot", "order=scsi0", "VM.Config.Disk"),
            ("numa0", "cpus=0", "VM.Config.CPU"),
            ("ciuser", "x", "VM.Config.Cloudinit|VM.Config.Network"),
            ("ipconfig1", "ip=dhcp", "VM.Config.Cloudinit|VM.Config.Network"),
            ("net0", "virtio", "VM.Config.Network"),
            ("freeze", "1", "VM.PowerMgmt"),
            ("onboot", "1", "VM.Config.Options"),
            // Root's alone, or decided by more than the key.
            ("args", "-x", ""),
            ("affinity", "0", ""),
            ("hookscript", "x", ""),
            ("serial0", "socket", ""),
            ("tags", "x", ""),
        ] {
            assert_eq!(words(GuestKind::Qemu, key, value), expected, "{key}");
        }
        for (key, value, expected) in [
            ("mp0", "lab:8,mp=/srv", "VM.Config.Disk"),
            ("features", "nesting=1", "VM.Allocate"),
            ("features", "fuse=1,nesting=1", ""),
            ("hostname", "x", "VM.Config.Network"),
            ("dev0", "/dev/null", ""),
        ] {
            assert_eq!(words(GuestKind::Lxc, key, value), expected, "{key}");
        }
    }
}
