//! Events of a cluster: an iterator, or an async iterator.

use std::sync::Arc;

use proxmox_fleet::watch::{Subscription, Watch as Source};
use pyo3::exceptions::PyStopAsyncIteration;
use pyo3::exceptions::PyStopIteration;
use pyo3::prelude::*;
use tokio::sync::Mutex;

use super::error::invalid;
use super::process::OfProcess;
use super::records::record;
use super::way::{Way, faces, none};

#[pyclass(frozen, subclass, module = "proxmox_sdk")]
pub(crate) struct WatchBase {
    way: Way,
    /// Nothing when it was closed.
    subscription: OfProcess<Arc<Mutex<Option<Subscription>>>>,
}

faces! {
    /// What changes in a cluster. It never ends: a look that fails is an event as well. `close` it, or use it as a context manager.
    Watch, AsyncWatch: WatchBase
}

impl WatchBase {
    pub(crate) fn over(py: Python<'_>, way: Way, source: Arc<Source>) -> PyResult<Py<PyAny>> {
        let mode = way.mode;
        let subscription = OfProcess::new(Arc::new(Mutex::new(Some(source.subscribe()))));
        Self::face(py, PyClassInitializer::from(Self { way, subscription }), mode)
    }

    /// The next event; `ended` is raised when it was closed.
    fn next(&self, py: Python<'_>, ended: fn() -> PyErr) -> PyResult<Py<PyAny>> {
        // A closed client asks nothing, whoever waits for it.
        self.way.pve()?;
        let subscription = Arc::clone(self.subscription.get("the watch")?);
        let flow = async move {
            match &mut *subscription.lock().await {
                Some(events) => Ok(Some(events.next().await)),
                None => Ok(None),
            }
        };
        self.way.flow(py, flow, move |py, event| match event {
            Some(event) => record(py, event),
            None => Err(ended()),
        })
    }

    fn end(&self) -> PyResult<()> {
        match self.subscription.get("the watch")?.try_lock() {
            Ok(mut subscription) => {
                subscription.take();
                Ok(())
            }
            Err(_) => Err(invalid("watch", "somebody waits for its next event: end that first")),
        }
    }
}

#[pymethods]
impl WatchBase {
    /// Ends it.
    fn close(&self) -> PyResult<()> {
        self.end()
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
        slf.as_super().end()
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
        slf.as_super().end()?;
        slf.as_super().way.flow(slf.py(), std::future::ready(Ok(())), none)
    }
}
