//! The names PVE gives to things, each validated once, where it enters.

mod guest;
mod name;
mod upid;
mod user;
mod vmid;
mod volid;

pub use guest::{GuestKind, GuestRef};
pub use name::{NodeName, StorageId};
pub use upid::Upid;
pub use user::{TokenId, UserId};
pub use vmid::Vmid;
pub use volid::VolId;

use crate::Error;

/// The one sentence every malformed id gets: which kind, what was given, what is expected.
fn invalid(kind: &str, value: &str, expected: &str) -> Error {
    Error::invalid(kind, format!("{value:?} is not a {kind}: {expected}"))
}

/// What a validated textual id needs besides its own `parse`.
macro_rules! textual_id {
    ($name:ident) => {
        impl $name {
            /// The id as PVE writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl std::str::FromStr for $name {
            type Err = $crate::Error;
            fn from_str(text: &str) -> $crate::Result<Self> {
                Self::parse(text)
            }
        }
        impl TryFrom<&str> for $name {
            type Error = $crate::Error;
            fn try_from(text: &str) -> $crate::Result<Self> {
                Self::parse(text)
            }
        }
        impl TryFrom<String> for $name {
            type Error = $crate::Error;
            fn try_from(text: String) -> $crate::Result<Self> {
                Self::parse(&text)
            }
        }
        impl TryFrom<&$name> for $name {
            type Error = $crate::Error;
            fn try_from(id: &$name) -> $crate::Result<Self> {
                Ok(id.clone())
            }
        }
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct V;
                impl serde::de::Visitor<'_> for V {
                    type Value = $name;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("a string")
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        $name::parse(text).map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(V)
            }
        }
    };
}
use textual_id;
