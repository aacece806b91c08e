//! Programs in the guest, through its agent.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use proxmox_core::guest::{Exec, ExecResult};
use proxmox_core::{Effect, Error, ErrorKind, Outcome, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Domain;
use crate::clock::Patience;
use crate::rpc::procedures::domain;

/// How many seconds the agent may take to answer.
const SECONDS: i32 = 10;
/// How many, when the question is only whether it is there.
const THERE: i32 = 2;

#[derive(Deserialize)]
struct Answer<T> {
    #[serde(rename = "return")]
    answer: T,
}

#[derive(Deserialize)]
struct Started {
    pid: i64,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", default)]
struct Look {
    exited: bool,
    exitcode: Option<i64>,
    signal: Option<i64>,
    out_data: String,
    err_data: String,
    out_truncated: bool,
    err_truncated: bool,
}

#[derive(Serialize)]
struct Command<'a> {
    execute: &'a str,
    #[serde(skip_serializing_if = "Value::is_null")]
    arguments: Value,
}

impl Domain {
    /// Waits until its agent answers.
    ///
    /// # Errors
    /// `Timeout`, with what the daemon said last; `WrongState` when the domain is off, `Unsupported` when it has no channel for an agent.
    pub async fn wait_for_agent(&self, patience: Duration) -> Result<()> {
        let mut patience = Patience::new(patience);
        loop {
            let trouble = match self.ask::<Value>("guest-ping", Value::Null, Effect::Read, THERE).await {
                Ok(_) => return Ok(()),
                Err(e) if !may_come(&e) => return Err(e.during("domain.wait_for_agent")),
                Err(e) => e,
            };
            if !patience.pause().await {
                let text = format!("no agent within {:?}: {}", patience.whole(), trouble.message());
                let error = self.error(ErrorKind::Timeout, Outcome::Rejected, text).with_source(trouble);
                return Err(error.during("domain.wait_for_agent").with_advice(
                    "install qemu-guest-agent in the guest, and see on its console whether it has started",
                ));
            }
        }
    }

    /// Runs a program in the guest and waits for its end, for 30 s at most. When the time is over it goes on in the guest: the agent
    /// cannot end it.
    ///
    /// ```no_run
    /// # async fn demo(web: libvirt_driver::Domain) -> proxmox_core::Result<()> {
    /// use proxmox_core::guest::Exec;
    /// let done = web.exec(Exec::new(["uname", "-r"])).await?;
    /// println!("{}", done.stdout.text().trim_end());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Agent` when there is none that answers, or it has no such program; `WrongState` when the domain is off.
    pub async fn exec(&self, exec: Exec) -> Result<ExecResult> {
        self.exec_for(exec, Duration::from_secs(30)).await
    }

    /// The same with another patience.
    ///
    /// # Errors
    /// As [`exec`](Self::exec); `Timeout`, with the outcome `Applied`, when it still runs.
    pub async fn exec_for(&self, exec: Exec, patience: Duration) -> Result<ExecResult> {
        exec.check()?;
        let [program, arguments @ ..] = exec.argv() else {
            return Err(Error::invalid("command", "it is empty"));
        };
        let mut told = json!({ "path": program, "arg": arguments, "capture-output": true });
        if let Some(input) = exec.input_bytes() {
            told["input-data"] = BASE64.encode(input).into();
        }
        let started: Started = self.ask("guest-exec", told, Effect::Write, SECONDS).await?;
        let mut patience = Patience::new(patience);
        loop {
            let asked = json!({ "pid": started.pid });
            match self.ask::<Look>("guest-exec-status", asked, Effect::Read, SECONDS).await {
                Ok(look) if look.exited => return look.result(),
                Ok(_) => {}
                // The agent is busy, or the way to it is: the program itself is not concerned.
                Err(e)
                    if !is_forgotten(&e)
                        && (e.kind().is_transient() || may_come(&e))
                        && !patience.left().is_zero() => {}
                Err(e) if is_forgotten(&e) => return Err(self.unheard(started.pid, e)),
                Err(e) => return Err(e.with_outcome(Outcome::Applied)),
            }
            if !patience.pause().await {
                let pid = started.pid;
                let text =
                    format!("the command (pid {pid} in the guest) still runs after {:?}", patience.whole());
                let error = self.error(ErrorKind::Timeout, Outcome::Applied, text).during("domain.exec");
                return Err(error.with_advice("it goes on in the guest; allow more time, or end it there"));
            }
        }
    }

    /// The agent forgets a command once it has told its end, and when it starts anew.
    fn unheard(&self, pid: i64, e: Error) -> Error {
        let text = format!("the agent knows nothing of the command (pid {pid} in the guest) any more");
        let error = self.error(ErrorKind::Agent, Outcome::Applied, text).during("domain.exec").with_source(e);
        error.with_advice("see in the guest what it did; let it write its result to a file if that matters")
    }

    /// Hands a command to the agent.
    async fn ask<T: DeserializeOwned>(
        &self,
        execute: &str,
        arguments: Value,
        effect: Effect,
        seconds: i32,
    ) -> Result<T> {
        let command = serde_json::to_string(&Command { execute, arguments })
            .map_err(|e| Error::invalid("command", e.to_string()))?;
        let call = domain::agent_command(&self.found, &command, seconds).with_effect(effect);
        let answer = self.call(call).await?.unwrap_or_default();
        let answer: Answer<T> = serde_json::from_str(&answer).map_err(|e| {
            let outcome = if effect == Effect::Read { Outcome::Rejected } else { Outcome::Applied };
            Error::decode(outcome, format!("the agent's answer to {execute}: {e}")).about(self)
        })?;
        Ok(answer.answer)
    }
}

fn is_forgotten(error: &Error) -> bool {
    error.kind() == ErrorKind::Agent && error.message().contains("'pid'")
}

/// Whether an agent that is not there may come yet.
fn may_come(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Agent | ErrorKind::Timeout | ErrorKind::Busy)
}

impl Look {
    fn result(self) -> Result<ExecResult> {
        let bytes = |text: &str| {
            BASE64
                .decode(text)
                .map_err(|e| Error::decode(Outcome::Applied, format!("the agent's output: {e}")))
        };
        let mut result = ExecResult::new(self.exitcode, bytes(&self.out_data)?, bytes(&self.err_data)?);
        result.signal = self.signal;
        result.out_truncated = self.out_truncated;
        result.err_truncated = self.err_truncated;
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_ends() {
        let look = |json: &str| serde_json::from_str::<Answer<Look>>(json).unwrap().answer;
        assert!(!look(r#"{"return":{"exited":false}}"#).exited);
        let done = look(r#"{"return":{"exitcode":3,"out-data":"aGkK","err-data":"/w==","exited":true}}"#);
        let done = done.result().unwrap();
        assert_eq!(
            (done.exit_code, done.stdout.as_bytes(), done.stderr.as_bytes()),
            (Some(3), &b"hi\n"[..], &[255][..])
        );
        let killed = look(r#"{"return":{"exited":true,"signal":9}}"#).result().unwrap();
        assert_eq!((killed.exit_code, killed.signal), (None, Some(9)));
        assert_eq!(
            look(r#"{"return":{"exited":true,"out-data":"?"}}"#).result().unwrap_err().outcome(),
            Outcome::Applied
        );
    }
}
