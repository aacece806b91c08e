//! PVE's REST interface over HTTPS: where it is, who asks, whom to trust, how long to wait.

mod builder;
mod login;
mod ticket;
mod url;

pub use builder::{Api, Engine};
pub(crate) use login::{Headers, Login};
pub(crate) use url::Endpoint;
