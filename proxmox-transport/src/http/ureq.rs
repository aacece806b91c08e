//! The blocking engine: everything happens on the calling thread.
//!
//! ureq tells neither the reason phrase nor how far it came. Both are seen by a connection of our own, which notes them
//! for its thread.

use std::cell::RefCell;
use std::future::Future;
use std::io::{self, Read};
use std::net::IpAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use proxmox_core::park;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use ureq::config::{AutoHeaderValue, Config};
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, TcpConnector, Transport,
    TransportAdapter, time,
};
use ureq::{Agent, SendBody, Timeout};

use super::codec::HttpRequest;
use super::engine::{AGENT, IDLE};
use super::{Answer, Budgets, Engine};
use crate::api::Signature;
use crate::fault::{Fault, LONGEST_ANSWER, Stage, Why, find_cause, network};

pub(crate) struct Ureq {
    agent: Agent,
    /// Those that the agent was built with.
    budgets: Budgets,
}

impl Ureq {
    pub(crate) fn new(tls: ClientConfig, budgets: Budgets) -> Self {
        Self::with(Connect { tls: Arc::new(tls), socket: None }, budgets)
    }

    /// All connections through this unix socket, whatever the address.
    #[cfg(feature = "ssh")]
    pub(crate) fn through(socket: PathBuf, tls: ClientConfig, budgets: Budgets) -> Self {
        Self::with(Connect { tls: Arc::new(tls), socket: Some(socket) }, budgets)
    }

    fn with(connect: Connect, budgets: Budgets) -> Self {
        let config = Config::builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .no_delay(true)
            .user_agent(AGENT)
            .accept_encoding(AutoHeaderValue::None)
            .max_idle_age(IDLE)
            .max_idle_connections(64)
            .max_idle_connections_per_host(64)
            .timeout_connect(Some(budgets.connect))
            .timeout_recv_response(Some(budgets.first_byte))
            .timeout_global(Some(budgets.total))
            .build();
        Self { agent: Agent::with_parts(config, connect, Later), budgets }
    }

    fn exchange(&self, request: HttpRequest, login: Signature, budgets: Budgets) -> Result<Answer, Fault> {
        WIRE.with_borrow_mut(Wire::reset);
        let mut http = http::Request::new(());
        if let Some(login) = login {
            login.put_into(http.headers_mut(), &request.method);
        }
        *http.method_mut() = request.method;
        *http.uri_mut() = Uri::from_maybe_shared(Bytes::from(request.url))
            .map_err(|e| Fault::new(Stage::Connecting, Why::Network(e.to_string())))?;
        let (kind, form) = request.form.unzip();
        if let Some(kind) = kind {
            http.headers_mut().insert(CONTENT_TYPE, kind);
        }
        let fault = |e| fault(e, budgets);
        // Settings of a single request cost a copy of all of them: only where they differ.
        if budgets.total != self.budgets.total {
            http = self
                .agent
                .configure_request(http)
                .timeout_connect(Some(budgets.connect))
                .timeout_recv_response(Some(budgets.first_byte))
                .timeout_global(Some(budgets.total))
                .build();
        }
        let response = match form.as_deref() {
            Some(form) => self.agent.run(http.map(|()| form)),
            None => self.agent.run(http.map(|()| SendBody::none())),
        }
        .map_err(fault)?;
        let status = response.status();
        let reason = if status.is_success() { String::new() } else { WIRE.with_borrow(|w| w.reason(status)) };
        WIRE.with_borrow_mut(|wire| wire.stage = Stage::Answering);
        Answer::new(status, reason, read(response.into_body(), budgets))
    }
}

fn read(body: ureq::Body, budgets: Budgets) -> Result<Bytes, Fault> {
    let too_long = || Fault::new(Stage::Answering, Why::TooLong);
    let expected = body.content_length().unwrap_or(0);
    if expected > LONGEST_ANSWER as u64 {
        return Err(too_long());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(expected).unwrap_or(0));
    let mut reader = body.into_with_config().limit(LONGEST_ANSWER as u64 + 1).reader();
    reader.read_to_end(&mut bytes).map_err(|e| fault(e.into(), budgets))?;
    if bytes.len() > LONGEST_ANSWER {
        return Err(too_long());
    }
    Ok(bytes.into())
}

impl Engine for Ureq {
    const NAME: &'static str = "https/ureq";
    const BLOCKING: bool = true;

    async fn exchange(
        &self,
        request: HttpRequest,
        login: Signature,
        budgets: Budgets,
    ) -> Result<Answer, Fault> {
        Self::exchange(self, request, login, budgets)
    }

    #[allow(clippy::disallowed_methods)] // This is what Transport::sleep is.
    async fn sleep(&self, duration: Duration) {
        thread::sleep(duration);
    }

    fn drive(&self, flow: Pin<&mut (dyn Future<Output = ()> + Send)>) {
        park(flow);
    }
}

fn fault(error: ureq::Error, budgets: Budgets) -> Fault {
    let stage = WIRE.with_borrow(|wire| wire.stage);
    if let Some(tls) =
        find_cause::<rustls::Error>(&error).or_else(|| hidden(&error)).filter(|_| stage == Stage::Securing)
    {
        let why = Why::Tls(crate::tls::why(tls));
        return Fault::new(stage, why).because(error);
    }
    let why = match &error {
        ureq::Error::Timeout(Timeout::Connect | Timeout::Resolve) => Why::Budget("connect", budgets.connect),
        ureq::Error::Timeout(Timeout::RecvResponse) => Why::Budget("first byte", budgets.first_byte),
        ureq::Error::Timeout(_) => Why::Budget("total", budgets.total),
        ureq::Error::Protocol(e) => Why::NotHttp(e.to_string()),
        ureq::Error::LargeResponseHeader(..) => Why::NotHttp("its head has no end".to_owned()),
        ureq::Error::BodyExceedsLimit(_) => Why::TooLong,
        ureq::Error::HostNotFound => Why::Network("unknown host".to_owned()),
        ureq::Error::Io(e) => network(e),
        other => network(other),
    };
    Fault::new(stage, why).because(error)
}

/// ureq's errors do not name their cause.
fn hidden(error: &ureq::Error) -> Option<&rustls::Error> {
    match error {
        ureq::Error::Io(e) => find_cause(e),
        _ => None,
    }
}

/// What is known of the exchange that is under way on this thread.
struct Wire {
    stage: Stage,
    /// The status line, as far as it has come.
    line: Vec<u8>,
}

thread_local! {
    static WIRE: RefCell<Wire> = const { RefCell::new(Wire { stage: Stage::Connecting, line: Vec::new() }) };
}

/// A longer status line is cut: PVE's reasons are sentences.
const LONGEST_LINE: usize = 8 << 10;

impl Wire {
    fn reset(&mut self) {
        self.stage = Stage::Connecting;
        self.line.clear();
    }

    /// Takes what came in until the status line is complete.
    fn read(&mut self, new: &[u8]) {
        if self.line.ends_with(b"\n") || self.line.len() >= LONGEST_LINE {
            return;
        }
        let new = &new[..new.len().min(LONGEST_LINE - self.line.len())];
        let end = new.iter().position(|b| *b == b'\n').map_or(new.len(), |at| at + 1);
        self.line.extend_from_slice(&new[..end]);
    }

    /// `HTTP/1.1 500 VM 100 is not running` says `VM 100 is not running`.
    fn reason(&self, status: http::StatusCode) -> String {
        let line = String::from_utf8_lossy(&self.line);
        let mut parts = line.trim_end_matches(['\r', '\n']).splitn(3, ' ');
        match (parts.next(), parts.next(), parts.next()) {
            // An interim answer's line, which PVE does not send, would be another status.
            (Some(_), Some(code), Some(reason)) if code == status.as_str() => reason.to_owned(),
            _ => status.canonical_reason().unwrap_or_default().to_owned(),
        }
    }
}

/// Looks nothing up. ureq asks before each request, also when it has a connection; [`Connect`] asks when it needs to know.
#[derive(Debug)]
struct Later;

impl Resolver for Later {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        Ok(self.empty())
    }
}

/// Name lookup, TCP and TLS, within one budget.
#[derive(Debug)]
struct Connect {
    tls: Arc<ClientConfig>,
    /// Where all connections go instead, when there is one.
    socket: Option<PathBuf>,
}

impl Connector<()> for Connect {
    type Out = Tap;

    fn connect(&self, details: &ConnectionDetails, _: Option<()>) -> Result<Option<Tap>, ureq::Error> {
        let started = Instant::now();
        let left = || {
            let after = details.timeout.after.saturating_sub(started.elapsed());
            NextTimeout { after: after.into(), ..details.timeout }
        };
        let host = details.uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let bare = Coarse(match &self.socket {
            #[cfg(unix)]
            Some(path) => Box::new(super::socket::SocketTransport::connect(path, details.config)?),
            _ => tcp(details, host, left)?,
        });
        if !details.needs_tls() {
            return Ok(Some(Tap { inner: Box::new(bare) }));
        }
        WIRE.with_borrow_mut(|wire| wire.stage = Stage::Securing);
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let mut conn = ClientConnection::new(Arc::clone(&self.tls), name).map_err(io::Error::other)?;
        let mut sock = TransportAdapter::new(bare, Arc::clone(&details.current_time));
        sock.set_timeout(left());
        conn.complete_io(&mut sock)?;
        let buffers =
            LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        let tls = Tls { buffers, stream: StreamOwned { conn, sock } };
        Ok(Some(Tap { inner: Box::new(tls) }))
    }
}

/// Name lookup and TCP.
fn tcp(
    details: &ConnectionDetails,
    host: &str,
    left: impl Fn() -> NextTimeout,
) -> Result<Box<dyn Transport>, ureq::Error> {
    // With a budget ureq looks a name up on a thread of its own. An address needs no looking up.
    let lookup = match host.parse::<IpAddr>() {
        Ok(_) => NextTimeout { after: time::Duration::NotHappening, ..details.timeout },
        Err(_) => details.timeout,
    };
    let addrs = DefaultResolver::default().resolve(details.uri, details.config, lookup)?;
    let details = ConnectionDetails {
        uri: details.uri,
        addrs,
        config: details.config,
        request_level: details.request_level,
        resolver: details.resolver,
        now: (details.current_time)(),
        timeout: left(),
        current_time: Arc::clone(&details.current_time),
        run_connector: Arc::clone(&details.run_connector),
        register_shutdown: Arc::clone(&details.register_shutdown),
    };
    let Some(tcp) = Connector::<()>::connect(&TcpConnector::default(), &details, None)? else {
        return Err(ureq::Error::ConnectionFailed);
    };
    Ok(Box::new(tcp))
}

/// A connection with TLS.
struct Tls {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter<Coarse>>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

impl Transport for Tls {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.stream.get_mut().set_timeout(timeout);
        let output = &self.buffers.output()[..amount];
        io::Write::write_all(&mut self.stream, output)?;
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.stream.get_mut().set_timeout(timeout);
        let amount = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.get_mut().get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

/// A socket whose timeouts are what is left of a budget, with seconds rounded up to the next tenth: one that stays the same from one
/// read to the next is not set again. Nothing may come between: whatever does takes off the time that it needs.
#[derive(Debug)]
struct Coarse(Box<dyn Transport>);

impl Transport for Coarse {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.0.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.0.transmit_output(amount, coarse(timeout))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.0.await_input(coarse(timeout))
    }

    fn is_open(&mut self) -> bool {
        self.0.is_open()
    }
}

fn coarse(timeout: NextTimeout) -> NextTimeout {
    let left = *timeout.after;
    if timeout.after.is_not_happening() || left < Duration::from_secs(1) {
        return timeout;
    }
    let tenths = left.as_nanos().div_ceil(100_000_000);
    let after = Duration::from_millis(u64::try_from(tenths * 100).unwrap_or(u64::MAX));
    NextTimeout { after: after.into(), ..timeout }
}

/// Notes for its thread that bytes leave, and what the status line says.
#[derive(Debug)]
struct Tap {
    inner: Box<dyn Transport>,
}

impl Transport for Tap {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        // Before, not after: of a write that fails some bytes may have left.
        WIRE.with_borrow_mut(|wire| wire.stage = Stage::Sent);
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let seen = self.inner.buffers().input().len();
        let more = self.inner.await_input(timeout)?;
        let input = self.inner.buffers().input();
        WIRE.with_borrow_mut(|wire| wire.read(input.get(seen..).unwrap_or_default()));
        Ok(more)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::sync::Mutex;

    use super::*;

    /// Notes the timeouts that it is given, and has nothing to read.
    #[derive(Debug)]
    struct Noting(LazyBuffers, Arc<Mutex<Vec<Duration>>>);

    impl Transport for Noting {
        fn buffers(&mut self) -> &mut dyn Buffers {
            &mut self.0
        }
        fn transmit_output(&mut self, _: usize, _: NextTimeout) -> Result<(), ureq::Error> {
            Ok(())
        }
        fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
            self.1.lock().unwrap().push(*timeout.after);
            Ok(false)
        }
        fn is_open(&mut self) -> bool {
            true
        }
    }

    #[test]
    fn a_socket_is_told_the_same_timeout_again_and_again() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let socket = Noting(LazyBuffers::new(16, 16), Arc::clone(&told));
        let mut stream = TransportAdapter::new(
            Coarse(Box::new(socket)),
            Arc::new(|| time::Instant::Exact(Instant::now())),
        );
        let whole = NextTimeout {
            after: Duration::from_secs(60).into(),
            reason: Timeout::Global,
            per_read: None,
            per_write: None,
        };
        for _ in 0..3 {
            stream.set_timeout(whole);
            assert_eq!(stream.read(&mut [0]).unwrap(), 0);
        }
        assert_eq!(*told.lock().unwrap(), [Duration::from_secs(60); 3]);
    }
}
