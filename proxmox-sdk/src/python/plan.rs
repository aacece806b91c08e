//! What a piece of program would send, without sending it; and sending exactly that.

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use proxmox_core::plan::Planner;
use proxmox_core::{Error, ErrorKind, Outcome};
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::client::ClientBase;
use super::error::{error_of, invalid, raise};
use super::process::OfProcess;
use super::to_python::typed;
use super::way::{Way, none};

/// What a piece of program would send.
///
/// ```python
/// with client.plan() as plan:
///     plan.client.vm(100, node="pve1").start()
/// print(plan)
/// plan.apply()
/// ```
///
/// What is done with `plan.client` reads for real and only notes its writes; what is done with another client is done. When the
/// block ends with a `ProxmoxError`, the plan ends there and has an `obstacle`: it is not the whole of it and cannot be applied.
#[pyclass(frozen, module = "proxmox_sdk")]
pub(crate) struct Plan {
    way: Way,
    client: Py<PyAny>,
    state: OfProcess<Arc<Mutex<State>>>,
}

enum State {
    Planning(Planner),
    Planned(proxmox_core::Plan),
    /// It is being applied, or that was broken off.
    Away,
}

impl Plan {
    pub(crate) fn new(py: Python<'_>, way: &Way) -> PyResult<Self> {
        let planner = way.pve()?.planner();
        let client = ClientBase::over(py, way.within(planner.handle()))?;
        Ok(Self {
            way: way.clone(),
            client,
            state: OfProcess::new(Arc::new(Mutex::new(State::Planning(planner)))),
        })
    }

    fn state<T>(&self, look: impl FnOnce(&mut State) -> T) -> PyResult<T> {
        Ok(locked(self.state.get("the plan")?, look))
    }

    fn finish(&self, end: proxmox_core::Result<()>) -> PyResult<()> {
        self.state(|state| {
            if let State::Planning(planner) = mem::replace(state, State::Away) {
                *state = State::Planned(planner.finish(end));
            }
        })
    }
}

fn locked<T>(state: &Mutex<State>, look: impl FnOnce(&mut State) -> T) -> T {
    look(&mut state.lock().unwrap_or_else(PoisonError::into_inner))
}

fn is_away() -> Error {
    Error::invalid("plan", "the plan is being applied, or that was broken off: make a new one")
}

fn away() -> PyErr {
    raise(&is_away())
}

/// What a child of the plan's process can tell of it.
const ELSEWHERE: &str = "made before a fork";

#[pymethods]
impl Plan {
    /// The client to plan with.
    #[getter]
    fn client(&self, py: Python<'_>) -> Py<PyAny> {
        self.client.clone_ref(py)
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (_type, raised, _traceback))]
    fn __exit__(
        &self,
        py: Python<'_>,
        _type: &Bound<'_, PyAny>,
        raised: &Bound<'_, PyAny>,
        _traceback: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        let end = (!raised.is_none()).then(|| PyErr::from_value(raised.clone()));
        let ours = end.as_ref().and_then(|e| error_of(py, e));
        let known = end.is_none() || ours.is_some();
        let foreign =
            || Error::new(ErrorKind::Unexpected, Outcome::NotSent, "the program ended with an exception");
        self.finish(match (end, ours) {
            (None, _) => Ok(()),
            (Some(_), Some(error)) => Err(error),
            (Some(_), None) => Err(foreign()),
        })?;
        Ok(known)
    }

    /// The writes, in order, each with what the policy says of it.
    #[getter]
    fn steps<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.state(|state| match state {
            State::Planning(planner) => typed(py, &planner.steps()),
            State::Planned(plan) => typed(py, plan.steps()),
            State::Away => Err(away()),
        })?
    }

    /// Why the plan did not come to its end; `None` when it did.
    #[getter]
    fn obstacle(&self) -> PyResult<Option<String>> {
        self.state(|state| match state {
            State::Planning(_) => Ok(None),
            State::Planned(plan) => Ok(plan.obstacle().map(ToString::to_string)),
            State::Away => Err(away()),
        })?
    }

    /// The writes as lines for a shell on the node, secrets left out.
    fn pvesh<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let lines: Vec<String> = self.state(|state| match state {
            State::Planning(planner) => {
                Ok(planner.steps().iter().map(|step| step.request.to_string()).collect())
            }
            State::Planned(plan) => Ok(plan.pvesh().collect()),
            State::Away => Err(away()),
        })??;
        PyList::new(py, lines)
    }

    /// Sends the planned writes one after the other, and waits for the end of each task. Everything is checked again; at the first
    /// deviation it stops, and `steps` tells of each whether it is done.
    fn apply(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        // It goes the way of its client, which may be closed.
        self.way.handle()?;
        self.state(|state| match state {
            State::Planned(_) => Ok(()),
            State::Planning(_) => Err(invalid("plan", "the plan is not finished: leave its `with` block")),
            State::Away => Err(away()),
        })??;
        let state = Arc::clone(self.state.get("the plan")?);
        let flow = async move {
            let mut plan = locked(&state, |state| match mem::replace(state, State::Away) {
                State::Planned(plan) => Ok(plan),
                other => {
                    *state = other;
                    Err(is_away())
                }
            })?;
            let end = plan.apply().await;
            locked(&state, |state| *state = State::Planned(plan));
            end
        };
        self.way.flow(py, flow, none)
    }

    /// Everything as plain values.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.state(|state| match state {
            State::Planned(plan) => super::to_python::plain(py, plan),
            State::Planning(_) => Err(invalid("plan", "the plan is not finished: leave its `with` block")),
            State::Away => Err(away()),
        })?
    }

    fn __len__(&self) -> PyResult<usize> {
        self.state(|state| match state {
            State::Planning(planner) => Ok(planner.steps().len()),
            State::Planned(plan) => Ok(plan.steps().len()),
            State::Away => Err(away()),
        })?
    }

    fn __bool__(&self) -> bool {
        true
    }

    fn __str__(&self) -> String {
        self.state(|state| match state {
            State::Planning(planner) => {
                planner.steps().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
            }
            State::Planned(plan) => plan.to_string(),
            State::Away => "(being applied)".to_owned(),
        })
        .unwrap_or_else(|_| format!("({ELSEWHERE})"))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let state = self.state(|state| match state {
            State::Planning(planner) => format!("planning, {} steps", planner.steps().len()),
            State::Planned(plan) => format!("{} steps", plan.steps().len()),
            State::Away => "being applied".to_owned(),
        });
        let state = state.unwrap_or_else(|_| ELSEWHERE.to_owned());
        let client = self.client.bind(py).repr()?;
        Ok(format!("<Plan {state}, {client}>"))
    }
}
