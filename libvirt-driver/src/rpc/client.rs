//! A connection that many can use at once.

use std::fmt;
use std::sync::Arc;

use proxmox_core::{Effect, Error, ErrorKind, Outcome, Result};
use tokio::io::{AsyncRead, AsyncWrite, BufReader};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};

use super::call::Call;
use super::error::Loss;
use super::events::Events;
use super::packet::{Header, Kind, Packet, Status};
use super::procedures;
use super::shared::{Answer, Chunk, Failure, Shared};
use super::stream::{Parts, Stream};
use super::tasks::{Outgoing, read, write};

/// Calls under way at once. A daemon reads nothing more from a client with 5 of them (`max_client_requests`), not even signs of
/// life.
const CALLS: usize = 4;

/// Messages that wait to be written. With parts of streams it makes a megabyte.
const QUEUE: usize = 4;

/// The number of libvirt's feature "answers signs of life".
const KEEPALIVE: i32 = 11;

/// The client's side of one stream to a daemon. Cheap to clone; the connection ends with the last one.
///
/// Its tasks run on the tokio runtime that it is made in. Dropping the future of a call ends the waiting, never the work of the
/// daemon.
#[derive(Clone)]
pub struct Client(Arc<Handle>);

struct Handle {
    queue: mpsc::Sender<Outgoing>,
    shared: Arc<Shared>,
    slots: Arc<Semaphore>,
    reader: AbortHandle,
}

impl Drop for Handle {
    fn drop(&mut self) {
        // The writer ends with the queue, after what is in it.
        self.reader.abort();
    }
}

impl Client {
    /// A client over this stream, without a word on it yet: [`open`](Self::open) says the first ones.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn new(stream: impl AsyncRead + AsyncWrite + Send + 'static) -> Self {
        let (from, to) = tokio::io::split(stream);
        // A small message then takes one read instead of four.
        let from = BufReader::new(from);
        let (queue, queued) = mpsc::channel(QUEUE);
        let shared = Arc::new(Shared::new());
        let weak = queue.downgrade();
        #[allow(clippy::disallowed_methods)] // The connection outlives the flow that makes it.
        let (_, reader) = (
            tokio::spawn(write(to, queued, Arc::clone(&shared))),
            tokio::spawn(read(from, weak, Arc::clone(&shared))).abort_handle(),
        );
        Self(Arc::new(Handle { queue, shared, slots: Arc::new(Semaphore::new(CALLS)), reader }))
    }

    /// Logs in and chooses the driver, such as `qemu:///system`. Signs of life are exchanged from then on, if the daemon can.
    ///
    /// # Errors
    /// `Unsupported` for a daemon that wants a password, `PermissionDenied` where polkit refuses, and what the daemon says of the
    /// driver.
    pub async fn open(&self, driver: &str) -> Result<()> {
        let ways = self.call(&procedures::host::auth_list()).await?;
        match *ways {
            [] | [0, ..] => {}
            _ if ways.contains(&2) => {
                self.call(&procedures::host::auth_polkit()).await?;
            }
            _ => {
                let text =
                    format!("the daemon wants a login by SASL, which is not offered here (ways: {ways:?})");
                return Err(Error::new(ErrorKind::Unsupported, Outcome::NotSent, text).with_advice(
                    "allow the socket to a group (unix_sock_group, auth_unix_rw) and log in by ssh",
                ));
            }
        }
        self.call(&procedures::host::open(driver, 0).about(driver)).await?;
        if self.call(&procedures::host::supports_feature(KEEPALIVE)).await? {
            self.0.shared.set_keepalive();
        }
        Ok(())
    }

    /// Carries a call out.
    ///
    /// # Errors
    /// What the daemon says, with its numbers in [`RemoteError`](super::RemoteError); `Timeout` when the call's budget is over, and `Connect` when
    /// the connection ended, each with what is known of the effect.
    pub async fn call<T>(&self, call: &Call<T>) -> Result<T> {
        let (_, payload) = self.exchange(call, None).await.map_err(|e| call.named(e))?;
        call.answer(&payload).map_err(|e| call.named(e))
    }

    /// Carries a call out that opens a stream of bytes.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn stream(&self, call: &Call<()>) -> Result<Stream> {
        // Small: what is not read stays with the daemon.
        let (chunks, parts) = mpsc::channel::<Chunk>(4);
        let (serial, _) = self.exchange(call, Some(chunks)).await.map_err(|e| call.named(e))?;
        let parts = Parts { parts, program: call.program(), procedure: call.procedure(), serial };
        Ok(Stream::new(self.clone(), parts, call.name(), call.effect()))
    }

    /// Subscribes to the lifecycle of all domains.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn events(&self) -> Result<Events> {
        // Before the daemon is asked: what it says at once must not be missed.
        let inbox = self.0.shared.listen().map_err(|loss| loss.into_error(Effect::Read, false))?;
        let callback = self.call(&procedures::events::register(0, None)).await?;
        Ok(Events::new(self.clone(), inbox, callback))
    }

    /// Says goodbye. Other clones of it find the connection closed.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn close(self) -> Result<()> {
        self.call(&procedures::host::close()).await?;
        self.0.shared.lose(&Loss::new(ErrorKind::Connect, "this side has closed the connection"));
        Ok(())
    }

    /// Whether the connection has ended.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.0.shared.lost().is_some()
    }

    /// Sends a call and waits for its answer, until its budget is over.
    async fn exchange<T>(
        &self,
        call: &Call<T>,
        stream: Option<mpsc::Sender<Chunk>>,
    ) -> Result<(u32, Vec<u8>)> {
        let effect = call.effect();
        let arguments = call.arguments()?;
        let deadline = Instant::now() + call.budget();
        let late = |sent| {
            let text = if sent { "no answer from the daemon" } else { "it could not be sent to the daemon" };
            let text = format!("{text} within {:?}", call.budget());
            Loss::new(ErrorKind::Timeout, text).into_error(effect, sent)
        };
        let slots = Arc::clone(&self.0.slots);
        let Ok(Ok(slot)) = timeout_at(deadline, slots.acquire_owned()).await else {
            let text = format!("{CALLS} earlier calls are without an answer after {:?}", call.budget());
            return Err(Loss::new(ErrorKind::Timeout, text).into_error(effect, false));
        };
        let (serial, answer) =
            self.0.shared.register(slot, stream).map_err(|loss| loss.into_error(effect, false))?;
        let mut waiting = Waiting { shared: &self.0.shared, serial, answered: false };
        let header = Header {
            program: call.program(),
            procedure: call.procedure(),
            kind: Kind::Call,
            serial,
            status: Status::Ok,
        };
        let packet = Packet { header, payload: arguments.to_vec() };
        let outgoing = Outgoing::new(&packet).map_err(|e| Error::invalid("arguments", e.to_string()))?;
        let exchanged = timeout_at(deadline, async {
            // A writer that has ended has told the reason to all who wait.
            let _ = self.0.queue.send(outgoing).await;
            answer.await
        });
        let answer: Answer = match exchanged.await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(Failure::Lost(Loss::gone(), true)),
            Err(_) => return Err(late(waiting.give_up())),
        };
        waiting.answered = true;
        match answer {
            Ok(payload) => Ok((serial, payload)),
            Err(Failure::Refused(error)) => Err(error.into_error(effect)),
            Err(Failure::Lost(loss, sent)) => Err(loss.into_error(effect, sent)),
        }
    }

    /// Sends a part of a stream, as soon as there is room.
    pub(super) async fn send(&self, packet: &Packet) -> Result<(), Loss> {
        let outgoing =
            Outgoing::new(packet).map_err(|e| Loss::new(ErrorKind::InvalidInput, e.to_string()))?;
        let sent = self.0.queue.send(outgoing).await;
        match (sent, self.0.shared.lost()) {
            (Ok(()), None) => Ok(()),
            (_, loss) => Err(loss.unwrap_or_else(Loss::gone)),
        }
    }

    /// Sends without waiting for anything, if there is room.
    pub(super) fn mention(&self, packet: &Packet) {
        if let Ok(outgoing) = Outgoing::new(packet) {
            let _ = self.0.queue.try_send(outgoing);
        }
    }

    pub(super) fn forget_stream(&self, serial: u32) -> bool {
        self.0.shared.end_stream(serial)
    }

    /// Why the connection ended; `otherwise` when it is still there.
    pub(super) fn reason(&self, otherwise: Loss) -> Loss {
        self.0.shared.lost().unwrap_or(otherwise)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("lost", &self.0.shared.lost()).finish_non_exhaustive()
    }
}

/// Takes a call back when its caller goes.
struct Waiting<'a> {
    shared: &'a Shared,
    serial: u32,
    answered: bool,
}

impl Waiting<'_> {
    /// Whether it had been sent.
    fn give_up(&mut self) -> bool {
        self.answered = true;
        self.shared.abandon(self.serial)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.give_up();
        }
    }
}
