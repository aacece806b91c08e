//! Asking a method for something else than to do its work: what stands in its way, or the request that it is.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::way::{Exit, instead};

/// What stands in the way of an operation, all of it: `preflight(vm.clone, "web", full=True)`. Only reads. With a method of an
/// asynchronous client it is to be awaited.
#[pyfunction]
#[pyo3(signature = (method, /, *args, **keywords))]
pub(crate) fn preflight<'py>(
    method: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    keywords: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    instead(Exit::Preflight, || method.call(args, keywords))
}

/// The request that an operation is, or that its flow turns on, without any I/O: `request(vm.start)`.
#[pyfunction]
#[pyo3(signature = (method, /, *args, **keywords))]
pub(crate) fn request<'py>(
    method: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    keywords: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    instead(Exit::Request, || method.call(args, keywords))
}
