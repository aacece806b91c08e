//! A cluster as the cases see it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use proxmox_core::guest::{CloneOptions, GuestState};
use proxmox_core::{Node, NodeName, Pve, StorageId, Vmid, VolId};
use proxmox_qemu::{QemuNode, Vm, Vms};
use proxmox_sim::{PveVersion, RequestLog, Sim, SimGuest, SimNode, WireFaults};

/// One case of the contract.
pub type Case = for<'a> fn(&'a World) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// What a backend may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cap {
    /// A clone of the template has a working guest agent.
    AgentOnClones,
    /// What a program prints in the guest comes back.
    ExecOutput,
    /// A resize changes the size.
    ResizeEffect,
    /// A path that is not there answers 501.
    UnknownPath501,
    /// What is wrong with a start or a resize is found by its task: the request itself is accepted.
    TasksFailLate,
    /// A task goes on while the one who started it does something else.
    Background,
    /// Answers can be broken on their way.
    HttpFaults,
    /// Writes can be sent as one; reads are asked for one by one where they cannot.
    Batches,
    /// Others than the administrator can be asked for.
    OtherUsers,
    /// The requests that arrive can be counted, and the cluster changed behind the API's back.
    BehindTheApi,
    /// A second node, and a storage that both share.
    TwoNodes,
    /// What waits for a restart is shown as what will be, and takes effect at the restart.
    Pending,
    /// Linked clones are refused where the source is no template, and keep their base from being deleted.
    LinkedClones,
    /// The agent of a guest that is off or that has none configured is told apart from one that does not run.
    AgentStates,
    /// Files that are written in the guest are there, and others are not.
    GuestFiles,
    /// Versions, processors, disks and memory of a node are such as a machine has.
    NodeFacts,
    /// A node that does not exist is told from a guest that does not.
    UnknownNodes,
    /// A task that does not exist is told from a malformed one.
    UnknownTasks,
    /// Containers are made of template archives, and live.
    Containers,
    /// Files can be put on the storage `local`, and taken away.
    Files,
    /// Programs run in containers, and files go in and out. Where not, asking for it is an error that says what to do.
    Pct,
}

/// What a backend lacks, and why.
pub type Lacks = &'static [(Cap, &'static str)];

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The administrator itself, who may do what its tokens may not.
    Root,
    /// An API token of the administrator: all privileges, but it is not root itself.
    RootToken,
    /// Sees everything, may change nothing.
    Auditor,
    /// Logged in, without any privilege.
    Nobody,
    /// A token with a wrong secret.
    Impostor,
}

/// What only a simulated cluster offers.
pub struct Simulated {
    /// The cluster behind the API.
    pub sim: Sim,
    /// What arrived.
    pub log: RequestLog,
    /// What goes wrong on the way.
    pub faults: WireFaults,
    /// Another way to the same cluster, for somebody else.
    pub connect: Box<dyn Fn(Who) -> Pve + Send + Sync>,
}

/// A cluster reached in some way, and what is known to be there.
pub struct World {
    /// The administrator's handle, with the standard layers and the default policy.
    pub pve: Pve,
    /// A node with the guests below.
    pub node: NodeName,
    /// A cloud-init template with the disk `scsi0` of 2 GiB or more, which carries no tags.
    pub template: Vmid,
    /// A running VM that nobody manages: `handmade`.
    pub handmade: Vmid,
    /// A managed VM with the tag `production`.
    pub production: Vmid,
    /// A managed, running VM whose guest agent answers.
    pub answering: Vmid,
    /// The archive that containers are made of.
    pub archive: VolId,
    /// Where disks go.
    pub storage: StorageId,
    /// The bridge of the node.
    pub bridge: &'static str,
    /// Set on simulated clusters.
    pub simulated: Option<Simulated>,
    /// What the backend lacks.
    pub lacks: Lacks,
    /// Numbers of this backend start here, so that several may share a live cluster.
    pub numbers: u32,
}

impl World {
    /// The same, known to lack this.
    pub fn lacking(self, lacks: Lacks) -> Self {
        Self { lacks, ..self }
    }

    /// Whether the backend has it.
    pub fn has(&self, cap: Cap) -> bool {
        self.lacks.iter().all(|(lacking, _)| *lacking != cap)
    }

    /// Whether the backend has it; says on stderr that what follows is skipped when not.
    pub fn needs(&self, cap: Cap) -> bool {
        if let Some((_, why)) = self.lacks.iter().find(|(lacking, _)| *lacking == cap) {
            eprintln!("SKIPPED on {}: lacks {cap:?}: {why}", self.pve.info());
            return false;
        }
        true
    }

    /// The simulated cluster, where it is one; says on stderr that what follows is skipped when not.
    pub fn simulated(&self) -> Option<&Simulated> {
        if self.needs(Cap::BehindTheApi) {
            assert!(self.simulated.is_some(), "declare BehindTheApi as lacking");
        }
        self.simulated.as_ref()
    }

    /// The same cluster as somebody else.
    pub fn connect(&self, who: Who) -> Option<Pve> {
        if !self.needs(Cap::OtherUsers) {
            return None;
        }
        self.simulated.as_ref().map(|simulated| (simulated.connect)(who))
    }

    /// The node.
    pub fn node(&self) -> Node {
        self.pve.node(&self.node).unwrap()
    }

    /// Its VMs.
    pub fn vms(&self) -> Vms {
        self.node().vms()
    }

    /// A VM of the node.
    pub fn vm(&self, vmid: Vmid) -> Vm {
        self.node().vm(vmid).unwrap()
    }

    /// A number of the case's own: each case uses numbers that no other uses.
    pub fn number(&self, number: u32) -> Vmid {
        Vmid::new(self.numbers + number).unwrap()
    }

    /// A new, stopped, managed VM: a full clone of the template.
    pub async fn new_vm(&self, name: &str) -> Vm {
        self.cloned(CloneOptions::named(name)).await
    }

    /// The same with a number that no other case's guest gets when this one is deleted.
    pub async fn new_vm_at(&self, number: u32, name: &str) -> Vm {
        self.cloned(CloneOptions::named(name).newid(self.number(number))).await
    }

    async fn cloned(&self, options: CloneOptions) -> Vm {
        let call = self.vm(self.template).clone_to(options.full().storage(self.storage.clone()));
        call.await.unwrap().guest
    }

    /// The same, running.
    pub async fn running_vm(&self, name: &str) -> Vm {
        let vm = self.new_vm(name).await;
        vm.start().await.unwrap();
        assert_eq!(self.state(&vm).await, GuestState::Running);
        vm
    }

    /// Whether a VM runs.
    pub async fn state(&self, vm: &Vm) -> GuestState {
        vm.status().await.unwrap().status
    }

    /// How many requests but reads have arrived so far; `None` where nobody counts.
    pub fn writes(&self) -> Option<Vec<String>> {
        let simulated = self.simulated.as_ref()?;
        Some(writes(&simulated.log))
    }

    /// Checks that nothing but reads has arrived since `before` was taken by [`writes`](Self::writes).
    #[track_caller]
    pub fn assert_nothing_written_since(&self, before: &Option<Vec<String>>) {
        assert_eq!(&self.writes(), before, "a request was sent");
    }

    /// How many requests of any kind have arrived so far; `None` where nobody counts.
    pub fn arrived(&self) -> Option<usize> {
        Some(self.simulated.as_ref()?.log.entries().len())
    }
}

/// The requests that change something. A ping and a login are reads, whatever their method.
pub fn writes(log: &RequestLog) -> Vec<String> {
    log.entries()
        .into_iter()
        .filter(|e| e.method != "GET" && !e.path.ends_with("/agent/ping") && e.path != "/access/ticket")
        .map(|e| format!("{} {}", e.method, e.path))
        .collect()
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.pve.info())
    }
}

/// Where the simulated clusters can fetch an image: twenty times [`IMAGE`].
pub const IMAGE_URL: &str = "https://images.example/small.raw";
/// A part of it.
pub const IMAGE: &str = "hello iso ";

/// The default cluster and a managed VM with a guest agent.
pub fn simulated_cluster(version: PveVersion, scale: f64) -> Sim {
    Sim::builder()
        .version(version)
        .time_scale(scale)
        .node(SimNode::new("pve1").bridge("vmbr1"))
        .url(IMAGE_URL, IMAGE.repeat(20).as_bytes())
        .guest(
            SimGuest::vm(102)
                .name("answering")
                .config("memory", "1024")
                .config("cores", "1")
                .config("ostype", "l26")
                .config("scsihw", "virtio-scsi-single")
                .config("boot", "order=scsi0")
                .config("net0", "virtio=BC:24:11:00:01:02,bridge=vmbr0")
                .config("tags", "sdk-managed")
                .disk("scsi0", "local-lvm", 8 << 30)
                .agent()
                .running(),
        )
        .build()
}
