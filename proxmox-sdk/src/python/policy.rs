//! The safety policy, and who is told what the gate decides.

use proxmox_core::policy::{Decision, Passage};
use proxmox_core::{NodeName, Policy as Gate};
use pyo3::prelude::*;
use serde_json::json;

use super::args::{Arg, GuestId, callable};
use super::error::OrRaise;
use super::lane::Lane;
use super::records;

/// Which guests may be touched, and how deeply.
///
/// By default only guests with the tag `sdk-managed` are written to, and none that carries `production` or `protected` is stopped,
/// deleted or otherwise interrupted. `read_only` holds pairs of the first and the last number. `allow` names rules about paths that
/// are to be let pass, such as `network`. A `force=` that names the guest lets one call pass.
#[pyclass(frozen, module = "proxmox_sdk", eq)]
#[derive(PartialEq)]
pub(crate) struct Policy(pub(crate) Gate);

#[pymethods]
impl Policy {
    #[new]
    #[pyo3(signature = (*, managed_tag=None, protected_tags=None, marker=None, read_only=Vec::new(), only_nodes=None,
        only_pools=None, allow=Vec::new()))]
    fn new(
        managed_tag: Option<&str>,
        protected_tags: Option<Vec<String>>,
        marker: Option<&str>,
        read_only: Vec<(GuestId, GuestId)>,
        only_nodes: Option<Vec<Arg<NodeName>>>,
        only_pools: Option<Vec<String>>,
        allow: Vec<String>,
    ) -> PyResult<Self> {
        let mut gate = Gate::default();
        if let Some(tag) = managed_tag {
            gate = gate.managed_tag(tag).or_raise()?;
        }
        if let Some(tags) = protected_tags {
            gate = gate.protected_tags(tags.iter().map(String::as_str)).or_raise()?;
        }
        if let Some(text) = marker {
            gate = gate.marker(text).or_raise()?;
        }
        for (first, last) in read_only {
            gate = gate.read_only(first.0..=last.0).or_raise()?;
        }
        if let Some(nodes) = only_nodes {
            gate = gate.only_nodes(nodes.into_iter().map(|node| node.0)).or_raise()?;
        }
        if let Some(pools) = only_pools {
            gate = gate.only_pools(pools).or_raise()?;
        }
        for rule in allow {
            gate = gate.allow(rule.parse().or_raise()?).or_raise()?;
        }
        Ok(Self(gate))
    }

    /// No gate at all: every request that the credentials allow is sent.
    #[staticmethod]
    fn dangerous_allow_everything() -> Self {
        Self(Gate::dangerous_allow_everything())
    }

    /// The tag of managed guests.
    #[getter]
    fn managed_tag(&self) -> &str {
        self.0.tag()
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }
}

/// A listener of the gate. It is told from another thread; what it raises is shown as an exception that nobody can catch, and
/// changes nothing.
pub(crate) fn listener(
    py: Python<'_>,
    tell: Py<PyAny>,
) -> PyResult<impl Fn(&Decision<'_>) + Send + Sync + 'static> {
    callable("on_decision", tell.bind(py))?;
    let (lane, tell) = (Lane::get(py)?, std::sync::Arc::new(tell));
    Ok(move |decision: &Decision<'_>| {
        let (verdict, rule, why) = match &decision.passage {
            Passage::Forced(refusal) => ("forced", Some(refusal.rule.as_str()), Some(refusal.why.clone())),
            Passage::Refused(error) => ("refused", None, Some(error.to_string())),
            _ => ("allowed", None, None),
        };
        let told = json!({
            "verdict": verdict, "rule": rule, "why": why, "pvesh": decision.request.to_string(),
            "verb": decision.request.verb, "path": decision.request.path.as_str(), "effect": decision.request.effect,
        });
        let tell = std::sync::Arc::clone(&tell);
        lane.notify(Box::new(move |py| {
            let heard = records::made(py, "Decision", told).and_then(|told| tell.bind(py).call1((told,)));
            if let Err(e) = heard {
                e.write_unraisable(py, Some(tell.bind(py)));
            }
        }));
    })
}
