//! Who asks.

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use proxmox_core::{Error, ExposeSecret, Result, Secret, TokenId, UserId};

use super::ticket::Tickets;
use crate::http::codec;

/// What a caller gave to say who asks.
#[derive(Clone)]
pub(crate) enum Credentials {
    Token(TokenId, Secret),
    Password(UserId, Secret),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(id, _) => write!(f, "token {id}"),
            Self::Password(user, _) => write!(f, "password of {user}"),
        }
    }
}

/// How requests are signed.
pub(crate) enum Login {
    Token(Arc<Headers>),
    Ticket(Box<Tickets>),
}

impl Login {
    pub(crate) fn new(credentials: &Credentials) -> Result<Self> {
        Ok(match credentials {
            Credentials::Token(id, secret) => Self::Token(Arc::new(Headers::token(id, secret)?)),
            Credentials::Password(user, password) => {
                Self::Ticket(Box::new(Tickets::new(user.clone(), password.clone())))
            }
        })
    }

    /// Whether PVE takes it for root itself, which a token of root's is not.
    pub(crate) fn is_root_itself(&self) -> bool {
        matches!(self, Self::Ticket(tickets) if tickets.user() == "root@pam")
    }
}

/// What a request is signed with; logging in needs none.
pub(crate) type Signature = Option<Arc<Headers>>;

/// Headers that say who asks, made once and only ever cloned by reference. What they hold is marked as sensitive: no log shows it.
#[derive(Debug)]
pub(crate) struct Headers {
    always: (HeaderName, HeaderValue),
    /// Only for what changes something.
    writes: Option<(HeaderName, HeaderValue)>,
}

impl Headers {
    fn token(id: &TokenId, secret: &Secret) -> Result<Self> {
        let value = sensitive(&format!("PVEAPIToken={id}={}", secret.expose_secret()))
            .filter(|_| !secret.expose_secret().is_empty())
            .ok_or_else(|| {
                let text = format!(
                    "token secret: the one given for {id} is empty or holds characters that no token has"
                );
                Error::invalid("token secret", text)
            })?;
        Ok(Self { always: (header::AUTHORIZATION, value), writes: None })
    }

    /// `None` when the server's texts cannot be headers.
    pub(crate) fn ticket(ticket: &str, csrf: &str) -> Option<Self> {
        let cookie = sensitive(&format!("PVEAuthCookie={}", codec::cookie(ticket)))?;
        let csrf = sensitive(csrf)?;
        Some(Self {
            always: (header::COOKIE, cookie),
            writes: Some((HeaderName::from_static("csrfpreventiontoken"), csrf)),
        })
    }

    pub(crate) fn put_into(&self, headers: &mut HeaderMap, method: &Method) {
        // One by one: `extend` makes room for exactly these, and the client's own then grow it again and again.
        let writes = self.writes.iter().filter(|_| *method != Method::GET);
        for (name, value) in std::iter::once(&self.always).chain(writes) {
            headers.append(name, value.clone());
        }
    }
}

/// A header value that no log shows.
fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_cannot_be_one_is_refused_without_repeating_it() {
        let id = TokenId::parse("root@pam!ci").unwrap();
        for secret in ["", "hunter2\n", "hunter2\0"] {
            let error = Headers::token(&id, &secret.into()).err().unwrap();
            assert!(error.errors().contains_key("token secret"));
            assert!(!format!("{error:?}").contains("hunter2"));
        }
        let headers = Headers::token(&id, &"s".into()).unwrap();
        assert_eq!(headers.always.1, "PVEAPIToken=root@pam!ci=s");
        assert!(headers.always.1.is_sensitive());
    }

    #[test]
    fn the_csrf_token_goes_with_writes_only() {
        let headers = Headers::ticket("PVE:root@pam:6B00C84F::a+b/c==", "6B00C84F:x").unwrap();
        for (method, count) in [(Method::GET, 1), (Method::POST, 2), (Method::PUT, 2), (Method::DELETE, 2)] {
            let mut signed = HeaderMap::new();
            headers.put_into(&mut signed, &method);
            assert_eq!(signed.len(), count);
            assert_eq!(signed[header::COOKIE], "PVEAuthCookie=PVE:root@pam:6B00C84F::a+b/c==");
        }
    }
}
