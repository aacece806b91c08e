//! Runs the built programs against a simulated cluster.

// Each test file uses its part of it, and a helper that fails is a failed test.
#![allow(dead_code, unused_macros, unused_imports, clippy::unwrap_used)]

pub(crate) mod transcript;

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use proxmox_sim::{NodeRoot, ROOT_TOKEN_ID, ROOT_TOKEN_SECRET, Sim, SimBuilder, SimServer};
use tempfile::NamedTempFile;

/// A cluster that several runs of a program share.
pub(crate) struct Cluster {
    pub(crate) server: SimServer,
    ca: NamedTempFile,
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Tasks of this cluster are over soon.
pub(crate) fn cluster() -> Cluster {
    Cluster::start(Sim::builder().time_scale(50.0))
}

/// The clock of this cluster stands still, so that its answers are always the same.
pub(crate) fn still() -> Cluster {
    Cluster::start(Sim::builder().time_scale(0.0).start_at(Duration::from_secs(1_800_000_000)))
}

impl Cluster {
    pub(crate) fn start(sim: SimBuilder) -> Self {
        let server = SimServer::start(sim.build()).unwrap();
        let mut ca = NamedTempFile::new().unwrap();
        ca.write_all(server.ca_pem().as_bytes()).unwrap();
        Self { server, ca }
    }

    pub(crate) fn sim(&self) -> &Sim {
        self.server.sim()
    }

    /// `pve` as the owner of all privileges; `line` is split at spaces.
    pub(crate) fn pve(&self, line: &str) -> Ran {
        self.pve_args(line.split_whitespace())
    }

    pub(crate) fn pve_args<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Ran {
        run(self.command(env!("CARGO_BIN_EXE_pve")).args(args))
    }

    pub(crate) fn lifecycle(&self, line: &str) -> Ran {
        run(self.command(env!("CARGO_BIN_EXE_lifecycle")).args(line.split_whitespace()))
    }

    /// `pve` on the cluster's first node, by the programs that are there.
    pub(crate) fn pve_there(&self, root: &NodeRoot, line: &str) -> Ran {
        let words = line.split_whitespace();
        run(clean(env!("CARGO_BIN_EXE_pve")).arg("--local").arg("--node-root").arg(root.path()).args(words))
    }

    /// A program with this cluster in its environment.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = clean(program);
        command
            .env("PVE_URL", self.server.url())
            .env("PVE_CA", self.ca.path())
            .env("PVE_TOKEN_ID", ROOT_TOKEN_ID)
            .env("PVE_TOKEN_SECRET", ROOT_TOKEN_SECRET);
        command
    }

    /// The writes that reached the cluster, as `POST /path`.
    pub(crate) fn writes(&self) -> Vec<String> {
        let requests = self.sim().requests();
        let writes = requests.into_iter().filter(|r| r.method != "GET");
        writes.map(|r| format!("{} {}", r.method, r.path)).collect()
    }
}

/// A program with nothing about PVE in its environment, and nobody at its terminal.
pub(crate) fn clean(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PVE_")) {
        command.env_remove(name);
    }
    command.env_remove("CLICOLOR_FORCE").env("COLUMNS", "100").stdin(Stdio::null());
    command
}

pub(crate) fn run(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Ran {
    /// The standard output of a run that went well.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.stdout
    }

    /// The standard output as JSON, whatever the exit code.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// Everything for a snapshot.
    pub(crate) fn all(&self) -> String {
        format!("exit {}\n--- stdout\n{}--- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}

/// Compares with a stored text, with what differs from run to run left out.
macro_rules! golden {
    ($name:expr, $text:expr) => {{
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.add_filter(
            r"UPID:(\w+):[0-9A-F]{8}:[0-9A-F]{8}:[0-9A-F]{8}:",
            "UPID:$1:<pid>:<pstart>:<start>:",
        );
        settings.add_filter(r"\b[0-9a-f]{40}\b", "<digest>");
        settings.add_filter(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<uuid>");
        settings.add_filter(r"127\.0\.0\.1:\d+", "127.0.0.1:<port>");
        settings.add_filter(r" +\d+(\.\d+)? m?s\b", " <time>");
        settings.add_filter(r"lifecycle-[0-9a-f]{8,}", "lifecycle-<id>");
        settings.add_filter(r" call=[0-9a-f]{16} ", " call=<word> ");
        settings.add_filter(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "<time> UTC");
        settings.add_filter(r"ctime=\d+", "ctime=<time>");
        settings.bind(|| insta::assert_snapshot!($name, $text));
    }};
}
pub(crate) use golden;
