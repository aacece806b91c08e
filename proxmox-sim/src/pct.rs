//! The command line `pct`, as far as it gets into containers, for root on a node.

use std::thread;
use std::time::{Duration, Instant};

use proxmox_core::guest::Exec;
use proxmox_core::{Pct, Push};

use crate::exchange::SimRequest;
use crate::log::RequestLog;
use crate::lxc::pct::{Carried, carry_out, exit};
use crate::sim::Sim;

/// How often a program in the foreground is looked at.
const POLL: Duration = Duration::from_millis(2);

/// What a run of `pct` came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct PctOutput {
    pub(crate) exit: i32,
    /// What the program in the container printed, or the content of the file that was pulled.
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

impl PctOutput {
    fn failed(exit: i32, sentence: &str) -> Self {
        Self { exit, stdout: Vec::new(), stderr: format!("{sentence}\n").into() }
    }
}

impl Sim {
    /// Runs `pct` on this node, noting what it is asked for as the SDK's own request. `given` is the standard input of a program, or
    /// the content of the file to push: `None` when there is no such file.
    pub(crate) fn pct_on(
        &self,
        node: &str,
        arguments: &[String],
        given: Option<&[u8]>,
        log: &RequestLog,
        gone: &dyn Fn() -> bool,
    ) -> PctOutput {
        let call = match Call::parse(arguments, given) {
            Ok(call) => call,
            Err(refused) => return refused,
        };
        let (method, name) = match &call.what {
            Pct::Pull { .. } => ("GET", "pull"),
            Pct::Push(_) => ("POST", "push"),
            _ => ("POST", "exec"),
        };
        let request = SimRequest::new(method, &format!("/nodes/{node}/lxc/{}/pct/{name}", call.vmid));
        let noted = log.arrive(0, &request.method, &request.path);
        noted.note(|entry| (entry.received, entry.executed) = (true, true));
        let carried = self.beside_the_api(&request, |state| carry_out(state, node, call.vmid, &call.what));
        match carried {
            Ok(Carried::Ran(done)) => {
                self.pass(done.seconds, gone);
                PctOutput { exit: exit(&done), stdout: done.out, stderr: done.err }
            }
            Ok(Carried::Written) => PctOutput::default(),
            Ok(Carried::Read(content)) => PctOutput { stdout: content, ..PctOutput::default() },
            // What the worker finds out does not reach the exit code; what was looked at before it started does.
            Err(sentence) if sentence.starts_with("failed to") => PctOutput::failed(0, &sentence),
            Err(sentence) => PctOutput::failed(2, &sentence),
        }
    }

    /// Waits for a program, in real time.
    #[allow(clippy::disallowed_methods)] // Somebody waits at the command line.
    fn pass(&self, seconds: f64, gone: &dyn Fn() -> bool) {
        let (begin, wait) = (Instant::now(), self.clock().wall(Duration::from_secs_f64(seconds)));
        while begin.elapsed() < wait && !gone() {
            thread::sleep(POLL.min(wait));
        }
    }
}

struct Call {
    vmid: u32,
    what: Pct,
}

impl Call {
    fn parse(arguments: &[String], given: Option<&[u8]>) -> Result<Self, PctOutput> {
        let usage =
            |why: &str| Err(PctOutput::failed(255, &format!("400 {why}\npct <COMMAND> [ARGS] [OPTIONS]")));
        let mut words = arguments.iter().map(String::as_str);
        let verb = words.next().unwrap_or_default();
        let (mut plain, mut options) = (Vec::new(), Vec::new());
        while let Some(word) = words.next() {
            match word.strip_prefix("--") {
                // All that follows is the program's.
                Some("") => {
                    plain.extend(words.by_ref());
                }
                Some(option) => match option.split_once('=') {
                    Some((name, value)) => options.push((name, value)),
                    None => return usage("unable to parse option"),
                },
                None if word.starts_with('-') => return usage("unable to parse option"),
                None => plain.push(word),
            }
        }
        let Some(vmid) = plain.first().and_then(|vmid| vmid.parse().ok()) else {
            return usage("not enough arguments");
        };
        let what = match (verb, &plain[1..]) {
            ("exec", command) => {
                let exec = Exec::new(command.iter().copied());
                Pct::Exec(given.into_iter().fold(exec, Exec::input))
            }
            ("push", [file, path]) => {
                let Some(content) = given else {
                    return Err(PctOutput::failed(0, &format!("failed to open {file} for reading")));
                };
                let mut push = Push::new(*path, content);
                for (name, value) in options {
                    push = match (name, u32::from_str_radix(value, 8)) {
                        ("perms", Ok(perms)) => push.perms(perms),
                        ("user", _) => push.user(value),
                        ("group", _) => push.group(value),
                        _ => return usage("unable to parse option"),
                    };
                }
                Pct::Push(push)
            }
            ("pull", [path, _]) => Pct::Pull { path: (*path).to_owned() },
            _ => return usage("unable to parse option"),
        };
        Ok(Self { vmid, what })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SimGuest;

    fn sim() -> Sim {
        let container = |vmid| SimGuest::ct(vmid).name("tiny").disk("rootfs", "local-lvm", 1 << 30);
        Sim::builder().time_scale(1000.0).guest(container(200).running()).guest(container(201)).build()
    }

    fn pct(sim: &Sim, line: &str, given: Option<&[u8]>) -> (i32, String, String) {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let done = sim.pct_on("pve1", &words, given, &RequestLog::default(), &|| false);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (done.exit, text(done.stdout), text(done.stderr))
    }

    #[test]
    fn as_on_a_node() {
        let sim = sim();
        let not_there = "Configuration file 'nodes/pve1/lxc/999.conf' does not exist\n";
        let no_program = "lxc-attach: 200: ../src/lxc/attach.c: lxc_attach_run_command: 1841 No such file or directory - \
                          Failed to exec \"nosuch\"\n";
        for (line, given, exit, stdout, stderr) in [
            ("exec 200 -- echo --x -- y", None, 0, "--x -- y\n", ""),
            ("exec 200 -- cat", Some(&b"in"[..]), 0, "in", ""),
            ("exec 200 -- false", None, 1, "", ""),
            ("exec 200 -- nosuch", None, 127, "", no_program),
            ("exec 201 -- true", None, 2, "", "container '201' not running!\n"),
            ("exec 999 -- true", None, 2, "", not_there),
            ("push 200 f /etc/motd --perms=0640 --group=daemon", Some(b"hello\n"), 0, "", ""),
            ("pull 200 /etc/motd f", None, 0, "hello\n", ""),
            ("pull 200 /nosuch f", None, 0, "", "failed to open /nosuch: No such file or directory\n"),
            (
                "push 200 f /no/such/x",
                Some(b""),
                0,
                "",
                "failed to create file: /no/such/x: No such file or directory\n",
            ),
            ("push 200 f /x --user=bob", Some(b""), 0, "", "failed to get uid for: bob\n"),
            ("push 200 f /x", None, 0, "", "failed to open f for reading\n"),
            ("push 201 f /x", Some(b""), 2, "", "can only push files to a running CT\n"),
            ("pull 201 /x f", None, 2, "", "can only pull files from a running VM\n"),
        ] {
            let done = pct(&sim, line, given);
            assert_eq!((done.0, done.1.as_str(), done.2.as_str()), (exit, stdout, stderr), "{line}");
        }
        let stat = ["exec", "200", "--", "stat", "-c", "%a %U %G", "/etc/motd"].map(str::to_owned);
        let done = sim.pct_on("pve1", &stat, None, &RequestLog::default(), &|| false);
        assert_eq!(done.stdout, b"640 root daemon\n");
        assert_eq!(pct(&sim, "exec 200 -x ls", None).0, 255);
    }
}
