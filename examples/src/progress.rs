//! What is seen while waiting: a spinner on a terminal, plain lines elsewhere. Always on stderr.

use std::time::Duration;

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use proxmox_core::task::Progress;
use proxmox_core::{Call, Operation};

/// One wait. It is gone from the terminal when this is dropped.
#[derive(Debug, Clone)]
pub struct Waiting {
    how: How,
    what: String,
}

#[derive(Debug, Clone)]
enum How {
    Live(ProgressBar),
    Lines,
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
        let how = if Term::stderr().is_term() {
            let bar = ProgressBar::with_draw_target(Some(1000), ProgressDrawTarget::stderr());
            bar.set_style(style(SPINNER));
            bar.set_prefix(what.clone());
            bar.enable_steady_tick(Duration::from_millis(100));
            How::Live(bar)
        } else if lines {
            How::Lines
        } else {
            How::Silent
        };
        Self { how, what }
    }

    /// Shows what PVE's task tells while this call waits for it.
    pub fn on<O: Operation>(&self, call: Call<O>) -> Call<O> {
        let waiting = self.clone();
        call.on_progress(move |progress| waiting.tell(progress))
    }

    fn tell(&self, progress: &Progress) {
        match &self.how {
            How::Live(bar) => {
                if let Some(fraction) = progress.fraction {
                    if bar.position() == 0 {
                        bar.set_style(style(BAR));
                    }
                    bar.set_position(thousandths(fraction));
                }
                bar.set_message(progress.line.clone());
            }
            How::Lines => eprintln!("  {}: {}", self.what, progress.line),
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
    fn the_templates_parse() {
        for template in [SPINNER, BAR] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
        assert_eq!((thousandths(0.5), thousandths(7.0)), (500, 1000));
    }
}
