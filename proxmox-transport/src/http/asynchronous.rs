//! The asynchronous engine, over whoever holds its connections.
//!
//! Connections belong to the runtime that drives them. Shared between runtimes they hang: a pooled one may belong to a runtime
//! that is blocked, waiting for this very request. So there is one client for each runtime, and a *lane*, a thread with a
//! runtime of its own, for callers outside of any.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::error::Error as StdError;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode};
use http_body::{Body, Frame, SizeHint};
use hyper::ext::ReasonPhrase;
use tokio::runtime::{Handle, Id};
use tokio::task::yield_now;
use tokio::time::{Sleep, sleep_until};

use super::codec::HttpRequest;
use super::{Answer, Budgets, Engine};
use crate::api::Signature;
use crate::fault::{Fault, LONGEST_ANSWER, Stage, Why, find_cause, innermost, network};
use crate::lane::{self, AbortOnDrop, Lane};

/// How many runtimes are remembered. A program has one or two; test programs come and go with many.
const RUNTIMES: usize = 8;

/// Makes the clients of one server.
pub(crate) trait Connector: Send + Sync + 'static {
    /// The transport's name.
    const NAME: &'static str;
    /// Makes connections, keeps them for a while, and belongs to one runtime. Its clones are the same client.
    type Client: Clone + Send + Sync + 'static;
    /// What it sends.
    type Request: Send + 'static;
    /// What comes back, as far as its head.
    type Response: Received;
    /// What becomes of a request without an answer.
    type Error: Send;

    fn client(&self) -> Result<Self::Client, Fault>;

    fn request(
        &self,
        request: HttpRequest,
        login: Signature,
        handed: &Handed,
    ) -> Result<Self::Request, Fault>;

    /// Nothing is done before the future is polled.
    fn send(
        client: Self::Client,
        request: Self::Request,
    ) -> impl Future<Output = Result<Self::Response, Self::Error>> + Send + 'static;

    /// What was in the way of a request that came this far, or less.
    fn fault(error: Self::Error, stage: Stage, budgets: Budgets) -> Fault;
}

/// An answer, of which more may come.
pub(crate) trait Received: Send {
    fn head(&self) -> (StatusCode, &Extensions);

    /// How long the body will be, where the server said so.
    fn length(&self) -> Option<u64>;

    /// The next piece of the body.
    fn chunk(&mut self) -> impl Future<Output = Result<Option<Bytes>, Fault>> + Send;
}

/// When a request was handed to a connection.
pub(crate) type Handed = Arc<OnceLock<Instant>>;

pub(crate) struct Asynchronous<C: Connector> {
    connector: C,
    /// The latest used is the last.
    clients: Mutex<VecDeque<(Id, C::Client)>>,
    lane: Lane,
}

impl<C: Connector> Asynchronous<C> {
    pub(crate) fn new(connector: C) -> Self {
        Self { connector, clients: Mutex::new(VecDeque::new()), lane: Lane::default() }
    }

    fn client(&self, runtime: Id) -> Result<C::Client, Fault> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = clients.iter().position(|(id, _)| *id == runtime) {
            let client = clients[at].1.clone();
            let last = clients.len() - 1;
            clients.swap(at, last);
            return Ok(client);
        }
        let client = self.connector.client()?;
        if clients.len() == RUNTIMES {
            clients.pop_front();
        }
        clients.push_back((runtime, client.clone()));
        Ok(client)
    }

    /// Begins at once, for a caller outside of any runtime.
    fn on_lane(
        &self,
        request: C::Request,
        begun: Begun<()>,
        budgets: Budgets,
    ) -> Result<AbortOnDrop<Result<Answer, Fault>>, Fault> {
        let lane = self
            .lane
            .handle()
            .map_err(|e| Fault::new(Stage::Connecting, Why::Network(e.to_string())).because(e))?;
        let client = self.client(lane.id())?;
        Ok(AbortOnDrop(
            lane.spawn(async move { begun.by(C::send(client, request)).finish::<C>(budgets).await }),
        ))
    }
}

impl<C: Connector> Engine for Asynchronous<C> {
    const NAME: &'static str = C::NAME;
    const BLOCKING: bool = false;

    /// No `async fn`, which would keep what it is given until it ends: here the request is the client's before there is anything
    /// to wait for.
    fn exchange(
        &self,
        request: HttpRequest,
        login: Signature,
        budgets: Budgets,
    ) -> impl Future<Output = Result<Answer, Fault>> + Send {
        let begun = Begun { sending: (), writes: request.method != Method::GET, handed: Handed::default() };
        let place =
            self.connector.request(request, login, &begun.handed).and_then(
                |request| match Handle::try_current() {
                    Ok(here) => Ok(Place::Here(begun.by(C::send(self.client(here.id())?, request)))),
                    Err(_) => self.on_lane(request, begun, budgets).map(Place::Lane),
                },
            );
        async move {
            match place? {
                // In a box: what is moved from layer to layer stays small enough for a cheap allocation.
                Place::Here(begun) => Box::pin(begun.finish::<C>(budgets)).await,
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
    handed: Handed,
}

impl Begun<()> {
    fn by<F>(self, sending: F) -> Begun<F> {
        Begun { sending, writes: self.writes, handed: self.handed }
    }
}

impl<F> Begun<F> {
    async fn finish<C: Connector>(self, budgets: Budgets) -> Result<Answer, Fault>
    where
        F: Future<Output = Result<C::Response, C::Error>>,
    {
        let Self { sending, writes, handed } = self;
        if writes {
            // Lets the runtime look at its sockets once: a connection that the server has just closed is found now, and
            // not by a write on it, of which nobody would know what became.
            yield_now().await;
        }
        let started = Instant::now();
        let total = started + budgets.total;
        // Connecting has a budget of its own inside the client. When the request was handed to a connection is only seen when
        // a deadline strikes: then the one that counts is worked out.
        let mut limit = pin!(sleep_until(total.min(started + budgets.first_byte).into()));
        let answered = {
            let mut sending = pin!(sending);
            loop {
                match within(limit.as_mut(), sending.as_mut()).await {
                    Some(answered) => break Some(answered),
                    None => {
                        let now = Instant::now();
                        let deadline = total.min(handed.get().copied().unwrap_or(now) + budgets.first_byte);
                        if deadline <= now {
                            break None;
                        }
                        limit.as_mut().reset(deadline.into());
                    }
                }
            }
        };
        // Only now that the request is taken back from whoever might just be about to write it.
        let stage = if handed.get().is_some() { Stage::Sent } else { Stage::Connecting };
        let mut response = match answered {
            Some(Ok(response)) => response,
            Some(Err(e)) => return Err(C::fault(e, stage, budgets)),
            None if total <= Instant::now() => {
                return Err(Fault::new(stage, Why::Budget("total", budgets.total)));
            }
            None => return Err(Fault::new(stage, Why::Budget("first byte", budgets.first_byte))),
        };
        let (status, extensions) = response.head();
        let reason = if status.is_success() { String::new() } else { reason(status, extensions) };
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

/// Signs the request, names its form, and makes that its body.
pub(super) fn fill(
    headers: &mut HeaderMap,
    method: &Method,
    form: Option<(HeaderValue, Bytes)>,
    login: Signature,
    handed: &Handed,
) -> Form {
    if let Some(login) = login {
        login.put_into(headers, method);
    }
    let (kind, form) = form.unzip();
    if let (Some(kind), Some(form)) = (kind, &form) {
        headers.insert(CONTENT_TYPE, kind);
        // hyper states the length of what has one, and leaves out that of nothing.
        headers.insert(CONTENT_LENGTH, form.len().into());
    }
    Form { rest: form.unwrap_or_default(), handed: Arc::clone(handed) }
}

/// The text of the status line: hyper keeps it only when it is not the usual one.
fn reason(status: StatusCode, extensions: &Extensions) -> String {
    match extensions.get::<ReasonPhrase>() {
        Some(reason) => String::from_utf8_lossy(reason.as_bytes()).into_owned(),
        None => status.canonical_reason().unwrap_or_default().to_owned(),
    }
}

/// Reads the body; one that came in a single piece is not copied.
async fn read(response: &mut impl Received) -> Result<Bytes, Fault> {
    let too_long = || Fault::new(Stage::Answering, Why::TooLong);
    let expected = response.length().unwrap_or(0);
    if expected > LONGEST_ANSWER as u64 {
        return Err(too_long());
    }
    let Some(first) = response.chunk().await? else {
        return Ok(Bytes::new());
    };
    let Some(second) = response.chunk().await? else {
        return Ok(first);
    };
    let mut body =
        BytesMut::with_capacity(usize::try_from(expected).unwrap_or(0).max(first.len() + second.len()));
    body.extend_from_slice(&first);
    body.extend_from_slice(&second);
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(too_long());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// What hyper says was in the way.
pub(super) fn why(error: &(dyn StdError + 'static)) -> Why {
    match find_cause::<hyper::Error>(error) {
        Some(e) if e.is_parse() => Why::NotHttp(innermost(error)),
        Some(e) if e.is_incomplete_message() => Why::closed(),
        _ => network(error),
    }
}

/// A form that notes when it is handed to a connection.
///
/// hyper asks [`is_end_stream`](Body::is_end_stream) when it takes a request to write it, before the first byte is
/// written; a request that it gives back unwritten, because the connection had just closed, it has not asked. So what is
/// not noted has not left. A newer hyper that asked earlier would make this more careful, not less.
pub(crate) struct Form {
    rest: Bytes,
    handed: Handed,
}

impl Form {
    pub(super) fn note(&self) {
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
