//! A path in the making: attributes and calls add segments, the verbs send.

use proxmox_core::{Params, PvePath, PveRequest, Verb};
use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};
use serde_json::value::RawValue;

use super::error::translated;
use crate::python::args::GuestId;
use crate::python::error::{OrRaise, raise, unsupported};
use crate::python::from_json::objects;
use crate::python::params::value_of;
use crate::python::way::Way;

/// A path of PVE's API. `px.nodes("pve1").qemu(100).status.current.get()` is `GET /nodes/pve1/qemu/100/status/current`.
#[pyclass(frozen, subclass, module = "proxmox_sdk.compat")]
pub(crate) struct ProxmoxResource {
    pub(super) way: Way,
    by_password: bool,
    /// Without a slash at either end.
    path: String,
}

impl ProxmoxResource {
    pub(super) fn root(way: Way, by_password: bool) -> Self {
        Self { way, by_password, path: String::new() }
    }

    fn below(&self, more: &str) -> Self {
        let more = more.trim_matches('/');
        let path = match (self.path.as_str(), more) {
            (path, "") => path.to_owned(),
            ("", more) => more.to_owned(),
            (path, more) => format!("{path}/{more}"),
        };
        Self { way: self.way.clone(), by_password: self.by_password, path }
    }

    /// With what calls add: names, numbers, whole paths, and lists of these.
    fn with(&self, parts: &Bound<'_, PyTuple>) -> PyResult<Self> {
        let mut to = self.below("");
        for part in parts {
            to = to.with_part(&part)?;
        }
        Ok(to)
    }

    fn with_part(&self, part: &Bound<'_, PyAny>) -> PyResult<Self> {
        if part.is_none() {
            return Ok(self.below(""));
        }
        if part.cast::<PyTuple>().is_ok() || part.cast::<PyList>().is_ok() {
            let mut to = self.below("");
            for part in part.try_iter()? {
                to = to.with_part(&part?)?;
            }
            return Ok(to);
        }
        Ok(self.below(&part.str()?.to_cow()?))
    }

    fn send(
        &self,
        py: Python<'_>,
        verb: Verb,
        parts: &Bound<'_, PyTuple>,
        given: Option<&Bound<'_, PyDict>>,
        force: Option<GuestId>,
    ) -> PyResult<Py<PyAny>> {
        let to = self.with(parts)?;
        let path = format!("/{}", to.path);
        let request = PveRequest::new(verb, PvePath::parse(&path).or_raise()?);
        let request = request.params(params(&path, given)?);
        let request = force.into_iter().fold(request, |request, vmid| request.force(vmid.0));
        let call = self.way.pve()?.request::<Box<RawValue>>(request);
        // Errors are values here: they are to become other exceptions than ours.
        let flow = async move { Ok(call.await) };
        let by_password = self.by_password;
        self.way.flow(py, flow, move |py, answer| match answer {
            Ok(data) => Ok(objects(py, data.get())?.unbind()),
            Err(error) => Err(translated(py, &error, by_password)?.unwrap_or_else(|| raise(&error))),
        })
    }
}

/// What is `None` is not sent. A command for a guest agent may be one line, which is split as a shell would.
fn params(path: &str, given: Option<&Bound<'_, PyDict>>) -> PyResult<Params> {
    let mut all = Params::new();
    for (name, value) in given.into_iter().flatten() {
        let name: String = name.extract()?;
        if value.is_none() {
            continue;
        }
        if value.hasattr("read")? {
            let text =
                format!("{name}: files are not sent from here; `Client.node(name).upload(...)` uploads them");
            return Err(unsupported(&text));
        }
        let line = name == "command" && path.ends_with("/agent/exec") && value.cast::<PyString>().is_ok();
        let value = if line { value.py().import("shlex")?.call_method1("split", (value,))? } else { value };
        all.set(name.as_str(), value_of(&name, &value)?);
    }
    Ok(all)
}

#[pymethods]
impl ProxmoxResource {
    fn __getattr__(&self, name: &str) -> PyResult<Self> {
        if name.starts_with('_') {
            return Err(PyAttributeError::new_err(name.to_owned()));
        }
        Ok(self.below(name))
    }

    #[pyo3(signature = (*parts))]
    fn __call__(&self, parts: &Bound<'_, PyTuple>) -> PyResult<Self> {
        self.with(parts)
    }

    /// `GET`: plain values.
    #[pyo3(signature = (*parts, **params))]
    fn get(
        &self,
        py: Python<'_>,
        parts: &Bound<'_, PyTuple>,
        params: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        self.send(py, Verb::Get, parts, params, None)
    }

    /// `POST`. `_force` names the guest whose gate it may pass.
    #[pyo3(signature = (*parts, _force=None, **data))]
    fn post(
        &self,
        py: Python<'_>,
        parts: &Bound<'_, PyTuple>,
        _force: Option<GuestId>,
        data: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        self.send(py, Verb::Create, parts, data, _force)
    }

    /// `PUT`. `_force` names the guest whose gate it may pass.
    #[pyo3(signature = (*parts, _force=None, **data))]
    fn put(
        &self,
        py: Python<'_>,
        parts: &Bound<'_, PyTuple>,
        _force: Option<GuestId>,
        data: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        self.send(py, Verb::Set, parts, data, _force)
    }

    /// `DELETE`. `_force` names the guest whose gate it may pass.
    #[pyo3(signature = (*parts, _force=None, **params))]
    fn delete(
        &self,
        py: Python<'_>,
        parts: &Bound<'_, PyTuple>,
        _force: Option<GuestId>,
        params: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        self.send(py, Verb::Delete, parts, params, _force)
    }

    /// The same as `post`.
    #[pyo3(signature = (*parts, _force=None, **data))]
    fn create(
        &self,
        py: Python<'_>,
        parts: &Bound<'_, PyTuple>,
        _force: Option<GuestId>,
        data: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        self.send(py, Verb::Create, parts, data, _force)
    }

    /// The same as `put`.
    #[pyo3(signature = (*parts, _force=None, **data))]
    fn set(
        &self,
        py: Python<'_>,
        parts: &Bound<'_, PyTuple>,
        _force: Option<GuestId>,
        data: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        self.send(py, Verb::Set, parts, data, _force)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        Ok(format!("<{} /{} at {}>", slf.get_type().name()?, slf.get().path, slf.get().way.info().endpoint))
    }
}
