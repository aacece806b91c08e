//! `pve get|create|set|delete PATH [KEY=VALUE]...`

use examples::pairs;
use proxmox_core::{PveRequest, Result, Target, Verb, Vmid};
use serde_json::value::RawValue;

use crate::args::Raw;
use crate::session::Session;

pub(crate) fn run(session: &Session, verb: Verb, raw: Raw) -> Result<()> {
    let mut request = PveRequest::new(verb, raw.path).params(pairs::params(&raw.params)?);
    if session.force
        && let Some(vmid) = guest(&request)
    {
        request = request.force(vmid);
    }
    let data: Box<RawValue> = session.send(session.pve.request(request))?;
    session.data(&data)
}

/// The guest that a request is about: the one in its path, or the one it is to create.
fn guest(request: &PveRequest) -> Option<Vmid> {
    match request.target() {
        Target::Guest { vmid, .. } => Some(vmid),
        _ => request.params.text("vmid")?.parse().ok(),
    }
}
