//! Whatever serialises becomes Python objects, in one pass and without JSON in between.

use std::fmt;

use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};
use serde::ser::{self, Serialize};

use super::{enums, record};

/// Dicts, lists, strings, numbers, `None`.
pub(crate) fn plain<'py>(py: Python<'py>, value: &(impl Serialize + ?Sized)) -> PyResult<Bound<'py, PyAny>> {
    Ok(value.serialize(ToPython { py, form: Form::Plain, words: None })?)
}

/// The same, with objects of our classes for the structs that have one.
pub(crate) fn typed<'py>(py: Python<'py>, value: &(impl Serialize + ?Sized)) -> PyResult<Bound<'py, PyAny>> {
    typed_with(py, value, None)
}

/// The same; a text, or each of a list, is a member of the enum with this name.
pub(crate) fn typed_with<'py>(
    py: Python<'py>,
    value: &(impl Serialize + ?Sized),
    words: Option<&'static str>,
) -> PyResult<Bound<'py, PyAny>> {
    Ok(value.serialize(ToPython { py, form: Form::Objects, words })?)
}

/// A dict of the outermost fields, with objects of our classes as values.
pub(crate) fn fields<'py>(
    py: Python<'py>,
    value: &(impl Serialize + ?Sized),
) -> PyResult<Bound<'py, PyDict>> {
    Ok(value.serialize(ToPython { py, form: Form::ObjectsWithin, words: None })?.cast_into()?)
}

/// What structs become.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Plain,
    Objects,
    /// A dict the outermost, objects the others.
    ObjectsWithin,
}

/// An exception on its way through serde.
#[derive(Debug)]
pub(crate) struct Raised(PyErr);

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl std::error::Error for Raised {}
impl ser::Error for Raised {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(PyValueError::new_err(message.to_string()))
    }
}
impl From<PyErr> for Raised {
    fn from(e: PyErr) -> Self {
        Self(e)
    }
}
impl From<Raised> for PyErr {
    fn from(e: Raised) -> Self {
        e.0
    }
}

type Made<'py> = Result<Bound<'py, PyAny>, Raised>;

#[derive(Clone, Copy)]
struct ToPython<'py> {
    py: Python<'py>,
    form: Form,
    /// The enum that texts are words of.
    words: Option<&'static str>,
}

impl<'py> ToPython<'py> {
    fn made(self, value: impl IntoPyObjectExt<'py>) -> Made<'py> {
        Ok(value.into_bound_py_any(self.py)?)
    }

    /// For the items of a list.
    fn each(self) -> Self {
        let form = if self.form == Form::Plain { Form::Plain } else { Form::Objects };
        Self { form, ..self }
    }

    /// For the values of fields.
    fn within(self) -> Self {
        Self { words: None, ..self.each() }
    }

    /// `{variant: value}`
    fn tagged(self, variant: &str, value: Bound<'py, PyAny>) -> Made<'py> {
        let dict = PyDict::new(self.py);
        dict.set_item(variant, value)?;
        Ok(dict.into_any())
    }

    fn fields(self, name: &'static str, variant: Option<&'static str>) -> Fields<'py> {
        Fields { to: self, dict: PyDict::new(self.py), key: None, name, variant }
    }

    fn items(self, variant: Option<&'static str>) -> Items<'py> {
        Items { to: self, items: Vec::new(), variant }
    }
}

macro_rules! scalars {
    ($($method:ident: $type:ty),*) => {$(
        fn $method(self, value: $type) -> Made<'py> {
            self.made(value)
        }
    )*};
}

impl<'py> ser::Serializer for ToPython<'py> {
    type Ok = Bound<'py, PyAny>;
    type Error = Raised;
    type SerializeSeq = Items<'py>;
    type SerializeTuple = Items<'py>;
    type SerializeTupleStruct = Items<'py>;
    type SerializeTupleVariant = Items<'py>;
    type SerializeMap = Fields<'py>;
    type SerializeStruct = Fields<'py>;
    type SerializeStructVariant = Fields<'py>;

    scalars!(
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_f32: f32,
        serialize_f64: f64, serialize_char: char
    );

    fn serialize_str(self, text: &str) -> Made<'py> {
        match self.words {
            Some(words) => Ok(enums::member(self.py, words, text)?),
            None => self.made(text),
        }
    }

    fn serialize_bytes(self, value: &[u8]) -> Made<'py> {
        Ok(PyBytes::new(self.py, value).into_any())
    }
    fn serialize_none(self) -> Made<'py> {
        Ok(self.py.None().into_bound(self.py))
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Made<'py> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Made<'py> {
        self.serialize_none()
    }
    fn serialize_unit_struct(self, _: &'static str) -> Made<'py> {
        self.serialize_none()
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Made<'py> {
        self.serialize_str(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Made<'py> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Made<'py> {
        let value = value.serialize(self)?;
        self.tagged(variant, value)
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Items<'py>, Raised> {
        Ok(self.items(None))
    }
    fn serialize_tuple(self, _: usize) -> Result<Items<'py>, Raised> {
        Ok(self.items(None))
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Items<'py>, Raised> {
        Ok(self.items(None))
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Items<'py>, Raised> {
        Ok(self.items(Some(variant)))
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Fields<'py>, Raised> {
        Ok(self.fields("", None))
    }
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Fields<'py>, Raised> {
        Ok(self.fields(name, None))
    }
    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Fields<'py>, Raised> {
        Ok(self.fields(name, Some(variant)))
    }
    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Made<'py> {
        self.serialize_str(&value.to_string())
    }
}

/// A list in the making.
struct Items<'py> {
    to: ToPython<'py>,
    items: Vec<Bound<'py, PyAny>>,
    variant: Option<&'static str>,
}

impl<'py> Items<'py> {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Raised> {
        self.items.push(value.serialize(self.to.each())?);
        Ok(())
    }
    fn list(self) -> Made<'py> {
        let list = PyList::new(self.to.py, self.items)?.into_any();
        match self.variant {
            Some(variant) => self.to.tagged(variant, list),
            None => Ok(list),
        }
    }
}

/// A dict or an object in the making.
struct Fields<'py> {
    to: ToPython<'py>,
    dict: Bound<'py, PyDict>,
    key: Option<Bound<'py, PyAny>>,
    name: &'static str,
    variant: Option<&'static str>,
}

impl<'py> Fields<'py> {
    fn set<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Raised> {
        let value = value.serialize(self.to.within())?;
        Ok(self.dict.set_item(PyString::intern(self.to.py, key), value)?)
    }
    fn finish(self) -> Made<'py> {
        let Self { to, dict, name, variant, .. } = self;
        if name == "Duration" {
            return to.made(seconds(&dict)?);
        }
        let made = match record::class(name).filter(|_| to.form == Form::Objects) {
            Some(class) => record::of_dict(to.py, class, dict)?,
            None => dict.into_any(),
        };
        match variant {
            Some(variant) => to.tagged(variant, made),
            None => Ok(made),
        }
    }
}

/// What serde makes of a duration.
fn seconds(dict: &Bound<'_, PyDict>) -> PyResult<f64> {
    let part = |name| dict.get_item(name).map(|n| n.and_then(|n| n.extract::<f64>().ok()).unwrap_or(0.0));
    Ok(part("secs")? + part("nanos")? / 1e9)
}

macro_rules! lists {
    ($($trait:ident::$method:ident),*) => {$(
        impl<'py> ser::$trait for Items<'py> {
            type Ok = Bound<'py, PyAny>;
            type Error = Raised;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Raised> {
                self.push(value)
            }
            fn end(self) -> Made<'py> {
                self.list()
            }
        }
    )*};
}
lists!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

macro_rules! structs {
    ($($trait:ident),*) => {$(
        impl<'py> ser::$trait for Fields<'py> {
            type Ok = Bound<'py, PyAny>;
            type Error = Raised;
            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Raised> {
                self.set(key, value)
            }
            fn end(self) -> Made<'py> {
                self.finish()
            }
        }
    )*};
}
structs!(SerializeStruct, SerializeStructVariant);

impl<'py> ser::SerializeMap for Fields<'py> {
    type Ok = Bound<'py, PyAny>;
    type Error = Raised;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Raised> {
        self.key = Some(key.serialize(self.to.within())?);
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Raised> {
        let value = value.serialize(self.to.within())?;
        match self.key.take() {
            Some(key) => Ok(self.dict.set_item(key, value)?),
            None => Err(ser::Error::custom("a value without a key")),
        }
    }
    fn end(self) -> Made<'py> {
        self.finish()
    }
}
