use std::fmt;
use std::str::FromStr;

use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::params::ParamValue;
use crate::{Error, Result};

/// A size in bytes, written as PVE writes disk sizes: `32G`, `2052M`, `1048576K`, with factors of 1024.
///
/// `Display` uses the largest unit that needs no fraction, as PVE does; a text without unit is bytes.
///
/// ```
/// use proxmox_core::Size;
/// assert_eq!("32G".parse::<Size>()?, Size::gib(32));
/// assert_eq!("10.5G".parse::<Size>()?.to_string(), "10752M");
/// assert_eq!(Size::mib(2048).bytes(), 2_147_483_648);
/// assert!("32GB".parse::<Size>().unwrap_err().to_string().contains("32GB"));
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Size(u64);

impl Size {
    /// So many bytes.
    #[must_use]
    pub const fn from_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// So many MiB, `nM`.
    #[must_use]
    pub const fn mib(n: u32) -> Self {
        Self((n as u64) << 20)
    }

    /// So many GiB, `nG`.
    #[must_use]
    pub const fn gib(n: u32) -> Self {
        Self((n as u64) << 30)
    }

    /// In bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// Both together; `None` past 16 EiB.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(bytes) => Some(Self(bytes)),
            None => None,
        }
    }

    /// Digits, a fraction perhaps, and a unit perhaps; nothing else, as PVE itself insists.
    fn read(text: &str) -> Option<u64> {
        let (number, shift) = match text.as_bytes().last()? {
            b'K' => (&text[..text.len() - 1], 10),
            b'M' => (&text[..text.len() - 1], 20),
            b'G' => (&text[..text.len() - 1], 30),
            b'T' => (&text[..text.len() - 1], 40),
            _ => (text, 0),
        };
        let (whole, fraction) = number.split_once('.').map_or((number, None), |(w, f)| (w, Some(f)));
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !fraction.is_none_or(digits) {
            return None;
        }
        let whole = whole.parse::<u64>().ok()?.checked_mul(1 << shift)?;
        // 25 digits fit; what comes after them is far less than a byte.
        let fraction = fraction.unwrap_or_default();
        let fraction = &fraction[..fraction.len().min(25)];
        let part = match fraction {
            "" => 0,
            digits => {
                (digits.parse::<u128>().ok()? << shift) / 10_u128.pow(u32::try_from(digits.len()).ok()?)
            }
        };
        whole.checked_add(u64::try_from(part).ok()?)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = [(40, "T"), (30, "G"), (20, "M"), (10, "K")];
        match unit.iter().find(|(shift, _)| self.0 != 0 && self.0.trailing_zeros() >= *shift) {
            Some((shift, unit)) => f.pad(&format!("{}{unit}", self.0 >> shift)),
            None => f.pad(&self.0.to_string()),
        }
    }
}

impl FromStr for Size {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        Self::read(text).map(Self).ok_or_else(|| invalid(text, "a number and K, M, G or T, such as 32G"))
    }
}

fn invalid(text: &str, expected: &str) -> Error {
    Error::invalid("size", format!("{text:?} is not a size: expected {expected}"))
}

impl TryFrom<&str> for Size {
    type Error = Error;
    fn try_from(text: &str) -> Result<Self> {
        text.parse()
    }
}

impl From<Size> for ParamValue {
    fn from(size: Size) -> Self {
        Self::Text(size.to_string())
    }
}

impl Serialize for Size {
    /// As text, `"32G"`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Size {
    /// From text, or from a number of bytes.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct V;
        impl Visitor<'_> for V {
            type Value = Size;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a size such as \"32G\", or bytes")
            }
            fn visit_u64<E: serde::de::Error>(self, bytes: u64) -> Result<Size, E> {
                Ok(Size(bytes))
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Size, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(V).map_err(D::Error::custom)
    }
}

/// How far to resize a disk: by so much (`+10G`), or to so much (`32G`). Disks only grow.
///
/// ```
/// use proxmox_core::{Growth, Size};
/// let growth: Growth = "+10G".parse()?;
/// assert_eq!(growth, Growth::By(Size::gib(10)));
/// assert_eq!(growth.of(Size::gib(32))?, Size::gib(42));
/// assert!(Growth::To(Size::gib(16)).of(Size::gib(32)).is_err());
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Growth {
    /// Larger by so much.
    By(Size),
    /// To so much in all.
    To(Size),
}

impl Growth {
    /// The size that a disk of this size gets.
    ///
    /// # Errors
    /// `InvalidInput` when that would be smaller than now, which PVE refuses in the task, or too large to count.
    pub fn of(self, now: Size) -> Result<Size> {
        match self {
            Self::By(more) => {
                now.checked_add(more).ok_or_else(|| invalid(&self.to_string(), "a disk of less than 16 EiB"))
            }
            Self::To(size) if size < now => Err(Error::invalid(
                "size",
                format!("size: {size} is less than the disk has ({now}); disks only grow"),
            )),
            Self::To(size) => Ok(size),
        }
    }
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::By(size) => write!(f, "+{size}"),
            Self::To(size) => size.fmt(f),
        }
    }
}

impl FromStr for Growth {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let (by, size) = text.strip_prefix('+').map_or((false, text), |rest| (true, rest));
        match Size::read(size).map(Size) {
            Some(size) if by => Ok(Self::By(size)),
            Some(size) => Ok(Self::To(size)),
            None => Err(invalid(text, "a size such as 32G, or an increase such as +10G")),
        }
    }
}

impl TryFrom<&str> for Growth {
    type Error = Error;
    fn try_from(text: &str) -> Result<Self> {
        text.parse()
    }
}

impl From<Size> for Growth {
    fn from(size: Size) -> Self {
        Self::To(size)
    }
}

impl From<Growth> for ParamValue {
    fn from(growth: Growth) -> Self {
        Self::Text(growth.to_string())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn forms() {
        for (text, bytes, shown) in [
            ("32G", 34_359_738_368, "32G"),
            ("2052M", 2_151_677_952, "2052M"),
            ("1048576K", 1 << 30, "1G"),
            ("1024G", 1 << 40, "1T"),
            ("10.5G", 11_274_289_152, "10752M"),
            ("0.5K", 512, "512"),
            ("1.9", 1, "1"),
            ("0", 0, "0"),
            ("0G", 0, "0"),
            ("4M", 4 << 20, "4M"),
            ("0.0009765625T", 1 << 30, "1G"),
        ] {
            let size: Size = text.parse().unwrap();
            assert_eq!((size.bytes(), size.to_string().as_str()), (bytes, shown), "{text}");
        }
    }

    #[test]
    fn malformed() {
        for bad in [
            "",
            "G",
            "32g",
            "32GB",
            "32GiB",
            "-1G",
            "+1G",
            " 1G",
            "1 G",
            "1.G",
            ".5G",
            "1.2.3G",
            "1e3",
            "abc",
            "٣G",
            "é",
            "99999999999T",
            "18446744073709551616",
        ] {
            let error = bad.parse::<Size>().unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidInput);
            assert!(error.to_string().contains(&format!("{bad:?}")), "{error}");
        }
        for bad in ["", "+", "++1G", "+-1G", "-1G", "+abc"] {
            assert!(bad.parse::<Growth>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn growth() {
        for (text, now, then) in [
            ("+512M", Size::gib(2), Some(Size::mib(2560))),
            ("+0", Size::gib(2), Some(Size::gib(2))),
            ("2G", Size::gib(2), Some(Size::gib(2))),
            ("1G", Size::gib(2), None),
            ("+1", Size::from_bytes(u64::MAX), None),
        ] {
            let growth: Growth = text.parse().unwrap();
            assert_eq!(growth.of(now).ok(), then, "{text}");
            assert_eq!(growth.to_string(), text);
        }
    }

    #[test]
    fn in_json() {
        assert_eq!(serde_json::from_str::<Size>("1073741824").unwrap(), Size::gib(1));
        assert_eq!(serde_json::to_string(&Size::gib(1)).unwrap(), "\"1G\"");
        assert!(serde_json::from_str::<Size>("\"x\"").is_err());
    }

    proptest! {
        #[test]
        fn reads_back(bytes: u64) {
            let size = Size::from_bytes(bytes);
            prop_assert_eq!(size.to_string().parse::<Size>().unwrap(), size);
        }

        #[test]
        fn no_text_panics(text in prop_oneof![any::<String>(), "[+0-9.KMGT]{0,40}"]) {
            let _ = (text.parse::<Size>(), text.parse::<Growth>());
        }
    }
}
