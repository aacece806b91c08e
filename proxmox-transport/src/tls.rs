//! Whom to trust: one configuration of rustls for both engines.

use std::fmt;
use std::sync::Arc;

use proxmox_core::{Error, ErrorKind, Outcome, Result};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme,
};

/// Which certificates of a server are accepted.
#[derive(Debug, Clone, Default)]
pub(crate) enum Trust {
    /// Those that the system trusts.
    #[default]
    System,
    /// Those that one of these authorities signed.
    Authorities(Vec<CertificateDer<'static>>),
    /// Exactly these, whoever signed them and whatever name they carry.
    Pins(Vec<Fingerprint>),
    /// The one that was seen last, by a safe way.
    #[cfg(feature = "ssh")]
    Seen(Seen),
    /// Any.
    Anything,
}

/// A certificate that is seen later than trust in it is set up, and may change.
#[cfg(feature = "ssh")]
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen(Arc<std::sync::Mutex<Option<Fingerprint>>>);

#[cfg(feature = "ssh")]
impl Seen {
    pub(crate) fn get(&self) -> Option<Fingerprint> {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(crate) fn set(&self, fingerprint: Option<Fingerprint>) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = fingerprint;
    }
}

/// The SHA-256 of a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Reads 64 hexadecimal digits, plain or in pairs with colons, as PVE and openssl print them.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let bad = || {
            let why = "is not a SHA-256 fingerprint: 32 bytes as hexadecimal digits, such as AA:BB:…";
            Error::invalid("fingerprint", format!("fingerprint: {text:?} {why}"))
        };
        let trimmed = text.trim();
        let digits: Vec<u8> = if trimmed.contains(':') {
            let pairs: Vec<&str> = trimmed.split(':').collect();
            if pairs.iter().any(|pair| pair.len() != 2) {
                return Err(bad());
            }
            pairs.concat().into_bytes()
        } else {
            trimmed.as_bytes().to_vec()
        };
        if digits.len() != 64 {
            return Err(bad());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let nibble =
                |digit: u8| char::from(digit).to_digit(16).and_then(|n| u8::try_from(n).ok()).ok_or_else(bad);
            *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
        }
        Ok(Self(bytes))
    }

    pub(crate) fn of(certificate: &CertificateDer<'_>) -> Self {
        let digest = ::ring::digest::digest(&::ring::digest::SHA256, certificate);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.as_ref());
        Self(bytes)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.0.iter().enumerate() {
            write!(f, "{}{byte:02X}", if i == 0 { "" } else { ":" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The certificates in a PEM text. The only place that touches the PEM library.
///
/// `field` names where the text came from.
pub(crate) fn read_pem(field: &str, shown: &str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>> {
    let certificates: Vec<_> = rustls_pemfile::certs(&mut &*pem)
        .collect::<Result<_, _>>()
        .map_err(|e| Error::invalid(field, format!("{field}: {shown} is not PEM: {e}")))?;
    if certificates.is_empty() {
        return Err(Error::invalid(field, format!("{field}: {shown} holds no certificate"))
            .with_advice("pass the cluster's CA: /etc/pve/pve-root-ca.pem of any node"));
    }
    Ok(certificates)
}

/// The configuration for this trust: TLS 1.2 and 1.3, ring, no client certificate.
pub(crate) fn tls(trust: &Trust) -> Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::new(ErrorKind::Tls, Outcome::NotSent, format!("TLS cannot be set up: {e}")))?;
    let verifier = |accept| Arc::new(Unchained { accept, provider });
    Ok(match trust {
        Trust::System => builder.with_root_certificates(system_roots()?),
        Trust::Authorities(certificates) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates {
                roots.add(certificate.clone()).map_err(|e| {
                    Error::invalid("ca", format!("ca: a certificate cannot be used as an authority: {e}"))
                })?;
            }
            builder.with_root_certificates(roots)
        }
        Trust::Pins(pins) => {
            builder.dangerous().with_custom_certificate_verifier(verifier(Accept::Only(pins.clone())))
        }
        #[cfg(feature = "ssh")]
        Trust::Seen(seen) => {
            builder.dangerous().with_custom_certificate_verifier(verifier(Accept::Seen(seen.clone())))
        }
        Trust::Anything => builder.dangerous().with_custom_certificate_verifier(verifier(Accept::Anything)),
    }
    .with_no_client_auth())
}

fn system_roots() -> Result<RootCertStore> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // Stores of real systems hold odd certificates: those that cannot be read can verify nothing, the others can.
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found.errors.first().map(|e| format!(": {e}")).unwrap_or_default();
        return Err(Error::new(
            ErrorKind::Tls,
            Outcome::NotSent,
            format!("the system has no trusted certificate authorities{why}"),
        ));
    }
    Ok(roots)
}

/// Looks at the certificate alone, not at who signed it. That the server holds its key is verified all the same.
#[derive(Debug)]
struct Unchained {
    accept: Accept,
    provider: Arc<CryptoProvider>,
}

#[derive(Debug)]
enum Accept {
    Only(Vec<Fingerprint>),
    #[cfg(feature = "ssh")]
    Seen(Seen),
    Anything,
}

impl ServerCertVerifier for Unchained {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let found = Fingerprint::of(certificate);
        let accepted = match &self.accept {
            Accept::Only(pins) => pins.contains(&found),
            #[cfg(feature = "ssh")]
            Accept::Seen(seen) => seen.get() == Some(found),
            Accept::Anything => true,
        };
        if accepted {
            return Ok(ServerCertVerified::assertion());
        }
        let mismatch = OtherError(Arc::new(PinMismatch { found }));
        Err(rustls::Error::InvalidCertificate(CertificateError::Other(mismatch)))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("its SHA-256 fingerprint is {found}, which is not the pinned one")]
struct PinMismatch {
    found: Fingerprint,
}

/// Why a handshake failed, as a sentence about the server's certificate where it is about that.
pub(crate) fn why(error: &rustls::Error) -> String {
    let rustls::Error::InvalidCertificate(bad) = error else {
        return error.to_string();
    };
    match bad {
        CertificateError::Other(OtherError(mismatch)) => mismatch.to_string(),
        CertificateError::UnknownIssuer => "its certificate is not signed by a trusted authority".to_owned(),
        CertificateError::BadSignature => {
            "a signature is false: another authority of the same name signed its certificate, or it lacks the key".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another name".to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired, or this machine's clock is wrong".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet, or this machine's clock is wrong".to_owned()
        }
        other => format!("its certificate is not accepted: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints() {
        let text = "AB:".repeat(31) + "0f";
        let pin = Fingerprint::parse(&text).unwrap();
        assert_eq!(pin.to_string(), "AB:".repeat(31) + "0F");
        assert_eq!(Fingerprint::parse(&text.replace(':', "").to_lowercase()).unwrap(), pin);
        for bad in
            ["", "AA:BB", &"A".repeat(63), &"G".repeat(64), &("ABC:".to_owned() + &"AB:".repeat(30) + "F")]
        {
            let error = Fingerprint::parse(bad).unwrap_err();
            assert!(error.errors().contains_key("fingerprint") && error.message().contains(bad), "{error}");
        }
    }

    #[test]
    fn a_pem_without_a_certificate_is_refused() {
        let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        for text in ["", "hello", key, "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n"] {
            let error = read_pem("ca_file", "\"x.pem\"", text.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.errors().contains_key("ca_file"), "{error:?}");
        }
    }

    #[test]
    fn only_ring() {
        assert!(tls(&Trust::Anything).is_ok());
        let error = tls(&Trust::Authorities(vec![CertificateDer::from(vec![1, 2, 3])])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
}
