use serde::{Deserialize, Serialize};

use crate::{Upid, de};

/// How a finished task ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "end")]
#[non_exhaustive]
#[must_use = "a failed task is a value here, not an error: look at it, or use `Task::wait`"]
pub enum TaskOutcome {
    /// `OK`
    Ok,
    /// `WARNINGS: n`: the work is done, and something is worth reading.
    Warnings {
        /// How many PVE counted.
        count: u32,
        /// The lines of the log that carry them.
        lines: Vec<String>,
    },
    /// Any other end; `message` is PVE's `exitstatus`.
    Failed {
        /// What the task died of.
        message: String,
        /// The last lines of its log.
        log: Vec<String>,
    },
    /// It was stopped from outside before its end.
    Stopped {
        /// The last lines of its log.
        log: Vec<String>,
    },
}

/// A task that ended well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TaskReport {
    /// Which task.
    pub upid: Upid,
    /// The lines that carry warnings; empty when all is well.
    pub warnings: Vec<String>,
}

/// What `GET /nodes/{node}/tasks/{upid}/status` answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TaskStatus {
    /// Which task.
    pub upid: Upid,
    /// `running` or `stopped`.
    pub status: String,
    /// How it ended: `OK`, `WARNINGS: n`, or an error text. Absent while it runs.
    #[serde(default)]
    pub exitstatus: Option<String>,
    /// Start, seconds since 1970.
    #[serde(default, deserialize_with = "de::opt_int")]
    pub starttime: Option<i64>,
    /// Everything else that PVE sent.
    #[serde(flatten)]
    pub extra: de::Extra,
}

impl TaskStatus {
    /// Whether it is still at work.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.status == "running"
    }
}

/// One row of `GET /nodes/{node}/tasks`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TaskEntry {
    /// Which task.
    pub upid: Upid,
    /// The end: `OK`, a text, or `RUNNING`; absent while it runs on some versions.
    #[serde(default)]
    pub status: Option<String>,
    /// Start, seconds since 1970.
    #[serde(default, deserialize_with = "de::opt_int")]
    pub starttime: Option<i64>,
    /// End, seconds since 1970.
    #[serde(default, deserialize_with = "de::opt_int")]
    pub endtime: Option<i64>,
    /// Everything else that PVE sent.
    #[serde(flatten)]
    pub extra: de::Extra,
}

/// One line of a task's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LogLine {
    /// Line number, from 1.
    #[serde(deserialize_with = "de::int")]
    pub n: i64,
    /// The text.
    pub t: String,
}

/// What a waiting caller is told.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Progress {
    /// Which task.
    pub upid: Upid,
    /// A new line of its log.
    pub line: String,
    /// The fraction that the line speaks of, 0 to 1, where it does (`transferred 1.0 GiB of 2.0 GiB (50.00%)`).
    pub fraction: Option<f64>,
}

/// `(50.00%)` at the end of a line.
pub(super) fn fraction(line: &str) -> Option<f64> {
    let percent = line.trim_end().strip_suffix("%)")?.rsplit_once('(')?.1;
    percent.parse::<f64>().ok().filter(|p| (0.0..=100.0).contains(p)).map(|p| p / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_of_real_lines() {
        assert_eq!(fraction("transferred 2.0 GiB of 2.0 GiB (100.00%)"), Some(1.0));
        assert_eq!(fraction("transferred 0.0 B of 2.0 GiB (0.00%)"), Some(0.0));
        for line in ["TASK OK", "", "(x%)", "(140.0%)"] {
            assert_eq!(fraction(line), None, "{line}");
        }
    }
}
