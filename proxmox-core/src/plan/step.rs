use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::policy::{Passage, Rule};
use crate::{PveRequest, Result, Target};

/// A write of a plan. As JSON it has the request as data and as a `pvesh` line, secrets redacted.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Step {
    /// As it would be sent, secrets and all: they are redacted wherever it is printed.
    pub request: PveRequest,
    /// What the safety gate says of it.
    pub judgement: Judgement,
    /// The digest of the configuration of the guest in its path, as it was when this was planned. Only the first step on a guest
    /// that is there already has one: the later ones come after what the plan itself does to it.
    pub basis: Option<String>,
    /// What has become of it.
    pub state: StepState,
    /// What the task that it started warned of.
    pub warnings: Vec<String>,
}

/// What the safety gate says of a planned write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Judgement {
    /// It passes.
    Allowed,
    /// It passes because the call was forced.
    Forced {
        /// Against which rule.
        rule: Rule,
        /// What that rule saw.
        why: String,
    },
    /// It does not pass.
    Refused {
        /// Why.
        why: String,
        /// How to go on.
        advice: Option<String>,
    },
}

/// What has become of a planned write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum StepState {
    /// It has not been sent.
    NotDone,
    /// It is done; the task that it started has ended well.
    Done,
    /// The task that it started has failed.
    Failed,
    /// It was sent, and whether it took effect is not known: nobody has waited for its end, or the answer was lost.
    Unknown,
}

impl StepState {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotDone => "not done",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for StepState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Judgement {
    pub(super) fn of(passage: &Passage<'_>) -> Self {
        match passage {
            Passage::Allowed => Self::Allowed,
            Passage::Forced(refusal) => Self::Forced { rule: refusal.rule, why: refusal.why.clone() },
            Passage::Refused(e) => {
                Self::Refused { why: e.message().to_owned(), advice: e.advice().map(str::to_owned) }
            }
        }
    }
}

impl Step {
    pub(super) fn new(request: PveRequest, judgement: Judgement, basis: Option<String>) -> Self {
        Self { request, judgement, basis, state: StepState::NotDone, warnings: Vec::new() }
    }

    /// What it is about.
    #[must_use]
    pub fn target(&self) -> Target {
        self.request.target()
    }
}

/// The `pvesh` line, with what the gate says of it as a comment of the shell's.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.request.fmt(f)?;
        match &self.judgement {
            Judgement::Allowed => Ok(()),
            Judgement::Forced { rule, why } => write!(f, " # forced against rule {rule}: {why}"),
            Judgement::Refused { why, .. } => write!(f, " # not sent: {why}"),
        }
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut step = serializer.serialize_struct("Step", 6)?;
        step.serialize_field("pvesh", &self.request.to_string())?;
        step.serialize_field("request", &self.request)?;
        step.serialize_field("judgement", &self.judgement)?;
        step.serialize_field("basis", &self.basis)?;
        step.serialize_field("state", &self.state)?;
        step.serialize_field("warnings", &self.warnings)?;
        step.end()
    }
}
