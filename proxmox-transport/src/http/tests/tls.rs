//! Whom the engines trust.

use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use proxmox_core::{Error, ErrorKind, Outcome};
use rustls::ServerConfig;
use rustls::sign::CertifiedKey;

use super::server::{Authority, Server};
use super::{engines, get, start, with_token};
use crate::Api;

fn serve(config: ServerConfig) -> Server {
    Server::tls(config, |c| c.serve("200 OK", r#"{"data":null}"#))
}

fn refused(api: &Api) -> Vec<(&'static str, Error)> {
    engines(&with_token(api.clone())).iter().map(|(n, pve)| (*n, pve.call(&start()).unwrap_err())).collect()
}

fn accepted(api: &Api) {
    for (name, pve) in engines(&with_token(api.clone())) {
        pve.call(&start()).unwrap_or_else(|e| panic!("{name}: {e:?}"));
    }
}

/// One sentence for each way not to be trusted, the same from both engines; nothing of the request leaves.
#[test]
fn who_is_not_trusted() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let (config, fingerprint) = ours.server(&["localhost"]);
    let server = serve(config);
    let at = |host: &str| Api::new(&server.url(host)).unwrap();
    let namesake = Authority::new("ours");
    let pin = "AA:".repeat(31) + "AA";
    let found = format!("its SHA-256 fingerprint is {}", fingerprint.to_uppercase());
    for (api, why) in [
        (
            at("localhost").ca_pem(theirs.pem()).unwrap(),
            "its certificate is not signed by a trusted authority",
        ),
        (at("localhost").ca_pem(namesake.pem()).unwrap(), "another authority of the same name"),
        (at("localhost"), "its certificate is not signed by a trusted authority"),
        (at("127.0.0.1").ca_pem(ours.pem()).unwrap(), "its certificate is for another name"),
        (at("localhost").fingerprint(&pin).unwrap(), found.as_str()),
    ] {
        for (name, error) in refused(&api) {
            assert_eq!(
                (error.kind(), error.outcome()),
                (ErrorKind::Tls, Outcome::NotSent),
                "{name}: {error:?}"
            );
            assert!(
                error.message().starts_with("no TLS with ") && error.message().contains(why),
                "{name}: {error}"
            );
            assert!(!error.is_retryable(), "{name}");
        }
    }
    assert!(server.seen().is_empty());
}

#[test]
fn who_is_trusted() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let (config, fingerprint) = ours.server(&["localhost"]);
    let server = serve(config);
    let at = |host: &str| Api::new(&server.url(host)).unwrap();
    accepted(&at("localhost").ca_pem(theirs.pem() + &ours.pem()).unwrap());
    // A pin stands in place of name and authority; there may be several.
    accepted(&at("127.0.0.1").fingerprint(&"AA".repeat(32)).unwrap().fingerprint(&fingerprint).unwrap());
    accepted(&at("127.0.0.1").dangerous_accept_any_certificate());
}

#[test]
fn a_file_of_authorities() {
    let ca = Authority::new("ours");
    let server = serve(ca.server(&["localhost"]).0);
    let dir = tempfile::tempdir().unwrap();
    let (good, empty) = (dir.path().join("ca.pem"), dir.path().join("empty.pem"));
    std::fs::write(&good, ca.pem()).unwrap();
    std::fs::write(&empty, "").unwrap();
    accepted(&Api::new(&server.url("localhost")).unwrap().ca_file(&good).unwrap());
    for bad in [empty, dir.path().join("absent.pem")] {
        let error = Api::new("pve1").unwrap().ca_file(&bad).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.errors()["ca_file"].contains(bad.to_str().unwrap()), "{error}");
    }
}

/// Who shows the pinned certificate without having its key is found out.
#[test]
fn a_pin_does_not_replace_the_proof_of_the_key() {
    #[derive(Debug)]
    struct Stolen(Arc<CertifiedKey>);
    impl rustls::server::ResolvesServerCert for Stolen {
        fn resolve(&self, _: rustls::server::ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
            Some(Arc::clone(&self.0))
        }
    }
    let ca = Authority::new("ours");
    let (certificate, fingerprint) = ca.certificate(&["localhost"]);
    let other = rcgen::KeyPair::generate().unwrap();
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(other.serialize_der().into());
    let key = rustls::crypto::ring::sign::any_supported_type(&key).unwrap();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let stolen = Stolen(Arc::new(CertifiedKey::new(vec![certificate.clone()], Arc::clone(&key))));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(stolen));
        let server = serve(config);
        for api in [
            Api::new(&server.url("localhost")).unwrap().fingerprint(&fingerprint).unwrap(),
            Api::new(&server.url("localhost")).unwrap().dangerous_accept_any_certificate(),
        ] {
            for (name, error) in refused(&api) {
                assert_eq!(
                    (error.kind(), error.outcome()),
                    (ErrorKind::Tls, Outcome::NotSent),
                    "{name}: {error:?}"
                );
            }
        }
        assert!(server.seen().is_empty());
    }
}

/// A server without TLS, one that hangs up in the handshake, one that never answers to it: nothing was sent to any.
#[test]
fn handshakes_that_come_to_nothing() {
    let plain = Server::start(|c| {
        let _hello = c.stream.read(&mut [0; 4096])?;
        c.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    });
    let hangs_up = Server::start(|_| Ok(()));
    let silent = Server::start(|c| std::io::copy(&mut c.stream, &mut std::io::sink()).map(drop));
    for (server, kind, budget, why) in [
        (&plain, ErrorKind::Tls, 60_000, ""),
        (&hangs_up, ErrorKind::Connect, 60_000, ""),
        (&silent, ErrorKind::Connect, 300, " within 300ms (connect budget)"),
    ] {
        let api = with_token(Api::new(&server.url("localhost")).unwrap())
            .dangerous_accept_any_certificate()
            .connect_timeout(Duration::from_millis(budget));
        for (name, pve) in engines(&api) {
            let error = pve.call(&start()).unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (kind, Outcome::NotSent), "{name}: {error:?}");
            assert!(error.message().ends_with(why), "{name}: {error}");
        }
    }
}

/// What the engines' hooks for TLS promise nobody: that they are used at all. A release that drops them fails here.
#[test]
fn the_hooks_of_both_engines_hold() {
    let ca = Authority::new("ours");
    let server = serve(ca.server(&["localhost"]).0);
    for (name, pve) in
        engines(&with_token(Api::new(&server.url("localhost")).unwrap()).ca_pem(ca.pem()).unwrap())
    {
        pve.call(&get("/version")).unwrap_or_else(|e| panic!("{name}: {e:?}"));
    }
    assert!(server.seen().iter().all(|text| text.contains("PVEAPIToken")));
}
