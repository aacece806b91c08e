//! Over ssh: the system's OpenSSH client, with a configuration of its own for each connection.

mod config;
mod link;
mod session;
mod target;

pub(crate) use config::{HostKeys, Settings};
pub(crate) use session::{Forward, Session};
pub(crate) use target::Target;

#[cfg(test)]
mod tests;
