//! What reached the simulator, and what it did about it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::exchange::SimValue;
use crate::wire_fault::WireFault;

/// One request that reached a server or transport.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LogEntry {
    /// Which connection it came over, counted from 1; 0 in-process.
    pub connection: u64,
    /// `GET`, `POST` …
    pub method: String,
    /// Decoded, below `/api2/json`. For a request that PVE's web server refused to read: its target as it came.
    pub path: String,
    /// Decoded parameters, **secrets in the clear**; empty when the body was not read.
    pub params: Vec<(String, SimValue)>,
    /// Whether all of it arrived.
    pub received: bool,
    /// Whether the simulated PVE got to see it. It may have refused it all the same: see `status`.
    pub executed: bool,
    /// The status that was, or would have been, sent.
    pub status: Option<u16>,
    /// What went wrong on purpose.
    pub fault: Option<WireFault>,
}

/// The requests that reached a server or transport, in the order of their arrival. Clones share it.
///
/// ```
/// use proxmox_core::{PvePath, PveRequest};
/// use proxmox_sim::Sim;
/// let transport = Sim::new().transport();
/// let log = transport.log().clone();
/// let pve = proxmox_core::Pve::new(transport);
/// let version: serde_json::Value = pve.request(PveRequest::get(PvePath::parse("/version")?)).block()?;
/// assert_eq!(log.executed("GET", "/version"), 1);
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct RequestLog(Arc<Mutex<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    kept: Vec<LogEntry>,
    /// How many came before these and were forgotten.
    forgotten: usize,
}

impl RequestLog {
    /// All of it so far.
    #[must_use]
    pub fn entries(&self) -> Vec<LogEntry> {
        self.lock().kept.clone()
    }

    /// How many requests with this method (`"*"` for any) and exactly this path arrived, whole or in part.
    #[must_use]
    pub fn arrived(&self, method: &str, path: &str) -> usize {
        self.count(method, path, |_| true)
    }

    /// How many of them the simulated PVE got to see.
    #[must_use]
    pub fn executed(&self, method: &str, path: &str) -> usize {
        self.count(method, path, |entry| entry.executed)
    }

    /// Forgets all of it.
    pub fn clear(&self) {
        let mut entries = self.lock();
        entries.forgotten += entries.kept.len();
        entries.kept.clear();
    }

    fn count(&self, method: &str, path: &str, which: impl Fn(&LogEntry) -> bool) -> usize {
        let matches =
            |e: &&LogEntry| (method == "*" || e.method.eq_ignore_ascii_case(method)) && e.path == path;
        self.lock().kept.iter().filter(matches).filter(|e| which(e)).count()
    }

    /// Notes an arrival; the rest is filled in as it happens.
    pub(crate) fn arrive(&self, connection: u64, method: &str, path: &str) -> Ticket {
        let entry = LogEntry {
            connection,
            method: method.to_owned(),
            path: path.to_owned(),
            params: Vec::new(),
            received: false,
            executed: false,
            status: None,
            fault: None,
        };
        let mut entries = self.lock();
        entries.kept.push(entry);
        Ticket { log: self.clone(), at: entries.forgotten + entries.kept.len() - 1 }
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one request in the log.
#[derive(Debug)]
pub(crate) struct Ticket {
    log: RequestLog,
    at: usize,
}

impl Ticket {
    /// Does nothing when the log was cleared meanwhile.
    pub(crate) fn note(&self, change: impl FnOnce(&mut LogEntry)) {
        let mut entries = self.log.lock();
        let at = self.at.checked_sub(entries.forgotten);
        if let Some(entry) = at.and_then(|at| entries.kept.get_mut(at)) {
            change(entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forgotten_entry_stays_forgotten() {
        let log = RequestLog::default();
        let first = log.arrive(1, "GET", "/version");
        log.clear();
        let second = log.arrive(1, "GET", "/version");
        first.note(|e| e.executed = true);
        assert_eq!((log.arrived("get", "/version"), log.executed("*", "/version")), (1, 0));
        second.note(|e| e.executed = true);
        assert_eq!((log.executed("GET", "/version"), log.executed("PUT", "/version")), (1, 0));
    }
}
