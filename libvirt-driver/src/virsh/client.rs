//! Calls as commands: run, read, and what became of those that went wrong.

use std::sync::Arc;
use std::time::{Duration, Instant};

use proxmox_core::{Effect, Error, ErrorKind, Outcome, Result};
use proxmox_transport::Finished;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::command::{Command, beyond, quote, script};
use super::form::{Form, Input, Step, Unread};
use super::place::Place;
use super::said::Complaints;
use crate::rpc::Call;
use crate::rpc::error::Loss;

/// Commands at once. Each is a client of the daemon of its own, which takes few.
const COMMANDS: usize = 4;

/// How long content may stand still.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

/// Linux takes no longer word on a command line than 128 KiB; some of that goes for the quotes that each shell on the way takes off.
const LONGEST_LINE: usize = 100 << 10;

/// Content is moved in parts of this size.
const PART: usize = 256 << 10;

/// The daemon, by way of virsh. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Virsh(Arc<Inner>);

struct Inner {
    place: Place,
    /// What virsh is told to open.
    uri: String,
    slots: Semaphore,
}

impl Virsh {
    pub(crate) fn new(place: Place, uri: String) -> Self {
        Self(Arc::new(Inner { place, uri, slots: Semaphore::new(COMMANDS) }))
    }

    /// As messages call it.
    pub(crate) fn way(&self) -> &'static str {
        match self.0.place {
            Place::Here => "virsh",
            Place::Ssh(_) => "virsh over ssh",
        }
    }

    /// Whether there is a virsh and it reaches the daemon.
    pub(crate) async fn probe(&self, budget: Duration) -> Result<()> {
        let form = Form::plain(Command::new("uri"));
        self.ended(&form, Effect::Read, Instant::now() + budget).await.map(drop)
    }

    /// Carries a call out.
    pub(crate) async fn call<T>(&self, call: &Call<T>) -> Result<T> {
        self.carry_out(call).await.map_err(|e| call.named(e))
    }

    async fn carry_out<T>(&self, call: &Call<T>) -> Result<T> {
        let deadline = Instant::now() + call.budget();
        let mut form = call.form()?;
        // What comes after the first step of a write only asks: then the write is done, whatever comes of the question.
        let mut effect = call.effect();
        let after = |error: Error, effect| match (call.effect(), effect) {
            (Effect::Read, _) => error,
            (_, Effect::Read) => error.with_outcome(Outcome::Applied),
            _ => error,
        };
        loop {
            if matches!(form.input, Input::Content | Input::Receives) {
                return Err(Error::invalid("call", "it moves content: use `upload` or `download`"));
            }
            let ended = self.ended(&form, effect, deadline).await.map_err(|e| after(e, effect))?;
            let output = String::from_utf8_lossy(&ended.stdout);
            match form.read(&output) {
                Ok(Step::Done(answer)) => return Ok(answer),
                Ok(Step::Then(next)) => (form, effect) = (next, Effect::Read),
                Err(Unread::Refused(remote)) => return Err(after(remote.into_error(effect), effect)),
                Err(Unread::Malformed(why)) => {
                    let outcome =
                        if call.effect() == Effect::Read { Outcome::Rejected } else { Outcome::Applied };
                    return Err(Error::decode(
                        outcome,
                        format!("virsh has not printed what it promises: {why}"),
                    ));
                }
            }
        }
    }

    /// Runs the commands of a form to their end, and sees to it that they have done what they were to do.
    async fn ended<T>(&self, form: &Form<T>, effect: Effect, deadline: Instant) -> Result<Finished> {
        let (line, input) = match &form.input {
            Input::Document(text) => {
                (format!("cat | {}", self.line(&form.commands)), text.clone().into_bytes())
            }
            Input::Commands => (self.listening_line(), (script(&form.commands) + "\n").into_bytes()),
            Input::None | Input::Content | Input::Receives => {
                (format!("exec env {}", self.line(&form.commands)), Vec::new())
            }
        };
        let line = short(line)?;
        let slot = timeout(deadline.saturating_duration_since(Instant::now()), self.0.slots.acquire());
        let Ok(Ok(_slot)) = slot.await else {
            let text = format!("{COMMANDS} earlier commands have not ended");
            return Err(Loss::new(ErrorKind::Timeout, text).into_error(effect, false));
        };
        tracing::trace!(target: "libvirt", commands = ?form, "virsh");
        let ended = self.0.place.run(&line, input, effect, deadline).await?;
        // Of several commands the exit code is the last one's.
        let alone = form.commands.len() == 1 && form.input != Input::Commands;
        if !(alone && ended.exit == 0) {
            verdict(ended.exit, &ended.stderr, effect, form.tolerated)?;
        }
        Ok(ended)
    }

    /// Sends all that can be read as the content of a call. Gives the number of bytes.
    pub(crate) async fn upload(&self, call: &Call<()>, from: &mut (impl AsyncRead + Unpin)) -> Result<u64> {
        self.move_content(call, Some(from), &mut tokio::io::sink()).await.map_err(|e| call.named(e))
    }

    /// Receives all of the content of a call. Gives the number of bytes.
    pub(crate) async fn download(&self, call: &Call<()>, to: &mut (impl AsyncWrite + Unpin)) -> Result<u64> {
        self.move_content(call, None::<&mut tokio::io::Empty>, to).await.map_err(|e| call.named(e))
    }

    async fn move_content(
        &self,
        call: &Call<()>,
        from: Option<&mut (impl AsyncRead + Unpin)>,
        to: &mut (impl AsyncWrite + Unpin),
    ) -> Result<u64> {
        let form = call.form()?;
        let wanted = if from.is_some() { Input::Content } else { Input::Receives };
        if form.input != wanted {
            return Err(Error::invalid("call", format!("{} moves no such content", call.name())));
        }
        // Pipes, for virsh opens its streams anew by their names, which it cannot where they are sockets. The exit code follows what
        // virsh says of itself: without it the end of the command was not seen.
        let command = format!("{{ {}; echo \"{EXIT}$?\" >&2; }}", self.line(&form.commands));
        let line = short(match form.input {
            Input::Content => format!("cat | {command}"),
            _ => format!("{command} </dev/null 3>&1 >/dev/null | cat"),
        })?;
        let mut running = self.0.place.open(&line, Instant::now() + call.budget()).await?;
        let moved = match from {
            Some(from) => copy(from, &mut running.input).await,
            None => copy(&mut running.output, to).await,
        };
        let late = || {
            let text = format!("the content has not moved for {PATIENCE:?}");
            Loss::new(ErrorKind::Timeout, text).into_error(call.effect(), true)
        };
        let own = |what: &str, e: std::io::Error| {
            let text = format!("the content {what}: {e}");
            Loss::new(ErrorKind::Unexpected, text).into_error(call.effect(), true).with_source(e)
        };
        let bytes = match moved {
            Ok(bytes) => Some(bytes),
            Err(Stopped::Late) => return Err(late()),
            Err(Stopped::Reading(e)) if call.effect() != Effect::Read => {
                return Err(own("cannot be read", e));
            }
            Err(Stopped::Writing(e)) if call.effect() == Effect::Read => {
                return Err(own("cannot be written", e));
            }
            // The command is gone: it says why.
            Err(Stopped::Reading(_) | Stopped::Writing(_)) => None,
        };
        let said = running.complaint().await;
        let exit =
            said.rsplit_once(EXIT).and_then(|(said, exit)| Some((said, exit.trim().parse::<i32>().ok()?)));
        let lost = || {
            Loss::new(ErrorKind::Connect, "the link broke before the command had ended")
                .into_error(call.effect(), true)
        };
        let (said, exit) = exit.ok_or_else(lost)?;
        verdict(exit, said.as_bytes(), call.effect(), None)?;
        bytes.ok_or_else(lost)
    }

    /// The environment and the program with its words: a line of the POSIX shell.
    fn line(&self, commands: &[Command]) -> String {
        let words = match commands {
            [one] => one.words().iter().map(|word| quote(word)).collect::<Vec<_>>().join(" "),
            several => quote(&script(several)),
        };
        format!("{ENVIRONMENT} virsh -c {} {words}", quote(&self.0.uri))
    }

    /// virsh, reading commands. It would note them for the next one who types: they go where nobody finds them. A user's own daemon is
    /// looked for where it was before.
    fn listening_line(&self) -> String {
        format!(
            "d=$(mktemp -d) || exit 1; trap 'rm -rf \"$d\"' EXIT; \
             XDG_RUNTIME_DIR=\"${{XDG_RUNTIME_DIR:-${{XDG_CACHE_HOME:-$HOME/.cache}}}}\" XDG_CACHE_HOME=\"$d\" VIRSH_HISTSIZE=0 \
             INPUTRC=/dev/null TERM=dumb {ENVIRONMENT} virsh -q -c {}",
            quote(&self.0.uri)
        )
    }
}

/// English, with the host's characters as they are; and times that do not depend on where the host is.
const ENVIRONMENT: &str = "LC_ALL=C.UTF-8 LANGUAGE= TZ=UTC0";

/// Comes before the exit code.
const EXIT: &str = "virsh ended with ";

fn short(line: String) -> Result<String> {
    if line.len() > LONGEST_LINE {
        return Err(beyond("it is too long for a command line"));
    }
    Ok(line)
}

/// What exit code and complaints mean.
fn verdict(exit: i32, stderr: &[u8], effect: Effect, tolerated: Option<i32>) -> Result<()> {
    let complaints = Complaints::of(stderr);
    match exit {
        127 if complaints.is_empty() => {
            let text = "there is no virsh on the host";
            Err(Error::new(ErrorKind::Unsupported, Outcome::NotSent, text)
                .with_advice("install libvirt-clients there"))
        }
        0 | 1 if !complaints.is_empty() => {
            let tolerable = tolerated.is_some_and(|code| complaints.remote().code == code);
            if tolerable { Ok(()) } else { Err(complaints.into_error(effect)) }
        }
        0 => Ok(()),
        _ => {
            let said = String::from_utf8_lossy(stderr);
            let said =
                said.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("it gave no reason");
            let text = format!("virsh ended with {exit}: {said}");
            Err(Loss::new(ErrorKind::Unexpected, text).into_error(effect, true))
        }
    }
}

/// Why not all was moved.
enum Stopped {
    Late,
    Reading(std::io::Error),
    Writing(std::io::Error),
}

async fn copy(
    from: &mut (impl AsyncRead + Unpin + ?Sized),
    to: &mut (impl AsyncWrite + Unpin + ?Sized),
) -> std::result::Result<u64, Stopped> {
    let mut part = vec![0; PART];
    let mut moved = 0;
    loop {
        let count = match timeout(PATIENCE, from.read(&mut part)).await {
            Ok(read) => read.map_err(Stopped::Reading)?,
            Err(_) => return Err(Stopped::Late),
        };
        if count == 0 {
            break;
        }
        match timeout(PATIENCE, to.write_all(&part[..count])).await {
            Ok(written) => written.map_err(Stopped::Writing)?,
            Err(_) => return Err(Stopped::Late),
        }
        moved += count as u64;
    }
    match timeout(PATIENCE, to.flush()).await {
        Ok(flushed) => flushed.map_err(Stopped::Writing)?,
        Err(_) => return Err(Stopped::Late),
    }
    Ok(moved)
}
