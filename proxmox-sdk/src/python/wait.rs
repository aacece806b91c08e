//! Waiting for a flow on the caller's thread: the interpreter is released, signals are seen, and progress is told here.

use std::future::Future;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use proxmox_core::Result;
use proxmox_core::task::Progress;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use tokio::task::JoinHandle;

use super::error::OrRaise;
use super::lane::{Lane, is_over};
use super::records;

/// How long a signal, such as that of Ctrl-C, waits at most.
const SLICE: Duration = Duration::from_millis(50);

/// What the flow tells the one who waits.
pub(crate) enum Told<T> {
    Progress(Progress),
    End(Result<T>),
}

/// A flow in the making, and the way back from it.
pub(crate) struct Waiter<T> {
    pub(crate) tell: Sender<Told<T>>,
    told: Receiver<Told<T>>,
}

/// Who no longer waits for a flow ends it.
struct Ending<'a>(&'a JoinHandle<()>);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<T: Send + 'static> Waiter<T> {
    pub(crate) fn new() -> Self {
        let (tell, told) = channel();
        Self { tell, told }
    }

    /// Runs the flow to its end. An exception of `on_progress`, or of a signal handler, ends the waiting, not the work on the node.
    pub(crate) fn wait(
        self,
        py: Python<'_>,
        flow: impl Future<Output = Result<T>> + Send + 'static,
        on_progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<T> {
        let Self { tell, mut told } = self;
        let task = Lane::get(py)?.spawn(async move {
            // It fails when nobody waits any more.
            let _ = tell.send(Told::End(flow.await));
        });
        let _ending = Ending(&task);
        loop {
            let (back, news) = py.detach(move || {
                let news = told.recv_timeout(SLICE);
                while is_over() {
                    thread::park();
                }
                (told, news)
            });
            told = back;
            match news {
                Ok(Told::End(end)) => return end.or_raise(),
                Ok(Told::Progress(progress)) => {
                    if let Some(on_progress) = on_progress {
                        on_progress.call1((records::progress(py, &progress)?,))?;
                    }
                }
                Err(RecvTimeoutError::Timeout) => py.check_signals()?,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(PyRuntimeError::new_err("the flow ended without a result"));
                }
            }
        }
    }
}
