//! `--dry-run`: what would be sent, instead of what came of it.

use examples::{complain, stdout};
use proxmox_core::{Error, ErrorKind, PveRequest, Result};
use serde::Serialize;

/// What `--dry-run --json` prints.
#[derive(Serialize)]
struct Plan {
    /// Always true: nothing of this was sent.
    dry_run: bool,
    /// In order.
    requests: Vec<Planned>,
}

/// A request that would be sent, secrets redacted.
#[derive(Serialize)]
struct Planned {
    /// As a command line.
    pvesh: String,
    /// As data.
    request: PveRequest,
}

/// Prints the planned requests. `result` is how the command went on from there.
pub(crate) fn print(planned: Vec<PveRequest>, result: Result<()>, json: bool) -> Result<()> {
    let end = match result {
        // A gate has spoken: this plan would not be carried out.
        Err(e) if e.kind() == ErrorKind::Refused => return Err(e),
        other => other.err(),
    };
    if json {
        let requests =
            planned.into_iter().map(|request| Planned { pvesh: request.to_string(), request }).collect();
        stdout::json(&Plan { dry_run: true, requests })?;
    } else {
        eprintln!("dry run, not sent:");
        stdout::write(&planned.iter().map(|request| format!("{request}\n")).collect::<String>())?;
    }
    if let Some(error) = end {
        eprint!("{}", complain::warning(&beyond(&error)));
    }
    Ok(())
}

fn beyond(error: &Error) -> String {
    format!("the plan ends here, for what follows depends on answers that nobody has: {}", error.message())
}
