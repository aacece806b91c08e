//! Waiting, for flows that look again and again.

// The I/O of this crate is tokio's, and so is its time: tests pause it.
#![allow(clippy::disallowed_methods)]

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// The first pause between two looks.
const FIRST: Duration = Duration::from_millis(50);
/// The longest.
const LONGEST: Duration = Duration::from_secs(1);

/// How long a flow goes on looking.
pub(crate) struct Patience {
    whole: Duration,
    until: Instant,
    pause: Duration,
}

impl Patience {
    pub(crate) fn new(whole: Duration) -> Self {
        // What lies beyond the clock is never reached.
        let now = Instant::now();
        let until = now.checked_add(whole).unwrap_or_else(|| now + Duration::from_secs(u32::MAX.into()));
        Self { whole, until, pause: FIRST }
    }

    /// How long it was to be.
    pub(crate) fn whole(&self) -> Duration {
        self.whole
    }

    /// What is left of it.
    pub(crate) fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// Waits a little, and every time a little more. False when nothing is left: then look no more.
    pub(crate) async fn pause(&mut self) -> bool {
        let left = self.left();
        if left.is_zero() {
            return false;
        }
        sleep(self.pause.min(left)).await;
        self.pause = (self.pause * 2).min(LONGEST);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_ends() {
        let began = Instant::now();
        let mut patience = Patience::new(Duration::from_secs(5));
        let mut looks = 0;
        while patience.pause().await {
            looks += 1;
        }
        assert_eq!(began.elapsed(), Duration::from_secs(5));
        assert_eq!(looks, 9, "often at first, then every second");
        assert_eq!(patience.left(), Duration::ZERO);
        Patience::new(Duration::MAX).left();
    }
}
