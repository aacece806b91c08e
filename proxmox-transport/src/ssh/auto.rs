//! The tunnel where it works, else `pvesh`.

use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use proxmox_core::{
    ErrorKind, Outcome, PvePath, PveRequest, PveResponse, Result, Transport, TransportInfo, async_trait,
};

use super::Session;
use super::tunnel::Tunnel;
use crate::http::Engine;
use crate::pvesh::Pvesh;

/// Decides at its first request, and stays with it.
pub(crate) struct Auto<E> {
    tunnel: Tunnel<E>,
    pvesh: Pvesh<Session>,
    chosen: OnceLock<Way>,
    deciding: async_lock::Mutex<()>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Tunnel,
    Pvesh,
}

impl<E: Engine> Auto<E> {
    pub(crate) fn new(tunnel: Tunnel<E>, pvesh: Pvesh<Session>) -> Self {
        Self { tunnel, pvesh, chosen: OnceLock::new(), deciding: async_lock::Mutex::new(()) }
    }

    /// Tries the tunnel with a request of its own, so that no request of the caller's is ever sent both ways.
    ///
    /// Only what lies in the nature of the node makes it fall back. What may pass, or what `pvesh` would meet as well, is an
    /// error of this request, and the next one decides anew.
    async fn way(&self) -> Result<Way> {
        if let Some(way) = self.chosen.get() {
            return Ok(*way);
        }
        let _mine = self.deciding.lock().await;
        if let Some(way) = self.chosen.get() {
            return Ok(*way);
        }
        let probe = PveRequest::get(PvePath::parse("/version")?);
        let way = match self.tunnel.call(&probe).await {
            Err(e) if e.outcome() == Outcome::NotSent && e.kind() == ErrorKind::Unsupported => {
                tracing::warn!(target: "proxmox", error = %e, "no tunnel: falling back to pvesh, which takes half a second for each request");
                Way::Pvesh
            }
            Err(e) if e.outcome() == Outcome::NotSent => return Err(e),
            _ => Way::Tunnel,
        };
        Ok(*self.chosen.get_or_init(|| way))
    }
}

#[async_trait]
impl<E: Engine> Transport for Auto<E> {
    fn info(&self) -> TransportInfo {
        match self.chosen.get() {
            Some(Way::Pvesh) => self.pvesh.info(),
            _ => self.tunnel.info(),
        }
    }

    async fn call(&self, request: &PveRequest) -> Result<PveResponse> {
        request.check()?;
        match self.way().await? {
            Way::Tunnel => self.tunnel.call(request).await,
            Way::Pvesh => self.pvesh.call(request).await,
        }
    }

    async fn sleep(&self, duration: Duration) {
        self.tunnel.sleep(duration).await;
    }

    fn now(&self) -> Instant {
        self.tunnel.now()
    }

    fn drive(&self, flow: Pin<&mut (dyn Future<Output = ()> + Send)>) {
        self.tunnel.drive(flow);
    }
}
