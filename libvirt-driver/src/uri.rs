//! libvirt's URIs, as people write them.
//!
//! Every parameter is honoured or refused by its name. libvirt itself ignores some of them on some ways, such as `known_hosts` with
//! plain ssh, and so connects to hosts that were never verified.

mod parse;
mod write;

use std::path::PathBuf;

pub use proxmox_transport::SshTarget;

/// Where a libvirt daemon is, how to reach it, and which of its drivers to use.
///
/// ```
/// use libvirt_driver::{Driver, LibvirtUri};
///
/// # fn main() -> proxmox_core::Result<()> {
/// let uri: LibvirtUri = "qemu+ssh://root@host1.example.com:2222/system?keyfile=/root/.ssh/id_ed25519".parse()?;
/// assert_eq!((uri.driver(), uri.path()), (Driver::Qemu, "/system"));
/// assert_eq!(uri.daemon_uri(), "qemu:///system");
///
/// let error = "qemu+ssh://host1/system?knwon_hosts=/k".parse::<LibvirtUri>().unwrap_err();
/// assert!(error.to_string().contains("knwon_hosts"));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LibvirtUri {
    pub(crate) driver: Driver,
    pub(crate) path: String,
    pub(crate) way: Way,
    /// `name=`: what the daemon is to open, in place of driver and path.
    pub(crate) name: Option<String>,
}

/// A driver of the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Driver {
    /// Virtual machines by qemu.
    Qemu,
    /// Made up ones, in the daemon's memory.
    Test,
}

impl Driver {
    pub(crate) const ALL: [Self; 2] = [Self::Qemu, Self::Test];

    /// As the scheme of a URI begins.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Qemu => "qemu",
            Self::Test => "test",
        }
    }
}

/// How to reach the daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// Through its socket on this machine.
    Unix(Socket),
    /// Over ssh.
    Ssh(Box<SshWay>),
}

/// Which of the daemon's sockets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Socket {
    /// `socket=`: this one.
    pub path: Option<PathBuf>,
    /// `mode=`: whose.
    pub mode: Mode,
}

/// Which daemon listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Whichever is there.
    #[default]
    Auto,
    /// The one for all drivers, `libvirtd`.
    Legacy,
    /// The one for this driver, such as `virtqemud`.
    Direct,
}

/// The way over ssh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshWay {
    /// Where to.
    pub target: SshTarget,
    /// The socket, as the host has it.
    pub socket: Socket,
    /// `keyfile=`: the private key to offer, and no other.
    pub key_file: Option<PathBuf>,
    /// `known_hosts=` or `knownhosts=`: the only file that host keys are known from.
    pub known_hosts: Option<PathBuf>,
    /// `known_hosts_verify=` and `no_verify=`: whose key is trusted.
    pub host_keys: HostKeys,
    /// `proxy=`: what carries the bytes on the host.
    pub proxy: Proxy,
    /// `netcat=`: the program for [`Proxy::Netcat`].
    pub netcat: Option<String>,
    /// `no_tty=1`. It is so anyway: nothing here ever asks.
    pub no_tty: bool,
}

/// Whose host key is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HostKeys {
    /// Known ones: `known_hosts_verify=normal`.
    #[default]
    Known,
    /// Also those met for the first time: `known_hosts_verify=auto`.
    New,
    /// All: `no_verify=1`, `known_hosts_verify=ignore`.
    Any,
}

/// What carries the bytes on the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Proxy {
    /// The first that works: the ssh server itself, `virt-ssh-helper`, `nc -U`.
    #[default]
    Auto,
    /// `virt-ssh-helper` only.
    Native,
    /// `nc -U` only.
    Netcat,
}

impl LibvirtUri {
    /// The driver.
    #[must_use]
    pub fn driver(&self) -> Driver {
        self.driver
    }

    /// What of the driver: `/system`, `/session`, of the test driver `/default` or a file.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// How to reach the daemon.
    #[must_use]
    pub fn way(&self) -> &Way {
        &self.way
    }

    /// What the daemon is told to open.
    #[must_use]
    pub fn daemon_uri(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.plain())
    }

    /// Driver and path alone: whose daemon it is.
    pub(crate) fn plain(&self) -> String {
        format!("{}://{}", self.driver.name(), write::path(&self.path))
    }

    /// Whether it is the daemon of one user, not of the host.
    pub(crate) fn is_session(&self) -> bool {
        self.path == "/session"
    }

    /// Whom messages are about: the ssh target, or this machine.
    #[must_use]
    pub fn host(&self) -> String {
        match &self.way {
            Way::Unix(_) => "this machine".to_owned(),
            Way::Ssh(ssh) => ssh.target.to_string(),
        }
    }
}

#[cfg(test)]
mod tests;
