use proxmox_core::config::Net;
use proxmox_core::{Params, StorageId};

/// The parameters of a new VM. What has no method of its own goes through [`param`](Self::param), named as in PVE.
///
/// ```
/// use proxmox_qemu::VmSpec;
/// let spec = VmSpec::named("db-1").cores(4).memory_mib(8192).disk("scsi0", &"local-lvm".parse()?, 64).agent();
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct VmSpec(Params);

proxmox_core::guest_spec!(VmSpec);

impl VmSpec {
    /// A VM of this name (a DNS name), Linux, with a paravirtual SCSI controller.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self::default()
            .param("name", name.into())
            .param("ostype", "l26")
            .param("scsihw", "virtio-scsi-single")
    }

    /// Cores of each socket.
    #[must_use]
    pub fn cores(self, cores: u32) -> Self {
        self.param("cores", cores)
    }

    /// A new empty disk of so many GiB in this slot (`scsi0` …).
    #[must_use]
    pub fn disk(self, slot: &str, storage: &StorageId, gib: u32) -> Self {
        self.param(slot, format!("{storage}:{gib}"))
    }

    /// A network device.
    #[must_use]
    pub fn net(self, index: u32, net: &Net) -> Self {
        self.param(&format!("net{index}"), net.to_string())
    }

    /// A cloud-init drive in this slot (`ide2` is usual).
    #[must_use]
    pub fn cloud_init_drive(self, slot: &str, storage: &StorageId) -> Self {
        self.param(slot, format!("{storage}:cloudinit"))
    }

    /// Expects a guest agent.
    #[must_use]
    pub fn agent(self) -> Self {
        self.param("agent", "1")
    }

    pub(crate) fn into_params(self) -> Params {
        self.0
    }
}
