//! The report of a cluster or host.

use std::time::{SystemTime, UNIX_EPOCH};

use proxmox_core::NodeName;
use proxmox_fleet::{Gather, Report, Snapshot, Thresholds};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::error::invalid;
use super::records::record;
use super::way::Way;

/// What is to be in it.
pub(crate) struct Wanted {
    pub(crate) name: Option<String>,
    pub(crate) node: Option<NodeName>,
    pub(crate) addresses: bool,
    pub(crate) snapshots: bool,
}

/// Gathers and judges.
pub(crate) fn report(
    py: Python<'_>,
    way: &Way,
    wanted: Wanted,
    thresholds: Option<&Bound<'_, PyDict>>,
) -> PyResult<Py<PyAny>> {
    let thresholds = match thresholds {
        Some(given) => read(py, given)?,
        None => Thresholds::default(),
    };
    let pve = way.pve()?;
    let flow = async move {
        let mut gather = Gather::new(now());
        gather = wanted.name.into_iter().fold(gather, Gather::source);
        gather = wanted.node.into_iter().fold(gather, Gather::node);
        if wanted.addresses {
            gather = gather.with_addresses();
        }
        if wanted.snapshots {
            gather = gather.with_snapshots();
        }
        Ok(Report::of(&[Snapshot::gather(&pve, gather).await?], &thresholds))
    };
    way.flow(py, flow, record)
}

/// The thresholds as their JSON says them: those that are not named stay as they are.
fn read(py: Python<'_>, given: &Bound<'_, PyDict>) -> PyResult<Thresholds> {
    let text: String = py.import("json")?.call_method1("dumps", (given,))?.extract()?;
    serde_json::from_str(&text).map_err(|e| invalid("thresholds", format!("thresholds: {e}")))
}

#[allow(clippy::disallowed_methods)] // When it was taken is for people, who live by the machine's clock.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
