//! `--dry-run`: reads pass, writes are noted and not sent.

use std::sync::{Mutex, PoisonError};

use proxmox_core::{
    Effect, Error, ErrorKind, Layer, Outcome, PveRequest, PveResponse, Result, Transport, async_trait,
};
use serde::Serialize;

/// A layer that lets reads pass, so that gates and look-ups see the real state, and stops at the first write.
///
/// What would follow that write depends on its answer, which nobody has: so a flow ends there.
#[derive(Debug, Default)]
pub struct DryRun {
    plan: Mutex<Vec<PveRequest>>,
}

/// What `--dry-run --json` prints.
#[derive(Debug, Serialize)]
pub struct Plan {
    /// Always true: nothing of this was sent.
    pub dry_run: bool,
    /// The requests in order.
    pub requests: Vec<Planned>,
}

/// A request that would be sent.
#[derive(Debug, Serialize)]
pub struct Planned {
    /// As a command line, secrets redacted.
    pub pvesh: String,
    /// As data, secrets redacted.
    pub request: PveRequest,
}

impl DryRun {
    /// The writes that were stopped, in order.
    #[must_use]
    pub fn plan(&self) -> Plan {
        let plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        let requests = plan
            .iter()
            .map(|r| Planned {
                pvesh: r.to_string(),
                request: r.clone(),
            })
            .collect();
        Plan {
            dry_run: true,
            requests,
        }
    }
}

#[async_trait]
impl Layer for DryRun {
    async fn call(&self, inner: &dyn Transport, request: &PveRequest) -> Result<PveResponse> {
        if request.effect == Effect::Read {
            return inner.call(request).await;
        }
        request.check()?;
        self.plan
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(request.clone());
        Err(Error::new(
            ErrorKind::Refused,
            Outcome::NotSent,
            "dry run: it was not sent",
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proxmox_core::PvePath;
    use proxmox_sim::Sim;

    use super::*;

    #[test]
    fn reads_pass_and_writes_do_not() {
        let sim = Sim::builder().time_scale(0.0).build();
        let dry = Arc::new(DryRun::default());
        let pve = proxmox_core::Pve::builder(sim.transport())
            .layer(Arc::clone(&dry))
            .build();
        let path = |text: &str| PvePath::parse(text).unwrap();
        pve.request::<serde_json::Value>(PveRequest::get(path("/version")))
            .block()
            .unwrap();
        let start = PveRequest::create(path("/nodes/pve1/qemu/101/status/start")).effect(Effect::Write);
        pve.request::<String>(start).block().unwrap_err();
        assert!(!sim.guest(101).unwrap().running);
        let lines: Vec<_> = dry.plan().requests.into_iter().map(|p| p.pvesh).collect();
        assert_eq!(lines, ["pvesh create /nodes/pve1/qemu/101/status/start"]);
    }
}
