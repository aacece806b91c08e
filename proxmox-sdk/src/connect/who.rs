//! Who asks, and who is trusted.

use std::path::PathBuf;

use proxmox_core::{Error, Result, Secret, TokenId, UserId};

use super::Connect;

#[derive(Debug, Clone)]
#[cfg_attr(not(any(feature = "reqwest", feature = "ureq")), allow(dead_code))]
pub(super) enum Credentials {
    Token(TokenId, Secret),
    Password(UserId, Secret),
}

#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(not(any(feature = "reqwest", feature = "ureq")), allow(dead_code))]
pub(super) enum Trust {
    CaFile(PathBuf),
    CaPem(String),
    Fingerprint(String),
    Anything,
}

/// That what was set has a meaning for the place. What would be left out silently is refused.
pub(super) fn check(connect: &Connect) -> Result<()> {
    let way = &connect.way;
    if way.is_own() && connect.credentials.is_some() {
        let text = "credentials: local and sim ask as root@pam, and take no others";
        return Err(Error::invalid("credentials", text));
    }
    if way.is_own() && connect.trust.is_some() {
        return Err(Error::invalid("trust", "trust: local and sim know no certificates"));
    }
    if connect.sudo && !way.has_sudo() {
        return Err(Error::invalid("sudo", "sudo: it is for ssh and local"));
    }
    #[cfg(feature = "ssh")]
    if !way.is_ssh() && connect.hop.is_set() {
        return Err(Error::invalid("ssh", "ssh: jumps, keys and engines are for ssh://"));
    }
    if way.is_ssh() {
        if let Some(Credentials::Password(user, _)) = &connect.credentials {
            let text =
                format!("user: nobody can log in as {user} over ssh: it is for a token or for root@pam");
            return Err(Error::invalid("user", text));
        }
        if connect.trust.as_ref().is_some_and(|trust| !matches!(trust, Trust::Fingerprint(_))) {
            let text = "trust: over ssh the node's certificate is known, or pinned by its fingerprint";
            return Err(Error::invalid("trust", text));
        }
        #[cfg(not(any(feature = "reqwest", feature = "ureq")))]
        if connect.credentials.is_some() || connect.trust.is_some() {
            let text =
                "credentials: tokens and fingerprints are for the tunnel, and this build has no HTTP client";
            return Err(Error::invalid("credentials", text)
                .with_advice("turn on feature `reqwest` or `ureq` of proxmox-sdk"));
        }
    }
    Ok(())
}

pub(super) fn about(connect: &Connect) -> String {
    let trust = match &connect.trust {
        Some(Trust::CaFile(_)) => "a CA file",
        Some(Trust::CaPem(_)) => "its own CA",
        Some(Trust::Fingerprint(_)) => "a fingerprint",
        Some(Trust::Anything) => "ANY certificate",
        None => "the system's CAs",
    };
    let who = match &connect.credentials {
        Some(Credentials::Token(id, _)) => format!("token {id}"),
        Some(Credentials::Password(user, _)) => format!("user {user}"),
        None => "root@pam".to_owned(),
    };
    // Where nothing is signed nothing is verified by a certificate; over ssh it is the node that tells its own.
    if connect.way.is_own() || connect.way.is_ssh() { who } else { format!("{who}, trusting {trust}") }
}

#[cfg(any(feature = "reqwest", feature = "ureq"))]
pub(super) fn missing() -> Error {
    Error::invalid("credentials", "credentials: nobody is named to ask as").with_advice(
        "give a token, or user and password; from the environment: PVE_TOKEN_ID with PVE_TOKEN_SECRET, or PVE_USER with PVE_PASSWORD",
    )
}

#[cfg(any(feature = "reqwest", feature = "ureq"))]
impl Credentials {
    pub(super) fn sign(self, api: proxmox_transport::Api) -> Result<proxmox_transport::Api> {
        match self {
            Self::Token(id, secret) => api.token(id, secret),
            Self::Password(user, password) => api.password(user, password),
        }
    }
}

#[cfg(any(feature = "reqwest", feature = "ureq"))]
impl Trust {
    pub(super) fn check(self, api: proxmox_transport::Api) -> Result<proxmox_transport::Api> {
        match self {
            Self::CaFile(path) => api.ca_file(path),
            Self::CaPem(pem) => api.ca_pem(pem),
            Self::Fingerprint(pin) => api.fingerprint(&pin),
            Self::Anything => Ok(api.dangerous_accept_any_certificate()),
        }
    }
}
