//! Text becomes a kind here and nowhere else: PVE answers nearly everything with 500 and a sentence.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Error, ErrorKind, Outcome};
use crate::Effect;

/// What a 403 says is missing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MissingPrivilege {
    /// The ACL path, such as `/vms/100`.
    pub path: String,
    /// The privilege, such as `VM.Audit`; alternatives are joined with `|`.
    pub privilege: String,
}

/// The sentences of PVE, most telling first. A row matches when the text contains all its parts.
const SENTENCES: &[(&[&str], ErrorKind)] = &[
    (&["checksum mismatch"], ErrorKind::Conflict),
    (&["detected modified configuration"], ErrorKind::Conflict),
    (&["can't lock file", "got timeout"], ErrorKind::Busy),
    (&["trying to acquire lock"], ErrorKind::Busy),
    (&["is locked ("], ErrorKind::Locked),
    (&["config file already exists"], ErrorKind::AlreadyExists),
    (&["already exists"], ErrorKind::AlreadyExists),
    (&["already defined"], ErrorKind::AlreadyExists),
    (&["snapshot name", "already used"], ErrorKind::AlreadyExists),
    (&["No QEMU guest agent configured"], ErrorKind::Agent),
    (&["guest agent is not running"], ErrorKind::Agent),
    (&["Agent error"], ErrorKind::Agent),
    (&["failed to create file", "No such file or directory"], ErrorKind::NotFound),
    (&["failed to open", "No such file or directory"], ErrorKind::NotFound),
    (&["failed to get uid for"], ErrorKind::InvalidInput),
    (&["failed to get gid for"], ErrorKind::InvalidInput),
    (&["can only push files to a running"], ErrorKind::WrongState),
    (&["can only pull files from a running"], ErrorKind::WrongState),
    (&["does not exist"], ErrorKind::NotFound),
    (&["unable to find configuration file"], ErrorKind::NotFound),
    (&["no such task"], ErrorKind::NotFound),
    (&["no such"], ErrorKind::NotFound),
    (&["hostname lookup", "failed"], ErrorKind::NotFound),
    (&["address lookup for", "did not find"], ErrorKind::NotFound),
    (&["already running"], ErrorKind::WrongState),
    (&["is running - destroy failed"], ErrorKind::WrongState),
    (&["not running"], ErrorKind::WrongState),
    (&["is a template"], ErrorKind::WrongState),
    (&["convert a template"], ErrorKind::WrongState),
    (&["contains snapshots"], ErrorKind::WrongState),
    (&["container is running"], ErrorKind::WrongState),
    (&["Linked clone feature is not supported"], ErrorKind::WrongState),
    (&["protection mode enabled"], ErrorKind::Refused),
    (&["only root can"], ErrorKind::PermissionDenied),
    (&["unable to parse value of"], ErrorKind::InvalidInput),
    (&["no options specified"], ErrorKind::InvalidInput),
    (&["shrinking disks is not supported"], ErrorKind::InvalidInput),
];

/// The error that an answer with this status is.
///
/// `reason` is the phrase of the status line. For 401, 595 and 596 it is all there is; else the body says the same and
/// more. The outcome of a write is `Rejected` where PVE's own code answered, and `MaybeApplied` where something between
/// here and the worker gave up on it (596 to 599, a gateway's 502 to 504 and 520 to 527).
#[must_use]
pub fn classify(effect: Effect, status: u16, reason: &str, body: &[u8]) -> Error {
    let said: Body = serde_json::from_slice(body).unwrap_or_default();
    let text = said.message.as_deref().map(str::trim_end).filter(|m| !m.is_empty()).unwrap_or(reason);
    let text = if text.is_empty() { "the server gave no reason" } else { text };
    let errors = said.errors.unwrap_or_default();
    let all = || errors.values().map(String::as_str).chain([text]);

    let kind = match status {
        401 => ErrorKind::Unauthenticated,
        403 => ErrorKind::PermissionDenied,
        400 => all().find_map(sentence).filter(|k| tells(*k)).unwrap_or(ErrorKind::InvalidInput),
        404 => ErrorKind::NotFound,
        408 => ErrorKind::Timeout,
        429 | 502..=504 | 520..=527 => ErrorKind::Unavailable,
        595..=599 => ErrorKind::NodeUnreachable,
        501 | 506 => ErrorKind::Unsupported,
        500 => sentence(text).unwrap_or(ErrorKind::Unexpected),
        _ => ErrorKind::Unexpected,
    };
    let lost =
        matches!(status, 408 | 502..=504 | 520..=527 | 596..=599) || text.contains("got no worker upid");
    let outcome = if lost && effect != Effect::Read { Outcome::MaybeApplied } else { Outcome::Rejected };
    let error = Error::new(kind, outcome, text)
        .with_status(status, reason)
        .with_missing_privilege(missing_privilege(text).filter(|_| status == 403))
        .with_errors(errors);
    match status {
        596 => error.with_advice(
            "check that the node is online; on agent calls it also means that the agent is busy",
        ),
        400 if kind == ErrorKind::InvalidInput => error.with_advice("correct the parameters that are named"),
        _ => error,
    }
}

/// Kinds that a per-parameter message of a 400 may turn it into.
fn tells(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::AlreadyExists | ErrorKind::NotFound)
}

fn sentence(text: &str) -> Option<ErrorKind> {
    SENTENCES.iter().find(|(parts, _)| parts.iter().all(|part| text.contains(part))).map(|(_, kind)| *kind)
}

/// `Permission check failed (/vms/100, VM.Audit)`
fn missing_privilege(text: &str) -> Option<MissingPrivilege> {
    let inner = text.split_once('(')?.1.rsplit_once(')')?.0;
    let (path, privilege) = inner.split_once(',')?;
    let path = path.trim();
    path.starts_with('/')
        .then(|| MissingPrivilege { path: path.to_owned(), privilege: privilege.trim().to_owned() })
}

#[derive(Default, Deserialize)]
struct Body {
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    errors: Option<BTreeMap<String, String>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use ErrorKind as K;

    /// Each sentence as a real PVE 8.4 or 9.2 said it.
    #[test]
    fn real_sentences() {
        for (status, text, kind) in [
            (500, "checksum mismatch (file change by other user?)", K::Conflict),
            (500, "detected modified configuration - file changed by other user? Try again.", K::Conflict),
            (500, "VM is locked (clone)", K::Locked),
            (500, "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout", K::Busy),
            (500, "unable to create VM 120: config file already exists", K::AlreadyExists),
            (500, "unable to create VM 100 - VM 100 already exists on node 'pve1'", K::AlreadyExists),
            (500, "unable to create VM 200 - CT 200 already exists on node 'pve1'", K::AlreadyExists),
            (500, "Configuration file 'nodes/pve1/qemu-server/999.conf' does not exist", K::NotFound),
            (500, "storage 'nost' does not exist", K::NotFound),
            (500, "unable to find configuration file for VM 999 on node 'pve1'", K::NotFound),
            (500, "no such token 'zz' for user 'al@pve'", K::NotFound),
            (500, "no such cluster node 'pve9'", K::NotFound),
            (
                500,
                "hostname lookup 'nonode' failed - failed to get address info for: nonode: Name or service not known",
                K::NotFound,
            ),
            (500, "address lookup for 'nodeb' did not find any IP address", K::NotFound),
            (500, "VM 110 is running - destroy failed", K::WrongState),
            (500, "VM 100 is not running", K::WrongState),
            (
                500,
                "Linked clone feature is not supported for 'lab:100/vm-100-disk-0.qcow2' (scsi0)",
                K::WrongState,
            ),
            (500, "QEMU guest agent is not running", K::Agent),
            (500, "No QEMU guest agent configured", K::Agent),
            (500, "Agent error: Invalid parameter 'pid'", K::Agent),
            (500, "only root can set 'args' config", K::PermissionDenied),
            (
                500,
                "unable to parse value of 'cores' - type check ('integer') failed - got '+2'",
                K::InvalidInput,
            ),
            (500, "no options specified", K::InvalidInput),
            (
                500,
                "Not a HASH reference at /usr/share/perl5/PVE/APIServer/AnyEvent.pm line 957.",
                K::Unexpected,
            ),
            (501, "Method 'GET /nope' not implemented", K::Unsupported),
            (401, "Authentication failed!", K::Unauthenticated),
            (401, "No ticket", K::Unauthenticated),
            (500, "you can't convert a template to a template", K::WrongState),
            (500, "unable to create template, because VM contains snapshots", K::WrongState),
            (500, "unable to destroy CT 200 - container is running", K::WrongState),
            (595, "Connection refused", K::NodeUnreachable),
            (596, "Broken pipe", K::NodeUnreachable),
        ] {
            let error = classify(Effect::Read, status, text, b"");
            assert_eq!((error.kind(), error.message()), (kind, text));
            let body = serde_json::json!({"message": format!("{text}\n"), "data": null}).to_string();
            assert_eq!(classify(Effect::Read, status, "", body.as_bytes()).kind(), kind, "{text}");
        }
    }

    #[test]
    fn a_403_names_path_and_privilege() {
        let error =
            classify(Effect::Read, 403, "Permission check failed (/vms/110, Sys.Audit|Sys.Modify)", b"");
        let missing = error.missing_privilege().unwrap();
        assert_eq!((missing.path.as_str(), missing.privilege.as_str()), ("/vms/110", "Sys.Audit|Sys.Modify"));
        assert_eq!(classify(Effect::Read, 403, "Permission check failed", b"").missing_privilege(), None);
    }

    #[test]
    fn parameters_of_a_400() {
        let body = br#"{"errors":{"vmid":"VM 100 already exists"},"message":"Parameter verification failed.\n","data":null}"#;
        let error = classify(Effect::Read, 400, "Parameter verification failed.", body);
        assert_eq!(error.kind(), K::AlreadyExists);
        assert_eq!(error.to_string(), "Parameter verification failed: vmid: VM 100 already exists");
        let body =
            br#"{"errors":{"upid":"no such task"},"message":"Parameter verification failed.\n","data":null}"#;
        assert_eq!(classify(Effect::Read, 400, "", body).kind(), K::NotFound);
        let body = br#"{"errors":{"full":"type check ('boolean') failed"},"message":"Parameter verification failed.\n"}"#;
        assert_eq!(classify(Effect::Read, 400, "", body).kind(), K::InvalidInput);
    }

    #[test]
    fn what_became_of_a_write() {
        for (status, outcome) in [
            (400, Outcome::Rejected),
            (500, Outcome::Rejected),
            (595, Outcome::Rejected),
            (596, Outcome::MaybeApplied),
            (597, Outcome::MaybeApplied),
            (599, Outcome::MaybeApplied),
            (502, Outcome::MaybeApplied),
            (524, Outcome::MaybeApplied),
            (504, Outcome::MaybeApplied),
        ] {
            assert_eq!(classify(Effect::Write, status, "", b"").outcome(), outcome, "{status}");
            assert_eq!(classify(Effect::Read, status, "", b"").outcome(), Outcome::Rejected, "{status}");
        }
    }

    #[test]
    fn a_foreign_page_is_an_error_too() {
        let error = classify(Effect::Read, 502, "Bad Gateway", b"<html><h1>502</h1></html>");
        assert_eq!((error.kind(), error.message()), (K::Unavailable, "Bad Gateway"));
        assert_eq!(classify(Effect::Read, 500, "", b"").message(), "the server gave no reason");
    }
}
