//! The one way from a method in Python to a flow in Rust: whatever is called, it is carried out here, and waited for here or by
//! asyncio.

use std::cell::Cell;
use std::future::{Future, IntoFuture};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use proxmox_core::{Call, Operation, Pve, Result, TransportInfo, Vmid};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use super::aio::{self, Loop};
use super::args::{GuestId, Seconds};
use super::error::{OrRaise, closed};
use super::lane::Lane;
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

/// A handle and how calls on it are waited for. All nouns of a client share it.
#[derive(Clone)]
pub(crate) struct Way {
    shared: Arc<OfProcess<Shared>>,
    pub(crate) mode: Mode,
}

struct Shared {
    /// Nothing when it is closed.
    pve: Mutex<Option<Pve>>,
    info: TransportInfo,
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

    pub(crate) fn telling(self, on_progress: Option<&'a Bound<'py, PyAny>>) -> Self {
        Self { on_progress, ..self }
    }
}

/// What is wanted of the next call on this thread: see [`instead`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Run,
    Preflight,
    Request,
}

thread_local! {
    static EXIT: Cell<Exit> = const { Cell::new(Exit::Run) };
}

/// Calls a method of ours for something else than to carry it out.
pub(crate) fn instead<'py>(
    exit: Exit,
    call: impl FnOnce() -> PyResult<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    EXIT.set(exit);
    let made = call();
    // Whoever heard it has taken it.
    if EXIT.replace(Exit::Run) == Exit::Run || made.is_err() {
        return made;
    }
    Err(PyTypeError::new_err("expected a method of this SDK that is one operation, and its arguments"))
}

impl Way {
    pub(crate) fn new(pve: Pve, mode: Mode) -> Self {
        let info = pve.info();
        Self { shared: Arc::new(OfProcess::new(Shared { pve: Mutex::new(Some(pve)), info })), mode }
    }

    fn slot<T>(&self, look: impl FnOnce(&mut Option<Pve>) -> T) -> PyResult<T> {
        let shared = self.shared.get("the client")?;
        Ok(look(&mut shared.pve.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// The handle.
    pub(crate) fn pve(&self) -> PyResult<Pve> {
        self.slot(|pve| pve.clone())?.ok_or_else(|| closed("the client is closed"))
    }

    /// Where it leads.
    pub(crate) fn info(&self) -> PyResult<&TransportInfo> {
        Ok(&self.shared.get("the client")?.info)
    }

    /// Lets go of connections. What is under way goes on.
    pub(crate) fn close(&self, py: Python<'_>) -> PyResult<()> {
        let Some(pve) = self.slot(Option::take)? else { return Ok(()) };
        let lane = Lane::get(py).ok();
        py.detach(|| {
            let _runtime = lane.as_ref().map(|lane| lane.handle().enter());
            drop(pve);
        });
        Ok(())
    }

    pub(crate) fn is_closed(&self) -> PyResult<bool> {
        self.slot(|pve| pve.is_none())
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
        match EXIT.replace(Exit::Run) {
            Exit::Run => {}
            Exit::Preflight => return self.wait(py, call.preflight().into_future(), record),
            Exit::Request => {
                return records::request(py, &call.request().or_raise()?, &self.info()?.endpoint);
            }
        }
        let call = match options.timeout {
            Some(limit) => call.timeout(limit),
            None => call,
        };
        match (self.mode, options.on_progress) {
            (_, None) => self.wait(py, call.into_future(), finish),
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

    /// Carries a flow out that is not one operation.
    pub(crate) fn flow<T: Send + 'static>(
        &self,
        py: Python<'_>,
        flow: impl Future<Output = Result<T>> + Send + 'static,
        finish: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
    ) -> PyResult<Py<PyAny>> {
        if EXIT.replace(Exit::Run) != Exit::Run {
            return Err(PyTypeError::new_err("this method is more than one operation"));
        }
        self.wait(py, flow, finish)
    }

    fn wait<T: Send + 'static>(
        &self,
        py: Python<'_>,
        flow: impl Future<Output = Result<T>> + Send + 'static,
        finish: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
    ) -> PyResult<Py<PyAny>> {
        match self.mode {
            Mode::Blocking => finish(py, Waiter::new().wait(py, flow, None)?),
            Mode::Async => aio::future(py, &Loop::running(py)?, flow, finish),
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
        /// Methods that ask PVE return awaitables.
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

/// Nothing to return.
pub(crate) fn none(py: Python<'_>, (): ()) -> PyResult<Py<PyAny>> {
    Ok(py.None())
}
