//! The node that this program runs on.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use proxmox_core::{Pve, PveBuilder, Result};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::timeout_at;

use crate::fault::{Fault, Stage, Why};
use crate::layer::{Limit, standard};
use crate::pvesh::{Caller, Pvesh};
use crate::shell::{Ended, Script, Shell, read};

/// Describes the way to the node that this program runs on, by its `pvesh`; [`connect`](Self::connect) makes the handle.
///
/// It asks as `root@pam`: the program must run as root, or be allowed `sudo`. A request takes about 650 ms, nearly all of it for
/// starting Perl. A task runs in the foreground: a call that starts one comes back at its end, and who ends this program ends the
/// task.
///
/// ```no_run
/// use proxmox_transport::Local;
///
/// # fn main() -> proxmox_core::Result<()> {
/// let pve = Local::new().connect()?;
/// println!("{}", pve.cluster().version().block()?.version);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Local {
    caller: Caller,
    limit: usize,
}

/// At once: more only wait for the processors.
const LIMIT: usize = 4;

impl Default for Local {
    fn default() -> Self {
        Self::new()
    }
}

impl Local {
    /// This node, as the user that this program runs as.
    #[must_use]
    pub fn new() -> Self {
        Self { caller: Caller::default(), limit: LIMIT }
    }

    /// Becomes root by `sudo -n`, for `perl`. A line in sudoers that allows this equals root.
    #[must_use]
    pub fn sudo(mut self) -> Self {
        self.caller.sudo = true;
        self
    }

    /// Runs `/usr/bin/pvesh` itself, with its arguments on the command line, because sudo allows nothing else. For engine `pvesh`.
    ///
    /// Everybody on the node can then read the arguments in the process list: a request that holds a secret is refused, unless
    /// [`allow_secret_arguments`](Self::allow_secret_arguments) says otherwise. The line in sudoers equals root all the same.
    #[must_use]
    pub fn only_pvesh(mut self) -> Self {
        self.caller.program = true;
        self
    }

    /// Lets secrets be seen in the node's process list, where [`only_pvesh`](Self::only_pvesh) puts them.
    #[must_use]
    pub fn allow_secret_arguments(mut self) -> Self {
        self.caller.shown_secrets = true;
        self
    }

    /// Where the node's own files begin, in place of `/`: for simulated nodes.
    #[must_use]
    pub fn node_root(mut self, path: impl AsRef<Path>) -> Self {
        self.caller.root = path.as_ref().to_owned();
        self
    }

    /// How many requests may be under way at once; 4 by default.
    #[must_use]
    pub fn limit(mut self, requests: usize) -> Self {
        self.limit = requests;
        self
    }

    /// The handle, with the standard layers and the default safety policy. It runs nothing yet.
    ///
    /// # Errors
    /// `InvalidInput` for a limit of none.
    pub fn connect(self) -> Result<Pve> {
        Ok(self.builder()?.build())
    }

    /// The same, open for a policy and for further layers.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn builder(self) -> Result<PveBuilder> {
        let limit = Limit::new(self.limit)?;
        Ok(standard(Pve::builder(Pvesh::new(Here, self.caller, "local/pvesh")), limit))
    }
}

/// This machine's own shell.
struct Here;

impl Shell for Here {
    async fn run(&self, script: Script, deadline: Instant) -> std::result::Result<Ended, Fault> {
        let total = deadline.saturating_duration_since(Instant::now());
        let failed = |stage, e: io::Error| Fault::new(stage, Why::Network(e.to_string())).because(e);
        let mut child = Command::new("/bin/sh")
            .args(["-c", &script.line])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| failed(Stage::Connecting, e))?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let feed = async {
            if let Some(mut stdin) = stdin {
                // A command that does not read all of it says why by its exit.
                let _ = stdin.write_all(&script.input).await;
                let _ = stdin.shutdown().await;
            }
        };
        let all = async {
            let ((), stdout, stderr) = tokio::join!(feed, read(stdout), read(stderr));
            (stdout, stderr, child.wait().await)
        };
        let (stdout, stderr, status) = timeout_at(deadline.into(), all)
            .await
            .map_err(|_| Fault::new(Stage::Sent, Why::Budget("total", total)))?;
        let status = status.map_err(|e| failed(Stage::Sent, e))?;
        let signal = std::os::unix::process::ExitStatusExt::signal(&status);
        Ok(Ended {
            exit: status.code().or(signal.map(|s| 128 + s)).unwrap_or(255),
            stdout: stdout?,
            stderr: stderr?,
        })
    }

    fn host(&self) -> &'static str {
        "this node"
    }
}
