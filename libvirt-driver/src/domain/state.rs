use std::fmt;

use proxmox_core::backend::InstanceState;

use crate::rpc::DomainState;

/// What a domain does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// It runs.
    Running,
    /// It waits for something of the host.
    Blocked,
    /// It is in memory, and its CPUs are halted.
    Paused,
    /// It is being shut down by its own system.
    ShuttingDown,
    /// It is off.
    Off,
    /// It was running, and has failed.
    Crashed,
    /// Its own system has put it to sleep.
    Asleep,
    /// The daemon does not know, or says something that is not known here.
    Unknown,
}

impl State {
    /// libvirt's `virDomainState`.
    pub(crate) fn of(number: i32) -> Self {
        match number {
            1 => Self::Running,
            2 => Self::Blocked,
            3 => Self::Paused,
            4 => Self::ShuttingDown,
            5 => Self::Off,
            6 => Self::Crashed,
            7 => Self::Asleep,
            _ => Self::Unknown,
        }
    }

    /// Whether there is something of it in memory: of one that has crashed too, where the host keeps it to be looked at. One that is
    /// not known to be off may run.
    #[must_use]
    pub fn is_active(self) -> bool {
        self != Self::Off
    }
}

impl From<DomainState> for State {
    fn from(state: DomainState) -> Self {
        Self::of(state.state)
    }
}

impl From<State> for InstanceState {
    fn from(state: State) -> Self {
        match state {
            State::Running | State::Blocked | State::ShuttingDown => Self::Running,
            State::Paused | State::Asleep => Self::Paused,
            State::Off => Self::Stopped,
            State::Crashed => Self::Crashed,
            State::Unknown => Self::Unknown,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Running => "running",
            Self::Blocked => "blocked",
            Self::Paused => "paused",
            Self::ShuttingDown => "shutting down",
            Self::Off => "off",
            Self::Crashed => "crashed",
            Self::Asleep => "asleep",
            Self::Unknown => "unknown",
        })
    }
}
