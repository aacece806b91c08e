use super::{invalid, textual_id};
use crate::{Error, Result};

fn is_user(text: &str) -> bool {
    let plain = |s: &str| {
        !s.is_empty() && !s.contains(|c: char| c.is_control() || c.is_whitespace() || ":/!=".contains(c))
    };
    let realm = |s: &str| s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    text.rsplit_once('@').is_some_and(|(name, at)| plain(name) && plain(at) && realm(at))
}

/// A PVE user, `name@realm`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(Box<str>);

impl UserId {
    /// Checks the form `name@realm`.
    ///
    /// # Errors
    /// `InvalidInput` naming the value.
    pub fn parse(text: &str) -> Result<Self> {
        if is_user(text) {
            Ok(Self(text.into()))
        } else {
            Err(invalid("user id", text, "expected name@realm, such as root@pam"))
        }
    }
}

textual_id!(UserId);

/// The id of an API token, `name@realm!token`; the secret is a value of its own.
///
/// ```
/// use proxmox_core::TokenId;
/// assert!(TokenId::parse("root@pam!ci").is_ok());
/// assert!(TokenId::parse("root@pam").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId(Box<str>);

impl TokenId {
    /// Checks the form `name@realm!token`.
    ///
    /// # Errors
    /// `InvalidInput`. The value is not repeated in it: what is no id may be the secret, or hold it.
    pub fn parse(text: &str) -> Result<Self> {
        let bad = |why: &str| Err(Error::invalid("token id", format!("what is given is no token id: {why}")));
        if text.contains('=') {
            return bad("give the secret separately");
        }
        let token = |s: &str| {
            s.len() >= 2
                && s.as_bytes()[0].is_ascii_alphabetic()
                && s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        };
        match text.split_once('!') {
            Some((user, name)) if is_user(user) && token(name) => Ok(Self(text.into())),
            _ => bad("expected name@realm!token, such as root@pam!ci"),
        }
    }
}

textual_id!(TokenId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_tokens() {
        for good in ["root@pam", "a.b@my-realm", "user@example.com@ad"] {
            assert!(UserId::parse(good).is_ok(), "{good}");
        }
        for bad in ["root", "@pam", "root@", "ro ot@pam", "root@pam!x"] {
            assert!(UserId::parse(bad).is_err(), "{bad}");
        }
        for bad in ["root@pam", "root@pam!", "root!x@pam", "root@pam!1x", "root@pam!a b", "root@pam!t:x"] {
            assert!(TokenId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_secret_pasted_into_the_id_is_not_repeated() {
        for given in
            ["root@pam!ci=12345678-aaaa", "12345678-aaaa", "12345678=root@pam!ci", "root@pam!12345678"]
        {
            let error = TokenId::parse(given).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("12345678"), "{error:?}");
        }
    }
}
