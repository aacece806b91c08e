//! What is about the whole fleet.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use proxmox_core::NodeName;

/// What a report is about, and how it is shown.
#[derive(Debug, Args)]
pub(crate) struct Report {
    /// Only this node; repeat it for several
    #[arg(long = "node", value_name = "NODE")]
    pub(crate) node: Vec<NodeName>,

    /// Also read the addresses of running guests, by one request each
    #[arg(long)]
    pub(crate) addresses: bool,

    /// Also read the snapshots of all guests, by one request each
    #[arg(long)]
    pub(crate) snapshots: bool,

    /// Other thresholds than the usual ones, as JSON such as {"swap_percent": 80}
    #[arg(long, value_name = "FILE")]
    pub(crate) thresholds: Option<String>,

    /// Print Markdown
    #[arg(long)]
    pub(crate) md: bool,

    /// Write a web page that needs nothing else
    #[arg(long, value_name = "FILE", conflicts_with = "md")]
    pub(crate) html: Option<PathBuf>,
}

/// What a watch tells, and for how long.
#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// Pause between two looks; PVE renews its own figures every 10 s
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub(crate) interval: Duration,

    /// Tell of templates too
    #[arg(long)]
    pub(crate) templates: bool,

    /// End after so many events; the first tells what is there
    #[arg(long, value_name = "EVENTS")]
    pub(crate) count: Option<NonZeroUsize>,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.1..=86_400.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "a number of seconds, from 0.1 to 86400".to_owned())
}
