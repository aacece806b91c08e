//! What a creation has made, so that it can be taken back.

use proxmox_core::{Error, Result};

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

/// Takes all back, the last first, and says in the error what could not be.
pub(super) async fn roll_back(host: &Host, made: Vec<Made>, error: Error) -> Error {
    let mut left = Vec::new();
    for made in made.into_iter().rev() {
        match &made {
            Made::Domain(uuid, name) => {
                if let Err(why) = end(host, *uuid).await {
                    left.push(format!("domain {name} ({})", why.message()));
                }
            }
            Made::Volume(pool, name) => {
                if let Err(why) = host.remove_volume(pool, name).await {
                    left.push(format!("volume {}/{name} ({})", pool.name, why.message()));
                }
            }
        }
    }
    with_left(error, &left)
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
        Err(_) => host.connection().call(domain::undefine(&found, FEWER)).await,
        Ok(()) => Ok(()),
    }
}

/// The error, which also names what is left behind.
pub(super) fn with_left(error: Error, left: &[String]) -> Error {
    if left.is_empty() {
        return error;
    }
    let text = format!("{}; left behind: {}", error.message(), left.join(", "));
    let again = Error::new(error.kind(), error.outcome(), text);
    let advice = "remove what is left behind on the host, then do it again";
    again.with_advice(advice).with_source(error)
}
