//! The one thread on which all flows run, and the one that tells asyncio of their ends. Both start when they are first needed.

use std::future::Future;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::process::OfProcess;

/// What the second thread does, with the interpreter attached. What has come meanwhile is done together.
pub(crate) type Notice = Box<dyn FnOnce(Python<'_>) + Send>;

#[derive(Clone)]
pub(crate) struct Lane {
    runtime: Handle,
    notices: Sender<Notice>,
}

struct Running {
    lane: Lane,
    _stop: oneshot::Sender<()>,
}

/// Locked only while the interpreter is attached, and forks are made by whoever has it: so it is never locked in a child.
static RUNNING: Mutex<Option<OfProcess<Running>>> = Mutex::new(None);

impl Lane {
    /// The lane of this process.
    pub(crate) fn get(py: Python<'_>) -> PyResult<Self> {
        let mut slot = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = slot.as_ref().filter(|running| running.is_here()) {
            return Ok(running.get("the lane")?.lane.clone());
        }
        let first = slot.is_none();
        let running = Running::start().map_err(|e| PyRuntimeError::new_err(format!("no thread: {e}")))?;
        let lane = running.lane.clone();
        *slot = Some(OfProcess::new(running));
        drop(slot);
        if first {
            py.import("atexit")?.call_method1("register", (wrap_pyfunction!(stop, py)?,))?;
        }
        Ok(lane)
    }

    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        flow: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.runtime.spawn(flow)
    }

    /// Makes what is to be dropped within a runtime see one.
    pub(crate) fn handle(&self) -> &Handle {
        &self.runtime
    }

    /// Has something done with the interpreter, without waiting for it: whoever runs flows never does.
    pub(crate) fn notify(&self, notice: Notice) {
        // It fails when the interpreter is about to end, and nobody is left who could be told.
        let _ = self.notices.send(notice);
    }
}

impl Running {
    fn start() -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let (notices, waiting) = channel();
        thread::Builder::new().name("proxmox-sdk".to_owned()).spawn(move || {
            // Nothing is ever sent: it ends when the other side is dropped.
            let _ = runtime.block_on(stopped);
            // What is still under way must not hold the end of the program up.
            runtime.shutdown_background();
        })?;
        thread::Builder::new().name("proxmox-sdk-notify".to_owned()).spawn(move || tell(&waiting))?;
        Ok(Self { lane: Lane { runtime: handle, notices }, _stop: stop })
    }
}

fn tell(waiting: &Receiver<Notice>) {
    while let Ok(first) = waiting.recv() {
        let told = Python::try_attach(|py| {
            first(py);
            for notice in waiting.try_iter() {
                notice(py);
            }
        });
        if told.is_none() {
            return;
        }
    }
}

/// Ends the threads while the interpreter still stands.
#[pyfunction]
fn stop() {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner).take();
}
