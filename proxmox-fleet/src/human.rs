//! Numbers as people read them. Machines get the exact ones as JSON.

const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/// `1.5 GiB`: at most one digit after the point.
///
/// ```
/// assert_eq!(proxmox_fleet::human::bytes(1_610_612_736), "1.5 GiB");
/// assert_eq!(proxmox_fleet::human::bytes(512), "512 B");
/// ```
#[must_use]
#[allow(clippy::cast_precision_loss)] // It is rounded to a tenth anyway.
pub fn bytes(n: i64) -> String {
    let mut value = n as f64;
    let mut unit = 0;
    // What would be shown as 1024.0 is shown in the next unit.
    while value.abs() >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let text = format!("{value:.1}");
    format!("{} {}", text.strip_suffix(".0").unwrap_or(&text), UNITS[unit])
}

/// `88.2 of 128 GiB`, `512 MiB of 2 GiB`: the unit once where it is the same.
///
/// ```
/// assert_eq!(proxmox_fleet::human::part(1 << 30, 4 << 30), "1 of 4 GiB");
/// assert_eq!(proxmox_fleet::human::part(1 << 20, 4 << 30), "1 MiB of 4 GiB");
/// ```
#[must_use]
pub fn part(used: i64, all: i64) -> String {
    let (used, all) = (bytes(used), bytes(all));
    match (used.split_once(' '), all.split_once(' ')) {
        (Some((number, unit)), Some((_, same))) if unit == same => format!("{number} of {all}"),
        _ => format!("{used} of {all}"),
    }
}

/// `3d 4h`, `5h 12m`, `2m 3s`, `8s`: the two greatest units.
///
/// ```
/// assert_eq!(proxmox_fleet::human::uptime(273_600), "3d 4h");
/// ```
#[must_use]
pub fn uptime(seconds: i64) -> String {
    let (d, h, m, s) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    match (d, h, m) {
        (1.., ..) => format!("{d}d {h}h"),
        (_, 1.., _) => format!("{h}h {m}m"),
        (_, _, 1..) => format!("{m}m {s}s"),
        _ => format!("{s}s"),
    }
}

/// `1 node`, `2 nodes`
///
/// ```
/// assert_eq!(proxmox_fleet::human::count(1, "node", "nodes"), "1 node");
/// assert_eq!(proxmox_fleet::human::count(0, "node", "nodes"), "0 nodes");
/// ```
#[must_use]
pub fn count(n: usize, one: &str, several: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { several })
}

/// `12.3 %`
#[must_use]
pub fn percent(percent: f64) -> String {
    format!("{percent:.1} %")
}

/// `2026-11-21 00:32:04`, UTC.
#[must_use]
pub fn time(unix: i64) -> String {
    let (days, second) = (unix.div_euclid(86_400), unix.rem_euclid(86_400));
    let (year, month, day) = date(days);
    let (h, m, s) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {h:02}:{m:02}:{s:02}")
}

/// Year, month and day of a day since 1970-01-01. Counts in eras of 400 years that begin with March, so that the leap
/// day is the last of its year.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (n, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1 KiB"),
            (1_048_575, "1 MiB"),
            (2 << 30, "2 GiB"),
            ((5 << 30) + (1 << 29), "5.5 GiB"),
            (-2048, "-2 KiB"),
            (i64::MAX, "8192 PiB"),
        ] {
            assert_eq!(bytes(n), text);
        }
    }

    #[test]
    fn times() {
        assert_eq!((uptime(0), uptime(59), uptime(61)), ("0s".into(), "59s".into(), "1m 1s".into()));
        assert_eq!(uptime(7260), "2h 1m");
        for (unix, text) in [
            (0, "1970-01-01 00:00:00"),
            (951_782_399, "2000-02-28 23:59:59"),
            (951_782_400, "2000-02-29 00:00:00"),
            (951_868_800, "2000-03-01 00:00:00"),
            (1_795_221_124, "2026-11-21 00:32:04"),
            (-1, "1969-12-31 23:59:59"),
        ] {
            assert_eq!(time(unix), text);
        }
    }
}
