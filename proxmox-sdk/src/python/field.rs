//! One field of something that serialises, without the others: attributes of long lists cost only what is asked for.

use pyo3::prelude::*;
use serde::ser::{self, Impossible, Serialize};

use super::to_python::{Raised, typed};

/// The field with this name as a Python object; `None` when there is none.
pub(crate) fn field<'py>(
    py: Python<'py>,
    value: &(impl Serialize + ?Sized),
    name: &str,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    Ok(value.serialize(Pick { py, name, next: false, found: None })?)
}

type Found<'py> = Option<Bound<'py, PyAny>>;

struct Pick<'a, 'py> {
    py: Python<'py>,
    name: &'a str,
    /// Whether the value that comes next is the one.
    next: bool,
    found: Found<'py>,
}

impl Pick<'_, '_> {
    fn look<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), Raised> {
        if self.found.is_none() && key == self.name {
            self.found = Some(typed(self.py, value)?);
        }
        Ok(())
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
        fn $method(self, $(_: $type),*) -> Result<Self::$never, Raised> {
            Err(ser::Error::custom("not an object"))
        }
    )*};
}

impl<'py> ser::Serializer for Pick<'_, 'py> {
    type Ok = Found<'py>;
    type Error = Raised;
    type SerializeSeq = Impossible<Found<'py>, Raised>;
    type SerializeTuple = Impossible<Found<'py>, Raised>;
    type SerializeTupleStruct = Impossible<Found<'py>, Raised>;
    type SerializeTupleVariant = Impossible<Found<'py>, Raised>;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Impossible<Found<'py>, Raised>;

    scalars!(Result<Found<'py>, Raised>);
    nothing!(Result<Found<'py>, Raised>: serialize_str(&str));
    closed!(
        serialize_seq(Option<usize>) -> SerializeSeq,
        serialize_tuple(usize) -> SerializeTuple,
        serialize_tuple_struct(&'static str, usize) -> SerializeTupleStruct,
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> SerializeTupleVariant,
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> SerializeStructVariant,
    );
    fn serialize_map(self, _: Option<usize>) -> Result<Self, Raised> {
        Ok(self)
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Raised> {
        Ok(self)
    }
}

impl<'py> ser::SerializeStruct for Pick<'_, 'py> {
    type Ok = Found<'py>;
    type Error = Raised;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Raised> {
        self.look(key, value)
    }
    fn end(self) -> Result<Found<'py>, Raised> {
        Ok(self.found)
    }
}

impl<'py> ser::SerializeMap for Pick<'_, 'py> {
    type Ok = Found<'py>;
    type Error = Raised;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Raised> {
        self.next = key.serialize(Is(self.name))?;
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Raised> {
        if self.next && self.found.is_none() {
            self.found = Some(typed(self.py, value)?);
        }
        Ok(())
    }
    fn end(self) -> Result<Found<'py>, Raised> {
        Ok(self.found)
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
