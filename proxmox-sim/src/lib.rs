//! Not yet.

mod exchange;

pub use exchange::{Credentials, SimAnswer, SimRequest, SimValue};
