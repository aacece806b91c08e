//! The two tasks of a connection: one reads, one writes.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use proxmox_core::ErrorKind;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::error::{Loss, RemoteError};
use super::packet::{Header, Kind, Packet, Program, Status};
use super::procedures::events::LIFECYCLE;
use super::shared::{Answered, Chunk, Shared};
use super::types::LifecycleEvent;
use super::xdr::{Malformed, Reader};

/// Between two signs of life, while nothing else is heard. As `virsh` does it.
const PING: Duration = Duration::from_secs(5);
/// So many may stay unanswered.
const UNANSWERED: u32 = 5;

/// How long a part of a stream may wait for its reader, while all other answers wait behind it.
pub(super) const UNREAD: Duration = Duration::from_secs(5);

/// A message on its way out.
pub(super) struct Outgoing {
    /// Whether it is a call, which may have been given up meanwhile.
    pub(super) call: Option<u32>,
    pub(super) bytes: Vec<u8>,
    /// Whether it is no more than a sign of life.
    pub(super) sign: bool,
}

impl Outgoing {
    pub(super) fn new(packet: &Packet) -> Result<Self, Malformed> {
        let Header { kind, serial, program, .. } = packet.header;
        // Of serial 0 are those whose answer nobody waits for.
        let call = (kind == Kind::Call && serial != 0).then_some(serial);
        Ok(Self { call, bytes: packet.to_bytes()?, sign: program == Program::Keepalive })
    }
}

/// Writes what is put into the queue, until the last sender goes.
pub(super) async fn write(
    mut to: impl AsyncWrite + Unpin,
    mut queue: mpsc::Receiver<Outgoing>,
    shared: Arc<Shared>,
) {
    while let Some(Outgoing { call, bytes, sign }) = queue.recv().await {
        if call.is_some_and(|serial| !shared.sending(serial)) {
            continue;
        }
        let written = async {
            to.write_all(&bytes).await?;
            to.flush().await
        };
        match written.await {
            Ok(()) if sign => {}
            Ok(()) => shared.moves(),
            Err(e) => return shared.lose(&broken(&e)),
        }
    }
    // The daemon then closes its side too.
    let _ = to.shutdown().await;
}

/// Reads until the connection ends, and hands out what comes.
pub(super) async fn read(
    mut from: impl AsyncRead + Unpin,
    queue: mpsc::WeakSender<Outgoing>,
    shared: Arc<Shared>,
) {
    let mut ticks = interval(PING);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut unanswered = 0;
    loop {
        let packet = {
            // Half a message must not get lost for a tick.
            let mut next = pin!(Packet::read(&mut from));
            loop {
                tokio::select! {
                    packet = &mut next => break packet,
                    _ = ticks.tick() => {
                        // Behind much that is still being taken, no answer is to be expected.
                        if shared.has_moved() {
                            unanswered = 0;
                        }
                        if unanswered > UNANSWERED {
                            let silence = PING * unanswered;
                            let text = format!("the daemon has given no sign of life for {silence:?}");
                            return shared.lose(&Loss::new(ErrorKind::Connect, text));
                        }
                        if shared.keepalive() {
                            unanswered += 1;
                            say(&queue, &sign_of_life(PING_NUMBER));
                        }
                    }
                }
            }
        };
        unanswered = 0;
        ticks.reset();
        match packet {
            Ok(Some(packet)) => {
                if let Err(e) = dispatch(packet, &queue, &shared).await {
                    let text = format!("what came is not what libvirt promises: {e}");
                    return shared.lose(&Loss::new(ErrorKind::Decode, text));
                }
            }
            Ok(None) => return shared.lose(&Loss::gone()),
            Err(e) => return shared.lose(&broken(&e)),
        }
    }
}

fn broken(error: &io::Error) -> Loss {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => {
            Loss::gone()
        }
        io::ErrorKind::InvalidData => Loss::new(ErrorKind::Decode, error.to_string()),
        _ => Loss::new(ErrorKind::Connect, format!("the connection to the daemon broke: {error}")),
    }
}

async fn dispatch(
    packet: Packet,
    queue: &mpsc::WeakSender<Outgoing>,
    shared: &Shared,
) -> Result<(), Malformed> {
    let Packet { header, payload } = packet;
    match header.kind {
        Kind::Reply => {
            let answer = match header.status {
                Status::Error => Err(Reader::all::<RemoteError>(&payload)?),
                Status::Ok | Status::Continue => Ok(payload),
            };
            match shared.answered(header.serial, answer) {
                Answered::Expected(early) => {
                    for chunk in early {
                        pass_on(header, chunk, queue, shared).await;
                    }
                }
                Answered::UnwantedStream => {
                    say(queue, &Packet { header: abort(header), payload: Vec::new() });
                }
                Answered::StreamFailed(chunks, error) => hand(&chunks, Chunk::Failed(error)).await,
                Answered::Unknown => {
                    tracing::debug!(target: "libvirt", ?header, "an answer that nobody waits for");
                }
            }
        }
        Kind::Message => match (header.program, header.procedure) {
            (Program::Keepalive, PING_NUMBER) => say(queue, &sign_of_life(PONG_NUMBER)),
            (Program::Remote, LIFECYCLE) => {
                let (callback, event): (i32, LifecycleEvent) = Reader::all(&payload)?;
                shared.tell(callback, event);
            }
            _ => {}
        },
        Kind::Stream => {
            let chunk = match header.status {
                Status::Continue => Chunk::Data(payload),
                Status::Ok => Chunk::End,
                Status::Error => Chunk::Failed(Reader::all(&payload)?),
            };
            if let Some(chunk) = shared.keep(header.serial, chunk) {
                pass_on(header, chunk, queue, shared).await;
            }
        }
        Kind::Call => return Err(Malformed("the daemon calls this client".to_owned())),
    }
    Ok(())
}

/// Hands a part of a stream to who reads it.
async fn pass_on(header: Header, chunk: Chunk, queue: &mpsc::WeakSender<Outgoing>, shared: &Shared) {
    let Some(chunks) = shared.stream(header.serial) else { return };
    if !matches!(chunk, Chunk::Data(_)) {
        shared.end_stream(header.serial);
        hand(&chunks, chunk).await;
    } else if timeout(UNREAD, chunks.send(chunk)).await.is_err() && shared.end_stream(header.serial) {
        tracing::warn!(target: "libvirt", "a stream that nobody reads is given up");
        say(queue, &Packet { header: abort(header), payload: Vec::new() });
    }
}

/// Tells the daemon that nobody wants the stream.
fn abort(header: Header) -> Header {
    Header { kind: Kind::Stream, status: Status::Error, ..header }
}

/// The last part of a stream.
async fn hand(chunks: &mpsc::Sender<Chunk>, chunk: Chunk) {
    // Who does not read learns from the closed channel that it ended.
    let _ = timeout(UNREAD, chunks.send(chunk)).await;
}

const PING_NUMBER: i32 = 1;
const PONG_NUMBER: i32 = 2;

fn sign_of_life(procedure: i32) -> Packet {
    let header =
        Header { program: Program::Keepalive, procedure, kind: Kind::Message, serial: 0, status: Status::Ok };
    Packet { header, payload: Vec::new() }
}

/// Says it if there is room. Where the queue is full other messages show that this side lives.
fn say(queue: &mpsc::WeakSender<Outgoing>, packet: &Packet) {
    if let (Some(queue), Ok(outgoing)) = (queue.upgrade(), Outgoing::new(packet)) {
        let _ = queue.try_send(outgoing);
    }
}
