//! asyncio: a future of the running loop for each flow. Cancelling it drops the flow.

use std::future::Future;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use proxmox_core::Result;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyAny;
use tokio::task::AbortHandle;

use super::error::OrRaise;
use super::lane::Lane;

/// Makes the result, on the loop's own thread.
type Finish = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;

/// Called by the loop with what has ended since it was last called.
#[pyclass(frozen, module = "proxmox_sdk")]
struct Ended(Mutex<Vec<(Py<PyAny>, Finish)>>);

#[pymethods]
impl Ended {
    fn __call__(&self, py: Python<'_>) -> PyResult<()> {
        let ended = mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for (future, finish) in ended {
            let future = future.bind(py);
            if future.call_method0("done")?.is_truthy()? {
                continue;
            }
            match finish(py) {
                Ok(value) => future.call_method1("set_result", (value,))?,
                Err(e) => future.call_method1("set_exception", (e,))?,
            };
        }
        Ok(())
    }
}

/// Called by the loop when the future is done, in whatever way.
#[pyclass(frozen, module = "proxmox_sdk")]
struct Done(Mutex<Option<AbortHandle>>);

#[pymethods]
impl Done {
    fn __call__(&self, _future: &Bound<'_, PyAny>) {
        if let Some(flow) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            flow.abort();
        }
    }
}

/// A running loop, to be told things from any thread.
#[derive(Clone)]
pub(crate) struct Loop(Arc<Py<PyAny>>);

impl Loop {
    /// The loop that runs on this thread.
    pub(crate) fn running(py: Python<'_>) -> PyResult<Self> {
        static RUNNING: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let running = RUNNING.import(py, "asyncio", "get_running_loop")?.call0()?;
        Ok(Self(Arc::new(running.unbind())))
    }

    /// Has it call something, from another thread.
    pub(crate) fn call_soon(
        &self,
        py: Python<'_>,
        call: &Bound<'_, PyAny>,
        args: impl IntoIterator<Item = Py<PyAny>>,
    ) {
        let mut all = vec![call.clone().unbind()];
        all.extend(args);
        let args = pyo3::types::PyTuple::new(py, all);
        // A loop that is closed calls nothing any more, and nobody waits for it.
        let _ = args.and_then(|args| self.0.bind(py).call_method1("call_soon_threadsafe", args));
    }
}

/// Runs the flow and gives what can be awaited.
pub(crate) fn future<T: Send + 'static>(
    py: Python<'_>,
    running: &Loop,
    flow: impl Future<Output = Result<T>> + Send + 'static,
    finish: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
) -> PyResult<Py<PyAny>> {
    let lane = Lane::get(py)?;
    let future = running.0.bind(py).call_method0("create_future")?;
    let (told, running, back) = (future.clone().unbind(), running.clone(), lane.clone());
    let task = lane.spawn(async move {
        let end = flow.await;
        back.notify(Box::new(move |py| {
            let finish: Finish = Box::new(move |py| finish(py, end.or_raise()?));
            if let Ok(ended) = Bound::new(py, Ended(Mutex::new(vec![(told, finish)]))) {
                running.call_soon(py, ended.as_any(), None);
            }
        }));
    });
    let done = Bound::new(py, Done(Mutex::new(Some(task.abort_handle()))))?;
    future.call_method1("add_done_callback", (done,))?;
    Ok(future.unbind())
}
