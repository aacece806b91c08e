//! Lenient decoding, in one file: PVE sends numbers as text, text as numbers and booleans as both, and it varies between
//! versions and between endpoints.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

pub use crate::extra::Extra;

/// A scalar that PVE may have dressed up. `None` for `null`, empty text and text that says nothing (`N/A`).
trait Lenient: Sized {
    const WHAT: &'static str;
    fn of_int(n: i64) -> Option<Self>;
    fn of_float(n: f64) -> Option<Self>;
    fn of_text(text: &str) -> Option<Self>;
    fn of_bool(yes: bool) -> Option<Self> {
        Self::of_int(yes.into())
    }
    /// A list that this SDK wrote, where PVE writes it as one text.
    fn of_words(_words: Vec<String>) -> Option<Self> {
        None
    }
}

impl Lenient for i64 {
    const WHAT: &'static str = "a whole number";
    fn of_int(n: i64) -> Option<Self> {
        Some(n)
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
    fn of_float(n: f64) -> Option<Self> {
        (n.is_finite() && n.abs() < Self::MAX as f64).then_some(n as Self)
    }
    fn of_text(text: &str) -> Option<Self> {
        text.parse().ok().or_else(|| text.parse().ok().and_then(Self::of_float))
    }
}

impl Lenient for f64 {
    const WHAT: &'static str = "a number";
    #[allow(clippy::cast_precision_loss)]
    fn of_int(n: i64) -> Option<Self> {
        Some(n as Self)
    }
    fn of_float(n: f64) -> Option<Self> {
        Some(n)
    }
    fn of_text(text: &str) -> Option<Self> {
        text.parse().ok().filter(|n: &Self| n.is_finite())
    }
}

impl Lenient for bool {
    const WHAT: &'static str = "a flag";
    fn of_int(n: i64) -> Option<Self> {
        Some(n != 0)
    }
    fn of_float(n: f64) -> Option<Self> {
        Some(n != 0.0)
    }
    fn of_text(text: &str) -> Option<Self> {
        match text {
            "1" | "on" | "yes" | "true" => Some(true),
            "0" | "off" | "no" | "false" => Some(false),
            _ => None,
        }
    }
}

impl Lenient for String {
    const WHAT: &'static str = "text";
    fn of_int(n: i64) -> Option<Self> {
        Some(n.to_string())
    }
    fn of_float(n: f64) -> Option<Self> {
        Some(n.to_string())
    }
    fn of_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

struct TagList(Vec<String>);

impl Lenient for TagList {
    const WHAT: &'static str = "tags";
    fn of_int(n: i64) -> Option<Self> {
        Self::of_text(&n.to_string())
    }
    fn of_float(n: f64) -> Option<Self> {
        Self::of_text(&n.to_string())
    }
    fn of_text(text: &str) -> Option<Self> {
        Some(Self(crate::config::split_tags(text)))
    }
    fn of_words(words: Vec<String>) -> Option<Self> {
        Some(Self(words))
    }
}

struct CommaList(Vec<String>);

impl Lenient for CommaList {
    const WHAT: &'static str = "words";
    fn of_int(n: i64) -> Option<Self> {
        Self::of_text(&n.to_string())
    }
    fn of_float(n: f64) -> Option<Self> {
        Self::of_text(&n.to_string())
    }
    fn of_text(text: &str) -> Option<Self> {
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        Some(Self(words.map(str::to_owned).collect()))
    }
    fn of_words(words: Vec<String>) -> Option<Self> {
        Some(Self(words))
    }
}

/// An item of a list of words.
struct Word(Option<String>);

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        optional(deserializer).map(Self)
    }
}

struct Scalar<T>(PhantomData<T>);

impl<'de, T: Lenient> Visitor<'de> for Scalar<T> {
    type Value = Option<T>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::WHAT)
    }
    fn visit_bool<E>(self, yes: bool) -> Result<Option<T>, E> {
        Ok(T::of_bool(yes))
    }
    fn visit_i64<E>(self, n: i64) -> Result<Option<T>, E> {
        Ok(T::of_int(n))
    }
    #[allow(clippy::cast_precision_loss)]
    fn visit_u64<E>(self, n: u64) -> Result<Option<T>, E> {
        Ok(i64::try_from(n).map_or_else(|_| T::of_float(n as f64), T::of_int))
    }
    fn visit_f64<E>(self, n: f64) -> Result<Option<T>, E> {
        Ok(T::of_float(n))
    }
    fn visit_str<E>(self, text: &str) -> Result<Option<T>, E> {
        Ok(if text.is_empty() { None } else { T::of_text(text) })
    }
    fn visit_unit<E>(self) -> Result<Option<T>, E> {
        Ok(None)
    }
    fn visit_none<E>(self) -> Result<Option<T>, E> {
        Ok(None)
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_any(self)
    }
    // A list or an object where a scalar belongs says nothing that this field could hold, unless it is a list of words.
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Option<T>, A::Error> {
        let mut words = Vec::new();
        while let Some(Word(word)) = seq.next_element()? {
            words.extend(word);
        }
        Ok(T::of_words(words))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<T>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

fn optional<'de, T: Lenient, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    deserializer.deserialize_any(Scalar(PhantomData))
}

fn required<'de, T: Lenient, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    optional(deserializer)?.ok_or_else(|| D::Error::custom(format_args!("expected {}", T::WHAT)))
}

/// `7`, `"7"`, `7.0`; anything else is an error.
///
/// # Errors
/// When there is no whole number.
pub fn int<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    required(deserializer)
}

/// `7`, `"7"`, `7.0`; `None` for what is not a number.
///
/// # Errors
/// Only for broken JSON.
pub fn opt_int<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    optional(deserializer)
}

/// `0.5`, `"0.5"`, `1`; `None` for what is not a finite number.
///
/// # Errors
/// Only for broken JSON.
pub fn opt_float<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    optional(deserializer)
}

/// `1`, `"1"`, `true`, `"yes"`, `"on"` and their opposites; `None` for anything else.
///
/// # Errors
/// Only for broken JSON.
pub fn opt_flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    optional(deserializer)
}

/// The same, with `false` for anything that does not say yes. For flags that PVE leaves out when they are not set.
///
/// # Errors
/// Only for broken JSON.
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    optional(deserializer).map(Option::unwrap_or_default)
}

/// Text, also from a number; `None` for empty text.
///
/// # Errors
/// Only for broken JSON.
pub fn opt_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    optional(deserializer)
}

/// `"a;b, c"` as a list of words, lower case as PVE keeps tags.
///
/// # Errors
/// Only for broken JSON.
pub fn tags<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let tags: Option<TagList> = optional(deserializer)?;
    Ok(tags.map(|tags| tags.0).unwrap_or_default())
}

/// `"images,rootdir"` as a list of words.
///
/// # Errors
/// Only for broken JSON.
pub fn csv<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let words: Option<CommaList> = optional(deserializer)?;
    Ok(words.map(|words| words.0).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Row {
        #[serde(default, deserialize_with = "opt_int")]
        int: Option<i64>,
        #[serde(default, deserialize_with = "opt_float")]
        float: Option<f64>,
        #[serde(default, deserialize_with = "opt_flag")]
        flag: Option<bool>,
        #[serde(default, deserialize_with = "opt_text")]
        text: Option<String>,
        #[serde(flatten)]
        extra: Extra,
    }

    fn row(json: &str) -> Row {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn every_dress_of_a_scalar() {
        for (json, n) in [
            ("7", Some(7)),
            ("\"7\"", Some(7)),
            ("7.0", Some(7)),
            ("\"7.9\"", Some(7)),
            ("true", Some(1)),
            ("\"\"", None),
            ("\"N/A\"", None),
            ("null", None),
            ("[1]", None),
            ("{\"a\":1}", None),
            ("1e300", None),
            ("18446744073709551615", None),
        ] {
            assert_eq!(row(&format!("{{\"int\":{json}}}")).int, n, "{json}");
        }
        for (json, n) in [("0.5", Some(0.5)), ("\"0.49\"", Some(0.49)), ("1", Some(1.0)), ("\"NaN\"", None)] {
            assert_eq!(row(&format!("{{\"float\":{json}}}")).float, n, "{json}");
        }
        for (json, yes) in [
            ("1", Some(true)),
            ("\"0\"", Some(false)),
            ("true", Some(true)),
            ("\"on\"", Some(true)),
            ("\"x\"", None),
        ] {
            assert_eq!(row(&format!("{{\"flag\":{json}}}")).flag, yes, "{json}");
        }
        #[derive(Debug, PartialEq, Deserialize, serde::Serialize)]
        struct Lists {
            #[serde(deserialize_with = "csv")]
            content: Vec<String>,
            #[serde(deserialize_with = "tags")]
            tags: Vec<String>,
        }
        let sent: Lists = serde_json::from_str(r#"{"content":"iso, images","tags":"a;b"}"#).unwrap();
        assert_eq!((sent.content.len(), sent.tags.len()), (2, 2));
        let again: Lists = serde_json::from_str(&serde_json::to_string(&sent).unwrap()).unwrap();
        assert_eq!(again, sent, "what was written is read as it was");
        assert_eq!(row(r#"{"text":7}"#).text.as_deref(), Some("7"));
        assert_eq!(row(r#"{"text":""}"#).text, None);
    }
}
