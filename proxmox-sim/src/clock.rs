//! The simulated clock: wall time times a scale, plus what was skipped by hand.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How far the clock can be put forward: UPIDs hold no times after 2106.
const LONGEST: Duration = Duration::from_secs(50 * 365 * 86_400);

/// The clock of one simulated cluster. All nodes share it.
///
/// It starts at the machine's own time, so that task start times look right to a client that compares them with its
/// own clock, and then runs at its scale. A scale of 0 stops it: it then moves only by [`advance`](Self::advance), and
/// the whole simulation is deterministic.
///
/// ```
/// use std::time::Duration;
/// let sim = proxmox_sim::Sim::builder().time_scale(0.0).build();
/// let before = sim.clock().now();
/// sim.clock().advance(Duration::from_secs(5));
/// assert_eq!(sim.clock().now() - before, Duration::from_secs(5));
/// ```
#[derive(Debug)]
pub struct Clock {
    begin: Instant,
    /// Simulated time since 1970 at `begin`.
    epoch: Duration,
    scale: f64,
    skipped: Mutex<Duration>,
}

impl Clock {
    /// `epoch`: what the clock shows at the beginning; the machine's time when `None`.
    pub(crate) fn new(scale: f64, epoch: Option<Duration>) -> Self {
        let epoch = epoch.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
        let scale = if scale.is_finite() && scale > 0.0 { scale } else { 0.0 };
        Self { begin: Instant::now(), epoch, scale, skipped: Mutex::new(Duration::ZERO) }
    }

    /// Simulated time since 1970.
    #[must_use]
    pub fn now(&self) -> Duration {
        let skipped = *self.skipped.lock().unwrap_or_else(PoisonError::into_inner);
        self.epoch + self.begin.elapsed().mul_f64(self.scale) + skipped
    }

    /// Skips `time` simulated time at once. What would have happened in it has happened at the next request. All
    /// together it goes fifty years, and no further.
    pub fn advance(&self, time: Duration) {
        let mut skipped = self.skipped.lock().unwrap_or_else(PoisonError::into_inner);
        *skipped = skipped.saturating_add(time).min(LONGEST);
    }

    /// Simulated seconds per second of the machine; 0 when the clock moves only by hand.
    #[must_use]
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// How long `simulated` lasts for the machine; nothing at all when the clock moves only by hand.
    #[must_use]
    pub fn wall(&self, simulated: Duration) -> Duration {
        if self.scale > 0.0 { simulated.div_f64(self.scale) } else { Duration::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stands_still_and_is_moved_by_hand() {
        let clock = Clock::new(0.0, Some(Duration::from_secs(1_800_000_000)));
        assert_eq!(clock.now(), Duration::from_secs(1_800_000_000));
        clock.advance(Duration::from_millis(1500));
        assert_eq!(clock.now(), Duration::from_millis(1_800_000_001_500));
        assert_eq!(clock.wall(Duration::from_secs(3)), Duration::ZERO);
    }

    #[test]
    fn wall_time_is_divided_by_the_scale() {
        assert_eq!(Clock::new(10.0, None).wall(Duration::from_secs(3)), Duration::from_millis(300));
        assert_eq!(Clock::new(f64::NAN, None).scale(), 0.0);
    }
}
