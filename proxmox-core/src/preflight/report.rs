use std::fmt;

use serde::{Deserialize, Serialize};

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It fails, or this SDK refuses it.
    Error,
    /// It may come out other than one expects.
    Warning,
    /// Good to know.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

/// One thing that stands in the way, or that one should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Finding {
    /// What kind of finding: `vmid-taken`, `storage-full` … These names stay.
    pub code: String,
    /// How grave it is.
    pub severity: Severity,
    /// What it is about: `VM 100 on node pve1`, `storage local-lvm on pve1`.
    pub subject: String,
    /// What was found.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

/// What [`preflight`](crate::Call::preflight) found: everything at once, the gravest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// The request that was looked at, as a line for `pvesh`, without secrets.
    pub request: String,
    /// What was found.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether nothing that was found makes it fail.
    #[must_use]
    pub fn is_feasible(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity != Severity::Error)
    }

    /// The findings of this kind.
    pub fn of(&self, code: &str) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.code == code)
    }
}

/// One line for each finding, and one for what to do.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.findings.is_empty() {
            return writeln!(f, "nothing stands in the way of: {}", self.request);
        }
        for finding in &self.findings {
            writeln!(f, "{:7} {}: {}: {}", finding.severity, finding.code, finding.subject, finding.message)?;
            if !finding.remedy.is_empty() {
                for line in finding.remedy.lines() {
                    writeln!(f, "        {line}")?;
                }
            }
        }
        Ok(())
    }
}

/// Where findings are collected.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn add(
        &mut self,
        severity: Severity,
        code: &str,
        subject: impl fmt::Display,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let finding = Finding {
            code: code.to_owned(),
            severity,
            subject: subject.to_string(),
            message: message.into(),
            remedy: remedy.into(),
        };
        if !self.0.contains(&finding) {
            self.0.push(finding);
        }
    }

    pub(super) fn error(
        &mut self,
        code: &str,
        subject: impl fmt::Display,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.add(Severity::Error, code, subject, message, remedy);
    }

    pub(super) fn warn(
        &mut self,
        code: &str,
        subject: impl fmt::Display,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.add(Severity::Warning, code, subject, message, remedy);
    }

    /// Makes errors of these codes warnings.
    pub(super) fn soften(&mut self, codes: &[&str]) {
        let settled = |finding: &&mut Finding| {
            finding.severity == Severity::Error && codes.contains(&finding.code.as_str())
        };
        self.0.iter_mut().filter(settled).for_each(|finding| finding.severity = Severity::Warning);
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    pub(super) fn into_vec(mut self) -> Vec<Finding> {
        self.0.sort_by_key(|finding| finding.severity);
        self.0
    }
}
