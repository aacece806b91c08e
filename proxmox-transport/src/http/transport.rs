//! The transport that both engines are parts of.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use proxmox_core::{PveRequest, PveResponse, Result, Transport, TransportInfo, async_trait};

use super::codec;
use super::engine::{Budgets, Engine};
use crate::api::{Endpoint, Login, Signature};

/// PVE's API at one endpoint, for one user, through one engine.
pub(crate) struct Http<E> {
    engine: E,
    endpoint: Endpoint,
    /// Whom errors name.
    host: String,
    /// Prefix of every URL.
    root: String,
    login: Login,
    budgets: Budgets,
}

impl<E: Engine> Http<E> {
    pub(crate) fn new(engine: E, endpoint: Endpoint, login: Login, budgets: Budgets) -> Self {
        let (root, host) = (endpoint.root(), endpoint.authority().to_owned());
        Self { engine, endpoint, host, root, login, budgets }
    }

    /// Names another host in errors than the address does.
    #[cfg(feature = "ssh")]
    pub(crate) fn named(mut self, host: &str) -> Self {
        host.clone_into(&mut self.host);
        self
    }

    /// Gets a ticket, where tickets are used and none is there.
    #[cfg(feature = "ssh")]
    pub(crate) async fn log_in(&self) -> Result<()> {
        match &self.login {
            Login::Token(_) => Ok(()),
            Login::Ticket(tickets) => tickets.log_in_ahead(self).await,
        }
    }

    /// Sends one request, signed or not.
    pub(crate) async fn send(&self, request: &PveRequest, login: Signature) -> Result<PveResponse> {
        let http = codec::encode(&self.root, request);
        match self.engine.exchange(http, login, self.budgets.for_request(request.timeout)).await {
            Ok(answer) => PveResponse::from_http(request.effect, answer.status, &answer.reason, answer.body),
            Err(fault) => Err(fault.into_error(request.effect, &self.host)),
        }
    }
}

#[async_trait]
impl<E: Engine> Transport for Http<E> {
    fn info(&self) -> TransportInfo {
        let info = TransportInfo::new(E::NAME, self.endpoint.origin());
        let info = if self.login.is_root_itself() { info.executes() } else { info };
        if E::BLOCKING { info.blocking() } else { info }
    }

    async fn call(&self, request: &PveRequest) -> Result<PveResponse> {
        request.check()?;
        match &self.login {
            Login::Token(headers) => self.send(request, Some(Arc::clone(headers))).await,
            Login::Ticket(tickets) => Box::pin(tickets.call(self, request)).await,
        }
    }

    async fn sleep(&self, duration: Duration) {
        self.engine.sleep(duration).await;
    }

    fn now(&self) -> Instant {
        self.engine.now()
    }

    fn drive(&self, flow: Pin<&mut (dyn Future<Output = ()> + Send)>) {
        self.engine.drive(flow);
    }
}
