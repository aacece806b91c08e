//! Exit codes: what a script learns without reading a word.

use std::process::ExitCode;

use proxmox_core::{Error, ErrorKind, Outcome};

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Anything that has no code of its own.
    Other = 1,
    /// Invalid input; nothing was sent.
    Invalid = 2,
    /// The guest, node, storage or task does not exist.
    NotFound = 3,
    /// Refused by a gate, before anything was sent or by PVE's own protection.
    Refused = 4,
    /// Not authenticated, or a privilege is missing.
    Denied = 5,
    /// It exists, is locked, or was changed meanwhile.
    Taken = 6,
    /// The task failed.
    TaskFailed = 7,
    /// Unreachable, or timed out.
    Unreachable = 8,
    /// Unknown: it may have been applied.
    Unknown = 9,
}

impl Exit {
    /// The one table: a pure function of what an error is and what became of the request.
    ///
    /// A task that failed says so itself, whatever it left behind. Else a write whose end nobody knows comes first, for no
    /// other code may hide it.
    #[must_use]
    pub fn of(kind: ErrorKind, outcome: Outcome) -> Self {
        match (kind, outcome) {
            (ErrorKind::TaskFailed, _) => Self::TaskFailed,
            (_, Outcome::MaybeApplied) => Self::Unknown,
            (ErrorKind::InvalidInput, Outcome::NotSent) => Self::Invalid,
            (ErrorKind::NotFound, _) => Self::NotFound,
            (ErrorKind::Refused, _) => Self::Refused,
            (ErrorKind::Unauthenticated | ErrorKind::PermissionDenied, _) => Self::Denied,
            (ErrorKind::AlreadyExists | ErrorKind::Locked | ErrorKind::Conflict | ErrorKind::Busy, _) => {
                Self::Taken
            }
            (
                ErrorKind::Connect
                | ErrorKind::Tls
                | ErrorKind::Timeout
                | ErrorKind::NodeUnreachable
                | ErrorKind::Unavailable,
                _,
            ) => Self::Unreachable,
            _ => Self::Other,
        }
    }
}

impl From<&Error> for Exit {
    fn from(error: &Error) -> Self {
        Self::of(error.kind(), error.outcome())
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The table of codes as the programs' `--help` shows it.
pub const HELP: &str = "\
Exit codes:
  0  done
  1  anything that is not named below
  2  invalid input, nothing was sent
  3  not found
  4  refused by a safety gate
  5  authentication or permission
  6  exists already, locked, or changed meanwhile
  7  the task failed
  8  unreachable or timed out
  9  outcome unknown: it may have been applied";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_and_outcome() {
        use ErrorKind as K;
        use Outcome::{Applied, MaybeApplied, NotSent, Rejected};
        for (kind, outcome, code) in [
            (K::InvalidInput, NotSent, 2),
            (K::InvalidInput, Rejected, 1),
            (K::NotFound, Rejected, 3),
            (K::Refused, NotSent, 4),
            (K::Refused, Rejected, 4),
            (K::Unauthenticated, Rejected, 5),
            (K::PermissionDenied, Rejected, 5),
            (K::AlreadyExists, Rejected, 6),
            (K::Locked, Rejected, 6),
            (K::Conflict, Rejected, 6),
            (K::Busy, Rejected, 6),
            (K::TaskFailed, Rejected, 7),
            (K::TaskFailed, MaybeApplied, 7),
            (K::Connect, NotSent, 8),
            (K::Tls, NotSent, 8),
            (K::Timeout, Rejected, 8),
            (K::Timeout, Applied, 8),
            (K::NodeUnreachable, Rejected, 8),
            (K::Unavailable, Rejected, 8),
            (K::Timeout, MaybeApplied, 9),
            (K::Connect, MaybeApplied, 9),
            (K::Decode, MaybeApplied, 9),
            (K::Decode, Rejected, 1),
            (K::WrongState, Rejected, 1),
            (K::Agent, Rejected, 1),
            (K::Unsupported, Rejected, 1),
            (K::Unexpected, Rejected, 1),
        ] {
            assert_eq!(Exit::of(kind, outcome) as u8, code, "{kind:?} {outcome:?}");
        }
    }
}
