//! What a flow would send, without sending it; and sending exactly that.
//!
//! [`Pve::plan`] runs a flow on a handle whose reads are real and whose writes are only noted, each with what the safety gate says
//! of it. A planned write is answered as if it had been done, so that whole flows run to their end: a request that PVE would answer
//! with a task gets a task of the plan's own, which has ended well, and PVE is never asked for it. Later reads of a guest's
//! configuration and status show what the plan has made of it, also for guests that are only planned. Other lists show what is
//! really there. What cannot be foreseen is an error that says so, and the plan ends there.
//!
//! Only what is done with the handle that the flow is given is planned: a flow that uses another one, which it has brought along, writes.
//!
//! [`Plan::apply`] sends the noted writes, in order, as long as everything is as it was when they were planned.
//!
//! ```
//! # use proxmox_core::{Guest, Pve, guest::{CloneOptions, Kind}};
//! # async fn demo<K: Kind>(pve: Pve, template: proxmox_core::Vmid) -> proxmox_core::Result<()> {
//! let mut plan = pve
//!     .plan(async |pve| {
//!         let template = Guest::<K>::new(pve, "pve1".parse()?, template);
//!         let made = template.clone_to(CloneOptions::named("web-1").full()).await?;
//!         made.guest.set_config([("cores", "4")]).await?;
//!         made.guest.start().await
//!     })
//!     .await;
//! print!("{plan}");
//! plan.apply().await?;
//! # Ok(()) }
//! ```

mod apply;
mod guests;
mod recorder;
mod show;
mod step;
mod work;

use std::future::Future;
use std::sync::Arc;

pub use step::{Judgement, Step, StepState};

use crate::policy::Audience;
use crate::{Error, Outcome, Pve, Result};
use recorder::Recorder;

/// The writes of a flow, in order.
///
/// It prints as text for people; [`pvesh`](Self::pvesh) has the lines for a shell, and it serialises.
#[derive(Debug)]
#[must_use = "a plan changes nothing until it is applied"]
pub struct Plan {
    pve: Pve,
    steps: Vec<Step>,
    obstacle: Option<Error>,
    /// Set when it was begun: what is done is not done again.
    begun: bool,
}

impl Plan {
    /// The writes, in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Why the flow did not come to its end: it was refused something, or depends on an answer that nobody has before it is
    /// carried out. Then the plan is not the whole of it, and is not applied.
    #[must_use]
    pub fn obstacle(&self) -> Option<&Error> {
        self.obstacle.as_ref()
    }
}

/// A handle that plans: its reads are real, its writes are noted. [`Pve::planner`] makes it, and [`Pve::plan`] does all of it.
#[derive(Debug)]
pub struct Planner {
    real: Pve,
    planning: Pve,
    recorder: Arc<Recorder>,
}

impl Planner {
    /// The handle to plan with. All its calls and clones write into this one plan.
    #[must_use]
    pub fn handle(&self) -> Pve {
        self.planning.clone()
    }

    /// What was planned so far.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        self.recorder.steps()
    }

    /// The plan. `end` is how the flow ended.
    pub fn finish<T>(self, end: Result<T>) -> Plan {
        // The flow may believe that something was done; nothing was sent.
        let obstacle = end.err().map(|e| e.with_outcome(Outcome::NotSent));
        Plan { pve: self.real, steps: self.recorder.steps(), obstacle, begun: false }
    }
}

impl Pve {
    /// A handle to plan with, for programs that are not one flow. The policy is this handle's, and so is the way.
    #[must_use]
    pub fn planner(&self) -> Planner {
        let real = self.without_options();
        let recorder = Arc::new(Recorder::default());
        let listener = Arc::clone(&recorder);
        let audience = Audience::of(move |decision| listener.note(decision));
        let planning = real.wrapped(Arc::clone(&recorder), audience);
        Planner { real, planning, recorder }
    }

    /// Runs a flow on a handle that plans: see the [module](crate::plan).
    pub async fn plan<T, F>(&self, flow: impl FnOnce(Self) -> F) -> Plan
    where
        F: Future<Output = Result<T>>,
    {
        let planner = self.planner();
        let end = flow(planner.handle()).await;
        planner.finish(end)
    }
}
