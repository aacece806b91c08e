//! The operating system inside a VM, as far as its guest agent shows it: files and processes.

use std::collections::BTreeMap;

use super::shell::{self, Finished};

/// What the guest agent can reach.
#[derive(Debug, Default)]
pub(crate) struct Inside {
    pub(crate) files: BTreeMap<String, String>,
    processes: BTreeMap<u32, Process>,
    last_pid: u32,
}

#[derive(Debug)]
struct Process {
    ends: f64,
    result: Finished,
}

/// What a process is like when somebody asks.
pub(crate) enum Look {
    NoSuch,
    Running,
    Exited(Finished),
}

impl Inside {
    /// A boot ends all processes and keeps the files.
    pub(crate) fn boot(&mut self) {
        self.processes.clear();
    }

    /// What a copy of the disks has.
    pub(crate) fn image(&self) -> Self {
        Self { files: self.files.clone(), processes: BTreeMap::new(), last_pid: 0 }
    }

    /// Runs a command; `None` when there is no such program.
    pub(crate) fn exec(&mut self, argv: &[String], input: &str, hostname: &str, now: f64) -> Option<u32> {
        let result = shell::run(argv, input, hostname, &self.files)?;
        self.last_pid += 1;
        let pid = 500 + self.last_pid;
        self.processes.insert(pid, Process { ends: now + result.seconds, result });
        Some(pid)
    }

    /// The state of a process. The agent forgets an ended one as soon as it has told about it.
    pub(crate) fn look(&mut self, pid: u32, now: f64) -> Look {
        match self.processes.get(&pid) {
            None => Look::NoSuch,
            Some(process) if process.ends > now => Look::Running,
            Some(_) => match self.processes.remove(&pid) {
                Some(process) => Look::Exited(process.result),
                None => Look::NoSuch,
            },
        }
    }
}
