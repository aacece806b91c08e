//! The handle.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;

use crate::call::{Ask, Call};
use crate::cluster::Reservations;
use crate::deadline::Deadline;
use crate::layer::{Layer, Layered};
use crate::policy::{Audience, Case, Decision, Passed, Policy};
use crate::task::Progress;
use crate::transport::{Transport, TransportInfo};
use crate::{Effect, Error, NodeName, PveRequest, PveResponse, Result, Task, Upid, Vmid};

/// A Proxmox VE cluster or node, through one transport. Cheap to clone.
///
/// Every request passes the safety gate: there is no handle without a [`Policy`], though there is
/// [`Policy::dangerous_allow_everything`].
#[derive(Clone)]
pub struct Pve {
    transport: Arc<dyn Transport>,
    policy: Arc<Policy>,
    audience: Audience,
    reservations: Reservations,
    options: Options,
}

/// Is told the new lines of a task's log.
type OnProgress = Arc<dyn Fn(&Progress) + Send + Sync>;

/// What a [`Call`] may set for all requests of its flow.
#[derive(Clone, Default)]
pub(crate) struct Options {
    pub(crate) force: Option<Vmid>,
    pub(crate) wait: Option<Duration>,
    pub(crate) progress: Option<OnProgress>,
}

impl Pve {
    /// A handle over this transport with the default policy and no further layers.
    pub fn new(transport: impl Transport) -> Self {
        Self::builder(transport).build()
    }

    /// Starts a handle with layers and a policy.
    pub fn builder(transport: impl Transport) -> PveBuilder {
        PveBuilder {
            transport: Arc::new(transport),
            policy: Policy::default(),
            audience: Audience::default(),
        }
    }

    /// What the transport is and can do.
    #[must_use]
    pub fn info(&self) -> TransportInfo {
        self.transport.info()
    }

    /// The safety policy in force.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// A raw request, decoded as `T`: `serde_json::Value`, a struct of yours, or `()` for an answer without data.
    ///
    /// It passes the same layers and gates as the typed operations.
    ///
    /// ```
    /// # async fn demo(pve: &proxmox_core::Pve) -> proxmox_core::Result<()> {
    /// use proxmox_core::{PvePath, PveRequest};
    /// let request = PveRequest::get(PvePath::parse("/cluster/status")?);
    /// let status: serde_json::Value = pve.request(request).await?;
    /// # Ok(()) }
    /// ```
    pub fn request<T: DeserializeOwned + Send + 'static>(&self, request: PveRequest) -> Call<Ask<T>> {
        self.bind(Ask::new("request", Ok(request)))
    }

    /// The handle of a node.
    ///
    /// # Errors
    /// `InvalidInput` for a malformed name.
    pub fn node<N>(&self, name: N) -> Result<crate::Node>
    where
        N: TryInto<NodeName>,
        Error: From<N::Error>,
    {
        Ok(crate::Node::new(self.clone(), name.try_into()?))
    }

    /// The handle of the cluster as a whole.
    #[must_use]
    pub fn cluster(&self) -> crate::Cluster {
        crate::Cluster::new(self.clone())
    }

    /// The handle of a task that was started earlier, or by somebody else.
    #[must_use]
    pub fn task(&self, upid: Upid) -> Task {
        Task::new(self.clone(), upid)
    }

    /// Sends one request and leaves the answer undecoded. For flows and operations of your own.
    ///
    /// # Errors
    /// Whatever layers, transport and PVE say, with the target added.
    pub async fn call(&self, request: &PveRequest) -> Result<PveResponse> {
        let at = |e: Error| e.about(request.target());
        request.check().map_err(at)?;
        crate::pct::check_way(request, || self.info()).map_err(at)?;
        let answer = match request.effect {
            Effect::Read => self.transport.call(request).await,
            Effect::Write | Effect::Destroy => Box::pin(self.write(request)).await,
        };
        answer.map(|a| a.answering(request.effect)).map_err(at)
    }

    /// What is below the gate: for what has passed it.
    pub(crate) fn transport(&self) -> &dyn Transport {
        &*self.transport
    }

    /// The gate: all layers are below it.
    async fn write(&self, request: &PveRequest) -> Result<PveResponse> {
        let request = self.forced(request);
        let decided = match Case::of(&self.policy, &request) {
            Some(case) => {
                let mut reads = Vec::new();
                for read in case.asks() {
                    reads.push(self.transport.call(&read).await);
                }
                case.judge(reads)
            }
            None => Ok(Passed::unasked(&request)),
        };
        self.transport.call(&self.audience.told(&request, decided)?).await
    }

    pub(crate) fn audience(&self) -> &Audience {
        &self.audience
    }

    /// The same way, with a layer around it and another listener.
    pub(crate) fn wrapped(&self, layer: impl Layer, audience: Audience) -> Self {
        let transport = Arc::new(Layered { layer: Box::new(layer), inner: Arc::clone(&self.transport) });
        Self { transport, audience, ..self.clone() }
    }

    /// The request with the `force` of the call that is under way.
    pub(crate) fn forced<'r>(&self, request: &'r PveRequest) -> Cow<'r, PveRequest> {
        match self.options.force.filter(|_| request.effect != Effect::Read) {
            Some(vmid) => Cow::Owned(request.clone().force(vmid)),
            None => Cow::Borrowed(request),
        }
    }

    /// Whether both send through the same transport, layers and policy.
    pub(crate) fn is_same_way(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.transport, &other.transport)
    }

    /// Waits, by the transport's clock.
    pub async fn sleep(&self, duration: Duration) {
        self.transport.sleep(duration).await;
    }

    /// The transport's clock.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.transport.now()
    }

    /// Runs a flow to its end on this thread: how a program without a runtime uses everything here.
    ///
    /// Inside an async runtime this blocks the thread it is called on.
    pub fn block_on<T: Send>(&self, flow: impl Future<Output = T> + Send) -> T {
        let mut result = None;
        let slot = &mut result;
        self.transport.drive(pin!(async move { *slot = Some(flow.await) }));
        result.unwrap_or_else(|| unreachable!("Transport::drive returned before the flow ended"))
    }

    /// Binds an operation to this handle.
    pub fn bind<O: crate::Operation>(&self, operation: O) -> Call<O> {
        Call::new(self.clone(), operation)
    }

    /// The handle without the options of the call that is under way: for what a call returns. A `force` in particular
    /// ends with its call.
    #[must_use]
    pub fn without_options(&self) -> Self {
        Self { options: Options::default(), ..self.clone() }
    }

    /// When this flow stops waiting: after what the caller allowed by [`Call::timeout`], or else after `usual`.
    #[must_use]
    pub fn deadline(&self, usual: Option<Duration>) -> Deadline {
        Deadline::new(self, self.options.wait.or(usual))
    }

    pub(crate) fn reservations(&self) -> &Reservations {
        &self.reservations
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    pub(crate) fn options_mut(&mut self) -> &mut Options {
        &mut self.options
    }
}

impl fmt::Debug for Pve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pve")
            .field("transport", &self.info())
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// Folds layers over a transport, once.
pub struct PveBuilder {
    transport: Arc<dyn Transport>,
    policy: Policy,
    audience: Audience,
}

impl PveBuilder {
    /// Puts a layer around everything so far: the first one added is nearest to the wire.
    #[must_use]
    pub fn layer(self, layer: impl Layer) -> Self {
        let transport = Arc::new(Layered { layer: Box::new(layer), inner: self.transport });
        Self { transport, ..self }
    }

    /// The safety policy; its gate stands outside of all layers.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Is told what the gate makes of each write, before it is sent. There is one listener: the last one given.
    #[must_use]
    pub fn on_decision(mut self, tell: impl Fn(&Decision<'_>) + Send + Sync + 'static) -> Self {
        self.audience = Audience::of(tell);
        self
    }

    /// The handle.
    #[must_use]
    pub fn build(self) -> Pve {
        Pve {
            transport: self.transport,
            policy: Arc::new(self.policy),
            audience: self.audience,
            reservations: Reservations::default(),
            options: Options::default(),
        }
    }
}

impl fmt::Debug for PveBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PveBuilder").field("transport", &self.transport.info()).finish_non_exhaustive()
    }
}
