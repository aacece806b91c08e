//! `pve task …`

use examples::human;
use examples::table::{Table, pairs};
use proxmox_core::task::{LogLine, TaskEntry, TaskStatus};
use proxmox_core::{Error, ErrorKind, Outcome, Result, Upid};
use serde_json::json;

use crate::args::Task;
use crate::session::Session;

/// How many tasks are listed.
const LISTED: u32 = 50;
/// How many lines of a log are fetched at once.
const PAGE: u32 = 500;

pub(crate) fn run(session: &Session, command: Task) -> Result<()> {
    match command {
        Task::List => {
            let tasks = session.pve.node(session.node(None)?)?.tasks(LISTED).block()?;
            session.list(&tasks, table)
        }
        Task::Status(id) => {
            let status = session.pve.task(id.upid).status().block()?;
            session.answer(&status, describe)
        }
        Task::Log(id) => log(session, id.upid),
        Task::Wait(id) => {
            let task = session.pve.task(id.upid);
            let report = session.run(task.upid().kind(), None, task.wait())?;
            session.answer(&report, |report| match report.warnings.as_slice() {
                [] => "the task ended well\n".to_owned(),
                lines => format!("the task ended with warnings:\n  {}\n", lines.join("\n  ")),
            })
        }
        Task::Stop(id) => {
            let task = session.pve.task(id.upid);
            session.send(task.stop())?;
            let done = json!({"upid": task.upid(), "done": "asked to stop"});
            session.answer(&done, |_| "the task is asked to stop\n".to_owned())
        }
    }
}

fn log(session: &Session, upid: Upid) -> Result<()> {
    let task = session.pve.task(upid);
    let mut lines: Vec<LogLine> = Vec::new();
    loop {
        let start = u32::try_from(lines.len()).map_err(|e| {
            Error::new(ErrorKind::Unexpected, Outcome::Rejected, "the log has too many lines").with_source(e)
        })?;
        let page = task.log(start, PAGE).block()?;
        let full = page.len() >= PAGE as usize;
        lines.extend(page);
        if !full {
            break;
        }
    }
    session.answer(&lines, |lines| lines.iter().map(|line| format!("{}\n", line.t)).collect())
}

fn table(tasks: &[TaskEntry]) -> String {
    let mut table = Table::new(["START", "TOOK", "TASK", "ABOUT", "USER", "END", "UPID"]).right(1);
    for task in tasks {
        let took = task.starttime.zip(task.endtime).map(|(start, end)| human::uptime(end - start));
        table.row([
            task.starttime.map(human::time).unwrap_or_default(),
            took.unwrap_or_default(),
            task.upid.kind().to_owned(),
            task.upid.subject().unwrap_or_default().to_owned(),
            task.upid.user().to_owned(),
            task.status.clone().unwrap_or_else(|| "RUNNING".to_owned()),
            task.upid.to_string(),
        ]);
    }
    table.text()
}

fn describe(status: &TaskStatus) -> String {
    let upid = &status.upid;
    let mut lines = vec![
        ("task", upid.kind().to_owned()),
        ("about", upid.subject().unwrap_or_default().to_owned()),
        ("node", upid.node().to_string()),
        ("user", upid.user().to_owned()),
        ("started", i64::try_from(upid.starttime()).map(human::time).unwrap_or_default()),
        ("status", status.status.clone()),
        ("end", status.exitstatus.clone().unwrap_or_default()),
    ];
    lines.retain(|(_, value)| !value.is_empty());
    pairs(lines)
}
