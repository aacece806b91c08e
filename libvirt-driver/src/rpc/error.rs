//! What the daemon says when it refuses: a number becomes a kind here and nowhere else.

use std::fmt;

use proxmox_core::{Effect, Error, ErrorKind, Outcome};

use super::types::{DomainRef, NetworkRef};
use super::xdr::{Decode, Malformed, Reader};

/// An error as the daemon sent it. It is the source of the [`Error`] that a call ends with: [`of`](Self::of) finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteError {
    /// libvirt's `virErrorNumber`, such as 42 for a domain that does not exist.
    pub code: i32,
    /// libvirt's `virErrorDomain`: which part of it speaks, such as 10 for qemu.
    pub domain: i32,
    /// Its sentence.
    pub message: String,
}

/// What is sent beside code, domain and message: level, a domain, three parts of the message, two numbers, a network. Most of it
/// is never filled.
type Rest = (
    i32,
    Option<DomainRef>,
    (Option<String>, Option<String>, Option<String>),
    (i32, i32),
    Option<NetworkRef>,
);

impl Decode for RemoteError {
    fn decode(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (code, domain, message): (i32, i32, Option<String>) = Decode::decode(from)?;
        Rest::decode(from)?;
        let message = message.as_deref().map(str::trim_end).filter(|m| !m.is_empty());
        let message = message.unwrap_or("the daemon gave no reason").to_owned();
        Ok(Self { code, domain, message })
    }
}

impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (libvirt code {}, domain {})", self.message, self.code, self.domain)
    }
}

impl std::error::Error for RemoteError {}

/// Sentences of code 1 (internal error), 9 (operation failed) and 38 (system error), which stand for anything.
const SENTENCES: &[(&str, ErrorKind)] = &[
    // Whatever the agent says further is about the guest's inside.
    ("unable to execute QEMU agent command", ErrorKind::Agent),
    ("already exists", ErrorKind::AlreadyExists),
    ("exists already", ErrorKind::AlreadyExists),
    ("is already active", ErrorKind::WrongState),
    ("is already running", ErrorKind::WrongState),
    ("is not active", ErrorKind::WrongState),
    ("is not running", ErrorKind::WrongState),
    ("already in use", ErrorKind::Busy),
    ("No space left on device", ErrorKind::WrongState),
    ("Permission denied", ErrorKind::PermissionDenied),
    ("No such file or directory", ErrorKind::NotFound),
];

impl RemoteError {
    /// What the daemon said of this error, if it was the daemon that did.
    ///
    /// ```
    /// use libvirt_driver::rpc::RemoteError;
    /// # fn demo(error: &proxmox_core::Error) {
    /// if RemoteError::of(error).is_some_and(|said| said.code == 42) {
    ///     println!("no such domain");
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn of(error: &Error) -> Option<&Self> {
        let mut cause = std::error::Error::source(error);
        while let Some(at) = cause {
            if let Some(found) = at.downcast_ref() {
                return Some(found);
            }
            cause = at.source();
        }
        None
    }

    /// What kind of trouble it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self.code {
            // No such domain, network, pool, volume, node device, interface, filter, secret, snapshot, metadata, server, client,
            // device, binding, checkpoint, backup, port, metadata of a network.
            42 | 43 | 49 | 50 | 53 | 57 | 62 | 66 | 72 | 80 | 95 | 96 | 99 | 101 | 103 | 104 | 107 | 111 => {
                ErrorKind::NotFound
            }
            28 | 37 | 90 | 106 => ErrorKind::AlreadyExists,
            // Invalid operation, pool already built, block copy under way.
            55 | 76 | 83 => ErrorKind::WrongState,
            29 | 45 | 79 | 88 | 94 => ErrorKind::PermissionDenied,
            86 | 97 | 112 | 113 => ErrorKind::Agent,
            // Invalid argument, XML and what may be missing in it, address, value out of range, XML against its schema.
            8 | 16 | 17 | 18 | 19 | 20 | 21 | 22 | 23 | 27 | 32 | 35 | 44 | 82 | 92 => {
                ErrorKind::InvalidInput
            }
            // No support, no driver for the URI, of a configuration, an argument, an operation, no such CPU.
            3 | 5 | 67 | 74 | 84 | 91 => ErrorKind::Unsupported,
            // The lock of a domain's state was not free in time; a resource is in use.
            68 | 87 => ErrorKind::Busy,
            1 | 9 | 38 => {
                let said = SENTENCES.iter().find(|(text, _)| self.message.contains(text));
                said.map_or(ErrorKind::Unexpected, |(_, kind)| *kind)
            }
            _ => ErrorKind::Unexpected,
        }
    }

    /// The error of a call of this effect that was answered with this.
    #[must_use]
    pub fn into_error(self, effect: Effect) -> Error {
        let kind = self.kind();
        // The agent took the command, and was gone or silent before it said what came of it.
        let silent = match self.code {
            112 => true,
            86 => !self.message.contains("not connected"),
            _ => false,
        };
        let outcome =
            if silent && effect != Effect::Read { Outcome::MaybeApplied } else { Outcome::Rejected };
        let error = Error::new(kind, outcome, self.message.clone()).with_source(self);
        match kind {
            // It is there, and answers that it cannot: there is no such program, or it may not do this.
            ErrorKind::Agent if agent_refused(&error) => {
                error.with_advice("the agent is there: see what it says of the command")
            }
            ErrorKind::Agent if outcome == Outcome::Rejected => error.with_advice(
                "give the domain a channel org.qemu.guest_agent.0, install qemu-guest-agent in the guest, start the guest",
            ),
            _ if outcome == Outcome::MaybeApplied => error.with_advice(LOOK),
            ErrorKind::PermissionDenied => {
                error.with_advice("on the host, allow this user libvirt's socket (group libvirt), or log in as root")
            }
            _ => error,
        }
    }
}

/// Whether the agent itself has said no.
fn agent_refused(error: &Error) -> bool {
    error.message().contains("unable to execute QEMU agent command")
}

const LOOK: &str = "look at the domain, pool or volume on the host before sending it again";

/// How a connection ended: told to everyone who waits for it.
#[derive(Debug, Clone)]
pub(crate) struct Loss {
    kind: ErrorKind,
    text: String,
}

impl Loss {
    pub(crate) fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }

    /// The other side has ended it.
    pub(crate) fn gone() -> Self {
        Self::new(ErrorKind::Connect, "the daemon closed the connection")
    }

    /// The error of a call of this effect, of which a byte was sent or none.
    pub(crate) fn into_error(self, effect: Effect, sent: bool) -> Error {
        let outcome = match (sent, effect) {
            (false, _) => Outcome::NotSent,
            // A read that got lost changed nothing.
            (true, Effect::Read) => Outcome::Rejected,
            (true, _) => Outcome::MaybeApplied,
        };
        let error = Error::new(self.kind, outcome, self.text);
        match outcome {
            Outcome::MaybeApplied => error.with_advice(LOOK),
            _ => error.with_advice("check that libvirtd runs on the host, and the way to it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::xdr::encoded;
    use ErrorKind as K;

    fn said(code: i32, message: &str) -> RemoteError {
        RemoteError { code, domain: 10, message: message.to_owned() }
    }

    /// Numbers and sentences as libvirt 9.0 sends them.
    #[test]
    fn numbers_become_kinds() {
        for (code, message, kind) in [
            (42, "Domain not found: no domain with matching name 'nope'", K::NotFound),
            (50, "Storage volume not found: no storage vol with matching name 'x'", K::NotFound),
            (80, "metadata not found: Requested metadata element is not present", K::NotFound),
            (55, "Requested operation is not valid: domain is not running", K::WrongState),
            (9, "operation failed: domain 'tiny' already exists with uuid 1", K::AlreadyExists),
            (90, "storage volume 'x' exists already", K::AlreadyExists),
            (86, "Guest agent is not responding: QEMU guest agent is not connected", K::Agent),
            (
                1,
                "internal error: unable to execute QEMU agent command 'guest-exec': Failed to execute child process “/x” (No such file or directory)",
                K::Agent,
            ),
            (45, "authentication failed: access denied by policy", K::PermissionDenied),
            (68, "Timed out during operation: cannot acquire state change lock", K::Busy),
            (27, "XML error: unknown device", K::InvalidInput),
            (38, "Unable to write /pool/x: No space left on device", K::WrongState),
            (9, "operation failed: something else", K::Unexpected),
            (4711, "from the future", K::Unexpected),
        ] {
            let error = said(code, message).into_error(Effect::Write);
            assert_eq!((error.kind(), error.outcome()), (kind, Outcome::Rejected), "{message}");
            assert_eq!(RemoteError::of(&error), Some(&said(code, message)));
            assert_eq!(error.message(), message);
        }
    }

    #[test]
    fn an_agent_that_falls_silent_may_have_done_it() {
        let silent =
            || said(86, "Guest agent is not responding: Guest agent disappeared while executing command");
        assert_eq!(silent().into_error(Effect::Write).outcome(), Outcome::MaybeApplied);
        assert_eq!(silent().into_error(Effect::Read).outcome(), Outcome::Rejected);
        assert!(!silent().into_error(Effect::Write).advice().unwrap().contains("task list"));
    }

    #[test]
    fn an_agent_that_says_no_is_there() {
        let no = "internal error: unable to execute QEMU agent command 'guest-exec': Guest agent command failed, error was \
                  'Failed to execute child process'";
        let error = said(1, no).into_error(Effect::Write);
        assert_eq!((error.kind(), error.outcome()), (K::Agent, Outcome::Rejected));
        assert!(!error.advice().unwrap().contains("install"), "{error:?}");
    }

    #[test]
    fn as_it_is_sent() {
        let none = None::<String>;
        let sent = (
            (42i32, 10i32, Some("Domain not found"), 2i32),
            (None::<DomainRef>, none.clone(), none.clone(), none),
            (0i32, 0i32, None::<NetworkRef>),
        );
        let bytes = encoded(&sent).unwrap();
        assert_eq!(Reader::all::<RemoteError>(&bytes).unwrap(), said(42, "Domain not found"));
    }

    #[test]
    fn a_lost_write_may_have_been_applied() {
        let loss = || Loss::new(K::Connect, "the daemon closed the connection");
        for (effect, sent, outcome) in [
            (Effect::Write, true, Outcome::MaybeApplied),
            (Effect::Destroy, true, Outcome::MaybeApplied),
            (Effect::Read, true, Outcome::Rejected),
            (Effect::Write, false, Outcome::NotSent),
            (Effect::Read, false, Outcome::NotSent),
        ] {
            assert_eq!(loss().into_error(effect, sent).outcome(), outcome, "{effect:?} {sent}");
        }
    }
}
