//! The console, as a stream of bytes.

use proxmox_core::Result;

use super::Domain;
use crate::rpc::Stream;
use crate::rpc::procedures::domain;

impl Domain {
    /// Opens its first serial console: what it prints from now on, and what is typed. Whoever was on it is thrown out when `take_over`
    /// says so.
    ///
    /// # Errors
    /// `WrongState` when it is off, and when another one is on it; `Unsupported` over `virsh`.
    pub async fn console(&self, take_over: bool) -> Result<Stream> {
        let call = domain::console(&self.found, None, u32::from(take_over));
        self.host
            .allow(&self.found, call.effect(), self.forced)
            .await
            .map_err(|e| e.during("domain.console").about(self))?;
        Ok(self.host.connection().stream(call.about(self)).await?.endless())
    }
}
