//! Tags, changed on the configuration as it is at this moment.

use proxmox_core::guest::Kind;
use proxmox_core::{Guest, Result};

use super::args::GuestId;

/// Gives the tags that the guest has then. The change carries the digest of what it was made from.
pub(super) async fn change<K: Kind>(
    guest: Guest<K>,
    add: Vec<String>,
    remove: Vec<String>,
    force: Option<GuestId>,
) -> Result<Vec<String>> {
    let now = guest.config().await?;
    let mut tags = now.tags();
    for tag in &remove {
        tags.remove(tag);
    }
    for tag in &add {
        tags.insert(tag)?;
    }
    let change = now.change(|want| {
        want.set("tags", &tags);
    });
    if !change.is_empty() {
        let call = guest.set_config(change);
        match force {
            Some(vmid) => call.force(vmid.0).await?,
            None => call.await?,
        }
    }
    Ok(tags.iter().map(str::to_owned).collect())
}
