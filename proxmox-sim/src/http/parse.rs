//! Bodies, queries and the headers that say who asks.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::text;
use crate::exchange::{SimAnswer, SimValue};

/// The value that belongs to `key` in a cookie line or an `Authorization` header.
pub(super) fn auth_value(header: &str, key: &str) -> Option<String> {
    let mut from = 0;
    while let Some(at) = header[from..].find(key) {
        let start = from + at;
        let end = start + key.len();
        let begins = header[..start].chars().next_back().is_none_or(char::is_whitespace);
        if begins && header[end..].starts_with(['=', ' ']) {
            let value = header[end + 1..].split(';').next().unwrap_or_default();
            return Some(percent_decode_str(value).decode_utf8_lossy().into_owned());
        }
        from = end;
    }
    None
}

/// Reads a form or a query. A name without `=` has no value and is left out.
pub(super) fn form_params(text: &[u8]) -> Vec<(String, SimValue)> {
    let decode = |part: &[u8]| {
        let spaced: Vec<u8> = part.iter().map(|&b| if b == b'+' { b' ' } else { b }).collect();
        String::from_utf8_lossy(&percent_encoding::percent_decode(&spaced).collect::<Vec<u8>>()).into_owned()
    };
    text.split(|&b| b == b'&' || b == b';')
        .filter_map(|pair| {
            let at = pair.iter().position(|&b| b == b'=')?;
            Some((decode(&pair[..at]), SimValue::Text(decode(&pair[at + 1..]))))
        })
        .collect()
}

/// Reads a JSON body. PVE takes `null` for no parameters; anything else must be an object.
pub(super) fn json_params(body: &[u8]) -> Result<Vec<(String, SimValue)>, SimAnswer> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => {
            Ok(object.into_iter().map(|(name, v)| (name, SimValue::Json(v))).collect())
        }
        Ok(Value::Null) => Ok(Vec::new()),
        Ok(_) => {
            Err(text(500, "Not a HASH reference at /usr/share/perl5/PVE/APIServer/AnyEvent.pm line 957.\n"))
        }
        Err(e) => {
            let before = offset(body, e.line(), e.column(), e.is_eof());
            let rest = String::from_utf8_lossy(&body[before..]);
            let rest = if rest.is_empty() { "(end of string)".into() } else { rest };
            let why = "malformed JSON string, neither tag, array, object, number, string or atom";
            let at = "at /usr/share/perl5/PVE/APIServer/AnyEvent.pm line 917.";
            Err(text(500, &format!("{why}, at character offset {before} (before \"{rest}\") {at}\n")))
        }
    }
}

/// Where in the body a JSON error was seen.
fn offset(body: &[u8], line: usize, column: usize, eof: bool) -> usize {
    if eof {
        return body.len();
    }
    let before: usize =
        body.split_inclusive(|&b| b == b'\n').take(line.saturating_sub(1)).map(<[u8]>::len).sum();
    (before + column.saturating_sub(1)).min(body.len())
}
