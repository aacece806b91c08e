//! The way of one request that has arrived, faults included: the same over a socket and without.

use std::time::Duration;

use crate::exchange::{SimAnswer, SimRequest};
use crate::log::Ticket;
use crate::wire_fault::WireFault;

/// What the caller gets.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// An answer, after `wait` of real time; `broken` when only half of its body arrives.
    Answer { answer: SimAnswer, wait: Duration, broken: bool },
    /// The connection is closed.
    Close,
    /// Nothing, ever.
    Stall,
}

/// Executes the request by `answer`, unless the fault forbids it, and says what becomes of the answer.
pub(crate) fn deliver(
    request: &SimRequest,
    fault: Option<WireFault>,
    ticket: &Ticket,
    answer: impl FnOnce() -> SimAnswer,
) -> Delivery {
    ticket.note(|entry| {
        entry.received = true;
        entry.params.clone_from(&request.params);
        entry.fault.clone_from(&fault);
    });
    let execute = || {
        let answer = answer();
        ticket.note(|entry| {
            entry.executed = true;
            entry.status = Some(answer.status);
        });
        answer
    };
    let at_once = |answer: SimAnswer| {
        ticket.note(|entry| entry.status = Some(answer.status));
        Delivery::Answer { answer, wait: Duration::ZERO, broken: false }
    };
    match fault {
        // The connection is the server's business; without one there is nothing to close.
        None | Some(WireFault::CloseAfterAnswering) => at_once(execute()),
        Some(WireFault::CloseBeforeReading | WireFault::CloseBeforeExecuting) => Delivery::Close,
        Some(WireFault::CloseAfterExecuting) => {
            execute();
            Delivery::Close
        }
        Some(WireFault::Delay(wait)) => Delivery::Answer { answer: execute(), wait, broken: false },
        Some(WireFault::Truncate) => {
            Delivery::Answer { answer: execute(), wait: Duration::ZERO, broken: true }
        }
        Some(WireFault::Status(status, reason)) => at_once(foreign(status, &reason, Vec::new())),
        Some(WireFault::Html) => {
            let page = "<html><body><h1>503 Service Unavailable</h1>No server is available.</body></html>\n";
            at_once(foreign(503, "Service Unavailable", page.into()))
        }
        Some(WireFault::Empty) => {
            execute();
            at_once(foreign(200, "OK", Vec::new()))
        }
        Some(WireFault::Body(body)) => {
            execute();
            at_once(foreign(200, "OK", body.into_bytes()))
        }
        Some(WireFault::Garbage(length)) => {
            execute();
            at_once(foreign(200, "OK", b"\0garbage\xff".iter().copied().cycle().take(length).collect()))
        }
        Some(WireFault::Stall) => Delivery::Stall,
    }
}

/// An answer that is not the simulated PVE's.
fn foreign(status: u16, reason: &str, body: Vec<u8>) -> SimAnswer {
    SimAnswer { status, reason: reason.to_owned(), body, delay: Duration::ZERO }
}
