//! What an image must be.

use std::fmt;
use std::str::FromStr;

use proxmox_core::{Error, Result};
use ring::digest::{Algorithm, Context, SHA256, SHA512};

/// The sum that an image must have: `sha256:…` or `sha512:…`.
///
/// ```
/// use libvirt_driver::Checksum;
/// let sum: Checksum = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".parse()?;
/// assert!("md5:d41d8cd98f00b204e9800998ecf8427e".parse::<Checksum>().is_err());
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    long: bool,
    hex: String,
}

impl Checksum {
    fn algorithm(&self) -> &'static Algorithm {
        if self.long { &SHA512 } else { &SHA256 }
    }

    /// A short word that tells images apart, for names.
    pub(super) fn word(&self) -> &str {
        &self.hex[..32]
    }

    /// Begins to sum up.
    pub(super) fn begin(&self) -> Sum<'_> {
        Sum { wanted: self, context: Context::new(self.algorithm()) }
    }
}

impl FromStr for Checksum {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let bad = || Error::invalid("checksum", format!("checksum: {text:?} is no sha256:… or sha512:…"));
        let (algorithm, hex) = text.trim().split_once(':').ok_or_else(bad)?;
        let (long, digits) = match algorithm {
            "sha256" => (false, 64),
            "sha512" => (true, 128),
            _ => return Err(bad()),
        };
        if hex.len() != digits || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(bad());
        }
        Ok(Self { long, hex: hex.to_ascii_lowercase() })
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", if self.long { "sha512" } else { "sha256" }, self.hex)
    }
}

/// A sum in the making.
pub(super) struct Sum<'a> {
    wanted: &'a Checksum,
    context: Context,
}

impl Sum<'_> {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
    }

    /// Whether it is the one that was wanted; else the one that it is.
    pub(super) fn check(self) -> std::result::Result<(), Checksum> {
        let digest = self.context.finish();
        let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        if hex == self.wanted.hex { Ok(()) } else { Err(Checksum { long: self.wanted.long, hex }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums() {
        // Of "abc", from FIPS 180-2.
        let sum =
            "SHA256".to_lowercase() + ":BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";
        let checksum: Checksum = sum.parse().unwrap();
        let mut right = checksum.begin();
        right.add(b"a");
        right.add(b"bc");
        right.check().unwrap();
        let empty = checksum.begin().check().unwrap_err();
        assert!(empty.to_string().starts_with("sha256:e3b0c442"), "{empty}");
        for bad in ["", "sha256", "sha256:", "sha256:zz", "md5:00", &format!("sha512:{}", "0".repeat(64))] {
            assert!(bad.parse::<Checksum>().is_err(), "{bad}");
        }
    }
}
