//! A task: PVE's background work.

use proxmox_core::Upid;
use pyo3::prelude::*;

use super::args::{Number, Seconds};
use super::records::record;
use super::rows::rows;
use super::to_python::plain;
use super::way::{Options, Way, faces, none};

#[pyclass(frozen, subclass, module = "proxmox_sdk")]
pub(crate) struct TaskBase {
    pub(super) way: Way,
    upid: Upid,
}

faces! {
    /// PVE's background work. Dropping it, or the end of a wait, never ends the work: `stop` does.
    Task, AsyncTask: TaskBase
}

impl TaskBase {
    pub(crate) fn over(py: Python<'_>, way: Way, upid: Upid) -> PyResult<Py<PyAny>> {
        let mode = way.mode;
        Self::face(py, PyClassInitializer::from(Self { way, upid }), mode)
    }

    fn task(&self) -> PyResult<proxmox_core::Task> {
        Ok(self.way.pve()?.task(self.upid.clone()))
    }
}

#[pymethods]
impl TaskBase {
    /// Its id.
    #[getter]
    fn upid(&self) -> String {
        self.upid.to_string()
    }

    /// Whether it runs, and how it ended.
    fn status(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.way.run(py, self.task()?.status(), Options::default(), record)
    }

    /// `limit` lines of its log, after the first `start`.
    #[pyo3(signature = (*, start=Number(Ok(0)), limit=Number(Ok(500))))]
    fn log(&self, py: Python<'_>, start: Number<u32>, limit: Number<u32>) -> PyResult<Py<PyAny>> {
        let (start, limit) = (start.named("start")?, limit.named("limit")?);
        self.way.run(py, self.task()?.log(start, limit), Options::default(), rows)
    }

    /// The last lines of its log.
    #[pyo3(signature = (lines=Number(Ok(10))))]
    fn tail(&self, py: Python<'_>, lines: Number<u32>) -> PyResult<Py<PyAny>> {
        self.way.run(py, self.task()?.tail(lines.named("lines")?), Options::default(), |py, lines| {
            Ok(plain(py, &lines)?.unbind())
        })
    }

    /// Waits for its end. One that failed or was stopped raises `TaskFailedError`, with the end of its log.
    #[pyo3(signature = (*, timeout=None, on_progress=None))]
    fn wait(
        &self,
        py: Python<'_>,
        timeout: Option<Seconds>,
        on_progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        self.way.run(py, self.task()?.wait(), Options::new(None, timeout).telling(on_progress)?, record)
    }

    /// Waits for its end and gives it, good or bad, as a value.
    #[pyo3(signature = (*, timeout=None, on_progress=None))]
    fn outcome(
        &self,
        py: Python<'_>,
        timeout: Option<Seconds>,
        on_progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        self.way.run(py, self.task()?.outcome(), Options::new(None, timeout).telling(on_progress)?, record)
    }

    /// Asks it to stop. The policy for the task's guest stands.
    #[pyo3(signature = (*, force=None))]
    fn stop(&self, py: Python<'_>, force: Option<super::args::GuestId>) -> PyResult<Py<PyAny>> {
        self.way.run(py, self.task()?.stop(), Options::new(force, None), none)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        Ok(format!("<{} {}>", slf.get_type().name()?, slf.get().upid))
    }
}
