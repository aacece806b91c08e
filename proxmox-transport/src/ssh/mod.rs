//! Over ssh: the system's OpenSSH client, with a configuration of its own for each connection.

#[cfg(feature = "_http")]
mod auto;
mod builder;
mod config;
mod forward;
mod host;
mod link;
mod session;
mod stream;
mod target;
#[cfg(feature = "_http")]
mod tunnel;

pub use builder::{Ssh, SshEngine};
pub(crate) use config::{HostKeys, Settings};
pub use host::{Finished, SshHost, SshSocket};
pub(crate) use session::Session;
pub use stream::{Complaint, SshStream};
pub use target::Target;
#[cfg(feature = "_http")]
pub(crate) use tunnel::{Minted, Node};

#[cfg(test)]
mod tests;
