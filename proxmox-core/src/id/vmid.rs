use std::fmt;
use std::str::FromStr;

use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::invalid;
use crate::{Error, Result};

/// The number of a guest, unique in the whole cluster: 100 to 999 999 999.
///
/// ```
/// use proxmox_core::Vmid;
/// assert_eq!(Vmid::new(100)?.to_string(), "100");
/// assert!(Vmid::new(99).is_err());
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Vmid(u32);

impl Vmid {
    /// The smallest VMID.
    pub const MIN: Self = Self(100);
    /// The largest VMID.
    pub const MAX: Self = Self(999_999_999);

    /// Checks the range.
    ///
    /// # Errors
    /// `InvalidInput` when `id` is outside 100..=999 999 999.
    pub fn new(id: u32) -> Result<Self> {
        if (Self::MIN.0..=Self::MAX.0).contains(&id) {
            Ok(Self(id))
        } else {
            Err(invalid("vmid", &id.to_string(), "expected 100 to 999999999"))
        }
    }

    /// The plain number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Vmid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Vmid {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match text.parse::<u32>() {
            Ok(id) if digits => Self::new(id),
            _ => Err(invalid("vmid", text, "expected 100 to 999999999")),
        }
    }
}

impl TryFrom<u32> for Vmid {
    type Error = Error;
    fn try_from(id: u32) -> Result<Self> {
        Self::new(id)
    }
}

/// Integer literals are `i32`.
impl TryFrom<i32> for Vmid {
    type Error = Error;
    fn try_from(id: i32) -> Result<Self> {
        match u32::try_from(id) {
            Ok(id) => Self::new(id),
            Err(_) => Err(invalid("vmid", &id.to_string(), "expected 100 to 999999999")),
        }
    }
}

impl TryFrom<&str> for Vmid {
    type Error = Error;
    fn try_from(text: &str) -> Result<Self> {
        text.parse()
    }
}

impl<'de> Deserialize<'de> for Vmid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct V;
        impl Visitor<'_> for V {
            type Value = Vmid;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a vmid as number or text")
            }
            fn visit_u64<E: serde::de::Error>(self, id: u64) -> Result<Vmid, E> {
                u32::try_from(id).map_err(E::custom).and_then(|id| Vmid::new(id).map_err(E::custom))
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Vmid, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(V).map_err(|e| D::Error::custom(format_args!("{e}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn range_and_text_forms() {
        for (text, ok) in [
            ("100", true),
            ("999999999", true),
            ("99", false),
            ("1000000000", false),
            ("4294967396", false),
            ("+100", false),
            (" 100", false),
            ("", false),
            ("-1", false),
        ] {
            assert_eq!(text.parse::<Vmid>().is_ok(), ok, "{text:?}");
        }
        assert!(Vmid::try_from(-1).is_err());
    }

    #[test]
    fn decodes_from_number_and_text() {
        assert_eq!(serde_json::from_str::<Vmid>("100").unwrap(), Vmid::MIN);
        assert_eq!(serde_json::from_str::<Vmid>("\"100\"").unwrap(), Vmid::MIN);
        assert!(serde_json::from_str::<Vmid>("1").is_err());
    }
}
