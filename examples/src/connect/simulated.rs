//! A simulated cluster in this process, and what leads to it.

use std::fmt::Display;

use proxmox_core::{Error, ErrorKind, Outcome, Result};
use proxmox_sim::{NodeRoot, Sim, SimServer, Sshd};

use super::place::Way;

/// Simulated seconds per second: tasks of the simulated cluster are over soon, and still can be watched.
const SPEED: f64 = 4.0;

/// A simulated cluster. It ends with this value, and so do its ssh server and its node's files.
#[derive(Debug)]
pub struct Simulated {
    pub(super) sshd: Option<Sshd>,
    pub(super) root: Option<NodeRoot>,
    pub(super) server: SimServer,
}

impl Simulated {
    pub(super) fn start(way: Way) -> Result<Self> {
        let server = SimServer::start(Sim::builder().time_scale(SPEED).build())
            .map_err(|e| failed("the simulated cluster", e))?;
        let root = match way {
            Way::Https => None,
            Way::Ssh(_) | Way::Local => {
                Some(NodeRoot::new(&server).map_err(|e| failed("the simulated node's files", e))?)
            }
        };
        let sshd =
            match way {
                Way::Ssh(_) => Some(Sshd::start().map_err(|e| {
                    failed("its ssh server", e).with_advice("install Debian's openssh-server")
                })?),
                Way::Https | Way::Local => None,
            };
        Ok(Self { sshd, root, server })
    }
}

fn failed(what: &str, error: impl Display) -> Error {
    Error::new(ErrorKind::Unexpected, Outcome::NotSent, format!("{what} cannot be started: {error}"))
}
