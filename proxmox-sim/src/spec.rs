//! What a cluster can be built from.

use std::collections::BTreeMap;

use crate::guest::GuestKind;
use crate::node::Link;

/// A node to build.
#[derive(Debug, Clone)]
pub struct SimNode {
    pub(crate) name: String,
    pub(crate) cores: u64,
    pub(crate) memory: u64,
    pub(crate) bridges: Vec<String>,
    pub(crate) link: Link,
}

impl SimNode {
    /// A node with 8 cores, 32 GiB, and the bridge `vmbr0`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            cores: 8,
            memory: 32 << 30,
            bridges: vec!["vmbr0".to_owned()],
            link: Link::Up,
        }
    }

    /// Its CPU cores.
    #[must_use]
    pub fn cores(mut self, cores: u64) -> Self {
        self.cores = cores;
        self
    }

    /// Its memory in bytes.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// One more bridge.
    #[must_use]
    pub fn bridge(mut self, name: &str) -> Self {
        self.bridges.push(name.to_owned());
        self
    }

    /// Known to the cluster, but down: requests for it are answered `595 Connection refused`.
    #[must_use]
    pub fn down(mut self) -> Self {
        self.link = Link::Refused;
        self
    }

    /// Known to the cluster, but cut off: requests for it are answered 595 after 3 s.
    #[must_use]
    pub fn unreachable(mut self) -> Self {
        self.link = Link::Unreachable;
        self
    }
}

/// A storage to build.
#[derive(Debug, Clone)]
pub struct SimStorage {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) content: String,
    pub(crate) nodes: Option<Vec<String>>,
    pub(crate) shared: bool,
    pub(crate) enabled: bool,
    pub(crate) total: u64,
    pub(crate) volumes: Vec<(String, u64)>,
}

impl SimStorage {
    /// A storage of PVE's type `kind` (`dir`, `lvmthin`, `nfs` …) on all nodes, with 100 GiB, for `content` (a list
    /// such as `images,rootdir`). `nfs`, `cifs`, `cephfs` and `rbd` are shared.
    #[must_use]
    pub fn new(id: &str, kind: &str, content: &str) -> Self {
        Self {
            id: id.to_owned(),
            kind: kind.to_owned(),
            content: content.to_owned(),
            nodes: None,
            shared: matches!(kind, "nfs" | "cifs" | "cephfs" | "rbd"),
            enabled: true,
            total: 100 << 30,
            volumes: Vec::new(),
        }
    }

    /// Only on these nodes.
    #[must_use]
    pub fn nodes(mut self, nodes: &[&str]) -> Self {
        self.nodes = Some(nodes.iter().map(|&n| n.to_owned()).collect());
        self
    }

    /// The same volumes on all its nodes.
    #[must_use]
    pub fn shared(mut self) -> Self {
        self.shared = true;
        self
    }

    /// Switched off.
    #[must_use]
    pub fn disabled(mut self) -> Self {
        self.enabled = false;
        self
    }

    /// Its size in bytes.
    #[must_use]
    pub fn size(mut self, bytes: u64) -> Self {
        self.total = bytes;
        self
    }

    /// A file in it: `name` is the part of the volume id after the storage, such as `iso/debian.iso` or
    /// `vztmpl/alpine.tar.gz`. On a storage that is not shared every node has one.
    #[must_use]
    pub fn volume(mut self, name: &str, bytes: u64) -> Self {
        self.volumes.push((name.to_owned(), bytes));
        self
    }
}

/// A guest to build.
#[derive(Debug, Clone)]
pub struct SimGuest {
    pub(crate) vmid: u32,
    pub(crate) kind: GuestKind,
    pub(crate) node: String,
    pub(crate) config: BTreeMap<String, String>,
    /// Key, storage, bytes; a cloud-init drive without.
    pub(crate) disks: Vec<(String, String, Option<u64>)>,
    /// Where in a container its mount points are, by key.
    pub(crate) mounts: BTreeMap<String, String>,
    pub(crate) running: bool,
    pub(crate) has_agent: bool,
    pub(crate) obeys: bool,
}

impl SimGuest {
    fn new(vmid: u32, kind: GuestKind) -> Self {
        Self {
            vmid,
            kind,
            node: "pve1".to_owned(),
            config: BTreeMap::new(),
            disks: Vec::new(),
            mounts: BTreeMap::new(),
            running: false,
            has_agent: false,
            obeys: true,
        }
    }

    /// A stopped VM on `pve1` with 512 MiB and one core, without disks.
    #[must_use]
    pub fn vm(vmid: u32) -> Self {
        Self::new(vmid, GuestKind::Qemu)
    }

    /// A stopped container on `pve1` with 512 MiB, without volumes. Cards that it is given get a MAC address when they
    /// have none: `config("net0", "name=eth0,bridge=vmbr0,ip=dhcp")`.
    #[must_use]
    pub fn ct(vmid: u32) -> Self {
        Self::new(vmid, GuestKind::Lxc)
    }

    /// Where it is.
    #[must_use]
    pub fn node(mut self, node: &str) -> Self {
        node.clone_into(&mut self.node);
        self
    }

    /// Its name: `name` of a VM, `hostname` of a container.
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        let key = if self.kind == GuestKind::Lxc { "hostname" } else { "name" };
        self.config(key, name)
    }

    /// One key of its configuration, as it is stored.
    #[must_use]
    pub fn config(mut self, key: &str, value: &str) -> Self {
        self.config.insert(key.to_owned(), value.to_owned());
        self
    }

    /// A disk with its volume: `disk("scsi0", "local-lvm", 2 << 30)`, of a container `disk("rootfs", "local-lvm", 2 << 30)`.
    #[must_use]
    pub fn disk(mut self, key: &str, storage: &str, bytes: u64) -> Self {
        self.disks.push((key.to_owned(), storage.to_owned(), Some(bytes)));
        self
    }

    /// A mount point of a container with its volume: `mount("mp0", "local-lvm", 2 << 30, "/data")`.
    #[must_use]
    pub fn mount(mut self, key: &str, storage: &str, bytes: u64, path: &str) -> Self {
        self.mounts.insert(key.to_owned(), path.to_owned());
        self.disk(key, storage, bytes)
    }

    /// A cloud-init drive: `cloudinit("ide2", "local-lvm")`.
    #[must_use]
    pub fn cloudinit(mut self, key: &str, storage: &str) -> Self {
        self.disks.push((key.to_owned(), storage.to_owned(), None));
        self
    }

    /// It runs, since a day.
    #[must_use]
    pub fn running(mut self) -> Self {
        self.running = true;
        self
    }

    /// It is a template.
    #[must_use]
    pub fn template(self) -> Self {
        self.config("template", "1")
    }

    /// Its operating system runs a guest agent, and its configuration says so.
    #[must_use]
    pub fn agent(mut self) -> Self {
        self.has_agent = true;
        self.config.entry("agent".to_owned()).or_insert_with(|| "1".to_owned());
        self
    }

    /// It does not obey a shutdown request.
    #[must_use]
    pub fn stubborn(mut self) -> Self {
        self.obeys = false;
        self
    }
}
