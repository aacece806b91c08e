//! What crosses the border of the brain: one parsed request in, one answer out. No sockets, no HTTP library.

use std::time::Duration;

/// A request as the API's router sees it, after HTTP and before PVE.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SimRequest {
    /// `GET`, `POST`, `PUT`, `DELETE`; anything else is answered 501.
    pub method: String,
    /// Decoded, below `/api2/json`: `/nodes/pve1/qemu`.
    pub path: String,
    /// Decoded parameters from query or body, in order, repeats kept.
    pub params: Vec<(String, SimValue)>,
    /// The file that came along; its name is the parameter `filename`.
    pub file: Option<SimFile>,
    /// Who asks.
    pub auth: Credentials,
}

/// The content of a file. Shown by its length alone, and shared between clones.
#[derive(Clone, PartialEq, Eq)]
pub struct SimFile(std::sync::Arc<[u8]>);

impl SimFile {
    /// A file with this content.
    #[must_use]
    pub fn new(content: &[u8]) -> Self {
        Self(content.into())
    }

    /// What is in it.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for SimFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SimFile({} bytes)", self.0.len())
    }
}

/// A parameter as it came: a form knows only text, a JSON body has types.
#[derive(Debug, Clone, PartialEq)]
pub enum SimValue {
    /// From a query or a form.
    Text(String),
    /// From a JSON body.
    Json(serde_json::Value),
}

/// What a request carries to say who asks.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Credentials {
    /// Nothing, or a scheme that PVE does not know.
    #[default]
    None,
    /// `Authorization: PVEAPIToken=ID=SECRET`, the text after the first `=`.
    Token(String),
    /// Cookie `PVEAuthCookie`, with the `CSRFPreventionToken` header where it was sent.
    Ticket {
        /// The cookie, decoded.
        ticket: String,
        /// The header.
        csrf: Option<String>,
    },
    /// The simulator's own in-process caller: `root@pam`, always valid.
    Root,
}

/// An answer before it is put on a wire.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SimAnswer {
    /// HTTP status, PVE's own 595 and 596 included.
    pub status: u16,
    /// Reason phrase: where PVE puts its error text.
    pub reason: String,
    /// The body; empty for 401, 595 and 596.
    pub body: Vec<u8>,
    /// How long PVE takes to say so (3 s for a failed login), before scaling.
    pub delay: Duration,
}

impl SimRequest {
    /// A request of the in-process caller ([`Credentials::Root`]) without parameters.
    #[must_use]
    pub fn new(method: &str, path: &str) -> Self {
        let (method, path) = (method.to_owned(), path.to_owned());
        Self { method, path, params: Vec::new(), file: None, auth: Credentials::Root }
    }

    /// Adds a parameter as a query or a form would carry it.
    #[must_use]
    pub fn param(mut self, name: &str, value: impl Into<String>) -> Self {
        self.params.push((name.to_owned(), SimValue::Text(value.into())));
        self
    }

    /// Adds a parameter as a JSON body would carry it.
    #[must_use]
    pub fn json(mut self, name: &str, value: serde_json::Value) -> Self {
        self.params.push((name.to_owned(), SimValue::Json(value)));
        self
    }

    /// Brings a file of this name along.
    #[must_use]
    pub fn file(mut self, name: &str, content: &[u8]) -> Self {
        self.file = Some(SimFile::new(content));
        self.param("filename", name)
    }

    /// States who asks.
    #[must_use]
    pub fn auth(mut self, auth: Credentials) -> Self {
        self.auth = auth;
        self
    }
}

impl SimAnswer {
    /// The `data` of the answer; `null` when there is none.
    #[must_use]
    pub fn data(&self) -> serde_json::Value {
        match serde_json::from_slice(&self.body) {
            Ok(serde_json::Value::Object(mut body)) => body.remove("data").unwrap_or_default(),
            _ => serde_json::Value::Null,
        }
    }

    /// The `errors` of a 400: parameter and text.
    #[must_use]
    pub fn errors(&self) -> std::collections::BTreeMap<String, String> {
        #[derive(serde::Deserialize)]
        struct Body {
            errors: std::collections::BTreeMap<String, String>,
        }
        serde_json::from_slice::<Body>(&self.body).map(|b| b.errors).unwrap_or_default()
    }
}
