//! Waiting for tasks, as such programs do.

use std::time::Duration;

use proxmox_core::{ErrorKind, Upid};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::resource::ProxmoxResource;
use crate::python::args::{Arg, Seconds};
use crate::python::to_python::plain;

/// Tools for tasks.
#[pyclass(frozen, module = "proxmox_sdk.compat")]
pub(crate) struct Tasks;

#[pymethods]
impl Tasks {
    /// Waits for the end of a task and gives its status; `None` when it was still running after `timeout` seconds. How often is
    /// looked, is decided here.
    #[staticmethod]
    #[pyo3(signature = (prox, task_id, timeout=None, polling_interval=None))]
    fn blocking_status(
        py: Python<'_>,
        prox: &ProxmoxResource,
        task_id: Arg<Upid>,
        timeout: Option<Seconds>,
        polling_interval: Option<Seconds>,
    ) -> PyResult<Py<PyAny>> {
        let _ = polling_interval;
        let task = prox.way.pve()?.task(task_id.0);
        let limit = timeout.map_or(Duration::from_secs(300), |limit| limit.0);
        let flow = async move {
            match task.outcome().timeout(limit).await {
                Ok(_) => task.status().await.map(Some),
                Err(e) if e.kind() == ErrorKind::Timeout => Ok(None),
                Err(e) => Err(e),
            }
        };
        prox.way.flow(py, flow, |py, status| Ok(plain(py, &status)?.unbind()))
    }

    /// What an UPID says.
    #[staticmethod]
    fn decode_upid<'py>(py: Python<'py>, upid: Arg<Upid>) -> PyResult<Bound<'py, PyDict>> {
        let text = upid.0.to_string();
        let mut parts = text.split(':').skip(1);
        let decoded = PyDict::new(py);
        decoded.set_item("upid", &text)?;
        let number = |text: Option<&str>| text.and_then(|text| i64::from_str_radix(text, 16).ok());
        decoded.set_item("node", parts.next())?;
        decoded.set_item("pid", number(parts.next()))?;
        decoded.set_item("pstart", number(parts.next()))?;
        decoded.set_item("starttime", number(parts.next()))?;
        for name in ["type", "id", "user", "comment"] {
            decoded.set_item(name, parts.next().unwrap_or_default())?;
        }
        Ok(decoded)
    }

    /// The lines of a log, as one text.
    #[staticmethod]
    fn decode_log(log_list: &Bound<'_, PyList>) -> PyResult<String> {
        let mut lines = Vec::new();
        for entry in log_list {
            lines.push((entry.get_item("n")?.extract::<i64>()?, entry.get_item("t")?.extract::<String>()?));
        }
        lines.sort();
        Ok(lines.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join("\n"))
    }
}
