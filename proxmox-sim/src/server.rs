//! The simulated cluster behind real HTTPS, with the manners of PVE's web server.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::certificate::Certificate;
use crate::log::RequestLog;
use crate::sim::Sim;
use crate::wire_fault::WireFaults;

mod connection;

use connection::Service;

/// A simulated PVE node that listens on loopback and speaks HTTPS, with a certificate authority of its own.
///
/// It runs on a thread of its own, so it serves blocking and async programs alike, and ends when it is dropped. Like
/// PVE it puts its error texts into the reason phrase, closes the connection after every error, after 100 requests and
/// after 5 s without one, and delays failed logins (by 3 s of the simulated [clock](Sim::clock)). One server stands
/// for all nodes of the cluster, as each of them answers for all.
///
/// ```
/// use proxmox_sim::{Sim, SimServer};
/// let server = SimServer::start(Sim::new())?;
/// assert!(server.url().starts_with("https://127.0.0.1:"));
/// // Give one of these to the client under test, so that it trusts the server.
/// let (authority, pin) = (server.ca_pem(), server.fingerprint());
/// # assert!(authority.starts_with("-----BEGIN CERTIFICATE-----") && pin.len() == 95);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct SimServer {
    sim: Sim,
    faults: WireFaults,
    log: RequestLog,
    address: SocketAddr,
    ca_pem: String,
    fingerprint: String,
    certificate_pem: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl SimServer {
    /// Starts on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When the port, the certificates or the thread cannot be had.
    pub fn start(sim: Sim) -> io::Result<Self> {
        Self::builder().start(sim)
    }

    /// Starts elsewhere, or with other limits.
    #[must_use]
    pub fn builder() -> SimServerBuilder {
        SimServerBuilder {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            idle: Duration::from_secs(5),
            requests: 100,
            names: Vec::new(),
        }
    }

    /// `https://127.0.0.1:PORT`, for the client's base URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate authority to trust, as PEM. The server's own certificate is for `localhost`, `127.0.0.1`, `::1`,
    /// `pve1` and the address it was bound to.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// SHA-256 of the server's own certificate as PVE prints it: `AB:CD:…`, 32 bytes.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The server's own certificate, as PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The cluster behind it.
    #[must_use]
    pub fn sim(&self) -> &Sim {
        &self.sim
    }

    /// The switches for what goes wrong between client and cluster.
    #[must_use]
    pub fn faults(&self) -> &WireFaults {
        &self.faults
    }

    /// What reached the server.
    #[must_use]
    pub fn log(&self) -> &RequestLog {
        &self.log
    }
}

impl Drop for SimServer {
    /// Closes all connections and waits for the thread to end.
    fn drop(&mut self) {
        // Dropping the sender is the signal.
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the server's thread has been printed; a second one here would hide the test's own.
            let _ = thread.join();
        }
    }
}

/// Starts a [`SimServer`] with other than the usual settings.
#[derive(Debug, Clone)]
pub struct SimServerBuilder {
    address: SocketAddr,
    idle: Duration,
    requests: u32,
    names: Vec<String>,
}

impl SimServerBuilder {
    /// Where to listen, instead of a free port of 127.0.0.1.
    #[must_use]
    pub fn bind(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// After how long without a request a connection is closed: 5 s of real time, unless set.
    #[must_use]
    pub fn idle(mut self, limit: Duration) -> Self {
        self.idle = limit;
        self
    }

    /// After how many requests a connection is closed: 100, unless set.
    #[must_use]
    pub fn requests_per_connection(mut self, limit: u32) -> Self {
        self.requests = limit;
        self
    }

    /// Replaces the names and addresses that the certificate is for.
    #[must_use]
    pub fn names<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.names = names.into_iter().map(Into::into).collect();
        self
    }

    /// Starts.
    ///
    /// # Errors
    /// When the address, the certificates or the thread cannot be had, or a name is no DNS name.
    pub fn start(mut self, sim: Sim) -> io::Result<SimServer> {
        let listener = TcpListener::bind(self.address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        if self.names.is_empty() {
            self.names = ["localhost", "127.0.0.1", "::1", "pve1"].map(str::to_owned).to_vec();
            let own: IpAddr = address.ip();
            if !own.is_unspecified() && !own.is_loopback() {
                self.names.push(own.to_string());
            }
        }
        let certificate = Certificate::new(&self.names)?;
        let (faults, log) = (WireFaults::default(), RequestLog::default());
        let service = Service {
            sim: sim.clone(),
            faults: faults.clone(),
            log: log.clone(),
            tls: TlsAcceptor::from(certificate.config),
            idle: self.idle,
            requests: self.requests,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("proxmox-sim".to_owned()).spawn(move || {
            runtime.block_on(connection::serve(listener, Arc::new(service), stopped));
        })?;
        let Certificate { ca_pem, fingerprint, pem: certificate_pem, .. } = certificate;
        Ok(SimServer {
            sim,
            faults,
            log,
            address,
            ca_pem,
            fingerprint,
            certificate_pem,
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}
