//! The one seam for I/O.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use crate::executor::park;
use crate::{PveRequest, PveResponse, Result};

/// Executes requests, and owns time. Everything above it is pure or made of its calls.
///
/// A *blocking* transport does the work inside `call` and `sleep` and returns futures that are ready at the first poll:
/// the same flow then runs without any runtime (see [`Call::block`](crate::Call::block)).
#[async_trait]
pub trait Transport: Send + Sync + 'static {
    /// What this transport is and can do.
    fn info(&self) -> TransportInfo;

    /// Executes one request.
    ///
    /// Asks [`PveRequest::check`] before sending, keeps the request's `timeout`, and states the outcome in every error:
    /// `NotSent` only when no byte left this machine.
    async fn call(&self, request: &PveRequest) -> Result<PveResponse>;

    /// Waits.
    async fn sleep(&self, duration: Duration);

    /// The time that [`sleep`](Self::sleep) advances.
    #[allow(clippy::disallowed_methods)]
    fn now(&self) -> Instant {
        Instant::now()
    }

    /// Runs a flow to its end for a blocking caller. The default parks the calling thread.
    fn drive(&self, flow: Pin<&mut (dyn Future<Output = ()> + Send)>) {
        park(flow);
    }
}

/// What a transport is and can do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransportInfo {
    /// Short name for messages: `https/reqwest`, `sim` …
    pub name: &'static str,
    /// Where it leads, such as `https://pve1:8006`. Never holds a secret.
    pub endpoint: String,
    /// Whether its futures do their work at the first poll, blocking the thread.
    pub blocking: bool,
    /// Whether its user may send batches, `POST /nodes/{node}/execute`: root@pam by ticket may, and `pvesh` may.
    /// [`Pve::call_all`](crate::Pve::call_all) does so then.
    pub executes: bool,
    /// Whether it carries out the requests of [`Pct`](crate::Pct), which PVE's API does not have: it runs commands as root on a node.
    pub pct: bool,
}

impl TransportInfo {
    /// An asynchronous transport.
    #[must_use]
    pub fn new(name: &'static str, endpoint: impl Into<String>) -> Self {
        Self { name, endpoint: endpoint.into(), blocking: false, executes: false, pct: false }
    }

    /// States that futures are ready at the first poll.
    #[must_use]
    pub fn blocking(mut self) -> Self {
        self.blocking = true;
        self
    }

    /// States that its user may send batches.
    #[must_use]
    pub fn executes(mut self) -> Self {
        self.executes = true;
        self
    }

    /// States that it carries out what only `pct` can.
    #[must_use]
    pub fn pct(mut self) -> Self {
        self.pct = true;
        self
    }
}

impl fmt::Display for TransportInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.name, self.endpoint)
    }
}
