use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Guest, GuestState, GuestStatus, Kind};
use crate::call::{Call, Operation, Work};
use crate::task::TaskReport;
use crate::{Effect, Pve, PveRequest, Result};

/// How a shutdown is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shutdown {
    timeout: Option<Duration>,
    stop: bool,
}

impl Shutdown {
    /// With PVE's own timeout (180 s, or the guest's `startup` setting), and no stop after it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How long the guest may take, in whole seconds.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Stops it hard when the time is over. Without this the task fails and the guest runs on.
    #[must_use]
    pub fn then_stop(mut self) -> Self {
        self.stop = true;
        self
    }
}

/// What [`Guest::ensure`] is to bring about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Power {
    /// It runs; a paused VM is resumed.
    Running,
    /// It is off, shut down by its own system; stopped hard when it does not within PVE's timeout.
    Stopped,
}

impl<K: Kind> Guest<K> {
    fn act(
        &self,
        name: &'static str,
        action: &'static str,
        effect: Effect,
    ) -> (Result<PveRequest>, &'static str) {
        (Ok(PveRequest::create(self.path().fixed("status").fixed(action)).effect(effect)), name)
    }

    fn work(&self, (request, name): (Result<PveRequest>, &'static str)) -> Call<Work> {
        self.pve.bind(Work::new(name, request))
    }

    /// Starts it: `POST …/status/start`, waited for. Needs `VM.PowerMgmt`.
    ///
    /// # Errors
    /// `TaskFailed` when it runs already, is a template, or cannot start; see [`ensure`](Self::ensure).
    pub fn start(&self) -> Call<Work> {
        self.work(self.act("guest.start", "start", Effect::Write))
    }

    /// Asks its system to shut down: `POST …/status/shutdown`, waited for. Needs `VM.PowerMgmt`.
    ///
    /// # Errors
    /// `TaskFailed` when it is still running after the timeout, unless [`Shutdown::then_stop`] is set.
    pub fn shutdown(&self, how: Shutdown) -> Call<Work> {
        let (request, name) = self.act("guest.shutdown", "shutdown", Effect::Destroy);
        self.work((
            request.map(|r| with_timeout(r, how.timeout).param_some("forceStop", how.stop.then_some(true))),
            name,
        ))
    }

    /// Stops it hard, as by pulling the plug: `POST …/status/stop`, waited for. Needs `VM.PowerMgmt`.
    pub fn stop(&self) -> Call<Work> {
        self.work(self.act("guest.stop", "stop", Effect::Destroy))
    }

    /// Shuts it down and starts it again, which applies pending changes: `POST …/status/reboot`, waited for.
    /// Needs `VM.PowerMgmt`.
    ///
    /// # Errors
    /// `TaskFailed` when it is off, or does not shut down within `timeout` (PVE's own: 180 s).
    pub fn reboot(&self, timeout: Option<Duration>) -> Call<Work> {
        let (request, name) = self.act("guest.reboot", "reboot", Effect::Destroy);
        self.work((request.map(|r| with_timeout(r, timeout)), name))
    }

    /// Pauses it: `POST …/status/suspend`, waited for. Needs `VM.PowerMgmt`.
    pub fn suspend(&self) -> Call<Work> {
        self.work(self.act("guest.suspend", "suspend", Effect::Destroy))
    }

    /// Lets it go on: `POST …/status/resume`, waited for. Needs `VM.PowerMgmt`.
    pub fn resume(&self) -> Call<Work> {
        self.work(self.act("guest.resume", "resume", Effect::Write))
    }

    /// Brings it into a state, and does nothing when it is there already. Somebody else doing the same meanwhile is fine.
    ///
    /// The answer is the task that did it, or `None` when nothing was to do.
    pub fn ensure(&self, power: Power) -> Call<EnsurePower<K>> {
        self.pve.bind(EnsurePower { guest: self.clone(), power })
    }
}

fn with_timeout(request: PveRequest, timeout: Option<Duration>) -> PveRequest {
    let seconds = timeout.map(|t| i64::try_from(t.as_secs().max(1)).unwrap_or(i64::MAX));
    request.param_some("timeout", seconds)
}

/// See [`Guest::ensure`].
#[derive(Debug)]
pub struct EnsurePower<K: Kind> {
    guest: Guest<K>,
    power: Power,
}

impl<K: Kind> EnsurePower<K> {
    /// The call that leads from this state to the wanted one.
    fn step(&self, guest: &Guest<K>, status: &GuestStatus) -> Option<Call<Work>> {
        let paused = status.qmpstatus.as_deref() == Some("paused");
        match (self.power, &status.status) {
            (Power::Running, GuestState::Running) if paused => Some(guest.resume()),
            (Power::Running, GuestState::Running) | (Power::Stopped, GuestState::Stopped) => None,
            (Power::Running, _) => Some(guest.start()),
            // A paused VM cannot react to a shutdown.
            (Power::Stopped, _) if paused => Some(guest.stop()),
            (Power::Stopped, _) => Some(guest.shutdown(Shutdown::new().then_stop())),
        }
    }
}

impl<K: Kind> Operation for EnsurePower<K> {
    type Output = Option<TaskReport>;
    fn name(&self) -> &'static str {
        "guest.ensure"
    }
    fn request(&self) -> Result<PveRequest> {
        match self.power {
            Power::Running => self.guest.start().request(),
            Power::Stopped => self.guest.shutdown(Shutdown::new().then_stop()).request(),
        }
    }
    fn settles(&self) -> &'static [&'static str] {
        &["guest-is-off", "guest-runs"]
    }
    async fn run(self, pve: Pve) -> Result<Option<TaskReport>> {
        let guest = self.guest.through(pve);
        let Some(step) = self.step(&guest, &guest.status().await?) else {
            return Ok(None);
        };
        match step.await {
            Ok(report) => Ok(Some(report)),
            // Perhaps somebody else was faster: then the state is the wanted one, and all is well.
            Err(e) => match guest.status().await {
                Ok(status) if self.step(&guest, &status).is_none() => Ok(None),
                _ => Err(e),
            },
        }
    }
}
