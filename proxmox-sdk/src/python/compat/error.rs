//! The exceptions that such programs catch. They are ours as well, with all that ours tell.

use proxmox_core::{Error, ErrorKind};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

use crate::python::error::{base, filled};

struct Classes {
    resource: Py<PyType>,
    authentication: Py<PyType>,
}

fn classes(py: Python<'_>) -> PyResult<&'static Classes> {
    static CLASSES: PyOnceLock<Classes> = PyOnceLock::new();
    CLASSES.get_or_try_init(py, || {
        let doc = c"PVE, or the safety policy, has refused the request.";
        let resource =
            PyErr::new_type(py, c"proxmox_sdk.compat.ResourceException", Some(doc), Some(&base(py)?), None)?;
        for name in ["status_code", "status_message", "content", "errors", "exit_code"] {
            resource.bind(py).setattr(name, py.None())?;
        }
        let doc = c"The credentials are not good.";
        let authentication = PyErr::new_type(
            py,
            c"proxmox_sdk.compat.AuthenticationError",
            Some(doc),
            Some(&base(py)?),
            None,
        )?;
        Ok(Classes { resource, authentication })
    })
}

pub(super) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let classes = classes(module.py())?;
    module.add("ResourceException", &classes.resource)?;
    module.add("AuthenticationError", &classes.authentication)
}

/// The standard sentence of a status.
fn sentence(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        595 => "Cannot Connect To Host",
        596 => "Broken Pipe",
        599 => "Too Many Redirections",
        _ => "Unknown Status",
    }
}

/// The exception of an error that PVE or the policy made; `None` for those on the way there, which stay what they are.
/// With a token there is no login that could fail: it is the request that PVE does not accept.
pub(super) fn translated(py: Python<'_>, error: &Error, by_password: bool) -> PyResult<Option<PyErr>> {
    let login = by_password || error.status().is_none();
    let status = match (error.status(), error.kind()) {
        (Some(401), _) | (_, ErrorKind::Unauthenticated) if login => {
            let made = filled(py, classes(py)?.authentication.bind(py), error)?;
            return Ok(Some(PyErr::from_value(made)));
        }
        (Some(status), _) if status >= 400 => status,
        // The policy is one more that may say no.
        (None, ErrorKind::Refused | ErrorKind::PermissionDenied) => 403,
        (None, ErrorKind::InvalidInput) => 400,
        // By pvesh no status comes, only the sentence.
        (None, kind) if error.reason().is_none() && is_of_pve(kind) => 500,
        _ => return Ok(None),
    };
    let made = filled(py, classes(py)?.resource.bind(py), error)?;
    made.setattr("status_code", status)?;
    made.setattr("status_message", sentence(status))?;
    made.setattr("content", error.reason().unwrap_or_else(|| error.message()))?;
    if error.errors().is_empty() {
        made.setattr("errors", py.None())?;
    }
    Ok(Some(PyErr::from_value(made)))
}

/// Kinds that an answer has.
fn is_of_pve(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NotFound
            | ErrorKind::AlreadyExists
            | ErrorKind::Conflict
            | ErrorKind::Locked
            | ErrorKind::WrongState
            | ErrorKind::Busy
            | ErrorKind::Agent
            | ErrorKind::Unsupported
            | ErrorKind::Unexpected
    )
}
