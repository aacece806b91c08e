//! `virt console`: what is typed goes to the guest, what it prints comes here.

use std::io::{IsTerminal, Read};

use examples::stdout;
use proxmox_core::{Error, ErrorKind, Outcome, Result};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::sync::mpsc;

use crate::session::Session;

/// Ctrl-], as in telnet and virsh.
const LEAVE: u8 = 0x1d;

pub(crate) async fn run(session: &Session, name: &str, take_over: bool) -> Result<()> {
    let domain = session.domain(name).await?;
    let mut console = domain.console(take_over).await?;
    let is_terminal = std::io::stdin().is_terminal();
    if is_terminal {
        examples::tell_line!("{domain}: its console; Ctrl-] leaves it");
    }
    let raw = if is_terminal { Some(Raw::enter()?) } else { None };
    let mut typed = typed();
    let end = loop {
        tokio::select! {
            printed = console.next() => match printed {
                Ok(Some(bytes)) => stdout::bytes(&bytes)?,
                Ok(None) => break Ok(()),
                Err(e) => break Err(e),
            },
            // When nothing more is typed, the guest may still have something to say.
            Some(bytes) = typed.recv() => {
                let until = bytes.iter().position(|byte| is_terminal && *byte == LEAVE);
                if let Err(e) = console.send(&bytes[..until.unwrap_or(bytes.len())]).await {
                    break Err(e);
                }
                if until.is_some() {
                    break Ok(());
                }
            }
        }
    };
    // First the terminal as it was, then whatever is to be said.
    drop(raw);
    if is_terminal {
        examples::tell_line!();
    }
    end
}

/// What comes from stdin. A thread of its own waits for it, for it may wait for ever.
fn typed() -> mpsc::Receiver<Vec<u8>> {
    let (to, from) = mpsc::channel(16);
    std::thread::spawn(move || {
        let mut part = vec![0; 4096];
        while let Ok(read @ 1..) = std::io::stdin().read(&mut part) {
            if to.blocking_send(part[..read].to_vec()).is_err() {
                break;
            }
        }
    });
    from
}

/// The terminal while each key goes to the guest. It is as it was when this is dropped.
struct Raw(Termios);

impl Raw {
    fn enter() -> Result<Self> {
        let trouble = |e: rustix::io::Errno| {
            let text = format!("the terminal cannot be set up: {e}");
            Error::new(ErrorKind::Unexpected, Outcome::NotSent, text)
        };
        let before = tcgetattr(rustix::stdio::stdin()).map_err(trouble)?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &raw).map_err(trouble)?;
        Ok(Self(before))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing more.
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &self.0);
    }
}
