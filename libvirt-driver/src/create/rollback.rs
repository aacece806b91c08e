//! What a creation has made, so that it can be taken back.

use std::fmt;
use std::time::Duration;

use proxmox_core::{Error, ErrorKind, Outcome, Result};

use crate::clock::Patience;
use crate::host::Host;
use crate::rpc::procedures::domain;
use crate::rpc::{PoolRef, Uuid};

/// What was made, or may have been: each has a name that nobody else takes, so whatever is found under it is ours.
pub(super) enum Made {
    Volume(PoolRef, String),
    Domain(Uuid, String),
}

/// What goes with a definition that is an hour old at most: managed save, snapshots, nvram, checkpoints.
const ALL: u32 = 1 | 2 | 4 | 16;
/// The same for drivers that know fewer.
const FEWER: u32 = 1 | 2;

/// How long the daemon may be away, or busy with what it was asked before: it may just be starting again.
const PATIENCE: Duration = Duration::from_secs(10);

/// Takes all back, the last first, and says in the error what could not be.
pub(super) async fn roll_back(host: &Host, made: Vec<Made>, error: Error) -> Error {
    let mut left = Vec::new();
    let mut patience = Patience::new(PATIENCE);
    let mut stands = None;
    for made in made.into_iter().rev() {
        // A domain that could not be ended keeps its disks: it may run.
        if let Some(domain) = &stands {
            left.push(format!("{made} (it belongs to {domain})"));
            continue;
        }
        while let Err(why) = made.take_back(host).await {
            if !passes(&why) || !patience.pause().await {
                left.push(format!("{made} ({})", why.message()));
                if matches!(made, Made::Domain(..)) {
                    stands = Some(made.to_string());
                }
                break;
            }
        }
    }
    if left.is_empty() { error } else { with_left(error, &left) }
}

/// Trouble that ends by itself: no connection yet, and volumes that are still being written by what the daemon has not given up yet.
fn passes(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Connect | ErrorKind::Busy | ErrorKind::WrongState)
}

impl Made {
    async fn take_back(&self, host: &Host) -> Result<()> {
        match self {
            Self::Domain(uuid, _) => end(host, *uuid).await,
            Self::Volume(pool, name) => host.remove_volume(pool, name).await,
        }
    }
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(_, name) => write!(f, "domain {name}"),
            Self::Volume(pool, name) => write!(f, "volume {}/{name}", pool.name),
        }
    }
}

async fn end(host: &Host, uuid: Uuid) -> Result<()> {
    let found = match host.connection().call(domain::lookup_by_uuid(uuid)).await {
        Ok(found) => found,
        Err(e) if e.is_not_found() => return Ok(()),
        Err(e) => return Err(e),
    };
    // One that does not run cannot be stopped.
    if let Err(e) = host.connection().call(domain::destroy(&found, 0)).await {
        tracing::debug!(target: "libvirt", domain = %found.name, error = %e, "not stopped");
    }
    match host.connection().call(domain::undefine(&found, ALL)).await {
        Err(e) if e.is_not_found() => Ok(()),
        Err(_) => match host.connection().call(domain::undefine(&found, FEWER)).await {
            Err(e) if e.is_not_found() => Ok(()),
            other => other,
        },
        Ok(()) => Ok(()),
    }
}

/// The error, which also names what is left behind.
fn with_left(error: Error, left: &[String]) -> Error {
    let text = format!("{}; left behind: {}", error.message(), left.join(", "));
    let outcome = if error.is_maybe_applied() { Outcome::MaybeApplied } else { Outcome::Applied };
    let again = Error::new(error.kind(), outcome, text);
    let advice = "remove what is left behind on the host, then do it again";
    again.with_advice(advice).with_source(error)
}
