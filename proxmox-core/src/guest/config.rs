use serde::{Deserialize, Serialize};

use super::{Guest, Kind};
use crate::call::{Ask, Call, Work};
use crate::config::{ConfigBag, ConfigChange, Growth};
use crate::rows::Rows;
use crate::{Effect, Error, PveRequest, de};

/// A row of `GET …/pending`: what is set, and what will be after the next start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PendingValue {
    /// The key.
    pub key: String,
    /// The value in force.
    #[serde(default, deserialize_with = "de::opt_text")]
    pub value: Option<String>,
    /// The value that waits for a restart.
    #[serde(default, deserialize_with = "de::opt_text")]
    pub pending: Option<String>,
    /// Whether the key goes away at the next start (1), or by force (2).
    #[serde(default, deserialize_with = "de::opt_int")]
    pub delete: Option<i64>,
}

impl<K: Kind> Guest<K> {
    /// The configuration with pending changes applied: `GET /nodes/{node}/{kind}/{vmid}/config`. Needs `VM.Audit`.
    ///
    /// # Errors
    /// `NotFound` when there is no such guest on this node.
    pub fn config(&self) -> Call<Ask<ConfigBag>> {
        self.pve.bind(Ask::new("guest.config", Ok(PveRequest::get(self.path().fixed("config")))))
    }

    /// The configuration that the running guest has: `GET …/config?current=1`.
    pub fn current_config(&self) -> Call<Ask<ConfigBag>> {
        let request = PveRequest::get(self.path().fixed("config")).param("current", true);
        self.pve.bind(Ask::new("guest.current_config", Ok(request)))
    }

    /// Key by key what is in force and what waits: `GET …/pending`.
    pub fn pending(&self) -> Call<Ask<Rows<PendingValue>>> {
        self.pve.bind(Ask::rows("guest.pending", Ok(PveRequest::get(self.path().fixed("pending")))))
    }

    /// Changes the configuration: `PUT …/config`, done when it returns. Needs the `VM.Config.*` privileges of the keys.
    ///
    /// The change carries the digest of the configuration it was made from, or else of the one the gate judged, so that
    /// a change by somebody else in between makes it fail. Taking the managed tag or a protecting tag away is refused
    /// unless forced.
    ///
    /// # Errors
    /// `Conflict` when the configuration was changed meanwhile, `Locked`, `InvalidInput` with the parameters named.
    pub fn set_config(&self, change: impl Into<ConfigChange>) -> Call<Ask<()>> {
        let change: ConfigChange = change.into();
        let request = if change.is_empty() {
            Err(Error::invalid("config", "nothing to change"))
        } else {
            change.params().map(|params| {
                PveRequest::set(self.path().fixed("config")).params(params).effect(Effect::Write)
            })
        };
        self.pve.bind(Ask::done("guest.set_config", request))
    }

    /// Grows a disk: `PUT …/resize`, waited for. `disk` is `scsi0`, `rootfs` … Needs `VM.Config.Disk`.
    ///
    /// ```
    /// # async fn demo<K: proxmox_core::guest::Kind>(guest: &proxmox_core::Guest<K>) -> proxmox_core::Result<()> {
    /// guest.resize("scsi0", "+10G".parse()?).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `TaskFailed` when the size is smaller than the present one: PVE shrinks nothing.
    pub fn resize(&self, disk: &str, size: Growth) -> Call<Work> {
        let named = !disk.is_empty() && disk.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let request = if named {
            let request = PveRequest::set(self.path().fixed("resize"));
            Ok(request.param("disk", disk).param("size", size.to_string()).effect(Effect::Write))
        } else {
            Err(Error::invalid("disk", format!("{disk:?} is not a disk: expected scsi0, virtio1, rootfs …")))
        };
        self.pve.bind(Work::new("guest.resize", request))
    }
}
