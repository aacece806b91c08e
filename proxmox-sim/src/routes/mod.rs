//! From a request to the handler that answers it.

use serde_json::json;

use crate::answer::{Answer, Refusal};
use crate::exchange::SimRequest;
use crate::faults::Faults;
use crate::state::State;

pub(crate) fn answer(state: &mut State, _faults: &Faults, _now: f64, request: &SimRequest) -> Answer {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/version") => {
            let version = state.version;
            Ok(json!({ "version": version.as_str(), "release": version.release(), "repoid": "sim0000000000001" }).into())
        }
        (method, path) => Err(Refusal::NotImplemented(format!(
            "Method '{method} {path}' not implemented"
        ))),
    }
}
