//! Exchanges that ended without an answer: how far they came, and what was in the way.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use proxmox_core::{Effect, Error, ErrorKind, Outcome};

/// The longest answer that is read, 64 MiB: four times what 50,000 guests in `/cluster/resources` take.
pub(crate) const LONGEST_ANSWER: usize = 64 << 20;

/// How far an exchange had come when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
// Each way to a node knows some of them.
#[cfg_attr(not(all(feature = "_http", feature = "ssh")), allow(dead_code))]
pub(crate) enum Stage {
    /// There was no connection: nothing was sent.
    Connecting,
    /// There was a connection, and no TLS on it: nothing was sent.
    Securing,
    /// Bytes of the request may have left.
    Sent,
    /// The answer's head was read.
    Answering,
}

/// What was in the way.
#[derive(Debug)]
// Each way to a node knows some of them.
#[cfg_attr(not(all(feature = "_http", feature = "ssh")), allow(dead_code))]
pub(crate) enum Why {
    /// A budget ran out.
    Budget(&'static str, Duration),
    /// The certificate or the handshake is not acceptable.
    Tls(String),
    /// The key of the ssh server is not trusted.
    HostKey { problem: &'static str, remedy: &'static str },
    /// The ssh server lets nobody in.
    Login(String),
    /// A program is not on this machine.
    NoProgram(&'static str),
    /// What came is not HTTP.
    NotHttp(String),
    /// The answer is longer than [`LONGEST_ANSWER`].
    TooLong,
    /// The network, in its own words.
    Network(String),
}

/// An exchange that ended without an answer.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) stage: Stage,
    pub(crate) why: Why,
    pub(crate) source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Fault {
    pub(crate) fn new(stage: Stage, why: Why) -> Self {
        Self { stage, why, source: None }
    }

    pub(crate) fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The error for a request of this effect to `host`.
    pub(crate) fn into_error(self, effect: Effect, host: &str) -> Error {
        let Self { stage, why, source } = self;
        let kind = match (&why, stage) {
            (Why::Tls(_) | Why::HostKey { .. }, _) => ErrorKind::Tls,
            (Why::Login(_), _) => ErrorKind::Unauthenticated,
            (Why::NoProgram(_), _) => ErrorKind::Unsupported,
            (Why::NotHttp(_) | Why::TooLong, _) => ErrorKind::Decode,
            (_, Stage::Connecting | Stage::Securing) | (Why::Network(_), _) => ErrorKind::Connect,
            (Why::Budget(..), _) => ErrorKind::Timeout,
        };
        let outcome = match stage {
            Stage::Connecting | Stage::Securing => Outcome::NotSent,
            // A read that got lost changed nothing, and may be sent again.
            _ if effect == Effect::Read => Outcome::Rejected,
            _ => Outcome::MaybeApplied,
        };
        let message = match stage {
            Stage::Connecting => format!("no connection to {host}{why}"),
            Stage::Securing => format!("no TLS with {host}{why}"),
            Stage::Sent => format!("no answer from {host}{why}"),
            Stage::Answering => format!("the answer of {host} is not complete{why}"),
        };
        let error = Error::new(kind, outcome, message);
        let advice = match (why, stage, outcome) {
            (Why::HostKey { remedy, .. }, ..) => Some(remedy),
            (Why::Login(_), ..) => {
                Some("`ssh` must get in from here without asking: check user, key and agent")
            }
            (Why::NoProgram(_), ..) => Some("install it, or put its directory into PATH"),
            (_, Stage::Sent | Stage::Answering, Outcome::Rejected) => {
                Some("nothing was changed: ask again; if it lasts, look at pveproxy on the node")
            }
            _ => None,
        };
        let error = advice.into_iter().fold(error, Error::with_advice);
        match source {
            Some(source) => error.with_source(source),
            None => error,
        }
    }
}

/// Goes behind what is missing: ` within 10s (connect budget)`, `: connection refused`.
impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Budget(name, limit) => write!(f, " within {limit:?} ({name} budget)"),
            Self::TooLong => write!(f, ": it is longer than {} MiB", LONGEST_ANSWER >> 20),
            Self::NotHttp(text) => write!(f, ": not HTTP: {text}"),
            Self::HostKey { problem, .. } => write!(f, ": {problem}"),
            Self::NoProgram(name) => write!(f, ": there is no program `{name}` on this machine"),
            Self::Tls(text) | Self::Login(text) | Self::Network(text) => write!(f, ": {text}"),
        }
    }
}

/// The words of the innermost cause: those around it only say that something failed.
pub(crate) fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// What the network says of itself.
pub(crate) fn network(error: &(dyn StdError + 'static)) -> Why {
    match find_cause::<io::Error>(error) {
        Some(e) if e.kind() == io::ErrorKind::UnexpectedEof => Why::closed(),
        _ => Why::Network(innermost(error)),
    }
}

impl Why {
    /// The other side ended the connection.
    pub(crate) fn closed() -> Self {
        Self::Network("the connection was closed".to_owned())
    }
}

/// Looks for a cause of type `T`, also inside of I/O errors, which hide theirs.
pub(crate) fn find_cause<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(found) = cause.downcast_ref() {
            return Some(found);
        }
        next = match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => cause.source(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_not_connected_is_not_sent() {
        use ErrorKind as K;
        use Outcome as O;
        let budget = || Why::Budget("total", Duration::from_secs(1));
        let network = || Why::Network("reset".to_owned());
        for (stage, why, effect, kind, outcome, retryable) in [
            (Stage::Connecting, network(), Effect::Write, K::Connect, O::NotSent, true),
            (Stage::Connecting, budget(), Effect::Write, K::Connect, O::NotSent, true),
            (Stage::Securing, Why::Tls("x".to_owned()), Effect::Write, K::Tls, O::NotSent, false),
            (Stage::Securing, network(), Effect::Read, K::Connect, O::NotSent, true),
            (Stage::Sent, network(), Effect::Write, K::Connect, O::MaybeApplied, false),
            (Stage::Sent, network(), Effect::Destroy, K::Connect, O::MaybeApplied, false),
            (Stage::Sent, network(), Effect::Read, K::Connect, O::Rejected, true),
            (Stage::Sent, budget(), Effect::Write, K::Timeout, O::MaybeApplied, false),
            (Stage::Answering, budget(), Effect::Read, K::Timeout, O::Rejected, true),
            (Stage::Answering, Why::TooLong, Effect::Read, K::Decode, O::Rejected, false),
            (Stage::Sent, Why::NotHttp(String::new()), Effect::Write, K::Decode, O::MaybeApplied, false),
        ] {
            let case = format!("{stage:?} {why:?} {effect:?}");
            let error = Fault::new(stage, why).into_error(effect, "pve1:8006");
            assert_eq!(
                (error.kind(), error.outcome(), error.is_retryable()),
                (kind, outcome, retryable),
                "{case}"
            );
            assert!(error.message().contains("pve1:8006"), "{error}");
        }
    }

    /// Host, stage and budget, as people read them.
    #[test]
    fn sentences() {
        let budget = |name| Why::Budget(name, Duration::from_secs(60));
        let network = |text: &str| Why::Network(text.to_owned());
        let lines: Vec<_> = [
            (Stage::Connecting, network("Connection refused (os error 111)")),
            (Stage::Connecting, budget("connect")),
            (Stage::Securing, Why::Tls("its certificate is for another name".to_owned())),
            (Stage::Sent, network("Connection reset by peer (os error 104)")),
            (Stage::Sent, budget("first byte")),
            (Stage::Sent, Why::NotHttp("invalid status line".to_owned())),
            (Stage::Answering, budget("total")),
            (Stage::Answering, Why::TooLong),
        ]
        .into_iter()
        .map(|(stage, why)| Fault::new(stage, why).into_error(Effect::Write, "pve1:8006").to_string())
        .collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        no connection to pve1:8006: Connection refused (os error 111)
        no connection to pve1:8006 within 60s (connect budget)
        no TLS with pve1:8006: its certificate is for another name
        no answer from pve1:8006: Connection reset by peer (os error 104); it may have been applied
        no answer from pve1:8006 within 60s (first byte budget); it may have been applied
        no answer from pve1:8006: not HTTP: invalid status line; it may have been applied
        the answer of pve1:8006 is not complete within 60s (total budget); it may have been applied
        the answer of pve1:8006 is not complete: it is longer than 64 MiB; it may have been applied
        ");
    }
}
