use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::{PropertyString, numbered};
use crate::Params;
use crate::params::ParamValue;

/// What PVE shows in the place of a password.
pub(super) const MASK: &str = "**********";

/// The configuration of a guest as `GET …/config` answers it: keys in the order sent, each value as text. Also the
/// configuration that is wanted, built from nothing or from one that is.
///
/// Numbers and booleans become the text that PVE would store, `null` is left out, lists and objects stay JSON text.
/// The digest is kept apart. A password is a secret: it can be set and sent; reading, printing and serialising show
/// PVE's own mask, `**********`, which stands for "as it is" when it is read back.
///
/// ```
/// use proxmox_core::ConfigBag;
/// let bag: ConfigBag = serde_json::from_str(r#"{"cores":2,"memory":"512","onboot":1,"digest":"48c5bfea"}"#)
/// # .unwrap();
/// assert_eq!((bag.get("cores"), bag.memory_mib(), bag.onboot()), (Some("2"), Some(512), true));
/// assert_eq!((bag.digest(), bag.get("digest")), (Some("48c5bfea"), None));
/// let change = bag.change(|want| {
///     want.set("cores", 4).remove("onboot");
/// });
/// assert_eq!(change.to_string(), "cores: 2 -> 4\nonboot: 1 -> unset");
/// ```
///
/// Two bags are equal when they say the same, in whatever order: PVE sends keys in a new order each time.
#[derive(Debug, Clone, Default)]
pub struct ConfigBag {
    /// Only texts and secrets.
    entries: Params,
    digest: Option<String>,
}

impl ConfigBag {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The text of a key; [a mask](Self) for a password.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.entries.get(key).map(shown)
    }

    /// The value with its secret.
    pub(super) fn value(&self, key: &str) -> Option<&ParamValue> {
        self.entries.get(key)
    }

    /// Keys and texts in order, without the digest.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|(key, value)| (key, shown(value)))
    }

    /// How many keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The state of the configuration file that this is; a change that carries it fails when the file has changed since.
    #[must_use]
    pub fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// A key as a whole number; `None` for anything else.
    #[must_use]
    pub fn int(&self, key: &str) -> Option<i64> {
        self.get(key)?.trim().parse().ok()
    }

    /// A key as a finite number; `None` for anything else.
    #[must_use]
    pub fn float(&self, key: &str) -> Option<f64> {
        self.get(key)?.trim().parse().ok().filter(|n: &f64| n.is_finite())
    }

    /// A key as a flag: `1 yes on true` and their opposites; `None` for anything else.
    #[must_use]
    pub fn flag(&self, key: &str) -> Option<bool> {
        super::flag(self.get(key)?.trim())
    }

    /// A key as a property string, whatever it says.
    #[must_use]
    pub fn properties(&self, key: &str) -> Option<PropertyString> {
        self.get(key).map(PropertyString::from)
    }

    /// The keys `stem0`, `stem1` … by number.
    pub(super) fn numbered(&self, stem: &str) -> Vec<(u32, &str)> {
        let mut found: Vec<_> = self
            .iter()
            .filter_map(|(key, text)| numbered(key).filter(|(s, _)| *s == stem).map(|(_, n)| (n, text)))
            .collect();
        found.sort_unstable();
        found
    }

    /// Sets a key, in its place or at the end. Takes numbers, booleans and the typed views as well as text; a key that PVE
    /// uses for a password makes the value a secret. `digest` sets the [digest](Self::digest).
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<ParamValue>) -> &mut Self {
        let (key, value) = (key.into(), value.into());
        let value = match value {
            ParamValue::Secret(_) => value,
            ParamValue::Redacted => ParamValue::Secret(MASK.into()),
            _ => ParamValue::Text(value.texts().join(",")),
        };
        match value {
            ParamValue::Text(digest) if key == "digest" => self.digest = Some(digest),
            value => {
                self.entries.set(key, value);
            }
        }
        self
    }

    /// Takes a key out, and says whether it was there.
    pub fn remove(&mut self, key: &str) -> bool {
        match key {
            "digest" => self.digest.take().is_some(),
            _ => self.entries.remove(key).is_some(),
        }
    }

    /// All keys as parameters, for creating a guest.
    #[must_use]
    pub fn params(&self) -> Params {
        self.entries.clone()
    }

    pub(super) fn entries(&self) -> &Params {
        &self.entries
    }
}

fn shown(value: &ParamValue) -> &str {
    match value {
        ParamValue::Text(text) => text,
        _ => MASK,
    }
}

impl PartialEq for ConfigBag {
    fn eq(&self, other: &Self) -> bool {
        let same = |(key, value)| other.value(key) == Some(value);
        self.digest == other.digest && self.len() == other.len() && self.entries.iter().all(same)
    }
}

impl<K: Into<String>, V: Into<ParamValue>> FromIterator<(K, V)> for ConfigBag {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut bag = Self::new();
        bag.extend(pairs);
        bag
    }
}

impl<K: Into<String>, V: Into<ParamValue>> Extend<(K, V)> for ConfigBag {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, pairs: I) {
        for (key, value) in pairs {
            self.set(key, value);
        }
    }
}

impl Serialize for ConfigBag {
    /// An object of texts in order, the digest last, secrets masked.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, text) in self.iter() {
            map.serialize_entry(key, text)?;
        }
        if let Some(digest) = &self.digest {
            map.serialize_entry("digest", digest)?;
        }
        map.end()
    }
}

/// A value of the answer as text; nothing for `null`.
struct Text(Option<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Option<String>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a configuration value")
            }
            fn visit_bool<E>(self, yes: bool) -> Result<Option<String>, E> {
                Ok(Some(if yes { "1" } else { "0" }.to_owned()))
            }
            fn visit_i64<E>(self, n: i64) -> Result<Option<String>, E> {
                Ok(Some(n.to_string()))
            }
            fn visit_u64<E>(self, n: u64) -> Result<Option<String>, E> {
                Ok(Some(n.to_string()))
            }
            fn visit_f64<E>(self, n: f64) -> Result<Option<String>, E> {
                Ok(Some(n.to_string()))
            }
            fn visit_str<E>(self, text: &str) -> Result<Option<String>, E> {
                Ok(Some(text.to_owned()))
            }
            fn visit_string<E>(self, text: String) -> Result<Option<String>, E> {
                Ok(Some(text))
            }
            fn visit_unit<E>(self) -> Result<Option<String>, E> {
                Ok(None)
            }
            fn visit_none<E>(self) -> Result<Option<String>, E> {
                Ok(None)
            }
            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<String>, D::Error> {
                deserializer.deserialize_any(self)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Option<String>, A::Error> {
                Value::deserialize(SeqAccessDeserializer::new(seq)).map(|json| Some(json.to_string()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<String>, A::Error> {
                Value::deserialize(MapAccessDeserializer::new(map)).map(|json| Some(json.to_string()))
            }
        }
        deserializer.deserialize_any(V).map(Text)
    }
}

impl<'de> Deserialize<'de> for ConfigBag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = ConfigBag;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of configuration keys")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ConfigBag, A::Error> {
                let mut bag = ConfigBag::new();
                while let Some((key, Text(text))) = map.next_entry::<String, _>()? {
                    if let Some(text) = text {
                        bag.set(key, text);
                    }
                }
                Ok(bag)
            }
        }
        deserializer.deserialize_map(V)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_kind_of_value_becomes_text() {
        let json = r#"{"b":true,"i":-3,"u":18446744073709551615,"f":0.5,"s":"x","n":null,
            "lxc":[["lxc.a","1"]],"o":{"k":[1,null]},"digest":"d1"}"#;
        let bag: ConfigBag = serde_json::from_str(json).unwrap();
        let pairs: Vec<_> = bag.iter().collect();
        assert_eq!(
            pairs,
            [
                ("b", "1"),
                ("i", "-3"),
                ("u", "18446744073709551615"),
                ("f", "0.5"),
                ("s", "x"),
                ("lxc", r#"[["lxc.a","1"]]"#),
                ("o", r#"{"k":[1,null]}"#),
            ]
        );
        assert_eq!(
            (bag.digest(), bag.int("i"), bag.float("f"), bag.flag("b")),
            (Some("d1"), Some(-3), Some(0.5), Some(true))
        );
        assert_eq!((bag.int("s"), bag.float("s"), bag.flag("s"), bag.int("gone")), (None, None, None, None));
        assert!(serde_json::from_str::<ConfigBag>("[]").is_err());
        assert!(serde_json::from_str::<ConfigBag>("{}").unwrap().is_empty());
    }

    #[test]
    fn order_says_nothing() {
        let read = |json| serde_json::from_str::<ConfigBag>(json).unwrap();
        assert_eq!(read(r#"{"a":1,"b":2}"#), read(r#"{"b":"2","a":1}"#));
        assert_ne!(read(r#"{"a":1}"#), read(r#"{"a":1,"b":2}"#));
        assert_ne!(read(r#"{"a":1}"#), read(r#"{"a":1,"digest":"x"}"#));
    }

    #[test]
    fn a_password_is_shown_nowhere() {
        let mut bag = ConfigBag::new();
        bag.set("ciuser", "me").set("cipassword", "hunter2");
        let json = serde_json::to_string(&bag).unwrap();
        assert_eq!(json, r#"{"ciuser":"me","cipassword":"**********"}"#);
        assert!(!format!("{bag:?} {:?}", bag.iter().collect::<Vec<_>>()).contains("hunter2"));
        assert_eq!(bag.get("cipassword"), Some(MASK));
        assert!(bag.params().exposed().any(|(key, text)| key == "cipassword" && text == "hunter2"));
    }

    #[test]
    fn set_and_remove() {
        let mut bag: ConfigBag = [("cores", 2), ("sockets", 1)].into_iter().collect();
        bag.set("onboot", true).set("cores", 4).set("digest", "d");
        assert_eq!(
            serde_json::to_string(&bag).unwrap(),
            r#"{"cores":"4","sockets":"1","onboot":"1","digest":"d"}"#
        );
        assert!(bag.remove("cores") && !bag.remove("cores") && bag.remove("digest") && !bag.remove("digest"));
        assert_eq!(bag.len(), 2);
    }

    proptest! {
        #[test]
        fn comes_back_from_json(entries in prop::collection::btree_map("[a-z]{1,6}[0-9]?", any::<String>(), 0..8)) {
            let bag: ConfigBag = entries.into_iter().filter(|(k, _)| !crate::secret::is_secret_name(k)).collect();
            let json = serde_json::to_string(&bag).unwrap();
            prop_assert_eq!(serde_json::from_str::<ConfigBag>(&json).unwrap(), bag);
        }
    }
}
