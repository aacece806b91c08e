//! Parameters: what a method takes, and the check that PVE makes before it does anything.
//!
//! The tables of methods say it in one line, one word for each parameter:
//!
//! ```text
//! name:type      required            name?:type     optional          net[32]?:type   net0 … net31
//! 9!name?:type   only in 9.x         8!name?:type   only in 8.4       @name           a list that several methods share
//! b   boolean                        i1..128 integer with limits      n0.. number with limits
//! s   text   s5..64 its length       s=format       s~pattern         e:a,b,c         a list   vmid   disk   mount
//! a>b  needs b as well (after the type)
//! ```

pub(crate) mod format;
pub(crate) mod prop;
pub(crate) mod value;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::PveVersion;
use crate::answer::Refusal;
use crate::exchange::SimValue;
use value::Type;

/// One parameter, or a family of numbered ones.
#[derive(Debug, Clone)]
pub(crate) struct Param {
    pub(crate) name: String,
    /// How many, of a numbered family.
    pub(crate) many: Option<u32>,
    pub(crate) optional: bool,
    pub(crate) ty: Type,
    requires: Option<String>,
}

/// Verified parameters.
pub(crate) type Verified = BTreeMap<String, Arg>;

/// A verified parameter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Arg {
    /// Booleans are `1` and `0`.
    One(String),
    Many(Vec<String>),
    /// `null` of a JSON body.
    Null,
}

const EXTRA: &str = "property is not defined in schema and the schema does not allow additional properties";
const MISSING: &str = "property is missing and it is not optional";

/// Reads a line of the tables.
pub(crate) fn parse(line: &str, version: PveVersion) -> Vec<Param> {
    let mut params = Vec::new();
    for word in line.split_whitespace() {
        let word = match (word.strip_prefix("8!"), word.strip_prefix("9!"), version) {
            (Some(word), _, PveVersion::V8) | (_, Some(word), PveVersion::V9) => word,
            (Some(_), ..) | (_, Some(_), _) => continue,
            _ => word,
        };
        if let Some(shared) = word.strip_prefix('@') {
            params.extend(parse(crate::routes::shared::list(shared), version));
            continue;
        }
        let (name, ty) = word.split_once(':').unwrap_or((word, "s"));
        let (name, optional) = name.strip_suffix('?').map_or((name, false), |name| (name, true));
        let (name, many) = match name.split_once('[') {
            Some((name, count)) => (name, count.trim_end_matches(']').parse().ok()),
            None => (name, None),
        };
        let (ty, requires) = match ty.rsplit_once('>') {
            Some((ty, other)) => (ty, Some(other.to_owned())),
            None => (ty, None),
        };
        params.push(Param { name: name.to_owned(), many, optional, ty: Type::parse(ty), requires });
    }
    params
}

/// The parameter called `name`: a plain one first, then a member of a family.
pub(crate) fn find<'a>(params: &'a [Param], name: &str) -> Option<&'a Param> {
    let plain = params.iter().find(|p| p.many.is_none() && p.name == name);
    plain.or_else(|| {
        params.iter().find(|p| {
            let number = p.many.and_then(|many| Some((many, name.strip_prefix(p.name.as_str())?)));
            number.is_some_and(|(many, digits)| {
                digits.parse::<u32>().is_ok_and(|n| n < many && n.to_string() == digits)
            })
        })
    })
}

/// Checks all parameters of a request; every fault is reported.
pub(crate) fn verify(
    params: &[Param],
    given: &[(String, SimValue)],
    version: PveVersion,
) -> Result<Verified, Refusal> {
    let mut errors = Vec::new();
    let mut verified = Verified::new();
    for (name, value) in gather(given) {
        let Some(param) = find(params, &name) else {
            errors.push((name, EXTRA.to_owned()));
            continue;
        };
        match param.ty.accept(&name, value, version) {
            Ok(arg) => drop(verified.insert(name, arg)),
            Err(text) => errors.push((name, text)),
        }
    }
    for param in params {
        let given = verified.contains_key(&param.name) || errors.iter().any(|(name, _)| *name == param.name);
        if !given && !param.optional && param.many.is_none() {
            errors.push((param.name.clone(), MISSING.to_owned()));
        }
        if let (true, Some(other)) = (given, &param.requires)
            && !verified.contains_key(other)
        {
            let name = &param.name;
            errors.push(match version {
                PveVersion::V8 => {
                    (other.clone(), format!("missing property - '{name}' requires this property"))
                }
                PveVersion::V9 => (other.clone(), format!("missing property required by '{name}'")),
            });
        }
    }
    if errors.is_empty() { Ok(verified) } else { Err(Refusal::Params(errors)) }
}

/// A repeated key becomes an array, as a form does it.
fn gather(given: &[(String, SimValue)]) -> BTreeMap<String, Value> {
    let mut gathered: BTreeMap<String, Value> = BTreeMap::new();
    for (name, value) in given {
        let value = match value {
            SimValue::Text(text) => Value::String(text.clone()),
            SimValue::Json(value) => value.clone(),
        };
        match gathered.get_mut(name) {
            None => drop(gathered.insert(name.clone(), value)),
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    gathered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, given: &[(&str, &str)]) -> Result<Verified, Vec<(String, String)>> {
        let given: Vec<_> =
            given.iter().map(|&(n, v)| (n.to_owned(), SimValue::Text(v.to_owned()))).collect();
        verify(&parse(line, PveVersion::V8), &given, PveVersion::V8).map_err(|refusal| match refusal {
            Refusal::Params(errors) => errors,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn required_optional_unknown() {
        let line = "vmid:vmid name?:s";
        assert!(check(line, &[("vmid", "100")]).is_ok());
        assert_eq!(check(line, &[]).unwrap_err(), [("vmid".to_owned(), MISSING.to_owned())]);
        let errors = check(line, &[("vmid", "100"), ("bogus", "1")]).unwrap_err();
        assert_eq!(errors, [("bogus".to_owned(), EXTRA.to_owned())]);
    }

    #[test]
    fn families_have_their_size() {
        assert!(check("net[32]?:s numa?:b", &[("net31", "x"), ("numa", "1")]).is_ok());
        for name in ["net32", "net01", "net", "netx"] {
            assert!(check("net[32]?:s", &[(name, "x")]).is_err(), "{name}");
        }
    }

    #[test]
    fn repeated_keys_are_arrays() {
        let errors = check("text?:s", &[("text", "a"), ("text", "b")]).unwrap_err();
        assert_eq!(errors[0].1, "type check ('string') failed - got ARRAY");
        let verified = check("list:a", &[("list", "a"), ("list", "b")]).unwrap();
        assert_eq!(verified["list"], Arg::Many(vec!["a".to_owned(), "b".to_owned()]));
        let verified = check("list:a", &[("list", "a b")]).unwrap();
        assert_eq!(verified["list"], Arg::Many(vec!["a b".to_owned()]));
    }

    #[test]
    fn versions_and_requirements() {
        let params = parse("8!old?:b 9!new?:b force?:b>archive archive?:s", PveVersion::V9);
        assert!(find(&params, "new").is_some() && find(&params, "old").is_none());
        let errors = check("force?:b>archive archive?:s", &[("force", "1")]).unwrap_err();
        assert_eq!(errors[0].0, "archive");
    }
}
