//! One error type for everything, because a caller asks the same three questions whatever went wrong:
//! what kind of trouble ([`Error::kind`]), did it take effect ([`Error::outcome`]), and what now
//! ([`Error::advice`]).

mod classify;
mod kind;

use std::collections::BTreeMap;
use std::fmt;

pub use classify::{MissingPrivilege, classify};
pub use kind::{ErrorKind, Outcome};

use crate::Upid;

/// Everything in this SDK that can fail, fails with this.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Box<dyn std::error::Error + Send + Sync + 'static>;

/// What went wrong, with what PVE said about it, and whether the request may have been applied.
///
/// `Display` is one line for a person. `Debug` lists all that is known.
pub struct Error(Box<Inner>);

#[derive(Default)]
struct Inner {
    kind: ErrorKind,
    outcome: Outcome,
    message: String,
    operation: Option<&'static str>,
    target: Option<String>,
    status: Option<u16>,
    reason: Option<String>,
    errors: BTreeMap<String, String>,
    permission: Option<MissingPrivilege>,
    upid: Option<Upid>,
    log: Vec<String>,
    advice: Option<String>,
    attempts: u32,
    source: Option<Source>,
}

impl Error {
    /// An error of this kind, with what is known about the effect of the request.
    pub fn new(kind: ErrorKind, outcome: Outcome, message: impl Into<String>) -> Self {
        let message = message.into().trim_end().to_owned();
        Self(Box::new(Inner { kind, outcome, message, ..Inner::default() }))
    }

    /// Wrong input, found before anything was sent. `field` names the parameter.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let mut error = Self::new(ErrorKind::InvalidInput, Outcome::NotSent, message.clone());
        error.0.errors.insert(field.to_owned(), message);
        error
    }

    /// An answer that is not what PVE's API promises.
    pub fn decode(outcome: Outcome, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Decode, outcome, message)
    }

    /// The same once more, for another that it befell as well. Who it befell and the cause stay behind.
    pub(crate) fn repeated(&self) -> Self {
        let e = &*self.0;
        Self(Box::new(Inner {
            kind: e.kind,
            outcome: e.outcome,
            message: e.message.clone(),
            status: e.status,
            reason: e.reason.clone(),
            errors: e.errors.clone(),
            permission: e.permission.clone(),
            upid: e.upid.clone(),
            log: e.log.clone(),
            advice: e.advice.clone(),
            attempts: e.attempts,
            operation: None,
            target: None,
            source: None,
        }))
    }

    /// What kind of trouble.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the request took effect, as far as can be known.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// The sentence, PVE's own where there is one, without operation and target.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The operation that failed, such as `qemu.start`.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// What the operation was about, such as `VM 100 on node pve1`.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        self.0.target.as_deref()
    }

    /// The HTTP status, where an answer came.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The HTTP reason phrase, where an answer came. For 401, 595 and 596 it is PVE's only text.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// Messages about single parameters, by parameter name.
    #[must_use]
    pub fn errors(&self) -> &BTreeMap<String, String> {
        &self.0.errors
    }

    /// The path and privilege that a 403 names.
    #[must_use]
    pub fn missing_privilege(&self) -> Option<&MissingPrivilege> {
        self.0.permission.as_ref()
    }

    /// The task that failed, or that may still be running.
    #[must_use]
    pub fn upid(&self) -> Option<&Upid> {
        self.0.upid.as_ref()
    }

    /// The last lines of the failed task's log.
    #[must_use]
    pub fn task_log(&self) -> &[String] {
        &self.0.log
    }

    /// How often the request was tried; 0 when it was not counted.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Whether sending the same request again is safe and may help. Only for a request that did not leave, or for a
    /// read; the caller knows which it was. False once a retrying layer has given up.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.attempts == 0
            && self.0.kind.is_transient()
            && matches!(self.0.outcome, Outcome::NotSent | Outcome::Rejected)
    }

    /// Whether the object does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.0.kind == ErrorKind::NotFound
    }

    /// Whether the write may have taken effect although no answer tells.
    #[must_use]
    pub fn is_maybe_applied(&self) -> bool {
        self.0.outcome == Outcome::MaybeApplied
    }

    /// What to do about it, in one sentence.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        if let Some(advice) = &self.0.advice {
            return Some(advice);
        }
        if self.is_maybe_applied() {
            return Some("look at the guest and the node's task list before sending it again");
        }
        self.0.kind.advice()
    }

    /// Names the operation; the first name stays.
    #[must_use]
    pub fn during(mut self, operation: &'static str) -> Self {
        self.0.operation.get_or_insert(operation);
        self
    }

    /// Names what it was about; the first, which is the nearest, stays.
    #[must_use]
    pub fn about(mut self, target: impl fmt::Display) -> Self {
        self.0.target.get_or_insert_with(|| target.to_string());
        self
    }

    /// Adds the HTTP status and reason phrase.
    #[must_use]
    pub fn with_status(mut self, status: u16, reason: impl Into<String>) -> Self {
        self.0.status = Some(status);
        self.0.reason = Some(reason.into());
        self
    }

    /// Adds messages about single parameters.
    #[must_use]
    pub fn with_errors(mut self, errors: BTreeMap<String, String>) -> Self {
        self.0.errors = errors;
        self
    }

    /// Adds the privilege that is missing.
    #[must_use]
    pub fn with_missing_privilege(mut self, permission: Option<MissingPrivilege>) -> Self {
        self.0.permission = permission;
        self
    }

    /// Adds the task.
    #[must_use]
    pub fn with_upid(mut self, upid: Upid) -> Self {
        self.0.upid = Some(upid);
        self
    }

    /// Adds the last lines of the task's log.
    #[must_use]
    pub fn with_task_log(mut self, lines: Vec<String>) -> Self {
        self.0.log = lines;
        self
    }

    /// Replaces the general advice by one that fits the case.
    #[must_use]
    pub fn with_advice(mut self, advice: impl Into<String>) -> Self {
        self.0.advice = Some(advice.into());
        self
    }

    /// Adds how often the request was tried, so that outer loops do not multiply the tries.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Changes what is known about the effect, where a later look has settled it.
    #[must_use]
    pub fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.0.outcome = outcome;
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let e = &*self.0;
        match (e.operation, &e.target) {
            (Some(operation), Some(target)) => write!(f, "{operation} ({target}): ")?,
            (Some(operation), None) => write!(f, "{operation}: ")?,
            (None, Some(target)) => write!(f, "{target}: ")?,
            (None, None) => {}
        }
        // What is sent nowhere names its field in the message already.
        let named = e.outcome != Outcome::NotSent && !e.errors.is_empty();
        f.write_str(if named { e.message.trim_end_matches('.') } else { &e.message })?;
        if named {
            f.write_str(":")?;
            for (i, (name, text)) in e.errors.iter().enumerate() {
                let text = text.trim_end();
                write!(f, "{} {name}: {text}", if i == 0 { "" } else { ";" })?;
            }
        }
        if e.attempts > 1 {
            write!(f, " (after {} attempts)", e.attempts)?;
        }
        match e.outcome {
            Outcome::MaybeApplied => f.write_str("; it may have been applied"),
            Outcome::Applied => f.write_str("; it was applied"),
            Outcome::NotSent | Outcome::Rejected => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let e = &*self.0;
        let mut s = f.debug_struct("Error");
        s.field("kind", &e.kind).field("outcome", &e.outcome).field("message", &e.message);
        let mut some = |name: &str, value: Option<&dyn fmt::Debug>| {
            if let Some(value) = value {
                s.field(name, value);
            }
        };
        some("operation", e.operation.as_ref().map(|v| v as _));
        some("target", e.target.as_ref().map(|v| v as _));
        some("status", e.status.as_ref().map(|v| v as _));
        some("reason", e.reason.as_ref().map(|v| v as _));
        some("errors", (!e.errors.is_empty()).then_some(&e.errors as _));
        some("missing_privilege", e.permission.as_ref().map(|v| v as _));
        some("upid", e.upid.as_ref().map(|v| v as _));
        some("task_log", (!e.log.is_empty()).then_some(&e.log as _));
        some("attempts", (e.attempts > 0).then_some(&e.attempts as _));
        some("source", e.source.as_ref().map(|v| v as _));
        s.finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|s| s as _)
    }
}

impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_for_a_person() {
        let error = Error::new(ErrorKind::Locked, Outcome::Rejected, "VM is locked (clone)\n")
            .during("qemu.set_config")
            .about("VM 100 on node pve1");
        assert_eq!(error.to_string(), "qemu.set_config (VM 100 on node pve1): VM is locked (clone)");
        let error = Error::new(ErrorKind::Timeout, Outcome::MaybeApplied, "no answer within 30 s");
        assert_eq!(error.to_string(), "no answer within 30 s; it may have been applied");
        assert!(error.advice().unwrap().contains("task list"));
    }

    #[test]
    fn the_first_context_stays() {
        let error =
            Error::invalid("x", "bad").about("VM 100").during("inner").about("node pve1").during("outer");
        assert_eq!((error.operation(), error.target()), (Some("inner"), Some("VM 100")));
    }

    #[test]
    fn retry_truth() {
        let error = |kind, outcome| Error::new(kind, outcome, "");
        assert!(error(ErrorKind::Connect, Outcome::NotSent).is_retryable());
        for attempts in [1, 4] {
            let error = error(ErrorKind::Connect, Outcome::NotSent).with_attempts(attempts);
            assert!(!error.is_retryable(), "a retrying layer has given up: {attempts}");
        }
        assert!(!error(ErrorKind::Timeout, Outcome::MaybeApplied).is_retryable());
        assert!(!error(ErrorKind::InvalidInput, Outcome::NotSent).is_retryable());
    }
}
