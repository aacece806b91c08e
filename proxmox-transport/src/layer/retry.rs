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
        Self { attempts: 4, budget: Duration::from_secs(30) }
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
            Err(e) if Self::may_repeat(request, &e) => Box::pin(self.again(inner, request, start, e)).await,
            answer => answer,
        }
    }

    fn takes_batches(&self) -> bool {
        true
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
        let budget = request.timeout.unwrap_or(self.budget);
        let (mut attempts, mut longest) = (1, FIRST);
        loop {
            let pause = longest.mul_f64(0.5 + fastrand::f64() / 2.0);
            let left = budget.saturating_sub(inner.now().saturating_duration_since(start));
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use proxmox_core::{Effect, ErrorKind, PvePath, Verb, park};

    use super::*;
    use crate::layer::testing::{Log, Scripted};

    /// Calls through the layer; the first `failures` tries end with an error of this kind and outcome.
    fn run(
        retry: &Retry,
        request: &PveRequest,
        failures: u32,
        kind: ErrorKind,
        outcome: Outcome,
    ) -> (Result<PveResponse>, Arc<Log>) {
        let tries = AtomicU32::new(0);
        let (transport, log) = Scripted::new(move |_| {
            if tries.fetch_add(1, Ordering::SeqCst) < failures {
                return Err(Error::new(kind, outcome, "trouble"));
            }
            Ok(PveResponse::envelope(r#"{"data":null}"#))
        });
        let mut answer = None;
        let slot = &mut answer;
        park(std::pin::pin!(async {
            *slot = Some(retry.call(&transport, request).await);
        }));
        (answer.unwrap(), log)
    }

    fn request(effect: Effect) -> PveRequest {
        let verb = if effect == Effect::Read { Verb::Get } else { Verb::Create };
        PveRequest::new(verb, PvePath::parse("/x").unwrap()).effect(effect)
    }

    #[test]
    fn the_table() {
        use ErrorKind as K;
        use Outcome as O;
        for (effect, kind, outcome, tries) in [
            (Effect::Read, K::Connect, O::NotSent, 4),
            (Effect::Write, K::Connect, O::NotSent, 4),
            (Effect::Destroy, K::Connect, O::NotSent, 4),
            (Effect::Read, K::Timeout, O::Rejected, 4),
            (Effect::Read, K::Connect, O::Rejected, 4),
            (Effect::Read, K::NodeUnreachable, O::Rejected, 4),
            (Effect::Read, K::Unavailable, O::Rejected, 4),
            (Effect::Write, K::Timeout, O::MaybeApplied, 1),
            (Effect::Write, K::Connect, O::MaybeApplied, 1),
            (Effect::Write, K::NodeUnreachable, O::Rejected, 1),
            (Effect::Write, K::Busy, O::Rejected, 1),
            (Effect::Destroy, K::Unavailable, O::MaybeApplied, 1),
            (Effect::Read, K::NotFound, O::Rejected, 1),
            (Effect::Read, K::Unauthenticated, O::Rejected, 1),
            (Effect::Read, K::Tls, O::NotSent, 1),
            (Effect::Write, K::InvalidInput, O::NotSent, 1),
        ] {
            let (answer, log) = run(&Retry::new(), &request(effect), u32::MAX, kind, outcome);
            let case = format!("{effect:?} {kind:?} {outcome:?}");
            assert_eq!(log.sent.lock().unwrap().len(), tries, "{case}");
            let error = answer.unwrap_err();
            assert_eq!(error.attempts(), if tries > 1 { 4 } else { 0 }, "{case}");
            // Outer loops do not multiply the tries.
            assert!(tries == 1 || !error.is_retryable(), "{case}");
        }
    }

    #[test]
    fn pauses_grow_and_differ_and_end() {
        let retry = Retry::new().attempts(8).budget(Duration::from_secs(3600));
        let (answer, log) = run(&retry, &request(Effect::Read), 7, ErrorKind::Timeout, Outcome::Rejected);
        answer.unwrap();
        let slept = log.slept.lock().unwrap();
        let bounds = [200, 400, 800, 1600, 3000, 3000, 3000].map(Duration::from_millis);
        assert_eq!(slept.len(), bounds.len());
        for (pause, bound) in slept.iter().zip(bounds) {
            assert!(*pause >= bound / 2 && *pause <= bound, "{pause:?} of {bound:?}");
        }
    }

    #[test]
    fn the_budget_bounds_all_tries() {
        let (_, log) = run(
            &Retry::new().attempts(100).budget(Duration::from_secs(2)),
            &request(Effect::Read),
            u32::MAX,
            ErrorKind::Timeout,
            Outcome::Rejected,
        );
        assert!(log.elapsed() <= Duration::from_secs(2));
        assert!(log.sent.lock().unwrap().len() > 2);
    }

    #[test]
    fn a_requests_own_timeout_is_for_all_tries_together() {
        let request = request(Effect::Read).timeout(Duration::from_secs(1));
        let (answer, log) =
            run(&Retry::new().attempts(100), &request, u32::MAX, ErrorKind::Connect, Outcome::NotSent);
        assert!(answer.unwrap_err().attempts() > 1);
        assert!(log.elapsed() <= Duration::from_secs(1));
        let timeouts: Vec<_> = log.sent.lock().unwrap().iter().map(|r| r.timeout.unwrap()).collect();
        assert!(timeouts.is_sorted_by(|a, b| a > b), "{timeouts:?}");
    }
}
