//! Bytes of a guest, which are mostly text.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::Error as _;
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a program printed or what a file holds: bytes, which are mostly text.
///
/// As JSON it is a string where it is UTF-8, and `{"base64": "…"}` where it is not.
///
/// ```
/// use proxmox_core::guest::GuestData;
/// let data = GuestData::from("héllo\n");
/// assert_eq!(data, "héllo\n");
/// assert_eq!(serde_json::to_string(&data).unwrap(), r#""héllo\n""#);
/// let data = GuestData::from(vec![0xff, 0]);
/// assert_eq!(data.text(), "\u{fffd}\0");
/// assert_eq!(serde_json::to_string(&data).unwrap(), r#"{"base64":"/wA="}"#);
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct GuestData(Vec<u8>);

impl GuestData {
    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, without a copy.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// As text; what is not UTF-8 shows as U+FFFD.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// How many bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Vec<u8>> for GuestData {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&str> for GuestData {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl AsRef<[u8]> for GuestData {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl PartialEq<str> for GuestData {
    fn eq(&self, text: &str) -> bool {
        self.0 == text.as_bytes()
    }
}

impl PartialEq<&str> for GuestData {
    fn eq(&self, text: &&str) -> bool {
        self == *text
    }
}

impl fmt::Display for GuestData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl fmt::Debug for GuestData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text().fmt(f)
    }
}

impl Serialize for GuestData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Ok(text) = std::str::from_utf8(&self.0) {
            return serializer.serialize_str(text);
        }
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("base64", &BASE64.encode(&self.0))?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for GuestData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Text(String),
            Bytes { base64: String },
        }
        Ok(Self(match Form::deserialize(deserializer)? {
            Form::Text(text) => text.into_bytes(),
            Form::Bytes { base64 } => BASE64.decode(base64).map_err(D::Error::custom)?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_every_byte() {
        for bytes in [&b""[..], b"a\0b", "ü".as_bytes(), &[0xc3], &[0xff; 300]] {
            let data = GuestData::from(bytes.to_vec());
            let text = serde_json::to_string(&data).unwrap();
            assert_eq!(serde_json::from_str::<GuestData>(&text).unwrap().as_bytes(), bytes, "{text}");
        }
        for bad in [r#"{"base64":"%"}"#, "1", "[1]", "{}"] {
            assert!(serde_json::from_str::<GuestData>(bad).is_err(), "{bad}");
        }
    }
}
