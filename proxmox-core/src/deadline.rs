//! When a flow stops waiting.

use std::time::{Duration, Instant};

use crate::{Pve, PveRequest};

/// The end of a flow's patience, by the transport's clock: [`Pve::deadline`] makes it.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    wait: Option<Duration>,
    /// `None` for never: nobody asked for an end, or it lies beyond the clock's.
    at: Option<Instant>,
}

/// A single look is bounded by the transport's own budgets, and by what is left of the wait when that is less than this.
const LOOK: Duration = Duration::from_secs(60);
/// The least that a look is given.
const SHORTEST: Duration = Duration::from_millis(100);

impl Deadline {
    /// Never.
    pub(crate) const ENDLESS: Self = Self { wait: None, at: None };

    pub(crate) fn new(pve: &Pve, wait: Option<Duration>) -> Self {
        Self { wait, at: wait.and_then(|wait| pve.now().checked_add(wait)) }
    }

    /// How long the wait was to be; zero when it has no end.
    #[must_use]
    pub fn wait(&self) -> Duration {
        self.wait.unwrap_or_default()
    }

    /// How much of it is left; [`Duration::MAX`] when it has no end.
    #[must_use]
    pub fn left(&self, pve: &Pve) -> Duration {
        self.at.map_or(Duration::MAX, |at| at.saturating_duration_since(pve.now()))
    }

    /// The request with what is left as its budget, where that is short: a look that hangs must not outlast the wait.
    #[must_use]
    pub fn bound(&self, pve: &Pve, request: &PveRequest) -> PveRequest {
        let left = self.left(pve);
        if left < LOOK { request.clone().timeout(left.max(SHORTEST)) } else { request.clone() }
    }
}
