//! The cluster as `pvesh` shows it to root on a node.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::exchange::{SimAnswer, SimRequest};
use crate::log::RequestLog;
use crate::sim::Sim;

/// How often a task in the foreground is looked at.
const POLL: Duration = Duration::from_millis(2);

/// What a run of `pvesh` came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PveshOutput {
    /// The exit code. It says little: 255 for bad parameters, whatever `errno` was for other errors.
    pub exit: i32,
    /// JSON on the last line, when there is an answer; before it the log of a task.
    pub stdout: String,
    /// Errors.
    pub stderr: String,
}

impl Sim {
    /// Runs `pvesh` with these arguments, the program's name not among them, as `root@pam` on a node.
    ///
    /// Tasks run in the foreground: this waits for their end, in real time scaled by the [`clock`](Self::clock). When `gone`
    /// says that whoever started it is no longer there, the task is broken off, as PVE's are.
    ///
    /// ```
    /// let sim = proxmox_sim::Sim::new();
    /// let output = sim.pvesh(&["get", "/version", "--output-format", "json"], || false);
    /// assert_eq!(output.exit, 0);
    /// assert!(output.stdout.starts_with(r#"{"release":"#));
    /// ```
    #[must_use]
    pub fn pvesh<S: AsRef<str>>(&self, arguments: &[S], gone: impl Fn() -> bool) -> PveshOutput {
        self.pvesh_with(arguments, None, &RequestLog::default(), gone)
    }

    /// The same, noting the request, with the content of the file that `tmpfilename` names.
    pub(crate) fn pvesh_with<S: AsRef<str>>(
        &self,
        arguments: &[S],
        file: Option<&[u8]>,
        log: &RequestLog,
        gone: impl Fn() -> bool,
    ) -> PveshOutput {
        let words: Vec<&str> = arguments.iter().map(AsRef::as_ref).collect();
        let call = match Call::parse(&words) {
            Ok(call) => call,
            Err(output) => return output,
        };
        let mut request = SimRequest::new(call.method, &call.path);
        for (name, value) in &call.options {
            request = request.param(name, value.as_str());
        }
        request.file = file.map(crate::exchange::SimFile::new);
        let noted = log.arrive(0, call.method, &call.path);
        let answer = self.answer(&request);
        noted.note(|entry| {
            (entry.received, entry.executed, entry.status) = (true, true, Some(answer.status));
            entry.params.clone_from(&request.params);
        });
        if answer.status != 200 {
            return call.refused(&answer);
        }
        let data = answer.data();
        match data.as_str().filter(|text| call.method != "GET" && text.starts_with("UPID:")) {
            Some(upid) => self.foreground(upid, gone),
            None => call.printed(data),
        }
    }

    #[allow(clippy::disallowed_methods)] // Real time: somebody waits at the command line.
    fn foreground(&self, upid: &str, gone: impl Fn() -> bool) -> PveshOutput {
        let task = loop {
            let task = self.tasks().into_iter().find(|task| task.upid == upid);
            match task {
                Some(task) if task.exitstatus.is_some() => break Some(task),
                None => break None,
                Some(_) => {}
            }
            if gone() {
                self.break_task(upid);
            }
            thread::sleep(POLL);
        };
        let mut output = PveshOutput::default();
        if let Some(task) = task {
            // The last line of the log is the verdict, which is not the worker's.
            for line in task.log.iter().filter(|line| !line.starts_with("TASK ")) {
                let _ = writeln!(output.stdout, "{line}");
            }
            match task.exitstatus.as_deref() {
                Some("OK") | None => {}
                Some(status) => match status.strip_prefix("WARNINGS: ") {
                    Some(count) => output.stderr = format!("Task finished with {count} warning(s)!\n"),
                    None => output.stderr = format!("{status}\n"),
                },
            }
        }
        let _ = writeln!(output.stdout, "\"{upid}\"");
        output
    }
}

struct Call {
    verb: String,
    method: &'static str,
    path: String,
    options: Vec<(String, String)>,
    silent: bool,
}

impl Call {
    fn parse(words: &[&str]) -> Result<Self, PveshOutput> {
        let mut words = words.iter().copied().peekable();
        let mut silent = false;
        while let Some(word) = words.next_if(|word| matches!(*word, "--noproxy" | "--nooutput")) {
            silent |= word == "--nooutput";
        }
        let verb = words.next().unwrap_or_default().to_owned();
        let method = match verb.as_str() {
            "get" | "ls" => "GET",
            "create" => "POST",
            "set" => "PUT",
            "delete" => "DELETE",
            _ => {
                return Err(failed(
                    255,
                    format!(
                        "ERROR: unknown command 'pvesh {verb}'\nUSAGE: pvesh <COMMAND> [ARGS] [OPTIONS]\n"
                    ),
                ));
            }
        };
        let path = words.next().unwrap_or_default();
        let path = format!("/{}", path.trim_start_matches('/'));
        let mut options = Vec::new();
        while let Some(word) = words.next() {
            let Some(option) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')) else {
                return Err(failed(255, "400 too many arguments\n".to_owned()));
            };
            let (name, value) = match option.split_once('=') {
                Some((name, value)) => (name, value.to_owned()),
                // An option without a value is a switch.
                None => (option, words.next().unwrap_or("1").to_owned()),
            };
            if !matches!(name, "output-format" | "quiet" | "noborder" | "noheader") {
                options.push((name.to_owned(), value));
            }
        }
        Ok(Self { verb, method, path, options, silent })
    }

    fn printed(&self, data: Value) -> PveshOutput {
        let mut output = PveshOutput::default();
        let segments: Vec<&str> = self.path.split('/').filter(|s| !s.is_empty()).collect();
        if let ("PUT", ["nodes", _, "qemu", vmid, "config"]) = (self.method, segments.as_slice()) {
            let changes = self.options.iter().filter(|(name, _)| name != "digest");
            let changes: String = changes.fold(String::new(), |mut text, (name, value)| {
                let _ = write!(text, " -{name} {value}");
                text
            });
            output.stdout = format!("update VM {vmid}:{changes}\n");
        } else if !data.is_null() && !self.silent {
            output.stdout = format!("{}\n", sorted(data));
        }
        output
    }

    /// What HTTP says by its status, in the words of the command line.
    fn refused(&self, answer: &SimAnswer) -> PveshOutput {
        let usage = format!("pvesh {} <api_path> [OPTIONS] [FORMAT_OPTIONS]\n", self.verb);
        match answer.status {
            400 => {
                let errors = answer.errors();
                let unknown = errors.iter().find(|(_, why)| why.starts_with("property is not defined in schema"));
                if let Some((name, _)) = unknown {
                    return failed(255, format!("Unknown option: {name}\n400 unable to parse option\n{usage}"));
                }
                let lines = errors.iter().fold(String::new(), |mut text, (name, why)| {
                    let _ = writeln!(text, "{name}: {why}");
                    text
                });
                failed(255, format!("400 {}\n{lines}{usage}", answer.reason))
            }
            501 => failed(1, format!("No '{}' handler defined for '{}'\n", self.verb, self.path)),
            595 => failed(255, format!("proxy handler failed: ssh: connect to host 192.0.2.200 port 22: {}\n", answer.reason)),
            // What HTTP cannot carry for its quotation marks.
            596 => failed(
                29,
                "Wide character in die at /usr/share/perl5/PVE/RESTHandler.pm line 1008.\n\
                 Agent error: Guest agent command failed, error was 'Failed to execute child process (No such file or directory)'\n"
                    .to_owned(),
            ),
            500 => failed(2, format!("{}\n", answer.reason)),
            status => failed(255, format!("{status} {}\n", answer.reason)),
        }
    }
}

fn failed(exit: i32, stderr: String) -> PveshOutput {
    PveshOutput { exit, stdout: String::new(), stderr }
}

/// With the keys of objects in order, as `pvesh` prints them.
fn sorted(value: Value) -> String {
    match value {
        Value::Object(map) => {
            let parts: BTreeMap<String, String> = map.into_iter().map(|(k, v)| (k, sorted(v))).collect();
            let parts: Vec<String> =
                parts.into_iter().map(|(k, v)| format!("{}:{v}", Value::String(k))).collect();
            format!("{{{}}}", parts.join(","))
        }
        Value::Array(items) => format!("[{}]", items.into_iter().map(sorted).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sim() -> Sim {
        Sim::builder().time_scale(1000.0).build()
    }

    /// In the form of what was recorded on a real node.
    #[test]
    fn as_a_real_one_says_it() {
        let sim = sim();
        let config = "/nodes/pve1/qemu/101/config";
        let vm = "pve1/qemu/999";
        for (words, exit, stdout, stderr) in [
            (&["set", config, "--description", "-dash"][..], 0, "update VM 101: -description -dash\n".to_owned(), String::new()),
            (&["set", config, "--description=--x=1"], 0, "update VM 101: -description --x=1\n".to_owned(), String::new()),
            (&["set", "/cluster/options", "--bogus"], 1, String::new(), "No 'set' handler defined for '/cluster/options'\n".to_owned()),
            (&["get", "/nope"], 1, String::new(), "No 'get' handler defined for '/nope'\n".to_owned()),
            (&["create", "/version"], 1, String::new(), "No 'create' handler defined for '/version'\n".to_owned()),
            (
                &["get", "/nodes/pve1/qemu/999/config"],
                2,
                String::new(),
                format!("Configuration file 'nodes/{}.conf' does not exist\n", vm.replace("qemu/", "qemu-server/")),
            ),
            (
                &["create", "/nodes/pve1/qemu/100/clone", "--newid", "101"],
                2,
                String::new(),
                "unable to create VM 101: config file already exists\n".to_owned(),
            ),
            (
                &["create", "/nodes/pve1/qemu", "--vmid", "150", "--bogus", "1"],
                255,
                String::new(),
                "Unknown option: bogus\n400 unable to parse option\npvesh create <api_path> [OPTIONS] [FORMAT_OPTIONS]\n".to_owned(),
            ),
            (
                &["create", "/nodes/pve1/qemu", "--vmid", "abc"],
                255,
                String::new(),
                "400 Parameter verification failed.\nvmid: type check ('integer') failed - got 'abc'\n\
                 pvesh create <api_path> [OPTIONS] [FORMAT_OPTIONS]\n"
                    .to_owned(),
            ),
        ] {
            assert_eq!(sim.pvesh(words, || false), PveshOutput { exit, stdout, stderr }, "{words:?}");
        }
    }

    #[test]
    fn a_task_runs_in_the_foreground() {
        let sim = sim();
        let stopped = sim.pvesh(&["create", "/nodes/pve1/qemu/100/status/stop"], || false);
        assert_eq!((stopped.exit, stopped.stderr.as_str()), (0, ""));
        assert!(stopped.stdout.lines().last().unwrap().starts_with("\"UPID:pve1:"));
        assert!(!sim.guest(100).unwrap().running);
        let failed = sim.pvesh(&["create", "/nodes/pve1/qemu/9000/status/start"], || false);
        assert_eq!((failed.exit, failed.stderr.as_str()), (0, "you can't start a vm if it's a template\n"));
        assert!(failed.stdout.contains("\"UPID:"));
    }

    #[test]
    fn who_goes_takes_the_task_along() {
        let sim = Sim::builder().time_scale(0.001).build();
        let output =
            sim.pvesh(&["create", "/nodes/pve1/qemu/9000/clone", "--newid", "150", "--full", "1"], || true);
        assert_eq!(output.stderr, "broken pipe\n");
        assert!(sim.guest(150).is_none());
    }
}
