//! How requests travel: transports to Proxmox VE, and the layers that go around any transport.
//!
//! [`Api`] speaks PVE's REST interface over HTTPS, with an API token or a ticket, through either of two engines: reqwest
//! for asynchronous programs, ureq for those without a runtime. Both share one codec, so that they cannot disagree on
//! what goes over the wire. Where that cannot be reached, `Ssh` carries the same requests through an ssh session, by PVE's
//! own HTTP or by `pvesh`, and `Local` does so on the node itself. The [`layer`]s wrap any transport: retries, a limit on concurrency, tracing, tapes.
//!
//! ```no_run
//! use proxmox_core::{PvePath, PveRequest};
//! use proxmox_transport::Api;
//!
//! # fn main() -> proxmox_core::Result<()> {
//! let pve = Api::new("https://pve1:8006")?
//!     .token("root@pam!ci", "12345678-1234-1234-1234-1234567890ab".into())?
//!     .ca_file("pve-root-ca.pem")?
//!     .connect()?;
//! let version: serde_json::Value = pve.request(PveRequest::get(PvePath::parse("/version")?)).block()?;
//! println!("{}", version["version"]);
//! # Ok(()) }
//! ```
//!
//! # Features
//!
//! | feature | | on by default |
//! |---|---|---|
//! | `reqwest`, `ureq` | the engines of [`Api`] and of the tunnel; each works alone | yes |
//! | `ssh` | `Ssh`: by the system's OpenSSH client; without an engine above it is left with `pvesh` | no |
//! | `local` | `Local`: the `pvesh` of this machine | no |

#[cfg(feature = "_http")]
mod api;
#[cfg(feature = "reqwest")]
mod download;
#[cfg(any(feature = "_http", feature = "_shell"))]
mod fault;
#[cfg(feature = "_http")]
mod http;
#[cfg(any(feature = "reqwest", feature = "_shell"))]
mod lane;
pub mod layer;
#[cfg(feature = "local")]
mod local;
#[cfg(feature = "_shell")]
mod pct;
#[cfg(feature = "_shell")]
mod pvesh;
#[cfg(feature = "_shell")]
mod shell;
#[cfg(feature = "ssh")]
mod ssh;
#[cfg(feature = "_http")]
mod tls;

#[cfg(feature = "_http")]
pub use api::{Api, Engine};
#[cfg(feature = "reqwest")]
pub use download::Download;
#[cfg(feature = "local")]
pub use local::Local;
#[cfg(feature = "ssh")]
pub use ssh::{Complaint, Finished, Ssh, SshEngine, SshHost, SshSocket, SshStream, Target as SshTarget};
