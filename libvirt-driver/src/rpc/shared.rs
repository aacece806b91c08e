//! What callers and the tasks of a connection share: who waits for what.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, broadcast, mpsc, oneshot};

use super::error::{Loss, RemoteError};
use super::types::LifecycleEvent;

/// Events that a subscriber may be behind by; then it is told how many it has missed.
const EVENTS: usize = 1024;

/// Why there is no answer to decode.
#[derive(Debug)]
pub(super) enum Failure {
    /// The daemon says no.
    Refused(RemoteError),
    /// The connection ended. Whether the call had been sent.
    Lost(Loss, bool),
}

/// A part of a stream.
#[derive(Debug)]
pub(super) enum Chunk {
    Data(Vec<u8>),
    End,
    Failed(RemoteError),
}

pub(super) type Answer = Result<Vec<u8>, Failure>;

/// Who waits under a serial.
enum Entry {
    Call {
        answer: oneshot::Sender<Answer>,
        sent: bool,
        /// Where the parts go when the call opens a stream.
        stream: Option<mpsc::Sender<Chunk>>,
        /// Parts that came before the answer: another thread of the daemon's sends them.
        early: Vec<Chunk>,
        /// Held until the daemon has answered, also when nobody waits any more: it counts the same way.
        _slot: OwnedSemaphorePermit,
    },
    Stream(mpsc::Sender<Chunk>),
}

pub(super) struct Shared {
    state: Mutex<State>,
    /// Whether something was sent since it was last asked for.
    moved: AtomicBool,
}

struct State {
    entries: HashMap<u32, Entry>,
    last: u32,
    lost: Option<Loss>,
    /// `None` once the connection is lost: that ends the subscriptions.
    events: Option<broadcast::Sender<(i32, LifecycleEvent)>>,
    keepalive: bool,
}

impl Shared {
    pub(super) fn new() -> Self {
        let events = Some(broadcast::Sender::new(EVENTS));
        let state = State { entries: HashMap::new(), last: 0, lost: None, events, keepalive: false };
        Self { state: Mutex::new(state), moved: AtomicBool::new(false) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new call: its serial, and where its answer will come.
    pub(super) fn register(
        &self,
        slot: OwnedSemaphorePermit,
        stream: Option<mpsc::Sender<Chunk>>,
    ) -> Result<(u32, oneshot::Receiver<Answer>), Loss> {
        let mut state = self.state();
        if let Some(loss) = &state.lost {
            return Err(loss.clone());
        }
        // After 2^32 calls the numbers begin again, and 0 stands for none.
        loop {
            state.last = state.last.wrapping_add(1);
            if state.last != 0 && !state.entries.contains_key(&state.last) {
                break;
            }
        }
        let serial = state.last;
        let (answer, answered) = oneshot::channel();
        state
            .entries
            .insert(serial, Entry::Call { answer, sent: false, stream, early: Vec::new(), _slot: slot });
        Ok((serial, answered))
    }

    /// Notes that the call leaves now. False when nobody wants it any more: then it must not.
    pub(super) fn sending(&self, serial: u32) -> bool {
        match self.state().entries.get_mut(&serial) {
            Some(Entry::Call { sent, .. }) => {
                *sent = true;
                true
            }
            Some(Entry::Stream(_)) => true,
            None => false,
        }
    }

    /// The caller has gone. Says whether the call had been sent.
    pub(super) fn abandon(&self, serial: u32) -> bool {
        let mut state = self.state();
        match state.entries.get_mut(&serial) {
            Some(Entry::Call { sent: false, .. }) => {
                state.entries.remove(&serial);
                false
            }
            Some(Entry::Call { .. }) | None => true,
            Some(Entry::Stream(_)) => {
                state.entries.remove(&serial);
                true
            }
        }
    }

    /// The daemon has answered.
    pub(super) fn answered(&self, serial: u32, answer: Result<Vec<u8>, RemoteError>) -> Answered {
        let mut state = self.state();
        match state.entries.remove(&serial) {
            Some(Entry::Call { answer: waiting, stream, early, .. }) => {
                if let (Some(stream), Ok(_)) = (stream, &answer) {
                    if waiting.is_closed() {
                        return Answered::UnwantedStream;
                    }
                    state.entries.insert(serial, Entry::Stream(stream));
                }
                // Who has gone wants no answer.
                let _ = waiting.send(answer.map_err(Failure::Refused));
                Answered::Expected(early)
            }
            // An error may also answer the parts of a stream.
            Some(Entry::Stream(chunks)) => match answer {
                Err(error) => Answered::StreamFailed(chunks, error),
                Ok(_) => Answered::Unknown,
            },
            None => Answered::Unknown,
        }
    }

    /// Keeps a part of a stream that has not been opened yet. Gives it back where there is no such.
    pub(super) fn keep(&self, serial: u32, chunk: Chunk) -> Option<Chunk> {
        match self.state().entries.get_mut(&serial) {
            Some(Entry::Call { stream: Some(_), early, .. }) => {
                early.push(chunk);
                None
            }
            _ => Some(chunk),
        }
    }

    /// Where the parts of a stream go.
    pub(super) fn stream(&self, serial: u32) -> Option<mpsc::Sender<Chunk>> {
        match self.state().entries.get(&serial) {
            Some(Entry::Stream(chunks)) => Some(chunks.clone()),
            _ => None,
        }
    }

    /// A stream is at its end. False when it was before.
    pub(super) fn end_stream(&self, serial: u32) -> bool {
        let mut state = self.state();
        let there = matches!(state.entries.get(&serial), Some(Entry::Stream(_)));
        if there {
            state.entries.remove(&serial);
        }
        there
    }

    /// The connection has ended: all that wait are told. The first reason stays.
    pub(super) fn lose(&self, loss: &Loss) {
        let mut state = self.state();
        if state.lost.is_some() {
            return;
        }
        state.lost = Some(loss.clone());
        state.events = None;
        // Streams see their channel closed.
        for (_, entry) in state.entries.drain() {
            if let Entry::Call { answer, sent, .. } = entry {
                let _ = answer.send(Err(Failure::Lost(loss.clone(), sent)));
            }
        }
    }

    pub(super) fn lost(&self) -> Option<Loss> {
        self.state().lost.clone()
    }

    pub(super) fn tell(&self, callback: i32, event: LifecycleEvent) {
        if let Some(events) = &self.state().events {
            // Nobody may listen.
            let _ = events.send((callback, event));
        }
    }

    pub(super) fn listen(&self) -> Result<broadcast::Receiver<(i32, LifecycleEvent)>, Loss> {
        let state = self.state();
        match (&state.events, &state.lost) {
            (Some(events), _) => Ok(events.subscribe()),
            (None, Some(loss)) => Err(loss.clone()),
            (None, None) => Err(Loss::gone()),
        }
    }

    pub(super) fn moves(&self) {
        self.moved.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_moved(&self) -> bool {
        self.moved.swap(false, Ordering::Relaxed)
    }

    pub(super) fn set_keepalive(&self) {
        self.state().keepalive = true;
    }

    pub(super) fn keepalive(&self) -> bool {
        self.state().keepalive
    }
}

/// What an answer was to.
pub(super) enum Answered {
    /// A call's, with the parts of its stream that were there before.
    Expected(Vec<Chunk>),
    StreamFailed(mpsc::Sender<Chunk>, RemoteError),
    /// It opened a stream, and who asked for it has gone.
    UnwantedStream,
    Unknown,
}
