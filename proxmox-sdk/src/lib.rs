//! Proxmox VE and plain libvirt hosts from one dependency.
//!
//! ```
//! # #[cfg(all(feature = "sim", feature = "qemu"))]
//! # fn main() -> proxmox_sdk::Result<()> {
//! use proxmox_sdk::prelude::*;
//!
//! let pve = proxmox_sdk::connect("sim")?;
//! let template = pve.node("pve1")?.vm(9000)?;
//! let vm = template.clone_to(CloneOptions::named("web-1").full()).block()?.guest;
//! vm.cloud_init(CloudInit::new().user("admin").ip(0, "ip=dhcp".parse()?)).block()?;
//! vm.start().block()?;
//! let found = vm.wait_for_ip(IpQuery::v4()).block()?;
//! println!("{} is at {}", vm.vmid(), found.address);
//! # Ok(()) }
//! # #[cfg(not(all(feature = "sim", feature = "qemu")))]
//! # fn main() {}
//! ```
//!
//! That runs as it stands, on a simulated cluster. For a real one the place is `https://pve1:8006`, with an API token in `PVE_TOKEN_ID` and
//! `PVE_TOKEN_SECRET`: see [`connect`].
//!
//! # A tour
//!
//! 1. **A handle.** [`connect`] makes a [`Pve`] from a place and the environment; [`Connect`] takes everything as arguments. A handle is
//!    cheap to clone, and sends nothing before it is asked to.
//! 2. **A call.** `vm.start()` is a [`Call`]: data, until it is sent. It has three ways out: `.block()` for programs without a runtime,
//!    `.await` for those with one, and `.request()`, which sends nothing and shows what would be sent. A call that starts one of PVE's
//!    tasks comes back when the task has ended; `.detach()` gives the [`Task`] at once.
//! 3. **Guests.** [`Guest`] has what virtual machines and containers share: status, configuration, power, clone, resize, deletion,
//!    addresses. `qemu` and `lxc` add what only one of them has.
//! 4. **Anything else** of PVE's API is a [`PveRequest`], by [`Pve::request`], through the same layers and the same gate. An [`Operation`]
//!    of yours makes it a typed call.
//! 5. **Safety.** Every write passes the [`Policy`]: only guests with the managed tag are written to, and none that carries a protecting one is
//!    stopped or deleted. `force` is per call, and names the guest. [`preflight`] tells all that stands in the way of a call, and [`plan`]
//!    what a flow would send.
//! 6. **Errors.** There is one [`Error`], with a [kind](ErrorKind), and an [outcome](Outcome) that says what became of the request: not sent,
//!    rejected, applied, or nobody knows. No write is sent twice by guess.
//! 7. **Many.** [`Pve::fan_out`] does something to many guests at once and keeps the results apart. `fleet` reports on whole
//!    clusters, and watches them.
//! 8. **Regions.** A [`Backend`](backend::Backend) is a Proxmox VE cluster, one of its nodes, or a plain libvirt host, with the nouns that they have in common;
//!    [`regions`] opens those of a list.
//! 9. **Tests.** `sim` is a simulated cluster: in this process, where waiting takes no time, or behind real HTTPS, with faults to order.
//!
//! The [prelude] has the names that most programs use.
//!
//! # Features
//!
//! Each compiles alone, and none takes anything away.
//!
//! | feature | what it brings | by default |
//! |---|---|---|
//! | `reqwest` | HTTPS for asynchronous programs, and for blocking ones on a thread of its own | yes |
//! | `ureq` | HTTPS for blocking programs, without any runtime | yes |
//! | `qemu` | virtual machines: `proxmox_sdk::qemu` | yes |
//! | `lxc` | containers: `proxmox_sdk::lxc` | yes |
//! | `ssh` | PVE through the system's OpenSSH client | no |
//! | `local` | PVE by the `pvesh` of this machine | no |
//! | `fleet` | reports and events of whole clusters: `proxmox_sdk::fleet`; takes `qemu` and `lxc` along | no |
//! | `libvirt` | plain libvirt hosts: `proxmox_sdk::libvirt` | no |
//! | `sim` | the simulated cluster: `proxmox_sdk::sim`; behind HTTPS as well where there is `reqwest` | no |
//! | `pyo3` | the Python module, which maturin builds; of no use to Rust programs | no |
//!
//! Without `reqwest`, `ureq`, `ssh` and `local` there is no way to a real node: requests can be built and tested all the same.
//!
//! # The crates
//!
//! What is here at the top is all of `proxmox-core`. The other crates are modules: `transport`, and those that the table names.

mod connect;
// They use what these features bring, and lie beside this crate in the repository.
#[cfg(all(doctest, feature = "fleet", feature = "libvirt", feature = "sim", feature = "ssh"))]
mod cookbook;
pub mod prelude;
#[cfg(feature = "pyo3")]
mod python;
pub mod regions;

pub use connect::{Connect, Way, connect};
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
