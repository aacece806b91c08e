//! Start, shutdown, stop and what is between.

use std::time::Duration;

use proxmox_core::{Error, ErrorKind, Outcome, Result};

use super::{Domain, State};
use crate::Driver;
use crate::clock::Patience;
use crate::rpc::procedures::domain;

/// How a shutdown is asked for: through the agent where there is one, then by the power button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shutdown {
    patience: Duration,
    stop: bool,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self { patience: Duration::from_secs(180), stop: false }
    }
}

impl Shutdown {
    /// Within 180 s, and no stop after it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How long the guest may take.
    #[must_use]
    pub fn timeout(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Stops it hard when the time is over. Without this it runs on.
    #[must_use]
    pub fn then_stop(mut self) -> Self {
        self.stop = true;
        self
    }
}

/// The power button.
const ACPI: u32 = 1;
/// The guest agent.
const AGENT: u32 = 2;
/// How long the agent may take before the button is pressed as well, at most half of the patience.
const HEARD: Duration = Duration::from_secs(10);

/// Whether the wish may have been heard: no answer says that it was not.
fn was_heard(error: &Error) -> bool {
    error.is_maybe_applied() || matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Busy)
}

/// Whether a domain was refused the agent's way because there is none, or none that answers.
fn has_no_agent(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Agent | ErrorKind::InvalidInput | ErrorKind::Unsupported)
}

/// The least that a question is given.
const LEAST: Duration = Duration::from_millis(100);

impl Domain {
    /// Starts it. One that runs is left alone.
    ///
    /// # Errors
    /// What the daemon says: that a volume is missing, a network is not started, memory is short.
    pub async fn start(&self) -> Result<()> {
        self.switch_on(0).await
    }

    /// Starts it with its CPUs halted: [`resume`](Self::resume) lets them go.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_paused(&self) -> Result<()> {
        self.switch_on(1).await
    }

    async fn switch_on(&self, flags: u32) -> Result<()> {
        match self.call(domain::start(&self.found, flags)).await {
            Ok(_) => Ok(()),
            Err(e) => self.unless(e, |state| state.is_active() && state != State::Crashed).await,
        }
    }

    /// What was refused because it is so already is done. Not each driver says so by the same number.
    async fn unless(&self, error: Error, done: impl Fn(State) -> bool) -> Result<()> {
        let refused = matches!(error.kind(), ErrorKind::WrongState | ErrorKind::Unexpected);
        if refused && error.outcome() == Outcome::Rejected && done(self.state().await?) {
            return Ok(());
        }
        Err(error)
    }

    /// Asks its system to shut down and waits until it is off. One that is off is left alone.
    ///
    /// The agent is asked where it answers; where it does not, or nothing comes of it, the power button is pressed.
    ///
    /// # Errors
    /// `Timeout` when it is still on: the wish was heard, and it may yet go off.
    pub async fn shutdown(&self, how: Shutdown) -> Result<()> {
        if !self.state().await?.is_active() {
            return Ok(());
        }
        let mut patience = Patience::new(how.patience);
        let button = Patience::new(HEARD.min(how.patience / 2));
        // The daemon answers when the guest is off, or after a minute: it is not waited for so long.
        let asked = domain::shutdown(&self.found, AGENT).timeout(button.left().max(LEAST));
        let mut pressed = match self.interrupt(asked).await {
            Ok(()) => false,
            Err(e) if e.outcome() == Outcome::NotSent => return Err(e),
            Err(e) if was_heard(&e) => false,
            Err(e) if has_no_agent(&e) => {
                tracing::debug!(target: "libvirt", domain = %self, error = %e, "no agent was there to be asked");
                self.press().await?;
                true
            }
            // It went away while it was asked, or has crashed before.
            Err(e) if e.kind() == ErrorKind::WrongState => {
                self.press().await?;
                true
            }
            Err(e) => return self.unless(e, |state| !state.is_active()).await,
        };
        loop {
            match self.state().await {
                Ok(state) if !state.is_active() => return Ok(()),
                // A domain that was not defined is gone with its end.
                Err(e) if e.is_not_found() => return Ok(()),
                Ok(_) => {}
                // It was asked, whatever keeps it from being looked at.
                Err(e) => return Err(e.with_outcome(Outcome::Applied)),
            }
            if !pressed && button.left().is_zero() {
                self.press().await?;
                pressed = true;
            }
            if !patience.pause().await {
                break;
            }
        }
        if how.stop {
            return self.stop().await;
        }
        let text = format!("it was asked to shut down, and still runs after {:?}", patience.whole());
        Err(self
            .error(ErrorKind::Timeout, Outcome::Applied, text)
            .during("domain.shutdown")
            .with_advice("allow more time, or stop it hard (then_stop)"))
    }

    async fn press(&self) -> Result<()> {
        // The test driver has no buttons to choose from.
        let button = if self.host.connection().uri().driver == Driver::Test { 0 } else { ACPI };
        match self.interrupt(domain::shutdown(&self.found, button)).await {
            // One that is off has no button that works, and neither has one that has crashed. Its state will tell.
            Err(e) if e.kind() == ErrorKind::WrongState => {
                tracing::debug!(target: "libvirt", domain = %self, error = %e, "the button was not pressed");
                Ok(())
            }
            other => other,
        }
    }

    /// Stops it at once, as by its power switch. One that is off is left alone.
    ///
    /// # Errors
    /// What the daemon says.
    pub async fn stop(&self) -> Result<()> {
        match self.call(domain::destroy(&self.found, 0)).await {
            Ok(()) => Ok(()),
            Err(e) => self.unless(e, |state| !state.is_active()).await,
        }
    }

    /// Asks its system to start anew. Comes back when it has been asked.
    ///
    /// # Errors
    /// `WrongState` when it is off.
    pub async fn reboot(&self) -> Result<()> {
        self.interrupt(domain::reboot(&self.found, 0)).await
    }

    /// Presses the reset button: its system is not asked.
    ///
    /// # Errors
    /// As [`reboot`](Self::reboot).
    pub async fn reset(&self) -> Result<()> {
        self.call(domain::reset(&self.found)).await
    }

    /// Halts its CPUs. What is in memory stays.
    ///
    /// # Errors
    /// As [`reboot`](Self::reboot).
    pub async fn suspend(&self) -> Result<()> {
        self.interrupt(domain::suspend(&self.found)).await
    }

    /// Lets its CPUs go on. One that runs is left alone.
    ///
    /// # Errors
    /// `WrongState` when it is off.
    pub async fn resume(&self) -> Result<()> {
        match self.call(domain::resume(&self.found)).await {
            Ok(()) => Ok(()),
            Err(e) => self.unless(e, |state| state == State::Running).await,
        }
    }

    /// Whether it starts with its host.
    ///
    /// # Errors
    /// As [`state`](Self::state).
    pub async fn autostart(&self) -> Result<bool> {
        self.call(domain::autostart(&self.found)).await
    }

    /// Says whether it starts with its host.
    ///
    /// # Errors
    /// What the daemon says.
    pub async fn set_autostart(&self, on: bool) -> Result<()> {
        self.call(domain::set_autostart(&self.found, on)).await
    }
}
