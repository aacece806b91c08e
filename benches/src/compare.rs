//! Two things in turn, A B A B …, and their ratio pair by pair: that holds also when the machine's speed drifts.

use std::fmt;
use std::process::{Command, Stdio};
use std::time::Instant;

use wait4::Wait4;

use crate::task::Result;

/// The middle one.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    match (values.len() / 2, values.len() % 2) {
        (0, 0) => f64::NAN,
        (half, 0) => f64::midpoint(values[half - 1], values[half]),
        (half, _) => values[half],
    }
}

/// One figure of two things, measured in turn.
#[derive(Debug, Default)]
pub struct Pairs(Vec<(f64, f64)>);

impl Pairs {
    /// Notes a pair.
    pub fn push(&mut self, a: f64, b: f64) {
        self.0.push((a, b));
    }

    /// The median of A.
    #[must_use]
    pub fn a(&self) -> f64 {
        median(self.0.iter().map(|(a, _)| *a).collect())
    }

    /// The median of B.
    #[must_use]
    pub fn b(&self) -> f64 {
        median(self.0.iter().map(|(_, b)| *b).collect())
    }

    /// The median of A / B.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        median(self.ratios())
    }

    fn ratios(&self) -> Vec<f64> {
        self.0.iter().map(|(a, b)| a / b).collect()
    }
}

/// Both medians, the ratio, and how far it went up and down.
impl fmt::Display for Pairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ratios = self.ratios();
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let most = ratios.iter().copied().fold(0.0, f64::max);
        let (a, b, ratio) = (self.a(), self.b(), self.ratio());
        write!(f, "{a:9.3} {b:9.3}   {ratio:5.3} ({least:.3} to {most:.3})")
    }
}

/// What one finished process took.
#[derive(Debug, Clone)]
pub struct Used {
    /// User and system time, milliseconds.
    pub cpu: f64,
    /// From start to end, milliseconds.
    pub wall: f64,
    /// Peak resident memory, MiB.
    pub peak: f64,
    /// What it printed.
    pub output: String,
}

/// Runs a process to its end.
///
/// # Errors
/// When it cannot be run, or fails.
#[allow(clippy::cast_precision_loss)]
pub fn run(command: &mut Command) -> Result<Used> {
    let started = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let output = child.stdout.take().map(std::io::read_to_string).transpose()?;
    let done = child.wait4()?;
    let wall = started.elapsed();
    if !done.status.success() {
        return Err(format!("{command:?}: {}", done.status).into());
    }
    Ok(Used {
        cpu: (done.rusage.utime + done.rusage.stime).as_secs_f64() * 1e3,
        wall: wall.as_secs_f64() * 1e3,
        peak: done.rusage.maxrss as f64 / f64::from(1 << 20),
        output: output.unwrap_or_default(),
    })
}

/// Milliseconds that two functions take, in turn, after one round that does not count.
pub fn time<A, B>(rounds: usize, mut a: impl FnMut() -> A, mut b: impl FnMut() -> B) -> Pairs {
    fn one<T>(work: &mut impl FnMut() -> T) -> f64 {
        let started = Instant::now();
        drop(std::hint::black_box(work()));
        started.elapsed().as_secs_f64() * 1e3
    }
    let mut pairs = Pairs::default();
    for round in 0..=rounds {
        let (a, b) = (one(&mut a), one(&mut b));
        if round > 0 {
            pairs.push(a, b);
        }
    }
    pairs
}
