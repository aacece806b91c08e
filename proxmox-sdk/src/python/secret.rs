//! Text that is shown nowhere.

use proxmox_core::ExposeSecret;
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::args::text;

/// A text that is shown nowhere: not by `repr`, not in tracebacks, plans and errors.
#[pyclass(frozen, module = "proxmox_sdk")]
pub(crate) struct Secret(proxmox_core::Secret);

#[pymethods]
impl Secret {
    #[new]
    #[pyo3(signature = (value, /))]
    fn new(value: &Bound<'_, PyString>) -> PyResult<Self> {
        Ok(Self(text(value)?.into()))
    }

    /// The text itself.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    fn __repr__(&self) -> &'static str {
        "Secret('<redacted>')"
    }

    fn __str__(&self) -> &'static str {
        "<redacted>"
    }
}

impl Secret {
    pub(crate) fn secret(&self) -> proxmox_core::Secret {
        self.0.clone()
    }
}

/// A secret as an argument: a `Secret`, or a plain text.
pub(crate) struct SecretArg(pub(crate) proxmox_core::Secret);

impl<'py> FromPyObject<'_, 'py> for SecretArg {
    type Error = PyErr;
    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        match given.cast::<Secret>() {
            Ok(secret) => Ok(Self(secret.get().secret())),
            Err(_) => text(&given).map(|text| Self(text.into())),
        }
    }
}
