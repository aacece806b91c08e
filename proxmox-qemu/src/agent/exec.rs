use std::time::Duration;

use proxmox_core::guest::{Exec, ExecResult};
use proxmox_core::{
    Deadline, Effect, Error, ErrorKind, Operation, Outcome, Pve, PvePath, PveRequest, Result, de,
};
use serde::Deserialize;

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
    pub(crate) fn new(agent: PvePath, exec: Exec) -> Self {
        Self { agent, exec }
    }
}

impl Operation for RunExec {
    type Output = ExecResult;
    fn name(&self) -> &'static str {
        "agent.exec"
    }
    fn request(&self) -> Result<PveRequest> {
        self.exec.check()?;
        let input = self.exec.input_bytes().map(text).transpose()?;
        Ok(PveRequest::create(self.agent.clone().fixed("exec"))
            .param("command", self.exec.argv().to_vec())
            .param_some("input-data", input)
            .effect(Effect::Write))
    }
    async fn run(self, pve: Pve) -> Result<ExecResult> {
        let started: Started = pve.call(&self.request()?).await?.decode()?;
        let status = PveRequest::get(self.agent.fixed("exec-status")).param("pid", started.pid);
        let deadline = pve.deadline(Some(WAIT));
        let (mut pause, mut seen) = (FIRST, false);
        loop {
            let request = deadline.bound(&pve, &status);
            let look = async { pve.call(&request).await?.decode::<Look>() }.await;
            let left = deadline.left(&pve);
            match look {
                Ok(look) if look.exited => return Ok(look.result),
                Ok(_) if left.is_zero() => return Err(goes_on(started.pid, &deadline)),
                Ok(_) => seen = true,
                // The agent is busy, or the way to the node is: the program itself is not concerned.
                Err(e) if e.kind().is_transient() && !left.is_zero() => {
                    pve.sleep(pause).await;
                    continue;
                }
                // The end of the wait cut the last look short.
                Err(e) if e.kind() == ErrorKind::Timeout && seen => {
                    return Err(goes_on(started.pid, &deadline).with_source(e));
                }
                Err(e) => return Err(unheard(e, started.pid)),
            }
            pve.sleep(pause.min(left)).await;
            pause = (pause * 2).min(LONGEST);
        }
    }
}

/// The command ran when it was last looked at, and the wait is over.
fn goes_on(pid: i64, deadline: &Deadline) -> Error {
    let text = format!("the command (pid {pid} in the guest) is still running after {:?}", deadline.wait());
    Error::new(ErrorKind::Timeout, Outcome::Applied, text)
        .with_advice("it goes on in the guest; allow more time, or end it there")
}

/// The input as PVE takes it: text, and not much of it.
fn text(input: &[u8]) -> Result<&str> {
    let bad = |why: String, advice: &str| Err(Error::invalid("input", why).with_advice(advice));
    if input.len() > INPUT_LIMIT {
        let why =
            format!("input: {} bytes, but PVE passes at most {INPUT_LIMIT} on to the agent", input.len());
        return bad(why, "write it to a file of the guest first, in parts");
    }
    match std::str::from_utf8(input) {
        Ok(text) if !text.contains('\0') => Ok(text),
        _ => bad(
            "input: PVE passes only text on to the agent".to_owned(),
            "encode it, and decode it in the guest",
        ),
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
    use std::sync::Mutex;
    use std::time::Instant;

    use proxmox_core::{PveResponse, Transport, TransportInfo, async_trait};

    use super::*;

    /// Starts every command; the first look finds it running, the next is cut by its time limit.
    struct Slow(Mutex<(Instant, u32)>);

    #[async_trait]
    impl Transport for Slow {
        fn info(&self) -> TransportInfo {
            TransportInfo::new("slow", "nowhere")
        }
        async fn call(&self, request: &PveRequest) -> Result<PveResponse> {
            let mut state = self.0.lock().unwrap();
            state.1 += 1;
            match state.1 {
                1 => Ok(PveResponse::envelope(r#"{"data":{"pid":7}}"#)),
                2 => Ok(PveResponse::envelope(r#"{"data":{"exited":0}}"#)),
                _ => {
                    state.0 += request.timeout.unwrap();
                    Err(Error::new(ErrorKind::Timeout, Outcome::Rejected, "no answer"))
                }
            }
        }
        async fn sleep(&self, duration: Duration) {
            self.0.lock().unwrap().0 += duration;
        }
        fn now(&self) -> Instant {
            self.0.lock().unwrap().0
        }
    }

    #[test]
    fn a_wait_that_ends_within_a_look_is_told_as_its_end() {
        let pve = Pve::builder(Slow(Mutex::new((Instant::now(), 0))))
            .policy(proxmox_core::Policy::dangerous_allow_everything())
            .build();
        let agent = PvePath::parse("/nodes/pve1/qemu/100/agent").unwrap();
        let call = pve.bind(RunExec::new(agent, Exec::new(["sleep", "9"]))).timeout(Duration::from_secs(1));
        let error = call.block().unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::Applied));
        assert_eq!(error.message(), "the command (pid 7 in the guest) is still running after 1s");
    }

    #[test]
    fn the_arguments_stay_apart() {
        let path = PvePath::parse("/nodes/pve1/qemu/100/agent").unwrap();
        let request =
            RunExec::new(path.clone(), Exec::new(["sh", "-c", "echo a b"]).input("x")).request().unwrap();
        assert_eq!(
            request.to_string(),
            "pvesh create /nodes/pve1/qemu/100/agent/exec --command sh --command -c --command 'echo a b' --input-data '<redacted>'"
        );
        for bad in [
            Exec::new([""]),
            Exec::new(["a"]).input("x".repeat(65_537)),
            Exec::new(["a"]).input(vec![0xff]),
            Exec::new(["a"]).input("a\0b"),
        ] {
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
