//! Virtual machines of Proxmox VE.
//!
//! [`QemuNode`] gives a [`Node`](proxmox_core::Node) its VMs. A [`Vm`] has everything that [`Guest`](proxmox_core::Guest)
//! has (status, configuration, power, clone, delete), and what only a VM has: cloud-init, the guest agent, reset.
//!
//! ```
//! # async fn demo(pve: proxmox_core::Pve) -> proxmox_core::Result<()> {
//! use proxmox_core::guest::{CloneOptions, IpQuery};
//! use proxmox_qemu::{CloudInit, QemuNode};
//!
//! let template = pve.node("pve1")?.vm(9000)?;
//! let vm = template.clone_to(CloneOptions::named("web-1").full()).await?.guest;
//! vm.cloud_init(CloudInit::new().user("admin").ip(0, "ip=dhcp".parse()?)).await?;
//! vm.start().await?;
//! let found = vm.wait_for_ip(IpQuery::v4()).await?;
//! println!("{} is at {}", vm.vmid(), found.address);
//! # Ok(()) }
//! ```

mod agent;
mod cloudinit;
mod create;
mod vm;

pub use agent::{Agent, FileContent, OsInfo, RunExec};
pub use cloudinit::{ApplyCloudInit, CloudInit};
pub use create::VmSpec;
pub use proxmox_core::guest::{Exec, ExecResult};
pub use vm::{Qemu, QemuNode, Vm, Vms};
