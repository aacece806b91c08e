//! Not yet.

#[cfg(feature = "server")]
mod certificate;
mod clock;
mod delivery;
mod exchange;
mod http;
mod inprocess;
mod log;
#[cfg(feature = "server")]
mod server;
mod sim;
mod wire_fault;

pub use clock::Clock;
pub use exchange::{Credentials, SimAnswer, SimRequest, SimValue};
pub use http::HttpRequest;
pub use inprocess::SimTransport;
pub use log::{LogEntry, RequestLog};
#[cfg(feature = "server")]
pub use server::{SimServer, SimServerBuilder};
pub use sim::Sim;
pub use wire_fault::{WireFault, WireFaults, WireRule};
