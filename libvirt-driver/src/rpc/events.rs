//! Lifecycle events, as a subscriber sees them.

use std::fmt;

use proxmox_core::{Effect, Result};
use tokio::sync::broadcast::{self, error::RecvError};

use super::client::Client;
use super::error::Loss;
use super::packet::{Header, Kind, Packet, Program, Status};
use super::procedures::events::deregister;
use super::types::LifecycleEvent;

/// What a subscriber is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Something happened to a domain.
    Lifecycle(LifecycleEvent),
    /// This subscriber was too slow and has missed so many events: look at the domains anew.
    Missed(u64),
}

impl LifecycleEvent {
    /// What has become of the domain, in a word for people: `started`, `shut down`. `changed` for what is not known here.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self.event {
            0 => "defined",
            1 => "undefined",
            2 => "started",
            3 => "suspended",
            4 => "resumed",
            5 => "stopped",
            // First it shuts down, and then it is stopped.
            6 => "shut down",
            7 => "asleep",
            8 => "crashed",
            _ => "changed",
        }
    }
}

/// A subscription: [`Connection::events`](crate::Connection::events) makes it. It ends with this value.
pub struct Events {
    client: Client,
    inbox: broadcast::Receiver<(i32, LifecycleEvent)>,
    callback: i32,
}

impl Events {
    pub(super) fn new(
        client: Client,
        inbox: broadcast::Receiver<(i32, LifecycleEvent)>,
        callback: i32,
    ) -> Self {
        Self { client, inbox, callback }
    }

    /// Waits for the next one.
    ///
    /// # Errors
    /// When the connection has ended: subscribe again, and look at the domains anew.
    pub async fn next(&mut self) -> Result<Event> {
        loop {
            match self.inbox.recv().await {
                Ok((callback, event)) if callback == self.callback => return Ok(Event::Lifecycle(event)),
                Ok(_) => {}
                Err(RecvError::Lagged(missed)) => return Ok(Event::Missed(missed)),
                Err(RecvError::Closed) => {
                    let loss = self.client.reason(Loss::gone());
                    return Err(loss.into_error(Effect::Read, true).during("events.next"));
                }
            }
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        // Without waiting: a daemon that does not hear it only says more than is read.
        let call = deregister(self.callback);
        let header = Header {
            program: Program::Remote,
            procedure: call.procedure(),
            kind: Kind::Call,
            // Of no call here: its answer is for nobody.
            serial: 0,
            status: Status::Ok,
        };
        if let Ok(payload) = call.arguments() {
            self.client.mention(&Packet { header, payload: payload.to_vec() });
        }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("callback", &self.callback).finish_non_exhaustive()
    }
}
