use std::time::Duration;

/// What a watch tells, and how often it looks. [`Watch`](super::Watch) has a setter for each.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// The pause between an answer and the next question: 10 s, which is how often PVE renews its own figures. At least 100 ms.
    pub interval: Duration,
    /// The longest pause after polls that failed: 5 min.
    pub longest_pause: Duration,
    /// Whether templates count as guests: no.
    pub templates: bool,
    /// CPU use that has moved by more than so many percentage points is told: 2.
    pub cpu_points: f64,
    /// Memory in use that has moved by more than so many percent of the guest's memory is told: 1.
    pub memory_percent: f64,
    /// How many events wait for a subscriber before a snapshot takes their place: 4096. What one poll tells is never cut, however
    /// much it is.
    pub queue: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(10),
            longest_pause: Duration::from_secs(300),
            templates: false,
            cpu_points: 2.0,
            memory_percent: 1.0,
            queue: 4096,
        }
    }
}

impl Settings {
    const SHORTEST: Duration = Duration::from_millis(100);

    /// The pause after so many failures in a row: doubled by each of them, up to the longest.
    pub(super) fn pause(&self, failures: u32) -> Duration {
        let usual = self.interval.max(Self::SHORTEST);
        let doubled = usual.saturating_mul(2_u32.saturating_pow(failures));
        doubled.min(self.longest_pause.max(usual))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let settings = Settings::default();
        let pauses: Vec<u64> = (0..8).map(|n| settings.pause(n).as_secs()).collect();
        assert_eq!(pauses, [10, 20, 40, 80, 160, 300, 300, 300]);
        assert_eq!(settings.pause(u32::MAX).as_secs(), 300);
        let slow = Settings { interval: Duration::from_secs(600), ..Settings::default() };
        assert_eq!((slow.pause(0).as_secs(), slow.pause(3).as_secs()), (600, 600));
        let busy = Settings { interval: Duration::ZERO, ..Settings::default() };
        assert_eq!(busy.pause(0), Duration::from_millis(100));
    }
}
