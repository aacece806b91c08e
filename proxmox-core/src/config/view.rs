//! What every typed view of a property string has: it is the text, checked once, with names for its parts.

use std::fmt::Display;
use std::str::FromStr;

use super::PropertyString;
use crate::{Error, Result};

/// The value of a key as a number or the like.
pub(super) fn read<T: FromStr>(what: &str, properties: &PropertyString, key: &str) -> Result<Option<T>> {
    let Some(text) = properties.get(key) else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|_| bad(what, properties, format!("{key} has no valid value")))
}

/// The error for a text that a view cannot read: which view, what text, and why.
pub(super) fn bad(what: &str, properties: &PropertyString, why: impl Display) -> Error {
    Error::invalid(what, format!("{:?} is not a valid {what} value: {why}", properties.as_str()))
}

/// For a tuple struct over `PropertyString` with `fn check(&PropertyString) -> Result<()>`.
macro_rules! property_view {
    ($name:ident) => {
        impl $name {
            /// Reads PVE's text. Unknown parts are kept.
            ///
            /// # Errors
            /// `InvalidInput`, with the text and what is wrong with it.
            pub fn parse(text: &str) -> $crate::Result<Self> {
                Self::of($crate::PropertyString::from(text))
            }

            fn of(properties: $crate::PropertyString) -> $crate::Result<Self> {
                Self::check(&properties)?;
                Ok(Self(properties))
            }

            /// All parts, also those that have no name of their own here.
            #[must_use]
            pub fn properties(&self) -> &$crate::PropertyString {
                &self.0
            }

            /// Sets any one key.
            ///
            /// # Errors
            /// `InvalidInput` for a value that cannot stand there.
            pub fn with(self, key: &str, value: impl Into<$crate::ParamValue>) -> $crate::Result<Self> {
                Self::of(self.0.with(key, value)?)
            }

            /// Takes any one key out, so that PVE's default holds.
            ///
            /// # Errors
            /// `InvalidInput` when the value makes no sense without it.
            pub fn without(mut self, key: &str) -> $crate::Result<Self> {
                self.0.remove(key);
                Self::of(self.0)
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.0.as_str())
            }
        }
        impl std::str::FromStr for $name {
            type Err = $crate::Error;
            fn from_str(text: &str) -> $crate::Result<Self> {
                Self::parse(text)
            }
        }
        impl From<$name> for $crate::ParamValue {
            fn from(view: $name) -> Self {
                view.0.into()
            }
        }
        impl From<&$name> for $crate::ParamValue {
            fn from(view: &$name) -> Self {
                (&view.0).into()
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serde::Serialize::serialize(&self.0, serializer)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::of(serde::Deserialize::deserialize(deserializer)?)
                    .map_err(<D::Error as serde::de::Error>::custom)
            }
        }
    };
}
pub(super) use property_view;
