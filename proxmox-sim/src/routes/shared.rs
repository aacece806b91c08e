//! Lists of parameters that several methods share.

use std::sync::OnceLock;

use crate::schema::{self, Param};
use crate::{GuestKind, PveVersion};

/// What is checked of a placeholder in a path.
pub(crate) fn path_word(name: &str) -> String {
    let ty = match name {
        "node" => "s=node",
        "vmid" => "vmid",
        "storage" => "s=storage-id",
        "snapname" => "s..40=configid",
        _ => "s",
    };
    format!("{name}:{ty}")
}

/// A list by its name.
pub(crate) fn list(name: &str) -> &'static str {
    match name {
        "qemu" => QEMU,
        "lxc" => LXC,
        "power" => "skiplock?:b timeout?:i0..",
        _ => "",
    }
}

/// The configuration of a VM, as create and both kinds of change take it.
const QEMU: &str = "acpi?:b affinity?:s agent?:s=prop:agent 9!allow-ksm?:b amd-sev?:s arch?:e:x86_64,aarch64 args?:s \
    audio0?:s autostart?:b balloon?:i0.. bios?:e:seabios,ovmf boot?:s bootdisk?:s cdrom?:s=prop:drive cicustom?:s \
    cipassword?:s citype?:e:configdrive2,nocloud,opennebula ciupgrade?:b ciuser?:s cores?:i1.. cpu?:s \
    cpulimit?:n0..128 cpuunits?:i1..262144 description?:s..8192 efidisk0?:s=prop:drive force?:b freeze?:b \
    hookscript?:s hostpci[16]?:s hotplug?:s hugepages?:e:any,2,1024 ide[4]?:s=prop:drive 9!intel-tdx?:s \
    import-working-storage?:s=storage-id ipconfig[32]?:s=prop:ipconfig ivshmem?:s keephugepages?:b \
    keyboard?:e:de,de-ch,da,en-gb,en-us,es,fi,fr,fr-be,fr-ca,fr-ch,hu,is,it,ja,lt,mk,nl,no,pl,pt,pt-br,sv,sl,tr \
    kvm?:b localtime?:b \
    lock?:e:backup,clone,create,migrate,rollback,snapshot,snapshot-delete,suspending,suspended machine?:s \
    memory?:s=prop:memory migrate_downtime?:n0.. migrate_speed?:i0.. name?:s=dns-name nameserver?:s=address-list \
    net[32]?:s=prop:net numa?:b numa[8]?:s onboot?:b \
    ostype?:e:other,wxp,w2k,w2k3,w2k8,wvista,win7,win8,win10,win11,l24,l26,solaris parallel[3]?:s protection?:b \
    reboot?:b rng0?:s sata[6]?:s=prop:drive scsi[31]?:s=prop:drive \
    scsihw?:e:lsi,lsi53c810,virtio-scsi-pci,virtio-scsi-single,megasas,pvscsi searchdomain?:s serial[4]?:s~serial \
    shares?:i0..50000 smbios1?:s..512 smp?:i1.. sockets?:i1.. spice_enhancements?:s sshkeys?:s=urlencoded \
    startdate?:s startup?:s tablet?:b tags?:s=tag-list tdf?:b template?:b tpmstate0?:s=prop:drive unused[256]?:s \
    usb[14]?:s vcpus?:i1.. vga?:s=prop:vga virtio[16]?:s=prop:drive virtiofs[10]?:s vmgenid?:s~vmgenid \
    vmstatestorage?:s=storage-id watchdog?:s";

/// The configuration of a container, as create and change take it.
const LXC: &str = "arch?:e:amd64,i386,arm64,armhf,riscv32,riscv64 cmode?:e:shell,console,tty console?:b \
    cores?:i1..8192 cpulimit?:n0..8192 cpuunits?:i0..500000 debug?:b description?:s..8192 dev[256]?:s=prop:ct-dev \
    9!entrypoint?:s 9!env?:s features?:s=prop:ct-features hookscript?:s hostname?:s..255=dns-name \
    lock?:e:backup,create,destroyed,disk,fstrim,migrate,mounted,rollback,snapshot,snapshot-delete memory?:i16.. \
    mp[256]?:s=prop:ct-mount nameserver?:s=address-list net[32]?:s=prop:ct-net onboot?:b \
    ostype?:e:debian,devuan,ubuntu,centos,fedora,opensuse,archlinux,alpine,gentoo,nixos,unmanaged protection?:b \
    rootfs?:s=prop:ct-root searchdomain?:s=dns-name-list startup?:s swap?:i0.. tags?:s=tag-list template?:b \
    timezone?:s tty?:i0..6 unprivileged?:b unused[256]?:s";

/// The keys of a guest's configuration.
pub(crate) fn config_params(kind: GuestKind, version: PveVersion) -> &'static [Param] {
    static CELLS: [OnceLock<Vec<Param>>; 4] = [const { OnceLock::new() }; 4];
    let (index, line) = match (kind, version) {
        (GuestKind::Qemu, PveVersion::V8) => (0, QEMU),
        (GuestKind::Qemu, PveVersion::V9) => (1, QEMU),
        (GuestKind::Lxc, PveVersion::V8) => (2, LXC),
        (GuestKind::Lxc, PveVersion::V9) => (3, LXC),
    };
    CELLS[index].get_or_init(|| schema::parse(line, version))
}
