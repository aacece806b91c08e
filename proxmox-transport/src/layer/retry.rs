//! Again, where that is safe.

use std::time::{Duration, Instant};

use proxmox_core::{Error, Layer, Outcome, PveRequest, PveResponse, Result, Transport, async_trait};

/// Sends a request again when that is safe and may help.
///
/// | what happened | read | write |
/// |---|---|---|
/// | it was not sent (no connection) | again | again |
/// | PVE or a proxy could not serve it right now, or the answer was lost | again | never |
/// | PVE refused it | no | no |
///
/// The pauses double from 0.2 s to 3 s at most, each shortened by chance, so that many callers do not come back at once. A
/// budget, 30 s from the first try, bounds the whole; a request's own timeout takes its place. The error that is left in the
/// end says how often it was tried.
#[derive(Debug, Clone)]
pub struct Retry {
    attempts: u32,
    budget: Duration,
}

/// The first pause.
const FIRST: Duration = Duration::from_millis(200);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(3);

impl Retry {
    /// Four tries within 30 s.
    #[must_use]
    pub fn new() -> Self {
        Self {
            attempts: 4,
            budget: Duration::from_secs(30),
        }
    }

    /// How often to try in all, the first time included.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// No new try begins later than this after the first one began.
    #[must_use]
    pub fn budget(mut self, budget: Duration) -> Self {
        self.budget = budget;
        self
    }

    /// The outcome table.
    fn may_repeat(request: &PveRequest, error: &Error) -> bool {
        error.is_retryable() && (error.outcome() == Outcome::NotSent || request.may_repeat())
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Layer for Retry {
    async fn call(&self, inner: &dyn Transport, request: &PveRequest) -> Result<PveResponse> {
        let start = inner.now();
        match inner.call(request).await {
            Err(e) if Self::may_repeat(request, &e) => self.again(inner, request, start, e).await,
            answer => answer,
        }
    }
}

impl Retry {
    async fn again(
        &self,
        inner: &dyn Transport,
        request: &PveRequest,
        start: Instant,
        mut error: Error,
    ) -> Result<PveResponse> {
        let deadline = start + request.timeout.unwrap_or(self.budget);
        let (mut attempts, mut longest) = (1, FIRST);
        loop {
            let pause = longest.mul_f64(0.5 + fastrand::f64() / 2.0);
            let left = deadline.saturating_duration_since(inner.now());
            if attempts >= self.attempts || pause >= left {
                return Err(error.with_attempts(attempts));
            }
            inner.sleep(pause).await;
            longest = LONGEST.min(longest * 2);
            attempts += 1;
            let answer = match request.timeout {
                // The request's own budget is for all tries together.
                Some(_) => inner.call(&request.clone().timeout(left - pause)).await,
                None => inner.call(request).await,
            };
            error = match answer {
                Err(e) if Self::may_repeat(request, &e) => e,
                Err(e) => return Err(e.with_attempts(attempts)),
                answer => return answer,
            };
        }
    }
}
