//! The one thread on which all flows run, and the one that tells asyncio of their ends. Both start when they are first needed.

use std::future::Future;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle as Thread};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::error::closed;
use super::process::OfProcess;

/// What the second thread does, with the interpreter attached. What has come meanwhile is done together.
pub(crate) type Notice = Box<dyn FnOnce(Python<'_>) + Send>;

#[derive(Clone)]
pub(crate) struct Lane {
    runtime: Handle,
    /// Nothing ends the thread.
    notices: Sender<Option<Notice>>,
}

struct Running {
    lane: Lane,
    stop: oneshot::Sender<()>,
    threads: [Thread<()>; 2],
}

/// Locked only while the interpreter is attached, and forks are made by whoever has it: so it is never locked in a child.
static RUNNING: Mutex<Option<OfProcess<Running>>> = Mutex::new(None);

impl Lane {
    /// The lane of this process.
    pub(crate) fn get(py: Python<'_>) -> PyResult<Self> {
        if is_over() {
            return Err(closed("the interpreter is about to end"));
        }
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
        let _ = self.notices.send(Some(notice));
    }
}

impl Running {
    fn start() -> std::io::Result<Self> {
        keep_memory();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let (notices, waiting) = channel();
        let flows = thread::Builder::new().name("proxmox-sdk".to_owned()).spawn(move || {
            // Nothing is ever sent: it ends when the other side is dropped.
            let _ = runtime.block_on(stopped);
            // What is still under way must not hold the end of the program up.
            runtime.shutdown_background();
        })?;
        let teller = thread::Builder::new().name("proxmox-sdk-notify".to_owned());
        let threads = [flows, teller.spawn(move || tell(&waiting))?];
        Ok(Self { lane: Lane { runtime: handle, notices }, stop, threads })
    }

    fn end(self) {
        drop(self.stop);
        // Others may have the means to send as well, and keep them.
        let _ = self.lane.notices.send(None);
        for thread in self.threads {
            // One that has panicked has ended, too.
            let _ = thread.join();
        }
    }
}

/// Lets glibc keep up to 8 MiB that are free, instead of giving them back after each long list and getting them anew, page by page,
/// for the next: that is a seventh of what a list of 1,000 VMs costs. It keeps twice the largest block that was ever freed, so it is
/// shown one, which nothing is written to. Other allocators think nothing of it.
fn keep_memory() {
    drop(black_box(Vec::<u8>::with_capacity(4 << 20)));
}

fn tell(waiting: &Receiver<Option<Notice>>) {
    while let Ok(Some(first)) = waiting.recv() {
        let more = Python::try_attach(|py| {
            first(py);
            for notice in waiting.try_iter() {
                match notice {
                    Some(notice) => notice(py),
                    None => return false,
                }
            }
            true
        });
        if more != Some(true) {
            return;
        }
    }
}

/// Set when the interpreter begins to end.
static OVER: AtomicBool = AtomicBool::new(false);

/// Whether the interpreter is about to end. A thread without it must not ask for it any more: it would be ended on the spot, in the
/// midst of Rust, and the whole program with it.
pub(crate) fn is_over() -> bool {
    OVER.load(Ordering::SeqCst)
}

/// Ends the threads while the interpreter still stands.
#[pyfunction]
fn stop(py: Python<'_>) {
    let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner).take();
    OVER.store(true, Ordering::SeqCst);
    if let Some(running) = running.and_then(OfProcess::into_inner) {
        py.detach(|| running.end());
    }
}
