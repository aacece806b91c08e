//! Programs in a guest of either kind.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::data::GuestData;
use super::{Guest, Kind};
use crate::{Call, Error, Result, de};

/// A command for a guest: an argument list, never a shell line.
///
/// ```
/// use proxmox_core::guest::Exec;
/// let hostname = Exec::new(["hostname", "-f"]);
/// let script = Exec::new(["sh"]).input("set -e\napt-get -y upgrade\n");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Exec {
    argv: Vec<String>,
    input: Option<Vec<u8>>,
}

/// Without the input, which may hold a password.
impl fmt::Debug for Exec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let input = self.input.as_ref().map(|bytes| format!("{} bytes", bytes.len()));
        f.debug_struct("Exec").field("argv", &self.argv).field("input", &input).finish()
    }
}

impl Exec {
    /// The program and its arguments, each passed as it is. They are seen in process lists: what is secret goes into the
    /// [input](Self::input).
    pub fn new<S: Into<String>>(argv: impl IntoIterator<Item = S>) -> Self {
        Self { argv: argv.into_iter().map(Into::into).collect(), input: None }
    }

    /// What the program reads on its standard input. The guest agent of a VM takes text, at most 64 KiB of it; a container takes
    /// any bytes, at most [`Pct::LONGEST`](crate::Pct::LONGEST).
    #[must_use]
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = Some(input.into());
        self
    }

    /// The program and its arguments.
    #[must_use]
    pub fn argv(&self) -> &[String] {
        &self.argv
    }

    /// What it reads, if anything was set.
    #[must_use]
    pub fn input_bytes(&self) -> Option<&[u8]> {
        self.input.as_deref()
    }

    /// Whether there is something to run.
    ///
    /// # Errors
    /// `InvalidInput` for an empty argument list, and for one whose program has no name.
    pub fn check(&self) -> Result<()> {
        if self.argv.first().is_none_or(String::is_empty) {
            return Err(Error::invalid("command", "command: an empty argument list runs nothing"));
        }
        Ok(())
    }
}

/// The end of a command. A program that fails is a result, not an error: look at [`success`](Self::success).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ExecResult {
    /// Its exit code; none when a signal ended it and the guest agent says so. In a container a program that is not there has 127, as
    /// in a shell.
    #[serde(rename = "exitcode", default, deserialize_with = "de::opt_int")]
    pub exit_code: Option<i64>,
    /// The signal (or, on Windows, the exception) that ended it. Never set for containers, of which nobody tells it.
    #[serde(default, deserialize_with = "de::opt_int")]
    pub signal: Option<i64>,
    /// Its standard output, at most 16 MiB. Through the guest agent, bytes that are not UTF-8 do not survive PVE; from a container they
    /// do.
    #[serde(rename = "out-data", default)]
    pub stdout: GuestData,
    /// Its standard error, likewise.
    #[serde(rename = "err-data", default)]
    pub stderr: GuestData,
    /// Whether there was more output than was kept.
    #[serde(rename = "out-truncated", default, deserialize_with = "de::flag")]
    pub out_truncated: bool,
    /// The same for standard error.
    #[serde(rename = "err-truncated", default, deserialize_with = "de::flag")]
    pub err_truncated: bool,
}

impl ExecResult {
    /// The end of a program that printed this.
    #[must_use]
    pub fn new(exit_code: Option<i64>, stdout: impl Into<GuestData>, stderr: impl Into<GuestData>) -> Self {
        let (stdout, stderr) = (stdout.into(), stderr.into());
        Self { exit_code, signal: None, stdout, stderr, out_truncated: false, err_truncated: false }
    }

    /// Whether it exited with 0.
    #[must_use]
    pub fn success(&self) -> bool {
        self.exit_code == Some(0)
    }
}

impl<K: Kind> Guest<K> {
    /// Runs a command in the guest and waits for its end: through the guest agent of a VM, through `pct` in a container. Without a
    /// [`timeout`](Call::timeout) it waits for 30 s.
    ///
    /// This is what methods of one's own for systems of one kind are made of, for guests of both kinds at once: see the example
    /// `extension`.
    ///
    /// ```
    /// # async fn demo<K: proxmox_core::guest::Kind>(guest: proxmox_core::Guest<K>) -> proxmox_core::Result<()> {
    /// use proxmox_core::guest::Exec;
    /// let done = guest.exec(Exec::new(["uname", "-r"])).await?;
    /// println!("{}", done.stdout.text().trim_end());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `WrongState` for a guest that is off. For a VM `Agent` when its agent does not answer; for a container `Unsupported`, not sent,
    /// where the transport runs no commands on its node.
    pub fn exec(&self, exec: Exec) -> Call<K::Exec> {
        self.pve.bind(K::exec(self, exec))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_input_is_not_shown() {
        let exec = Exec::new(["passwd"]).input("hunter2");
        assert_eq!(format!("{exec:?}"), r#"Exec { argv: ["passwd"], input: Some("7 bytes") }"#);
    }

    #[test]
    fn nothing_is_not_run() {
        for bad in [Exec::new(Vec::<String>::new()), Exec::new([""])] {
            assert_eq!(bad.check().unwrap_err().kind(), crate::ErrorKind::InvalidInput);
        }
    }
}
