//! PVE's background work: a UPID, its state, its log, its end.

mod quiet;
mod record;

use std::time::Duration;

pub use quiet::QuietWork;
pub use record::{LogLine, Progress, TaskEntry, TaskOutcome, TaskReport, TaskStatus};

use crate::call::{Ask, Call, Operation};
use crate::rows::Rows;
use crate::{Deadline, Effect, Error, ErrorKind, Outcome, Pve, PvePath, PveRequest, Result, Upid};

/// The handle of a PVE worker. It always asks the node named in the UPID.
#[derive(Debug, Clone)]
pub struct Task {
    pve: Pve,
    upid: Upid,
}

/// First wait between two looks.
const FIRST: Duration = Duration::from_millis(100);
/// Longest wait between two looks.
const LONGEST: Duration = Duration::from_secs(3);
/// How many looks in a row may fail for passing reasons before waiting gives up.
const PATIENCE: u32 = 10;
/// How many pages of the log are read at once at most: 100,000 lines.
const PAGES: u32 = 200;
/// How many lines a page of the log has.
const PAGE: u32 = 500;
/// How many last lines an error carries.
const TAIL: u32 = 10;

impl Task {
    pub(crate) fn new(pve: Pve, upid: Upid) -> Self {
        Self { pve, upid }
    }

    /// Which task.
    #[must_use]
    pub fn upid(&self) -> &Upid {
        &self.upid
    }

    fn get(&self, what: &'static str) -> PveRequest {
        PveRequest::get(PvePath::task(&self.upid).fixed(what))
    }

    /// `GET /nodes/{node}/tasks/{upid}/status`. Needs `Sys.Audit` on the node for the tasks of others.
    pub fn status(&self) -> Call<Ask<TaskStatus>> {
        self.pve.bind(Ask::new("task.status", Ok(self.get("status"))))
    }

    /// `GET /nodes/{node}/tasks/{upid}/log`: `limit` lines after the first `start`.
    pub fn log(&self, start: u32, limit: u32) -> Call<Ask<Rows<LogLine>>> {
        let request = self.get("log").param("start", start).param("limit", limit);
        self.pve.bind(Ask::rows("task.log", Ok(request)))
    }

    /// The last `lines` lines of the log, in order. PVE pages from the front, so this walks the pages.
    pub fn tail(&self, lines: u32) -> Call<Tail> {
        self.pve.bind(Tail { upid: self.upid.clone(), lines })
    }

    /// Waits for the end; a failed or stopped task is an error that carries the end of its log.
    ///
    /// Looks after 0.1 s, then less and less often, every 3 s at most. Passing troubles of single looks are tolerated.
    /// Without a [`timeout`](Call::timeout) it waits as long as the task takes.
    pub fn wait(&self) -> Call<Wait> {
        self.pve.bind(Wait(self.outcome_operation()))
    }

    /// Waits for the end and returns it, good or bad, as a value.
    pub fn outcome(&self) -> Call<AwaitEnd> {
        self.pve.bind(self.outcome_operation())
    }

    fn outcome_operation(&self) -> AwaitEnd {
        AwaitEnd { upid: self.upid.clone() }
    }

    /// `DELETE /nodes/{node}/tasks/{upid}`: asks the worker to stop. The task ends as [`TaskOutcome::Stopped`].
    /// Needs `Sys.Modify` on the node for the tasks of others.
    ///
    /// The gate of the task's guest stands, except for tasks that make a new guest or a backup.
    pub fn stop(&self) -> Call<Ask<()>> {
        let request = PveRequest::delete(PvePath::task(&self.upid)).effect(Effect::Write);
        self.pve.bind(Ask::done("task.stop", Ok(request)))
    }

    /// All lines from `start` on, told to `line` as they come; returns the next start. Ends after [`PAGES`] pages, and with
    /// a page that brings nothing new: a log may grow faster than it is read, and not every proxy passes parameters on.
    async fn follow(&self, mut start: u32, deadline: Deadline, mut line: impl FnMut(LogLine)) -> Result<u32> {
        for _ in 0..PAGES {
            let request = self.get("log").param("start", start).param("limit", PAGE);
            let page: Rows<LogLine> = self.pve.call(&deadline.bound(&self.pve, &request)).await?.rows()?;
            let full = page.len() + page.rejects().len() >= PAGE as usize;
            let before = start;
            for entry in page {
                // An empty log is one line that says so.
                let number = u32::try_from(entry.n).unwrap_or(0);
                if entry.t != "no content" && number > start {
                    start = number;
                    line(entry);
                }
            }
            if !full || start == before {
                break;
            }
        }
        Ok(start)
    }

    async fn last_lines(&self, lines: u32) -> Result<Vec<String>> {
        let mut last = std::collections::VecDeque::new();
        self.follow(0, Deadline::ENDLESS, |entry| {
            if last.len() == lines as usize {
                last.pop_front();
            }
            last.push_back(entry.t);
        })
        .await?;
        Ok(last.into())
    }

    /// Tells new lines to whoever asked for progress.
    async fn report_progress(&self, seen: u32, deadline: Deadline) -> u32 {
        let Some(progress) = self.pve.options().progress.clone() else {
            return seen;
        };
        let tell = |entry: LogLine| {
            let fraction = record::fraction(&entry.t);
            progress(&Progress { upid: self.upid.clone(), line: entry.t, fraction });
        };
        // Progress is a courtesy: that a look at the log failed must not fail the wait.
        self.follow(seen, deadline, tell).await.unwrap_or(seen)
    }

    async fn end(&self) -> Result<TaskOutcome> {
        let deadline = self.pve.deadline(None);
        let (mut pause, mut troubles, mut seen) = (FIRST, 0, 0);
        let exit = loop {
            let request = deadline.bound(&self.pve, &self.get("status"));
            let look = async { self.pve.call(&request).await?.decode::<TaskStatus>() }.await;
            match look {
                Ok(status) if !status.is_running() => break status.exitstatus.unwrap_or_default(),
                Ok(_) => troubles = 0,
                Err(e) if e.kind().is_transient() && troubles < PATIENCE => troubles += 1,
                // It was started; how it ended, this side cannot see.
                Err(e) => return Err(e.with_outcome(Outcome::MaybeApplied).with_upid(self.upid.clone())),
            }
            seen = self.report_progress(seen, deadline).await;
            let left = deadline.left(&self.pve);
            if left.is_zero() {
                let wait = deadline.wait();
                let message = format!("the task is still running after {wait:?}: {}", self.upid);
                return Err(Error::new(ErrorKind::Timeout, Outcome::MaybeApplied, message)
                    .with_advice("it goes on: wait for it by its UPID, or stop it")
                    .with_upid(self.upid.clone()));
            }
            self.pve.sleep(pause.min(left)).await;
            pause = (pause * 3 / 2).min(LONGEST);
        };
        // The last lines are written after the last look.
        self.report_progress(seen, Deadline::ENDLESS).await;
        let tail = async || self.last_lines(TAIL).await.unwrap_or_else(|e| vec![format!("(no log: {e})")]);
        Ok(if exit == "OK" {
            TaskOutcome::Ok
        } else if let Some(count) = exit.strip_prefix("WARNINGS: ") {
            let mut lines = Vec::new();
            let warning = |entry: LogLine| {
                if entry.t.starts_with("WARN") || entry.t.starts_with("warning:") {
                    lines.push(entry.t);
                }
            };
            if let Err(e) = self.follow(0, Deadline::ENDLESS, warning).await {
                // The work is done all the same.
                lines.push(format!("(no log: {e})"));
            }
            TaskOutcome::Warnings { count: count.trim().parse().unwrap_or(1), lines }
        } else if exit == "received interrupt" || exit == "broken pipe" {
            TaskOutcome::Stopped { log: tail().await }
        } else {
            TaskOutcome::Failed { message: exit, log: tail().await }
        })
    }
}

impl Task {
    /// The end, where only a good one will do.
    pub(crate) async fn success(&self) -> Result<TaskReport> {
        let upid = self.upid.clone();
        let (message, log) = match self.end().await? {
            TaskOutcome::Ok => {
                return Ok(TaskReport { upid, warnings: Vec::new() });
            }
            TaskOutcome::Warnings { lines, .. } => {
                return Ok(TaskReport { upid, warnings: lines });
            }
            TaskOutcome::Failed { message, log } => (format!("the task failed: {message}"), log),
            TaskOutcome::Stopped { log } => ("the task was stopped before its end".to_owned(), log),
        };
        // How far a failed task came is its own to say: the log tells, so nothing is claimed here.
        Err(Error::new(ErrorKind::TaskFailed, Outcome::Rejected, message).with_upid(upid).with_task_log(log))
    }
}

/// See [`Task::tail`].
#[derive(Debug)]
pub struct Tail {
    upid: Upid,
    lines: u32,
}

impl Operation for Tail {
    type Output = Vec<String>;
    fn name(&self) -> &'static str {
        "task.tail"
    }
    fn request(&self) -> Result<PveRequest> {
        Ok(PveRequest::get(PvePath::task(&self.upid).fixed("log")))
    }
    async fn run(self, pve: Pve) -> Result<Vec<String>> {
        Task::new(pve, self.upid).last_lines(self.lines).await
    }
}

/// See [`Task::outcome`].
#[derive(Debug)]
pub struct AwaitEnd {
    upid: Upid,
}

impl Operation for AwaitEnd {
    type Output = TaskOutcome;
    fn name(&self) -> &'static str {
        "task.wait"
    }
    fn request(&self) -> Result<PveRequest> {
        Ok(PveRequest::get(PvePath::task(&self.upid).fixed("status")))
    }
    async fn run(self, pve: Pve) -> Result<TaskOutcome> {
        Task::new(pve, self.upid).end().await
    }
}

/// See [`Task::wait`].
#[derive(Debug)]
pub struct Wait(AwaitEnd);

impl Operation for Wait {
    type Output = TaskReport;
    fn name(&self) -> &'static str {
        self.0.name()
    }
    fn request(&self) -> Result<PveRequest> {
        self.0.request()
    }
    async fn run(self, pve: Pve) -> Result<TaskReport> {
        Task::new(pve, self.0.upid).success().await
    }
}
