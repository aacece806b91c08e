//! Seconds since 1970 as a date.

/// A time in UTC: year, month, day, hour, minute, second.
pub(super) fn utc(seconds: u32) -> [u32; 6] {
    let (mut days, rest) = (seconds / 86400, seconds % 86400);
    let mut year = 1970;
    let leap = |year: u32| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    while days >= 365 + u32::from(leap(year)) {
        days -= 365 + u32::from(leap(year));
        year += 1;
    }
    let february = 28 + u32::from(leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    [year, month, days + 1, rest / 3600, rest / 60 % 60, rest % 60]
}

#[cfg(test)]
mod tests {
    use super::utc;

    #[test]
    fn dates() {
        for (seconds, date) in [
            (0, [1970, 1, 1, 0, 0, 0]),
            (68_169_599, [1972, 2, 28, 23, 59, 59]),
            (68_169_600, [1972, 2, 29, 0, 0, 0]),
            (951_827_696, [2000, 2, 29, 12, 34, 56]),
            (1_767_225_599, [2025, 12, 31, 23, 59, 59]),
            (1_767_225_600, [2026, 1, 1, 0, 0, 0]),
            (4_107_542_400, [2100, 3, 1, 0, 0, 0]),
            (u32::MAX, [2106, 2, 7, 6, 28, 15]),
        ] {
            assert_eq!(utc(seconds), date, "{seconds}");
        }
    }
}
