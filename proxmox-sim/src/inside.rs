//! The operating system inside a guest, as far as a VM's agent or a container's `pct` shows it: files and processes.

mod shell;

use std::collections::BTreeMap;

pub(crate) use shell::Finished;

/// What can be reached from outside.
#[derive(Debug, Default)]
pub(crate) struct Inside {
    pub(crate) files: Files,
    /// Permissions, owner and group of files that were given any.
    pub(crate) owned: BTreeMap<String, Owned>,
    processes: BTreeMap<u32, Process>,
    last_pid: u32,
}

/// Contents by path.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// To whom a file belongs.
#[derive(Debug, Clone)]
pub(crate) struct Owned {
    pub(crate) perms: u32,
    pub(crate) user: String,
    pub(crate) group: String,
}

impl Default for Owned {
    fn default() -> Self {
        Self { perms: 0o644, user: "root".to_owned(), group: "root".to_owned() }
    }
}

/// The directories that every system has.
const DIRECTORIES: [&str; 14] = [
    "/",
    "/etc",
    "/home",
    "/mnt",
    "/opt",
    "/root",
    "/run",
    "/srv",
    "/tmp",
    "/usr",
    "/usr/local",
    "/usr/local/bin",
    "/var",
    "/var/lib",
];

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
        Self { files: self.files.clone(), owned: self.owned.clone(), processes: BTreeMap::new(), last_pid: 0 }
    }

    /// Whether a file can be made there.
    pub(crate) fn has_directory_of(&self, path: &str) -> bool {
        let Some((directory, name)) = path.rsplit_once('/') else {
            return false;
        };
        let directory = if directory.is_empty() { "/" } else { directory };
        !name.is_empty()
            && (DIRECTORIES.contains(&directory)
                || self
                    .files
                    .keys()
                    .any(|file| file.strip_prefix(directory).is_some_and(|f| f.starts_with('/'))))
    }

    /// Runs a program to its end, whenever that is; `None` when there is no such program.
    pub(crate) fn run(&mut self, argv: &[String], input: &[u8], hostname: &str) -> Option<Finished> {
        let finished = shell::run(argv, input, hostname, &self.files, &self.owned)?;
        self.files.extend(finished.written.iter().cloned());
        Some(finished)
    }

    /// Runs a command; `None` when there is no such program.
    pub(crate) fn exec(&mut self, argv: &[String], input: &[u8], hostname: &str, now: f64) -> Option<u32> {
        let result = self.run(argv, input, hostname)?;
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
