use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::guest::GuestStatus;

/// What a guest reads, writes, receives and sends, bytes per second between two looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Rates {
    /// Seconds between the two looks.
    pub seconds: f64,
    /// Read from disks. PVE does not count it for every kind of disk: then it stays 0.
    pub diskread: Option<f64>,
    /// Written to disks.
    pub diskwrite: Option<f64>,
    /// Received.
    pub netin: Option<f64>,
    /// Sent.
    pub netout: Option<f64>,
}

impl Rates {
    /// `None` when the two tell nothing of what is between them: the guest was started in between, or no time has passed.
    pub(super) fn between(before: &GuestStatus, after: &GuestStatus, time: Duration) -> Option<Self> {
        let seconds = time.as_secs_f64();
        let (ran, runs) = (before.uptime.unwrap_or(0), after.uptime.unwrap_or(0));
        if seconds <= 0.0 || ran > runs || before.pid.zip(after.pid).is_some_and(|(a, b)| a != b) {
            return None;
        }
        #[allow(clippy::cast_precision_loss)] // A rate needs no exact bytes.
        let rate = |from: Option<i64>, to: Option<i64>| {
            let moved = to?.checked_sub(from?)?;
            // Counters begin again with the guest.
            (moved >= 0).then_some(moved as f64 / seconds)
        };
        Some(Self {
            seconds,
            diskread: rate(before.diskread, after.diskread),
            diskwrite: rate(before.diskwrite, after.diskwrite),
            netin: rate(before.netin, after.netin),
            netout: rate(before.netout, after.netout),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(uptime: i64, netin: i64) -> GuestStatus {
        let json = format!(
            r#"{{"vmid":100,"status":"running","uptime":{uptime},"netin":{netin},"diskread":0,"pid":7}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn between_two_looks() {
        let ten = Duration::from_secs(10);
        let rates = Rates::between(&status(5, 1000), &status(15, 3000), ten).unwrap();
        assert_eq!((rates.netin, rates.diskread, rates.netout), (Some(200.0), Some(0.0), None));
        // Started in between, by uptime or by process; and no time at all.
        assert_eq!(Rates::between(&status(50, 1000), &status(5, 3000), ten), None);
        assert_eq!(
            Rates::between(&status(5, 1000), &GuestStatus { pid: Some(8), ..status(6, 3000) }, ten),
            None
        );
        assert_eq!(Rates::between(&status(5, 1000), &status(5, 3000), Duration::ZERO), None);
        // A counter that went back says nothing.
        assert_eq!(Rates::between(&status(5, 1000), &status(15, 10), ten).unwrap().netin, None);
    }
}
