//! A host as such, for other services than Proxmox VE's.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use openssh::{Session as Master, Socket, Stdio};
use proxmox_core::{Effect, Error, Outcome, Result};
use tempfile::TempDir;
use tokio::net::UnixStream;
use tokio::time::timeout_at;

use super::link::private_directory;
use super::session::{Live, Session, Trouble, lost};
use super::stream::{Complaint, SshStream};
use crate::fault::{Fault, Stage, Why};
use crate::shell::{Ended, Script, Shell as _, quote};

/// A host reached over ssh, for what is not Proxmox VE: [`Ssh::host`](crate::Ssh::host) makes it. Cheap to clone; the connection is
/// made when it is needed and ends with the last clone and the last stream.
///
/// Its futures need a tokio runtime. Nothing it does is repeated once a byte was sent.
///
/// ```no_run
/// # async fn demo() -> proxmox_core::Result<()> {
/// use std::path::Path;
/// use std::time::{Duration, Instant};
/// use proxmox_transport::Ssh;
///
/// let host = Ssh::new("root@host1")?.jump("me@bastion")?.host()?;
/// let deadline = Instant::now() + Duration::from_secs(10);
/// let socket = host.forward(Path::new("/run/libvirt/libvirt-sock"), deadline).await?;
/// let stream = socket.connect().await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct SshHost(Session);

impl SshHost {
    pub(super) fn new(session: Session) -> Self {
        Self(session)
    }

    /// `[user@]host[:port]`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// Connects, unless it is connected. Every other call does so by itself; this one tells trouble with ssh from trouble behind it.
    ///
    /// # Errors
    /// `Tls` for a host key that is not trusted, `Unauthenticated` when nobody is let in, `Connect` and `Timeout`.
    pub async fn connect(&self, deadline: Instant) -> Result<()> {
        self.0.link(deadline).await.map(drop).map_err(|fault| self.error(fault))
    }

    /// Makes a private unix socket on this machine lead to one of the host.
    ///
    /// That the host refuses to forward, or has no such socket, shows only when it is used: the stream is then at its end at once.
    ///
    /// # Errors
    /// As [`connect`](Self::connect); `Connect` when ssh does not forward.
    pub async fn forward(&self, remote: &Path, deadline: Instant) -> Result<SshSocket> {
        let directory = private_directory().map_err(|e| {
            let why = Why::Network(format!("no private directory for a socket: {e}"));
            self.error(Fault::new(Stage::Connecting, why).because(e))
        })?;
        let to = Socket::UnixSocket { path: remote.to_owned().into() };
        let forwarded = self.0.forward(directory.path().join("socket"), &to, deadline).await;
        let generation = forwarded.map_err(|fault| self.error(fault))?;
        Ok(SshSocket { host: self.clone(), directory, remote: remote.to_owned(), generation })
    }

    /// Runs a line of the POSIX shell with its input and output as a stream. The line is visible in the host's process list.
    ///
    /// The command is asked to end by the end of its input, when the stream is dropped. What it says on its standard error is
    /// the [`Complaint`].
    ///
    /// # Errors
    /// As [`connect`](Self::connect). A command that ends at once, or that is not there, is a stream that ends.
    pub async fn pipe(&self, line: &str, deadline: Instant) -> Result<(SshStream, Complaint)> {
        let live = self.0.link(deadline).await.map_err(|fault| self.error(fault))?;
        let generation = live.link.generation;
        let mut command =
            Master::to_raw_command(Through(Arc::clone(&live)), format!("exec sh -c {}", quote(line)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let fault = match timeout_at(deadline.into(), command.spawn()).await {
            Ok(Ok(child)) => return Ok(SshStream::command(child)),
            Ok(Err(e)) => match lost(Stage::Connecting, e) {
                Trouble::Lost(fault) => {
                    self.0.is_alive(generation).await;
                    fault
                }
                Trouble::Fault(fault) => fault,
            },
            Err(_) => Fault::new(Stage::Connecting, Why::Budget("connect", self.0.connect_timeout())),
        };
        Err(self.error(fault))
    }

    /// Runs a line of the POSIX shell to its end, with this as its input. The line is visible in the host's process list, the input
    /// is not. What has not ended by the deadline is ended there soon after.
    ///
    /// # Errors
    /// As [`connect`](Self::connect). `Timeout` and `Connect` when the end of the command was not seen: its effect tells whether
    /// that matters. A command that fails is none: see [`Finished::exit`].
    pub async fn run(
        &self,
        line: &str,
        input: Vec<u8>,
        effect: Effect,
        deadline: Instant,
    ) -> Result<Finished> {
        let script = Script { line: line.to_owned(), input };
        match self.0.run(script, deadline).await {
            Ok(Ended { exit, stdout, stderr }) => Ok(Finished { exit, stdout, stderr }),
            Err(fault) => Err(fault.into_error(effect, self.name())),
        }
    }

    /// Nothing of the service behind it was sent.
    fn error(&self, fault: Fault) -> Error {
        fault.into_error(Effect::Read, self.name()).with_outcome(Outcome::NotSent)
    }
}

/// A command that has come to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// Its exit code. 127 when there is no such command.
    pub exit: i32,
    /// What it has printed.
    pub stdout: Vec<u8>,
    /// What it has complained of.
    pub stderr: Vec<u8>,
}

impl std::fmt::Debug for SshHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SshHost").field(&self.name()).finish()
    }
}

/// A unix socket of this machine that leads to one of a host.
#[derive(Debug)]
pub struct SshSocket {
    host: SshHost,
    directory: TempDir,
    remote: PathBuf,
    generation: u64,
}

impl SshSocket {
    /// Where it is: in a directory that only this user can enter.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.directory.path().join("socket")
    }

    /// A stream to the host's socket. It keeps the ssh connection.
    ///
    /// # Errors
    /// `Connect` when ssh has gone.
    pub async fn connect(&self) -> Result<SshStream> {
        let stream = UnixStream::connect(self.path()).await.map_err(|e| {
            self.host.error(Fault::new(Stage::Connecting, Why::Network(e.to_string())).because(e))
        })?;
        Ok(SshStream::socket(stream, self.host.clone()))
    }

    /// Takes no more connections. Those that the host has answered go on.
    pub async fn close(self) {
        let to = Socket::UnixSocket { path: self.remote.as_path().into() };
        self.host.0.unforward(self.generation, &self.path(), &to).await;
    }
}

/// A connection that lives as long as a command on it.
#[derive(Clone)]
pub(super) struct Through(Arc<Live>);

impl std::ops::Deref for Through {
    type Target = Master;
    fn deref(&self) -> &Master {
        &self.0.link.session
    }
}
