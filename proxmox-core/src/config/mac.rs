use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Error, Result};

/// A network card's address, `BC:24:11:0C:AB:01`. Guests, agents and PVE differ in case; this does not.
///
/// ```
/// use proxmox_core::config::MacAddr;
/// assert_eq!(MacAddr::parse("bc:24:11:0c:ab:01")?.to_string(), "BC:24:11:0C:AB:01");
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacAddr([u8; 6]);

impl MacAddr {
    /// Reads six pairs of hexadecimal digits with colons between them.
    ///
    /// # Errors
    /// `InvalidInput` naming the value.
    pub fn parse(text: &str) -> Result<Self> {
        Self::read(text).ok_or_else(|| {
            Error::invalid("macaddr", format!("{text:?} is not a MAC address: expected XX:XX:XX:XX:XX:XX"))
        })
    }

    fn read(text: &str) -> Option<Self> {
        let mut octets = [0; 6];
        let mut pairs = text.split(':');
        for octet in &mut octets {
            let pair = pairs.next().filter(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_hexdigit()))?;
            *octet = u8::from_str_radix(pair, 16).ok()?;
        }
        pairs.next().is_none().then_some(Self(octets))
    }

    /// The six octets.
    #[must_use]
    pub const fn octets(self) -> [u8; 6] {
        self.0
    }
}

impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02X}:{b:02X}:{c:02X}:{d:02X}:{e:02X}:{g:02X}")
    }
}

impl FromStr for MacAddr {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl Serialize for MacAddr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MacAddr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let mac = MacAddr::parse("Bc:24:11:0C:aB:01").unwrap();
        assert_eq!(mac.octets(), [0xbc, 0x24, 0x11, 0x0c, 0xab, 1]);
        assert_eq!(serde_json::from_str::<MacAddr>("\"BC:24:11:0C:AB:01\"").unwrap(), mac);
        for bad in
            ["", "BC:24:11:0C:AB", "BC:24:11:0C:AB:01:02", "BC-24-11-0C-AB-01", "BC:24:11:0C:AB:+1", "éé:24"]
        {
            let error = MacAddr::parse(bad).unwrap_err().to_string();
            assert!(error.contains(&format!("{bad:?}")), "{error}");
        }
    }
}
