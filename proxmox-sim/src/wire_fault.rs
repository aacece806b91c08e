//! What goes wrong on the way: switches for one request or for many.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// One thing that goes wrong with a request, or with its answer.
///
/// The first three close the connection without an answer. For a client they look alike, but they differ in what
/// happened to the request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WireFault {
    /// The head is read, then the connection is closed: the body is not read, nothing is executed.
    CloseBeforeReading,
    /// All of the request is read, then the connection is closed: nothing is executed.
    CloseBeforeExecuting,
    /// The request is executed, and its answer is lost.
    CloseAfterExecuting,
    /// The request is executed and answered, and the connection is closed right after, although the answer says that it
    /// stays open: the next request of a client that keeps connections meets a dead one.
    CloseAfterAnswering,
    /// The request is executed, and the answer is held back for so long: real time, whatever the clock's scale.
    Delay(Duration),
    /// The request is executed, and the connection breaks after half of the answer's body.
    Truncate,
    /// Not executed; answered with this status and reason and an empty body, as PVE's proxy does with `595` (node not
    /// reachable) and `596` (it hung up), or any other.
    Status(u16, String),
    /// Not executed; a reverse proxy answers `503` with an HTML page.
    Html,
    /// Executed, but the answer is a 200 with an empty body.
    Empty,
    /// Executed, but the answer is a 200 whose body is so many bytes of no JSON.
    Garbage(usize),
    /// Executed, but the answer is a 200 with this body instead of PVE's: JSON of another form, an HTML page.
    Body(String),
    /// All of the request is read, then nothing happens until the client gives up or the server ends.
    Stall,
}

impl WireFault {
    /// PVE's answer when another node does not let itself be reached: `595 Connection refused`.
    #[must_use]
    pub fn refused() -> Self {
        Self::Status(595, "Connection refused".to_owned())
    }

    /// PVE's answer when another process of its own hung up: `596 Broken pipe`.
    #[must_use]
    pub fn broken_pipe() -> Self {
        Self::Status(596, "Broken pipe".to_owned())
    }

    /// A rule that lets this happen **once**, to the first request with this method (`"*"` for any) whose path below
    /// `/api2/json` is `path` or lies beneath it.
    pub fn on(self, method: impl Into<String>, path: impl Into<String>) -> WireRule {
        WireRule { fault: self, method: method.into(), path: path.into(), skip: 0, left: Some(1) }
    }
}

/// When a [`WireFault`] happens. Made by [`WireFault::on`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireRule {
    fault: WireFault,
    method: String,
    path: String,
    skip: u32,
    left: Option<u32>,
}

impl WireRule {
    /// It happens to so many requests instead of one.
    #[must_use]
    pub fn times(mut self, count: u32) -> Self {
        self.left = Some(count);
        self
    }

    /// It happens to every matching request.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.left = None;
        self
    }

    /// The first so many matching requests are spared.
    #[must_use]
    pub fn after(mut self, count: u32) -> Self {
        self.skip = count;
        self
    }

    fn matches(&self, method: &str, path: &str) -> bool {
        let prefix = self.path.trim_end_matches('/');
        let below = path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        below && (self.method == "*" || self.method.eq_ignore_ascii_case(method))
    }
}

/// The fault switches of one server or transport. Clones share their rules.
///
/// ```
/// use proxmox_sim::{WireFault, WireFaults};
/// let faults = WireFaults::default();
/// // The second start of a VM from now on takes place, but nobody hears of it.
/// faults.add(WireFault::CloseAfterExecuting.on("POST", "/nodes/pve1/qemu").after(1));
/// ```
#[derive(Debug, Clone, Default)]
pub struct WireFaults(Arc<Mutex<Rules>>);

#[derive(Debug, Default)]
struct Rules {
    requests: Vec<WireRule>,
    connections: u32,
}

impl WireFaults {
    /// Adds a rule. Of several that match a request, the one added first acts.
    pub fn add(&self, rule: WireRule) {
        self.rules().requests.push(rule);
    }

    /// Closes the next so many connections as soon as they are made, before TLS and before any request: their clients
    /// know that nothing was sent. In-process callers make no connections.
    pub fn close_connections(&self, count: u32) {
        self.rules().connections = count;
    }

    /// Removes all rules. Requests that already stall go on stalling.
    pub fn clear(&self) {
        *self.rules() = Rules::default();
    }

    /// The fault for this request, counted as having happened.
    pub(crate) fn take(&self, method: &str, path: &str) -> Option<WireFault> {
        let mut rules = self.rules();
        let mut found = None;
        for (at, rule) in rules.requests.iter_mut().enumerate() {
            if !rule.matches(method, path) {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            found = Some(at);
            break;
        }
        let at = found?;
        let rule = &mut rules.requests[at];
        let fault = rule.fault.clone();
        if let Some(left) = &mut rule.left {
            *left = left.saturating_sub(1);
            if *left == 0 {
                rules.requests.remove(at);
            }
        }
        Some(fault)
    }

    /// Whether the connection just made is to be closed.
    #[cfg(any(feature = "server", test))]
    pub(crate) fn take_connection(&self) -> bool {
        let mut rules = self.rules();
        let close = rules.connections > 0;
        rules.connections = rules.connections.saturating_sub(1);
        close
    }

    /// Rules are never left half changed, so a panic elsewhere does not spoil them.
    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_matches_whole_segments_and_wears_out() {
        let faults = WireFaults::default();
        faults.add(WireFault::Stall.on("POST", "/nodes/pve1/qemu/100"));
        for (method, path) in
            [("GET", "/nodes/pve1/qemu/100"), ("POST", "/nodes/pve1/qemu/1000"), ("POST", "/nodes/pve1/qemu")]
        {
            assert_eq!(faults.take(method, path), None, "{method} {path}");
        }
        assert_eq!(faults.take("POST", "/nodes/pve1/qemu/100/status/start"), Some(WireFault::Stall));
        assert_eq!(faults.take("POST", "/nodes/pve1/qemu/100"), None);
    }

    #[test]
    fn after_times_always_and_order() {
        let faults = WireFaults::default();
        faults.add(WireFault::Empty.on("*", "/").after(1).times(2));
        faults.add(WireFault::Html.on("GET", "/version").always());
        let taken: Vec<_> = (0..5).map(|_| faults.take("GET", "/version")).collect();
        let html = Some(WireFault::Html);
        assert_eq!(taken, [html.clone(), Some(WireFault::Empty), Some(WireFault::Empty), html.clone(), html]);
        faults.clear();
        assert_eq!(faults.take("GET", "/version"), None);
    }

    #[test]
    fn connections() {
        let faults = WireFaults::default();
        faults.close_connections(2);
        let closed: Vec<_> = (0..3).map(|_| faults.take_connection()).collect();
        assert_eq!(closed, [true, true, false]);
    }
}
