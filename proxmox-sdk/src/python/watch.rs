//! Events of a cluster: an iterator, or an async iterator.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use proxmox_fleet::watch::{Subscription, Watch as Source};
use pyo3::exceptions::PyStopAsyncIteration;
use pyo3::exceptions::PyStopIteration;
use pyo3::prelude::*;
use tokio::sync::Mutex;

use super::lane::Lane;
use super::process::OfProcess;
use super::records::record;
use super::way::{Way, faces, none};

#[pyclass(frozen, subclass, module = "proxmox_sdk")]
pub(crate) struct WatchBase {
    way: Way,
    shared: OfProcess<Arc<Shared>>,
}

faces! {
    /// What changes in a cluster. It never ends: a look that fails is an event as well. `close` it, or use it as a context manager.
    Watch, AsyncWatch: WatchBase
}

struct Shared {
    /// Held by whoever waits for the next event.
    subscription: Mutex<Option<Subscription>>,
    closed: AtomicBool,
}

impl WatchBase {
    pub(crate) fn over(py: Python<'_>, way: Way, source: Arc<Source>) -> PyResult<Py<PyAny>> {
        let mode = way.mode;
        let subscription = Mutex::new(Some(source.subscribe()));
        let shared = OfProcess::new(Arc::new(Shared { subscription, closed: AtomicBool::new(false) }));
        Self::face(py, PyClassInitializer::from(Self { way, shared }), mode)
    }

    /// The next event; `ended` is raised when it was closed.
    fn next(&self, py: Python<'_>, ended: fn() -> PyErr) -> PyResult<Py<PyAny>> {
        // A closed client asks nothing, whoever waits for it.
        self.way.pve()?;
        let shared = Arc::clone(self.shared.get("the watch")?);
        let flow = async move {
            let mut subscription = shared.subscription.lock().await;
            let event = match &mut *subscription {
                Some(events) if !shared.closed.load(Ordering::SeqCst) => Some(events.next().await),
                _ => None,
            };
            Ok(event.filter(|_| !shared.closed.load(Ordering::SeqCst)))
        };
        self.way.flow(py, flow, move |py, event| match event {
            Some(event) => record(py, event),
            None => Err(ended()),
        })
    }

    /// Who waits for an event at this moment gets none any more.
    fn end(&self, py: Python<'_>) -> PyResult<()> {
        let shared = Arc::clone(self.shared.get("the watch")?);
        if !shared.closed.swap(true, Ordering::SeqCst) {
            Lane::get(py)?.spawn(async move { drop(shared.subscription.lock().await.take()) });
        }
        Ok(())
    }
}

#[pymethods]
impl WatchBase {
    /// Ends it.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.end(py)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        Ok(format!("<{} of {}>", slf.get_type().name()?, slf.get().way.info()?.endpoint))
    }
}

#[pymethods]
impl Watch {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(slf: PyRef<'_, Self>) -> PyResult<Py<PyAny>> {
        slf.as_super().next(slf.py(), || PyStopIteration::new_err(()))
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_raised))]
    fn __exit__(slf: PyRef<'_, Self>, _raised: &Bound<'_, pyo3::types::PyTuple>) -> PyResult<()> {
        slf.as_super().end(slf.py())
    }
}

#[pymethods]
impl AsyncWatch {
    fn __aiter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __anext__(slf: PyRef<'_, Self>) -> PyResult<Py<PyAny>> {
        slf.as_super().next(slf.py(), || PyStopAsyncIteration::new_err(()))
    }

    fn __aenter__(slf: Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        let (py, way) = (slf.py(), slf.as_super().get().way.clone());
        let this = slf.into_any().unbind();
        way.flow(py, std::future::ready(Ok(())), move |_, ()| Ok(this))
    }

    #[pyo3(signature = (*_raised))]
    fn __aexit__(slf: PyRef<'_, Self>, _raised: &Bound<'_, pyo3::types::PyTuple>) -> PyResult<Py<PyAny>> {
        slf.as_super().end(slf.py())?;
        slf.as_super().way.flow(slf.py(), std::future::ready(Ok(())), none)
    }
}
