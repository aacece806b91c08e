use std::fmt;
use std::time::Duration;

use proxmox_core::{Effect, Error, ErrorKind, Operation, Outcome, Pve, PvePath, PveRequest, Result, de};
use serde::{Deserialize, Serialize};

/// A command for the guest: an argument list, never a shell line.
///
/// ```
/// use proxmox_qemu::Exec;
/// let hostname = Exec::new(["hostname", "-f"]);
/// let script = Exec::new(["sh"]).input("set -e\napt-get -y upgrade\n");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Exec {
    argv: Vec<String>,
    input: Option<String>,
}

/// Without the input, which may hold a password.
impl fmt::Debug for Exec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let input = self.input.as_ref().map(|text| format!("{} bytes", text.len()));
        f.debug_struct("Exec").field("argv", &self.argv).field("input", &input).finish()
    }
}

impl Exec {
    /// The program and its arguments, each passed as it is.
    pub fn new<S: Into<String>>(argv: impl IntoIterator<Item = S>) -> Self {
        Self { argv: argv.into_iter().map(Into::into).collect(), input: None }
    }

    /// What the program reads on its standard input: text, at most 64 KiB.
    #[must_use]
    pub fn input(mut self, text: impl Into<String>) -> Self {
        self.input = Some(text.into());
        self
    }
}

/// The end of a command. A program that fails is a result, not an error: look at [`success`](Self::success).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ExecResult {
    /// Its exit code; none when a signal ended it.
    #[serde(rename = "exitcode", default, deserialize_with = "de::opt_int")]
    pub exit_code: Option<i64>,
    /// The signal (or, on Windows, the exception) that ended it.
    #[serde(default, deserialize_with = "de::opt_int")]
    pub signal: Option<i64>,
    /// Its standard output. Bytes that are not UTF-8 do not survive PVE.
    #[serde(rename = "out-data", default)]
    pub stdout: String,
    /// Its standard error.
    #[serde(rename = "err-data", default)]
    pub stderr: String,
    /// Whether there was more output than the agent keeps (16 MiB).
    #[serde(rename = "out-truncated", default, deserialize_with = "de::flag")]
    pub out_truncated: bool,
    /// The same for standard error.
    #[serde(rename = "err-truncated", default, deserialize_with = "de::flag")]
    pub err_truncated: bool,
}

impl ExecResult {
    /// Whether it exited with 0.
    #[must_use]
    pub fn success(&self) -> bool {
        self.exit_code == Some(0)
    }
}

/// How long to wait unless the call says otherwise.
const WAIT: Duration = Duration::from_secs(30);
/// The first look; most commands are done by then.
const FIRST: Duration = Duration::from_millis(50);
/// The longest pause between two looks.
const LONGEST: Duration = Duration::from_secs(1);
/// PVE's own limit for the input, bytes.
const INPUT_LIMIT: usize = 64 * 1024;

/// Runs a command: `POST …/agent/exec`, then `GET …/agent/exec-status` until it has ended, at first every few
/// hundredths of a second.
///
/// Without a [`timeout`](proxmox_core::Call::timeout) it waits for 30 s. When the time is over the program goes on in the
/// guest: the agent cannot end it.
#[derive(Debug)]
pub struct RunExec {
    agent: PvePath,
    exec: Exec,
}

#[derive(Deserialize)]
struct Started {
    #[serde(deserialize_with = "de::int")]
    pid: i64,
}

#[derive(Deserialize)]
struct Look {
    #[serde(deserialize_with = "de::flag")]
    exited: bool,
    #[serde(flatten)]
    result: ExecResult,
}

impl RunExec {
    pub(super) fn new(agent: PvePath, exec: Exec) -> Self {
        Self { agent, exec }
    }
}

impl Operation for RunExec {
    type Output = ExecResult;
    fn name(&self) -> &'static str {
        "agent.exec"
    }
    fn request(&self) -> Result<PveRequest> {
        if self.exec.argv.first().is_none_or(String::is_empty) {
            return Err(Error::invalid("command", "command: an empty argument list runs nothing"));
        }
        if let Some(input) = self.exec.input.as_ref().filter(|text| text.len() > INPUT_LIMIT) {
            let text =
                format!("input: {} bytes, but PVE passes at most {INPUT_LIMIT} on to the agent", input.len());
            return Err(
                Error::invalid("input", text).with_advice("write it to a file of the guest first, in parts")
            );
        }
        Ok(PveRequest::create(self.agent.clone().fixed("exec"))
            .param("command", self.exec.argv.clone())
            .param_some("input-data", self.exec.input.as_deref())
            .effect(Effect::Write))
    }
    async fn run(self, pve: Pve) -> Result<ExecResult> {
        let started: Started = pve.call(&self.request()?).await?.decode()?;
        let status = PveRequest::get(self.agent.fixed("exec-status")).param("pid", started.pid);
        let deadline = pve.deadline(Some(WAIT));
        let mut pause = FIRST;
        loop {
            let request = deadline.bound(&pve, &status);
            match async { pve.call(&request).await?.decode::<Look>() }.await {
                Ok(look) if look.exited => return Ok(look.result),
                Ok(_) => {}
                // The agent is busy, or the way to the node is: the program itself is not concerned.
                Err(e) if e.kind().is_transient() && !deadline.left(&pve).is_zero() => {
                    pve.sleep(pause).await;
                    continue;
                }
                Err(e) => return Err(unheard(e, started.pid)),
            }
            let left = deadline.left(&pve);
            if left.is_zero() {
                let text = format!(
                    "the command (pid {} in the guest) is still running after {:?}",
                    started.pid,
                    deadline.wait()
                );
                return Err(Error::new(ErrorKind::Timeout, Outcome::Applied, text)
                    .with_advice("it goes on in the guest; allow more time, or end it there"));
            }
            pve.sleep(pause.min(left)).await;
            pause = (pause * 2).min(LONGEST);
        }
    }
}

/// The command runs or has run, and nobody can tell how it ended.
fn unheard(e: Error, pid: i64) -> Error {
    // The agent forgets a command once it has told its end: the answer that told it was lost.
    if e.kind() == ErrorKind::Agent && e.message().contains("'pid'") {
        let text =
            format!("the command (pid {pid} in the guest) has ended, but the answer that said how was lost");
        return Error::new(ErrorKind::Agent, Outcome::Applied, text)
            .with_advice("see in the guest what it did; let it write its result to a file if that matters")
            .with_source(e);
    }
    e.with_outcome(Outcome::Applied)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_stay_apart() {
        let path = PvePath::parse("/nodes/pve1/qemu/100/agent").unwrap();
        let request =
            RunExec::new(path.clone(), Exec::new(["sh", "-c", "echo a b"]).input("x")).request().unwrap();
        assert_eq!(
            request.to_string(),
            "pvesh create /nodes/pve1/qemu/100/agent/exec --command sh --command -c --command 'echo a b' --input-data '<redacted>'"
        );
        for bad in
            [Exec::new(Vec::<String>::new()), Exec::new([""]), Exec::new(["a"]).input("x".repeat(65_537))]
        {
            assert_eq!(
                RunExec::new(path.clone(), bad).request().unwrap_err().kind(),
                ErrorKind::InvalidInput
            );
        }
    }

    #[test]
    fn real_ends() {
        for (json, exited, code, signal, out) in [
            (r#"{"exited":0}"#, false, None, None, ""),
            (
                r#"{"exited":1,"exitcode":3,"out-data":"hi\n","err-data":"err\n","out-truncated":0}"#,
                true,
                Some(3),
                None,
                "hi\n",
            ),
            (r#"{"exited":true,"signal":"9"}"#, true, None, Some(9), ""),
        ] {
            let look: Look = serde_json::from_str(json).unwrap();
            assert_eq!(
                (look.exited, look.result.exit_code, look.result.signal),
                (exited, code, signal),
                "{json}"
            );
            assert_eq!(look.result.stdout, out);
        }
    }
}
