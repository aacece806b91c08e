//! XDR (RFC 4506), as much of it as libvirt's protocol uses.
//!
//! What arrives is not trusted: every length is checked against libvirt's own limits and against the bytes that are there,
//! before anything is reserved for it.

use std::fmt;

/// The longest string that libvirt sends or takes.
pub const LONGEST_STRING: usize = 4 << 20;

/// The most items of a list: libvirt's largest limit, that of statistics.
pub const LONGEST_LIST: usize = 262_144;

/// What is no XDR of the expected type, or goes beyond a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed(pub(crate) String);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Malformed {}

type Result<T> = std::result::Result<T, Malformed>;

/// Collects what is encoded.
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
    trouble: Option<Malformed>,
}

impl Writer {
    /// All that was encoded.
    ///
    /// # Errors
    /// When one of the values was beyond a limit.
    pub fn finish(self) -> Result<Vec<u8>> {
        match self.trouble {
            Some(trouble) => Err(trouble),
            None => Ok(self.bytes),
        }
    }

    fn length(&mut self, what: &str, length: usize, limit: usize) {
        match u32::try_from(length).ok().filter(|_| length <= limit) {
            Some(length) => length.encode(self),
            None => self.fail(format!("a {what} of {length} is longer than libvirt's {limit}")),
        }
    }

    fn fail(&mut self, why: String) {
        self.trouble.get_or_insert(Malformed(why));
    }
}

/// Gives out what was received.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads from the beginning of these.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Reads one value that takes all bytes.
    ///
    /// # Errors
    /// When it is malformed, or something is left.
    pub fn all<T: Decode>(bytes: &'a [u8]) -> Result<T> {
        let mut reader = Self::new(bytes);
        let value = T::decode(&mut reader)?;
        reader.end()?;
        Ok(value)
    }

    /// States that nothing is left.
    ///
    /// # Errors
    /// When something is.
    pub fn end(&self) -> Result<()> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(Malformed(format!("{left} bytes too many"))),
        }
    }

    /// So many bytes as they are, without padding.
    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let Some((taken, rest)) = self.rest.split_at_checked(count) else {
            return Err(Malformed(format!("ends {} bytes early", count - self.rest.len())));
        };
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        // `take` gives exactly N.
        self.take(N)?.try_into().map_err(|_| Malformed(String::new()))
    }

    fn length(&mut self, what: &str, limit: usize) -> Result<usize> {
        let length = u32::decode(self)? as usize;
        if length > limit {
            return Err(Malformed(format!("a {what} of {length} is longer than libvirt's {limit}")));
        }
        Ok(length)
    }
}

/// What can be sent.
pub trait Encode {
    /// Appends it.
    fn encode(&self, to: &mut Writer);
}

/// What can be received.
pub trait Decode: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// When what comes next is not of this type.
    fn decode(from: &mut Reader<'_>) -> Result<Self>;
}

macro_rules! numbers {
    ($($number:ty),*) => { $(
        impl Encode for $number {
            fn encode(&self, to: &mut Writer) {
                to.bytes.extend_from_slice(&self.to_be_bytes());
            }
        }
        impl Decode for $number {
            fn decode(from: &mut Reader<'_>) -> Result<Self> {
                from.array().map(Self::from_be_bytes)
            }
        }
    )* };
}

numbers!(i32, u32, i64, u64, f64);

/// Small numbers take a whole word.
macro_rules! small_numbers {
    ($($number:ty),*) => { $(
        impl Encode for $number {
            fn encode(&self, to: &mut Writer) {
                u32::from(*self).encode(to);
            }
        }
        impl Decode for $number {
            fn decode(from: &mut Reader<'_>) -> Result<Self> {
                let word = u32::decode(from)?;
                word.try_into().map_err(|_| Malformed(format!("{word} is too large for its field")))
            }
        }
    )* };
}

small_numbers!(u8, u16);

impl Encode for bool {
    fn encode(&self, to: &mut Writer) {
        u32::from(*self).encode(to);
    }
}

impl Decode for bool {
    /// libvirt's flags are C's integers: what is not 0 is true.
    fn decode(from: &mut Reader<'_>) -> Result<Self> {
        Ok(i32::decode(from)? != 0)
    }
}

impl<const N: usize> Encode for [u8; N] {
    fn encode(&self, to: &mut Writer) {
        to.bytes.extend_from_slice(self);
        pad(to, N);
    }
}

impl<const N: usize> Decode for [u8; N] {
    fn decode(from: &mut Reader<'_>) -> Result<Self> {
        let bytes = from.array()?;
        skip_padding(from, N)?;
        Ok(bytes)
    }
}

impl Encode for str {
    fn encode(&self, to: &mut Writer) {
        // The daemon hands it to C, which would take it for shorter than it is.
        if self.contains('\0') {
            return to.fail("a string holds a NUL".to_owned());
        }
        to.length("string", self.len(), LONGEST_STRING);
        to.bytes.extend_from_slice(self.as_bytes());
        pad(to, self.len());
    }
}

impl Encode for String {
    fn encode(&self, to: &mut Writer) {
        self.as_str().encode(to);
    }
}

impl Decode for String {
    fn decode(from: &mut Reader<'_>) -> Result<Self> {
        let length = from.length("string", LONGEST_STRING)?;
        let bytes = from.take(length)?;
        skip_padding(from, length)?;
        // Names of files on the host may be in any encoding: a replacement character is better than no answer.
        Ok(Self::from_utf8_lossy(bytes).into_owned())
    }
}

impl<T: Encode> Encode for Option<T> {
    fn encode(&self, to: &mut Writer) {
        u32::from(self.is_some()).encode(to);
        if let Some(value) = self {
            value.encode(to);
        }
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(from: &mut Reader<'_>) -> Result<Self> {
        match u32::decode(from)? {
            0 => Ok(None),
            1 => T::decode(from).map(Some),
            other => Err(Malformed(format!("{other} says neither that a value follows nor that none does"))),
        }
    }
}

impl<T: Encode> Encode for [T] {
    fn encode(&self, to: &mut Writer) {
        to.length("list", self.len(), LONGEST_LIST);
        for item in self {
            item.encode(to);
        }
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn encode(&self, to: &mut Writer) {
        self.as_slice().encode(to);
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(from: &mut Reader<'_>) -> Result<Self> {
        let length = from.length("list", LONGEST_LIST)?;
        // Each item takes a word at least: what cannot be there is not reserved.
        let mut items = Self::with_capacity(length.min(from.rest.len() / 4));
        for _ in 0..length {
            items.push(T::decode(from)?);
        }
        Ok(items)
    }
}

impl<T: Encode + ?Sized> Encode for &T {
    fn encode(&self, to: &mut Writer) {
        (**self).encode(to);
    }
}

impl Encode for () {
    fn encode(&self, _: &mut Writer) {}
}

impl Decode for () {
    fn decode(_: &mut Reader<'_>) -> Result<Self> {
        Ok(())
    }
}

macro_rules! tuples {
    ($($($name:ident)+;)*) => { $(
        #[allow(non_snake_case)]
        impl<$($name: Encode),+> Encode for ($($name,)+) {
            fn encode(&self, to: &mut Writer) {
                let ($($name,)+) = self;
                $($name.encode(to);)+
            }
        }
        impl<$($name: Decode),+> Decode for ($($name,)+) {
            fn decode(from: &mut Reader<'_>) -> Result<Self> {
                Ok(($($name::decode(from)?,)+))
            }
        }
    )* };
}

tuples! {
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
}

/// A struct whose fields are sent one after the other, as C has them.
macro_rules! xdr_struct {
    ($($(#[$about:meta])* pub struct $name:ident { $($(#[$field_about:meta])* pub $field:ident: $type:ty,)* })*) => { $(
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name { $($(#[$field_about])* pub $field: $type,)* }

        impl $crate::rpc::xdr::Encode for $name {
            fn encode(&self, to: &mut $crate::rpc::xdr::Writer) {
                $($crate::rpc::xdr::Encode::encode(&self.$field, to);)*
            }
        }

        impl $crate::rpc::xdr::Decode for $name {
            fn decode(from: &mut $crate::rpc::xdr::Reader<'_>) -> Result<Self, $crate::rpc::xdr::Malformed> {
                Ok(Self { $($field: $crate::rpc::xdr::Decode::decode(from)?,)* })
            }
        }
    )* };
}

pub(crate) use xdr_struct;

fn pad(to: &mut Writer, length: usize) {
    let zeros = [0; 4];
    to.bytes.extend_from_slice(&zeros[..padding(length)]);
}

fn skip_padding(from: &mut Reader<'_>, length: usize) -> Result<()> {
    from.take(padding(length)).map(drop)
}

/// What is missing to whole words.
fn padding(length: usize) -> usize {
    length.wrapping_neg() % 4
}

/// The encoded form of one value.
pub(crate) fn encoded<T: Encode + ?Sized>(value: &T) -> Result<Vec<u8>> {
    let mut writer = Writer::default();
    value.encode(&mut writer);
    writer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Anything = (String, Option<String>, Vec<(String, u64)>, [u8; 6], (i32, i64, u16));

    fn text() -> impl Strategy<Value = String> {
        "[^\0]{0,40}"
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            a in text(), b in proptest::option::of(text()),
            c in proptest::collection::vec((text(), any::<u64>()), 0..5), d in any::<[u8; 6]>(), e in any::<(i32, i64, u16)>(),
        ) {
            let value: Anything = (a, b, c, d, e);
            let bytes = encoded(&value).unwrap();
            prop_assert_eq!(bytes.len() % 4, 0);
            prop_assert_eq!(Reader::all::<Anything>(&bytes).unwrap(), value);
        }

        #[test]
        fn a_cut_value_is_malformed(a in text(), b in any::<u64>(), cut in 1usize..8) {
            let bytes = encoded(&(a, b)).unwrap();
            prop_assert!(Reader::all::<(String, u64)>(&bytes[..bytes.len() - cut]).is_err());
        }

        #[test]
        fn arbitrary_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Reader::all::<Anything>(&bytes);
            let _ = Reader::all::<Vec<String>>(&bytes);
            let _ = Reader::all::<Option<(f64, bool, u8)>>(&bytes);
        }
    }

    /// By RFC 4506: big-endian words, strings with their length and zeros up to a whole word.
    #[test]
    fn bytes_as_the_standard_has_them() {
        let bytes = encoded(&(1u32, "abcde", Some(-1i32), None::<&str>, 2u64)).unwrap();
        let words: &[&[u8]] = &[
            &[0, 0, 0, 1],
            &[0, 0, 0, 5],
            b"abcd",
            b"e\0\0\0",
            &[0, 0, 0, 1],
            &[255; 4],
            &[0; 4],
            &[0, 0, 0, 0, 0, 0, 0, 2],
        ];
        assert_eq!(bytes, words.concat());
    }

    #[test]
    fn a_length_that_cannot_be_is_refused_before_it_costs_anything() {
        let claim = u32::MAX.to_be_bytes();
        assert!(Reader::all::<String>(&claim).unwrap_err().to_string().contains("longer than libvirt's"));
        assert!(Reader::all::<Vec<u64>>(&claim).unwrap_err().to_string().contains("longer than libvirt's"));
        let within = encoded(&(LONGEST_LIST as u32)).unwrap();
        assert!(Reader::all::<Vec<u64>>(&within).unwrap_err().to_string().contains("early"));
    }

    #[test]
    fn what_the_daemon_would_not_take_is_not_written() {
        assert!(encoded(&"x".repeat(LONGEST_STRING)).is_ok());
        assert!(encoded(&"x".repeat(LONGEST_STRING + 1)).is_err());
        assert!(encoded(&"a\0b").unwrap_err().to_string().contains("NUL"));
    }

    #[test]
    fn what_is_left_over_is_noticed() {
        assert_eq!(Reader::all::<u32>(&[0; 8]).unwrap_err().to_string(), "4 bytes too many");
    }
}
