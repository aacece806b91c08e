//! One field of something that serialises, without the others: attributes of long lists cost only what is asked for.

use std::fmt;

use pyo3::prelude::*;
use serde::ser::{self, Impossible, Serialize};

use super::to_python::{Raised, typed_with};

/// The field with this name as a Python object; `None` when there is none. Its texts are members of the enum that is named.
pub(crate) fn field<'py>(
    py: Python<'py>,
    value: &(impl Serialize + ?Sized),
    name: &str,
    words: Option<&'static str>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    match value.serialize(Pick { py, name, words, next: false }) {
        Ok(()) => Ok(None),
        Err(Stop::Found(found)) => Ok(Some(found)),
        Err(Stop::Raised(raised)) => Err(raised.into()),
    }
}

/// What ends serialising: having found the field is one reason, and spares the others.
#[derive(Debug)]
enum Stop<'py> {
    Found(Bound<'py, PyAny>),
    Raised(Raised),
}

impl fmt::Display for Stop<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found(_) => f.write_str("found"),
            Self::Raised(raised) => raised.fmt(f),
        }
    }
}
impl std::error::Error for Stop<'_> {}
impl ser::Error for Stop<'_> {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Raised(ser::Error::custom(message))
    }
}
impl From<Raised> for Stop<'_> {
    fn from(raised: Raised) -> Self {
        Self::Raised(raised)
    }
}

struct Pick<'a, 'py> {
    py: Python<'py>,
    name: &'a str,
    words: Option<&'static str>,
    /// Whether the value that comes next is the one.
    next: bool,
}

impl<'py> Pick<'_, 'py> {
    fn found<T: Serialize + ?Sized>(&self, value: &T) -> Result<(), Stop<'py>> {
        Err(match typed_with(self.py, value, self.words) {
            Ok(found) => Stop::Found(found),
            Err(e) => Stop::Raised(e.into()),
        })
    }
}

macro_rules! nothing {
    ($result:ty: $($method:ident($($type:ty),*)),* $(,)?) => {$(
        fn $method(self, $(_: $type),*) -> $result {
            Ok(Default::default())
        }
    )*};
}

/// What has no fields has none with this name.
macro_rules! scalars {
    ($result:ty) => {
        nothing!(
            $result: serialize_bool(bool), serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64),
            serialize_u8(u8), serialize_u16(u16), serialize_u32(u32), serialize_u64(u64), serialize_f32(f32),
            serialize_f64(f64), serialize_char(char), serialize_bytes(&[u8]), serialize_none(), serialize_unit(),
            serialize_unit_struct(&'static str), serialize_unit_variant(&'static str, u32, &'static str),
        );
        fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> $result {
            value.serialize(self)
        }
        fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> $result {
            value.serialize(self)
        }
        fn serialize_newtype_variant<T: Serialize + ?Sized>(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: &T,
        ) -> $result {
            Ok(Default::default())
        }
    };
}

/// What cannot be looked into.
macro_rules! closed {
    ($($method:ident($($type:ty),*) -> $never:ident),* $(,)?) => {$(
        fn $method(self, $(_: $type),*) -> Result<Self::$never, Self::Error> {
            Err(ser::Error::custom("not an object"))
        }
    )*};
}

impl<'py> ser::Serializer for Pick<'_, 'py> {
    type Ok = ();
    type Error = Stop<'py>;
    type SerializeSeq = Impossible<(), Stop<'py>>;
    type SerializeTuple = Impossible<(), Stop<'py>>;
    type SerializeTupleStruct = Impossible<(), Stop<'py>>;
    type SerializeTupleVariant = Impossible<(), Stop<'py>>;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Impossible<(), Stop<'py>>;

    scalars!(Result<(), Stop<'py>>);
    nothing!(Result<(), Stop<'py>>: serialize_str(&str));
    closed!(
        serialize_seq(Option<usize>) -> SerializeSeq,
        serialize_tuple(usize) -> SerializeTuple,
        serialize_tuple_struct(&'static str, usize) -> SerializeTupleStruct,
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> SerializeTupleVariant,
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> SerializeStructVariant,
    );
    fn serialize_map(self, _: Option<usize>) -> Result<Self, Stop<'py>> {
        Ok(self)
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Stop<'py>> {
        Ok(self)
    }
}

impl<'py> ser::SerializeStruct for Pick<'_, 'py> {
    type Ok = ();
    type Error = Stop<'py>;
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Stop<'py>> {
        if key == self.name { self.found(value) } else { Ok(()) }
    }
    fn end(self) -> Result<(), Stop<'py>> {
        Ok(())
    }
}

impl<'py> ser::SerializeMap for Pick<'_, 'py> {
    type Ok = ();
    type Error = Stop<'py>;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Stop<'py>> {
        self.next = key.serialize(Is(self.name))?;
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop<'py>> {
        if self.next { self.found(value) } else { Ok(()) }
    }
    fn end(self) -> Result<(), Stop<'py>> {
        Ok(())
    }
}

/// Whether a key is this text.
struct Is<'a>(&'a str);

impl ser::Serializer for Is<'_> {
    type Ok = bool;
    type Error = Raised;
    type SerializeSeq = Impossible<bool, Raised>;
    type SerializeTuple = Impossible<bool, Raised>;
    type SerializeTupleStruct = Impossible<bool, Raised>;
    type SerializeTupleVariant = Impossible<bool, Raised>;
    type SerializeMap = Impossible<bool, Raised>;
    type SerializeStruct = Impossible<bool, Raised>;
    type SerializeStructVariant = Impossible<bool, Raised>;

    scalars!(Result<bool, Raised>);
    fn serialize_str(self, key: &str) -> Result<bool, Raised> {
        Ok(key == self.0)
    }
    closed!(
        serialize_seq(Option<usize>) -> SerializeSeq,
        serialize_tuple(usize) -> SerializeTuple,
        serialize_tuple_struct(&'static str, usize) -> SerializeTupleStruct,
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> SerializeTupleVariant,
        serialize_map(Option<usize>) -> SerializeMap,
        serialize_struct(&'static str, usize) -> SerializeStruct,
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> SerializeStructVariant,
    );
}
