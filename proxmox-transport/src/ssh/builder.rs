//! The public way in over ssh.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use proxmox_core::{Error, Pve, PveBuilder, Result};

use super::{HostKeys, Session, Settings, SshHost, Target};
use crate::layer::{Limit, standard};
use crate::pvesh::{Caller, Pvesh};

#[cfg(feature = "_http")]
use {
    super::auto::Auto,
    super::tunnel::{Node, Socket, Tunnel},
    crate::api::{Credentials, Endpoint, Engine, Login, Tickets},
    crate::http::{Budgets, Http},
    crate::lane::Lane,
    crate::tls::{Fingerprint, Trust, tls},
    proxmox_core::{Secret, TokenId},
    std::sync::Arc,
};

/// What carries requests through ssh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum SshEngine {
    /// The tunnel; where the node does not let it through, `pvesh`, with a warning that says why.
    #[default]
    Auto,
    /// PVE's own HTTP through a forwarded port: as fast as direct, with all that HTTP has.
    Tunnel,
    /// PVE's command line: half a second of processor time on the node for each request.
    Pvesh,
}

impl SshEngine {
    const ALL: [Self; 3] = [Self::Auto, Self::Tunnel, Self::Pvesh];
}

impl fmt::Display for SshEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Tunnel => "tunnel",
            Self::Pvesh => "pvesh",
        })
    }
}

impl FromStr for SshEngine {
    type Err = Error;
    /// Reads `auto`, `tunnel` or `pvesh`.
    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|engine| engine.to_string() == text).ok_or_else(|| {
            Error::invalid("ssh_engine", format!("ssh_engine: {text:?} is not one of auto, tunnel, pvesh"))
        })
    }
}

/// Describes a way to a node over ssh; [`connect`](Self::connect) makes the handle. Nothing here sends anything.
///
/// The system's OpenSSH client connects, with a configuration of its own: its agent and default keys are used, `~/.ssh/config` is
/// not, unless [`config_file`](Self::config_file) names it. It never asks anything. Host keys must be known.
///
/// Requests are those of `root@pam`, for which the login must be root's or be allowed `sudo`, or, through the tunnel, those of
/// an API [token](Self::token), for which any login will do that may forward ports.
///
/// ```no_run
/// use proxmox_transport::Ssh;
///
/// # fn main() -> proxmox_core::Result<()> {
/// let pve = Ssh::new("root@pve1.example.com")?.jump("me@bastion.example.com")?.connect()?;
/// println!("{}", pve.cluster().version().block()?.version);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Ssh {
    settings: Settings,
    engine: SshEngine,
    caller: Caller,
    port: u16,
    limit: usize,
    #[cfg(feature = "_http")]
    http: Option<Engine>,
    #[cfg(feature = "_http")]
    token: Option<(TokenId, Secret)>,
    #[cfg(feature = "_http")]
    pin: Option<Fingerprint>,
}

impl Ssh {
    /// A node at `[user@]host[:port]`. Without a user it is the one that this program runs as, without a port 22.
    ///
    /// # Errors
    /// `InvalidInput` for what is no such address, and for what ssh would take for an option.
    pub fn new(target: &str) -> Result<Self> {
        Ok(Self {
            settings: Settings::new(Target::parse("ssh", target)?),
            engine: SshEngine::Auto,
            caller: Caller::default(),
            port: 8006,
            limit: Limit::DEFAULT,
            #[cfg(feature = "_http")]
            http: None,
            #[cfg(feature = "_http")]
            token: None,
            #[cfg(feature = "_http")]
            pin: None,
        })
    }

    /// Goes through this host. Called again, it adds one: the first is the nearest.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn jump(mut self, target: &str) -> Result<Self> {
        self.settings.jumps.push(Target::parse("ssh_jump", target)?);
        Ok(self)
    }

    /// Reads settings for the hosts from an ssh_config, such as `~/.ssh/config`. The names of hosts are then those that its `Host`
    /// lines know. What is set here stands above it.
    #[must_use]
    pub fn config_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.settings.config = Some(path.into());
        self
    }

    /// Offers this private key, and no other. A passphrase cannot be asked for: leave such keys to the agent.
    #[must_use]
    pub fn key(mut self, path: impl Into<PathBuf>) -> Self {
        self.settings.key = Some(path.into());
        self
    }

    /// Knows the host keys in this file, and no others.
    #[must_use]
    pub fn known_hosts(mut self, path: impl Into<PathBuf>) -> Self {
        self.settings.known_hosts = Some(path.into());
        self
    }

    /// Accepts the key of a host that is met for the first time, and notes it in known_hosts. A key that has changed is refused.
    #[must_use]
    pub fn accept_new_host_keys(mut self) -> Self {
        self.settings.host_keys = HostKeys::AcceptNew;
        self
    }

    /// Accepts any host. Whoever can reach into the network then takes the node's place, and gets all that is sent to it.
    #[must_use]
    pub fn dangerous_accept_any_host_key(mut self) -> Self {
        self.settings.host_keys = HostKeys::Any;
        self
    }

    /// Reaches the node by this command, as ssh's `ProxyCommand`. It runs on this machine, by its shell.
    ///
    /// # Errors
    /// `InvalidInput` for an empty one, one with control characters, and beside [`jump`](Self::jump).
    pub fn proxy_command(mut self, command: &str) -> Result<Self> {
        self.settings.proxy_command = Some(command.to_owned());
        self.settings.check()?;
        Ok(self)
    }

    /// How long the connection to each host may take; 10 s by default. In ssh's whole seconds.
    #[must_use]
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.settings.connect_timeout = limit;
        self
    }

    /// Becomes root on the node by `sudo -n`, for `perl`. A line in sudoers that allows this equals root.
    #[must_use]
    pub fn sudo(mut self) -> Self {
        self.caller.sudo = true;
        self
    }

    /// Runs `/usr/bin/pvesh` itself, with its arguments on the command line, because sudo allows nothing else. For engine `pvesh`.
    ///
    /// Everybody on the node can then read the arguments in the process list: a request that holds a secret is refused, unless
    /// [`allow_secret_arguments`](Self::allow_secret_arguments) says otherwise. The line in sudoers equals root all the same.
    #[must_use]
    pub fn only_pvesh(mut self) -> Self {
        self.caller.program = true;
        self
    }

    /// Lets secrets be seen in the node's process list, where [`only_pvesh`](Self::only_pvesh) puts them.
    #[must_use]
    pub fn allow_secret_arguments(mut self) -> Self {
        self.caller.shown_secrets = true;
        self
    }

    /// What carries requests; `Auto` by default.
    #[must_use]
    pub fn engine(mut self, engine: SshEngine) -> Self {
        self.engine = engine;
        self
    }

    /// How many requests may be under way at once; 16 by default. Over `pvesh` five at most run, the others wait.
    #[must_use]
    pub fn limit(mut self, requests: usize) -> Self {
        self.limit = requests;
        self
    }

    /// Where the node's own files begin, in place of `/`: for simulated nodes.
    #[must_use]
    pub fn node_root(mut self, path: impl AsRef<Path>) -> Self {
        self.caller.root = path.as_ref().to_owned();
        self
    }

    /// The port of pveproxy, in place of 8006: for simulated nodes.
    #[must_use]
    pub fn pveproxy_port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The handle, with the standard layers and the default safety policy. It sends nothing yet.
    ///
    /// # Errors
    /// `InvalidInput` for files that are not there and for what contradicts itself.
    pub fn connect(self) -> Result<Pve> {
        Ok(self.builder()?.build())
    }

    /// The host itself, for what is not Proxmox VE: its unix sockets, and commands with their streams. It sends nothing yet.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn host(self) -> Result<SshHost> {
        self.settings.check()?;
        Ok(SshHost::new(Session::new(self.settings)))
    }

    /// The same, open for a policy and for further layers; see [`Api::builder`](crate::Api::builder).
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn builder(self) -> Result<PveBuilder> {
        self.settings.check()?;
        let limit = Limit::new(self.limit)?;
        let session = Session::new(self.settings.clone());
        let pvesh = Pvesh::new(session.clone(), self.caller.clone(), "ssh/pvesh");
        #[cfg(feature = "_http")]
        if self.engine != SshEngine::Pvesh {
            return Ok(standard(self.tunnel(session, pvesh)?, limit));
        }
        #[cfg(not(feature = "_http"))]
        if self.engine == SshEngine::Tunnel {
            return Err(Error::invalid(
                "ssh_engine",
                "ssh_engine: this build has no HTTP client for a tunnel",
            )
            .with_advice("turn on feature `reqwest` or `ureq`"));
        }
        #[cfg(feature = "_http")]
        if self.token.is_some() {
            let text = "token: pvesh asks as root@pam and takes no token: that is for the tunnel";
            return Err(Error::invalid("token", text));
        }
        Ok(standard(Pve::builder(pvesh), limit))
    }
}

#[cfg(feature = "_http")]
impl Ssh {
    /// Asks with an API token, through the tunnel: then nothing runs on the node as root. `id` is `user@realm!name`.
    ///
    /// There is no falling back to `pvesh` then, which would ask as root.
    ///
    /// # Errors
    /// `InvalidInput` for a malformed id; the secret is never repeated.
    pub fn token<I>(mut self, id: I, secret: Secret) -> Result<Self>
    where
        I: TryInto<TokenId>,
        Error: From<I::Error>,
    {
        self.token = Some((id.try_into()?, secret));
        Ok(self)
    }

    /// Trusts pveproxy's certificate by its SHA-256, in place of what the node says over ssh. With a [`token`](Self::token) no
    /// command is then run on the node at all.
    ///
    /// # Errors
    /// `InvalidInput` when it is not 32 bytes in hexadecimal, with or without colons.
    pub fn fingerprint(mut self, sha256: &str) -> Result<Self> {
        self.pin = Some(Fingerprint::parse(sha256)?);
        Ok(self)
    }

    /// Which HTTP client talks through the tunnel; by default reqwest where this build has it.
    #[must_use]
    pub fn http_engine(mut self, engine: Engine) -> Self {
        self.http = Some(engine);
        self
    }

    fn tunnel(self, session: Session, pvesh: Pvesh<Session>) -> Result<PveBuilder> {
        let lane = Arc::new(Lane::default());
        let mut node = Node::new(session, lane, self.port, self.caller.clone());
        if let Some(pin) = self.pin {
            node.seen.set(Some(pin));
            node.pinned = true;
        }
        let node = Arc::new(node);
        let tls = tls(&Trust::Seen(node.seen.clone()))?;
        let login = match &self.token {
            Some((id, secret)) => Login::new(&Credentials::Token(id.clone(), secret.clone()))?,
            None => Login::Ticket(Box::new(Tickets::minted(Arc::clone(&node)))),
        };
        let socket = Socket::new()?;
        let endpoint = Endpoint::parse(&format!("https://127.0.0.1:{}", self.port))?;
        let budgets = Budgets::default();
        let fallback = (self.engine == SshEngine::Auto && self.token.is_none()).then_some(pvesh);
        Ok(match self.http.map_or_else(Engine::usual, Ok)? {
            #[cfg(feature = "reqwest")]
            Engine::Reqwest => {
                let engine =
                    crate::http::hyper::Hyper::engine(socket.path(), endpoint.origin(), tls, budgets)?;
                either(Tunnel::new(Http::new(engine, endpoint, login, budgets), node, socket), fallback)
            }
            #[cfg(feature = "ureq")]
            Engine::Ureq => {
                let engine = crate::http::ureq::Ureq::through(socket.path(), tls, budgets);
                either(Tunnel::new(Http::new(engine, endpoint, login, budgets), node, socket), fallback)
            }
        })
    }
}

#[cfg(feature = "_http")]
fn either<E: crate::http::Engine>(tunnel: Tunnel<E>, fallback: Option<Pvesh<Session>>) -> PveBuilder {
    match fallback {
        Some(pvesh) => Pve::builder(Auto::new(tunnel, pvesh)),
        None => Pve::builder(tunnel),
    }
}
