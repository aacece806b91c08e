//! What stands in the way of an operation, all of it, before anything is sent.
//!
//! An operation is a request, so what it needs can be read off the request: [`Call::preflight`] asks for all of that at once, and
//! tells everything that is missing, not the first thing. [`Pve::preflight`] does the same for a raw request.
//!
//! ```
//! # use proxmox_core::{Guest, guest::{CloneOptions, Kind}};
//! # async fn demo<K: Kind>(template: &Guest<K>) -> proxmox_core::Result<()> {
//! let report = template.clone_to(CloneOptions::named("web-1").full()).preflight().await?;
//! if !report.is_feasible() {
//!     print!("{report}");
//! }
//! # Ok(()) }
//! ```
//!
//! Nothing is changed and nothing is reserved: what was free may be taken a moment later. What a list does not show, for lack of
//! privileges perhaps, is at most a warning where PVE does not need to show it either. A report that finds nothing is no promise: PVE
//! decides some things by more than can be read.

mod facts;
mod judge;
mod need;
mod place;
mod privilege;
mod report;

pub use report::{Finding, Report, Severity};

use crate::call::{Call, Operation};
use crate::{ErrorKind, Pve, PveRequest, Result};
use facts::Facts;
use need::Need;
use report::Findings;

impl<O: Operation> Call<O> {
    /// What stands in the way of it, all of it: reads only, a handful of requests at once.
    ///
    /// # Errors
    /// None for what is found; those of the form of the call are findings too.
    pub fn preflight(&self) -> Call<Preflight> {
        self.handle().bind(Preflight { request: self.request(), settled: self.settles() })
    }
}

impl Pve {
    /// What stands in the way of a raw request, all of it.
    pub fn preflight(&self, request: PveRequest) -> Call<Preflight> {
        self.bind(Preflight { request: Ok(request), settled: &[] })
    }
}

/// See [`Call::preflight`].
#[derive(Debug)]
pub struct Preflight {
    request: Result<PveRequest>,
    /// What the operation deals with itself.
    settled: &'static [&'static str],
}

impl Operation for Preflight {
    type Output = Report;
    fn name(&self) -> &'static str {
        "preflight"
    }
    fn request(&self) -> Result<PveRequest> {
        match &self.request {
            Ok(request) => Ok(request.clone()),
            Err(e) => Err(e.repeated()),
        }
    }
    async fn run(self, pve: Pve) -> Result<Report> {
        let mut found = Findings::default();
        let request = match self.request.and_then(|request| request.check().map(|()| request)) {
            Ok(request) => request,
            Err(e) if e.kind() == ErrorKind::InvalidInput => {
                found.error("invalid-input", "the call", e.message(), e.advice().unwrap_or("correct it"));
                return Ok(Report { request: String::new(), findings: found.into_vec() });
            }
            Err(e) => return Err(e),
        };
        let need = Need::of(&request);
        let facts = Facts::gather(&pve, &request, need.as_ref()).await?;
        judge::all(&request, need.as_ref(), &facts, &mut found);
        found.soften(self.settled);
        Ok(Report { request: request.to_string(), findings: found.into_vec() })
    }
}
