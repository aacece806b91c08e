//! A place to run for callers outside of any runtime.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use proxmox_core::park;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinHandle};

#[cfg(feature = "_shell")]
use crate::fault::{Fault, Stage, Why};

/// A thread with a runtime: started when it is first needed, ended with this value.
#[derive(Default)]
pub(crate) struct Lane(OnceLock<Running>);

struct Running {
    handle: Handle,
    _stop: oneshot::Sender<()>,
}

impl Lane {
    /// Its runtime.
    pub(crate) fn handle(&self) -> io::Result<&Handle> {
        if let Some(running) = self.0.get() {
            return Ok(&running.handle);
        }
        let running = Running::start()?;
        Ok(&self.0.get_or_init(|| running).handle)
    }

    /// Carries a flow out: here, where there is a runtime, else on the lane.
    #[cfg(feature = "_shell")]
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        flow: impl Future<Output = Result<T, Fault>> + Send + 'static,
    ) -> Result<T, Fault> {
        if Handle::try_current().is_ok() {
            return flow.await;
        }
        let lane = self
            .handle()
            .map_err(|e| Fault::new(Stage::Connecting, Why::Network(e.to_string())).because(e))?;
        // A task that ends without a result has panicked: how far it came, nobody knows.
        let task = AbortOnDrop(lane.spawn(flow)).await;
        task.unwrap_or_else(|e| Err(Fault::new(Stage::Sent, Why::Network(e.to_string())).because(e)))
    }

    /// Waits, on whatever runtime there is.
    pub(crate) async fn sleep(&self, duration: Duration) {
        if Handle::try_current().is_ok() {
            return timer(duration).await;
        }
        // The timer belongs to the runtime that it is made in; any thread may wait for it.
        let sleep = self.handle().map(|lane| {
            let _runtime = lane.enter();
            timer(duration)
        });
        match sleep {
            Ok(sleep) => sleep.await,
            // No thread for the lane: then this one waits.
            #[allow(clippy::disallowed_methods)] // This is what Transport::sleep is.
            Err(_) => thread::sleep(duration),
        }
    }
}

/// Runs a flow to its end on this thread, or beside it where a runtime would be blocked.
pub(crate) fn drive(flow: Pin<&mut (dyn Future<Output = ()> + Send)>) {
    if Handle::try_current().is_err() {
        return park(flow);
    }
    // On this thread the flow would use connections of a runtime that cannot run while we block it.
    thread::scope(|scope| {
        scope.spawn(|| park(flow));
    });
}

#[allow(clippy::disallowed_methods)] // This is what Transport::sleep is.
fn timer(duration: Duration) -> tokio::time::Sleep {
    tokio::time::sleep(duration)
}

impl Running {
    fn start() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        thread::Builder::new().name("proxmox-lane".to_owned()).spawn(move || {
            // Nothing is ever sent: it ends when the other side is dropped.
            let _ = runtime.block_on(stopped);
        })?;
        Ok(Self { handle, _stop: stop })
    }
}

/// Who no longer waits for a task ends it, as with any dropped future.
pub(crate) struct AbortOnDrop<T>(pub(crate) JoinHandle<T>);

impl<T> Future for AbortOnDrop<T> {
    type Output = Result<T, JoinError>;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context)
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
