//! The one way from a method in Python to a flow in Rust: whatever is called, it is carried out here, and waited for here or by
//! asyncio.

use std::future::{Future, IntoFuture};
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use proxmox_core::{Call, Operation, Pve, Result, TransportInfo, Vmid};
use pyo3::PyTypeInfo;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyType;

use super::aio::{self, Loop};
use super::args::{GuestId, Seconds, callable};
use super::error::{OrRaise, closed};
use super::lane::Lane;
use super::preflight::{self, Exit};
use super::process::OfProcess;
use super::records::{self, record};
use super::wait::{Told, Waiter};

/// Who waits for the end of a call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The thread that calls.
    Blocking,
    /// Whoever awaits what it gets.
    Async,
}

impl Mode {
    /// That of a class, of which `A` is the asynchronous one.
    pub(crate) fn of<A: PyTypeInfo>(class: &Bound<'_, PyType>) -> PyResult<Self> {
        let asynchronous = class.is_subclass(&class.py().get_type::<A>())?;
        Ok(if asynchronous { Self::Async } else { Self::Blocking })
    }

    /// Carries a flow out that is not one operation: the thread waits for its end, or gets what can be awaited.
    pub(crate) fn flow<T: Send + 'static>(
        self,
        py: Python<'_>,
        flow: impl Future<Output = Result<T>> + Send + 'static,
        finish: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
    ) -> PyResult<Py<PyAny>> {
        match self {
            Self::Blocking => finish(py, Waiter::new().wait(py, flow, None)?),
            Self::Async => aio::future(py, &Loop::running(py)?, flow, finish),
        }
    }
}

/// What a way leads to: a cluster, a host. Cheap to clone; connections end with the last clone.
pub(crate) trait Handle: Clone + Send + 'static {
    /// What is known of it even when it is closed.
    type About: Send + Sync;
    /// What it is called in errors.
    const NAME: &'static str;
    fn about(&self) -> Self::About;
    /// Where it leads.
    fn endpoint(about: &Self::About) -> &str;
}

impl Handle for Pve {
    type About = TransportInfo;
    const NAME: &'static str = "the client";
    fn about(&self) -> TransportInfo {
        self.info()
    }
    fn endpoint(about: &TransportInfo) -> &str {
        &about.endpoint
    }
}

/// A handle and how calls on it are waited for. All nouns that come of one share it.
pub(crate) struct Way<H: Handle = Pve> {
    shared: Arc<Shared<H>>,
    pub(crate) mode: Mode,
}

impl<H: Handle> Clone for Way<H> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), mode: self.mode }
    }
}

struct Shared<H: Handle> {
    /// Nothing when it is closed.
    handle: OfProcess<Mutex<Option<H>>>,
    about: H::About,
    /// What it was made of, and is closed with.
    of: Option<Arc<Self>>,
}

impl<H: Handle> Shared<H> {
    fn slot<T>(&self, look: impl FnOnce(&mut Option<H>) -> T) -> PyResult<T> {
        let handle = self.handle.get(H::NAME)?;
        Ok(look(&mut handle.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    fn handle(&self) -> PyResult<H> {
        if let Some(of) = &self.of {
            of.handle()?;
        }
        self.slot(|handle| handle.clone())?.ok_or_else(|| closed(&format!("{} is closed", H::NAME)))
    }
}

/// What a call may set for all requests of its flow.
#[derive(Default)]
pub(crate) struct Options<'a, 'py> {
    force: Option<Vmid>,
    timeout: Option<Duration>,
    on_progress: Option<&'a Bound<'py, PyAny>>,
}

impl<'a, 'py> Options<'a, 'py> {
    pub(crate) fn new(force: Option<GuestId>, timeout: Option<Seconds>) -> Self {
        Self { force: force.map(|id| id.0), timeout: timeout.map(|s| s.0), on_progress: None }
    }

    pub(crate) fn telling(self, on_progress: Option<&'a Bound<'py, PyAny>>) -> PyResult<Self> {
        if let Some(on_progress) = on_progress {
            callable("on_progress", on_progress)?;
        }
        Ok(Self { on_progress, ..self })
    }
}

impl<H: Handle> Way<H> {
    pub(crate) fn new(handle: H, mode: Mode) -> Self {
        let about = handle.about();
        let handle = OfProcess::new(Mutex::new(Some(handle)));
        Self { shared: Arc::new(Shared { handle, about, of: None }), mode }
    }

    /// Another handle that comes of this one: it is closed when this is.
    pub(crate) fn within(&self, handle: H) -> Self {
        let about = handle.about();
        let handle = OfProcess::new(Mutex::new(Some(handle)));
        Self {
            shared: Arc::new(Shared { handle, about, of: Some(Arc::clone(&self.shared)) }),
            mode: self.mode,
        }
    }

    /// The handle.
    pub(crate) fn handle(&self) -> PyResult<H> {
        self.shared.handle()
    }

    /// What is known of it, in a child of its process as well.
    pub(crate) fn about(&self) -> &H::About {
        &self.shared.about
    }

    /// Lets go of connections. What is under way goes on. In a child of its process there is nothing to let go of.
    pub(crate) fn close(&self, py: Python<'_>) -> PyResult<()> {
        if !self.shared.handle.is_here() {
            return Ok(());
        }
        let Some(handle) = self.shared.slot(Option::take)? else { return Ok(()) };
        let lane = Lane::get(py).ok();
        py.detach(|| {
            let _runtime = lane.as_ref().map(|lane| lane.handle().enter());
            drop(handle);
        });
        Ok(())
    }

    /// Whether calls raise `ClosedError`: a child of its process cannot use it either.
    pub(crate) fn is_closed(&self) -> bool {
        self.handle().is_err()
    }

    /// Where this is, which no other has: a noun never moves, and has a way of its own.
    pub(crate) fn place(&self) -> usize {
        ptr::from_ref(self).addr()
    }

    /// [`Mode::flow`], for the nouns: for what is not one operation.
    pub(crate) fn flow<T: Send + 'static>(
        &self,
        py: Python<'_>,
        flow: impl Future<Output = Result<T>> + Send + 'static,
        finish: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
    ) -> PyResult<Py<PyAny>> {
        if preflight::wanted(self.place())?.is_some() {
            return Err(PyTypeError::new_err("this method is more than one operation"));
        }
        self.mode.flow(py, flow, finish)
    }
}

impl Way {
    /// The handle.
    pub(crate) fn pve(&self) -> PyResult<Pve> {
        self.handle()
    }

    /// Where it leads.
    pub(crate) fn info(&self) -> &TransportInfo {
        self.about()
    }

    /// Carries a call out, or what is wanted instead.
    pub(crate) fn run<O: Operation>(
        &self,
        py: Python<'_>,
        call: Call<O>,
        options: Options<'_, '_>,
        finish: impl FnOnce(Python<'_>, O::Output) -> PyResult<Py<PyAny>> + Send + 'static,
    ) -> PyResult<Py<PyAny>> {
        let call = match options.force {
            Some(vmid) => call.force(vmid),
            None => call,
        };
        match preflight::wanted(self.place())? {
            None => {}
            Some(Exit::Preflight) => return self.mode.flow(py, call.preflight().into_future(), record),
            Some(Exit::Request) => {
                return records::request(py, &call.request().or_raise()?, &self.info().endpoint);
            }
        }
        let call = match options.timeout {
            Some(limit) => call.timeout(limit),
            None => call,
        };
        match (self.mode, options.on_progress) {
            (_, None) => self.mode.flow(py, call.into_future(), finish),
            (Mode::Blocking, Some(on_progress)) => {
                let waiter = Waiter::new();
                let tell = waiter.tell.clone();
                let call = call.on_progress(move |progress| {
                    // It fails when nobody waits any more.
                    let _ = tell.send(Told::Progress(progress.clone()));
                });
                finish(py, waiter.wait(py, call.into_future(), Some(on_progress))?)
            }
            (Mode::Async, Some(on_progress)) => {
                let (running, lane) = (Loop::running(py)?, Lane::get(py)?);
                let (tell, told) = (running.clone(), Arc::new(on_progress.clone().unbind()));
                let call = call.on_progress(move |progress| {
                    let (tell, told, progress) = (tell.clone(), Arc::clone(&told), progress.clone());
                    lane.notify(Box::new(move |py| {
                        if let Ok(progress) = records::progress(py, &progress) {
                            tell.call_soon(py, told.bind(py), [progress]);
                        }
                    }));
                });
                aio::future(py, &running, call.into_future(), finish)
            }
        }
    }
}

/// A noun has two classes, which differ in who waits: the methods are those of their common base.
macro_rules! faces {
    ($(#[$about:meta])* $blocking:ident, $asynchronous:ident: $base:ident) => {
        $(#[$about])*
        #[pyclass(frozen, extends = $base, module = "proxmox_sdk")]
        pub(crate) struct $blocking;
        $(#[$about])*
        ///
        /// Methods that ask the other side return awaitables.
        #[pyclass(frozen, extends = $base, module = "proxmox_sdk")]
        pub(crate) struct $asynchronous;

        impl $base {
            /// Makes one of the two.
            fn face(py: Python<'_>, base: PyClassInitializer<$base>, mode: $crate::python::way::Mode) -> PyResult<Py<PyAny>> {
                use pyo3::IntoPyObjectExt;
                match mode {
                    $crate::python::way::Mode::Blocking => {
                        Bound::new(py, base.add_subclass($blocking))?.into_py_any(py)
                    }
                    $crate::python::way::Mode::Async => {
                        Bound::new(py, base.add_subclass($asynchronous))?.into_py_any(py)
                    }
                }
            }
        }
    };
}
pub(crate) use faces;

/// Both classes are context managers, which close at the end what they are.
macro_rules! contexts {
    ($blocking:ident, $asynchronous:ident) => {
        #[pymethods]
        impl $blocking {
            fn __enter__(slf: Py<Self>) -> Py<Self> {
                slf
            }

            #[pyo3(signature = (*_raised))]
            fn __exit__(slf: PyRef<'_, Self>, _raised: &Bound<'_, pyo3::types::PyTuple>) -> PyResult<()> {
                slf.as_super().way.close(slf.py())
            }
        }

        #[pymethods]
        impl $asynchronous {
            fn __aenter__(slf: Bound<'_, Self>) -> PyResult<Py<PyAny>> {
                let (py, way) = (slf.py(), slf.as_super().get().way.clone());
                let this = slf.into_any().unbind();
                way.flow(py, std::future::ready(Ok(())), move |_, ()| Ok(this))
            }

            #[pyo3(signature = (*_raised))]
            fn __aexit__(
                slf: &Bound<'_, Self>,
                _raised: &Bound<'_, pyo3::types::PyTuple>,
            ) -> PyResult<Py<PyAny>> {
                let (py, way) = (slf.py(), &slf.as_super().get().way);
                way.close(py)?;
                way.flow(py, std::future::ready(Ok(())), $crate::python::way::none)
            }
        }
    };
}
pub(crate) use contexts;

/// Nothing to return.
pub(crate) fn none(py: Python<'_>, (): ()) -> PyResult<Py<PyAny>> {
    Ok(py.None())
}
