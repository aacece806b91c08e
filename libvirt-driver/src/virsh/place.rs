//! Where virsh runs: on this machine, or on one behind ssh.

use std::process::Stdio;
use std::time::Instant;

use proxmox_core::{Effect, Error, ErrorKind, Outcome, Result};
use proxmox_transport::{Finished, SshHost};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::time::{timeout, timeout_at};

use super::client::PATIENCE;
use crate::rpc::error::Loss;

/// A machine with a shell.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Here,
    Ssh(SshHost),
}

/// A command that runs, with its input and output as a stream.
pub(super) struct Running {
    pub(super) input: Box<dyn AsyncWrite + Send + Unpin>,
    pub(super) output: Box<dyn AsyncRead + Send + Unpin>,
    complaint: Complaint,
}

enum Complaint {
    Here(Box<Child>),
    Ssh(proxmox_transport::Complaint),
}

impl Running {
    /// Gives it no more input, and waits for its end: what it complained of.
    pub(super) async fn complaint(mut self) -> String {
        let _ = self.input.shutdown().await;
        drop(self.input);
        // It has ended when its output has. Over ssh that lives as long as the stream.
        let _ = timeout(PATIENCE, tokio::io::copy(&mut self.output, &mut tokio::io::sink())).await;
        match self.complaint {
            Complaint::Here(mut child) => {
                let mut said = String::new();
                if let Some(mut stderr) = child.stderr.take() {
                    let _ = timeout(PATIENCE, stderr.read_to_string(&mut said)).await;
                }
                said
            }
            Complaint::Ssh(complaint) => {
                let _ = timeout(PATIENCE, complaint.ended()).await;
                complaint.text()
            }
        }
    }
}

impl Place {
    /// Runs a line of the POSIX shell to its end, with this as its input.
    pub(crate) async fn run(
        &self,
        line: &str,
        input: Vec<u8>,
        effect: Effect,
        deadline: Instant,
    ) -> Result<Finished> {
        let budget = deadline.saturating_duration_since(Instant::now());
        match self {
            Self::Ssh(host) => host.run(line, input, effect, deadline).await,
            Self::Here => {
                let mut child = here(line)?;
                let stdin = child.stdin.take();
                let feed = async {
                    if let Some(mut stdin) = stdin {
                        // A command that does not read all of it says why by its exit.
                        let _ = stdin.write_all(&input).await;
                    }
                };
                let ended =
                    timeout_at(deadline.into(), async { tokio::join!(feed, child.wait_with_output()).1 });
                match ended.await {
                    Ok(Ok(output)) => {
                        let exit = output.status.code().unwrap_or(255);
                        Ok(Finished { exit, stdout: output.stdout, stderr: output.stderr })
                    }
                    Ok(Err(e)) => {
                        Err(Loss::new(ErrorKind::Unexpected, e.to_string()).into_error(effect, true))
                    }
                    Err(_) => {
                        let text = format!("the command has not ended within {budget:?}");
                        Err(Loss::new(ErrorKind::Timeout, text).into_error(effect, true))
                    }
                }
            }
        }
    }

    /// Runs a line with its input and output as a stream.
    pub(super) async fn open(&self, line: &str, deadline: Instant) -> Result<Running> {
        match self {
            Self::Ssh(host) => {
                let (stream, complaint) = host.pipe(line, deadline).await?;
                let (output, input) = tokio::io::split(stream);
                Ok(Running {
                    input: Box::new(input),
                    output: Box::new(output),
                    complaint: Complaint::Ssh(complaint),
                })
            }
            Self::Here => {
                let mut child = here(line)?;
                match (child.stdin.take(), child.stdout.take()) {
                    (Some(input), Some(output)) => Ok(Running {
                        input: Box::new(input),
                        output: Box::new(output),
                        complaint: Complaint::Here(Box::new(child)),
                    }),
                    _ => Err(no_shell("it has no streams")),
                }
            }
        }
    }
}

fn here(line: &str) -> Result<Child> {
    Command::new("sh")
        .args(["-c", line])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| no_shell(&e.to_string()))
}

fn no_shell(why: &str) -> Error {
    Error::new(
        ErrorKind::Unexpected,
        Outcome::NotSent,
        format!("no shell can be started on this machine: {why}"),
    )
}
