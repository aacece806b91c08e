//! Figures over time.

use crate::ctx::Ctx;

/// The moments that a `timeframe` shows, oldest first.
pub(crate) fn points(ctx: &Ctx<'_>) -> impl Iterator<Item = f64> + use<> {
    let (step, count) = match (ctx.text("timeframe"), ctx.is_nine()) {
        ("day", true) => (60, 1440),
        ("week", true) => (1800, 336),
        ("month", true) => (1800, 1440),
        ("year", true) => (21_600, 1440),
        ("decade", _) => (604_800, 570),
        ("day", false) => (1800, 70),
        ("week", false) => (10_800, 70),
        ("month", false) => (43_200, 70),
        ("year", false) => (604_800, 70),
        (_, true) => (60, 60),
        (_, false) => (60, 70),
    };
    let step = f64::from(step);
    let last = (ctx.now / step).floor() * step;
    (0..count).map(move |n| last - f64::from(count - 1 - n) * step)
}
