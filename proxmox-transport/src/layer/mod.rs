//! Layers that go around any transport.

mod limit;
mod retry;
mod trace;

pub use limit::Limit;
pub use retry::Retry;
pub use trace::Trace;
