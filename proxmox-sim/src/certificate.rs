//! The certificates of a simulated server: an authority of its own, and one leaf.

use std::fmt::Write as _;
use std::io;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// What a server needs to speak TLS, and what its clients need to trust it.
pub(crate) struct Certificate {
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) ca_pem: String,
    pub(crate) fingerprint: String,
    pub(crate) pem: String,
}

impl Certificate {
    /// Makes both anew, for these names and addresses. They are valid for any date a test may be run at.
    pub(crate) fn new(names: &[String]) -> io::Result<Self> {
        let mut ca = CertificateParams::default();
        ca.distinguished_name.push(DnType::CommonName, "Proxmox Virtual Environment (simulated)");
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let ca_key = KeyPair::generate().map_err(io::Error::other)?;
        let ca_pem = ca.self_signed(&ca_key).map_err(io::Error::other)?.pem();
        let issuer = Issuer::new(ca, ca_key);

        let mut leaf = CertificateParams::new(names).map_err(io::Error::other)?;
        leaf.distinguished_name.push(DnType::CommonName, "pve1");
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.use_authority_key_identifier_extension = true;
        let leaf_key = KeyPair::generate().map_err(io::Error::other)?;
        let leaf = leaf.signed_by(&leaf_key, &issuer).map_err(io::Error::other)?;

        let (fingerprint, pem) = (fingerprint(leaf.der()), leaf.pem());
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![leaf.der().clone()], key))
            .map_err(io::Error::other)?;
        Ok(Self { config: Arc::new(config), ca_pem, fingerprint, pem })
    }
}

/// SHA-256 of a certificate in DER, as PVE prints it: upper hex, bytes parted by colons.
fn fingerprint(der: &[u8]) -> String {
    let mut text = String::new();
    for (at, byte) in ::ring::digest::digest(&::ring::digest::SHA256, der).as_ref().iter().enumerate() {
        let colon = if at == 0 { "" } else { ":" };
        // Writing to a String cannot fail.
        let _ = write!(text, "{colon}{byte:02X}");
    }
    text
}
