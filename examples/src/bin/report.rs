//! `report`: the health of a cluster, as Markdown.
//!
//! Without `PVE_URL` (or `PVE_SSH`) it starts a simulated cluster in this process, which has little to complain of.

use std::process::ExitCode;

use examples::connect::{self, Plan};
use examples::options::Connection;
use examples::{clock, complain, stdout};
use proxmox_core::{Policy, Result};
use proxmox_fleet::{Gather, Report, Snapshot, Thresholds};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            examples::tell!("{}", complain::lines(&error));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let cluster = Plan::new(&Connection::default(), true, connect::env)?.connect(Policy::default())?;
    examples::tell_line!("{}", cluster.about);

    // Reading is one thing. It also works in an async program: then `.await` takes the place of `block_on`.
    let gather = Gather::new(clock::unix()).with_addresses().with_snapshots();
    let seen = cluster.pve.block_on(Snapshot::gather(&cluster.pve, gather))?;

    // Judging is another, without any I/O: of one cluster, or of several together.
    let mut limits = Thresholds::default();
    limits.swap_percent = 25.0;
    let report = Report::of(&[seen], &limits);

    for flag in &report.flags {
        examples::tell_line!("{} {}: {}", flag.severity, flag.subject, flag.sentence);
    }
    stdout::write(&report.markdown())
}
