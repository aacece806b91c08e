//! What the environment says.

use proxmox_core::{Error, Result, TokenId, UserId};

use super::Connect;
use super::who::{Credentials, Trust};

impl Connect {
    /// Takes from the environment what was not set: see the table of [`connect`](crate::connect).
    ///
    /// Credentials, trust and each setting of ssh are one thing each: who sets a user sets aside `PVE_TOKEN_ID` as well as
    /// `PVE_USER`. A variable that is set to nothing counts as not set. For `local` and `sim` nothing is taken.
    ///
    /// # Errors
    /// `InvalidInput` for what is malformed, and for a token or a user without the secret; its value is never repeated.
    pub fn env(self) -> Result<Self> {
        self.variables(|name| std::env::var(name).ok())
    }

    /// The same from another source than the process's environment.
    ///
    /// # Errors
    /// As [`env`](Self::env).
    pub fn variables(mut self, lookup: impl Fn(&str) -> Option<String>) -> Result<Self> {
        if self.way.is_own() {
            return Ok(self);
        }
        let var = |name: &str| lookup(name).filter(|value| !value.is_empty());
        if self.credentials.is_none() {
            self.credentials = credentials(&var)?;
        }
        if self.trust.is_none() {
            // A fingerprint names one server; an authority may have signed many. The closer one counts.
            let pin = var("PVE_FINGERPRINT").map(Trust::Fingerprint);
            self.trust = pin.or_else(|| Some(Trust::CaFile(var("PVE_CA")?.into())));
        }
        #[cfg(feature = "ssh")]
        if self.way.is_ssh() {
            let hop = &mut self.hop;
            if hop.jumps.is_empty() {
                hop.jumps =
                    var("PVE_SSH_JUMP").iter().flat_map(|list| list.split(',')).map(str::to_owned).collect();
            }
            for (file, name) in [
                (&mut hop.config, "PVE_SSH_CONFIG"),
                (&mut hop.key, "PVE_SSH_KEY"),
                (&mut hop.known_hosts, "PVE_SSH_KNOWN_HOSTS"),
            ] {
                if file.is_none() {
                    *file = var(name).map(Into::into);
                }
            }
            if hop.engine.is_none() {
                hop.engine = var("PVE_SSH_ENGINE").map(|name| name.parse()).transpose()?;
            }
        }
        Ok(self)
    }
}

fn credentials(var: &impl Fn(&str) -> Option<String>) -> Result<Option<Credentials>> {
    let secret = |field: &str, name: &str, whose: String| {
        var(name).ok_or_else(|| {
            Error::invalid(field, format!("{whose} is missing")).with_advice(format!("put it into {name}"))
        })
    };
    if let Some(id) = var("PVE_TOKEN_ID") {
        let id = TokenId::parse(&id)?;
        let value = secret("token secret", "PVE_TOKEN_SECRET", format!("the secret of the token {id}"))?;
        return Ok(Some(Credentials::Token(id, value.into())));
    }
    if let Some(user) = var("PVE_USER") {
        let user = UserId::parse(&user)?;
        let value = secret("password", "PVE_PASSWORD", format!("the password of {user}"))?;
        return Ok(Some(Credentials::Password(user, value.into())));
    }
    Ok(None)
}
