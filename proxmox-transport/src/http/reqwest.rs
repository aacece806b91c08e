//! The asynchronous engine.
//!
//! A reqwest client belongs to the runtime that drives its connections. Shared between runtimes it hangs: a pooled
//! connection may belong to a runtime that is blocked, waiting for this very request. So there is one client for each
//! runtime, and a *lane*, a thread with a runtime of its own, for callers outside of any.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::Method;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http_body::{Body, Frame, SizeHint};
use hyper::ext::ReasonPhrase;
use proxmox_core::{Error, ErrorKind, Outcome};
use reqwest::{Client, Response, Url};
use rustls::ClientConfig;
use tokio::runtime::{Handle, Id};
use tokio::task::yield_now;
use tokio::time::{Sleep, sleep_until};

use super::codec::HttpRequest;
use super::engine::IDLE;
use super::{Answer, Budgets, Engine};
use crate::api::Signature;
use crate::fault::{Fault, LONGEST_ANSWER, Stage, Why, find_cause, innermost, network};
use crate::lane::{self, AbortOnDrop, Lane};

/// How many runtimes are remembered. A program has one or two; test programs come and go with many.
const RUNTIMES: usize = 8;

pub(crate) struct Reqwest {
    /// Where all requests go: parsing a host again and again costs more than the rest of an URL.
    server: Url,
    tls: ClientConfig,
    /// Where all connections go instead, when there is one.
    socket: Option<PathBuf>,
    connect: Duration,
    /// The latest used is the last.
    clients: Mutex<VecDeque<(Id, Client)>>,
    lane: Lane,
}

impl Reqwest {
    /// An engine for the server at this address, `https://pve1:8006`.
    pub(crate) fn new(server: &str, tls: ClientConfig, budgets: Budgets) -> Result<Self, Error> {
        let server =
            Url::parse(server).map_err(|e| Error::invalid("url", format!("url: {server:?}: {e}")))?;
        let engine = Self {
            server,
            tls,
            socket: None,
            connect: budgets.connect,
            clients: Mutex::new(VecDeque::new()),
            lane: Lane::default(),
        };
        // What can be wrong with the settings shows here, not with the first request.
        engine.build().map_err(|e| Error::new(ErrorKind::Unexpected, Outcome::NotSent, innermost(&e)))?;
        Ok(engine)
    }

    /// All connections through this unix socket, whatever the address.
    #[cfg(feature = "ssh")]
    pub(crate) fn through(mut self, socket: PathBuf) -> Self {
        self.socket = Some(socket);
        self
    }

    fn build(&self) -> reqwest::Result<Client> {
        let builder = Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .http1_only()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .tcp_nodelay(true)
            .connect_timeout(self.connect)
            .pool_idle_timeout(IDLE)
            .user_agent(concat!("proxmox-sdk/", env!("CARGO_PKG_VERSION")));
        #[cfg(unix)]
        if let Some(socket) = &self.socket {
            return builder.unix_socket(socket.clone()).build();
        }
        builder.build()
    }

    fn client(&self, runtime: Id) -> Result<Client, Fault> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = clients.iter().position(|(id, _)| *id == runtime) {
            let client = clients[at].1.clone();
            let last = clients.len() - 1;
            clients.swap(at, last);
            return Ok(client);
        }
        let client = self.build().map_err(|e| Fault::new(Stage::Connecting, network(&e)).because(e))?;
        if clients.len() == RUNTIMES {
            clients.pop_front();
        }
        clients.push_back((runtime, client.clone()));
        Ok(client)
    }

    /// Begins at once, for a caller outside of any runtime.
    fn on_lane(
        &self,
        url: Url,
        request: HttpRequest,
        login: Signature,
        budgets: Budgets,
    ) -> Result<AbortOnDrop<Result<Answer, Fault>>, Fault> {
        let lane = self
            .lane
            .handle()
            .map_err(|e| Fault::new(Stage::Connecting, Why::Network(e.to_string())).because(e))?;
        let client = self.client(lane.id())?;
        Ok(AbortOnDrop(lane.spawn(async move { begin(&client, url, request, login).finish(budgets).await })))
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

impl Engine for Reqwest {
    const NAME: &'static str = "https/reqwest";
    const BLOCKING: bool = false;

    /// No `async fn`, which would keep what it is given until it ends: here the request is the client's before there is anything
    /// to wait for.
    fn exchange(
        &self,
        request: HttpRequest,
        login: Signature,
        budgets: Budgets,
    ) -> impl Future<Output = Result<Answer, Fault>> + Send {
        let place = self.url(&request.url).and_then(|url| match Handle::try_current() {
            Ok(here) => Ok(Place::Here(begin(&self.client(here.id())?, url, request, login))),
            Err(_) => self.on_lane(url, request, login, budgets).map(Place::Lane),
        });
        async move {
            match place? {
                // In a box: what is moved from layer to layer stays small enough for a cheap allocation.
                Place::Here(begun) => Box::pin(begun.finish(budgets)).await,
                // A task that ends without a result has panicked: how far it came, nobody knows.
                Place::Lane(task) => task
                    .await
                    .unwrap_or_else(|e| Err(Fault::new(Stage::Sent, Why::Network(e.to_string())).because(e))),
            }
        }
    }

    async fn sleep(&self, duration: Duration) {
        self.lane.sleep(duration).await;
    }

    fn drive(&self, flow: Pin<&mut (dyn Future<Output = ()> + Send)>) {
        lane::drive(flow);
    }
}

/// Where an exchange goes on.
enum Place<F> {
    Here(Begun<F>),
    Lane(AbortOnDrop<Result<Answer, Fault>>),
}

/// A request that the client has, and that nothing was done for yet.
struct Begun<F> {
    sending: F,
    writes: bool,
    /// When it was handed to a connection.
    handed: Arc<OnceLock<Instant>>,
}

fn begin(
    client: &Client,
    url: Url,
    request: HttpRequest,
    login: Signature,
) -> Begun<impl Future<Output = reqwest::Result<Response>> + Send + use<>> {
    let writes = request.method != Method::GET;
    let handed = Arc::new(OnceLock::new());
    let sending = client.execute(assemble(url, request, login, &handed));
    Begun { sending, writes, handed }
}

impl<F: Future<Output = reqwest::Result<Response>>> Begun<F> {
    async fn finish(self, budgets: Budgets) -> Result<Answer, Fault> {
        let Self { sending, writes, handed } = self;
        if writes {
            // Lets the runtime look at its sockets once: a connection that the server has just closed is found now, and
            // not by a write on it, of which nobody would know what became.
            yield_now().await;
        }
        let started = Instant::now();
        let total = started + budgets.total;
        let mut sending = pin!(sending);
        // Connecting has a budget of its own inside the client. When the request was handed to a connection is only seen when
        // a deadline strikes: then the one that counts is worked out.
        let mut limit = pin!(sleep_until(total.min(started + budgets.first_byte).into()));
        let mut response = loop {
            match within(limit.as_mut(), sending.as_mut()).await {
                Some(Ok(response)) => break response,
                Some(Err(e)) => return Err(fault(e, handed.get().is_some(), budgets)),
                None => {
                    let now = Instant::now();
                    let handed = handed.get().copied();
                    let deadline = total.min(handed.unwrap_or(now) + budgets.first_byte);
                    if deadline <= now {
                        let stage = if handed.is_some() { Stage::Sent } else { Stage::Connecting };
                        let why = if total <= now {
                            Why::Budget("total", budgets.total)
                        } else {
                            Why::Budget("first byte", budgets.first_byte)
                        };
                        return Err(Fault::new(stage, why));
                    }
                    limit.as_mut().reset(deadline.into());
                }
            }
        };
        let status = response.status();
        let reason = if status.is_success() { String::new() } else { reason(&response) };
        limit.as_mut().reset(total.into());
        let body = within(limit, pin!(read(&mut response)))
            .await
            .unwrap_or_else(|| Err(Fault::new(Stage::Answering, Why::Budget("total", budgets.total))));
        Answer::new(status, reason, body)
    }
}

/// What comes of the work, or nothing when the limit is reached before. One timer serves all of an exchange: to put it off costs
/// nothing, while each new one is entered into the runtime's list of them and taken out again.
async fn within<T>(mut limit: Pin<&mut Sleep>, mut work: Pin<&mut impl Future<Output = T>>) -> Option<T> {
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => limit.as_mut().poll(context).map(|()| None),
    })
    .await
}

fn assemble(
    url: Url,
    request: HttpRequest,
    login: Signature,
    handed: &Arc<OnceLock<Instant>>,
) -> reqwest::Request {
    let mut http = reqwest::Request::new(request.method.clone(), url);
    let headers = http.headers_mut();
    if let Some(login) = login {
        login.put_into(headers, &request.method);
    }
    let (kind, form) = request.form.unzip();
    if let (Some(kind), Some(form)) = (kind, &form) {
        headers.insert(CONTENT_TYPE, kind);
        // hyper states the length of what has one, and leaves out that of nothing.
        headers.insert(CONTENT_LENGTH, form.len().into());
    }
    let form = form.unwrap_or_default();
    *http.body_mut() = Some(reqwest::Body::wrap(Form { rest: form, handed: Arc::clone(handed) }));
    http
}

/// The text of the status line: hyper keeps it only when it is not the usual one.
fn reason(response: &Response) -> String {
    match response.extensions().get::<ReasonPhrase>() {
        Some(reason) => String::from_utf8_lossy(reason.as_bytes()).into_owned(),
        None => response.status().canonical_reason().unwrap_or_default().to_owned(),
    }
}

/// Reads the body; one that came in a single piece is not copied.
async fn read(response: &mut Response) -> Result<Bytes, Fault> {
    let cut = |e: reqwest::Error| Fault::new(Stage::Answering, network(&e)).because(e.without_url());
    let too_long = || Fault::new(Stage::Answering, Why::TooLong);
    let expected = response.content_length().unwrap_or(0);
    if expected > LONGEST_ANSWER as u64 {
        return Err(too_long());
    }
    let Some(first) = response.chunk().await.map_err(cut)? else {
        return Ok(Bytes::new());
    };
    let Some(second) = response.chunk().await.map_err(cut)? else {
        return Ok(first);
    };
    let mut body =
        BytesMut::with_capacity(usize::try_from(expected).unwrap_or(0).max(first.len() + second.len()));
    body.extend_from_slice(&first);
    body.extend_from_slice(&second);
    while let Some(chunk) = response.chunk().await.map_err(cut)? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(too_long());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn fault(error: reqwest::Error, handed: bool, budgets: Budgets) -> Fault {
    if let Some(tls) = find_cause::<rustls::Error>(&error).filter(|_| !handed) {
        let why = Why::Tls(crate::tls::why(tls));
        return Fault::new(Stage::Securing, why).because(error.without_url());
    }
    let stage = if handed { Stage::Sent } else { Stage::Connecting };
    let why = if error.is_timeout() {
        Why::Budget("connect", budgets.connect)
    } else if find_cause::<hyper::Error>(&error).is_some_and(hyper::Error::is_parse) {
        Why::NotHttp(innermost(&error))
    } else if find_cause::<hyper::Error>(&error).is_some_and(hyper::Error::is_incomplete_message) {
        Why::closed()
    } else {
        network(&error)
    };
    Fault::new(stage, why).because(error.without_url())
}

/// A form that notes when it is handed to a connection.
///
/// hyper asks [`is_end_stream`](Body::is_end_stream) when it takes a request to write it, before the first byte is
/// written; a request that it gives back unwritten, because the connection had just closed, it has not asked. So what is
/// not noted has not left. A newer hyper that asked earlier would make this more careful, not less.
struct Form {
    rest: Bytes,
    handed: Arc<OnceLock<Instant>>,
}

impl Form {
    fn note(&self) {
        self.handed.get_or_init(Instant::now);
    }
}

impl Body for Form {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.note();
        let rest = std::mem::take(&mut self.rest);
        Poll::Ready((!rest.is_empty()).then(|| Ok(Frame::data(rest))))
    }

    fn is_end_stream(&self) -> bool {
        self.note();
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
