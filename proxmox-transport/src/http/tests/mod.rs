//! All engines, held to the same behaviour.

mod faults;
mod happy;
mod mock;
#[cfg(feature = "reqwest")]
mod runtimes;
mod server;
mod tls;

use std::pin::pin;
use std::time::Duration;

use proxmox_core::{Effect, PvePath, PveRequest, PveResponse, Result, Transport};
use server::Server;

use crate::Api;

const SECRET: &str = "12345678-1234-1234-1234-1234567890ab";

/// A transport without layers and gates, for callers that block.
struct Bare(Box<dyn Transport>);

impl Bare {
    fn call(&self, request: &PveRequest) -> Result<PveResponse> {
        let mut answer = None;
        let slot = &mut answer;
        self.0.drive(pin!(async move { *slot = Some(self.0.call(request).await) }));
        answer.unwrap()
    }
}

/// reqwest, ureq, and what a tunnel has in place of reqwest, as far as this build and the server have them.
fn engines(api: &Api) -> Vec<(&'static str, Bare)> {
    let mut engines = vec![
        #[cfg(feature = "reqwest")]
        ("reqwest", Bare(Box::new(api.clone().reqwest().unwrap()))),
        #[cfg(feature = "ureq")]
        ("ureq", Bare(Box::new(api.clone().ureq().unwrap()))),
    ];
    #[cfg(all(feature = "reqwest", feature = "ssh"))]
    if let Some(socket) = server::socket(api.authority()) {
        engines.push(("hyper", Bare(Box::new(api.clone().through(socket).unwrap()))));
    }
    engines
}

fn plain(server: &Server) -> Api {
    with_token(Api::at(crate::api::Endpoint::plain(&server.authority())))
}

fn with_token(api: Api) -> Api {
    api.token("root@pam!ci", SECRET.into()).unwrap().connect_timeout(Duration::from_secs(5))
}

fn get(path: &str) -> PveRequest {
    PveRequest::get(PvePath::parse(path).unwrap())
}

fn start() -> PveRequest {
    PveRequest::create(PvePath::parse("/nodes/pve1/qemu/100/status/start").unwrap())
        .param("timeout", 5)
        .effect(Effect::Write)
}
