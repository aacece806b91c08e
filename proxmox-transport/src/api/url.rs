//! Where the API is.

use http::Uri;
use proxmox_core::{Error, Result};

/// The port of pveproxy.
const PORT: u16 = 8006;
const ROOT: &str = "/api2/json";

/// An address of the API, read once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// `https://pve1:8006`
    origin: String,
}

impl Endpoint {
    /// Reads `https://host[:port][/api2/json]`; without a scheme it is HTTPS, without a port 8006.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let bad = |why: &str| Err(Error::invalid("url", format!("url: {:?} {why}", shown(text))));
        let lower = text.get(..8).unwrap_or(text).to_ascii_lowercase();
        let rest = if lower.starts_with("https://") {
            &text[8..]
        } else if lower.starts_with("http://") {
            return bad("would send the credentials in the clear: use https://");
        } else if text.contains("://") {
            return bad("is not an https:// address");
        } else {
            text
        };
        if rest.contains(['?', '#']) {
            return bad("must not have a query or a fragment");
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.contains('@') {
            return bad("must not hold a user or a password: give a token, or user and password, beside it");
        }
        if !matches!(path.trim_end_matches('/'), "" | "api2" | "api2/json") {
            return bad("leads elsewhere: the API is at /api2/json, which may be left out");
        }
        Self::of("https", authority)
            .map_or_else(|| bad("has no valid host and port, as in https://pve1:8006"), Ok)
    }

    /// An address without TLS, for tests against servers that have none.
    #[cfg(test)]
    pub(crate) fn plain(authority: &str) -> Self {
        Self::of("http", authority).unwrap()
    }

    fn of(scheme: &str, authority: &str) -> Option<Self> {
        let uri: Uri = format!("{scheme}://{authority}/").parse().ok()?;
        let host = uri.host().filter(|host| !host.is_empty())?;
        // A port that is there must be a number: `Uri` lets `host:` and `host:99999` pass as if there were none.
        let port = match authority.strip_prefix(host)? {
            "" => PORT,
            port => port.strip_prefix(':')?.parse().ok().filter(|port| *port != 0)?,
        };
        Some(Self { origin: format!("{scheme}://{host}:{port}") })
    }

    /// `https://pve1:8006`
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// `https://pve1:8006/api2/json`
    pub(crate) fn root(&self) -> String {
        format!("{}{ROOT}", self.origin)
    }

    /// `pve1:8006`
    pub(crate) fn authority(&self) -> &str {
        self.origin.split_once("://").map_or(&self.origin, |(_, authority)| authority)
    }
}

/// The address as it may be repeated in a message: without what may be a password.
fn shown(text: &str) -> String {
    let start = text.find("://").map_or(0, |at| at + 3);
    match text.rfind('@') {
        Some(at) if at >= start => format!("{}…{}", &text[..start], &text[at..]),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted_forms() {
        for (text, origin) in [
            ("https://pve1", "https://pve1:8006"),
            ("pve1", "https://pve1:8006"),
            ("pve1:8007", "https://pve1:8007"),
            ("HTTPS://pve1:8006/", "https://pve1:8006"),
            ("https://pve1:443", "https://pve1:443"),
            ("https://pve1/api2/json", "https://pve1:8006"),
            ("https://pve1:8006/api2/json/", "https://pve1:8006"),
            ("https://10.0.0.1:8006", "https://10.0.0.1:8006"),
            ("https://[::1]", "https://[::1]:8006"),
            ("https://[fd00::1]:443/api2/json", "https://[fd00::1]:443"),
        ] {
            assert_eq!(Endpoint::parse(text).unwrap().origin(), origin, "{text}");
        }
        assert_eq!(Endpoint::parse("https://[::1]").unwrap().authority(), "[::1]:8006");
        assert_eq!(Endpoint::parse("pve1").unwrap().root(), "https://pve1:8006/api2/json");
    }

    #[test]
    fn refused_forms_name_the_field_and_the_value() {
        for text in [
            "",
            "https://",
            "http://pve1:8006",
            "HTTP://pve1",
            "ftp://pve1",
            "https://pve1:0",
            "https://pve1:",
            "https://pve1:99999",
            "https://pve1:x",
            "https://pve1/other",
            "https://pve1/api2/json?x=1",
            "https://pve1/#a",
            "https://pve 1",
            "https://p\u{e4}ve",
            "https://a/b@c",
        ] {
            let error = Endpoint::parse(text).unwrap_err();
            assert_eq!(error.kind(), proxmox_core::ErrorKind::InvalidInput, "{text}");
            assert!(error.errors().contains_key("url"), "{text}");
        }
        let error = Endpoint::parse("http://pve1:8006").unwrap_err();
        assert!(error.message().contains("http://pve1:8006"), "{error}");
    }

    #[test]
    fn a_password_in_the_address_is_not_repeated() {
        for text in [
            "https://root:hunter2@pve1",
            "root:hunter2@pve1",
            "http://root:hunter2@pve1",
            "https://root:hun/hunter2@pve1",
        ] {
            let error = Endpoint::parse(text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }
}
