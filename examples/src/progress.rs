//! What is seen while waiting: a spinner on a terminal, plain lines elsewhere. Always on stderr.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use proxmox_core::task::Progress;
use proxmox_core::{Call, Operation};

use crate::complain::printable;

/// One wait. It is gone from the terminal when this is dropped.
#[derive(Debug, Clone)]
pub struct Waiting {
    how: How,
    what: String,
}

#[derive(Debug, Clone)]
enum How {
    Live(ProgressBar),
    /// With the last fraction that was told, in thousandths.
    Lines(Arc<AtomicU64>),
    Silent,
}

const SPINNER: &str = "{spinner:.cyan} {prefix}  {elapsed:>3}  {wide_msg:.dim}";
const BAR: &str = "{spinner:.cyan} {prefix}  {elapsed:>3}  [{bar:24.cyan}] {percent:>3} %  {wide_msg:.dim}";

impl Waiting {
    /// Begins to show that `what` is being waited for. `lines` says whether there are plain lines where stderr is no
    /// terminal.
    #[must_use]
    pub fn new(what: impl Into<String>, lines: bool) -> Self {
        let what = what.into();
        // A spinner and the lines of `--verbose` would write over each other.
        let verbose = tracing::enabled!(target: "proxmox", tracing::Level::DEBUG);
        let how = if Term::stderr().is_term() && !verbose {
            let bar = ProgressBar::with_draw_target(Some(1000), ProgressDrawTarget::stderr());
            bar.set_style(style(SPINNER));
            bar.set_prefix(what.clone());
            bar.enable_steady_tick(Duration::from_millis(100));
            How::Live(bar)
        } else if lines && !verbose {
            How::Lines(Arc::default())
        } else {
            How::Silent
        };
        Self { how, what }
    }

    /// Says what the wait is for, where no task's log will.
    #[must_use]
    pub fn saying(self, text: &str) -> Self {
        match &self.how {
            How::Live(bar) => bar.set_message(text.to_owned()),
            How::Lines(_) => crate::tell_line!("  {}: {text}", self.what),
            How::Silent => {}
        }
        self
    }

    /// Shows what PVE's task tells while this call waits for it.
    pub fn on<O: Operation>(&self, call: Call<O>) -> Call<O> {
        let waiting = self.clone();
        call.on_progress(move |progress| waiting.tell(progress))
    }

    fn tell(&self, progress: &Progress) {
        // How a task ended is told by what follows.
        if progress.line.starts_with("TASK ") {
            return;
        }
        match &self.how {
            How::Live(bar) => {
                if let Some(fraction) = progress.fraction {
                    if bar.position() == 0 {
                        bar.set_style(style(BAR));
                    }
                    bar.set_position(thousandths(fraction));
                }
                bar.set_message(printable(&progress.line));
            }
            How::Lines(last) => {
                if worth_telling(last, progress.fraction) {
                    crate::tell_line!("  {}: {}", self.what, printable(&progress.line));
                }
            }
            How::Silent => {}
        }
    }

    /// Takes it off the terminal.
    pub fn end(self) {
        if let How::Live(bar) = &self.how {
            bar.finish_and_clear();
        }
    }
}

/// A line about a fraction only at every quarter: a log may have a line for every percent.
fn worth_telling(last: &AtomicU64, fraction: Option<f64>) -> bool {
    let Some(now) = fraction.map(thousandths) else {
        return true;
    };
    let before = last.load(Ordering::Relaxed);
    // The next disk begins at 0 again.
    let tell = now < before || now / 250 > before / 250;
    if tell {
        last.store(now, Ordering::Relaxed);
    }
    tell
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // The fraction is between 0 and 1.
fn thousandths(fraction: f64) -> u64 {
    (fraction.clamp(0.0, 1.0) * 1000.0) as u64
}

fn style(template: &str) -> ProgressStyle {
    // A template that does not parse, which a test excludes, leaves the plain look.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_told_by_quarters() {
        let last = AtomicU64::default();
        let told: Vec<f64> = [0.0, 0.1, 0.2, 0.25, 0.3, 0.6, 0.99, 1.0, 0.0, 0.1, 0.5]
            .into_iter()
            .filter(|&fraction| worth_telling(&last, Some(fraction)))
            .collect();
        assert_eq!(told, [0.25, 0.6, 0.99, 1.0, 0.0, 0.5]);
        assert!(worth_telling(&last, None));
    }

    #[test]
    fn the_templates_parse() {
        for template in [SPINNER, BAR] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
        assert_eq!((thousandths(0.5), thousandths(7.0)), (500, 1000));
    }
}
