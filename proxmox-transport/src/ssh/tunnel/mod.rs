//! PVE's own HTTP through ssh: a unix socket here leads to pveproxy there, and the usual codec and engines talk over it.

mod node;

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use proxmox_core::{
    Effect, Error, ErrorKind, Outcome, PctRequest, PveRequest, PveResponse, Result, Transport, TransportInfo,
    async_trait,
};
use tempfile::TempDir;

pub(crate) use node::{Minted, Node};

use crate::http::{Engine, Http};
use crate::pct;
use crate::shell::Shell as _;

/// How long connecting, and all that belongs to it, may take for a request that has no limit of its own.
const PATIENCE: Duration = Duration::from_secs(60);

/// PVE's API on the node behind ssh, through one HTTP engine.
pub(crate) struct Tunnel<E> {
    http: Http<E>,
    node: Arc<Node>,
    /// The connection that the socket leads through.
    open: async_lock::Mutex<Option<u64>>,
    socket: Socket,
}

/// Where the engine connects to: a unix socket in a directory of its own, which only this user can enter.
pub(crate) struct Socket {
    directory: TempDir,
}

impl Socket {
    pub(crate) fn new() -> Result<Self> {
        let directory = crate::ssh::link::private_directory().map_err(|e| {
            let text = format!("no private directory for a socket: {e}");
            Error::new(ErrorKind::Unexpected, Outcome::NotSent, text).with_source(e)
        })?;
        Ok(Self { directory })
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("pveproxy")
    }
}

impl<E: Engine> Tunnel<E> {
    /// The engine must connect to this socket, and trust what the node says of its certificate.
    pub(crate) fn new(http: Http<E>, node: Arc<Node>, socket: Socket) -> Self {
        let http = http.named(node.session.host());
        Self { http, node, open: async_lock::Mutex::new(None), socket }
    }

    /// Whether it asks as root itself, and not as the owner of a token, who is not to get at root by the way of ssh.
    fn is_root(&self) -> bool {
        self.http.info().executes
    }

    /// Makes the socket lead to pveproxy, over a connection that is made if there is none.
    ///
    /// What has to be known of the node is asked first: that also opens the session channel without which larger answers
    /// crawl, and tells the address to forward to.
    async fn open(&self, deadline: Instant) -> Result<u64> {
        let mut open = self.open.lock().await;
        if let Some(generation) = *open {
            return Ok(generation);
        }
        self.http.log_in().await?;
        if self.node.seen.get().is_none() {
            self.node.look().await?;
        }
        let (session, path) = (Arc::clone(&self.node.session), self.socket.path());
        let (listen, port) = (self.node.listen(), self.node.port);
        let generation = self
            .node
            .lane
            .run(async move {
                let to = openssh::Socket::TcpSocket { host: listen.into(), port };
                session.forward(path, &to, deadline).await
            })
            .await
            .map_err(|fault| {
                fault.into_error(Effect::Read, self.node.session.host()).with_outcome(Outcome::NotSent)
            })?;
        *open = Some(generation);
        Ok(generation)
    }

    /// Whether the connection is gone; then the next request makes another.
    async fn is_lost(&self, generation: u64) -> bool {
        let session = Arc::clone(&self.node.session);
        let alive = self.node.lane.run(async move { Ok(session.is_alive(generation).await) }).await;
        let lost = !alive.unwrap_or(false);
        if lost {
            let mut open = self.open.lock().await;
            if *open == Some(generation) {
                *open = None;
            }
        }
        lost
    }

    /// The connection is there and the node's end of it leads nowhere.
    fn refused(&self, error: Error) -> Error {
        let text = format!(
            "no tunnel to {}: sshd does not forward to {} port {}, or pveproxy lets nobody in there: {}",
            self.node.session.host(),
            self.node.listen(),
            self.node.port,
            error.message()
        );
        Error::new(ErrorKind::Unsupported, Outcome::NotSent, text)
            .with_advice("allow it (AllowTcpForwarding and PermitOpen in sshd_config, ALLOW_FROM in /etc/default/pveproxy), or use pvesh")
            .with_source(error)
    }
}

#[async_trait]
impl<E: Engine> Transport for Tunnel<E> {
    fn info(&self) -> TransportInfo {
        let info = TransportInfo::new(NAME, self.node.session.host());
        let info = if self.is_root() { info.executes() } else { info };
        // Where nothing but pvesh may be run, pct may not be either.
        let info = if self.is_root() && !self.node.caller.program { info.pct() } else { info };
        if E::BLOCKING { info.blocking() } else { info }
    }

    async fn call(&self, request: &PveRequest) -> Result<PveResponse> {
        request.check()?;
        if let Some(pct) = PctRequest::read(request).filter(|_| self.info().pct) {
            let node = &self.node;
            return pct::carry_out(&node.session, &node.lane, &node.caller, request, &pct?).await;
        }
        let deadline = Instant::now() + request.timeout.map_or(PATIENCE, |limit| limit.min(PATIENCE));
        // What was not sent may be sent once more, for each reason once.
        let (mut reconnected, mut looked) = (false, false);
        loop {
            let generation = self.open(deadline).await?;
            let error = match self.http.call(request).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let unsent = error.outcome() == Outcome::NotSent;
            match error.kind() {
                ErrorKind::Tls if unsent && !looked && !self.node.pinned => {
                    looked = true;
                    self.node.forget();
                    self.node.look().await?;
                }
                ErrorKind::Connect | ErrorKind::Timeout => {
                    let lost = self.is_lost(generation).await;
                    if !unsent {
                        return Err(error);
                    }
                    if !lost {
                        return Err(self.refused(error));
                    }
                    if reconnected || Instant::now() >= deadline {
                        return Err(error);
                    }
                    reconnected = true;
                }
                _ => return Err(error),
            }
        }
    }

    async fn sleep(&self, duration: Duration) {
        self.http.sleep(duration).await;
    }

    fn now(&self) -> Instant {
        self.http.now()
    }

    fn drive(&self, flow: Pin<&mut (dyn Future<Output = ()> + Send)>) {
        self.http.drive(flow);
    }
}

pub(crate) const NAME: &str = "ssh/tunnel";
