//! The cluster that docs, examples and tests share.

use crate::builder::SimBuilder;
use crate::spec::{SimGuest, SimNode, SimStorage};

/// Password of `root@pam`.
pub const ROOT_PASSWORD: &str = "simulated";
/// An API token of `root@pam` with all privileges.
pub const ROOT_TOKEN_ID: &str = "root@pam!sim";
/// The secret of [`ROOT_TOKEN_ID`].
pub const ROOT_TOKEN_SECRET: &str = "00000000-0000-4000-8000-000000000051";
/// An API token of `root@pam` with privilege separation and no privileges: empty lists and 403s.
pub const BARE_TOKEN_ID: &str = "root@pam!sep";
/// The secret of [`BARE_TOKEN_ID`].
pub const BARE_TOKEN_SECRET: &str = "00000000-0000-4000-8000-000000000052";
/// A user with the role `PVEAuditor` on everything: sees all, changes nothing.
pub const AUDITOR: &str = "audit@pve";
/// Password of [`AUDITOR`].
pub const AUDITOR_PASSWORD: &str = "look-dont-touch";
/// An API token of [`AUDITOR`] with the same privileges.
pub const AUDITOR_TOKEN_ID: &str = "audit@pve!sim";
/// The secret of [`AUDITOR_TOKEN_ID`].
pub const AUDITOR_TOKEN_SECRET: &str = "00000000-0000-4000-8000-000000000053";

const GIB: u64 = 1 << 30;

/// The user that every cluster has.
pub(crate) fn root(builder: SimBuilder) -> SimBuilder {
    builder
        .user("root@pam", ROOT_PASSWORD)
        .token(ROOT_TOKEN_ID, ROOT_TOKEN_SECRET, false)
        .token("root@pam!bench", "12345678-1234-1234-1234-1234567890ab", false)
        .token(BARE_TOKEN_ID, BARE_TOKEN_SECRET, true)
}

/// Nodes, storages and guests.
pub(crate) fn fill(builder: SimBuilder) -> SimBuilder {
    builder
        .user(AUDITOR, AUDITOR_PASSWORD)
        .token(AUDITOR_TOKEN_ID, AUDITOR_TOKEN_SECRET, false)
        .grant("/", AUDITOR, "PVEAuditor")
        .node(SimNode::new("pve1"))
        .node(SimNode::new("pve2"))
        .storage(
            SimStorage::new("local", "dir", "iso,vztmpl,snippets,import")
                .volume("iso/debian-12-netinst.iso", 632 << 20)
                .volume("vztmpl/alpine-3.20-default_20240908_amd64.tar.xz", 3_064_324)
                .volume("vztmpl/debian-12-minimal_12.7-1_amd64.tar.zst", 18_874_368)
                .volume("import/debian-12-generic.qcow2", 421 << 20)
                .volume("snippets/user.yaml", 64),
        )
        .storage(SimStorage::new("local-lvm", "lvmthin", "images,rootdir"))
        .storage(SimStorage::new("shared", "nfs", "images,rootdir").size(500 * GIB))
        .vnet("vnet0", "localzone")
        .guest(
            SimGuest::vm(9000)
                .name("debian-12-cloud")
                .config("memory", "1024")
                .config("cores", "1")
                .config("ostype", "l26")
                .config("scsihw", "virtio-scsi-single")
                .config("boot", "order=scsi0")
                .config("net0", "virtio=BC:24:11:00:90:00,bridge=vmbr0")
                .config("ipconfig0", "ip=dhcp")
                .config("ciuser", "debian")
                .config("serial0", "socket")
                .config("vga", "serial0")
                .disk("scsi0", "local-lvm", 2 * GIB)
                .cloudinit("ide2", "local-lvm")
                .agent()
                .template(),
        )
        .guest(
            SimGuest::vm(100)
                .name("handmade")
                .config("memory", "2048")
                .config("cores", "2")
                .config("ostype", "l26")
                .config("scsihw", "virtio-scsi-pci")
                .config("boot", "order=scsi0;net0")
                .config("net0", "virtio=BC:24:11:00:01:00,bridge=vmbr0")
                .config("description", "Made by hand, not by the SDK.")
                .disk("scsi0", "local-lvm", 8 * GIB)
                .agent()
                .running(),
        )
        .guest(
            SimGuest::vm(101)
                .name("shop-db")
                .config("memory", "4096")
                .config("cores", "2")
                .config("ostype", "l26")
                .config("scsihw", "virtio-scsi-pci")
                .config("boot", "order=scsi0;net0")
                .config("net0", "virtio=BC:24:11:00:01:01,bridge=vmbr0,firewall=1")
                .config("tags", "production;sdk-managed")
                .disk("scsi0", "local-lvm", 16 * GIB)
                .agent(),
        )
}
