//! The parameters of a request: ordered, typed, each name once.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::secret::{ExposeSecret, REDACTED, Secret, is_secret_name};
use crate::{Error, Result};

/// The value of one parameter.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ParamValue {
    /// Text, sent byte for byte.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A finite number with a fraction.
    Float(f64),
    /// Sent as `1` or `0`, the only two forms PVE takes in a form body.
    Bool(bool),
    /// Sent as the same name repeated.
    List(Vec<String>),
    /// Text that is shown nowhere.
    Secret(Secret),
    /// A secret that was left out when the request was written down. Such a request cannot be sent.
    Redacted,
}

impl ParamValue {
    /// The values as they go out, one for each repetition, or nothing for a redacted secret.
    pub(crate) fn texts(&self) -> Vec<Cow<'_, str>> {
        match self {
            Self::Text(text) => vec![text.into()],
            Self::Int(n) => vec![n.to_string().into()],
            Self::Float(n) => vec![n.to_string().into()],
            Self::Bool(yes) => vec![if *yes { "1" } else { "0" }.into()],
            Self::List(items) => items.iter().map(|s| s.as_str().into()).collect(),
            Self::Secret(secret) => vec![secret.expose_secret().into()],
            Self::Redacted => vec![],
        }
    }
}

/// Secrets are equal when their text is.
impl PartialEq for ParamValue {
    fn eq(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other) && self.texts() == other.texts()
    }
}

macro_rules! from {
    ($($type:ty => $make:expr),* $(,)?) => {$(
        impl From<$type> for ParamValue {
            fn from(value: $type) -> Self {
                $make(value)
            }
        }
    )*};
}
from! {
    String => Self::Text,
    &str => |s: &str| Self::Text(s.to_owned()),
    bool => Self::Bool,
    i32 => |n| Self::Int(i64::from(n)),
    u32 => |n| Self::Int(i64::from(n)),
    i64 => Self::Int,
    f64 => Self::Float,
    Vec<String> => Self::List,
    Secret => Self::Secret,
    crate::Vmid => |id: crate::Vmid| Self::Int(id.get().into()),
    &crate::NodeName => |id: &crate::NodeName| Self::Text(id.to_string()),
    &crate::StorageId => |id: &crate::StorageId| Self::Text(id.to_string()),
    &crate::VolId => |id: &crate::VolId| Self::Text(id.to_string()),
}

/// Parameters in the order they were set.
///
/// A name that PVE uses for secrets (`password`, `cipassword` …) makes its text a [`ParamValue::Secret`] by itself.
///
/// ```
/// use proxmox_core::Params;
/// let mut params = Params::new();
/// params.set("name", "web").set("onboot", true).set("command", vec!["ls".to_owned(), "-l".to_owned()]);
/// params.set("cipassword", "hunter2");
/// let pairs: Vec<_> = params.shown().map(|(k, v)| format!("{k}={v}")).collect();
/// assert_eq!(pairs, ["name=web", "onboot=1", "command=ls", "command=-l", "cipassword=<redacted>"]);
/// ```
#[derive(Clone, PartialEq, Default)]
pub struct Params(Vec<(String, ParamValue)>);

impl Params {
    /// No parameters.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets one parameter; a second value for the same name replaces the first.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<ParamValue>) -> &mut Self {
        let name = name.into();
        let value = match value.into() {
            ParamValue::Text(text) if is_secret_name(&name) => ParamValue::Secret(text.into()),
            value => value,
        };
        match self.0.iter_mut().find(|(k, _)| *k == name) {
            Some((_, slot)) => *slot = value,
            None => self.0.push((name, value)),
        }
        self
    }

    /// Sets the parameter when there is a value.
    pub fn set_some(&mut self, name: &str, value: Option<impl Into<ParamValue>>) -> &mut Self {
        if let Some(value) = value {
            self.set(name, value);
        }
        self
    }

    /// Adds one more value under a name: the second makes it a list.
    pub fn push(&mut self, name: &str, text: impl Into<String>) -> &mut Self {
        let text = text.into();
        match self.0.iter_mut().find(|(k, _)| k == name).map(|(_, v)| v) {
            Some(ParamValue::List(items)) => items.push(text),
            Some(first) => {
                let mut items: Vec<String> = first.texts().into_iter().map(Cow::into_owned).collect();
                items.push(text);
                *first = ParamValue::List(items);
            }
            None => {
                self.set(name, text);
            }
        }
        self
    }

    /// Takes a parameter out.
    pub fn remove(&mut self, name: &str) -> Option<ParamValue> {
        let at = self.0.iter().position(|(k, _)| k == name)?;
        Some(self.0.remove(at).1)
    }

    /// The value of one parameter.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&ParamValue> {
        self.0.iter().find(|(k, _)| k == name).map(|(_, v)| v)
    }

    /// The value of one parameter as the single text that would be sent; `None` for lists and secrets.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        match self.get(name)? {
            ParamValue::List(_) | ParamValue::Secret(_) | ParamValue::Redacted => None,
            value => value.texts().pop(),
        }
    }

    /// All texts that would be sent under a name, whatever form they were given in.
    pub(crate) fn all(&self, name: &str) -> Vec<Cow<'_, str>> {
        self.get(name).map(ParamValue::texts).unwrap_or_default()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many names are set.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ParamValue)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v))
    }

    /// What goes over the wire: lists repeated, booleans as 1 and 0, **secrets in the clear**. For codecs only.
    pub fn exposed(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        self.0.iter().flat_map(|(k, v)| v.texts().into_iter().map(move |text| (k.as_str(), text)))
    }

    /// The same with secrets redacted: for people, logs and plans.
    pub fn shown(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        self.0.iter().flat_map(|(k, v)| {
            let texts = if is_secret(k, v) { vec![REDACTED.into()] } else { v.texts() };
            texts.into_iter().map(move |text| (k.as_str(), text))
        })
    }

    /// Whether a parameter holds a secret.
    #[must_use]
    pub fn has_secret(&self) -> bool {
        self.0.iter().any(|(k, v)| is_secret(k, v))
    }

    /// What can be known to be wrong before sending.
    pub(crate) fn check(&self) -> Result<()> {
        for (name, value) in &self.0 {
            let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
            if name.is_empty() || !name.bytes().all(plain) || name.starts_with('-') {
                return Err(Error::invalid("parameter", format!("{name:?} is not a parameter name")));
            }
            match value {
                ParamValue::Float(n) if !n.is_finite() => {
                    return Err(Error::invalid(name, format!("{name}: {n} is not a finite number")));
                }
                ParamValue::Redacted => {
                    let text = format!("{name}: the secret was left out when this request was written down");
                    return Err(
                        Error::invalid(name, text).with_advice("set the parameter again before sending")
                    );
                }
                value if value.texts().iter().any(|text| text.contains('\0')) => {
                    return Err(Error::invalid(name, format!("{name}: the value holds a NUL byte")));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl<K: Into<String>, V: Into<ParamValue>> FromIterator<(K, V)> for Params {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut params = Self::new();
        params.extend(pairs);
        params
    }
}

impl<K: Into<String>, V: Into<ParamValue>> Extend<(K, V)> for Params {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, pairs: I) {
        for (name, value) in pairs {
            self.set(name, value);
        }
    }
}

/// Whether a value is a secret, by its type or by its name: also each item of a list.
fn is_secret(name: &str, value: &ParamValue) -> bool {
    match value {
        ParamValue::Secret(_) | ParamValue::Redacted => true,
        ParamValue::Text(_) | ParamValue::List(_) => is_secret_name(name),
        _ => false,
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.shown()).finish()
    }
}

impl Serialize for Params {
    /// An object in order; a secret becomes `{"redacted": true}`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            match value {
                _ if is_secret(name, value) => {
                    map.serialize_entry(name, &serde_json::json!({"redacted": true}))?;
                }
                ParamValue::Text(text) => map.serialize_entry(name, text)?,
                ParamValue::Int(n) => map.serialize_entry(name, n)?,
                ParamValue::Float(n) => map.serialize_entry(name, n)?,
                ParamValue::Bool(yes) => map.serialize_entry(name, yes)?,
                ParamValue::List(items) => map.serialize_entry(name, items)?,
                ParamValue::Secret(_) | ParamValue::Redacted => {}
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Params {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Params;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of parameters")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Params, A::Error> {
                #[derive(Deserialize)]
                #[serde(untagged)]
                enum Form {
                    Bool(bool),
                    Int(i64),
                    Float(f64),
                    Text(String),
                    List(Vec<String>),
                    Redacted { redacted: bool },
                }
                let mut params = Params::new();
                while let Some((name, form)) = map.next_entry::<String, Form>()? {
                    let value = match form {
                        Form::Bool(yes) => yes.into(),
                        Form::Int(n) => n.into(),
                        Form::Float(n) => n.into(),
                        Form::Text(text) => text.into(),
                        Form::List(items) => items.into(),
                        Form::Redacted { redacted: true } => ParamValue::Redacted,
                        Form::Redacted { .. } => return Err(A::Error::custom("not a parameter value")),
                    };
                    params.set(name, value);
                }
                Ok(params)
            }
        }
        deserializer.deserialize_map(V)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_names_become_a_list() {
        let mut params = Params::new();
        params.push("command", "ls").push("command", "-l").push("command", "");
        let pairs: Vec<_> = params.exposed().collect();
        assert_eq!(pairs, [("command", "ls".into()), ("command", "-l".into()), ("command", "".into())]);
    }

    #[test]
    fn a_written_down_secret_cannot_be_sent() {
        let mut params = Params::new();
        params.set("onboot", true).set("cores", 4).set("cpulimit", 0.5).set("cipassword", "hunter2");
        let text = serde_json::to_string(&params).unwrap();
        assert_eq!(text, r#"{"onboot":true,"cores":4,"cpulimit":0.5,"cipassword":{"redacted":true}}"#);
        let read: Params = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        assert!(params.check().is_ok());
        assert!(read.check().unwrap_err().to_string().contains("cipassword"));
        assert!(!format!("{params:?}").contains("hunter2"));
    }

    #[test]
    fn refused_before_sending() {
        for (name, value) in [
            ("", ParamValue::Int(1)),
            ("a b", ParamValue::Int(1)),
            ("-x", ParamValue::Int(1)),
            ("a&b", ParamValue::Int(1)),
            ("x", ParamValue::Float(f64::NAN)),
            ("x", "a\0b".into()),
        ] {
            let mut params = Params::new();
            params.set(name, value);
            assert!(params.check().is_err(), "{name:?}");
        }
    }
}
