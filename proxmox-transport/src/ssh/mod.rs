//! Over ssh: the system's OpenSSH client, with a configuration of its own for each connection.

#[cfg(feature = "_http")]
mod auto;
mod builder;
mod config;
#[cfg(feature = "_http")]
mod forward;
mod link;
mod session;
mod target;
#[cfg(feature = "_http")]
mod tunnel;

pub use builder::{Ssh, SshEngine};
pub(crate) use config::{HostKeys, Settings};
pub(crate) use session::Session;
pub(crate) use target::Target;
#[cfg(feature = "_http")]
pub(crate) use tunnel::{Minted, Node};

#[cfg(test)]
mod tests;
