//! Tasks: work that takes simulated time and leaves a log.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::faults::FaultEffect;
use crate::state::{Dying, State, seconds};

/// What a task does to the state at its end.
type Work = Box<dyn FnOnce(&mut State, f64) -> Result<(), String> + Send>;
/// How it tidies up when it is stopped before its end.
type Undo = Box<dyn FnOnce(&mut State) + Send>;

/// A worker task.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) upid: String,
    pub(crate) node: String,
    pub(crate) pid: u32,
    pub(crate) pstart: u64,
    pub(crate) kind: String,
    pub(crate) subject: String,
    /// `user@realm`, or `user@realm!token`.
    pub(crate) user: String,
    pub(crate) start: f64,
    /// When it ended, or is due to.
    pub(crate) end: f64,
    pub(crate) exitstatus: Option<String>,
    pub(crate) log: Vec<String>,
    plan: Option<Plan>,
}

/// What a task is going to do. Decided when it starts, done when it ends.
pub(crate) struct Plan {
    seconds: f64,
    /// Lines, each at a fraction of the time.
    lines: Vec<(f64, String)>,
    warnings: usize,
    work: Option<Work>,
    undo: Option<Undo>,
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("seconds", &self.seconds)
            .field("lines", &self.lines)
            .finish_non_exhaustive()
    }
}

impl Plan {
    /// Takes `seconds` and changes nothing.
    pub(crate) fn new(seconds: f64) -> Self {
        Self { seconds, lines: Vec::new(), warnings: 0, work: None, undo: None }
    }

    /// Fails almost at once.
    pub(crate) fn fail(message: impl Into<String>) -> Self {
        let message = message.into();
        Self::new(0.05).work(move |_, _| Err(message))
    }

    /// Changes the state at its end.
    pub(crate) fn work(
        mut self,
        work: impl FnOnce(&mut State, f64) -> Result<(), String> + Send + 'static,
    ) -> Self {
        self.work = Some(Box::new(work));
        self
    }

    /// Tidies up when it is stopped before its end, or made to fail.
    pub(crate) fn undo(mut self, undo: impl FnOnce(&mut State) + Send + 'static) -> Self {
        self.undo = Some(Box::new(undo));
        self
    }

    /// Writes a line at once.
    pub(crate) fn line(self, line: impl Into<String>) -> Self {
        self.line_at(0.0, line)
    }

    /// Writes a line at a fraction of its time.
    pub(crate) fn line_at(mut self, fraction: f64, line: impl Into<String>) -> Self {
        self.lines.push((fraction, line.into()));
        self
    }

    /// Writes a warning and ends with it counted.
    pub(crate) fn warn(mut self, line: impl fmt::Display) -> Self {
        self.warnings += 1;
        self.line(format!("WARN: {line}"))
    }
}

impl Task {
    pub(crate) fn is_running(&self) -> bool {
        self.exitstatus.is_none()
    }

    /// Without the token.
    pub(crate) fn userid(&self) -> &str {
        self.user.split('!').next().unwrap_or_default()
    }

    fn tokenid(&self) -> Option<&str> {
        self.user.split_once('!').map(|(_, token)| token)
    }

    fn write_lines_until(&mut self, now: f64) {
        let Some(plan) = &mut self.plan else { return };
        let (start, span) = (self.start, plan.seconds);
        while plan.lines.first().is_some_and(|(fraction, _)| start + fraction * span <= now) {
            self.log.push(plan.lines.remove(0).1);
        }
    }

    /// `GET /nodes/{node}/tasks/{upid}/status`
    pub(crate) fn status(&self) -> Value {
        let mut row = self.row();
        row.insert("user".into(), self.userid().into());
        row.insert("status".into(), if self.is_running() { "running" } else { "stopped" }.into());
        if let Some(token) = self.tokenid() {
            row.insert("tokenid".into(), token.into());
        }
        if let Some(exit) = &self.exitstatus {
            row.insert("exitstatus".into(), exit.as_str().into());
        }
        row.into()
    }

    /// A row of a list of tasks: an ended one carries its error as `status`.
    pub(crate) fn listed(&self) -> Value {
        let mut row = self.row();
        match &self.exitstatus {
            Some(exit) => {
                row.insert("user".into(), self.userid().into());
                if let Some(token) = self.tokenid() {
                    row.insert("tokenid".into(), token.into());
                }
                row.insert("status".into(), exit.as_str().into());
                row.insert("endtime".into(), seconds(self.end).into());
            }
            None => {
                row.insert("user".into(), self.user.as_str().into());
                row.insert("status".into(), "RUNNING".into());
                row.insert("saved".into(), "0".into());
            }
        }
        row.into()
    }

    fn row(&self) -> Map<String, Value> {
        let row = json!({
            "upid": self.upid, "node": self.node, "pid": self.pid, "pstart": self.pstart, "type": self.kind,
            "id": self.subject, "starttime": seconds(self.start),
        });
        if let Value::Object(row) = row { row } else { Map::new() }
    }
}

impl State {
    /// Starts a task and answers its UPID.
    pub(crate) fn fork(&mut self, start: TaskStart<'_>, mut plan: Plan) -> String {
        for fault in self.faults.take(start.kind, start.subject) {
            match fault {
                FaultEffect::Fail(message) => {
                    let undo = plan.undo.take();
                    plan = plan.work(move |state, _| {
                        if let Some(undo) = undo {
                            undo(state);
                        }
                        Err(message)
                    });
                }
                FaultEffect::Warn(lines) => {
                    for line in lines {
                        plan = plan.warn(line);
                    }
                }
                FaultEffect::Slow(time) => plan.seconds += time.as_secs_f64(),
            }
        }
        plan.lines.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let pid = self.counters.pid();
        let booted = self.nodes.get(start.node).map_or(start.now, |node| node.booted);
        let pstart = seconds((start.now - booted) * 100.0).unsigned_abs();
        let TaskStart { now, node, kind, subject, user } = start;
        let upid =
            format!("UPID:{node}:{pid:08X}:{pstart:08X}:{:08X}:{kind}:{subject}:{user}:", seconds(now));
        let mut task = Task {
            upid: upid.clone(),
            node: node.to_owned(),
            pid,
            pstart,
            kind: kind.to_owned(),
            subject: subject.to_owned(),
            user: user.to_owned(),
            start: now,
            end: now + plan.seconds,
            exitstatus: None,
            log: Vec::new(),
            plan: Some(plan),
        };
        task.write_lines_until(now);
        self.tasks.push(task);
        upid
    }

    /// Ends what is due, in the order in which it is due.
    pub(crate) fn settle(&mut self, now: f64) {
        loop {
            let due = self.tasks.iter().enumerate().filter(|(_, t)| t.plan.is_some() && t.end <= now);
            let Some((index, _)) = due.min_by(|(_, a), (_, b)| a.end.total_cmp(&b.end)) else {
                break;
            };
            let end = self.tasks[index].end;
            self.tasks[index].write_lines_until(f64::INFINITY);
            let Some(plan) = self.tasks[index].plan.take() else {
                break;
            };
            let result = plan.work.map_or(Ok(()), |work| work(self, end));
            let exit = match result {
                Err(message) => message,
                Ok(()) if plan.warnings > 0 => format!("WARNINGS: {}", plan.warnings),
                Ok(()) => "OK".to_owned(),
            };
            self.end_task(index, exit);
        }
        for task in &mut self.tasks {
            task.write_lines_until(now);
        }
        let (due, later): (Vec<_>, _) =
            std::mem::take(&mut self.dying).into_iter().partition(|dying| dying.end <= now);
        self.dying = later;
        for Dying { vmid, pid, .. } in due {
            let guest = self.guests.get(&vmid);
            if guest.is_some_and(|g| g.run.as_ref().is_some_and(|run| run.pid == pid)) {
                // It cannot fail: the disks of a VM were made when they were asked for.
                let _ = crate::guest::run::stopped(self, vmid, now);
            }
        }
    }

    /// Stops the running tasks of this type about a guest: their UPIDs.
    pub(crate) fn abort_tasks(&mut self, kind: &str, vmid: u32, now: f64) -> Vec<String> {
        let subject = vmid.to_string();
        let about = |task: &Task| task.is_running() && task.kind == kind && task.subject == subject;
        let found: Vec<_> = (0..self.tasks.len()).filter(|&index| about(&self.tasks[index])).collect();
        found.iter().for_each(|&index| self.stop_task(index, now, "received interrupt"));
        found.into_iter().map(|index| self.tasks[index].upid.clone()).collect()
    }

    /// Ends a running task before its time, with this for its exit status.
    pub(crate) fn stop_task(&mut self, index: usize, now: f64, exit: &str) {
        let Some(plan) = self.tasks[index].plan.take() else {
            return;
        };
        if let Some(undo) = plan.undo {
            undo(self);
        }
        self.tasks[index].end = now;
        self.end_task(index, exit.to_owned());
    }

    fn end_task(&mut self, index: usize, exit: String) {
        let task = &mut self.tasks[index];
        task.log.push(match exit.as_str() {
            "OK" => "TASK OK".to_owned(),
            warnings if warnings.starts_with("WARNINGS: ") => format!("TASK {warnings}"),
            error => format!("TASK ERROR: {error}"),
        });
        task.exitstatus = Some(exit);
    }
}

/// Who starts which task where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TaskStart<'a> {
    pub(crate) now: f64,
    pub(crate) node: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) user: &'a str,
}

/// How long it takes to move `bytes`: 1 GiB each second.
#[allow(clippy::cast_precision_loss, reason = "a duration")]
pub(crate) fn moving(bytes: u64) -> f64 {
    Duration::from_secs(1).as_secs_f64() * bytes as f64 / f64::from(1 << 30)
}
