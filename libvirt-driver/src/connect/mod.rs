//! From a URI to a connection.

mod builder;
mod connection;
mod dial;
mod sockets;
mod tried;
mod wire;

pub use builder::ConnectionBuilder;
pub use connection::{Connection, Reconnect};
pub use wire::Wire;
