//! What a finished `pvesh` means: the same answers and errors as over HTTP.

use std::collections::BTreeMap;

use proxmox_core::{Effect, Error, ErrorKind, Outcome, PveRequest, PveResponse, Result, Verb};
use serde_json::json;

use super::command::{CUT, MISSING};
use super::upload::NO_ROOM;
use crate::shell::Ended;

/// The answer, or the error that exit code and texts are.
///
/// A task has run to its end by now, in the foreground. That it failed is no error here: PVE exits with 0 and prints its UPID,
/// and whoever asked looks at the task, as over HTTP.
pub(super) fn read(request: &PveRequest, ended: &Ended) -> Result<PveResponse> {
    if ended.exit == 0 {
        return Ok(PveResponse::bare(data(request, &ended.stdout).to_vec()).answering(request.effect));
    }
    let stderr = String::from_utf8_lossy(&ended.stderr);
    if let Some(error) = not_pve(ended.exit, &stderr, request.effect) {
        return Err(error);
    }
    // Perl's own complaint about what it prints next.
    let lines: Vec<&str> = stderr.lines().filter(|line| !line.starts_with("Wide character in ")).collect();
    let (status, reason, errors) = said(request, &lines);
    let body = json!({ "message": reason, "errors": errors }).to_string();
    PveResponse::from_http(request.effect, status, &reason, body)
}

/// The data: JSON in one line, and the last one, as tasks print their logs before.
fn data<'a>(request: &PveRequest, stdout: &'a [u8]) -> &'a [u8] {
    const NOTHING: &[u8] = b"null";
    let last = stdout.trim_ascii_end().rsplit(|b| *b == b'\n').next().unwrap_or_default();
    let segments: Vec<&str> = request.path.segments().collect();
    match (request.verb, segments.as_slice()) {
        // It prints what it changes, values and all: whatever that looks like, there is no answer in it.
        (Verb::Set, ["nodes", _, "qemu" | "lxc", _, "config"]) => NOTHING,
        // What else returns nothing may print something for people. A read always answers.
        (Verb::Create | Verb::Set | Verb::Delete, _)
            if serde_json::from_slice::<serde::de::IgnoredAny>(last).is_err() =>
        {
            NOTHING
        }
        _ if last.is_empty() => NOTHING,
        _ => last,
    }
}

/// What others than PVE say, before it began.
pub(crate) fn not_pve(exit: i32, stderr: &str, effect: Effect) -> Option<Error> {
    let first = stderr.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let unsent = |kind, text: String| Error::new(kind, Outcome::NotSent, text);
    Some(if let Some(program) = first.strip_prefix(MISSING) {
        unsent(ErrorKind::Unsupported, format!("this is no node of Proxmox VE: there is no{program}"))
    } else if first.starts_with(CUT) {
        unsent(ErrorKind::Connect, "the connection broke while the request was sent".to_owned())
    } else if first.starts_with(NO_ROOM) {
        unsent(ErrorKind::Refused, first.trim_start_matches("proxmox-sdk: ").to_owned())
            .with_advice("look for room in /var/tmp of the node, or use the tunnel")
    } else if let Some(why) = first.strip_prefix("sudo: ") {
        unsent(ErrorKind::PermissionDenied, format!("sudo refuses: {why}"))
            .with_advice("allow it to run perl without a password: a line in sudoers that equals root")
    } else if exit == 127 {
        unsent(ErrorKind::Unsupported, format!("this is no node of Proxmox VE: {first}"))
    } else if first.contains("please run as root") {
        unsent(ErrorKind::PermissionDenied, "pvesh is for root alone".to_owned())
            .with_advice("log in as root, or with sudo, or use the tunnel with an API token")
    } else if matches!(exit, 124 | 137 | 143) && stderr.trim().is_empty() {
        let outcome = if effect == Effect::Read { Outcome::Rejected } else { Outcome::MaybeApplied };
        Error::new(ErrorKind::Timeout, outcome, "pvesh was ended when its time was over")
    } else {
        return None;
    })
}

/// Status, sentence and errors of parameters, as HTTP would have them.
fn said(request: &PveRequest, lines: &[&str]) -> (u16, String, BTreeMap<String, String>) {
    let verified = || "Parameter verification failed.".to_owned();
    let first = lines.first().copied().unwrap_or_default();
    if let Some(option) = first.strip_prefix("Unknown option: ") {
        let why = "property is not defined in schema and the schema does not allow additional properties";
        return (400, verified(), BTreeMap::from([(option.to_owned(), why.to_owned())]));
    }
    if first.starts_with("No '") && first.contains("' handler defined for '") {
        return (
            501,
            format!("Method '{} {}' not implemented", request.verb.method(), request.path),
            BTreeMap::new(),
        );
    }
    if let Some(why) = first.strip_prefix("proxy handler failed: ") {
        // pvesh asks other nodes over ssh of its own.
        let why = why.rsplit_once(": ").map_or(why, |(_, why)| why);
        return (595, why.to_owned(), BTreeMap::new());
    }
    // Other errors begin with their status, but for 500, which says nothing of itself.
    let (status, first) = match first.split_once(' ') {
        Some((code, rest)) if code.len() == 3 => match code.parse::<u16>() {
            Ok(status) if (400..600).contains(&status) => (status, rest),
            _ => (500, first),
        },
        _ => (500, first),
    };
    if status != 400 {
        let more = lines.iter().skip(1).copied();
        let text: Vec<&str> = [first].into_iter().chain(more).collect();
        return (status, text.join("\n").trim_end().to_owned(), BTreeMap::new());
    }
    (status, first.to_owned(), parameters(lines.get(1..).unwrap_or_default()))
}

/// `name: what is wrong with it`, up to the usage. What goes on over several lines names properties of a parameter, with a dot.
fn parameters(lines: &[&str]) -> BTreeMap<String, String> {
    let mut errors = BTreeMap::new();
    let mut last: Option<String> = None;
    for line in lines.iter().take_while(|line| !line.starts_with("pvesh ")) {
        let named = line.split_once(": ").filter(|(name, _)| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        });
        match (named, &last) {
            (Some((name, why)), _) => {
                errors.insert(name.to_owned(), why.to_owned());
                last = Some(name.to_owned());
            }
            (None, Some(name)) => {
                if let Some(text) = errors.get_mut(name) {
                    text.push('\n');
                    text.push_str(line);
                }
            }
            (None, None) => {}
        }
    }
    errors
}

#[cfg(test)]
mod tests {
    use proxmox_core::{PvePath, Upid};
    use serde::Deserialize;
    use serde_json::Value;

    use super::*;

    /// What a real `pvesh` of 8.4 was asked, and said.
    #[derive(Deserialize)]
    struct Recorded {
        name: String,
        arguments: Vec<String>,
        verb: String,
        path: String,
        exit: i32,
        stdout: String,
        stderr: String,
    }

    fn request(verb: &str, path: &str) -> PveRequest {
        let verb = match verb {
            "create" => Verb::Create,
            "set" => Verb::Set,
            "delete" => Verb::Delete,
            // `ls` and `usage` are words of pvesh alone: they read.
            _ => Verb::Get,
        };
        PveRequest::new(verb, PvePath::parse(if path.starts_with('/') { path } else { "/version" }).unwrap())
    }

    /// Each recorded call on one line: what it was, and what it means.
    #[test]
    fn all_that_was_recorded() {
        let lines: Vec<_> = include_str!("recorded.jsonl")
            .lines()
            .map(|line| {
                let case: Recorded = serde_json::from_str(line).unwrap();
                let ended = Ended { exit: case.exit, stdout: case.stdout.into(), stderr: case.stderr.into() };
                let said = match read(&request(&case.verb, &case.path), &ended) {
                    Ok(answer) => match answer.decode::<Value>() {
                        Ok(data) => match data.as_str().map(Upid::parse) {
                            Some(Ok(upid)) => format!("task {}", upid.kind()),
                            _ => data.to_string().chars().take(60).collect(),
                        },
                        Err(e) => format!("{:?}", e.kind()),
                    },
                    Err(e) => format!(
                        "{:?} {:?} {:?} {:?} {:?}",
                        e.kind(),
                        e.outcome(),
                        e.status(),
                        e.message(),
                        e.errors()
                    ),
                };
                format!("{}: {} -> {} {said}", case.name, case.arguments.join(" "), case.exit)
            })
            .collect();
        assert_eq!(lines.len(), 89);
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn what_a_write_prints_is_no_answer() {
        let ended = |stdout: &str| Ended { exit: 0, stdout: stdout.into(), stderr: Vec::new() };
        let data = |verb, path, stdout| {
            read(&request(verb, path), &ended(stdout)).unwrap().decode::<Value>().unwrap()
        };
        let config = "/nodes/pve1/qemu/101/config";
        assert_eq!(data("set", config, "update VM 101: -description x\n{\"a\":1}\n"), Value::Null);
        assert_eq!(
            data("create", "/nodes/pve1/qemu/101/config", "update VM 101: -cores 2\n\"UPID:x\"\n"),
            "UPID:x"
        );
        assert_eq!(data("delete", "/pools/x", "gone\n"), Value::Null);
        assert_eq!(data("get", "/pools", ""), Value::Null);
        // A read that prints something else is not taken for nothing.
        assert!(read(&request("get", "/pools"), &ended("Welcome\n")).unwrap().decode::<Value>().is_err());
    }

    #[test]
    fn what_is_not_pves_was_not_sent() {
        for (exit, stderr, kind, outcome) in [
            (2, "proxmox-sdk: there is no /usr/bin/pvesh\n", ErrorKind::Unsupported, Outcome::NotSent),
            (2, "proxmox-sdk: the arguments are cut\n", ErrorKind::Connect, Outcome::NotSent),
            (1, "sudo: a password is required\n", ErrorKind::PermissionDenied, Outcome::NotSent),
            (127, "sh: 1: exec: perl: not found\n", ErrorKind::Unsupported, Outcome::NotSent),
            (1, "please run as root\n", ErrorKind::PermissionDenied, Outcome::NotSent),
            (124, "", ErrorKind::Timeout, Outcome::MaybeApplied),
            (2, "odd\n", ErrorKind::Unexpected, Outcome::Rejected),
        ] {
            let ended = Ended { exit, stdout: Vec::new(), stderr: stderr.into() };
            let error = read(&request("create", "/nodes/pve1/qemu"), &ended).err().unwrap();
            assert_eq!((error.kind(), error.outcome()), (kind, outcome), "{stderr}");
        }
    }
}
