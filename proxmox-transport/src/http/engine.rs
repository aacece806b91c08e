//! The seam between PVE's HTTP and whoever moves the bytes.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::StatusCode;

use super::codec::HttpRequest;
use crate::api::Signature;
use crate::fault::Fault;

/// How long a connection may idle before it is dropped. pveproxy closes after 5 s: a write must not start on a connection
/// that is just being closed, or nobody knows whether it was read.
pub(crate) const IDLE: Duration = Duration::from_millis(3250);

/// What requests say that they come from.
pub(crate) const AGENT: &str = concat!("proxmox-sdk/", env!("CARGO_PKG_VERSION"));

/// Moves bytes: one request out, one answer in, on a connection of its own choice. It never sends a request again after
/// any byte of it may have left.
pub(crate) trait Engine: Send + Sync + 'static {
    /// The transport's name.
    const NAME: &'static str;
    /// Whether futures are ready at the first poll.
    const BLOCKING: bool;

    /// Sends the request, signed or not, and reads the whole answer, whatever its status.
    fn exchange(
        &self,
        request: HttpRequest,
        login: Signature,
        budgets: Budgets,
    ) -> impl Future<Output = Result<Answer, Fault>> + Send;

    /// The time that tickets age by.
    fn now(&self) -> Instant {
        Instant::now()
    }

    /// Waits.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;

    /// Runs a flow to its end on this thread.
    fn drive(&self, flow: Pin<&mut (dyn Future<Output = ()> + Send)>);
}

/// The longest budget: clocks end somewhere, and this is as good as none.
pub(crate) const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How long each part of an exchange may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budgets {
    /// Name lookup, TCP and TLS together.
    pub(crate) connect: Duration,
    /// From the request's end to the answer's head.
    pub(crate) first_byte: Duration,
    /// All of it.
    pub(crate) total: Duration,
}

impl Default for Budgets {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(60),
            total: Duration::from_secs(120),
        }
    }
}

impl Budgets {
    /// The budgets of a request with a timeout of its own: that is then the only limit besides connecting.
    pub(crate) fn for_request(self, timeout: Option<Duration>) -> Self {
        let timeout = timeout.map(|limit| limit.min(YEAR));
        match timeout {
            Some(total) => Self { connect: self.connect.min(total), first_byte: total, total },
            None => self,
        }
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The text of the status line; empty for a 2xx, where nobody asks.
    pub(crate) reason: String,
    pub(crate) body: Bytes,
}

impl Answer {
    /// What came back, with the body or with what became of it.
    ///
    /// An error's status line says what happened to the request, and is worth more than a body that was cut: so such a
    /// body is left out. pveproxy cuts all bodies without a length, by its way to close a connection: those of 401, 595
    /// and 596, which are empty.
    pub(crate) fn new(status: StatusCode, reason: String, body: Result<Bytes, Fault>) -> Result<Self, Fault> {
        let body = if status.is_success() { body? } else { body.unwrap_or_default() };
        Ok(Self { status: status.as_u16(), reason, body })
    }
}
