//! Ports and unix sockets of the node, reached through its session.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use openssh::{ForwardType, Socket};
use tokio::time::timeout_at;

use super::session::{Session, Trouble};
use crate::fault::{Fault, Stage, Why, innermost};
use crate::shell::Script;

/// How long to try to open a session channel that is only to be there: where commands are forbidden none is ever given.
const TOUCH: Duration = Duration::from_secs(2);

impl Session {
    /// Whether this connection is the present one, and its master still there.
    pub(crate) async fn is_alive(&self, generation: u64) -> bool {
        let live = self.0.state.lock().await.link.clone();
        match live.filter(|live| live.link.generation == generation) {
            Some(live) if live.link.session.check().await.is_ok() => true,
            Some(_) => {
                self.give_up(generation).await;
                false
            }
            None => false,
        }
    }

    /// Makes a unix socket at this path lead to a socket of the node, as the node sees it. Says by which connection.
    ///
    /// A session channel has been opened on the connection before: without one OpenSSH leaves Nagle's algorithm on, which
    /// makes larger answers wait for 30 ms. That the server refuses to forward shows only when the socket is used.
    pub(crate) async fn forward(
        &self,
        path: PathBuf,
        to: &Socket<'_>,
        deadline: Instant,
    ) -> Result<u64, Fault> {
        let mut again = true;
        loop {
            let live = self.link(deadline).await?;
            if !live.touched.load(Ordering::Relaxed) {
                // Where commands are forbidden the channel is what counts, not that anything ran.
                let script = Script { line: "true".to_owned(), input: Vec::new() };
                match self.run_on(&live, &script, deadline.min(Instant::now() + TOUCH)).await {
                    Err(Trouble::Lost(_)) if again => {
                        again = false;
                        self.give_up(live.link.generation).await;
                        continue;
                    }
                    _ => live.touched.store(true, Ordering::Relaxed),
                }
            }
            match std::fs::remove_file(&path) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => {
                    return Err(Fault::new(Stage::Connecting, Why::Network(e.to_string())).because(e));
                }
                _ => {}
            }
            let listen = Socket::UnixSocket { path: path.clone().into() };
            let asked = live.link.session.request_port_forward(ForwardType::Local, listen, to.clone());
            match timeout_at(deadline.into(), asked).await {
                Ok(Ok(())) => return Ok(live.link.generation),
                Ok(Err(e)) if again && !self.is_alive(live.link.generation).await => {
                    drop(e);
                    again = false;
                }
                Ok(Err(e)) => {
                    let text = format!("ssh does not forward: {}", innermost(&e));
                    return Err(Fault::new(Stage::Connecting, Why::Network(text)).because(e));
                }
                Err(_) => {
                    let limit = self.0.settings.connect_timeout;
                    return Err(Fault::new(Stage::Connecting, Why::Budget("connect", limit)));
                }
            }
        }
    }

    /// Ends what [`forward`](Self::forward) has made. What goes through it already goes on.
    pub(crate) async fn unforward(&self, generation: u64, path: &Path, to: &Socket<'_>) {
        let live = self.0.state.lock().await.link.clone();
        // With its connection it has ended anyway.
        let Some(live) = live.filter(|live| live.link.generation == generation) else { return };
        let listen = Socket::UnixSocket { path: path.into() };
        let asked = live.link.session.close_port_forward(ForwardType::Local, listen, to.clone());
        if let Err(error) = asked.await {
            tracing::debug!(target: "proxmox", %error, "ssh keeps a forwarded socket");
        }
    }
}
