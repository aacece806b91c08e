use std::fmt;
use std::sync::Arc;

use super::Refusal;
use super::gate::Passed;
use crate::{Error, PveRequest, Result};

/// What the gate has made of a write, told before it is sent: for a log of who was let through, and who by force.
///
/// ```
/// # fn demo(transport: impl proxmox_core::Transport) {
/// use proxmox_core::Pve;
/// use proxmox_core::policy::Passage;
///
/// let pve = Pve::builder(transport)
///     .on_decision(|decision| {
///         if let Passage::Forced(rule) = &decision.passage {
///             eprintln!("forced against rule {}: {}", rule.rule, decision.request);
///         }
///     })
///     .build();
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Decision<'a> {
    /// The write: as it is sent when it passes, with the digest and the tags that the gate has added; else as it was asked for.
    pub request: &'a PveRequest,
    /// Whether it passes.
    pub passage: Passage<'a>,
}

/// Whether a write passes the gate.
#[derive(Debug)]
#[non_exhaustive]
pub enum Passage<'a> {
    /// The policy has nothing against it.
    Allowed,
    /// It passes only because the call was forced; this is what the policy says of it otherwise.
    Forced(&'a Refusal),
    /// It is not sent. The error is the one that the caller gets; its kind is `Refused` when a rule has spoken, and another when
    /// the guest's facts could not be read.
    Refused(&'a Error),
}

type Tell = dyn Fn(&Decision<'_>) + Send + Sync;

/// Who is told of decisions.
#[derive(Clone, Default)]
pub(crate) struct Audience(Option<Arc<Tell>>);

impl Audience {
    pub(crate) fn of(tell: impl Fn(&Decision<'_>) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(tell)))
    }

    /// Tells what was decided, and passes on the request that is to be sent.
    pub(crate) fn told(&self, asked: &PveRequest, decided: Result<Passed>) -> Result<PveRequest> {
        if let Some(tell) = &self.0 {
            let (request, passage) = match &decided {
                Ok(Passed { request, overridden: None }) => (request, Passage::Allowed),
                Ok(Passed { request, overridden: Some(refusal) }) => (request, Passage::Forced(refusal)),
                Err(e) => (asked, Passage::Refused(e)),
            };
            tell(&Decision { request, passage });
        }
        decided.map(|passed| passed.request)
    }
}

impl fmt::Debug for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Audience(one)" } else { "Audience(none)" })
    }
}
