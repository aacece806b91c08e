//! A plan for people, for a shell, and as data.

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::{Judgement, Plan};

impl Plan {
    /// The writes as `pvesh` lines, secrets redacted.
    pub fn pvesh(&self) -> impl Iterator<Item = String> {
        self.steps.iter().map(|step| step.request.to_string())
    }

    fn count(&self) -> String {
        match self.steps.len() {
            0 => "nothing to do".to_owned(),
            1 => "1 step".to_owned(),
            n => format!("{n} steps"),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "plan for {}: {}", self.pve.info().endpoint, self.count())?;
        for (index, step) in self.steps.iter().enumerate() {
            let state = if self.begun { format!("[{}] ", step.state) } else { String::new() };
            writeln!(f, "{:>3}. {state}{}", index + 1, step.target())?;
            writeln!(f, "     {}", step.request)?;
            match &step.judgement {
                Judgement::Allowed => {}
                Judgement::Forced { rule, why } => writeln!(f, "     forced against rule {rule}: {why}")?,
                Judgement::Refused { why, advice } => {
                    writeln!(f, "     {why}")?;
                    if let Some(advice) = advice {
                        writeln!(f, "     {advice}")?;
                    }
                }
            }
            for warning in &step.warnings {
                writeln!(f, "     {warning}")?;
            }
        }
        match &self.obstacle {
            Some(e) => writeln!(f, "the plan ends here: {e}"),
            None => Ok(()),
        }
    }
}

impl Serialize for Plan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut plan = serializer.serialize_struct("Plan", 3)?;
        plan.serialize_field("endpoint", &self.pve.info().endpoint)?;
        plan.serialize_field("steps", &self.steps)?;
        plan.serialize_field("obstacle", &self.obstacle.as_ref().map(ToString::to_string))?;
        plan.end()
    }
}
