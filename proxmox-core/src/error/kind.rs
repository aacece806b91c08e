use serde::{Deserialize, Serialize};

/// What kind of trouble an [`Error`](crate::Error) is. More kinds may come: keep a catch-all arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// A value is malformed; `outcome` tells whether this side or PVE found out.
    InvalidInput,
    /// The guest, node, storage, snapshot or task does not exist.
    NotFound,
    /// The id or name is taken.
    AlreadyExists,
    /// No valid credentials.
    Unauthenticated,
    /// The credentials are valid but lack a privilege.
    PermissionDenied,
    /// A safety gate refused the request on this side.
    Refused,
    /// The object was changed meanwhile (digest mismatch).
    Conflict,
    /// The guest carries a PVE lock (`clone`, `backup`, `migrate` …).
    Locked,
    /// The object is in the wrong state for this: running, stopped, not a template.
    WrongState,
    /// A lock file or worker slot was not free in time; the work was not begun.
    Busy,
    /// The guest agent is not configured or does not answer.
    Agent,
    /// The task ran and failed, or was stopped.
    TaskFailed,
    /// No connection: refused, no route, unknown host; or it broke before the answer was complete. `outcome` tells which.
    Connect,
    /// The TLS handshake failed: unknown certificate, wrong name, wrong fingerprint.
    Tls,
    /// No answer within the budget.
    Timeout,
    /// The API answered for a node that it cannot reach (595, 596, 599).
    NodeUnreachable,
    /// The API server cannot serve right now (502, 503, 504).
    Unavailable,
    /// PVE, or this transport, does not offer the operation.
    Unsupported,
    /// The answer is not what the API promises.
    Decode,
    /// Anything else; the message is PVE's.
    #[default]
    Unexpected,
}

impl ErrorKind {
    /// Whether the same request may succeed a little later.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::Connect | Self::Timeout | Self::NodeUnreachable | Self::Unavailable | Self::Busy)
    }

    pub(super) const fn advice(self) -> Option<&'static str> {
        Some(match self {
            Self::Unauthenticated => "check token id and secret, or user and password, and the clock",
            Self::PermissionDenied => {
                "grant the privilege on that path; a privilege-separated token needs an ACL of its own"
            }
            Self::Conflict => "read the configuration again and repeat the change on the new state",
            Self::Locked => "wait for the task that holds the lock to end",
            Self::Busy => "try again a little later",
            Self::Agent => {
                "enable the agent (agent: 1), install qemu-guest-agent in the guest, start the guest"
            }
            Self::Connect => "check address, port and firewall",
            Self::Tls => {
                "pass the cluster's CA (/etc/pve/pve-root-ca.pem) or the certificate's SHA-256 fingerprint"
            }
            Self::NodeUnreachable => "check that the node is online and named as in /nodes",
            Self::Timeout => "check the node, or allow more time",
            _ => return None,
        })
    }
}

/// What became of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It never left this machine.
    NotSent,
    /// It was answered with a refusal or a failure. How far a failed *task* came before it failed, its log tells.
    Rejected,
    /// It left, and no answer says what became of it.
    #[default]
    MaybeApplied,
    /// It took effect, and something after it failed.
    Applied,
}
