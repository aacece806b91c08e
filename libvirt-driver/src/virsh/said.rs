//! What virsh says when something is wrong: its sentences become the numbers that the daemon sends over its own protocol.

use proxmox_core::{Effect, Error, ErrorKind, Outcome};

use crate::rpc::RemoteError;
use crate::rpc::error::Loss;

/// How the daemon's messages begin, by its `virErrorNumber`. What it sends without such a beginning is 1: it may be anything.
const BEGINNINGS: &[(&str, i32)] = &[
    ("this function is not supported by the connection driver", 3),
    ("no connection driver available", 5),
    ("invalid argument", 8),
    ("operation failed", 9),
    ("XML error", 27),
    ("authentication unavailable", 79),
    ("Domain not found", 42),
    ("Network not found", 43),
    ("authentication failed", 45),
    ("authentication cancelled", 79),
    ("Storage pool not found", 49),
    ("Storage volume not found", 50),
    ("Node device not found", 53),
    ("Requested operation is not valid", 55),
    ("unsupported configuration", 67),
    ("Timed out during operation", 68),
    ("Domain snapshot not found", 72),
    ("argument unsupported", 74),
    ("Storage pool already built", 76),
    ("metadata not found", 80),
    ("block copy still active", 83),
    ("Operation not supported", 84),
    ("Guest agent is not responding", 86),
    ("resource busy", 87),
    ("access denied", 88),
    ("XML document failed to validate against schema", 92),
    ("guest agent replied with wrong id", 97),
    ("device not found", 99),
    ("guest agent command timed out", 112),
    ("guest agent command failed", 113),
    // virsh's own, of what it looks for before it asks for anything.
    ("failed to get domain", 42),
    ("failed to get network", 43),
    ("failed to get pool", 49),
    ("failed to get vol", 50),
    ("Domain is already active", 55),
    ("Refusing to undefine while", 55),
    ("unknown command", 3),
];

/// What tells it elsewhere in a message.
const MIDDLES: &[(&str, i32)] = &[
    ("Option argument is empty", 8),
    ("doesn't support option", 3),
    // Of libvirt's XML parser: the document, the line, and what is wrong there.
    ("_definition):", 35),
];

/// Beginnings of messages of a client that has lost its daemon: what it had asked for may have been done.
const LOST: &[&str] = &[
    "Disconnected from",
    "End of file while reading data",
    "Cannot recv data",
    "Cannot write data",
    "internal error: client socket is closed",
    "internal error: connection closed due to keepalive timeout",
];

/// What a command of virsh has complained of.
#[derive(Debug)]
pub(super) struct Complaints(Vec<String>);

impl Complaints {
    /// Each error with the lines that belong to it.
    pub(super) fn of(stderr: &[u8]) -> Self {
        let mut all: Vec<String> = Vec::new();
        let text = String::from_utf8_lossy(stderr);
        for line in text.lines() {
            match (line.strip_prefix("error: "), all.last_mut()) {
                (Some(error), _) => all.push(error.to_owned()),
                (None, Some(last)) => {
                    last.push('\n');
                    last.push_str(line);
                }
                // Warnings of the system's own, such as of a locale that is not there.
                (None, None) => {}
            }
        }
        Self(all.iter().map(|said| said.trim_end().to_owned()).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the daemon would have sent: of several the last that is understood, for the first only say what virsh was about to do.
    pub(super) fn remote(&self) -> RemoteError {
        let understood = self.0.iter().rev().find_map(|said| Some((code(said)?, said)));
        let (code, message) = match (understood, self.0.last()) {
            (Some((code, said)), _) => (code, said.clone()),
            (None, Some(said)) => (1, said.clone()),
            (None, None) => (1, "virsh gave no reason".to_owned()),
        };
        RemoteError { code, domain: 0, message }
    }

    /// The error of a call of this effect.
    pub(super) fn into_error(self, effect: Effect) -> Error {
        if self.0.first().is_some_and(|said| said.starts_with("failed to connect to the hypervisor")) {
            return self.no_connection();
        }
        let lost = |said: &&String| LOST.iter().any(|beginning| said.starts_with(beginning));
        match self.0.iter().find(lost) {
            Some(said) => Loss::new(ErrorKind::Connect, said.as_str()).into_error(effect, true),
            None => self.remote().into_error(effect),
        }
    }

    /// virsh has not reached the daemon: nothing was asked for.
    fn no_connection(&self) -> Error {
        let remote = self.remote();
        let kind = match remote.kind() {
            ErrorKind::NotFound | ErrorKind::Unexpected => ErrorKind::Connect,
            kind => kind,
        };
        let text = format!("virsh does not reach the daemon: {}", remote.message);
        Error::new(kind, Outcome::NotSent, text)
            .with_advice("check that libvirtd runs there, and that this user may use its socket")
    }
}

fn code(said: &str) -> Option<i32> {
    let begins = BEGINNINGS.iter().find(|(text, _)| said.starts_with(text));
    let exists = said.starts_with("storage volume '") && said.contains("' exists already");
    let holds = || MIDDLES.iter().find(|(text, _)| said.contains(text));
    begins.or_else(holds).map(|(_, code)| *code).or(exists.then_some(90))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ErrorKind as K;

    /// Sentences of virsh 9.0.
    #[test]
    fn sentences_become_numbers() {
        for (said, code, kind) in [
            ("error: failed to get domain 'nope'\n", 42, K::NotFound),
            (
                "error: failed to get domain 'nope'\nerror: Domain not found: no domain with matching name 'nope'\n",
                42,
                K::NotFound,
            ),
            (
                "error: failed to get network 'x'\nerror: Network not found: no network with matching name 'x'\n",
                43,
                K::NotFound,
            ),
            (
                "error: failed to get pool 'x'\nerror: Storage pool not found: no storage pool with matching name 'x'\n",
                49,
                K::NotFound,
            ),
            (
                "error: failed to get vol 'nope'\nerror: Storage volume not found: no storage vol with matching path 'nope'\n",
                50,
                K::NotFound,
            ),
            (
                "error: Domain snapshot not found: no domain snapshot with matching name 'nope'\n",
                72,
                K::NotFound,
            ),
            ("error: metadata not found: Requested metadata element is not present\n", 80, K::NotFound),
            ("error: Domain is already active\n", 55, K::WrongState),
            (
                "error: Failed to destroy domain 'a'\nerror: Requested operation is not valid: domain is not running\n",
                55,
                K::WrongState,
            ),
            (
                "error: Failed to define domain from /dev/stdin\nerror: operation failed: domain 'a' already exists with uuid 1\n",
                9,
                K::AlreadyExists,
            ),
            (
                "error: Failed to create vol a.raw\nerror: storage volume 'a.raw' exists already\n",
                90,
                K::AlreadyExists,
            ),
            ("error: operation failed: domain moment s1 already exists\n", 9, K::AlreadyExists),
            ("error: Guest agent is not responding: QEMU guest agent is not connected\n", 86, K::Agent),
            (
                "error: internal error: unable to execute QEMU agent command 'guest-nope': The command guest-nope has not been found\n",
                1,
                K::Agent,
            ),
            (
                "error: invalid argument: requested vcpus is greater than max allowable vcpus for the live domain: 4 > 1\n",
                8,
                K::InvalidInput,
            ),
            (
                "error: Failed to define domain from /dev/stdin\nerror: unsupported configuration: invalid domain type nope\n",
                67,
                K::Unsupported,
            ),
            (
                "error: Failed to define domain from /dev/stdin\nerror: (domain_definition):2: Premature end of data in tag name line 1\n(null)\n^\n",
                35,
                K::InvalidInput,
            ),
            (
                "error: XML document failed to validate against schema: Unable to validate doc against domain.rng\nElement domain has extra content: unknown\n\n",
                92,
                K::InvalidInput,
            ),
            ("error: Failed to get option 'domain': Option argument is empty\n", 8, K::InvalidInput),
            ("error: unknown command: 'nosuch'\n", 3, K::Unsupported),
            ("error: command 'list' doesn't support option --id\n", 3, K::Unsupported),
            (
                "error: Failed to set new domain title\nerror: metadata title can't contain newlines\n",
                1,
                K::Unexpected,
            ),
        ] {
            let remote = Complaints::of(said.as_bytes()).remote();
            assert_eq!((remote.code, remote.kind()), (code, kind), "{said}");
            let error = Complaints::of(said.as_bytes()).into_error(Effect::Write);
            assert_eq!((error.kind(), error.outcome()), (kind, Outcome::Rejected), "{said}");
            assert_eq!(RemoteError::of(&error).map(|said| said.code), Some(code));
        }
    }

    #[test]
    fn what_has_not_reached_the_daemon_was_not_sent() {
        for (why, kind) in [
            ("no connection driver available for foo:///x", K::Unsupported),
            (
                "Failed to connect socket to '/run/libvirt/libvirt-sock': No such file or directory",
                K::Connect,
            ),
            (
                "Failed to connect socket to '/run/libvirt/libvirt-sock': Permission denied",
                K::PermissionDenied,
            ),
            ("Cannot recv data: Connection reset by peer", K::Connect),
            (
                "authentication unavailable: no polkit agent available to authenticate action 'org.libvirt.unix.manage'",
                K::PermissionDenied,
            ),
        ] {
            let said = format!("error: failed to connect to the hypervisor\nerror: {why}\n");
            let error = Complaints::of(said.as_bytes()).into_error(Effect::Write);
            assert_eq!((error.kind(), error.outcome()), (kind, Outcome::NotSent), "{why}");
            assert!(error.to_string().contains(why), "{error}");
        }
    }

    #[test]
    fn what_a_lost_daemon_was_asked_for_may_have_been_done() {
        let said = "error: Disconnected from qemu:///system due to end of file\nerror: Failed to wipe vol big.raw\nerror: End of file while reading data: Input/output error\n";
        for (effect, outcome) in [
            (Effect::Write, Outcome::MaybeApplied),
            (Effect::Destroy, Outcome::MaybeApplied),
            (Effect::Read, Outcome::Rejected),
        ] {
            let error = Complaints::of(said.as_bytes()).into_error(effect);
            assert_eq!((error.kind(), error.outcome()), (K::Connect, outcome));
        }
        assert!(Complaints::of(b"setlocale: No such file or directory\n").is_empty());
    }
}
