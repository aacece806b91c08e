//! Where Proxmox VE is, and the way to it.

use proxmox_core::{Error, Result};
use proxmox_transport::SshEngine;

use crate::options::Connection;

/// Where the program is to work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A simulated cluster of this process.
    Sim(Way),
    /// A place as [`proxmox_sdk::connect`] takes it.
    Live(String),
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
        if given.sim {
            return Ok(Self::Sim(Self::way(given)));
        }
        if given.local {
            return Ok(Self::Live("local".into()));
        }
        if let Some(url) = &given.url {
            return Ok(Self::Live(api(url)));
        }
        match (&given.ssh, env("PVE_URL"), env("PVE_SSH")) {
            (Some(to), _, _) => Ok(Self::Live(ssh(to))),
            (None, Some(_), Some(_)) => {
                Err(Error::invalid("ssh", "PVE_URL and PVE_SSH are two places")
                    .with_advice("set one of them"))
            }
            (None, Some(url), None) => Ok(Self::Live(api(&url))),
            (None, None, Some(to)) => Ok(Self::Live(ssh(&to))),
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

    /// Whether commands are run on the node: there `--sudo` means something.
    pub(super) fn has_sudo(&self) -> bool {
        matches!(self, Self::Live(place) if place == "local" || place.starts_with(SSH))
    }
}

const SSH: &str = "ssh://";

fn ssh(to: &str) -> String {
    format!("{SSH}{to}")
}

/// An address of the API, which no other place can be mistaken for.
fn api(url: &str) -> String {
    if url.contains("://") { url.to_owned() } else { format!("https://{url}") }
}
