//! Where Proxmox VE is, and the way to it.

use std::path::PathBuf;

use proxmox_core::{Error, Result};
use proxmox_transport::SshEngine;

use crate::options::Connection;

/// Where the program is to work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A simulated cluster of this process.
    Sim(Way),
    /// An address of PVE's API.
    Url(String),
    /// A node, over ssh.
    Ssh(Hop),
    /// The node that this program runs on.
    Local,
}

/// How the simulated cluster is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Over HTTPS.
    Https,
    /// Over a real ssh server of this process.
    Ssh(SshEngine),
    /// By the command line of its node.
    Local,
}

/// What ssh has to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hop {
    pub(super) to: String,
    pub(super) jumps: Vec<String>,
    pub(super) config: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
    pub(super) known_hosts: Option<PathBuf>,
    pub(super) accept_new: bool,
    pub(super) engine: SshEngine,
}

impl Place {
    /// The one place that options and environment name. An option stands in place of all variables that name another.
    pub(super) fn of(
        given: &Connection,
        sim_by_default: bool,
        env: &impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let named: Vec<_> =
            [("--url", given.url.is_some()), ("--sim", given.sim), ("--ssh", given.ssh.is_some())]
                .into_iter()
                .filter_map(|(name, is)| is.then_some(name))
                .collect();
        if let [first, second, ..] = named.as_slice() {
            let field = second.trim_start_matches('-');
            return Err(Error::invalid(field, format!("{first} and {second} are two places: give one")));
        }
        if given.local && (given.url.is_some() || given.ssh.is_some()) {
            return Err(Error::invalid("local", "--local is a place: give no other"));
        }
        let engine = match (given.ssh_engine, env("PVE_SSH_ENGINE")) {
            (Some(engine), _) => Some(engine),
            (None, Some(name)) => Some(name.parse()?),
            (None, None) => None,
        };
        if given.sim {
            // What the environment says is about its own server, and not about the simulated one.
            return Ok(Self::Sim(Self::way(given)));
        }
        if given.local {
            return Ok(Self::Local);
        }
        if let Some(url) = &given.url {
            return Ok(Self::Url(url.clone()));
        }
        let hop = |to: String| {
            let jumps = match env("PVE_SSH_JUMP") {
                Some(list) if given.ssh_jump.is_empty() => list.split(',').map(str::to_owned).collect(),
                _ => given.ssh_jump.clone(),
            };
            Self::Ssh(Hop {
                to,
                jumps,
                config: given.ssh_config.clone().or_else(|| env("PVE_SSH_CONFIG").map(PathBuf::from)),
                key: given.ssh_key.clone().or_else(|| env("PVE_SSH_KEY").map(PathBuf::from)),
                known_hosts: given
                    .ssh_known_hosts
                    .clone()
                    .or_else(|| env("PVE_SSH_KNOWN_HOSTS").map(PathBuf::from)),
                accept_new: given.ssh_accept_new,
                engine: engine.unwrap_or_default(),
            })
        };
        match (&given.ssh, env("PVE_URL"), env("PVE_SSH")) {
            (Some(to), _, _) => Ok(hop(to.clone())),
            (None, Some(_), Some(_)) => {
                Err(Error::invalid("ssh", "PVE_URL and PVE_SSH are two places")
                    .with_advice("set one of them"))
            }
            (None, Some(url), None) => Ok(Self::Url(url)),
            (None, None, Some(to)) => Ok(hop(to)),
            (None, None, None) if sim_by_default => Ok(Self::Sim(Self::way(given))),
            (None, None, None) => Err(Error::invalid("url", "there is no place to talk to").with_advice(
                "give --url or PVE_URL, --ssh or PVE_SSH, --local, or --sim for a simulated cluster",
            )),
        }
    }

    /// An option about ssh, or `--local`, asks for the simulated node behind just that.
    fn way(given: &Connection) -> Way {
        match given.ssh_engine {
            _ if given.local => Way::Local,
            Some(engine) => Way::Ssh(engine),
            None => Way::Https,
        }
    }

    /// Whether a simulated cluster is meant: then nothing that the environment says about a server counts.
    pub(super) fn is_simulated(&self) -> bool {
        matches!(self, Self::Sim(_))
    }

    /// Whether requests are signed by whoever may run commands on the node, unless a token is given.
    pub(super) fn has_root(&self) -> bool {
        matches!(self, Self::Ssh(_) | Self::Local | Self::Sim(Way::Ssh(_) | Way::Local))
    }
}
