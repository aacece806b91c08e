//! The ways to a daemon, one after the other.

use std::future::Future;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use proxmox_core::{Error, ErrorKind, Outcome, Result};
use proxmox_transport::{Complaint, SshHost};
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::sockets;
use super::tried::Tried;
use super::wire::{Live, Wire};
use crate::rpc::{Client, RemoteError};
use crate::uri::{LibvirtUri, Mode, Proxy, SshWay, Way};
use crate::virsh::{Place, Virsh, on_the_host, quote};

/// How long a command that has failed may take to say why.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Makes connections.
pub(super) struct Dialer {
    pub(super) uri: LibvirtUri,
    /// The ssh host, if it is over ssh: one for all connections.
    pub(super) host: Option<SshHost>,
    pub(super) step: Duration,
    pub(super) wire: Wire,
}

/// A connection that was made.
pub(super) struct Dialed {
    pub(super) wire: Live,
    pub(super) way: String,
}

/// What came of one way.
enum Attempt {
    Open(Client),
    /// The daemon answered, and does not want: no other way leads further.
    Final(Error),
    Failed(Error),
}

/// Why there is no connection by libvirt's own protocol.
enum Failed {
    /// No other way leads further.
    Final(Error),
    /// No way led to a daemon.
    Tried(Tried),
}

impl Failed {
    fn into_error(self, host: &str) -> Error {
        match self {
            Self::Final(error) => error,
            Self::Tried(tried) => tried.into_error(host),
        }
    }
}

impl Dialer {
    /// Tries each way until the daemon answers.
    pub(super) async fn dial(&self) -> Result<Dialed> {
        self.dial_by(self.wire).await
    }

    /// Connects again as before. A daemon that is just being restarted is no reason to go by virsh from then on.
    pub(super) async fn dial_again(&self, before: &Live) -> Result<Dialed> {
        self.dial_by(match before {
            Live::Virsh(_) => self.wire,
            Live::Rpc(_) => Wire::Rpc,
        })
        .await
    }

    async fn dial_by(&self, wire: Wire) -> Result<Dialed> {
        let dialed = match wire {
            Wire::Virsh => self.virsh().await,
            Wire::Rpc => self.rpc().await.map_err(|failed| failed.into_error(&self.uri.host())),
            Wire::Auto => match self.rpc().await {
                Ok(dialed) => Ok(dialed),
                Err(Failed::Final(error)) => Err(error),
                Err(Failed::Tried(tried)) => self.virsh_instead(tried).await,
            },
        };
        if let Ok(dialed) = &dialed {
            tracing::debug!(target: "libvirt", host = %self.uri.host(), way = %dialed.way, "connected");
        }
        dialed.map_err(|e| e.during("connect").about(&self.uri))
    }

    async fn rpc(&self) -> Result<Dialed, Failed> {
        match (&self.uri.way, &self.host) {
            (Way::Ssh(way), Some(host)) => self.over_ssh(way, host).await,
            (Way::Unix(socket), _) => self.here(&sockets::here(&self.uri, socket, variable)).await,
            (Way::Ssh(_), None) => Err(Failed::Tried(Tried::default())),
        }
    }

    /// By virsh, where nothing else leads to the daemon.
    async fn virsh_instead(&self, mut tried: Tried) -> Result<Dialed> {
        if on_the_host(&self.uri).is_err() {
            tried.skipped("virsh", "the URI says what is to carry the bytes");
            return Err(tried.into_error(&self.uri.host()));
        }
        match self.virsh().await {
            Ok(dialed) => {
                let why = tried.into_error(&self.uri.host());
                tracing::warn!(target: "libvirt", host = %self.uri.host(), %why, "falling back to virsh, which takes a process for each call");
                Ok(dialed)
            }
            Err(error) => {
                tried.failed("virsh", &error);
                Err(tried.into_error(&self.uri.host()))
            }
        }
    }

    /// Where programs of the host run, and the URI by which they find the daemon.
    pub(super) fn place(&self) -> Result<(Place, String)> {
        let uri = on_the_host(&self.uri)?;
        let place = self.host.as_ref().map_or(Place::Here, |host| Place::Ssh(host.clone()));
        Ok((place, uri))
    }

    async fn virsh(&self) -> Result<Dialed> {
        let (place, uri) = self.place()?;
        if let Place::Ssh(host) = &place {
            host.connect(self.until()).await?;
        }
        let virsh = Virsh::new(place, uri);
        virsh.probe(self.step).await?;
        let way = virsh.way().to_owned();
        Ok(Dialed { wire: Live::Virsh(virsh), way })
    }

    async fn here(&self, paths: &[std::path::PathBuf]) -> Result<Dialed, Failed> {
        let mut tried = Tried::default();
        for path in paths {
            let attempt = match self.in_time(UnixStream::connect(path)).await {
                Ok(Ok(stream)) => self.talk(Client::new(stream)).await,
                Ok(Err(e)) => Attempt::Failed(no_socket(&e)),
                Err(late) => Attempt::Failed(late),
            };
            if let Some(done) = settle(attempt, socket_name(path), &mut tried) {
                return done;
            }
        }
        Err(Failed::Tried(tried))
    }

    async fn over_ssh(&self, way: &SshWay, host: &SshHost) -> Result<Dialed, Failed> {
        // What is wrong with ssh itself is wrong with every way.
        host.connect(self.until()).await.map_err(Failed::Final)?;
        let mut tried = Tried::default();
        let paths = sockets::of_host(&self.uri, &way.socket);
        if way.proxy == Proxy::Auto {
            for path in &paths {
                let attempt = self.forwarded(host, path).await;
                if let Some(done) = settle(attempt, format!("forwarded {}", socket_name(path)), &mut tried) {
                    return done;
                }
            }
            if paths.is_empty() {
                tried.skipped("forwarded socket", "only the host knows where the user's own socket is");
            }
        }
        let own_choice = way.socket.path.is_some() || way.socket.mode != Mode::Auto || way.netcat.is_some();
        match way.proxy {
            Proxy::Auto if own_choice => {
                tried.skipped(HELPER, "it finds the socket by itself, and the URI names another");
            }
            Proxy::Auto | Proxy::Native => {
                let line = format!("exec {HELPER} {}", quote(&self.uri.plain()));
                let attempt = self.piped(host, &line).await;
                if let Some(done) = settle(attempt, HELPER.to_owned(), &mut tried) {
                    return done;
                }
            }
            Proxy::Netcat => {}
        }
        if way.proxy != Proxy::Native {
            let program = way.netcat.as_deref().unwrap_or("nc");
            let attempt = self.piped(host, &self.netcat(way, program)).await;
            if let Some(done) = settle(attempt, format!("{program} -U"), &mut tried) {
                return done;
            }
        }
        Err(Failed::Tried(tried))
    }

    async fn forwarded(&self, host: &SshHost, path: &Path) -> Attempt {
        let socket = match host.forward(path, self.until()).await {
            Ok(socket) => socket,
            Err(error) => return Attempt::Failed(error),
        };
        let attempt = match socket.connect().await {
            Ok(stream) => self.talk(Client::new(stream)).await,
            Err(error) => Attempt::Failed(error),
        };
        // One connection is all that it is for.
        socket.close().await;
        match attempt {
            Attempt::Failed(error) if error.kind() == ErrorKind::Connect => {
                let text = "closed at once: there is no such socket, this user may not use it, or sshd forwards none";
                Attempt::Failed(Error::new(ErrorKind::Connect, Outcome::NotSent, text).with_source(error))
            }
            other => other,
        }
    }

    async fn piped(&self, host: &SshHost, line: &str) -> Attempt {
        match host.pipe(line, self.until()).await {
            Ok((stream, complaint)) => match self.talk(Client::new(stream)).await {
                Attempt::Failed(error) => Attempt::Failed(with_last_words(error, &complaint).await),
                other => other,
            },
            Err(error) => Attempt::Failed(error),
        }
    }

    /// The first words to whoever is at the other end.
    async fn talk(&self, client: Client) -> Attempt {
        let opened = self.in_time(client.open(&self.uri.daemon_uri())).await;
        match opened.and_then(|opened| opened) {
            Ok(()) => Attempt::Open(client),
            Err(error) if RemoteError::of(&error).is_some() || error.kind() == ErrorKind::Unsupported => {
                Attempt::Final(error)
            }
            Err(error) => Attempt::Failed(error),
        }
    }

    /// The line for `nc -U`. It ends with its input, which not each version does by itself.
    fn netcat(&self, way: &SshWay, program: &str) -> String {
        let paths = sockets::of_host(&self.uri, &way.socket);
        let mut words: Vec<_> = paths.iter().map(|path| quote(&path.to_string_lossy())).collect();
        if words.is_empty() {
            let names = sockets::names(way.socket.mode, self.uri.driver).iter();
            words.extend(names.map(|name| format!("\"${{XDG_RUNTIME_DIR:-$HOME/.cache}}/libvirt/{name}\"")));
        }
        let (program, words) = (quote(program), words.join(" "));
        format!(
            "n={program}; command -v \"$n\" >/dev/null || {{ echo \"there is no program $n\" >&2; exit 127; }}; \
             case $(\"$n\" -h 2>&1) in *-q*) o='-q 0';; *-N*) o=-N;; *) o=;; esac; \
             set -- {words}; for s; do [ -S \"$s\" ] && exec \"$n\" $o -U \"$s\"; done; echo \"there is no socket $*\" >&2; exit 1"
        )
    }

    fn until(&self) -> Instant {
        Instant::now() + self.step
    }

    async fn in_time<T>(&self, step: impl Future<Output = T>) -> Result<T> {
        timeout(self.step, step).await.map_err(|_| {
            let text = format!("no answer within {:?}", self.step);
            Error::new(ErrorKind::Timeout, Outcome::NotSent, text)
        })
    }
}

const HELPER: &str = "virt-ssh-helper";

/// Whether it is done, by success or for good.
fn settle(attempt: Attempt, way: String, tried: &mut Tried) -> Option<Result<Dialed, Failed>> {
    match attempt {
        Attempt::Open(client) => Some(Ok(Dialed { wire: Live::Rpc(client), way })),
        Attempt::Final(error) => Some(Err(Failed::Final(error.with_outcome(Outcome::NotSent)))),
        Attempt::Failed(error) => {
            tried.failed(way, &error);
            None
        }
    }
}

fn socket_name(path: &Path) -> String {
    format!("socket {}", path.display())
}

fn no_socket(error: &io::Error) -> Error {
    let (kind, text) = match error.kind() {
        io::ErrorKind::NotFound => (ErrorKind::Connect, "there is none".to_owned()),
        io::ErrorKind::ConnectionRefused => (ErrorKind::Connect, "nobody listens on it".to_owned()),
        io::ErrorKind::PermissionDenied => {
            (ErrorKind::PermissionDenied, "this user may not use it".to_owned())
        }
        _ => (ErrorKind::Connect, error.to_string()),
    };
    Error::new(kind, Outcome::NotSent, text)
}

/// What the command itself says of its end tells more than that it ended.
async fn with_last_words(error: Error, complaint: &Complaint) -> Error {
    if error.kind() != ErrorKind::Timeout {
        // One that goes on has still said something.
        let _ = timeout(LAST_WORDS, complaint.ended()).await;
    }
    match complaint.line() {
        Some(line) => Error::new(error.kind(), error.outcome(), line).with_source(error),
        None => error,
    }
}

fn variable(name: &str) -> Option<std::path::PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(Into::into)
}
