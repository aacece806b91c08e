//! Numbers as people read them. Machines get the exact ones through `--json`.

use std::time::Duration;

pub use proxmox_fleet::human::{bytes, count, part, percent, time, uptime};

/// `12 ms`, `1.25 s`, `2m 3s`: how long something took.
#[must_use]
pub fn took(time: Duration) -> String {
    match time.as_millis() {
        0..1000 => format!("{} ms", time.as_millis()),
        1000..60_000 => format!("{:.2} s", time.as_secs_f64()),
        _ => uptime(i64::try_from(time.as_secs()).unwrap_or(i64::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(took(Duration::from_millis(999)), "999 ms");
        assert_eq!(took(Duration::from_millis(1250)), "1.25 s");
        assert_eq!(took(Duration::from_secs(123)), "2m 3s");
    }
}
