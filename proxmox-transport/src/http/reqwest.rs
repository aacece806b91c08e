//! The asynchronous engine.
//!
//! A reqwest client belongs to the runtime that drives its connections. Shared between runtimes it hangs: a pooled
//! connection may belong to a runtime that is blocked, waiting for this very request. So there is one client for each
//! runtime, and a *lane*, a thread with a runtime of its own, for callers outside of any.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Method};
use http_body::{Body, Frame, SizeHint};
use hyper::ext::ReasonPhrase;
use proxmox_core::{Error, ErrorKind, Outcome, park};
use reqwest::{Client, Url};
use rustls::ClientConfig;
use tokio::runtime::{Handle, Id};
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinHandle, yield_now};
use tokio::time::timeout_at;

use super::codec::HttpRequest;
use super::engine::{IDLE, LONGEST_ANSWER, find_cause, innermost, network};
use super::{Answer, Budgets, Engine, Fault, Stage, Why};

/// How many runtimes are remembered. A program has one or two; test programs come and go with many.
const RUNTIMES: usize = 8;

pub(crate) struct Reqwest {
    /// Where all requests go: parsing a host again and again costs more than the rest of an URL.
    server: Url,
    tls: ClientConfig,
    connect: Duration,
    /// The latest used is the last.
    clients: Mutex<VecDeque<(Id, Client)>>,
    lane: OnceLock<Lane>,
}

impl Reqwest {
    /// An engine for the server at this address, `https://pve1:8006`.
    pub(crate) fn new(server: &str, tls: ClientConfig, budgets: Budgets) -> Result<Self, Error> {
        let server =
            Url::parse(server).map_err(|e| Error::invalid("url", format!("url: {server:?}: {e}")))?;
        let engine = Self {
            server,
            tls,
            connect: budgets.connect,
            clients: Mutex::new(VecDeque::new()),
            lane: OnceLock::new(),
        };
        // What can be wrong with the settings shows here, not with the first request.
        engine.build().map_err(|e| Error::new(ErrorKind::Unexpected, Outcome::NotSent, innermost(&e)))?;
        Ok(engine)
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
            .user_agent(concat!("proxmox-sdk/", env!("CARGO_PKG_VERSION")))
            .build()
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

    fn url(&self, text: &str) -> Result<Url, Fault> {
        let server = self.server.as_str().trim_end_matches('/');
        match text.strip_prefix(server) {
            Some(path) if path.starts_with("/api2/") => self.server.join(path),
            _ => Url::parse(text),
        }
        .map_err(|e| Fault::new(Stage::Connecting, Why::Network(e.to_string())))
    }

    fn lane(&self) -> Result<&Lane, Fault> {
        if let Some(lane) = self.lane.get() {
            return Ok(lane);
        }
        let lane = Lane::start()
            .map_err(|e| Fault::new(Stage::Connecting, Why::Network(e.to_string())).because(e))?;
        Ok(self.lane.get_or_init(|| lane))
    }
}

impl Engine for Reqwest {
    const NAME: &'static str = "https/reqwest";
    const BLOCKING: bool = false;

    async fn exchange(&self, request: HttpRequest, budgets: Budgets) -> Result<Answer, Fault> {
        let url = self.url(&request.url)?;
        if let Ok(here) = Handle::try_current() {
            // In a box, as the reading below: what is moved from layer to layer stays small enough for a cheap allocation.
            return Box::pin(exchange(self.client(here.id())?, url, request, budgets)).await;
        }
        let lane = &self.lane()?.handle;
        let client = self.client(lane.id())?;
        let task = AbortOnDrop(lane.spawn(exchange(client, url, request, budgets)));
        // A task that ends without a result has panicked: how far it came, nobody knows.
        task.await.unwrap_or_else(|e| Err(Fault::new(Stage::Sent, Why::Network(e.to_string())).because(e)))
    }

    async fn sleep(&self, duration: Duration) {
        if Handle::try_current().is_ok() {
            return timer(duration).await;
        }
        // The timer belongs to the runtime that it is made in; any thread may wait for it.
        let sleep = self.lane().map(|lane| {
            let _runtime = lane.handle.enter();
            timer(duration)
        });
        match sleep {
            Ok(sleep) => sleep.await,
            // No thread for the lane: then this one waits.
            #[allow(clippy::disallowed_methods)] // This is what Transport::sleep is.
            Err(_) => thread::sleep(duration),
        }
    }

    fn drive(&self, flow: Pin<&mut (dyn Future<Output = ()> + Send)>) {
        if Handle::try_current().is_err() {
            return park(flow);
        }
        // On this thread the flow would use the client of a runtime that cannot run while we block it.
        thread::scope(|scope| {
            scope.spawn(|| park(flow));
        });
    }
}

#[allow(clippy::disallowed_methods)] // This is what Transport::sleep is.
fn timer(duration: Duration) -> tokio::time::Sleep {
    tokio::time::sleep(duration)
}

async fn exchange(client: Client, url: Url, request: HttpRequest, budgets: Budgets) -> Result<Answer, Fault> {
    if request.method != Method::GET {
        // Lets the runtime look at its sockets once: a connection that the server has just closed is found now, and not
        // by a write on it, of which nobody would know what became.
        yield_now().await;
    }
    let started = Instant::now();
    let total = started + budgets.total;
    let handed = Arc::new(OnceLock::new());
    let mut sending = pin!(client.execute(assemble(url, request, &handed)));
    // Connecting has a budget of its own inside the client. When the request was handed to a connection is only seen when
    // a deadline strikes: then the one that counts is worked out.
    let mut deadline = total.min(started + budgets.first_byte);
    let response = loop {
        match timeout_at(deadline.into(), sending.as_mut()).await {
            Ok(Ok(response)) => break response,
            Ok(Err(e)) => return Err(fault(e, handed.get().is_some(), budgets)),
            Err(_) => {
                let now = Instant::now();
                let handed = handed.get().copied();
                deadline = total.min(handed.unwrap_or(now) + budgets.first_byte);
                if deadline <= now {
                    let stage = if handed.is_some() { Stage::Sent } else { Stage::Connecting };
                    let why = if total <= now {
                        Why::Budget("total", budgets.total)
                    } else {
                        Why::Budget("first byte", budgets.first_byte)
                    };
                    return Err(Fault::new(stage, why));
                }
            }
        }
    };
    let status = response.status();
    let reason = if status.is_success() { String::new() } else { reason(&response) };
    let body = timeout_at(total.into(), Box::pin(read(response)))
        .await
        .unwrap_or_else(|_| Err(Fault::new(Stage::Answering, Why::Budget("total", budgets.total))));
    Answer::new(status, reason, body)
}

fn assemble(url: Url, request: HttpRequest, handed: &Arc<OnceLock<Instant>>) -> reqwest::Request {
    let mut http = reqwest::Request::new(request.method, url);
    let headers = http.headers_mut();
    // One by one: `extend` makes room for exactly these, and the client's own then grow it again and again.
    for (name, value) in request.headers {
        headers.append(name, value);
    }
    if let Some(form) = &request.form {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        // hyper states the length of what has one, and leaves out that of nothing.
        headers.insert(CONTENT_LENGTH, form.len().into());
    }
    let form = request.form.unwrap_or_default();
    *http.body_mut() = Some(reqwest::Body::wrap(Form { rest: form, handed: Arc::clone(handed) }));
    http
}

/// The text of the status line: hyper keeps it only when it is not the usual one.
fn reason(response: &reqwest::Response) -> String {
    match response.extensions().get::<ReasonPhrase>() {
        Some(reason) => String::from_utf8_lossy(reason.as_bytes()).into_owned(),
        None => response.status().canonical_reason().unwrap_or_default().to_owned(),
    }
}

/// Reads the body; one that came in a single piece is not copied.
async fn read(mut response: reqwest::Response) -> Result<Bytes, Fault> {
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

/// A thread with a runtime. It ends with this value.
struct Lane {
    handle: Handle,
    _stop: oneshot::Sender<()>,
}

impl Lane {
    fn start() -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        thread::Builder::new().name("proxmox-lane".to_owned()).spawn(move || {
            // Nothing is ever sent: it ends when the other side is dropped.
            let _ = runtime.block_on(stopped);
        })?;
        Ok(Self { handle, _stop: stop })
    }
}

/// Who no longer waits for an exchange ends it, as with any dropped future.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Future for AbortOnDrop<T> {
    type Output = Result<T, JoinError>;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context)
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
