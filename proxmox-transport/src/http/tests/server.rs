//! A server that does what a test tells it, byte for byte.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// How long a script waits for a client.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a server of this port listens as well.
#[cfg(all(feature = "reqwest", feature = "ssh"))]
fn socket_at(port: u16) -> std::path::PathBuf {
    std::env::temp_dir().join(format!("proxmox-test-{port}"))
}

/// The socket of the server at this address, if there is one.
#[cfg(all(feature = "reqwest", feature = "ssh"))]
pub(super) fn socket(authority: &str) -> Option<std::path::PathBuf> {
    let port = authority.rsplit(':').next()?.parse().ok()?;
    Some(socket_at(port)).filter(|path| path.exists())
}

pub(super) trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

/// Listens on loopback, and on a unix socket, until dropped.
pub(super) struct Server {
    port: u16,
    seen: Arc<Mutex<Vec<String>>>,
    connections: Arc<Mutex<usize>>,
    stop: Arc<AtomicBool>,
}

/// One connection, as a script sees it.
pub(super) struct Connection {
    pub(super) stream: Box<dyn Stream>,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Runs the script for each connection, each on a thread of its own. The connection closes when it returns.
    pub(super) fn start(script: impl Fn(&mut Connection) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self::with(None, script)
    }

    pub(super) fn tls(
        config: ServerConfig,
        script: impl Fn(&mut Connection) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::with(Some(Arc::new(config)), script)
    }

    fn with(
        tls: Option<Arc<ServerConfig>>,
        script: impl Fn(&mut Connection) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let script = Arc::new(script);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (seen, connections, stop): (Arc<Mutex<Vec<_>>>, Arc<Mutex<_>>, Arc<AtomicBool>) =
            Default::default();
        let server = Self { port, seen: seen.clone(), connections: connections.clone(), stop: stop.clone() };
        // Nothing, when it is time to accept no more.
        let serve = Arc::new(move |stream: Box<dyn Stream>| {
            if stop.load(Ordering::SeqCst) {
                return None;
            }
            *connections.lock().unwrap() += 1;
            let stream: Box<dyn Stream> = match &tls {
                Some(config) => {
                    Box::new(StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream))
                }
                None => stream,
            };
            let (script, mut connection) = (script.clone(), Connection { stream, seen: seen.clone() });
            // A script's I/O fails when the client goes away, which tests look at from the other side.
            thread::spawn(move || drop(script(&mut connection)));
            Some(())
        });
        #[cfg(all(feature = "reqwest", feature = "ssh"))]
        {
            let (path, serve) = (socket_at(port), serve.clone());
            // One of an earlier run may have been left there.
            let _ = std::fs::remove_file(&path);
            let listener = std::os::unix::net::UnixListener::bind(path).unwrap();
            thread::spawn(move || {
                listener.incoming().flatten().try_for_each(|unix| {
                    unix.set_read_timeout(Some(PATIENCE)).unwrap();
                    serve(Box::new(unix))
                })
            });
        }
        thread::spawn(move || {
            listener.incoming().flatten().try_for_each(|tcp| {
                tcp.set_read_timeout(Some(PATIENCE)).unwrap();
                tcp.set_nodelay(true).unwrap();
                serve(Box::new(tcp))
            })
        });
        server
    }

    pub(super) fn authority(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(super) fn url(&self, host: &str) -> String {
        format!("https://{host}:{}", self.port)
    }

    /// All requests that were read so far, heads and bodies.
    pub(super) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    pub(super) fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the threads that accept. The port comes last: once it is free, the socket's name may be another's.
        #[cfg(all(feature = "reqwest", feature = "ssh"))]
        {
            let _ = std::os::unix::net::UnixStream::connect(socket_at(self.port));
            let _ = std::fs::remove_file(socket_at(self.port));
        }
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Connection {
    /// Reads one request with its body; `None` when the client closed instead.
    pub(super) fn read(&mut self) -> io::Result<Option<String>> {
        let mut bytes = Vec::new();
        let mut byte = [0];
        while !bytes.ends_with(b"\r\n\r\n") {
            if self.stream.read(&mut byte)? == 0 {
                return Ok(None);
            }
            bytes.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let mut body = vec![0; length.map_or(0, |n| n.trim().parse().unwrap())];
        self.stream.read_exact(&mut body)?;
        bytes.extend(body);
        let text = String::from_utf8(bytes).unwrap();
        self.seen.lock().unwrap().push(text.clone());
        Ok(Some(text))
    }

    pub(super) fn write(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(text.as_bytes())?;
        self.stream.flush()
    }

    /// Ends the connection at once.
    pub(super) fn close(&mut self) {
        self.stream = Box::new(io::Cursor::new(Vec::new()));
    }

    /// Answers with this status line and body, and keeps the connection.
    pub(super) fn answer(&mut self, status: &str, body: &str) -> io::Result<()> {
        self.write(&format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
    }

    /// Answers all requests of the connection alike.
    pub(super) fn serve(&mut self, status: &str, body: &str) -> io::Result<()> {
        while self.read()?.is_some() {
            self.answer(status, body)?;
        }
        Ok(())
    }
}

/// An authority and what it signs.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(super) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(super) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for these names, its key, and its SHA-256.
    fn sign(&self, names: &[&str]) -> (CertificateDer<'static>, KeyPair, String) {
        let key = KeyPair::generate().unwrap();
        let mut params =
            CertificateParams::new(names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let digest = ring::digest::digest(&ring::digest::SHA256, certificate.der());
        let fingerprint = digest.as_ref().iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(":");
        (certificate.der().clone(), key, fingerprint)
    }

    /// A certificate without its key.
    pub(super) fn certificate(&self, names: &[&str]) -> (CertificateDer<'static>, String) {
        let (certificate, _, fingerprint) = self.sign(names);
        (certificate, fingerprint)
    }

    /// A server's configuration with a certificate for these names, and the certificate's SHA-256.
    pub(super) fn server(&self, names: &[&str]) -> (ServerConfig, String) {
        let (certificate, key, fingerprint) = self.sign(names);
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        (config, fingerprint)
    }
}
