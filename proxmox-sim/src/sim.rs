//! The handle of one simulated cluster.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::answer::into_answer;
use crate::builder::SimBuilder;
use crate::clock::Clock;
use crate::exchange::{Credentials, SimAnswer, SimRequest};
use crate::faults::Faults;
use crate::guest::Guest;
use crate::inspect::{GuestView, SeenRequest, TaskView};
use crate::node::Link;
use crate::state::State;

/// How many requests are remembered.
const REMEMBERED: usize = 10_000;

/// Which PVE is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum PveVersion {
    /// 8.4.21, the default.
    #[default]
    V8,
    /// 9.2.11.
    V9,
}

impl PveVersion {
    /// What `/version` says: `8.4.21`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V8 => "8.4.21",
            Self::V9 => "9.2.11",
        }
    }

    /// `8.4`
    #[must_use]
    pub const fn release(self) -> &'static str {
        match self {
            Self::V8 => "8.4",
            Self::V9 => "9.2",
        }
    }
}

/// A simulated cluster: a cheap handle, clones share the cluster. It lives as long as its last handle.
///
/// ```
/// use proxmox_sim::{Sim, SimRequest};
/// let sim = Sim::new();
/// let answer = sim.answer(&SimRequest::new("GET", "/nodes/pve1/qemu/100/status/current"));
/// assert_eq!(answer.status, 200);
/// assert_eq!(answer.data()["name"], "handmade");
/// ```
#[derive(Clone)]
pub struct Sim(Arc<Inner>);

struct Inner {
    clock: Clock,
    faults: Arc<Faults>,
    version: PveVersion,
    state: Mutex<State>,
}

impl Sim {
    /// The [default cluster](crate#the-default-cluster).
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Starts from the default cluster and changes it.
    #[must_use]
    pub fn builder() -> SimBuilder {
        SimBuilder::new()
    }

    pub(crate) fn from_parts(clock: Clock, version: PveVersion, state: State) -> Self {
        let faults = Arc::clone(&state.faults);
        Self(Arc::new(Inner { clock, faults, version, state: Mutex::new(state) }))
    }

    /// The state as it is now: all tasks that are due have ended.
    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.settle(self.0.clock.now().as_secs_f64());
        state
    }

    /// What PVE would answer. Never blocks for simulated time: a late answer says so in its
    /// [`delay`](SimAnswer::delay).
    #[must_use]
    pub fn answer(&self, request: &SimRequest) -> SimAnswer {
        let mut state = self.state();
        state.see(request);
        let now = self.0.clock.now().as_secs_f64();
        into_answer(crate::routes::answer(&mut state, now, request))
    }

    /// Notes a request that does not come by the API, and gives the state to whoever answers it.
    pub(crate) fn beside_the_api<T>(&self, request: &SimRequest, answer: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state();
        state.see(request);
        answer(&mut state)
    }

    /// The node whose files and programs are those of [`NodeRoot`](crate::NodeRoot): the first.
    #[cfg(feature = "sshd")]
    pub(crate) fn first_node(&self) -> Option<String> {
        self.state().nodes.keys().next().cloned()
    }

    /// The answer to somebody who is not let in at all, whatever they ask for.
    pub(crate) fn turned_away(&self, method: &str, auth: &Credentials) -> Option<SimAnswer> {
        let now = self.0.clock.now().as_secs_f64();
        let refused = self.state().authenticate(auth, method == "GET", now).err()?;
        Some(into_answer(Err(refused)))
    }

    /// A ticket of this user and its CSRF token, as the node itself makes them.
    #[cfg(feature = "sshd")]
    pub(crate) fn mint(&self, user: &str) -> (String, String) {
        let now = self.0.clock.now().as_secs_f64();
        self.state().ticket(user, now)
    }

    /// Breaks a task off whose starter has gone.
    pub(crate) fn break_task(&self, upid: &str) {
        let now = self.0.clock.now().as_secs_f64();
        let mut state = self.state();
        if let Some(index) = state.tasks.iter().position(|task| task.upid == upid) {
            state.stop_task(index, now, "broken pipe");
        }
    }

    /// The simulated clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Which PVE it is.
    #[must_use]
    pub fn version(&self) -> PveVersion {
        self.0.version
    }

    /// What is to go wrong with tasks.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.0.faults
    }

    /// All guests, by vmid.
    #[must_use]
    pub fn guests(&self) -> Vec<GuestView> {
        self.state().guests.values().map(GuestView::of).collect()
    }

    /// One guest.
    #[must_use]
    pub fn guest(&self, vmid: u32) -> Option<GuestView> {
        self.state().guests.get(&vmid).map(GuestView::of)
    }

    /// What is in a file of a storage that came while the simulation ran, as a node sees it.
    #[must_use]
    pub fn file(&self, volid: &str, node: &str) -> Option<Vec<u8>> {
        self.state().file(volid, node).map(<[u8]>::to_vec)
    }

    /// The volumes of a storage as a node sees them, by their ids.
    #[must_use]
    pub fn volumes(&self, storage: &str, node: &str) -> Vec<String> {
        let state = self.state();
        let Some(storage) = state.storages.get(storage) else { return Vec::new() };
        storage.volumes_on(node).map(|volume| volume.volid.clone()).collect()
    }

    /// All tasks so far, oldest first.
    #[must_use]
    pub fn tasks(&self) -> Vec<TaskView> {
        self.state().tasks.iter().map(TaskView::of).collect()
    }

    /// The last 10,000 requests, oldest first, secrets left out.
    #[must_use]
    pub fn requests(&self) -> Vec<SeenRequest> {
        self.state().seen.iter().cloned().collect()
    }

    /// Forgets the requests seen so far.
    pub fn forget_requests(&self) {
        self.state().seen.clear();
    }

    /// Takes a node down, or up again: requests for it are then answered 595. False when there is no such node.
    #[must_use = "false when it is not there"]
    pub fn set_node_down(&self, node: &str, down: bool) -> bool {
        self.state()
            .nodes
            .get_mut(node)
            .map(|node| node.link = if down { Link::Refused } else { Link::Up })
            .is_some()
    }

    /// Sets or removes the `lock` of a guest, as a backup or a crashed task would. False when there is no such guest.
    #[must_use = "false when it is not there"]
    pub fn set_lock(&self, vmid: u32, lock: Option<&str>) -> bool {
        self.change(vmid, |guest| match lock {
            Some(lock) => guest.set("lock", lock),
            None => drop(guest.config.remove("lock")),
        })
    }

    /// Whether the operating system of a guest runs a guest agent. False when there is no such guest.
    #[must_use = "false when it is not there"]
    pub fn set_agent(&self, vmid: u32, runs: bool) -> bool {
        self.change(vmid, |guest| guest.has_agent = runs)
    }

    /// Whether a guest obeys a shutdown request; one that does not lets it run into its timeout. False when there is
    /// no such guest.
    #[must_use = "false when it is not there"]
    pub fn set_obeys_shutdown(&self, vmid: u32, obeys: bool) -> bool {
        self.change(vmid, |guest| guest.obeys = obeys)
    }

    /// Changes a key of a guest's configuration behind the API's back, as somebody else would; `None` removes it. False
    /// when there is no such guest.
    #[must_use = "false when it is not there"]
    pub fn set_config(&self, vmid: u32, key: &str, value: Option<&str>) -> bool {
        self.change(vmid, |guest| match value {
            Some(value) => guest.set(key, value),
            None => drop(guest.config.remove(key)),
        })
    }

    fn change(&self, vmid: u32, change: impl FnOnce(&mut Guest)) -> bool {
        self.state().guests.get_mut(&vmid).map(change).is_some()
    }
}

impl State {
    fn see(&mut self, request: &SimRequest) {
        if self.seen.len() == REMEMBERED {
            self.seen.pop_front();
        }
        self.seen.push_back(SeenRequest::of(request));
    }
}

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sim")
            .field("version", &self.0.version)
            .field("clock", &self.0.clock)
            .finish_non_exhaustive()
    }
}

impl Default for Sim {
    fn default() -> Self {
        Self::new()
    }
}
