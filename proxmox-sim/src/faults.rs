//! Faults that the brain itself makes: tasks that fail, warn or take longer. Faults of the connection belong to the server.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What is to go wrong with tasks that start from now on. See [`Sim::faults`](crate::Sim::faults).
///
/// Each fault is used up by the first task that it fits, unless it was set [always](Fault::always).
///
/// ```
/// use proxmox_sim::{Fault, Sim};
/// let sim = Sim::new();
/// sim.faults().add(Fault::fail("qmclone", "no space left on device").vmid(9000));
/// ```
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<Fault>>);

/// One fault of a task.
#[derive(Debug, Clone)]
pub struct Fault {
    kind: String,
    vmid: Option<u32>,
    always: bool,
    pub(crate) effect: FaultEffect,
}

#[derive(Debug, Clone)]
pub(crate) enum FaultEffect {
    Fail(String),
    Warn(Vec<String>),
    Slow(Duration),
}

impl Fault {
    fn new(kind: &str, effect: FaultEffect) -> Self {
        Self { kind: kind.to_owned(), vmid: None, always: false, effect }
    }

    /// A task of type `kind` (`qmstart`, `qmclone` …) ends with the error `message`, and changes nothing.
    #[must_use]
    pub fn fail(kind: &str, message: &str) -> Self {
        Self::new(kind, FaultEffect::Fail(message.to_owned()))
    }

    /// A task of type `kind` does its work and ends with `WARNINGS: n`, one for each line of `lines`.
    #[must_use]
    pub fn warn(kind: &str, lines: &[&str]) -> Self {
        Self::new(kind, FaultEffect::Warn(lines.iter().map(|&l| l.to_owned()).collect()))
    }

    /// A task of type `kind` takes `time` (simulated) longer.
    #[must_use]
    pub fn slow(kind: &str, time: Duration) -> Self {
        Self::new(kind, FaultEffect::Slow(time))
    }

    /// Only for the guest `vmid`: the one in the UPID, so the source of a clone.
    #[must_use]
    pub fn vmid(mut self, vmid: u32) -> Self {
        self.vmid = Some(vmid);
        self
    }

    /// For every such task, not only the next one.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.always = true;
        self
    }
}

impl Faults {
    /// Adds a fault for tasks that start from now on.
    pub fn add(&self, fault: Fault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }

    /// Forgets all faults.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The faults for a task that starts now, oldest first.
    pub(crate) fn take(&self, kind: &str, subject: &str) -> Vec<FaultEffect> {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = Vec::new();
        faults.retain(|fault| {
            let fits = fault.kind == kind && fault.vmid.is_none_or(|id| id.to_string() == subject);
            if fits {
                taken.push(fault.effect.clone());
            }
            !fits || fault.always
        });
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn used_up_by_the_first_that_fits() {
        let faults = Faults::default();
        faults.add(Fault::fail("qmstart", "no").vmid(100));
        faults.add(Fault::slow("qmstart", Duration::from_secs(1)).always());
        assert_eq!(faults.take("qmstop", "100").len(), 0);
        assert_eq!(faults.take("qmstart", "101").len(), 1);
        assert_eq!(faults.take("qmstart", "100").len(), 2);
        assert_eq!(faults.take("qmstart", "100").len(), 1);
        faults.clear();
        assert_eq!(faults.take("qmstart", "100").len(), 0);
    }
}
