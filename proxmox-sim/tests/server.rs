//! The server over real TLS, seen through a client that hides nothing.

#![allow(clippy::unwrap_used)]

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use proxmox_sim::{ROOT_TOKEN_ID, ROOT_TOKEN_SECRET, Sim, SimServer, WireFault};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// One connection.
struct Client(StreamOwned<ClientConnection, TcpStream>);

#[derive(Debug, PartialEq)]
struct Answer {
    status: u16,
    reason: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// Whether all of the body came.
    whole: bool,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

impl Client {
    fn connect(server: &SimServer) -> io::Result<Self> {
        Self::connect_as(server, "localhost")
    }

    fn connect_as(server: &SimServer, name: &str) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(server.ca_pem().as_bytes()).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let tls = ClientConnection::new(Arc::new(config), name).unwrap();
        let stream = TcpStream::connect(server.address())?;
        // A bound for a test gone wrong; nothing is measured by it.
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let mut tls = StreamOwned::new(tls, stream);
        tls.conn.complete_io(&mut tls.sock)?;
        Ok(Self(tls))
    }

    fn send(&mut self, head: &str, body: &str) -> io::Result<()> {
        let length =
            if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let (line, headers) = head.split_once("\r\n").unwrap_or((head, ""));
        let headers = if headers.is_empty() { String::new() } else { format!("{headers}\r\n") };
        let request = format!("{line} HTTP/1.1\r\nHost: pve1\r\n{headers}{length}\r\n{body}");
        self.0.write_all(request.as_bytes())?;
        self.0.flush()
    }

    /// `head`: request line without version, and headers.
    fn ask(&mut self, head: &str) -> io::Result<Answer> {
        self.send(head, "")?;
        self.read()
    }

    fn read(&mut self) -> io::Result<Answer> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            if self.0.read(&mut byte)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let mut first = lines.next().unwrap().splitn(3, ' ');
        assert_eq!(first.next(), Some("HTTP/1.1"));
        let status = first.next().unwrap().parse().unwrap();
        let reason = first.next().unwrap_or_default().to_owned();
        let pair = |line: &str| line.split_once(": ").map(|(k, v)| (k.to_owned(), v.to_owned())).unwrap();
        let mut answer =
            Answer { status, reason, headers: lines.map(pair).collect(), body: Vec::new(), whole: true };
        let length = answer.header("Content-Length").map_or(0, |n| n.parse().unwrap());
        while answer.body.len() < length && answer.whole {
            let mut part = vec![0; length - answer.body.len()];
            match self.0.read(&mut part) {
                Ok(0) | Err(_) => answer.whole = false,
                Ok(n) => answer.body.extend(&part[..n]),
            }
        }
        Ok(answer)
    }

    /// Whether the other side has closed, orderly or not.
    fn is_closed(&mut self) -> bool {
        match self.0.read(&mut [0]) {
            Ok(0) => true,
            Ok(_) => false,
            Err(e) => !matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut),
        }
    }
}

const VERSION: &str = "GET /api2/json/version";

/// A cluster whose clock moves only by hand: PVE's delays take no time.
fn still() -> Sim {
    Sim::builder().time_scale(0.0).build()
}

fn server() -> SimServer {
    SimServer::start(still()).unwrap()
}

/// The request line with the header of a token that may do everything.
fn root(line: &str) -> String {
    format!("{line}\r\nAuthorization: PVEAPIToken={ROOT_TOKEN_ID}={ROOT_TOKEN_SECRET}")
}

#[test]
fn serves_over_tls_with_its_own_authority() {
    let server = server();
    for name in ["localhost", "127.0.0.1", "::1", "pve1"] {
        let mut client = Client::connect_as(&server, name).unwrap();
        for _ in 0..2 {
            let answer = client.ask(&root(VERSION)).unwrap();
            assert_eq!((answer.status, answer.reason.as_str()), (200, "OK"));
            assert_eq!(answer.header("Content-Type"), Some("application/json;charset=UTF-8"));
            assert_eq!(answer.header("Connection"), Some("Keep-Alive"));
            assert!(answer.body.starts_with(br#"{"data":{"#));
        }
    }
    assert!(Client::connect_as(&server, "pve2").is_err());
    assert_eq!(server.log().executed("GET", "/version"), 8);
}

#[test]
fn the_fingerprint_is_that_of_the_leaf() {
    let server = server();
    let client = Client::connect(&server).unwrap();
    let leaf = &client.0.conn.peer_certificates().unwrap()[0];
    let digest = ring::digest::digest(&ring::digest::SHA256, leaf);
    let hex: Vec<String> = digest.as_ref().iter().map(|b| format!("{b:02X}")).collect();
    assert_eq!(server.fingerprint(), hex.join(":"));
}

#[test]
fn reasons_arrive_where_there_is_no_body() {
    let server = server();
    server.faults().add(WireFault::refused().on("GET", "/nodes/pve1/status"));
    for (line, status, reason) in [
        (VERSION.to_owned(), 401, "No ticket"),
        (root("GET /api2/json/nodes/pve1/status"), 595, "Connection refused"),
        (root("PATCH /api2/json/version"), 501, "method 'PATCH' not available"),
    ] {
        let mut client = Client::connect(&server).unwrap();
        let answer = client.ask(&line).unwrap();
        assert_eq!((answer.status, answer.reason.as_str(), answer.body.len()), (status, reason, 0));
        assert_eq!(answer.header("Connection"), Some("close"));
        assert!(client.is_closed(), "{line}");
    }
}

#[test]
fn every_error_closes() {
    let server = server();
    let mut client = Client::connect(&server).unwrap();
    let answer = client.ask(&root("GET /api2/json/nodes/pve1/qemu/999/config")).unwrap();
    let sentence = "Configuration file 'nodes/pve1/qemu-server/999.conf' does not exist";
    assert_eq!((answer.status, answer.reason.as_str()), (500, sentence));
    assert_eq!(answer.header("Content-Type"), Some("application/json;charset=UTF-8"));
    assert!(client.is_closed());
}

#[test]
fn the_web_server_refuses_by_itself() {
    let server = server();
    let mut client = Client::connect(&server).unwrap();
    client.send(&root("DELETE /api2/json/nodes/pve1/qemu/100"), "purge=1").unwrap();
    let answer = client.read().unwrap();
    assert_eq!((answer.status, answer.reason.as_str()), (501, "Unexpected content for method 'DELETE'"));
    assert_eq!(answer.body, answer.reason.as_bytes());

    let mut client = Client::connect(&server).unwrap();
    let answer =
        client.ask(&(root("POST /api2/json/nodes/pve1/qemu") + "\r\nTransfer-Encoding: chunked")).unwrap();
    assert_eq!((answer.status, answer.reason.as_str()), (501, "chunked transfer encoding not supported"));
    assert!(client.is_closed());
    assert!(server.log().entries().iter().all(|entry| !entry.executed));
}

#[test]
fn a_connection_takes_a_hundred_requests() {
    let server = server();
    let mut client = Client::connect(&server).unwrap();
    for number in 1..=100 {
        let answer = client.ask(&root(VERSION)).unwrap();
        let expected = if number == 100 { "close" } else { "Keep-Alive" };
        assert_eq!(
            answer.header("Connection").map(str::to_ascii_lowercase),
            Some(expected.to_ascii_lowercase())
        );
    }
    assert!(client.is_closed());
    assert!(server.log().entries().iter().all(|entry| entry.connection == 1));
}

#[test]
fn an_idle_connection_is_closed() {
    let server = SimServer::builder().idle(Duration::from_millis(50)).start(still()).unwrap();
    let mut client = Client::connect(&server).unwrap();
    assert_eq!(client.ask(&root(VERSION)).unwrap().status, 200);
    assert!(client.is_closed());
}

#[test]
fn closes_before_and_after() {
    let server = server();
    let path = "/nodes/pve1/qemu/101/config";
    let line = root(&format!("POST /api2/json{path}"));
    for (fault, received, executed) in [
        (WireFault::CloseBeforeReading, false, false),
        (WireFault::CloseBeforeExecuting, true, false),
        (WireFault::CloseAfterExecuting, true, true),
    ] {
        server.log().clear();
        server.faults().add(fault.clone().on("POST", path));
        let mut client = Client::connect(&server).unwrap();
        client.send(&line, "description=x").unwrap();
        assert!(client.is_closed(), "{fault:?}");
        let entries = server.log().entries();
        assert_eq!(entries.len(), 1);
        assert_eq!((entries[0].received, entries[0].executed), (received, executed), "{fault:?}");
        assert_eq!(entries[0].fault, Some(fault));
    }
    let tasks = server.sim().tasks();
    assert_eq!(tasks.len(), 1, "only the third was executed: {tasks:?}");
}

#[test]
fn answers_that_are_not_pve_s() {
    let server = server();
    let ask = |fault: WireFault| {
        server.faults().add(fault.on("GET", "/version"));
        Client::connect(&server).unwrap().ask(&root(VERSION)).unwrap()
    };
    let whole = ask(WireFault::Delay(Duration::from_millis(1)));
    assert_eq!((whole.status, whole.whole), (200, true));

    let cut = ask(WireFault::Truncate);
    assert_eq!((cut.status, cut.whole), (200, false));
    assert_eq!(cut.body, whole.body[..whole.body.len() / 2]);
    assert_eq!(cut.header("Content-Length"), whole.header("Content-Length"));

    let html = ask(WireFault::Html);
    assert_eq!((html.status, html.reason.as_str()), (503, "Service Unavailable"));
    assert_eq!(html.header("Content-Type"), None);
    assert!(html.body.starts_with(b"<html>"));

    let empty = ask(WireFault::Empty);
    assert_eq!((empty.status, empty.body.len(), empty.whole), (200, 0, true));
    let garbage = ask(WireFault::Garbage(1_000_000));
    assert_eq!((garbage.status, garbage.body.len(), garbage.whole), (200, 1_000_000, true));
    let other = ask(WireFault::Body("{}".to_owned()));
    assert_eq!((other.status, other.body.as_slice()), (200, &b"{}"[..]));
    let hung_up = ask(WireFault::broken_pipe());
    assert_eq!((hung_up.status, hung_up.reason.as_str()), (596, "Broken pipe"));
}

#[test]
fn hangs_up_after_an_answer_that_promised_more() {
    let server = server();
    server.faults().add(WireFault::CloseAfterAnswering.on("GET", "/version").after(1));
    let mut client = Client::connect(&server).unwrap();
    for _ in 0..2 {
        let answer = client.ask(&root(VERSION)).unwrap();
        assert_eq!((answer.status, answer.header("Connection")), (200, Some("Keep-Alive")));
    }
    assert!(client.is_closed());
}

#[test]
fn a_stalled_request_ends_with_the_server() {
    let server = server();
    server.faults().add(WireFault::Stall.on("*", "/"));
    let mut client = Client::connect(&server).unwrap();
    client.send(&root(VERSION), "").unwrap();
    // A second connection is served meanwhile, and shows that the first request has arrived.
    while server.log().arrived("GET", "/version") == 0 {
        std::thread::yield_now();
    }
    assert_eq!(Client::connect(&server).unwrap().ask(&root(VERSION)).unwrap().status, 200);
    drop(server);
    assert!(client.is_closed());
}

#[test]
fn a_closed_connection_carried_nothing() {
    let server = server();
    server.faults().close_connections(1);
    assert!(Client::connect(&server).is_err());
    assert!(server.log().entries().is_empty());
    assert!(Client::connect(&server).is_ok());
}

#[test]
fn delays_follow_the_simulated_clock() {
    // At this scale three simulated seconds would last for a month: an answer shows that they were skipped or scaled.
    let server = SimServer::start(Sim::builder().time_scale(1e6).build()).unwrap();
    let answer = Client::connect(&server).unwrap().ask(VERSION).unwrap();
    assert_eq!(answer.reason, "No ticket");
}
