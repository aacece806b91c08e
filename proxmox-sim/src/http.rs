//! HTTP as PVE's web server reads and writes it, without sockets: bytes in, a [`SimRequest`] out, and back.

use std::time::Duration;

use percent_encoding::percent_decode_str;

use crate::exchange::{Credentials, SimAnswer, SimRequest, SimValue};
use crate::sim::Sim;

mod multipart;
mod parse;

use parse::{auth_value, form_params, json_params};

/// Everything of the API lies below this.
const BASE: &str = "/api2/json";
/// The longest body that is not an upload.
const MAX_BODY: u64 = 512 * 1024;

/// An HTTP request as it came over a connection.
///
/// ```
/// use proxmox_sim::{HttpRequest, ROOT_TOKEN_ID, ROOT_TOKEN_SECRET, Sim};
/// let request = HttpRequest::new("PUT", "/api2/json/nodes/pve1/qemu/101/config")
///     .header("Authorization", format!("PVEAPIToken={ROOT_TOKEN_ID}={ROOT_TOKEN_SECRET}"))
///     .header("Content-Type", "application/x-www-form-urlencoded")
///     .body("memory=2048&onboot=true");
/// let answer = Sim::new().answer_http(&request);
/// assert_eq!((answer.status, answer.reason.as_str()), (400, "Parameter verification failed."));
/// assert_eq!(answer.errors()["onboot"], "type check ('boolean') failed - got 'true'");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpRequest {
    /// As it stood in the request line.
    pub method: String,
    /// Path and query, still encoded: `/api2/json/cluster/resources?type=vm`.
    pub target: String,
    /// Names in any case, in order.
    pub headers: Vec<(String, String)>,
    /// All of the body.
    pub body: Vec<u8>,
}

impl HttpRequest {
    /// A request without headers and body.
    pub fn new(method: impl Into<String>, target: impl Into<String>) -> Self {
        Self { method: method.into(), target: target.into(), headers: Vec::new(), body: Vec::new() }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body. Its length counts as sent: no `Content-Length` header is needed.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// What the API's router gets to see, or the answer that PVE's web server gives by itself.
    pub(crate) fn read(&self) -> Result<SimRequest, Refused> {
        let path = self.check()?;
        let (params, file) = match self.boundary(&path) {
            Some(boundary) => {
                let (fields, file) = multipart::read(&self.body, boundary).map_err(Refused::AfterLogin)?;
                (self.with_query(fields), Some(file))
            }
            None => (self.params()?, None),
        };
        Ok(SimRequest { method: self.method.clone(), path, params, file, auth: self.credentials() })
    }

    /// The part of [`read`](Self::read) that needs no body. Gives the path below `/api2/json`.
    pub(crate) fn check(&self) -> Result<String, Refused> {
        if !matches!(self.method.as_str(), "GET" | "POST" | "PUT" | "DELETE") {
            return Err(Refused::AtOnce(bare(501, &format!("method '{}' not available", self.method))));
        }
        let at_once = |status, sentence: &str| Err(Refused::AtOnce(text(status, sentence)));
        match self.find("Transfer-Encoding") {
            None => {}
            Some(how) if how.eq_ignore_ascii_case("chunked") => {
                return at_once(501, "chunked transfer encoding not supported");
            }
            Some(how) => return at_once(501, &format!("Unknown transfer encoding '{how}'")),
        }
        let path = self.path()?;
        let length = match self.find("Content-Length").map(|length| length.trim().parse::<u64>()) {
            Some(Ok(length)) => length,
            Some(Err(_)) => return at_once(400, "Bad Request"),
            None => self.body.len() as u64,
        };
        let after_login = |status, sentence: &str| Err(Refused::AfterLogin(text(status, sentence)));
        if length > 0 {
            if !matches!(self.method.as_str(), "PUT" | "POST") {
                return after_login(501, &format!("Unexpected content for method '{}'", self.method));
            }
            if self.boundary(&path).is_some() {
                return Ok(path);
            }
            match self.content_type() {
                None | Some("application/x-www-form-urlencoded" | "application/json") => {}
                Some(_) => {
                    let other = self.find("Content-Type").unwrap_or_default();
                    return after_login(506, &format!("upload 'Content-Type '{other}' not implemented"));
                }
            }
            if length > MAX_BODY {
                return after_login(501, "for data too large");
            }
        }
        Ok(path)
    }

    /// The decoded path below the base. An encoded slash is a slash, and doubled ones are one.
    fn path(&self) -> Result<String, Refused> {
        let encoded = self.target.split(['?', '#']).next().unwrap_or_default();
        let decoded = percent_decode_str(encoded).decode_utf8_lossy();
        let below = match decoded.strip_prefix(BASE) {
            Some(below) if below.is_empty() || below.starts_with('/') => below,
            _ => return Err(Refused::AtOnce(text(500, &format!("no such file '{decoded}'")))),
        };
        let mut path = String::with_capacity(below.len());
        for segment in below.split('/').filter(|s| !s.is_empty()) {
            path.push('/');
            path.push_str(segment);
        }
        Ok(if path.is_empty() { "/".to_owned() } else { path })
    }

    /// Body first, query second; a name in the query replaces the same name in the body.
    fn params(&self) -> Result<Vec<(String, SimValue)>, Refused> {
        let params = if !matches!(self.method.as_str(), "PUT" | "POST") {
            Vec::new()
        } else if self.content_type() == Some("application/json") {
            json_params(&self.body).map_err(Refused::AfterLogin)?
        } else {
            form_params(&self.body)
        };
        Ok(self.with_query(params))
    }

    fn with_query(&self, mut params: Vec<(String, SimValue)>) -> Vec<(String, SimValue)> {
        if let Some((_, query)) = self.target.split_once('?') {
            let query = form_params(query.split('#').next().unwrap_or_default().as_bytes());
            params.retain(|(name, _)| query.iter().all(|(other, _)| other != name));
            params.extend(query);
        }
        params
    }

    /// What stands between the parts of an upload, which PVE takes on one path alone.
    fn boundary(&self, path: &str) -> Option<&str> {
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        let takes = matches!(segments.as_slice(), ["nodes", _, "storage", _, "upload"]);
        let ours = takes && self.method == "POST" && self.content_type() == Some("multipart/form-data");
        multipart::boundary(self.find("Content-Type")?).filter(|_| ours)
    }

    /// A cookie counts before an `Authorization` header, and a ticket in either before a token.
    pub(crate) fn credentials(&self) -> Credentials {
        let cookies = self.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("Cookie"));
        let authorization = self.find("Authorization");
        let ticket = cookies
            .filter_map(|(_, value)| auth_value(value, "PVEAuthCookie"))
            .chain(authorization.and_then(|value| auth_value(value, "PVEAuthCookie")))
            .find(|ticket| !ticket.is_empty());
        if let Some(ticket) = ticket {
            return Credentials::Ticket { ticket, csrf: self.find("CSRFPreventionToken").map(str::to_owned) };
        }
        match authorization.and_then(|value| auth_value(value, "PVEAPIToken")) {
            Some(token) => Credentials::Token(token),
            None => Credentials::None,
        }
    }

    /// Without its parameters.
    fn content_type(&self) -> Option<&str> {
        let value = self.find("Content-Type")?;
        Some(value.split(';').next().unwrap_or_default().trim()).filter(|kind| !kind.is_empty())
    }

    fn find(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// A request that PVE's web server does not pass on.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Before it looks who asks.
    AtOnce(SimAnswer),
    /// Only from those who may ask at all.
    AfterLogin(SimAnswer),
}

impl Refused {
    /// What goes out: who is not let in hears that first.
    pub(crate) fn answer(self, sim: &Sim, request: &HttpRequest) -> SimAnswer {
        match self {
            Self::AtOnce(answer) => answer,
            // Logging in needs no login.
            Self::AfterLogin(answer) if request.path().is_ok_and(|path| path == "/access/ticket") => answer,
            Self::AfterLogin(answer) => {
                sim.turned_away(&request.method, &request.credentials()).unwrap_or(answer)
            }
        }
    }
}

impl Sim {
    /// What PVE's web server would answer to a request as it comes over a connection.
    ///
    /// Beside what [`answer`](Self::answer) says to a request that could be read, these come from the web server itself,
    /// as plain text: 501 for a method that is not served, for a chunked body, for any body on GET or DELETE and for one
    /// over 512 KiB; 506 for a content type that is neither a form nor JSON; 500 for broken JSON, and for a path that
    /// is not below `/api2/json`.
    #[must_use]
    pub fn answer_http(&self, request: &HttpRequest) -> SimAnswer {
        match request.read() {
            Ok(read) => self.answer(&read),
            Err(refused) => refused.answer(self, request),
        }
    }
}

impl SimAnswer {
    /// The headers that PVE's web server sends with this answer, but for those about length and date.
    ///
    /// Every answer that is not a 200 ends the connection; the caller may end it after others too.
    #[must_use]
    pub fn headers(&self) -> Vec<(&'static str, &'static str)> {
        let mut headers = vec![
            ("Cache-Control", "max-age=0"),
            ("Connection", if self.ends_connection() { "close" } else { "Keep-Alive" }),
            ("Pragma", "no-cache"),
            ("Server", "pve-api-daemon/3.0"),
        ];
        // The texts of the web server itself are sent without a type.
        if self.body.first() == Some(&b'{') {
            headers.push(("Content-Type", "application/json;charset=UTF-8"));
        }
        headers
    }

    /// Whether the server closes the connection after this answer.
    #[must_use]
    pub fn ends_connection(&self) -> bool {
        self.status != 200
    }
}

/// An answer of the web server itself: the sentence as reason and as plain text.
fn text(status: u16, sentence: &str) -> SimAnswer {
    SimAnswer { body: sentence.as_bytes().to_vec(), ..bare(status, sentence) }
}

/// An answer of the web server itself without a body.
fn bare(status: u16, sentence: &str) -> SimAnswer {
    let reason = sentence.lines().next().unwrap_or_default().to_owned();
    SimAnswer { status, reason, body: Vec::new(), delay: Duration::ZERO }
}

#[cfg(test)]
mod tests;
