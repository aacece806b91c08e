//! Asking the brain without any wire, with a clock that moves only by hand.

use std::time::Duration;

use proxmox_sim::{Credentials, Sim, SimAnswer, SimBuilder, SimRequest};
use serde_json::Value;

pub(crate) struct Asker {
    pub(crate) sim: Sim,
    auth: Credentials,
}

impl Asker {
    /// The default cluster.
    pub(crate) fn new() -> Self {
        Self::of(Sim::builder())
    }

    pub(crate) fn of(builder: SimBuilder) -> Self {
        Self { sim: builder.time_scale(0.0).build(), auth: Credentials::Root }
    }

    /// The same cluster, asked with an API token.
    pub(crate) fn token(&self, id: &str, secret: &str) -> Self {
        Self { sim: self.sim.clone(), auth: Credentials::Token(format!("{id}={secret}")) }
    }

    pub(crate) fn ask(&self, method: &str, path: &str, params: &[(&str, &str)]) -> SimAnswer {
        let request = SimRequest::new(method, path).auth(self.auth.clone());
        self.sim.answer(&params.iter().fold(request, |request, (name, value)| request.param(name, *value)))
    }

    /// The data of a request that must succeed.
    pub(crate) fn ok(&self, method: &str, path: &str, params: &[(&str, &str)]) -> Value {
        let answer = self.ask(method, path, params);
        assert_eq!(answer.status, 200, "{method} {path} {params:?}: {}", shown(&answer));
        answer.data()
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        self.ok("GET", path, &[])
    }

    /// Status and reason of a request that must fail.
    pub(crate) fn refused(&self, method: &str, path: &str, params: &[(&str, &str)]) -> (u16, String) {
        let answer = self.ask(method, path, params);
        assert_ne!(answer.status, 200, "{method} {path} {params:?}: {}", shown(&answer));
        (answer.status, answer.reason)
    }

    /// The text that a 400 has for one parameter.
    pub(crate) fn param_error(
        &self,
        method: &str,
        path: &str,
        params: &[(&str, &str)],
        name: &str,
    ) -> String {
        let answer = self.ask(method, path, params);
        assert_eq!(answer.status, 400, "{method} {path} {params:?}: {}", shown(&answer));
        answer.errors().remove(name).unwrap_or_else(|| panic!("no error for {name}: {}", shown(&answer)))
    }

    /// Starts a task and lets it end: its exit status.
    pub(crate) fn task(&self, method: &str, path: &str, params: &[(&str, &str)]) -> String {
        let upid = self.ok(method, path, params);
        self.pass(600);
        self.status(upid.as_str().unwrap())["exitstatus"].as_str().unwrap().to_owned()
    }

    pub(crate) fn status(&self, upid: &str) -> Value {
        self.get(&format!("/nodes/{}/tasks/{upid}/status", upid.split(':').nth(1).unwrap()))
    }

    /// The log of the last task.
    pub(crate) fn last_log(&self) -> Vec<String> {
        self.sim.tasks().last().unwrap().log.clone()
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.sim.clock().advance(Duration::from_secs(seconds));
    }
}

pub(crate) fn shown(answer: &SimAnswer) -> String {
    format!("{} {} {}", answer.status, answer.reason, String::from_utf8_lossy(&answer.body))
}
