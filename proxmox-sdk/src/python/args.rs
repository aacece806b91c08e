//! Arguments as Python gives them. What is of the right type and makes no sense is an error of ours; the rest is a `TypeError`.

use std::str::FromStr;
use std::time::Duration;

use proxmox_core::guest::IpQuery;
use proxmox_core::{Error, Growth, GuestRef, Size, Vmid};
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyInt, PyString};

use super::error::{OrRaise, invalid};

/// Text that one of our types reads: names, ids, UPIDs.
pub(crate) struct Arg<T>(pub(crate) T);

impl<'py, T: FromStr<Err = Error>> FromPyObject<'_, 'py> for Arg<T> {
    type Error = PyErr;
    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        text(&given)?.parse().or_raise().map(Self)
    }
}

/// A text. Bytes are not text, and text with halves of characters is not either.
pub(crate) fn text(given: &Bound<'_, PyAny>) -> PyResult<String> {
    match given.cast::<PyString>() {
        Ok(text) => text.extract().map_err(|_| invalid("text", "the text cannot be encoded as UTF-8")),
        Err(_) => Err(PyTypeError::new_err(format!("expected a str, not {}", given.get_type().name()?))),
    }
}

/// The number of a guest.
#[derive(Clone, Copy)]
pub(crate) struct GuestId(pub(crate) Vmid);

impl<'py> FromPyObject<'_, 'py> for GuestId {
    type Error = PyErr;
    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let number = given.cast::<PyInt>().is_ok() && given.cast::<PyBool>().is_err();
        if !number && given.cast::<PyString>().is_err() {
            return Err(PyTypeError::new_err(format!("expected a vmid, not {}", given.get_type().name()?)));
        }
        text(given.str()?.as_any())?.parse().or_raise().map(Self)
    }
}

/// A number or a name.
pub(crate) struct GuestArg(pub(crate) GuestRef);

impl<'py> FromPyObject<'_, 'py> for GuestArg {
    type Error = PyErr;
    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        match given.cast::<PyString>() {
            Ok(_) => text(&given)?.parse().or_raise().map(Self),
            Err(_) => Ok(Self(GuestRef::Vmid(given.extract::<GuestId>()?.0))),
        }
    }
}

/// A whole number. One that does not fit is an error of ours once the argument's name is known: Python's own would not tell it.
pub(crate) struct Number<T>(pub(crate) Result<T, String>);

impl<'py, T: for<'a> FromPyObject<'a, 'py, Error = PyErr>> FromPyObject<'_, 'py> for Number<T> {
    type Error = PyErr;
    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        match given.extract() {
            Ok(number) => Ok(Self(Ok(number))),
            Err(e) if e.is_instance_of::<PyOverflowError>(given.py()) => {
                Ok(Self(Err(given.str()?.to_string())))
            }
            Err(e) => Err(e),
        }
    }
}

impl<T> Number<T> {
    /// The number, as the argument with this name.
    pub(crate) fn named(self, name: &str) -> PyResult<T> {
        self.0.map_err(|given| invalid(name, format!("{name}: {given} is out of range")))
    }
}

/// [`Number::named`] of an argument that may be left out.
pub(crate) fn named<T>(name: &str, given: Option<Number<T>>) -> PyResult<Option<T>> {
    given.map(|number| number.named(name)).transpose()
}

/// A time in seconds, as a number.
#[derive(Clone, Copy)]
pub(crate) struct Seconds(pub(crate) Duration);

impl<'py> FromPyObject<'_, 'py> for Seconds {
    type Error = PyErr;
    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if given.cast::<PyBool>().is_ok() {
            return Err(PyTypeError::new_err("expected seconds, not bool"));
        }
        let seconds: f64 = given.extract()?;
        Duration::try_from_secs_f64(seconds)
            .map(Self)
            .map_err(|_| invalid("seconds", format!("{seconds} is not a number of seconds to wait")))
    }
}

/// A size in bytes.
#[derive(Clone, Copy)]
pub(crate) struct Bytes(pub(crate) u64);

impl<'py> FromPyObject<'_, 'py> for Bytes {
    type Error = PyErr;
    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if given.cast::<PyInt>().is_err() || given.cast::<PyBool>().is_ok() {
            return Err(PyTypeError::new_err(format!(
                "expected bytes as an int, not {}",
                given.get_type().name()?
            )));
        }
        given.extract().map(Self).map_err(|_| invalid("size", "the size is not between 0 and 2**64 bytes"))
    }
}

impl Bytes {
    /// As a whole number of units, such as MiB.
    pub(crate) fn whole<T: TryFrom<u64>>(self, field: &str, unit: u64) -> PyResult<T> {
        let units = self.0 / unit;
        let bad = || invalid(field, format!("{field}: {} bytes are not a whole number of {unit}", self.0));
        if self.0 == 0 || !self.0.is_multiple_of(unit) {
            return Err(bad());
        }
        T::try_from(units).map_err(|_| bad())
    }

    pub(crate) fn size(self) -> Size {
        Size::from_bytes(self.0)
    }
}

/// Bytes, or text as its UTF-8.
pub(crate) fn bytes(given: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    match given.cast::<PyBytes>() {
        Ok(bytes) => Ok(bytes.as_bytes().to_vec()),
        Err(_) => text(given).map(String::into_bytes),
    }
}

/// What is to be called later must be callable now: afterwards something may have been sent.
pub(crate) fn callable(name: &str, given: &Bound<'_, PyAny>) -> PyResult<()> {
    match given.is_callable() {
        true => Ok(()),
        false => {
            let what = given.get_type().name()?;
            Err(PyTypeError::new_err(format!("{name}: expected something to call, not {what}")))
        }
    }
}

/// By how much a disk grows, or to what.
pub(crate) fn growth(by: Option<Bytes>, to: Option<Bytes>) -> PyResult<Growth> {
    match (by, to) {
        (Some(by), None) => Ok(Growth::By(by.size())),
        (None, Some(to)) => Ok(Growth::To(to.size())),
        _ => Err(invalid("size", "size: give either `by` or `to`")),
    }
}

/// Which address is waited for.
pub(crate) fn ip_query(v6: bool, mac: Option<&str>, subnet: Option<&str>) -> PyResult<IpQuery> {
    let query = if v6 { IpQuery::v6() } else { IpQuery::v4() };
    let query = mac.into_iter().fold(query, IpQuery::mac);
    match subnet {
        Some(subnet) => query.subnet(subnet).or_raise(),
        None => Ok(query),
    }
}
