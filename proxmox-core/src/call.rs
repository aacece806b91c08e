//! Operations, and the ways out of a call: `.await`, `.block()`, `.request()`.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryFutureExt;
use serde::de::DeserializeOwned;

use crate::rows::Rows;
use crate::task::{Progress, TaskReport};
use crate::{Error, Pve, PveRequest, PveResponse, Result, Target, Task, Vmid};

/// A typed description of one operation. Writing one is how the SDK is extended.
///
/// ```
/// use proxmox_core::{Effect, Operation, Pve, PvePath, PveRequest, Result};
///
/// /// `POST /cluster/backup-info/refresh`: an operation this SDK does not have.
/// struct Refresh;
///
/// impl Operation for Refresh {
///     type Output = ();
///     fn name(&self) -> &'static str {
///         "backup_info.refresh"
///     }
///     fn request(&self) -> Result<PveRequest> {
///         Ok(PveRequest::create(PvePath::parse("/cluster/backup-info/refresh")?).effect(Effect::Write))
///     }
///     async fn run(self, pve: Pve) -> Result<()> {
///         pve.call(&self.request()?).await?.decode()
///     }
/// }
/// # async fn demo(pve: Pve) -> Result<()> {
/// pve.bind(Refresh).await?;
/// # Ok(()) }
/// ```
pub trait Operation: Send + Sized + 'static {
    /// What a caller gets.
    type Output: Send + 'static;

    /// The name in errors and traces, such as `qemu.clone`.
    fn name(&self) -> &'static str;

    /// The request that the operation is, or that its flow turns on.
    ///
    /// # Errors
    /// `InvalidInput` for parameters that can be seen to be wrong.
    fn request(&self) -> Result<PveRequest>;

    /// What errors are about that do not say it themselves.
    fn target(&self) -> Option<Target> {
        self.request().ok().map(|request| request.target())
    }

    /// The [findings](crate::preflight) that the operation deals with itself, by their codes: a deletion that stops the guest first does
    /// not mind that it runs.
    fn settles(&self) -> &'static [&'static str] {
        &[]
    }

    /// Carries it out. Every await in it must be one of `pve`'s, so that it runs on any transport.
    fn run(self, pve: Pve) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// An operation bound to a handle. Nothing is sent until it is awaited or blocked on.
#[must_use = "nothing is sent until the call is awaited, or `.block()` is called"]
pub struct Call<O> {
    pve: Pve,
    operation: O,
}

impl<O: Operation> Call<O> {
    pub(crate) fn new(pve: Pve, operation: O) -> Self {
        Self { pve, operation }
    }

    /// The request, without any I/O. For a flow it is the one that the flow turns on.
    ///
    /// # Errors
    /// `InvalidInput` for parameters that can be seen to be wrong.
    pub fn request(&self) -> Result<PveRequest> {
        let request = self.operation.request().map_err(|e| e.during(self.operation.name()))?;
        Ok(match self.pve.options().force {
            Some(vmid) => request.force(vmid),
            None => request,
        })
    }

    pub(crate) fn settles(&self) -> &'static [&'static str] {
        self.operation.settles()
    }

    pub(crate) fn handle(&self) -> &Pve {
        &self.pve
    }

    pub(crate) fn into_operation(self) -> O {
        self.operation
    }

    /// Runs it on this thread, without a runtime. The same code as `.await`.
    ///
    /// # Errors
    /// As the operation says.
    pub fn block(self) -> Result<O::Output> {
        let pve = self.pve.clone();
        pve.block_on(self.into_future())
    }

    /// Lets this call pass the gate of this one guest, and of no other.
    pub fn force(mut self, vmid: Vmid) -> Self {
        self.pve.options_mut().force = Some(vmid);
        self
    }

    /// How long to wait for the end of what the call starts: tasks, shutdown, an address. When it is over the error
    /// says so; the task on the node goes on.
    pub fn timeout(mut self, wait: Duration) -> Self {
        self.pve.options_mut().wait = Some(wait);
        self
    }

    /// Is told about each new line of a task's log while waiting.
    pub fn on_progress(mut self, progress: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        self.pve.options_mut().progress = Some(Arc::new(progress));
        self
    }

    /// The operation itself, for parameters of its own, or another in its place.
    pub fn map<P: Operation>(self, change: impl FnOnce(O) -> P) -> Call<P> {
        Call { pve: self.pve, operation: change(self.operation) }
    }
}

impl<O: Operation> IntoFuture for Call<O> {
    type Output = Result<O::Output>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { pve, operation } = self;
        let (name, target) = (operation.name(), operation.target());
        // Not an async block: it would hold the flow twice, as what it was given and as what it waits for.
        Box::pin(operation.run(pve).map_err(move |e| match target {
            Some(target) => e.during(name).about(target),
            None => e.during(name),
        }))
    }
}

impl<O: Operation> fmt::Debug for Call<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut s = f.debug_struct("Call");
        s.field("operation", &self.operation.name());
        match self.operation.request() {
            Ok(request) => s.field("request", &request.to_string()),
            Err(error) => s.field("error", &error.to_string()),
        };
        s.finish_non_exhaustive()
    }
}

/// One request, one decoded answer.
#[derive(Debug)]
pub struct Ask<T> {
    name: &'static str,
    request: Result<PveRequest>,
    decode: fn(&PveResponse) -> Result<T>,
}

impl<T: DeserializeOwned> Ask<T> {
    /// Decodes the data as `T`.
    #[must_use]
    pub fn new(name: &'static str, request: Result<PveRequest>) -> Self {
        Self { name, request, decode: PveResponse::decode }
    }
}

impl<T: DeserializeOwned> Ask<Rows<T>> {
    /// Decodes the data as a list whose broken rows are set aside.
    #[must_use]
    pub fn rows(name: &'static str, request: Result<PveRequest>) -> Self {
        Self { name, request, decode: PveResponse::rows }
    }
}

impl<T> Ask<T> {
    /// Decodes the answer in a way of its own.
    pub fn with(
        name: &'static str,
        request: Result<PveRequest>,
        decode: fn(&PveResponse) -> Result<T>,
    ) -> Self {
        Self { name, request, decode }
    }
}

impl Ask<()> {
    /// Takes any data for a yes: for writes that PVE answers with nothing. What is not an answer of PVE's stays an error.
    #[must_use]
    pub fn done(name: &'static str, request: Result<PveRequest>) -> Self {
        Self { name, request, decode: PveResponse::done }
    }
}

impl<T: Send + 'static> Operation for Ask<T> {
    type Output = T;
    fn name(&self) -> &'static str {
        self.name
    }
    fn request(&self) -> Result<PveRequest> {
        again(&self.request)
    }
    /// Its errors say it.
    fn target(&self) -> Option<Target> {
        None
    }
    async fn run(self, pve: Pve) -> Result<T> {
        let request = self.request.as_ref().map_err(Error::repeated)?;
        let answer = pve.call(request).await?;
        (self.decode)(&answer).map_err(|e| e.about(request.target()))
    }
}

impl<T> Ask<T> {
    /// What [`run`](Operation::run) gives when this is what came of the request.
    pub(crate) fn finish(self, answer: Result<PveResponse>) -> Result<T> {
        let answer = answer.and_then(|answer| (self.decode)(&answer));
        answer.map_err(|e| match &self.request {
            Ok(request) => e.during(self.name).about(request.target()),
            Err(_) => e.during(self.name),
        })
    }
}

/// One request that starts a PVE task. Awaiting it waits for the task's end; a failed task is an error.
#[derive(Debug)]
pub struct Work {
    name: &'static str,
    request: Result<PveRequest>,
}

impl Work {
    /// The request must be one that PVE answers with a UPID.
    #[must_use]
    pub fn new(name: &'static str, request: Result<PveRequest>) -> Self {
        Self { name, request }
    }
}

impl Operation for Work {
    type Output = TaskReport;
    fn name(&self) -> &'static str {
        self.name
    }
    fn request(&self) -> Result<PveRequest> {
        again(&self.request)
    }
    async fn run(self, pve: Pve) -> Result<TaskReport> {
        let upid = pve.call(&self.request?).await?.upid()?;
        // Not through a call of its own: errors are about this operation and its guest.
        Task::new(pve, upid).success().await
    }
}

impl Call<Work> {
    /// Comes back as soon as PVE has started the task, instead of waiting for its end.
    ///
    /// A failure of the task is then only seen by [`Task::wait`]: PVE answers 200 to many things that fail.
    pub fn detach(self) -> Call<Detached> {
        Call { pve: self.pve, operation: Detached(self.operation) }
    }
}

/// A [`Work`] that is started and not waited for.
#[derive(Debug)]
pub struct Detached(Work);

impl Operation for Detached {
    type Output = Task;
    fn name(&self) -> &'static str {
        self.0.name
    }
    fn request(&self) -> Result<PveRequest> {
        self.0.request()
    }
    async fn run(self, pve: Pve) -> Result<Task> {
        let upid = pve.call(&self.0.request?).await?.upid()?;
        Ok(Task::new(pve.without_options(), upid))
    }
}

/// Errors of building a request are all `InvalidInput` and are asked for more than once.
pub(crate) fn again(request: &Result<PveRequest>) -> Result<PveRequest> {
    match request {
        Ok(request) => Ok(request.clone()),
        Err(e) => Err(e.repeated()),
    }
}
