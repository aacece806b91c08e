//! One connection: TLS, requests one after the other, and when it ends.

use std::future::pending;
use std::net::TcpListener;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::ext::ReasonPhrase;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_rustls::TlsAcceptor;

use crate::delivery::{Delivery, deliver};
use crate::exchange::SimAnswer;
use crate::http::HttpRequest;
use crate::log::RequestLog;
use crate::sim::Sim;
use crate::wire_fault::{WireFault, WireFaults};

/// What all connections share.
pub(super) struct Service {
    pub(super) sim: Sim,
    pub(super) faults: WireFaults,
    pub(super) log: RequestLog,
    pub(super) tls: TlsAcceptor,
    pub(super) idle: Duration,
    pub(super) requests: u32,
}

/// Accepts until told to stop. All connections end with it.
pub(super) async fn serve(listener: TcpListener, service: Arc<Service>, mut stopped: oneshot::Receiver<()>) {
    // The listener is in non-blocking mode already, and this is inside the runtime.
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
        return;
    };
    let mut connections = JoinSet::new();
    let mut number = 0;
    loop {
        let accepted = tokio::select! {
            // Resolves when the sender is dropped.
            _ = &mut stopped => return,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        // A client that was gone before it was accepted is none of the server's business.
        let Ok((stream, _)) = accepted else { continue };
        if !service.faults.take_connection() {
            number += 1;
            connections.spawn(connection(stream, Arc::clone(&service), number));
        }
    }
}

/// Serves one connection to its end. How it ends is seen by the client; there is nobody here to tell.
async fn connection(stream: TcpStream, service: Arc<Service>, number: u64) {
    // Small answers go out at once; a system that cannot do that still serves them.
    let _ = stream.set_nodelay(true);
    let Ok(stream) = service.tls.accept(stream).await else {
        return;
    };
    let state = Arc::new(Activity::new(service.requests));
    let answering = {
        let (service, state) = (Arc::clone(&service), Arc::clone(&state));
        hyper::service::service_fn(move |request| {
            let (service, state) = (Arc::clone(&service), Arc::clone(&state));
            async move {
                state.begin();
                let response = answer(&service, &state, number, request).await;
                state.end();
                response
            }
        })
    };
    let mut http = pin!(
        hyper::server::conn::http1::Builder::new()
            .title_case_headers(true)
            .serve_connection(TokioIo::new(stream), answering)
    );
    loop {
        let deadline = state.idle_since().unwrap_or_else(Instant::now) + service.idle;
        tokio::select! {
            _ = http.as_mut() => return,
            () = state.hang_up.notified() => break,
            () = sleep_until(deadline) => {
                if state.idle_since().is_some_and(|since| since + service.idle <= Instant::now()) {
                    break;
                }
            }
        }
    }
    http.as_mut().graceful_shutdown();
    let _ = http.await;
}

/// Whether a connection is in use, and how often it may still be.
struct Activity {
    idle_since: Mutex<Option<Instant>>,
    left: AtomicU32,
    hang_up: Notify,
}

impl Activity {
    fn new(requests: u32) -> Self {
        Self {
            idle_since: Mutex::new(Some(Instant::now())),
            left: AtomicU32::new(requests),
            hang_up: Notify::new(),
        }
    }

    fn begin(&self) {
        *self.idle_since.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.left.store(self.left.load(Ordering::Relaxed).saturating_sub(1), Ordering::Relaxed);
    }

    fn end(&self) {
        *self.idle_since.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// `None` while a request is being answered.
    fn idle_since(&self) -> Option<Instant> {
        *self.idle_since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_used_up(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }
}

/// The connection is closed without an answer.
#[derive(Debug)]
struct Closed;

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("closed on purpose")
    }
}

impl std::error::Error for Closed {}

/// Answers one request, or closes the connection.
async fn answer(
    service: &Service,
    state: &Activity,
    connection: u64,
    request: Request<Incoming>,
) -> Result<Response<Reply>, Closed> {
    let (mut http, body) = open(request);
    let path = http.check();
    let ticket = service.log.arrive(connection, &http.method, path.as_deref().unwrap_or(&http.target));
    let path = match path {
        Ok(path) => path,
        // The body is left unread, as PVE leaves it: the connection ends anyway.
        Err(refused) => {
            let answer = refused.answer(&service.sim, &http);
            ticket.note(|entry| entry.status = Some(answer.status));
            pass(service.sim.clock().wall(answer.delay)).await;
            return Ok(response(answer, false, true));
        }
    };
    let fault = service.faults.take(&http.method, &path);
    if fault == Some(WireFault::CloseBeforeReading) {
        ticket.note(|entry| entry.fault = fault);
        return Err(Closed);
    }
    let hangs_up = fault == Some(WireFault::CloseAfterAnswering);
    http.body = match body.collect().await {
        Ok(body) => body.to_bytes().to_vec(),
        Err(_) => return Err(Closed),
    };
    let delivery = match http.read() {
        Ok(request) => deliver(&request, fault, &ticket, || service.sim.answer(&request)),
        Err(refused) => {
            let answer = refused.answer(&service.sim, &http);
            ticket.note(|entry| (entry.received, entry.status) = (true, Some(answer.status)));
            Delivery::Answer { answer, wait: Duration::ZERO, broken: false }
        }
    };
    match delivery {
        Delivery::Answer { answer, wait, broken } => {
            pass(wait + service.sim.clock().wall(answer.delay)).await;
            if hangs_up {
                state.hang_up.notify_one();
            }
            Ok(response(answer, broken, state.is_used_up()))
        }
        Delivery::Close => Err(Closed),
        Delivery::Stall => pending().await,
    }
}

/// Lets time pass. Even a sleep without length would last until the timer's next millisecond.
async fn pass(time: Duration) {
    if !time.is_zero() {
        sleep_until(Instant::now() + time).await;
    }
}

/// Takes a request out of the HTTP library's hands.
fn open(request: Request<Incoming>) -> (HttpRequest, Incoming) {
    let (parts, body) = request.into_parts();
    let target = parts.uri.path_and_query().map_or_else(|| parts.uri.path(), |both| both.as_str());
    let mut http = HttpRequest::new(parts.method.as_str(), target);
    for (name, value) in &parts.headers {
        http = http.header(name.as_str(), String::from_utf8_lossy(value.as_bytes()));
    }
    (http, body)
}

/// Puts an answer into the HTTP library's hands.
fn response(answer: SimAnswer, broken: bool, last: bool) -> Response<Reply> {
    let headers = answer.headers();
    let mut response = Response::new(Reply { rest: answer.body.into(), broken, said: false });
    // Statuses are from PVE's tables or a test's own hand; what is not a status is a server error.
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let reason: Vec<u8> =
        answer.reason.bytes().map(|b| if b.is_ascii_control() { b' ' } else { b }).collect();
    if let Ok(reason) = ReasonPhrase::try_from(reason) {
        response.extensions_mut().insert(reason);
    }
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if last {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// A body that can break in its middle.
struct Reply {
    rest: Bytes,
    broken: bool,
    /// Whether the first half has gone out.
    said: bool,
}

impl Body for Reply {
    type Data = Bytes;
    type Error = Closed;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Closed>>> {
        if !self.broken {
            let all = std::mem::take(&mut self.rest);
            return Poll::Ready((!all.is_empty()).then(|| Ok(Frame::data(all))));
        }
        let half = self.rest.len() / 2;
        if half > 0 {
            let first = self.rest.split_to(half);
            self.rest.clear();
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        if !self.said {
            // Pending once, so that what was said so far is sent before the connection breaks.
            self.said = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(Closed)))
    }

    fn is_end_stream(&self) -> bool {
        !self.broken && self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
