//! Lists of PVE, in which one broken row does not spoil the others: each is warned of.

use std::ffi::CString;

use proxmox_core::{Ask, Call, Operation, Rows};
use pyo3::exceptions::PyUserWarning;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;
use serde::de::DeserializeOwned;

use super::records::{Result, records};

/// The category of the warnings.
pub(crate) fn unreadable(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = CLASS.get_or_try_init(py, || {
        let doc = c"A row of a list could not be read; the others are there.";
        PyErr::new_type(
            py,
            c"proxmox_sdk.UnreadableRowWarning",
            Some(doc),
            Some(&py.get_type::<PyUserWarning>()),
            None,
        )
    })?;
    Ok(class.bind(py))
}

/// Warns of something that is missing from an answer.
pub(crate) fn warn(py: Python<'_>, what: &str) -> PyResult<()> {
    PyErr::warn(py, unreadable(py)?, &CString::new(what.replace('\0', ""))?, 1)
}

/// The good rows; each of the others is warned of.
pub(crate) fn rows<T: Result>(py: Python<'_>, rows: Rows<T>) -> PyResult<Py<PyAny>> {
    for complaint in rows.complaints("the answer") {
        warn(py, &complaint)?;
    }
    records(py, rows)
}

/// The same list, whose rows are decoded into the allocations that their objects hold: lists of a thousand are not copied first
/// to grow, and then once more. For what is decoded as it comes.
pub(crate) fn boxed<T: DeserializeOwned + Send + 'static>(
    list: Call<Ask<Rows<T>>>,
) -> Call<Ask<Rows<Box<T>>>> {
    list.map(|ask| Ask::rows(ask.name(), ask.request()))
}
