//! Proxmox VE and plain libvirt hosts from one dependency.

#[cfg(feature = "pyo3")]
mod python;

#[cfg(feature = "libvirt")]
pub use libvirt_driver as libvirt;
pub use proxmox_core::*;
#[cfg(feature = "fleet")]
pub use proxmox_fleet as fleet;
#[cfg(feature = "lxc")]
pub use proxmox_lxc as lxc;
#[cfg(feature = "qemu")]
pub use proxmox_qemu as qemu;
#[cfg(feature = "sim")]
pub use proxmox_sim as sim;
pub use proxmox_transport as transport;
