//! `[user@]host[:port]`.

use std::fmt;

use proxmox_core::{Error, Result};

/// A host, and as whom and where to knock: `[user@]host[:port]`.
///
/// ```
/// use proxmox_transport::SshTarget;
/// # fn main() -> proxmox_core::Result<()> {
/// let target = SshTarget::parse("ssh", "root@[2001:db8::1]:2222")?;
/// assert_eq!((target.user(), target.host(), target.port()), (Some("root"), "2001:db8::1", Some(2222)));
/// assert!(SshTarget::parse("ssh", "-oProxyCommand=x").is_err());
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub(crate) user: Option<String>,
    /// Without the brackets of an IPv6 address.
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
}

impl Target {
    /// `field` is what errors call it.
    ///
    /// What ssh would take for an option, or its configuration for more than one word, is refused: it would never reach the
    /// host that was meant.
    ///
    /// # Errors
    /// `InvalidInput`, naming the field and what was written.
    pub fn parse(field: &str, text: &str) -> Result<Self> {
        let bad = |why: &str| Error::invalid(field, format!("{field}: {text:?} {why}"));
        let (user, rest) = match text.rsplit_once('@') {
            Some((user, rest)) => (Some(user), rest),
            None => (None, text),
        };
        let (host, port) = match rest.strip_prefix('[').map(|rest| rest.split_once(']')) {
            Some(Some((host, ""))) => (host, None),
            Some(Some((host, port))) => {
                (host, Some(port.strip_prefix(':').ok_or_else(|| bad("has something behind its bracket"))?))
            }
            Some(None) => return Err(bad("opens a bracket and does not close it")),
            // More than one colon: an IPv6 address without a port.
            None => match rest.split_once(':') {
                Some((host, port)) if !port.contains(':') => (host, Some(port)),
                _ => (rest, None),
            },
        };
        let port = match port {
            Some(port) => {
                Some(port.parse().ok().filter(|p| *p > 0).ok_or_else(|| bad("has a port that is none"))?)
            }
            None => None,
        };
        for (what, word) in [("host", Some(host)), ("user", user)] {
            let Some(word) = word else { continue };
            if word.is_empty() {
                return Err(bad(&format!("has an empty {what}")));
            }
            if word.starts_with('-') {
                return Err(bad(&format!(
                    "has a {what} that begins with '-', which ssh would take for an option"
                )));
            }
            let odd = |c: char| c.is_control() || c.is_whitespace() || "\"'`\\$;&|<>(){}*?!#%,/=".contains(c);
            if word.contains(odd) {
                return Err(bad(&format!("has a {what} with a character that none has")));
            }
        }
        Ok(Self { user: user.map(str::to_owned), host: host.to_owned(), port })
    }

    /// As whom; `None` for the user that this program runs as.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The name or address, without the brackets of IPv6.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port; `None` for 22, or what a configuration says.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        if self.host.contains(':') {
            write!(f, "[{}]", self.host)?;
        } else {
            f.write_str(&self.host)?;
        }
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write() {
        for (text, user, host, port) in [
            ("pve1", None, "pve1", None),
            ("root@pve1.example.com", Some("root"), "pve1.example.com", None),
            ("root@pve1:2222", Some("root"), "pve1", Some(2222)),
            ("192.0.2.7:22", None, "192.0.2.7", Some(22)),
            ("root@[2001:db8::1]:22", Some("root"), "2001:db8::1", Some(22)),
            ("[2001:db8::1]", None, "2001:db8::1", None),
            ("2001:db8::1", None, "2001:db8::1", None),
            ("me@corp@pve1", Some("me@corp"), "pve1", None),
        ] {
            let target = Target::parse("ssh", text).unwrap();
            assert_eq!(
                (target.user.as_deref(), target.host.as_str(), target.port),
                (user, host, port),
                "{text}"
            );
            assert_eq!(Target::parse("ssh", &target.to_string()).unwrap(), target);
        }
    }

    #[test]
    fn what_would_be_something_else_is_refused() {
        for text in [
            "",
            "@pve1",
            "root@",
            "-oProxyCommand=touch /tmp/x",
            "-l@pve1",
            "root@-x",
            "pve1:",
            "pve1:0",
            "pve1:65536",
            "pve1:x",
            "pve 1",
            "pve1\n",
            "pve1\nProxyCommand x",
            "a\tb@pve1",
            "[::1",
            "[::1]22",
            "pve1;id",
            "$(id)",
            "a\"b",
            "host%h",
            "*",
        ] {
            let error = Target::parse("ssh", text).unwrap_err();
            assert!(error.errors().contains_key("ssh"), "{text}");
            assert!(error.message().contains(&format!("{text:?}")), "{error}");
        }
    }
}
