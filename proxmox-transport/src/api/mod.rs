//! PVE's REST interface over HTTPS: where it is, who asks, whom to trust, how long to wait.

mod builder;
mod login;
mod ticket;
mod url;

pub use builder::{Api, Engine};
#[cfg(feature = "ssh")]
pub(crate) use login::Credentials;
pub(crate) use login::{Login, Signature};
#[cfg(feature = "ssh")]
pub(crate) use ticket::Tickets;
pub(crate) use url::Endpoint;
