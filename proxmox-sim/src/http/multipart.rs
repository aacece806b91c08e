//! Bodies with a file, as pveproxy reads them: by fixed texts, in a fixed order.

use super::text;
use crate::exchange::{SimAnswer, SimFile, SimValue};

/// The fields that are looked for, in this order, before the file.
const FIELDS: [&str; 3] = ["content", "checksum-algorithm", "checksum"];

/// The boundary of a content type, as it stands there: PVE takes quotes for a part of it.
pub(super) fn boundary(content_type: &str) -> Option<&str> {
    content_type
        .split(';')
        .skip(1)
        .filter_map(|part| part.split_once('='))
        .find(|(name, _)| name.trim() == "boundary")
        .map(|(_, boundary)| boundary.trim())
        .filter(|boundary| !boundary.is_empty() && !boundary.contains(char::is_whitespace))
}

/// Fields and file. What is not found where it should be is left out, and missed later.
pub(super) fn read(body: &[u8], boundary: &str) -> Result<(Vec<(String, SimValue)>, SimFile), SimAnswer> {
    let delimiter = format!("--{boundary}");
    let failed = |line: u32, why: &str| {
        text(500, &format!("{why} at /usr/share/perl5/PVE/APIServer/AnyEvent.pm line {line}.\n"))
    };
    let end = || failed(1317, "upload failed");
    let mut rest = after_delimiter(body, &delimiter).ok_or_else(end)?;
    let mut params = Vec::new();
    for field in FIELDS {
        let Some((name, None, behind)) = part(rest) else { break };
        if name == field {
            let (value, next) = until_delimiter(behind, &delimiter).ok_or_else(end)?;
            let value = String::from_utf8_lossy(value).trim().to_owned();
            params.push((name, SimValue::Text(value)));
            rest = next;
        }
    }
    match part(rest) {
        // A field that is not one of the three, or comes once more, or too late.
        Some((_, None, _)) if !params.is_empty() => Err(text(400, "Bad Request")),
        Some((name, Some(_), _)) if name != "filename" => {
            let why = format!("wrong field name '{name}' for file upload, expected 'filename'");
            Err(failed(1281, &why))
        }
        Some((_, Some(name), behind)) => {
            let close = format!("{delimiter}--");
            let at = find(behind, close.as_bytes()).ok_or_else(end)?;
            let content = behind[..at].strip_suffix(b"\n").unwrap_or(&behind[..at]);
            let content = content.strip_suffix(b"\r").unwrap_or(content);
            params.push(("filename".to_owned(), SimValue::Text(name.trim().to_owned())));
            // More after the file belongs to no request.
            match find(content, format!("{delimiter}\r\n").as_bytes()) {
                Some(_) => Err(text(400, "Bad Request")),
                None => Ok((params, SimFile::new(content))),
            }
        }
        _ => Err(end()),
    }
}

/// A part's name, its file name, and what comes behind its head.
fn part(rest: &[u8]) -> Option<(String, Option<String>, &[u8])> {
    let (at, length) = [&b"\r\n\r\n"[..], b"\n\n"]
        .into_iter()
        .filter_map(|gap| Some((find(rest, gap)?, gap.len())))
        .min()?;
    let head = String::from_utf8_lossy(&rest[..at]).into_owned();
    let line = head.lines().find_map(|line| line.strip_prefix("Content-Disposition: form-data; "))?;
    let value = |key: &str| {
        let start = line.find(&format!("{key}=\""))? + key.len() + 2;
        Some(line[start..].split('"').next()?.to_owned())
    };
    let file = line.contains("; filename=\"").then(|| value("; filename")).flatten();
    if file.as_deref() == Some("") {
        return None;
    }
    Some((value("name")?, file, &rest[at + length..]))
}

fn after_delimiter<'a>(body: &'a [u8], delimiter: &str) -> Option<&'a [u8]> {
    until_delimiter(body, delimiter).map(|(_, rest)| rest)
}

/// What comes before a delimiter with its line's end, and what behind it.
fn until_delimiter<'a>(body: &'a [u8], delimiter: &str) -> Option<(&'a [u8], &'a [u8])> {
    let at = find(body, delimiter.as_bytes())?;
    let behind = &body[at + delimiter.len()..];
    let behind = behind.strip_prefix(b"\r\n").or_else(|| behind.strip_prefix(b"\n"))?;
    Some((&body[..at], behind))
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, value: &str) -> String {
        format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    }

    fn file(field: &str, name: &str) -> String {
        format!(
            "--B\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n\0\r\nhello\r\n--B--\r\n"
        )
    }

    fn said(body: &str) -> (u16, String) {
        match read(body.as_bytes(), "B") {
            Ok((params, file)) => {
                let names: Vec<_> = params.into_iter().map(|(name, _)| name).collect();
                (200, format!("{} {}", names.join(","), file.content().len()))
            }
            Err(answer) => (answer.status, answer.reason),
        }
    }

    #[test]
    fn as_recorded() {
        let content = field("content", "iso");
        let (algorithm, sum) = (field("checksum-algorithm", "sha256"), field("checksum", "00"));
        let up = file("filename", "a.iso");
        let failed = "upload failed at /usr/share/perl5/PVE/APIServer/AnyEvent.pm line 1317.";
        for (body, status, text) in [
            (format!("{content}{up}"), 200, "content,filename 8"),
            (format!("{content}{algorithm}{sum}{up}"), 200, "content,checksum-algorithm,checksum,filename 8"),
            (
                format!("{content}{algorithm}{sum}{up}").replace("\r\n", "\n"),
                200,
                "content,checksum-algorithm,checksum,filename 7",
            ),
            (up.clone(), 200, "filename 8"),
            (format!("{content}{content}{up}"), 400, "Bad Request"),
            (format!("{content}{}{up}", field("notes", "x")), 400, "Bad Request"),
            (format!("{content}{}{up}", field("filename", "x")), 400, "Bad Request"),
            (format!("{content}{}{content}--B--\r\n", up.replace("--B--\r\n", "")), 400, "Bad Request"),
            (format!("{content}{}", file("filename", "")), 500, failed),
            (format!("{content}{}", up.replace("--B--", "")), 500, failed),
            (format!("{content}--B--\r\n"), 500, failed),
            (format!("{content}{up}").replace("--B", "--C"), 500, failed),
        ] {
            assert_eq!(said(&body), (status, text.to_owned()), "{body}");
        }
        let (status, text) = said(&format!("{content}{}", file("file", "a.iso")));
        assert!(status == 500 && text.starts_with("wrong field name 'file' for file upload"), "{text}");
        assert_eq!(boundary("multipart/form-data; charset=utf-8; boundary=XbX"), Some("XbX"));
        assert_eq!(boundary("multipart/form-data; boundary=\"XbX\""), Some("\"XbX\""));
        assert_eq!(boundary("multipart/form-data"), None);
    }
}
