use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::params::ParamValue;
use crate::{Error, Result};

/// A PVE property string: `virtio=BC:24:11:0C:AB:01,bridge=vmbr0,tag=5`, `local-lvm:vm-100-disk-0,size=32G`, `1`.
///
/// Parts are separated by commas. A part is `key=value`, or a value without a key (PVE's default key, such as the
/// volume of a disk). The text is kept byte for byte, so order, unknown keys and odd forms survive; a change touches
/// only the part it names. Other names of the same key (`file` and `volume`) are not known here.
///
/// ```
/// use proxmox_core::PropertyString;
/// let mut disk = PropertyString::from("local-lvm:vm-100-disk-0,iothread=1,size=32G");
/// assert_eq!(disk.default_value(), Some("local-lvm:vm-100-disk-0"));
/// assert_eq!(disk.get("size"), Some("32G"));
/// disk.set("ssd", true)?.set("iothread", false)?;
/// assert_eq!(disk.to_string(), "local-lvm:vm-100-disk-0,iothread=0,size=32G,ssd=1");
/// assert!(disk.set("serial", "a,b").is_err());
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PropertyString(String);

impl PropertyString {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The text, as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it has no part.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Keys and values in order; no key for a value that stands alone. Blank parts say nothing to PVE and are left out.
    pub fn iter(&self) -> impl Iterator<Item = (Option<&str>, &str)> {
        self.0.split(',').filter(|part| !part.trim().is_empty()).map(split)
    }

    /// The value of a key; the first, where a broken text has several.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter().find(|(k, _)| *k == Some(key)).map(|(_, value)| value)
    }

    /// The value that stands without a key; the first, where there are several.
    #[must_use]
    pub fn default_value(&self) -> Option<&str> {
        self.iter().find(|(k, _)| k.is_none()).map(|(_, value)| value)
    }

    /// A key as a flag: `1 yes on true` and their opposites; `None` for anything else.
    #[must_use]
    pub fn flag(&self, key: &str) -> Option<bool> {
        super::flag(self.get(key)?)
    }

    /// Sets a key where it stands, or adds it at the end. Booleans become 1 and 0.
    ///
    /// # Errors
    /// `InvalidInput` for a key that PVE could not read back, and for a value that is empty, is a list or a secret, or
    /// holds a comma or a control character.
    pub fn set(&mut self, key: &str, value: impl Into<ParamValue>) -> Result<&mut Self> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        if key.is_empty() || !key.bytes().all(plain) {
            return Err(Error::invalid("property", format!("{key:?} is not a property's name")));
        }
        let value = text(key, &value.into())?;
        self.replace(|k| k == Some(key), Some(&format!("{key}={value}")), false);
        Ok(self)
    }

    /// Sets the value that stands without a key, in its place or at the front.
    ///
    /// # Errors
    /// As [`set`](Self::set); also when the value holds `=`, for PVE would take it for a key and a value.
    pub fn set_default(&mut self, value: impl Into<ParamValue>) -> Result<&mut Self> {
        let value = text("value", &value.into())?;
        if value.contains('=') || value.trim().is_empty() {
            return Err(Error::invalid(
                "value",
                format!("{value:?} cannot stand without a key in a property string"),
            ));
        }
        self.replace(|k| k.is_none(), Some(&value), true);
        Ok(self)
    }

    /// The same with one key set.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn with(mut self, key: &str, value: impl Into<ParamValue>) -> Result<Self> {
        self.set(key, value)?;
        Ok(self)
    }

    /// Takes a key out and returns its value.
    pub fn remove(&mut self, key: &str) -> Option<String> {
        let value = self.get(key)?.to_owned();
        self.replace(|k| k == Some(key), None, false);
        Some(value)
    }

    /// Whether both have the same parts, in whatever order: PVE sorts them when it writes.
    #[must_use]
    pub fn same_parts(&self, other: &Self) -> bool {
        self.sorted() == other.sorted()
    }

    /// Sets a key to something that cannot hold a comma: a number, an address, a word of the caller's own.
    pub(super) fn put(&mut self, key: &'static str, value: impl fmt::Display) {
        self.replace(|k| k == Some(key), Some(&format!("{key}={value}")), false);
    }

    /// The same for the value that stands without a key.
    pub(super) fn put_default(&mut self, value: impl fmt::Display) {
        self.replace(|k| k.is_none(), Some(&value.to_string()), true);
    }

    pub(super) fn sorted(&self) -> Parts<'_> {
        let mut parts: Parts = self.iter().collect();
        parts.sort_unstable();
        parts
    }

    /// Puts `new` in the place of the first matching part and drops the others; without a match at front or end.
    fn replace(&mut self, hit: impl Fn(Option<&str>) -> bool, new: Option<&str>, front: bool) {
        let mut new = new;
        let mut parts = Vec::new();
        for part in self.0.split(',').filter(|_| !self.0.is_empty()) {
            if part.trim().is_empty() || !hit(split(part).0) {
                parts.push(part);
            } else {
                parts.extend(new.take());
            }
        }
        if let Some(new) = new {
            parts.insert(if front { 0 } else { parts.len() }, new);
        }
        self.0 = parts.join(",");
    }
}

/// Keys and values.
pub(super) type Parts<'a> = Vec<(Option<&'a str>, &'a str)>;

fn split(part: &str) -> (Option<&str>, &str) {
    part.split_once('=').map_or((None, part), |(key, value)| (Some(key), value))
}

/// The text of a value, if it can be a part.
fn text(key: &str, value: &ParamValue) -> Result<String> {
    let text = match value {
        ParamValue::Text(_) | ParamValue::Int(_) | ParamValue::Float(_) | ParamValue::Bool(_) => {
            value.texts().pop().unwrap_or_default().into_owned()
        }
        _ => {
            return Err(Error::invalid(key, format!("{key}: a property string holds only plain values")));
        }
    };
    if text.is_empty() || text.contains(|c: char| c == ',' || c.is_control()) {
        let why = "is empty or holds a comma or a control character";
        return Err(Error::invalid(
            key,
            format!("{key}: {text:?} {why} and cannot stand in a property string"),
        ));
    }
    Ok(text)
}

impl fmt::Display for PropertyString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PropertyString {
    type Err = Infallible;
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(text.into())
    }
}

impl From<&str> for PropertyString {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for PropertyString {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<PropertyString> for ParamValue {
    fn from(properties: PropertyString) -> Self {
        Self::Text(properties.0)
    }
}

impl From<&PropertyString> for ParamValue {
    fn from(properties: &PropertyString) -> Self {
        Self::Text(properties.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Text made of what matters here, so that the interesting cases are common.
    fn odd() -> impl Strategy<Value = String> {
        prop_oneof![any::<String>(), "[ab=, \\n1:/;-]{0,24}"]
    }

    #[test]
    fn forms_that_pve_writes() {
        for (text, default, parts) in [
            ("virtio=BC:24:11:A3:26:7F,bridge=vmbr0,firewall=1,rate=10,tag=5", None, 5),
            (
                "lab:101/vm-101-disk-0.qcow2,discard=on,iothread=1,size=1G,ssd=1",
                Some("lab:101/vm-101-disk-0.qcow2"),
                5,
            ),
            ("1", Some("1"), 1),
            ("host,flags=+aes", Some("host"), 2),
            ("order=scsi0;net0", None, 1),
            ("none,media=cdrom", Some("none"), 2),
            (" ", None, 0),
            ("", None, 0),
            (",,a=1,", None, 1),
            ("a=b=c", None, 1),
        ] {
            let properties = PropertyString::from(text);
            assert_eq!(properties.to_string(), text);
            assert_eq!((properties.default_value(), properties.iter().count()), (default, parts), "{text:?}");
        }
        assert_eq!(PropertyString::from("a=b=c").get("a"), Some("b=c"));
        assert_eq!(PropertyString::from("a=1,a=2").get("a"), Some("1"));
        assert_eq!(PropertyString::from("x=on").flag("x"), Some(true));
    }

    #[test]
    fn changes_touch_one_part() {
        let mut p = PropertyString::new();
        p.set("b", 1).unwrap().set_default("v").unwrap().set("c", 0.5).unwrap();
        assert_eq!(p.as_str(), "v,b=1,c=0.5");
        p.set_default("w").unwrap().set("b", "x=y").unwrap();
        assert_eq!(p.as_str(), "w,b=x=y,c=0.5");
        assert_eq!(p.remove("b").as_deref(), Some("x=y"));
        assert_eq!((p.remove("b"), p.as_str()), (None, "w,c=0.5"));
        let mut double = PropertyString::from("a=1,b=2,a=3");
        double.set("a", 9).unwrap();
        assert_eq!(double.as_str(), "a=9,b=2");
    }

    #[test]
    fn what_would_break_the_form_is_refused() {
        let mut p = PropertyString::from("a=1");
        for value in ["", "x,y", "x\ny", "x\0", "\u{85}"] {
            let error = p.set("k", value).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidInput);
            assert!(error.errors().contains_key("k"), "{error:?}");
        }
        for key in ["", "a,b", "a=b", "a b", "ä"] {
            assert!(p.set(key, 1).is_err(), "{key:?}");
        }
        assert!(p.set_default("a=b").is_err() && p.set_default(" ").is_err());
        let secret = p.set("k", crate::Secret::from("hunter2")).unwrap_err();
        assert!(!format!("{secret:?}").contains("hunter2"));
        assert!(p.set("k", vec!["x".to_owned()]).is_err());
        assert_eq!(p.as_str(), "a=1");
    }

    #[test]
    fn order_does_not_matter_to_pve() {
        let same = |a: &str, b: &str| PropertyString::from(a).same_parts(&b.into());
        assert!(same("a=1,b=2", "b=2,,a=1") && same("", " "));
        assert!(!same("a=1", "a=1,a=1") && !same("a", "a=") && !same("a=1", "a=2"));
    }

    proptest! {
        #[test]
        fn prints_what_it_read(text in odd()) {
            let properties = PropertyString::from(text.as_str());
            prop_assert_eq!(properties.to_string(), text.clone());
            let json = serde_json::to_string(&properties).unwrap();
            prop_assert_eq!(&json, &serde_json::to_string(&text).unwrap());
            prop_assert_eq!(serde_json::from_str::<PropertyString>(&json).unwrap(), properties);
        }

        #[test]
        fn set_is_read_back_and_leaves_the_rest(text in odd(), key in "[a-c]{1,2}", value in odd()) {
            let before = PropertyString::from(text.as_str());
            let mut after = before.clone();
            if after.set(&key, value.as_str()).is_ok() {
                prop_assert_eq!(after.get(&key), Some(value.as_str()));
                let rest = |p: &PropertyString| -> Vec<String> {
                    p.iter().filter(|(k, _)| *k != Some(key.as_str())).map(|part| format!("{part:?}")).collect()
                };
                prop_assert_eq!(rest(&before), rest(&after));
                after.remove(&key);
                prop_assert_eq!(after.get(&key), None);
                prop_assert_eq!(rest(&before), rest(&after));
            } else {
                prop_assert_eq!(after, before);
            }
        }
    }
}
