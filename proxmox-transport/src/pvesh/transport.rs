//! The transport that runs `pvesh`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use proxmox_core::{
    Effect, PctRequest, PveRequest, PveResponse, Result, Transport, TransportInfo, async_trait,
};

use super::answer;
use super::command::Caller;
use crate::lane::{self, Lane};
use crate::pct;
use crate::shell::Shell;

/// How long a read may take.
const READ: Duration = Duration::from_secs(120);

/// How long a write may take: it may start a task, which runs until its end before `pvesh` ends.
const WRITE: Duration = Duration::from_secs(6 * 60 * 60);

/// Runs `pvesh` once for each request, as `root@pam`.
pub(crate) struct Pvesh<S> {
    shell: Arc<S>,
    caller: Caller,
    name: &'static str,
    lane: Lane,
}

impl<S: Shell> Pvesh<S> {
    pub(crate) fn new(shell: S, caller: Caller, name: &'static str) -> Self {
        Self { shell: Arc::new(shell), caller, name, lane: Lane::default() }
    }
}

#[async_trait]
impl<S: Shell> Transport for Pvesh<S> {
    fn info(&self) -> TransportInfo {
        let info = TransportInfo::new(self.name, self.shell.host()).executes();
        // Where nothing but pvesh may be run, pct may not be either.
        if self.caller.program { info } else { info.pct() }
    }

    async fn call(&self, request: &PveRequest) -> Result<PveResponse> {
        request.check()?;
        if let Some(pct) = PctRequest::read(request).filter(|_| !self.caller.program) {
            return pct::carry_out(&self.shell, &self.lane, &self.caller, request, &pct?).await;
        }
        let script = self.caller.script(request)?;
        let usual = if request.effect == Effect::Read { READ } else { WRITE };
        let deadline = Instant::now() + request.timeout.unwrap_or(usual).min(WRITE);
        let shell = Arc::clone(&self.shell);
        let ended = self.lane.run(async move { shell.run(script, deadline).await }).await;
        match ended {
            Ok(ended) => answer::read(request, &ended),
            Err(fault) => Err(fault.into_error(request.effect, self.shell.host())),
        }
    }

    async fn sleep(&self, duration: Duration) {
        self.lane.sleep(duration).await;
    }

    fn drive(&self, flow: Pin<&mut (dyn Future<Output = ()> + Send)>) {
        lane::drive(flow);
    }
}
