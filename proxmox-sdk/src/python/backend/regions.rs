//! The list of regions.

use proxmox_core::backend as core;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PyString};
use serde_json::Value;

use super::values::Region;
use crate::python::args::text;
use crate::python::error::invalid;
use crate::python::records::records;
use crate::python::secret::Secret;

/// The regions of a program: a list of dicts, or the same as JSON. Names are unique, and no two can be taken for each other.
///
/// Each has `region_name`; `backend_type`, which is `libvirt` unless it says `proxmox`; and it may have `enabled` and
/// `available_instance_types`, a list of `instance_type`, `vcpus`, `memory_mib`, `disk_mib`. A libvirt host has `uri`, and it may have
/// `pool`, `network` or `bridge`, and `virt_type`; a cluster has `url`, `token_id`, `storage` and one of `token_secret`,
/// `token_secret_env` and `token_secret_file`, and it may have `ca_file` or `fingerprint`, and `bridge`.
///
/// Iterating gives those that may be used. Raises `InvalidInputError`, naming the region.
#[pyclass(frozen, module = "proxmox_sdk")]
pub(crate) struct Regions(pub(super) core::Regions);

#[pymethods]
impl Regions {
    #[new]
    #[pyo3(signature = (entries, /))]
    fn new(py: Python<'_>, entries: &Bound<'_, PyAny>) -> PyResult<Self> {
        let json = match entries.cast::<PyString>() {
            Ok(json) => text(json)?,
            Err(_) => {
                let options = PyDict::new(py);
                options.set_item("default", wrap_pyfunction!(exposed, py)?)?;
                py.import("json")?.call_method("dumps", (entries,), Some(&options))?.extract()?
            }
        };
        let read = serde_json::from_str(&json);
        read.map(Self).map_err(|e| invalid("regions", format!("regions: {}", located(&json, &e))))
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        records(py, self.0.enabled().map(Region::from))?.bind(py).try_iter()
    }

    fn __len__(&self) -> usize {
        self.0.enabled().count()
    }

    fn __repr__(&self) -> String {
        let names: Vec<&str> = self.0.enabled().map(core::Region::name).collect();
        format!("<Regions {}>", names.join(", "))
    }
}

/// What is wrong, with the region that it is wrong in.
fn located(json: &str, error: &serde_json::Error) -> String {
    let entries: Vec<Value> = serde_json::from_str(json).unwrap_or_default();
    for (at, entry) in (1..).zip(entries) {
        let name = entry.get("region_name").and_then(Value::as_str);
        let name = name.map_or_else(|| format!("region {at} of the list"), |name| format!("region {name:?}"));
        if let Err(own) = serde_json::from_value::<core::Regions>(Value::Array(vec![entry])) {
            let own = own.to_string();
            return if own.contains(&name) { own } else { format!("{name}: {own}") };
        }
    }
    error.to_string()
}

/// What JSON has no form for.
#[pyfunction]
fn exposed(value: &Bound<'_, PyAny>) -> PyResult<String> {
    match value.cast::<Secret>() {
        Ok(secret) => Ok(secret.get().expose().to_owned()),
        Err(_) => Err(PyTypeError::new_err(format!("a region holds no {}", value.get_type().name()?))),
    }
}
