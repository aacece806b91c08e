//! What tests can see of the cluster without asking its API.

use std::collections::BTreeMap;

use crate::exchange::{Credentials, SimRequest, SimValue};
use crate::guest::{Guest, GuestKind};
use crate::task::Task;

/// A guest as it is.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct GuestView {
    /// Its number.
    pub vmid: u32,
    /// VM or container.
    pub kind: GuestKind,
    /// Where it is.
    pub node: String,
    /// `name` or `hostname`.
    pub name: Option<String>,
    /// Running, paused included.
    pub running: bool,
    /// Paused.
    pub paused: bool,
    /// A template.
    pub template: bool,
    /// The value of `lock`.
    pub lock: Option<String>,
    /// Its tags, split.
    pub tags: Vec<String>,
    /// The configuration as it is stored.
    pub config: BTreeMap<String, String>,
    /// Names of its snapshots.
    pub snapshots: Vec<String>,
}

impl GuestView {
    pub(crate) fn of(guest: &Guest) -> Self {
        let split =
            |tags: &str| tags.split([';', ',', ' ']).filter(|t| !t.is_empty()).map(str::to_owned).collect();
        Self {
            vmid: guest.vmid,
            kind: guest.kind,
            node: guest.node.clone(),
            name: guest.name().map(str::to_owned),
            running: guest.is_running(),
            paused: guest.run.as_ref().is_some_and(|run| run.paused),
            template: guest.is_template(),
            lock: guest.lock().map(str::to_owned),
            tags: guest.get("tags").map(split).unwrap_or_default(),
            config: guest.config.clone(),
            snapshots: guest.snapshots.iter().map(|s| s.name.clone()).collect(),
        }
    }
}

/// A task as it is.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TaskView {
    /// Its id.
    pub upid: String,
    /// `qmclone` and so on.
    pub kind: String,
    /// What it is about: a vmid, or nothing.
    pub subject: String,
    /// Who started it.
    pub user: String,
    /// `OK`, `WARNINGS: 1`, an error; none while it runs.
    pub exitstatus: Option<String>,
    /// Its log so far.
    pub log: Vec<String>,
}

impl TaskView {
    pub(crate) fn of(task: &Task) -> Self {
        Self {
            upid: task.upid.clone(),
            kind: task.kind.clone(),
            subject: task.subject.clone(),
            user: task.user.clone(),
            exitstatus: task.exitstatus.clone(),
            log: task.log.clone(),
        }
    }
}

/// A request that came.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SeenRequest {
    /// `GET` and so on.
    pub method: String,
    /// Below `/api2/json`.
    pub path: String,
    /// In order, repeats kept; the values of secrets are `<redacted>`.
    pub params: Vec<(String, String)>,
    /// The token id or the user of the ticket, as claimed; `root@pam` for the in-process caller.
    pub who: Option<String>,
}

impl SeenRequest {
    pub(crate) fn of(request: &SimRequest) -> Self {
        let secret = |name: &str| {
            matches!(
                name,
                "password" | "cipassword" | "otp" | "confirmation-password" | "input-data" | "content"
            )
        };
        let shown = |name: &str, value: &SimValue| match value {
            _ if secret(name) => "<redacted>".to_owned(),
            // A batch holds the parameters of others.
            SimValue::Text(text) if name == "commands" && text.contains("password") => {
                "<redacted>".to_owned()
            }
            SimValue::Text(text) => text.clone(),
            SimValue::Json(value) => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
        };
        Self {
            method: request.method.clone(),
            path: request.path.clone(),
            params: request.params.iter().map(|(n, v)| (n.clone(), shown(n, v))).collect(),
            who: match &request.auth {
                Credentials::None => None,
                Credentials::Root => Some("root@pam".to_owned()),
                Credentials::Token(text) => text.split('=').next().map(str::to_owned),
                Credentials::Ticket { ticket, .. } => ticket.split(':').nth(1).map(str::to_owned),
            },
        }
    }

    /// The value of a parameter, the first when there are several.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}
