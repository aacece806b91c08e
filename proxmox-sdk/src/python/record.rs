//! Results as objects: whatever serialises, with attributes, `to_dict()` and a `repr`. Each type of result is a class of its own,
//! and all of them are this one.

use std::any::Any;

use pyo3::IntoPyObjectExt;
use pyo3::exceptions::{PyAttributeError, PyKeyError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};
use serde::Serialize;

use super::enums;
use super::field::field;
use super::records::{self, CLASSES};
use super::to_python::{fields, plain};

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
    /// Attributes that serde alone does not tell the form of.
    pub(crate) shapes: &'static [(&'static str, Shape)],
    /// Attributes that are worked out.
    pub(crate) computed: &'static [(&'static str, Compute)],
    /// As text for people.
    pub(crate) text: Option<fn(&dyn Any) -> Option<String>>,
    /// Makes an object of the class.
    pub(crate) make: fn(Python<'_>, Record) -> PyResult<Py<PyAny>>,
}

/// What a text or a dict is.
pub(crate) enum Shape {
    /// A word of the enum with this name.
    Word(&'static str),
    /// An object of the class with this name in Python: a struct that keeps further keys is a mere map to serde.
    Part(&'static str),
}

impl Shape {
    /// A text as a member of the enum, a dict as an object of the class.
    fn of<'py>(&self, py: Python<'py>, value: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        match (self, value.cast::<PyString>(), value.cast::<PyDict>()) {
            (Self::Word(words), Ok(text), _) => enums::member(py, words, &text.to_cow()?),
            (Self::Part(name), _, Ok(dict)) => of_dict(py, records::class(name), dict.clone()),
            _ => Ok(value),
        }
    }

    /// The same for each of a list.
    fn of_all<'py>(&self, py: Python<'py>, value: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        match value.cast::<PyList>() {
            Ok(list) => {
                let items = list.iter().map(|item| self.of(py, item)).collect::<PyResult<Vec<_>>>()?;
                Ok(PyList::new(py, items)?.into_any())
            }
            Err(_) => self.of(py, value),
        }
    }
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

/// What a record may hold.
pub(crate) trait Value: Send + Sync {
    fn plain<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>>;
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>>;
    fn field<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        words: Option<&'static str>,
    ) -> PyResult<Option<Bound<'py, PyAny>>>;
    fn as_any(&self) -> &dyn Any;
}

impl<T: Serialize + Send + Sync + 'static> Value for T {
    fn plain<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        plain(py, self)
    }
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        fields(py, self)
    }
    fn field<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        words: Option<&'static str>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        field(py, self, name, words)
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
pub(crate) fn of_value(py: Python<'_>, class: &'static Class, value: Box<dyn Value>) -> PyResult<Py<PyAny>> {
    (class.make)(py, Record { class, held: Held::Value(value) })
}

/// An object of a class over a dict.
pub(crate) fn of_dict<'py>(
    py: Python<'py>,
    class: &'static Class,
    dict: Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    Ok((class.make)(py, Record { class, held: Held::Dict(dict.unbind()) })?.into_bound(py))
}

/// Adds the class that all results have in common.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Record>()?;
    // A method of this name that PyO3 is told of would be in the way of every attribute; Python's own looks for it last.
    let class = module.py().get_type::<Record>();
    class.setattr("__getattr__", class.getattr("_learn")?)?;
    class.delattr("_learn")
}

impl Class {
    fn attribute<'a>(&self, key: &'a str) -> &'a str {
        let renamed = self.keys.iter().find(|(_, k)| *k == key);
        renamed.map_or(key, |(name, _)| name)
    }

    fn shape(&self, name: &str) -> Option<&'static Shape> {
        self.shapes.iter().find(|(n, _)| *n == name).map(|(_, shape)| shape)
    }
}

impl Record {
    fn item<'py>(&self, py: Python<'py>, key: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        match &self.held {
            Held::Value(value) => value.field(py, key, None),
            Held::Dict(dict) => dict.bind(py).get_item(key),
        }
    }

    /// All attributes that it has.
    fn attributes<'py>(&self, py: Python<'py>) -> PyResult<Vec<(String, Bound<'py, PyAny>)>> {
        let dict = match &self.held {
            Held::Value(value) => value.fields(py)?,
            Held::Dict(dict) => dict.bind(py).clone(),
        };
        let named = dict.iter().map(|(key, value)| {
            let name = self.class.attribute(&key.extract::<String>()?).to_owned();
            let value = match self.class.shape(&name) {
                Some(shape) => shape.of_all(py, value)?,
                None => value,
            };
            Ok((name, value))
        });
        named.collect()
    }
}

/// An attribute of a class. Python finds it at once; what is in no class is looked for in vain first, and that is slow.
#[pyclass(frozen, module = "proxmox_sdk")]
struct Attribute {
    class: &'static Class,
    name: String,
    /// Its key in what is held.
    key: String,
    shape: Option<&'static Shape>,
    compute: Option<Compute>,
}

#[pymethods]
impl Attribute {
    fn __get__<'py>(
        slf: &Bound<'py, Self>,
        record: &Bound<'py, PyAny>,
        _class: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match record.cast::<Record>() {
            Ok(record) => slf.get().of(slf.py(), record.get()),
            Err(_) => Ok(slf.clone().into_any()),
        }
    }
}

impl Attribute {
    fn new(class: &'static Class, name: &str) -> Self {
        let renamed = class.keys.iter().find(|(n, _)| *n == name);
        Self {
            class,
            name: name.to_owned(),
            key: renamed.map_or(name, |(_, key)| key).to_owned(),
            shape: class.shape(name),
            compute: class.computed.iter().find(|(n, _)| *n == name).map(|(_, compute)| *compute),
        }
    }

    fn of<'py>(&self, py: Python<'py>, record: &Record) -> PyResult<Bound<'py, PyAny>> {
        let (found, shape) = match &record.held {
            Held::Value(value) => {
                if let Some(made) = self.compute.and_then(|compute| compute((**value).as_any(), py)) {
                    return Ok(made?.into_bound(py));
                }
                match self.shape {
                    // Made what it is at once.
                    Some(Shape::Word(words)) => (value.field(py, &self.key, Some(words))?, None),
                    shape => (value.field(py, &self.key, None)?, shape),
                }
            }
            Held::Dict(dict) => (dict.bind(py).get_item(&self.key)?, self.shape),
        };
        match (found, shape) {
            (Some(found), Some(shape)) => shape.of_all(py, found),
            (Some(found), None) => Ok(found),
            (None, _) if self.class.maybe.contains(&self.name.as_str()) => Ok(py.None().into_bound(py)),
            (None, _) => {
                let Self { class, name, .. } = self;
                Err(PyAttributeError::new_err(format!("'{}' has no attribute '{name}'", class.name)))
            }
        }
    }
}

#[pymethods]
impl Record {
    /// Python's `__getattr__`: comes here once for each attribute of each class, then the class has it.
    fn _learn<'py>(slf: &Bound<'py, Self>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let attribute = Attribute::new(slf.get().class, name);
        let found = attribute.of(slf.py(), slf.get())?;
        slf.get_type().setattr(name, attribute)?;
        Ok(found)
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
            Held::Value(value) => value.plain(py),
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
        names.extend(self.attributes(py)?.into_iter().map(|(name, _)| name));
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let shown = self.attributes(py)?.into_iter().filter(|(_, value)| !value.is_none());
        let parts = shown.map(|(name, value)| Ok(format!("{name}={}", value.repr()?)));
        let parts: Vec<String> = parts.collect::<PyResult<_>>()?;
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
    match value.cast::<PyList>() {
        Ok(list) => {
            let items = list.iter().map(|item| flattened(&item)).collect::<PyResult<Vec<_>>>()?;
            items.into_bound_py_any(value.py())
        }
        Err(_) => Ok(value.clone()),
    }
}
