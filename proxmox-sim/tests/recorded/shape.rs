//! Whether data has the recorded shape.

use serde_json::Value;

/// Takes out of a text what depends on the machine: directories of volumes and archives, MAC addresses.
pub(crate) fn normalised(text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let mut word = word.to_owned();
        while let Some(at) = word.find("/images/").or_else(|| word.find("/template/cache/")) {
            // Back to where the path begins.
            let begin = word[..at]
                .rfind(|c: char| !(c.is_ascii_alphanumeric() || "/-_.".contains(c)))
                .map_or(0, |b| b + 1);
            word.replace_range(begin..=at, "");
        }
        words.push(word);
    }
    without_macs(&words.join(" "))
}

fn without_macs(text: &str) -> String {
    const LENGTH: usize = 17;
    let is_mac = |part: &str| {
        part.split(':').count() == 6
            && part.split(':').all(|b| b.len() == 2 && b.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    let mut rest = text;
    let mut out = String::new();
    while !rest.is_empty() {
        match rest.get(..LENGTH) {
            Some(part) if is_mac(part) => {
                out.push_str("MAC");
                rest = &rest[LENGTH..];
            }
            _ => {
                let first = rest.chars().next().map_or(0, char::len_utf8);
                out.push_str(&rest[..first]);
                rest = &rest[first..];
            }
        }
    }
    out
}

/// The lines of a task's log. What `qemu-img` prints about a new file is left out, as its versions differ, and of the
/// progress of a copy, the size of an archive and the id of a file system only that there was one.
pub(crate) fn log(want: &[String], data: &Value) -> Result<(), String> {
    let rows = data.as_array().ok_or_else(|| format!("data {data} instead of lines"))?;
    let mut lines: Vec<String> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let number = row["n"].as_u64().ok_or("a line without a number")?;
        let text = row["t"].as_str().ok_or("a line without text")?;
        if at > 0 && rows[at - 1]["n"].as_u64() != number.checked_sub(1) {
            return Err(format!("line {number} out of order"));
        }
        let counted = ["transferred ", "Filesystem UUID: ", "Total bytes read: "];
        let line = match counted.iter().find(|begin| text.starts_with(*begin)) {
            Some(begin) => begin.trim_end_matches([' ', ':']).to_owned(),
            None => normalised(text),
        };
        if !text.starts_with("Formatting '") && (line != "transferred" || lines.last() != Some(&line)) {
            lines.push(line);
        }
    }
    if lines == want { Ok(()) } else { Err(format!("lines {lines:?} instead of {want:?}")) }
}

/// `want`: `null`; `"text"`, `"number"`, alternatives as `"number|text"`, or `"any"`; `"UPID"`, with
/// `TYPE:ID:USER` after it or without; `{"=": value}` for exactly this; `[shape of all elements]`, `[]` for any list;
/// `{"each": [shapes]}` for a list of just these;
/// an object with exactly these keys, those with a `?` optional.
pub(crate) fn fits(want: &Value, got: &Value) -> Result<(), String> {
    let no = |what: &str| Err(format!(": {} instead of {what}", shown(got)));
    match (want, got) {
        (Value::Null, Value::Null) => Ok(()),
        (Value::Null, _) => no("null"),
        (Value::String(kinds), _) => {
            if kinds.split('|').any(|kind| is(kind, got)) {
                Ok(())
            } else {
                no(kinds)
            }
        }
        (Value::Array(want), Value::Array(got)) => {
            let Some(want) = want.first() else { return Ok(()) };
            if got.is_empty() {
                return Err(": nothing in the list".to_owned());
            }
            got.iter()
                .enumerate()
                .try_for_each(|(at, got)| fits(want, got).map_err(|why| format!("[{at}]{why}")))
        }
        (Value::Object(want), _) if want.contains_key("=") => {
            let same = match (&want["="], got) {
                (Value::String(want), Value::String(got)) => *want == normalised(got),
                (want, got) => want == got,
            };
            if same { Ok(()) } else { no(&want["="].to_string()) }
        }
        (Value::Object(want), Value::Array(got)) if want.contains_key("each") => {
            let want = want["each"].as_array().map(Vec::as_slice).unwrap_or_default();
            if want.len() != got.len() {
                return Err(format!(": {} elements instead of {}", got.len(), want.len()));
            }
            let mut pairs = want.iter().zip(got).enumerate();
            pairs.try_for_each(|(at, (want, got))| fits(want, got).map_err(|why| format!("[{at}]{why}")))
        }
        (Value::Object(want), Value::Object(got)) => {
            let name = |key: &String| key.trim_end_matches('?').to_owned();
            let missing: Vec<_> =
                want.keys().filter(|k| !k.ends_with('?') && !got.contains_key(*k)).collect();
            let surplus: Vec<_> = got.keys().filter(|k| !want.keys().any(|w| name(w) == **k)).collect();
            if !missing.is_empty() || !surplus.is_empty() {
                return Err(format!(": missing {missing:?}, surplus {surplus:?}"));
            }
            want.iter().try_for_each(|(key, want)| match got.get(&name(key)) {
                Some(got) => fits(want, got).map_err(|why| format!(".{key}{why}")),
                None => Ok(()),
            })
        }
        (Value::Array(_), _) => no("a list"),
        (Value::Object(_), _) => no("an object"),
        _ => Err(format!(": no such shape: {want}")),
    }
}

fn is(kind: &str, got: &Value) -> bool {
    match kind {
        "any" => true,
        "null" => got.is_null(),
        "text" => got.is_string(),
        "number" => got.is_number(),
        "bool" => got.is_boolean(),
        "UPID" => got.as_str().is_some_and(|text| text.starts_with("UPID:")),
        _ => {
            let parts: Vec<_> = got.as_str().unwrap_or_default().split(':').collect();
            let [_, _, _, _, _, what, id, user, ""] = parts[..] else {
                return false;
            };
            kind == format!("UPID {what}:{id}:{user}")
        }
    }
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() > 80 { format!("{}…", text.chars().take(80).collect::<String>()) } else { text }
}
