//! The seam between PVE's command line and whoever runs commands.

use std::future::Future;
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::fault::{Fault, LONGEST_ANSWER, Stage, Why, network};

/// Runs commands on a node, as this machine itself or over ssh.
pub(crate) trait Shell: Send + Sync + 'static {
    /// Runs a script to its end, or to the deadline. Its standard input is closed after what is given.
    ///
    /// A fault says how far it came: `Connecting` while the command cannot have started, `Sent` from then on. A command that
    /// ends with any exit code is an [`Ended`], not a fault. Dropping the future ends the command.
    fn run(&self, script: Script, deadline: Instant) -> impl Future<Output = Result<Ended, Fault>> + Send;

    /// Whose commands they are, for messages: `pve1`, `root@pve1:22`.
    fn host(&self) -> &str;
}

/// What to run.
pub(crate) struct Script {
    /// One line for the POSIX shell of the user. Visible in the node's process list: it holds no secret.
    pub(crate) line: String,
    /// What the command reads. Not visible to anyone.
    pub(crate) input: Vec<u8>,
}

/// A command that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    /// 128 and the signal's number, as shells say it, when a signal ended it.
    pub(crate) exit: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

/// As one word of a POSIX shell.
pub(crate) fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// What may come around the longest answer: what a login prints, and what tells parts of it from each other.
const AROUND: usize = 64 << 10;

/// All that comes, up to a limit.
pub(crate) async fn read(from: Option<impl AsyncRead + Unpin>) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        let mut from = from.take((LONGEST_ANSWER + AROUND) as u64 + 1);
        from.read_to_end(&mut bytes)
            .await
            .map_err(|e| Fault::new(Stage::Answering, network(&e)).because(e))?;
    }
    if bytes.len() > LONGEST_ANSWER + AROUND {
        Err(Fault::new(Stage::Answering, Why::TooLong))
    } else {
        Ok(bytes)
    }
}
