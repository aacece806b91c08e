//! What the daemon says unasked.

use super::super::call::procedures;
use super::super::types::DomainRef;

/// The number of the message that tells of a lifecycle event.
pub(crate) const LIFECYCLE: i32 = 318;

procedures! {
    /// Asks to be told of events of a kind, of one domain or of all: 0 for its lifecycle. Gives a number for the subscription.
    316 Read "events.register" register(event: i32, domain: Option<&DomainRef>) sends[event, domain] gives i32;
    /// Ends a subscription.
    317 Read "events.deregister" deregister(callback: i32) sends[callback] gives ();
}
