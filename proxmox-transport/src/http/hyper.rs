//! Connections through a unix socket, as the asynchronous engine uses them: what ssh forwards to the node.
//!
//! reqwest can do that as well, over tokio's own sockets, and spends a third more on it. It has no place for others.

use std::error::Error as StdError;
use std::future::{Future, poll_fn};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{ACCEPT, HOST, USER_AGENT};
use http::uri::{InvalidUri, Scheme};
use http::{Extensions, HeaderValue, Request, Response, StatusCode, Uri};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use proxmox_core::{Error, Result};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, BufReader};
use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::Budgets;
use super::asynchronous::{Asynchronous, Connector, Form, Handed, Received, fill, why};
use super::codec::HttpRequest;
use super::engine::{AGENT, IDLE};
use super::quiet::QuietStream;
use crate::api::Signature;
use crate::fault::{Fault, Stage, Why, find_cause, network};

/// rustls alone would read 4 KiB at a time. A record has up to 16 KiB, and ssh hands on twice as much at once.
const READ: usize = 32 << 10;

pub(crate) struct Hyper {
    /// What URLs begin with.
    origin: String,
    host: HeaderValue,
    way: Arc<Way>,
}

/// How a connection is made.
struct Way {
    socket: PathBuf,
    /// And the name that the certificate is to have; only tests go without.
    tls: Option<(TlsConnector, ServerName<'static>)>,
    connect: Duration,
}

impl Hyper {
    /// An engine for the server at `origin`, `https://127.0.0.1:8006`, that this socket leads to.
    pub(crate) fn engine(
        socket: PathBuf,
        origin: &str,
        tls: ClientConfig,
        budgets: Budgets,
    ) -> Result<Asynchronous<Self>> {
        let bad = |e: &dyn std::fmt::Display| Error::invalid("url", format!("url: {origin:?}: {e}"));
        let uri: Uri = origin.parse().map_err(|e| bad(&e))?;
        let name = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(name).map_err(|e| bad(&e))?;
        let secured = uri.scheme() == Some(&Scheme::HTTPS);
        let tls = secured.then(|| (TlsConnector::from(Arc::new(tls)), name));
        let way = Way { socket, tls, connect: budgets.connect };
        let host = uri.authority().map_or("", |authority| authority.as_str());
        let host = HeaderValue::from_str(host).map_err(|e| bad(&e))?;
        Ok(Asynchronous::new(Self { origin: origin.to_owned(), host, way: Arc::new(way) }))
    }
}

impl Way {
    /// A new connection.
    async fn go(&self) -> Result<SendRequest<Form>, Fault> {
        let connecting = async {
            let stream = QuietStream::connect(&self.socket).await.map_err(broken)?;
            let stream = BufReader::with_capacity(READ, stream);
            let Some((tls, name)) = &self.tls else { return driven(stream).await };
            driven(tls.connect(name.clone(), stream).await.map_err(broken)?).await
        };
        let late = |_| Err(Fault::new(Stage::Connecting, Why::Budget("connect", self.connect)));
        timeout(self.connect, connecting).await.unwrap_or_else(late)
    }
}

/// What came in the way before anything was written.
fn broken(error: impl StdError + Send + Sync + 'static) -> Fault {
    match find_cause::<rustls::Error>(&error) {
        Some(tls) => Fault::new(Stage::Securing, Why::Tls(crate::tls::why(tls))).because(error),
        None => Fault::new(Stage::Connecting, network(&error)).because(error),
    }
}

/// Has the runtime drive the connection for as long as it has a user.
async fn driven(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
) -> Result<SendRequest<Form>, Fault> {
    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(broken)?;
    // What becomes of it, its users are told.
    drop(Handle::current().spawn(connection));
    Ok(sender)
}

/// The connections of one runtime.
#[derive(Clone)]
pub(crate) struct Client {
    way: Arc<Way>,
    /// The latest used is the last.
    idle: Arc<Mutex<Vec<Idle>>>,
}

/// A connection that nobody uses.
struct Idle {
    since: Instant,
    sender: SendRequest<Form>,
}

impl Client {
    /// The latest used, if the server has not closed it.
    fn kept(&self) -> Option<SendRequest<Form>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|kept| kept.since.elapsed() < IDLE && kept.sender.is_ready());
        idle.pop().map(|kept| kept.sender)
    }

    /// Puts a connection where others find it. One that is still busy with what it was given last, such as a long form that the
    /// server answered early, nobody should have to wait for.
    fn keep(&self, mut sender: SendRequest<Form>) {
        let idle = Arc::clone(&self.idle);
        let keep = move |sender| {
            let kept = Idle { since: Instant::now(), sender };
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(kept);
        };
        if sender.is_ready() {
            keep(sender);
        } else if !sender.is_closed() {
            drop(Handle::current().spawn(async move {
                if let Ok(Ok(())) = timeout(IDLE, sender.ready()).await {
                    keep(sender);
                }
            }));
        }
    }

    async fn send(self, mut request: Request<Form>) -> Result<Answering, Failure> {
        loop {
            let (kept, mut sender) = match self.kept() {
                Some(sender) => (true, sender),
                None => (false, self.way.go().await.map_err(Failure::Connecting)?),
            };
            // From here on the connection may take it at any time.
            request.body().note();
            match sender.try_send_request(request).await {
                Ok(response) => return Ok(Answering { response, sender: Some(sender), client: self }),
                Err(mut e) => match e.take_message() {
                    // Given back unwritten: the connection had just been closed.
                    Some(unsent) if kept => request = unsent,
                    Some(_) => return Err(Failure::Connecting(broken(e.into_error()))),
                    None => return Err(Failure::Sending(e.into_error())),
                },
            }
        }
    }
}

/// Why there is no answer.
pub(crate) enum Failure {
    /// Nothing was written.
    Connecting(Fault),
    Sending(hyper::Error),
}

/// An answer, and the connection that it comes over.
pub(crate) struct Answering {
    response: Response<Incoming>,
    sender: Option<SendRequest<Form>>,
    client: Client,
}

impl Connector for Hyper {
    const NAME: &'static str = "unix/hyper";

    type Client = Client;
    type Request = Request<Form>;
    type Response = Answering;
    type Error = Failure;

    fn client(&self) -> Result<Client, Fault> {
        Ok(Client { way: Arc::clone(&self.way), idle: Arc::default() })
    }

    fn request(
        &self,
        request: HttpRequest,
        login: Signature,
        handed: &Handed,
    ) -> Result<Request<Form>, Fault> {
        let path = request.url.strip_prefix(&self.origin).unwrap_or(&request.url);
        let uri: Uri = path
            .parse()
            .map_err(|e: InvalidUri| Fault::new(Stage::Connecting, Why::Network(e.to_string())))?;
        let mut http = Request::new(());
        let headers = http.headers_mut();
        headers.insert(HOST, self.host.clone());
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        let form = fill(headers, &request.method, request.form, login, handed);
        *http.method_mut() = request.method;
        *http.uri_mut() = uri;
        Ok(http.map(|()| form))
    }

    fn send(
        client: Client,
        request: Request<Form>,
    ) -> impl Future<Output = Result<Answering, Failure>> + Send + 'static {
        client.send(request)
    }

    fn fault(error: Failure, _: Stage, _: Budgets) -> Fault {
        match error {
            Failure::Connecting(fault) => fault,
            Failure::Sending(e) => Fault::new(Stage::Sent, why(&e)).because(e),
        }
    }
}

impl Received for Answering {
    fn head(&self) -> (StatusCode, &Extensions) {
        (self.response.status(), self.response.extensions())
    }

    fn length(&self) -> Option<u64> {
        self.response.body().size_hint().exact()
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, Fault> {
        loop {
            let frame = poll_fn(|context| Pin::new(self.response.body_mut()).poll_frame(context)).await;
            match frame {
                // Trailers say nothing that matters here.
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
                Some(Err(e)) => return Err(Fault::new(Stage::Answering, network(&e)).because(e)),
                None => {
                    // All is read: others may use the connection.
                    if let Some(sender) = self.sender.take() {
                        self.client.keep(sender);
                    }
                    return Ok(None);
                }
            }
        }
    }
}
