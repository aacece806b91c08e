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
    /// Who asks.
    pub auth: Credentials,
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
