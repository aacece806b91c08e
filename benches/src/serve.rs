//! A server that costs next to nothing: its answers lie ready. It speaks HTTPS with a certificate of its own authority,
//! asks for the token, and never closes a connection.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use crate::rows::{self, Unknown};
use crate::task::AUTHORIZATION_VALUE;

/// A running server. It ends with this value.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    ca_pem: String,
    _stop: oneshot::Sender<()>,
}

impl Server {
    /// Starts one at this address, such as `127.0.0.1:0`, on threads of its own.
    ///
    /// # Errors
    /// When the address is taken, or there is no thread for it.
    pub fn start(address: &str, unknown: Unknown) -> io::Result<Self> {
        let (tls, ca_pem) = certificate()?;
        let answers = Arc::new(Answers::new(unknown));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind(address))?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        thread::Builder::new()
            .name("server".to_owned())
            .spawn(move || runtime.block_on(accept(listener, tls, answers, stopped)))?;
        Ok(Self { address, ca_pem, _stop: stop })
    }

    /// `https://127.0.0.1:port`
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The authority to trust.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }
}

fn certificate() -> io::Result<(TlsAcceptor, String)> {
    let mut ca = CertificateParams::default();
    ca.distinguished_name.push(DnType::CommonName, "bench authority");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let ca_key = KeyPair::generate().map_err(io::Error::other)?;
    let ca_pem = ca.self_signed(&ca_key).map_err(io::Error::other)?.pem();
    let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
    let leaf_key = KeyPair::generate().map_err(io::Error::other)?;
    let leaf = CertificateParams::new(names)
        .and_then(|leaf| leaf.signed_by(&leaf_key, &Issuer::new(ca, ca_key)))
        .map_err(io::Error::other)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![leaf.der().clone()], key))
        .map_err(io::Error::other)?;
    Ok((TlsAcceptor::from(Arc::new(config)), ca_pem))
}

struct Answers(HashMap<String, Bytes>);

impl Answers {
    fn new(unknown: Unknown) -> Self {
        let mut answers = HashMap::new();
        let mut put = |path: &str, body: Bytes| answers.insert(format!("/api2/json{path}"), body);
        put("/version", Bytes::from_static(rows::VERSION.as_bytes()));
        put("/nodes/pve1/qemu", rows::vms(unknown));
        put("/cluster/resources", rows::resources(unknown));
        for vmid in rows::FIRST..rows::FIRST + rows::VMS {
            if let Some(body) = rows::current(vmid, unknown) {
                put(&format!("/nodes/pve1/qemu/{vmid}/status/current"), body);
            }
        }
        Self(answers)
    }

    fn answer<B>(&self, request: &Request<B>) -> Response<Full<Bytes>> {
        let authorized =
            request.headers().get(AUTHORIZATION).is_some_and(|value| value == AUTHORIZATION_VALUE);
        let (status, body) = match self.0.get(request.uri().path()) {
            _ if !authorized => (StatusCode::UNAUTHORIZED, Bytes::new()),
            Some(body) if request.method() == Method::GET => (StatusCode::OK, body.clone()),
            _ => (StatusCode::NOT_IMPLEMENTED, Bytes::from_static(b"{\"data\":null}")),
        };
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = status;
        let json = HeaderValue::from_static("application/json;charset=UTF-8");
        response.headers_mut().insert(CONTENT_TYPE, json);
        response
    }
}

async fn accept(
    listener: TcpListener,
    tls: TlsAcceptor,
    answers: Arc<Answers>,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            // Resolves when the sender is dropped.
            _ = &mut stopped => return,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => {
                // A client that was gone before it was accepted is none of the server's business.
                if let Ok((stream, _)) = accepted {
                    connections.spawn(serve(stream, tls.clone(), Arc::clone(&answers)));
                }
            }
        }
    }
}

/// One connection to its end. How it ends is seen by the client; there is nobody here to tell.
async fn serve(stream: TcpStream, tls: TlsAcceptor, answers: Arc<Answers>) {
    let _ = stream.set_nodelay(true);
    let Ok(stream) = tls.accept(stream).await else {
        return;
    };
    let answering = service_fn(|request| {
        let response = answers.answer(&request);
        async move { Ok::<_, Infallible>(response) }
    });
    let _ =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answering).await;
}
