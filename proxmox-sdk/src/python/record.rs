//! Results as objects: whatever serialises, with attributes, `to_dict()` and a `repr`. Each type of result is a class of its own,
//! and all of them are this one.

use std::any::Any;

use pyo3::IntoPyObjectExt;
use pyo3::exceptions::{PyAttributeError, PyKeyError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use serde::Serialize;

use super::enums;
use super::field::field;
use super::records::CLASSES;
use super::to_python::{plain, typed};

/// What is particular to one class of results.
pub(crate) struct Class {
    /// In Python.
    pub(crate) name: &'static str,
    /// In Rust, as serde tells it.
    pub(crate) rust: &'static str,
    /// Attributes whose keys are other than themselves.
    pub(crate) keys: &'static [(&'static str, &'static str)],
    /// Attributes that are not always there: `None` when they are not.
    pub(crate) maybe: &'static [&'static str],
    /// Attributes that are words of an enum.
    pub(crate) enums: &'static [(&'static str, &'static str)],
    /// Attributes that are worked out.
    pub(crate) computed: &'static [(&'static str, Compute)],
    /// As text for people.
    pub(crate) text: Option<fn(&dyn Any) -> Option<String>>,
    /// Makes an object of the class.
    pub(crate) make: fn(Python<'_>, Record) -> PyResult<Py<PyAny>>,
}

pub(crate) type Compute = fn(&dyn Any, Python<'_>) -> Option<PyResult<Py<PyAny>>>;

/// A result. Its attributes are those of its class; `record["key"]` has everything else that PVE sent.
#[pyclass(frozen, subclass, module = "proxmox_sdk")]
pub(crate) struct Record {
    class: &'static Class,
    held: Held,
}

enum Held {
    /// Of Rust's own: attributes are made when they are asked for.
    Value(Box<dyn Value>),
    /// Part of another, or made by hand.
    Dict(Py<PyDict>),
}

trait Value: Send + Sync {
    fn all<'py>(&self, py: Python<'py>, with_classes: bool) -> PyResult<Bound<'py, PyAny>>;
    fn field<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>>;
    fn as_any(&self) -> &dyn Any;
}

impl<T: Serialize + Send + Sync + 'static> Value for T {
    fn all<'py>(&self, py: Python<'py>, with_classes: bool) -> PyResult<Bound<'py, PyAny>> {
        if with_classes { typed(py, self) } else { plain(py, self) }
    }
    fn field<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        field(py, self, name)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The class of a Rust type with this name.
pub(crate) fn class(rust: &str) -> Option<&'static Class> {
    CLASSES.iter().find(|class| class.rust == rust)
}

/// An object of a class over a value.
pub(crate) fn of_value<T: Serialize + Send + Sync + 'static>(
    py: Python<'_>,
    class: &'static Class,
    value: T,
) -> PyResult<Py<PyAny>> {
    (class.make)(py, Record { class, held: Held::Value(Box::new(value)) })
}

/// An object of a class over a dict.
pub(crate) fn of_dict<'py>(
    py: Python<'py>,
    class: &'static Class,
    dict: Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    Ok((class.make)(py, Record { class, held: Held::Dict(dict.unbind()) })?.into_bound(py))
}

impl Record {
    fn key<'a>(&self, attribute: &'a str) -> &'a str {
        let renamed = self.class.keys.iter().find(|(name, _)| *name == attribute);
        renamed.map_or(attribute, |(_, key)| key)
    }

    fn attribute<'a>(&self, key: &'a str) -> &'a str {
        let renamed = self.class.keys.iter().find(|(_, k)| *k == key);
        renamed.map_or(key, |(name, _)| name)
    }

    fn item<'py>(&self, py: Python<'py>, key: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        match &self.held {
            Held::Value(value) => value.field(py, key),
            Held::Dict(dict) => dict.bind(py).get_item(key),
        }
    }

    /// The text as a member of the enum that this attribute has.
    fn worded<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        found: Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match (self.class.enums.iter().find(|(n, _)| *n == name), found.cast::<PyString>()) {
            (Some((_, words)), Ok(text)) => enums::member(py, words, &text.to_cow()?),
            _ => Ok(found),
        }
    }

    fn compute<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        let (Held::Value(value), Some((_, compute))) =
            (&self.held, self.class.computed.iter().find(|(n, _)| *n == name))
        else {
            return Ok(None);
        };
        compute((**value).as_any(), py).transpose().map(|made| made.map(|made| made.into_bound(py)))
    }

    fn dict<'py>(&self, py: Python<'py>, with_classes: bool) -> PyResult<Bound<'py, PyDict>> {
        match &self.held {
            Held::Value(value) => Ok(value.all(py, with_classes)?.cast_into::<PyDict>()?),
            Held::Dict(dict) => Ok(dict.bind(py).clone()),
        }
    }
}

#[pymethods]
impl Record {
    fn __getattr__<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        if let Some(found) = self.compute(py, name)? {
            return Ok(found);
        }
        match self.item(py, self.key(name))? {
            Some(found) => self.worded(py, name, found),
            None if self.class.maybe.contains(&name) => py.None().into_bound_py_any(py),
            None => {
                Err(PyAttributeError::new_err(format!("'{}' has no attribute '{name}'", self.class.name)))
            }
        }
    }

    fn __getitem__<'py>(&self, py: Python<'py>, key: &str) -> PyResult<Bound<'py, PyAny>> {
        self.item(py, key)?.ok_or_else(|| PyKeyError::new_err(key.to_owned()))
    }

    fn __contains__(&self, py: Python<'_>, key: &str) -> PyResult<bool> {
        Ok(self.item(py, key)?.is_some())
    }

    /// Everything as plain values, with PVE's own keys: for JSON, templates and the like.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match &self.held {
            Held::Value(value) => value.all(py, false),
            Held::Dict(dict) => {
                let flat = PyDict::new(py);
                for (key, value) in dict.bind(py) {
                    flat.set_item(key, flattened(&value)?)?;
                }
                Ok(flat.into_any())
            }
        }
    }

    fn __dir__(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        let mut names = vec!["to_dict".to_owned()];
        names.extend(self.class.computed.iter().map(|(name, _)| (*name).to_owned()));
        names.extend(self.class.maybe.iter().map(|name| (*name).to_owned()));
        for key in self.dict(py, true)?.keys() {
            names.push(self.attribute(key.extract::<String>()?.as_str()).to_owned());
        }
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let mut parts = Vec::new();
        for (key, value) in self.dict(py, true)? {
            if !value.is_none() {
                let name = key.extract::<String>()?;
                parts.push(format!("{}={}", self.attribute(&name), value.repr()?));
            }
        }
        Ok(format!("{}({})", self.class.name, parts.join(", ")))
    }

    fn __str__(&self, py: Python<'_>) -> PyResult<String> {
        let text = match (&self.held, self.class.text) {
            (Held::Value(value), Some(text)) => text((**value).as_any()),
            _ => None,
        };
        text.map_or_else(|| self.__repr__(py), Ok)
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        match other.cast::<Self>() {
            Ok(other) if other.get().class.name == self.class.name => {
                self.to_dict(py)?.eq(other.get().to_dict(py)?)?.into_py_any(py)
            }
            _ => Ok(py.NotImplemented()),
        }
    }

    /// Like other values that are equal by what they hold, and may hold lists.
    #[classattr]
    const __hash__: Option<Py<PyAny>> = None;
}

/// The plain form of what a dict holds.
fn flattened<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if let Ok(record) = value.cast::<Record>() {
        return record.get().to_dict(value.py());
    }
    match value.cast::<pyo3::types::PyList>() {
        Ok(list) => {
            let items = list.iter().map(|item| flattened(&item)).collect::<PyResult<Vec<_>>>()?;
            items.into_bound_py_any(value.py())
        }
        Err(_) => Ok(value.clone()),
    }
}
