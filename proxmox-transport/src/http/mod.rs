//! PVE's API over HTTP: one pure codec, two engines that only move bytes.

#[cfg(feature = "reqwest")]
mod asynchronous;
pub(crate) mod codec;
pub(crate) mod engine;
#[cfg(all(feature = "reqwest", feature = "ssh"))]
pub(crate) mod hyper;
mod multipart;
#[cfg(all(feature = "reqwest", feature = "ssh"))]
mod quiet;
#[cfg(feature = "reqwest")]
pub(crate) mod reqwest;
#[cfg(all(feature = "ureq", unix))]
mod socket;
mod transport;
#[cfg(feature = "ureq")]
pub(crate) mod ureq;

pub(crate) use engine::{Answer, Budgets, Engine, YEAR};
pub(crate) use transport::Http;

#[cfg(test)]
mod tests;
