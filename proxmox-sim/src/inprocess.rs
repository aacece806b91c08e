//! The simulated cluster without sockets: a transport whose waiting costs no time.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use proxmox_core::{
    Effect, Error, ErrorKind, Outcome, PctRequest, Pve, PveRequest, PveResponse, Result, Transport,
    TransportInfo, async_trait,
};

use crate::delivery::{Delivery, deliver};
use crate::exchange::{Credentials, SimRequest, SimValue};
use crate::log::RequestLog;
use crate::sim::Sim;
use crate::wire_fault::{WireFault, WireFaults};

/// How long a client waits for an answer that never comes, unless it or the request says otherwise.
const PATIENCE: Duration = Duration::from_secs(60);

/// A [`Transport`] that asks a [`Sim`] directly.
///
/// `sleep` moves the simulated clock and returns at once, so flows that wait for minutes take no time. It is a
/// *blocking* transport: `.block()` needs no runtime, and `.await` works in any.
///
/// It has no connections, but the same [faults](WireFault): a closed or broken connection is an error of kind `Connect`, a
/// delay takes simulated time, a stall ends with the request's `timeout`, or after 60 simulated seconds.
///
/// ```
/// use proxmox_core::{PvePath, PveRequest, Upid};
/// use proxmox_sim::Sim;
/// let sim = Sim::new();
/// let pve = sim.pve();
/// let stop = PveRequest::create(PvePath::parse("/nodes/pve1/qemu/100/status/stop")?).force("100".parse()?);
/// let upid: Upid = pve.request(stop).block()?;
/// pve.task(upid).wait().block()?;
/// assert!(!sim.guest(100).unwrap().running);
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct SimTransport {
    sim: Sim,
    auth: Credentials,
    faults: WireFaults,
    log: RequestLog,
    asynchronous: bool,
    patience: Duration,
    /// The instant that stands for the simulated time at the start.
    begin: Arc<(Instant, Duration)>,
}

impl SimTransport {
    #[allow(clippy::disallowed_methods)] // An anchor for the simulated time; only differences to it are ever shown.
    fn new(sim: Sim) -> Self {
        let begin = Arc::new((Instant::now(), sim.clock().now()));
        let (faults, log) = (WireFaults::default(), RequestLog::default());
        Self { sim, auth: Credentials::Root, faults, log, asynchronous: false, patience: PATIENCE, begin }
    }

    /// Asks as the owner of an API token, such as `root@pam!ci` with its secret, instead of as `root@pam` itself.
    #[must_use]
    pub fn token(mut self, id: &str, secret: &str) -> Self {
        self.auth = Credentials::Token(format!("{id}={secret}"));
        self
    }

    /// Becomes an asynchronous transport: every call yields once before it is answered. For flows whose futures are to
    /// interleave as they do over a network.
    #[must_use]
    pub fn asynchronous(mut self) -> Self {
        self.asynchronous = true;
        self
    }

    /// How long to wait for an answer, in simulated time: 60 s, unless set. A request's own timeout stands above it.
    #[must_use]
    pub fn patience(mut self, limit: Duration) -> Self {
        self.patience = limit;
        self
    }

    /// The cluster.
    #[must_use]
    pub fn sim(&self) -> &Sim {
        &self.sim
    }

    /// The switches for what goes wrong between client and cluster. Shared by clones of the transport.
    #[must_use]
    pub fn faults(&self) -> &WireFaults {
        &self.faults
    }

    /// What was asked. Shared by clones of the transport.
    #[must_use]
    pub fn log(&self) -> &RequestLog {
        &self.log
    }

    /// Who may send batches, and run `pct` on a node.
    fn is_root(&self) -> bool {
        matches!(self.auth, Credentials::Root)
    }

    async fn yield_once(&self) {
        let mut yielded = !self.asynchronous;
        poll_fn(|context| {
            if std::mem::replace(&mut yielded, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    fn answer(&self, request: &PveRequest) -> Result<PveResponse> {
        let pct = if self.is_root() { PctRequest::read(request).transpose()? } else { None };
        let asked = SimRequest {
            method: request.verb.method().to_owned(),
            path: request.path.as_str().to_owned(),
            params: request
                .params
                .exposed()
                .map(|(k, v)| (k.to_owned(), SimValue::Text(v.into_owned())))
                .collect(),
            file: None,
            auth: self.auth.clone(),
        };
        let asked = match &request.file {
            Some(file) => asked.file(file.name(), file.content().map_or(&[], |content| content)),
            None => asked,
        };
        let ticket = self.log.arrive(0, &asked.method, &asked.path);
        let fault = self.faults.take(&asked.method, &asked.path);
        if fault == Some(WireFault::CloseBeforeReading) {
            ticket.note(|entry| entry.fault = fault);
            return Err(lost(request.effect, ErrorKind::Connect, "the connection was closed"));
        }
        let limit = request.timeout.unwrap_or(self.patience);
        let timeout = || {
            self.sim.clock().advance(limit);
            lost(request.effect, ErrorKind::Timeout, &format!("no answer within {limit:?}"))
        };
        match deliver(&asked, fault, &ticket, || match &pct {
            Some(pct) => self.sim.pct_answer(&asked, pct),
            None => self.sim.answer(&asked),
        }) {
            Delivery::Answer { answer, wait, .. } if wait + answer.delay > limit => Err(timeout()),
            Delivery::Answer { broken: true, .. } => {
                Err(lost(request.effect, ErrorKind::Connect, "the connection broke within the answer"))
            }
            Delivery::Answer { answer, wait, .. } => {
                self.sim.clock().advance(wait + answer.delay);
                PveResponse::from_http(request.effect, answer.status, &answer.reason, answer.body)
            }
            Delivery::Close => {
                Err(lost(request.effect, ErrorKind::Connect, "the connection was closed without an answer"))
            }
            Delivery::Stall => Err(timeout()),
        }
    }
}

/// The error of an answer that did not come: what it asked for may have happened, unless it asked for nothing.
fn lost(effect: Effect, kind: ErrorKind, message: &str) -> Error {
    let outcome = if effect == Effect::Read { Outcome::Rejected } else { Outcome::MaybeApplied };
    Error::new(kind, outcome, message)
}

#[async_trait]
impl Transport for SimTransport {
    fn info(&self) -> TransportInfo {
        let info = TransportInfo::new("sim", "the simulated cluster");
        let info = if self.is_root() { info.executes().pct() } else { info };
        if self.asynchronous { info } else { info.blocking() }
    }

    async fn call(&self, request: &PveRequest) -> Result<PveResponse> {
        request.check()?;
        self.yield_once().await;
        self.answer(request)
    }

    async fn sleep(&self, duration: Duration) {
        self.yield_once().await;
        self.sim.clock().advance(duration);
    }

    fn now(&self) -> Instant {
        let (begin, epoch) = *self.begin;
        begin + self.sim.clock().now().saturating_sub(epoch)
    }
}

impl Sim {
    /// A transport to this cluster, without sockets.
    #[must_use]
    pub fn transport(&self) -> SimTransport {
        SimTransport::new(self.clone())
    }

    /// A handle of this cluster, without sockets, as `root@pam`.
    #[must_use]
    pub fn pve(&self) -> Pve {
        Pve::new(self.transport())
    }
}
