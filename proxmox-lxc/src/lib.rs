//! Containers of Proxmox VE.
//!
//! [`LxcNode`] gives a [`Node`](proxmox_core::Node) its containers. A [`Container`] has everything that
//! [`Guest`](proxmox_core::Guest) has (status, configuration, power, clone, resize, address, delete), and what only a container
//! has: its making from a template archive, its mount points, its interfaces without an agent, files into and out of it.
//!
//! Running programs ([`Guest::exec`](proxmox_core::Guest::exec)), [`push`](Container::push) and [`pull`](Container::pull) are not in
//! PVE's API: `pct` does them, on the container's own node, as root. They work over transports that run commands there (ssh, local;
//! [`TransportInfo::pct`](proxmox_core::TransportInfo::pct) says so), and are `Unsupported` over plain HTTPS.
//!
//! ```
//! # async fn demo(pve: proxmox_core::Pve) -> proxmox_core::Result<()> {
//! use proxmox_core::config::{ContainerNet, IpConfig};
//! use proxmox_core::guest::{IpQuery, NewId};
//! use proxmox_lxc::{ContainerSpec, LxcNode};
//!
//! let node = pve.node("pve1")?;
//! let net = ContainerNet::new("eth0")?.with_bridge("vmbr0")?.with_ip_config(&IpConfig::dhcp())?;
//! let spec = ContainerSpec::new(&"local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst".parse()?, "web-1")
//!     .rootfs(&"local-lvm".parse()?, 8)
//!     .memory_mib(1024)
//!     .net(0, &net)
//!     .ssh_keys(["ssh-ed25519 AAAA… me@example"])
//!     .start();
//! let container = node.containers().create(NewId::Auto, spec).await?;
//! let found = container.wait_for_ip(IpQuery::v4()).await?;
//! println!("{} is at {}", container.vmid(), found.address);
//! # Ok(()) }
//! ```

mod container;
mod create;
mod pct;

pub use container::{Container, Containers, Lxc, LxcNode};
pub use create::ContainerSpec;
pub use pct::RunPct;
pub use proxmox_core::Push;
pub use proxmox_core::guest::{Exec, ExecResult, GuestData};
