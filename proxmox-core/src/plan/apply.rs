//! Sends what was planned, as long as everything is as it was.

use super::{Judgement, Plan, Step, StepState, work};
use crate::task::QuietWork;
use crate::{ConfigBag, Error, ErrorKind, Outcome, Pve, PvePath, PveRequest, Result, Target};

impl Plan {
    /// Sends the planned writes one after the other, and waits for the end of each task.
    ///
    /// Before the first write to a guest its configuration is compared with the one that the plan was made from. What the plan
    /// creates must still be free. Every write passes the safety gate again, with facts as they are now. At the first deviation
    /// it stops; [`steps`](Self::steps) tells of each whether it is done, not done, or unknown, and the error says it in words.
    ///
    /// Steps that the flow made at the same time are sent one by one. It waits for tasks as long as they take; when its future is
    /// dropped before that, the step that was under way is unknown.
    ///
    /// # Errors
    /// `Refused` for a plan with a refused step, `InvalidInput` for one that does not reach its end or that was applied before:
    /// nothing is sent then. `Conflict` where a guest is not as it was. Else whatever stopped it.
    pub async fn apply(&mut self) -> Result<()> {
        self.check()?;
        self.begun = true;
        for index in 0..self.steps.len() {
            if let Err(e) = self.carry_out(index).await {
                self.steps[index].state = match (e.kind(), e.outcome()) {
                    (ErrorKind::TaskFailed, _) => StepState::Failed,
                    (_, Outcome::NotSent | Outcome::Rejected) => StepState::NotDone,
                    (_, Outcome::Applied) => StepState::Done,
                    _ => StepState::Unknown,
                };
                return Err(self.stopped(index, e));
            }
            self.steps[index].state = StepState::Done;
        }
        Ok(())
    }

    async fn carry_out(&mut self, index: usize) -> Result<()> {
        unchanged(&self.pve, &self.steps[index]).await?;
        let request = self.present(index);
        let step = &mut self.steps[index];
        // Until the answer is there; and for good, when whoever waits for it gives up.
        step.state = StepState::Unknown;
        if let Some(kind) = work::quiet_task(&request) {
            step.warnings = self.pve.bind(QuietWork::new("plan.apply", Ok(request), kind)).await?.warnings;
            return Ok(());
        }
        let answer = self.pve.call(&request).await?;
        match answer.upid() {
            Ok(upid) => step.warnings = self.pve.task(upid).success().await?.warnings,
            Err(_) => answer.done()?,
        }
        Ok(())
    }

    /// The request as it is to be sent now. The digest of a configuration that the plan itself has changed since is left out, and
    /// the gate takes the present one.
    fn present(&self, index: usize) -> PveRequest {
        let step = &self.steps[index];
        let mut request = step.request.clone();
        let changed = self.steps[..index].iter().any(|earlier| earlier.target() == step.target());
        let of_config = matches!(
            request.path.segments().nth(4),
            Some("config" | "resize" | "move_disk" | "move_volume" | "unlink")
        );
        if changed && of_config && matches!(step.target(), Target::Guest { .. }) {
            request.params.remove("digest");
        }
        request
    }

    fn check(&self) -> Result<()> {
        let refused = self.steps.iter().find_map(|step| match &step.judgement {
            Judgement::Refused { why, advice } => Some((step, why, advice)),
            _ => None,
        });
        if let Some((step, why, advice)) = refused {
            let text = format!("nothing was sent, for one step would be refused: {why}");
            let error = Error::new(ErrorKind::Refused, Outcome::NotSent, text)
                .during("plan.apply")
                .about(step.target());
            return Err(match advice {
                Some(advice) => error.with_advice(advice.clone()),
                None => error,
            });
        }
        let text = match &self.obstacle {
            Some(e) => format!("the plan does not reach its end: {}", e.message()),
            None if self.begun => "this plan was applied already".to_owned(),
            None => return Ok(()),
        };
        Err(Error::invalid("plan", text)
            .during("plan.apply")
            .with_advice("plan again from what there is now, or run the flow itself"))
    }

    /// What stopped it, and how far it came.
    fn stopped(&self, at: usize, cause: Error) -> Error {
        let count = self.steps.len();
        let done =
            if at == 0 { "nothing was done before".to_owned() } else { format!("done: {}", range(0, at)) };
        let rest =
            if at + 1 < count { format!("; not sent: {}", range(at + 1, count)) } else { String::new() };
        let state = self.steps[at].state;
        let text =
            format!("stopped at step {} of {count} ({state}): {}; {done}{rest}", at + 1, cause.message());
        // Of the plan as a whole something has taken effect as soon as one step has.
        let outcome = match (at, cause.outcome()) {
            (0, outcome) => outcome,
            (_, Outcome::NotSent | Outcome::Rejected) => Outcome::Applied,
            (_, outcome) => outcome,
        };
        let error = Error::new(cause.kind(), outcome, text)
            .during("plan.apply")
            .about(self.steps[at].target())
            .with_advice(
                cause.advice().unwrap_or("look at what there is now, and plan the rest anew").to_owned(),
            );
        error.with_source(cause)
    }
}

/// Steps as people count them.
fn range(from: usize, to: usize) -> String {
    if to - from == 1 { format!("{to}") } else { format!("{}–{to}", from + 1) }
}

/// Whether the guest is as it was when the step was planned.
async fn unchanged(pve: &Pve, step: &Step) -> Result<()> {
    let (Some(basis), Target::Guest { kind, vmid, node }) = (&step.basis, step.target()) else {
        return Ok(());
    };
    let config: ConfigBag =
        pve.call(&PveRequest::get(PvePath::guest(&node, kind, vmid).fixed("config"))).await?.decode()?;
    if config.digest() == Some(basis) {
        return Ok(());
    }
    let text = format!("the configuration of {} has changed since the plan was made", step.target());
    Err(Error::new(ErrorKind::Conflict, Outcome::NotSent, text)
        .with_advice("plan again from what there is now"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Pve, PveResponse, Transport, TransportInfo, async_trait};

    struct Nowhere;

    #[async_trait]
    impl Transport for Nowhere {
        fn info(&self) -> TransportInfo {
            TransportInfo::new("nowhere", "nowhere").blocking()
        }
        async fn call(&self, request: &PveRequest) -> Result<PveResponse> {
            panic!("{request}")
        }
        async fn sleep(&self, _: Duration) {}
    }

    /// A digest that the caller has stated says what the change was made from, and is no less true when it is applied.
    #[test]
    fn only_digests_that_the_plan_has_outdated_are_left_out() {
        let step = |path: &str| {
            let request = PveRequest::set(PvePath::parse(path).unwrap()).param("digest", "d");
            Step::new(request, Judgement::Allowed, None)
        };
        let steps = [
            ("/cluster/firewall/options", true),
            ("/nodes/n/qemu/100/config", true),
            ("/nodes/n/qemu/100/firewall/options", true),
            ("/nodes/n/qemu/100/config", false),
            ("/nodes/n/qemu/101/config", true),
            ("/cluster/firewall/options", true),
        ];
        let plan = Plan {
            pve: Pve::new(Nowhere),
            steps: steps.iter().map(|(path, _)| step(path)).collect(),
            obstacle: None,
            begun: true,
        };
        for (index, (path, kept)) in steps.iter().enumerate() {
            assert_eq!(plan.present(index).params.get("digest").is_some(), *kept, "{index} {path}");
        }
    }
}
