//! The cluster that the answers were recorded on.

use std::time::Duration;

use proxmox_sim::{Sim, SimGuest, SimNode, SimStorage};

/// The secret of all its tokens.
pub(crate) const SECRET: &str = "00000000-0000-0000-0000-000000000000";

const GIB: u64 = 1 << 30;

/// The lab as most cases found it; with two more nodes that do not answer (`peers`), with a second user (`al`), or with one
/// more storage and a container on it (`mst`).
pub(crate) fn world(variant: &str) -> Sim {
    let mut lab = Sim::builder()
        .bare()
        .time_scale(0.0)
        .start_at(Duration::from_secs(1_795_212_000))
        .node(SimNode::new("pve1").cores(2).memory(24 * GIB))
        .storage(
            SimStorage::new("lab", "dir", "iso,snippets,backup,vztmpl,rootdir,images,import")
                .volume("iso/tiny.iso", 65536)
                .volume("vztmpl/tiny-alpine-3.19_amd64.tar.gz", 1_032_879),
        )
        .storage(SimStorage::new("lab2", "dir", "images"))
        .storage(SimStorage::new("local", "dir", "images,rootdir,vztmpl,snippets,backup,iso"))
        .user("bob@pve", "bob-secret")
        .token("root@pam!test", SECRET, false)
        .token("root@pam!sep", SECRET, true)
        .token("bob@pve!priv", SECRET, true)
        .guest(vm(100, "tmpl", "BC:24:11:0C:AB:01"))
        .guest(vm(110, "agentvm", "BC:24:11:0C:AB:02").agent().running())
        .guest(
            SimGuest::ct(200)
                .name("ct1")
                .config("arch", "amd64")
                .config("description", "hello\nworld\n")
                .config("memory", "128")
                .config("swap", "512")
                .config("ostype", "alpine")
                .config("unprivileged", "1")
                .config(
                    "net0",
                    "name=eth0,bridge=vmbr0,hwaddr=BC:24:11:2D:0E:68,ip=198.51.100.20/24,type=veth",
                )
                .disk("rootfs", "lab", GIB)
                .running(),
        );
    for part in variant.split_whitespace() {
        lab = match part {
            "peers" => lab.node(SimNode::new("nodeb").down()).node(SimNode::new("nodec").unreachable()),
            "al" => lab.user("al@pve", "al-secret"),
            "mst" => {
                lab.storage(SimStorage::new("mst", "dir", "images,rootdir,backup,vztmpl,snippets,iso")).guest(
                    SimGuest::ct(210)
                        .name("bk")
                        .config("arch", "amd64")
                        .config("description", "hällo\n")
                        .config("memory", "64")
                        .config("swap", "512")
                        .config("ostype", "alpine")
                        .config("unprivileged", "1")
                        .disk("rootfs", "mst", GIB),
                )
            }
            other => panic!("no such lab: {other}"),
        };
    }
    lab.build()
}

fn vm(vmid: u32, name: &str, mac: &str) -> SimGuest {
    SimGuest::vm(vmid)
        .name(name)
        .config("agent", "1")
        .config("boot", "order=scsi0;net0")
        .config("cores", "1")
        .config("memory", "256")
        .config("net0", &format!("virtio={mac},bridge=vmbr0"))
        .config("ostype", "l26")
        .config("scsihw", "virtio-scsi-pci")
        .config("serial0", "socket")
        .config("vga", "serial0")
        .disk("scsi0", "lab", GIB)
}
