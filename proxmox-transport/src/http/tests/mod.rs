//! Both engines, held to the same behaviour.

mod happy;
mod server;

use std::time::Duration;

use proxmox_core::{Effect, Pve, PvePath, PveRequest};
use server::Server;

use crate::Api;

const SECRET: &str = "12345678-1234-1234-1234-1234567890ab";

/// Handles over the bare transports: reqwest and ureq, in that order, as far as this build has them.
fn engines(api: &Api) -> Vec<(&'static str, Pve)> {
    vec![
        #[cfg(feature = "reqwest")]
        ("reqwest", Pve::new(api.clone().reqwest().unwrap())),
        #[cfg(feature = "ureq")]
        ("ureq", Pve::new(api.clone().ureq().unwrap())),
    ]
}

fn plain(server: &Server) -> Api {
    with_token(Api::at(crate::api::Endpoint::plain(&server.authority())))
}

fn with_token(api: Api) -> Api {
    api.token("root@pam!ci", SECRET.into())
        .unwrap()
        .connect_timeout(Duration::from_secs(5))
}

fn get(path: &str) -> PveRequest {
    PveRequest::get(PvePath::parse(path).unwrap())
}

fn start() -> PveRequest {
    PveRequest::create(PvePath::parse("/nodes/pve1/qemu/100/status/start").unwrap())
        .param("timeout", 5)
        .effect(Effect::Write)
}
