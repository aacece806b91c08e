//! One exception class for each kind of error, under one base.

use std::ffi::CString;

use proxmox_core::{Error, ErrorKind, Outcome};
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;
use serde::Serialize;

use super::enums;

/// Kinds and the names of their classes.
const KINDS: [(ErrorKind, &str, &str); 20] = [
    (
        ErrorKind::InvalidInput,
        "InvalidInputError",
        "A value is malformed; `outcome` tells whether this side or PVE found out.",
    ),
    (ErrorKind::NotFound, "NotFoundError", "The guest, node, storage, snapshot or task does not exist."),
    (ErrorKind::AlreadyExists, "AlreadyExistsError", "The id or name is taken."),
    (ErrorKind::Unauthenticated, "UnauthenticatedError", "No valid credentials."),
    (
        ErrorKind::PermissionDenied,
        "PermissionDeniedError",
        "The credentials are valid but lack a privilege: see `missing_privilege`.",
    ),
    (ErrorKind::Refused, "RefusedError", "The safety policy refused the request on this side."),
    (ErrorKind::Conflict, "ConflictError", "The object was changed meanwhile (digest mismatch)."),
    (ErrorKind::Locked, "LockedError", "The guest carries a PVE lock (clone, backup, migrate ...)."),
    (
        ErrorKind::WrongState,
        "WrongStateError",
        "The object is in the wrong state for this: running, stopped, not a template.",
    ),
    (
        ErrorKind::Busy,
        "BusyError",
        "A lock file or worker slot was not free in time; the work was not begun.",
    ),
    (ErrorKind::Agent, "AgentError", "The guest agent is not configured or does not answer."),
    (
        ErrorKind::TaskFailed,
        "TaskFailedError",
        "The task ran and failed, or was stopped: see `upid` and `task_log`.",
    ),
    (
        ErrorKind::Connect,
        "ConnectError",
        "No connection, or it broke before the answer was complete: `outcome` tells which.",
    ),
    (
        ErrorKind::Tls,
        "TlsError",
        "The TLS handshake failed: unknown certificate, wrong name, wrong fingerprint.",
    ),
    (ErrorKind::Timeout, "TimeoutError", "No answer within the budget."),
    (
        ErrorKind::NodeUnreachable,
        "NodeUnreachableError",
        "The API answered for a node that it cannot reach (595, 596, 599).",
    ),
    (ErrorKind::Unavailable, "UnavailableError", "The API server cannot serve right now (502, 503, 504)."),
    (ErrorKind::Unsupported, "UnsupportedError", "PVE, or this transport, does not offer the operation."),
    (ErrorKind::Decode, "DecodeError", "The answer is not what the API promises."),
    (ErrorKind::Unexpected, "UnexpectedError", "Anything else; the message is PVE's."),
];

const BASE: &str = "Everything that fails in this SDK fails with this.

`kind` and `outcome` say what happened and whether the request may have taken effect; `status`, `reason` and `errors` are PVE's
answer; `upid` and `task_log` the task that failed; `advice` what to do about it.";

struct Classes {
    base: Py<PyType>,
    kinds: Vec<Py<PyType>>,
    closed: Py<PyType>,
}

static CLASSES: PyOnceLock<Classes> = PyOnceLock::new();

fn class(py: Python<'_>, name: &str, doc: &str, base: &Bound<'_, PyType>) -> PyResult<Py<PyType>> {
    let (name, doc) = (CString::new(format!("proxmox_sdk.{name}"))?, CString::new(doc)?);
    PyErr::new_type(py, &name, Some(&doc), Some(base), None)
}

impl Classes {
    fn make(py: Python<'_>) -> PyResult<Self> {
        let base = class(py, "ProxmoxError", BASE, &py.get_type::<PyException>())?;
        // What an exception of the user's own making has, too.
        for name in [
            "kind",
            "outcome",
            "operation",
            "target",
            "status",
            "reason",
            "missing_privilege",
            "upid",
            "advice",
        ] {
            base.bind(py).setattr(name, py.None())?;
        }
        base.bind(py).setattr("message", "")?;
        let kinds: Vec<_> = KINDS
            .iter()
            .map(|(_, name, doc)| class(py, name, doc, base.bind(py)))
            .collect::<PyResult<_>>()?;
        let doc = "What was called is closed, or belongs to the process that this one was forked from.";
        let closed = class(py, "ClosedError", doc, kinds[0].bind(py))?;
        Ok(Self { base, kinds, closed })
    }

    fn get(py: Python<'_>) -> PyResult<&'static Self> {
        CLASSES.get_or_try_init(py, || Self::make(py))
    }

    fn of(&self, kind: ErrorKind) -> &Py<PyType> {
        let at = KINDS.iter().position(|(k, ..)| *k == kind).unwrap_or(KINDS.len() - 1);
        &self.kinds[at]
    }
}

/// Adds the classes to the module.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let classes = Classes::get(py)?;
    module.add("ProxmoxError", classes.base.bind(py))?;
    for ((_, name, _), class) in KINDS.iter().zip(&classes.kinds) {
        module.add(*name, class.bind(py))?;
    }
    module.add("ClosedError", classes.closed.bind(py))
}

/// The exception of an error, with all that is known about it as attributes.
pub(crate) fn raise(error: &Error) -> PyErr {
    Python::attach(|py| {
        let made = Classes::get(py).and_then(|classes| filled(py, classes.of(error.kind()).bind(py), error));
        made.map_or_else(|e| e, PyErr::from_value)
    })
}

/// An exception of this class, with what the error tells.
pub(crate) fn filled<'py>(
    py: Python<'py>,
    class: &Bound<'py, PyType>,
    error: &Error,
) -> PyResult<Bound<'py, PyAny>> {
    let made = class.call1((error.to_string(),))?;
    made.setattr("kind", enums::member(py, "ErrorKind", &word(error.kind()))?)?;
    made.setattr("outcome", enums::member(py, "Outcome", &word(error.outcome()))?)?;
    made.setattr("message", error.message())?;
    made.setattr("operation", error.operation())?;
    made.setattr("target", error.target())?;
    made.setattr("status", error.status())?;
    made.setattr("reason", error.reason())?;
    made.setattr("errors", error.errors())?;
    made.setattr(
        "missing_privilege",
        error.missing_privilege().map(|p| (p.path.as_str(), p.privilege.as_str())),
    )?;
    made.setattr("upid", error.upid().map(ToString::to_string))?;
    made.setattr("task_log", error.task_log())?;
    made.setattr("advice", error.advice())?;
    made.setattr("attempts", error.attempts())?;
    made.setattr("is_retryable", error.is_retryable())?;
    // Python 3.11 and later show notes below the exception.
    if let Some(advice) = error.advice().filter(|_| made.hasattr("add_note").unwrap_or(false)) {
        made.call_method1("add_note", (format!("advice: {advice}"),))?;
    }
    Ok(made)
}

/// PVE's word of a unit variant.
pub(crate) fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// An exception for what is closed.
pub(crate) fn closed(message: &str) -> PyErr {
    let error = Error::new(ErrorKind::InvalidInput, Outcome::NotSent, message).with_advice("make a new one");
    Python::attach(|py| {
        let made = Classes::get(py).and_then(|classes| filled(py, classes.closed.bind(py), &error));
        made.map_or_else(|e| e, PyErr::from_value)
    })
}

/// The class that all others come from.
pub(crate) fn base(py: Python<'_>) -> PyResult<Bound<'_, PyType>> {
    Ok(Classes::get(py)?.base.bind(py).clone())
}

/// An answer that is not what it should be.
pub(crate) fn decode(message: &str) -> PyErr {
    raise(&Error::decode(Outcome::Rejected, message))
}

/// Something that this SDK does not do.
pub(crate) fn unsupported(message: &str) -> PyErr {
    raise(&Error::new(ErrorKind::Unsupported, Outcome::NotSent, message))
}

/// Wrong input, found before anything was sent.
pub(crate) fn invalid(field: &str, message: impl Into<String>) -> PyErr {
    raise(&Error::invalid(field, message))
}

/// The error that an exception stands for, if it is one of ours: for flows in Python that end within one of ours.
pub(crate) fn error_of(py: Python<'_>, raised: &PyErr) -> Option<Error> {
    let classes = Classes::get(py).ok()?;
    let value = raised.value(py);
    if !value.is_instance(classes.base.bind(py)).unwrap_or(false) {
        return None;
    }
    let at = classes.kinds.iter().position(|class| value.is_instance(class.bind(py)).unwrap_or(false));
    let kind = at.map_or(ErrorKind::Unexpected, |at| KINDS[at].0);
    let outcome = match value.getattr("outcome").ok()?.extract::<String>().as_deref() {
        Ok("not_sent") => Outcome::NotSent,
        Ok("rejected") => Outcome::Rejected,
        Ok("applied") => Outcome::Applied,
        _ => Outcome::MaybeApplied,
    };
    Some(Error::new(kind, outcome, value.to_string()))
}

/// Turns errors into exceptions.
pub(crate) trait OrRaise<T> {
    fn or_raise(self) -> PyResult<T>;
}

impl<T> OrRaise<T> for proxmox_core::Result<T> {
    fn or_raise(self) -> PyResult<T> {
        self.map_err(|e| raise(&e))
    }
}
