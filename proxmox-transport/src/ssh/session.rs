//! A session with a node: one connection for all, made when it is needed, and again when it is lost.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use async_lock::{Mutex, Semaphore};
use openssh::Stdio;
use tokio::io::AsyncWriteExt as _;
use tokio::time::{sleep_until, timeout_at};

use super::config::Settings;
use super::link::Link;
use crate::fault::{Fault, Stage, Why, innermost};
use crate::shell::{Ended, Script, Shell, quote, read};

/// Commands at once. sshd takes 10 sessions on a connection by default, and frees them later than the client sees.
const COMMANDS: usize = 5;

/// Between two tries to open a session that sshd has refused for there being too many.
const REFUSED_PAUSE: Duration = Duration::from_millis(40);

/// Pauses between two connections that failed grow from the first to the second.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Cheap to clone; the connection ends with the last one.
#[derive(Clone)]
pub(crate) struct Session(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) settings: Settings,
    host: String,
    pub(super) state: Mutex<State>,
    commands: Semaphore,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) link: Option<Arc<Live>>,
    generation: u64,
    /// Connections that failed, one after the other, and when the next may be tried.
    failures: u32,
    not_before: Option<Instant>,
}

pub(super) struct Live {
    pub(super) link: Link,
    /// Whether a session channel was ever opened on it.
    pub(super) touched: AtomicBool,
}

impl Session {
    pub(crate) fn new(settings: Settings) -> Self {
        let host = settings.target.to_string();
        let state = Mutex::new(State::default());
        Self(Arc::new(Inner { settings, host, state, commands: Semaphore::new(COMMANDS) }))
    }

    /// `[user@]host[:port]`.
    pub(super) fn name(&self) -> &str {
        &self.0.host
    }

    pub(super) fn connect_timeout(&self) -> Duration {
        self.0.settings.connect_timeout
    }

    /// The connection, made if there is none. All callers wait for the same one.
    pub(super) async fn link(&self, deadline: Instant) -> Result<Arc<Live>, Fault> {
        let late = || Fault::new(Stage::Connecting, Why::Budget("connect", self.0.settings.connect_timeout));
        let mut state = timeout_at(deadline.into(), self.0.state.lock()).await.map_err(|_| late())?;
        if let Some(live) = &state.link {
            return Ok(Arc::clone(live));
        }
        if let Some(next) = state.not_before {
            if next > deadline {
                return Err(late());
            }
            sleep_until(next.into()).await;
        }
        state.generation += 1;
        let generation = state.generation;
        let inner = Arc::clone(&self.0);
        // On its own: whoever loses patience must not leave a half-made master behind, of which nobody knows.
        #[allow(clippy::disallowed_methods)] // It must outlive this flow.
        let connecting = tokio::spawn(async move { Link::connect(&inner.settings, generation).await });
        let made = match timeout_at(deadline.into(), connecting).await {
            Ok(Ok(made)) => made,
            Ok(Err(e)) => Err(Fault::new(Stage::Connecting, Why::Network(e.to_string())).because(e)),
            Err(_) => Err(late()),
        };
        match made {
            Ok(link) => {
                let live = Arc::new(Live { link, touched: AtomicBool::new(false) });
                state.link = Some(Arc::clone(&live));
                (state.failures, state.not_before) = (0, None);
                tracing::debug!(target: "proxmox", host = %self.0.host, generation, "ssh connected");
                Ok(live)
            }
            Err(fault) => {
                let pause = FIRST_PAUSE.saturating_mul(1 << state.failures.min(8)).min(LONGEST_PAUSE);
                state.failures += 1;
                state.not_before = Some(Instant::now() + pause);
                Err(fault)
            }
        }
    }

    /// Gives a connection up: the next caller makes another.
    pub(super) async fn give_up(&self, generation: u64) {
        let mut state = self.0.state.lock().await;
        if state.link.as_ref().is_some_and(|live| live.link.generation == generation) {
            state.link = None;
            tracing::debug!(target: "proxmox", host = %self.0.host, generation, "ssh connection lost");
        }
    }

    pub(super) async fn run_on(
        &self,
        live: &Live,
        script: &Script,
        deadline: Instant,
    ) -> Result<Ended, Trouble> {
        let late = |stage| Trouble::Fault(Fault::new(stage, Why::Budget("total", left(deadline))));
        let started = Instant::now();
        let total = deadline.saturating_duration_since(started);
        let spent = |stage| Trouble::Fault(Fault::new(stage, Why::Budget("total", total)));
        let _turn = timeout_at(deadline.into(), self.0.commands.acquire())
            .await
            .map_err(|_| spent(Stage::Connecting))?;
        let mut child = loop {
            let mut command = live.link.session.raw_command(bounded(&script.line, deadline));
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            match timeout_at(deadline.into(), command.spawn()).await {
                Ok(Ok(child)) => break child,
                Ok(Err(e)) if refused(&e) => {
                    if left(deadline) < REFUSED_PAUSE {
                        return Err(late(Stage::Connecting));
                    }
                    sleep_until((Instant::now() + REFUSED_PAUSE).into()).await;
                }
                // The command may have been asked for just before. Without its input it does nothing.
                Ok(Err(e)) if script.input.is_empty() && !matches!(e, openssh::Error::Disconnected) => {
                    return Err(lost(Stage::Sent, e));
                }
                Ok(Err(e)) => return Err(lost(Stage::Connecting, e)),
                Err(_) => return Err(spent(Stage::Connecting)),
            }
        };
        live.touched.store(true, Ordering::Relaxed);
        let (stdin, stdout, stderr) = (child.stdin().take(), child.stdout().take(), child.stderr().take());
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
        let (stdout, stderr, status) =
            timeout_at(deadline.into(), all).await.map_err(|_| spent(Stage::Sent))?;
        let exit = match status {
            Ok(status) => status.code(),
            // The crate's own reading of 127.
            Err(openssh::Error::Remote(e)) if e.kind() == io::ErrorKind::NotFound => Some(127),
            Err(e) => return Err(lost(Stage::Sent, e)),
        };
        Ok(Ended {
            exit: exit.unwrap_or(255),
            stdout: stdout.map_err(Trouble::Fault)?,
            stderr: stderr.map_err(Trouble::Fault)?,
        })
    }
}

impl Shell for Session {
    async fn run(&self, script: Script, deadline: Instant) -> Result<Ended, Fault> {
        let mut again = true;
        loop {
            let live = self.link(deadline).await?;
            match self.run_on(&live, &script, deadline).await {
                Ok(ended) => return Ok(ended),
                Err(Trouble::Fault(fault)) => return Err(fault),
                Err(Trouble::Lost(fault)) => {
                    self.give_up(live.link.generation).await;
                    // Nothing was sent: the connection had died since it was last used.
                    if fault.stage == Stage::Connecting && again {
                        again = false;
                        continue;
                    }
                    return Err(fault);
                }
            }
        }
    }

    fn host(&self) -> &str {
        &self.0.host
    }
}

/// What ended a command without an exit code.
pub(super) enum Trouble {
    /// The connection is gone.
    Lost(Fault),
    Fault(Fault),
}

pub(super) fn lost(stage: Stage, error: openssh::Error) -> Trouble {
    let why = match error {
        openssh::Error::RemoteProcessTerminated | openssh::Error::Disconnected => Why::closed(),
        ref other => Why::Network(innermost(other)),
    };
    Trouble::Lost(Fault::new(stage, why).because(error))
}

/// sshd has as many sessions on this connection as it allows.
fn refused(error: &openssh::Error) -> bool {
    matches!(error, openssh::Error::SshMux(e) if e.to_string().contains("refused by peer"))
}

fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

/// sshd lets a command go on when its client is gone: this one then ends soon after nobody waits for it any more.
fn bounded(line: &str, deadline: Instant) -> String {
    let seconds = left(deadline).as_secs() + 2;
    format!("exec timeout -k 5 {seconds} sh -c {}", quote(line))
}
