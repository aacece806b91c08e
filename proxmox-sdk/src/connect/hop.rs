//! What ssh has to know beside the host.
#![cfg(feature = "ssh")]

use std::path::PathBuf;

use proxmox_core::Result;
use proxmox_transport::{Ssh, SshEngine};

use super::Connect;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Hop {
    pub(super) jumps: Vec<String>,
    pub(super) config: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
    pub(super) known_hosts: Option<PathBuf>,
    pub(super) engine: Option<SshEngine>,
}

impl Hop {
    pub(super) fn is_set(&self) -> bool {
        *self != Self::default()
    }

    pub(super) fn lead(self, mut ssh: Ssh) -> Result<Ssh> {
        for jump in &self.jumps {
            ssh = ssh.jump(jump)?;
        }
        ssh = self.config.into_iter().fold(ssh, Ssh::config_file);
        ssh = self.key.into_iter().fold(ssh, Ssh::key);
        ssh = self.known_hosts.into_iter().fold(ssh, Ssh::known_hosts);
        Ok(self.engine.into_iter().fold(ssh, Ssh::engine))
    }
}

impl Connect {
    /// Goes through this host, `[user@]host[:port]`. Called again, it adds one: the first is the nearest.
    #[must_use]
    pub fn jump(mut self, target: impl Into<String>) -> Self {
        self.hop.jumps.push(target.into());
        self
    }

    /// Reads settings for the hosts from an ssh_config, such as `~/.ssh/config`. Without this none is read.
    #[must_use]
    pub fn ssh_config(mut self, path: impl Into<PathBuf>) -> Self {
        self.hop.config = Some(path.into());
        self
    }

    /// Offers this private key, and no other.
    #[must_use]
    pub fn ssh_key(mut self, path: impl Into<PathBuf>) -> Self {
        self.hop.key = Some(path.into());
        self
    }

    /// Knows the host keys in this file, and no others.
    #[must_use]
    pub fn known_hosts(mut self, path: impl Into<PathBuf>) -> Self {
        self.hop.known_hosts = Some(path.into());
        self
    }

    /// What carries requests through ssh; `Auto` by default.
    #[must_use]
    pub fn ssh_engine(mut self, engine: SshEngine) -> Self {
        self.hop.engine = Some(engine);
        self
    }
}
