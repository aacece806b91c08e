//! Parameters of raw requests and configurations: what a dict or keywords say.

use proxmox_core::{ParamValue, Params};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple};

use super::args::text;
use super::error::invalid;
use super::secret::Secret;

/// A mapping and keywords together; a name may come once.
pub(crate) fn params(
    mapping: Option<&Bound<'_, PyMapping>>,
    keywords: Option<&Bound<'_, PyDict>>,
) -> PyResult<Params> {
    let mut all = Params::new();
    if let Some(mapping) = mapping {
        for pair in mapping.items()? {
            let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair.extract()?;
            let name = text(&name)?;
            all.set(name.as_str(), value_of(&name, &value)?);
        }
    }
    for (name, value) in keywords.into_iter().flatten() {
        let name = text(&name)?;
        if all.get(&name).is_some() {
            return Err(PyTypeError::new_err(format!("parameter {name:?} is given twice")));
        }
        all.set(name.as_str(), value_of(&name, &value)?);
    }
    Ok(all)
}

/// One value. `None` is none: what is not to be sent is left out.
pub(crate) fn value_of(name: &str, value: &Bound<'_, PyAny>) -> PyResult<ParamValue> {
    // A bool is an int to Python.
    if let Ok(flag) = value.cast::<PyBool>() {
        return Ok(ParamValue::Bool(flag.is_true()));
    }
    if value.cast::<PyInt>().is_ok() {
        let number =
            value.extract().map_err(|_| invalid(name, format!("{name}: {value} is out of range")))?;
        return Ok(ParamValue::Int(number));
    }
    if value.cast::<PyFloat>().is_ok() {
        return Ok(ParamValue::Float(value.extract()?));
    }
    if let Ok(secret) = value.cast::<Secret>() {
        return Ok(ParamValue::Secret(secret.get().secret()));
    }
    if value.cast::<PyList>().is_ok() || value.cast::<PyTuple>().is_ok() {
        let items = value.try_iter()?.map(|item| single(name, &item?));
        return Ok(ParamValue::List(items.collect::<PyResult<_>>()?));
    }
    single(name, value).map(ParamValue::Text)
}

/// A text, or what can only be sent as one.
fn single(name: &str, value: &Bound<'_, PyAny>) -> PyResult<String> {
    if let Ok(bytes) = value.cast::<PyBytes>() {
        let text = String::from_utf8(bytes.as_bytes().to_vec());
        return text.map_err(|_| invalid(name, format!("{name}: the bytes are not UTF-8 text")));
    }
    if value.cast::<PyString>().is_ok() {
        let read = value.extract();
        return read.map_err(|_| invalid(name, format!("{name}: the text cannot be encoded as UTF-8")));
    }
    if value.cast::<PyInt>().is_ok() && value.cast::<PyBool>().is_err() {
        return Ok(value.str()?.to_string());
    }
    let what = value.get_type().name()?;
    let hint = if value.is_none() { ": leave the parameter out" } else { "" };
    Err(PyTypeError::new_err(format!("{name}: {what} is not a value of a parameter{hint}")))
}
