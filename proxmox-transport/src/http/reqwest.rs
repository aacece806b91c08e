//! reqwest's client, as the asynchronous engine uses it.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use http::{Extensions, StatusCode};
use proxmox_core::{Error, ErrorKind, Outcome};
use reqwest::{Body, Client, Request, Response, Url};
use rustls::ClientConfig;

use super::Budgets;
use super::asynchronous::{Asynchronous, Connector, Handed, Received, fill, why};
use super::codec::HttpRequest;
use super::engine::{AGENT, IDLE};
use crate::api::Signature;
use crate::fault::{Fault, Stage, Why, find_cause, innermost, network};

pub(crate) struct Reqwest {
    /// Where all requests go: parsing a host again and again costs more than the rest of an URL.
    server: Url,
    tls: ClientConfig,
    connect: Duration,
}

impl Reqwest {
    /// An engine for the server at this address, `https://pve1:8006`.
    pub(crate) fn engine(
        server: &str,
        tls: ClientConfig,
        budgets: Budgets,
    ) -> Result<Asynchronous<Self>, Error> {
        let server =
            Url::parse(server).map_err(|e| Error::invalid("url", format!("url: {server:?}: {e}")))?;
        let connector = Self { server, tls, connect: budgets.connect };
        // What can be wrong with the settings shows here, not with the first request.
        connector.build().map_err(|e| Error::new(ErrorKind::Unexpected, Outcome::NotSent, innermost(&e)))?;
        Ok(Asynchronous::new(connector))
    }

    fn build(&self) -> reqwest::Result<Client> {
        Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .http1_only()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .tcp_nodelay(true)
            .connect_timeout(self.connect)
            .pool_idle_timeout(IDLE)
            .user_agent(AGENT)
            .build()
    }

    fn url(&self, text: &str) -> Result<Url, Fault> {
        let server = self.server.as_str().trim_end_matches('/');
        match text.strip_prefix(server) {
            Some(path) if path.starts_with("/api2/") => self.server.join(path),
            _ => Url::parse(text),
        }
        .map_err(|e| Fault::new(Stage::Connecting, Why::Network(e.to_string())))
    }
}

impl Connector for Reqwest {
    const NAME: &'static str = "https/reqwest";

    type Client = Client;
    type Request = Request;
    type Response = Response;
    type Error = reqwest::Error;

    fn client(&self) -> Result<Client, Fault> {
        self.build().map_err(|e| Fault::new(Stage::Connecting, network(&e)).because(e))
    }

    fn request(&self, request: HttpRequest, login: Signature, handed: &Handed) -> Result<Request, Fault> {
        let mut http = Request::new(request.method.clone(), self.url(&request.url)?);
        let form = fill(http.headers_mut(), &request.method, request.form, login, handed);
        *http.body_mut() = Some(Body::wrap(form));
        Ok(http)
    }

    fn send(
        client: Client,
        request: Request,
    ) -> impl Future<Output = reqwest::Result<Response>> + Send + 'static {
        client.execute(request)
    }

    fn fault(error: reqwest::Error, stage: Stage, budgets: Budgets) -> Fault {
        if let Some(tls) = find_cause::<rustls::Error>(&error).filter(|_| stage == Stage::Connecting) {
            let why = Why::Tls(crate::tls::why(tls));
            return Fault::new(Stage::Securing, why).because(error.without_url());
        }
        let why = if error.is_timeout() { Why::Budget("connect", budgets.connect) } else { why(&error) };
        Fault::new(stage, why).because(error.without_url())
    }
}

impl Received for Response {
    fn head(&self) -> (StatusCode, &Extensions) {
        (self.status(), self.extensions())
    }

    fn length(&self) -> Option<u64> {
        self.content_length()
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, Fault> {
        let cut = |e: reqwest::Error| Fault::new(Stage::Answering, network(&e)).because(e.without_url());
        Self::chunk(self).await.map_err(cut)
    }
}
