//! Events as they come: an iterator, or an async iterator.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use proxmox_core::{Result, async_trait};
use proxmox_fleet::watch::Subscription;
use pyo3::exceptions::{PyStopAsyncIteration, PyStopIteration};
use pyo3::prelude::*;
use tokio::sync::{Mutex, watch};

use super::lane::Lane;
use super::process::OfProcess;
use super::records::record;
use super::way::{Handle, Mode, Way, faces, none};

/// Where events come from.
#[async_trait]
pub(crate) trait Source: Send {
    /// Waits for the next one.
    async fn next(&mut self) -> Result<Event>;
}

/// Makes the object of an event.
pub(crate) type Event = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;

#[async_trait]
impl Source for Subscription {
    async fn next(&mut self) -> Result<Event> {
        let event = Self::next(self).await;
        Ok(Box::new(|py| record(py, event)))
    }
}

/// What is watched. When that is closed nothing is asked any more.
trait Watched: Send + Sync {
    fn is_open(&self) -> PyResult<()>;
    fn endpoint(&self) -> String;
}

impl<H: Handle> Watched for Way<H> {
    fn is_open(&self) -> PyResult<()> {
        self.handle().map(drop)
    }
    fn endpoint(&self) -> String {
        H::endpoint(self.about()).to_owned()
    }
}

#[pyclass(frozen, subclass, module = "proxmox_sdk")]
pub(crate) struct WatchBase {
    watched: Box<dyn Watched>,
    mode: Mode,
    shared: OfProcess<Arc<Shared>>,
}

struct Shared {
    /// Held by whoever waits for the next event.
    source: Mutex<Option<Box<dyn Source>>>,
    closed: watch::Sender<bool>,
}

impl Shared {
    /// The next event; nothing once it is closed, however long the event would have taken.
    async fn next(&self) -> Result<Option<Event>> {
        let mut closed = self.closed.subscribe();
        let mut ended = pin!(closed.wait_for(|closed| *closed));
        let mut event = pin!(async {
            match &mut *self.source.lock().await {
                Some(events) => events.next().await.map(Some),
                None => Ok(None),
            }
        });
        poll_fn(|cx| match ended.as_mut().poll(cx) {
            Poll::Ready(_) => Poll::Ready(Ok(None)),
            Poll::Pending => event.as_mut().poll(cx),
        })
        .await
    }
}

impl WatchBase {
    fn new<H: Handle>(way: Way<H>, source: impl Source + 'static) -> PyClassInitializer<Self> {
        let source: Box<dyn Source> = Box::new(source);
        let shared = Shared { source: Mutex::new(Some(source)), closed: watch::Sender::new(false) };
        let mode = way.mode;
        Self { watched: Box::new(way), mode, shared: OfProcess::new(Arc::new(shared)) }.into()
    }

    /// The events of a cluster.
    pub(crate) fn over(py: Python<'_>, way: Way, source: Subscription) -> PyResult<Py<PyAny>> {
        let mode = way.mode;
        Self::face(py, Self::new(way, source), mode)
    }

    /// The next event; `ended` is raised when it was closed.
    fn next(&self, py: Python<'_>, ended: fn() -> PyErr) -> PyResult<Py<PyAny>> {
        self.watched.is_open()?;
        let shared = Arc::clone(self.shared.get("the watch")?);
        self.mode.flow(py, async move { shared.next().await }, move |py, event| match event {
            Some(event) => event(py),
            None => Err(ended()),
        })
    }

    /// Who waits for an event at this moment gets none any more. In a child of its process there is nothing to end.
    fn end(&self, py: Python<'_>) -> PyResult<()> {
        if !self.shared.is_here() {
            return Ok(());
        }
        let shared = Arc::clone(self.shared.get("the watch")?);
        if !shared.closed.send_replace(true) {
            Lane::get(py)?.spawn(async move { drop(shared.source.lock().await.take()) });
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
        Ok(format!("<{} of {}>", slf.get_type().name()?, slf.get().watched.endpoint()))
    }
}

#[pyclass(frozen, subclass, extends = WatchBase, module = "proxmox_sdk")]
pub(crate) struct InstanceWatchBase;

impl InstanceWatchBase {
    /// The events of a place where instances live.
    pub(crate) fn over<H: Handle>(
        py: Python<'_>,
        way: Way<H>,
        source: impl Source + 'static,
    ) -> PyResult<Py<PyAny>> {
        let mode = way.mode;
        Self::face(py, WatchBase::new(way, source).add_subclass(Self), mode)
    }
}

faces! {
    /// What changes in a cluster. It never ends: a look that fails is an event as well. `close` it, or use it as a context manager.
    Watch, AsyncWatch: WatchBase
}

faces! {
    /// What becomes of the instances of a backend. It never ends. While nobody answers the error is raised; the next event may be
    /// asked for all the same. `close` it, or use it as a context manager.
    InstanceWatch, AsyncInstanceWatch: InstanceWatchBase
}

/// Iterators, and context managers that end them. `$base` leads from one of them to what they have in common.
macro_rules! iterators {
    ($blocking:ident, $asynchronous:ident, |$this:ident| $base:expr) => {
        #[pymethods]
        impl $blocking {
            fn __iter__(slf: Py<Self>) -> Py<Self> {
                slf
            }

            fn __next__($this: PyRef<'_, Self>) -> PyResult<Py<PyAny>> {
                $base.next($this.py(), || PyStopIteration::new_err(()))
            }

            fn __enter__(slf: Py<Self>) -> Py<Self> {
                slf
            }

            #[pyo3(signature = (*_raised))]
            fn __exit__($this: PyRef<'_, Self>, _raised: &Bound<'_, pyo3::types::PyTuple>) -> PyResult<()> {
                $base.end($this.py())
            }
        }

        #[pymethods]
        impl $asynchronous {
            fn __aiter__(slf: Py<Self>) -> Py<Self> {
                slf
            }

            fn __anext__($this: PyRef<'_, Self>) -> PyResult<Py<PyAny>> {
                $base.next($this.py(), || PyStopAsyncIteration::new_err(()))
            }

            fn __aenter__(slf: Bound<'_, Self>) -> PyResult<Py<PyAny>> {
                let (py, this) = (slf.py(), slf.into_any().unbind());
                Mode::Async.flow(py, std::future::ready(Ok(())), move |_, ()| Ok(this))
            }

            #[pyo3(signature = (*_raised))]
            fn __aexit__(
                $this: PyRef<'_, Self>,
                _raised: &Bound<'_, pyo3::types::PyTuple>,
            ) -> PyResult<Py<PyAny>> {
                $base.end($this.py())?;
                Mode::Async.flow($this.py(), std::future::ready(Ok(())), none)
            }
        }
    };
}
iterators! { Watch, AsyncWatch, |slf| slf.as_super() }
iterators! { InstanceWatch, AsyncInstanceWatch, |slf| slf.as_super().as_super() }
