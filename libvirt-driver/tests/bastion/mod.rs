//! A host that only another one leads to.

// It belongs to tests.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use libvirt_driver::{Connection, ConnectionBuilder};
use proxmox_sim::Sshd;

use super::daemon::Daemon;

/// Two sshd on loopback that let in the same key: the bastion, and the host behind it.
pub(crate) struct Bastion {
    pub(crate) jump: Sshd,
    pub(crate) host: Sshd,
}

impl Bastion {
    pub(crate) fn start() -> Self {
        let (jump, host) = (Sshd::start().unwrap(), Sshd::start().unwrap());
        jump.trust_with(&host).unwrap();
        host.trust_with(&jump).unwrap();
        Self { jump, host }
    }

    /// `driver+ssh://` to the socket of this daemon on the host, such as of `qemu` and `/system`. It takes the bastion as a jump host.
    pub(crate) fn uri(&self, daemon: &Daemon, driver: &str, path: &str) -> String {
        format!(
            "{driver}+ssh://{}{path}?keyfile={}&known_hosts={}&socket={}",
            self.host.target(),
            self.host.identity_file().display(),
            self.host.known_hosts_file().display(),
            daemon.socket().display(),
        )
    }

    /// The way through the bastion to this daemon.
    pub(crate) fn builder(&self, daemon: &Daemon, driver: &str, path: &str) -> ConnectionBuilder {
        let uri = self.uri(daemon, driver, path).parse().unwrap();
        Connection::builder(&uri).jump(self.jump.target()).connect_timeout(Duration::from_secs(10))
    }
}
