//! The types of values, and the texts with which PVE refuses them.

use serde_json::Value;

use super::{Arg, format, prop};
use crate::PveVersion;

/// The type of one value.
#[derive(Debug, Clone)]
pub(crate) enum Type {
    Bool,
    Int(Limits),
    Number(Limits),
    Text { length: Limits, format: Option<String>, pattern: Option<String> },
    Enum(Vec<String>),
    List,
}

/// Lowest and highest, both included.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Limits(Option<f64>, Option<f64>);

impl Limits {
    fn parse(text: &str) -> Self {
        let (low, high) = text.split_once("..").unwrap_or((text, ""));
        Self(low.parse().ok(), high.parse().ok())
    }

    fn check(self, number: f64) -> Result<(), String> {
        match self {
            Self(Some(low), _) if number < low => Err(format!("value must have a minimum value of {low}")),
            Self(_, Some(high)) if number > high => Err(format!("value must have a maximum value of {high}")),
            _ => Ok(()),
        }
    }
}

impl Type {
    /// Reads the part of a table's word behind the colon.
    pub(crate) fn parse(text: &str) -> Self {
        if let Some(values) = text.strip_prefix("e:") {
            return Self::Enum(values.split(',').map(str::to_owned).collect());
        }
        match text {
            "b" => return Self::Bool,
            "a" => return Self::List,
            "disk" => return Self::Enum(format::disk_keys()),
            "mount" => return Self::Enum(format::mount_keys()),
            "vmid" => {
                return Self::Text {
                    length: Limits::default(),
                    format: Some("vmid".to_owned()),
                    pattern: None,
                };
            }
            _ => {}
        }
        let (text, format) = match text.split_once('=') {
            Some((text, format)) => (text, Some(format.to_owned())),
            None => (text, None),
        };
        let (text, pattern) = match text.split_once('~') {
            Some((text, pattern)) => (text, Some(pattern.to_owned())),
            None => (text, None),
        };
        let limits = Limits::parse(text.get(1..).unwrap_or_default());
        match text.chars().next() {
            Some('i') => Self::Int(limits),
            Some('n') => Self::Number(limits),
            _ => Self::Text { length: limits, format, pattern },
        }
    }

    /// Whether the configuration shows it as a number.
    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Self::Bool | Self::Int(_))
    }

    /// Takes a value as it came.
    pub(crate) fn accept(&self, name: &str, value: Value, version: PveVersion) -> Result<Arg, String> {
        match value {
            Value::Null => Ok(Arg::Null),
            Value::Array(values) if matches!(self, Self::List) => Ok(Arg::Many(
                values.into_iter().map(scalar).collect::<Result<_, _>>().map_err(|got| self.not(got))?,
            )),
            Value::Array(_) => Err(self.not("ARRAY")),
            Value::Object(_) => Err(self.not("HASH")),
            value => {
                let text = scalar(value).map_err(|got| self.not(got))?;
                if matches!(self, Self::List) {
                    return Ok(Arg::Many(vec![text]));
                }
                self.check(name, &text, version)?;
                Ok(Arg::One(text))
            }
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Bool => "boolean",
            Self::Int(_) => "integer",
            Self::Number(_) => "number",
            Self::Text { format: Some(format), .. } if format == "vmid" => "integer",
            Self::Text { .. } | Self::Enum(_) => "string",
            Self::List => "array",
        }
    }

    fn not(&self, got: &str) -> String {
        format!("type check ('{}') failed - got {got}", self.kind())
    }

    /// Checks a scalar.
    pub(crate) fn check(&self, name: &str, text: &str, version: PveVersion) -> Result<(), String> {
        let not = || self.not(&format!("'{text}'"));
        match self {
            Self::Bool if matches!(text, "0" | "1") => Ok(()),
            Self::Bool => Err(not()),
            Self::Int(limits) => limits.check(integer(text).ok_or_else(not)?),
            Self::Number(limits) => {
                limits.check(text.parse().ok().filter(|n: &f64| n.is_finite()).ok_or_else(not)?)
            }
            Self::Enum(values) if values.iter().any(|v| v == text) => Ok(()),
            Self::Enum(values) => Err(format!(
                "value '{text}' does not have a value in the enumeration '{}'",
                values.join(", ")
            )),
            Self::Text { format: Some(format), .. } if format == "vmid" => {
                integer(text).ok_or_else(not)?;
                format::check("vmid", text, version)
            }
            Self::Text { length, format, pattern } => {
                if let Some(format) = format {
                    match format.strip_prefix("prop:") {
                        Some(format) => prop::check(format, name, text, version)?,
                        None => format::check(format, text, version)?,
                    }
                }
                if pattern.as_ref().is_some_and(|p| !format::fits(p, text)) {
                    return Err("value does not match the regex pattern".to_owned());
                }
                let count = f64::from(u32::try_from(text.chars().count()).unwrap_or(u32::MAX));
                match *length {
                    Limits(Some(low), _) if count < low => {
                        Err(format!("value must be at least {low} characters long"))
                    }
                    Limits(_, Some(high)) if count > high => {
                        Err(format!("value may only be {high} characters long"))
                    }
                    _ => Ok(()),
                }
            }
            Self::List => Ok(()),
        }
    }
}

/// A sign is taken here; a configuration refuses it later.
fn integer(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let good = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    good.then(|| text.parse().ok()).flatten()
}

/// A JSON scalar as Perl would see it.
fn scalar(value: Value) -> Result<String, &'static str> {
    Ok(match value {
        Value::String(text) => text,
        Value::Bool(true) => "1".to_owned(),
        Value::Bool(false) => "0".to_owned(),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => float.to_string(),
            _ => number.to_string(),
        },
        Value::Array(_) => return Err("ARRAY"),
        Value::Object(_) => return Err("HASH"),
        Value::Null => String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn take(ty: &str, value: Value) -> Result<Arg, String> {
        Type::parse(ty).accept("x", value, PveVersion::V8)
    }

    #[test]
    fn booleans_are_only_one_and_zero_in_a_form() {
        for good in [json!("1"), json!("0"), json!(1), json!(0), json!(true), json!(false)] {
            assert!(take("b", good.clone()).is_ok(), "{good}");
        }
        for bad in ["true", "yes", "on", "2", "", "TRUE"] {
            assert_eq!(
                take("b", json!(bad)).unwrap_err(),
                format!("type check ('boolean') failed - got '{bad}'")
            );
        }
        assert_eq!(take("b", Value::Null), Ok(Arg::Null));
    }

    #[test]
    fn integers_and_their_limits() {
        assert_eq!(take("i1..128", json!("2.0")).unwrap_err(), "type check ('integer') failed - got '2.0'");
        assert_eq!(take("i1..128", json!(2.0)), Ok(Arg::One("2".to_owned())));
        assert_eq!(take("i1..128", json!("+2")), Ok(Arg::One("+2".to_owned())));
        assert_eq!(take("i1..128", json!("0")).unwrap_err(), "value must have a minimum value of 1");
        assert_eq!(take("i1..128", json!(129)).unwrap_err(), "value must have a maximum value of 128");
        assert_eq!(take("vmid", json!("abc")).unwrap_err(), "type check ('integer') failed - got 'abc'");
        assert_eq!(
            take("vmid", json!("5")).unwrap_err(),
            "invalid format - value does not look like a valid VM ID\n"
        );
    }

    #[test]
    fn texts_enums_and_lengths() {
        assert_eq!(take("s..3", json!("abcd")).unwrap_err(), "value may only be 3 characters long");
        assert_eq!(take("s5..", json!("abcd")).unwrap_err(), "value must be at least 5 characters long");
        assert_eq!(take("s~size", json!("abc")).unwrap_err(), "value does not match the regex pattern");
        assert_eq!(
            take("e:vm,node", json!("x")).unwrap_err(),
            "value 'x' does not have a value in the enumeration 'vm, node'"
        );
    }
}
