//! What a URI does not say.

use std::path::PathBuf;
use std::time::Duration;

use proxmox_core::Result;
use proxmox_transport::{Ssh, SshHost};

use super::connection::{Connection, Reconnect};
use super::dial::Dialer;
use super::wire::Wire;
use crate::uri::{HostKeys, LibvirtUri, SshWay, Way};

/// How long each step of connecting may take.
const STEP: Duration = Duration::from_secs(10);

/// Describes a connection; [`open`](Self::open) makes it.
///
/// ```no_run
/// # async fn demo() -> proxmox_core::Result<()> {
/// use libvirt_driver::{Connection, LibvirtUri};
///
/// let uri: LibvirtUri = "qemu+ssh://root@host1/system".parse()?;
/// let connection = Connection::builder(&uri).jump("me@bastion.example.com").open().await?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct ConnectionBuilder {
    uri: LibvirtUri,
    jumps: Vec<String>,
    ssh_config: Option<PathBuf>,
    step: Duration,
    reconnect: Reconnect,
    wire: Wire,
}

impl ConnectionBuilder {
    pub(super) fn new(uri: &LibvirtUri) -> Self {
        let uri = uri.clone();
        let (reconnect, wire) = (Reconnect::default(), Wire::default());
        Self { uri, jumps: Vec::new(), ssh_config: None, step: STEP, reconnect, wire }
    }

    /// Goes through this ssh host, `[user@]host[:port]`. Called again, it adds one: the first is the nearest.
    #[must_use]
    pub fn jump(mut self, target: impl Into<String>) -> Self {
        self.jumps.push(target.into());
        self
    }

    /// Reads settings for the hosts from an ssh_config, such as `~/.ssh/config`, which is not read by itself.
    #[must_use]
    pub fn ssh_config(mut self, path: impl Into<PathBuf>) -> Self {
        self.ssh_config = Some(path.into());
        self
    }

    /// How long each step may take: ssh to each host, and each way to the daemon on it. 10 s by default.
    #[must_use]
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.step = limit;
        self
    }

    /// What to do when the connection is lost.
    #[must_use]
    pub fn reconnect(mut self, policy: Reconnect) -> Self {
        self.reconnect = policy;
        self
    }

    /// What carries the calls: libvirt's own protocol, and where no way leads to the daemon's socket, `virsh`, by default.
    #[must_use]
    pub fn wire(mut self, wire: Wire) -> Self {
        self.wire = wire;
        self
    }

    /// Connects.
    ///
    /// # Errors
    /// `InvalidInput` for what is no such host, for files that are not there, and for what [`Wire::Virsh`] makes nothing of. `Tls` and `Unauthenticated` when ssh does not trust or
    /// is not let in. `Connect` when no way leads to a daemon: the text tells each that was tried, and why it failed. What the
    /// daemon says of the driver.
    pub async fn open(self) -> Result<Connection> {
        let host = match &self.uri.way {
            Way::Unix(_) => None,
            Way::Ssh(way) => Some(self.ssh(way)?),
        };
        let dialer = Dialer { uri: self.uri, host, step: self.step, wire: self.wire };
        Connection::open_with(dialer, self.reconnect).await
    }

    fn ssh(&self, way: &SshWay) -> Result<SshHost> {
        let mut ssh = Ssh::new(&way.target.to_string())?.connect_timeout(self.step);
        for jump in &self.jumps {
            ssh = ssh.jump(jump)?;
        }
        if let Some(file) = &self.ssh_config {
            ssh = ssh.config_file(file);
        }
        if let Some(file) = &way.key_file {
            ssh = ssh.key(file);
        }
        if let Some(file) = &way.known_hosts {
            ssh = ssh.known_hosts(file);
        }
        match way.host_keys {
            HostKeys::Known => ssh,
            HostKeys::New => ssh.accept_new_host_keys(),
            HostKeys::Any => ssh.dangerous_accept_any_host_key(),
        }
        .host()
    }
}
