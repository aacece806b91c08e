//! `--dry-run`: what would be sent, instead of what came of it.

use examples::{complain, stdout};
use proxmox_core::plan::{Judgement, Step};
use proxmox_core::{Error, ErrorKind, Outcome, Plan, Result};

/// Prints the plan: the lines for a shell, or all that is known of each write as JSON.
pub(crate) fn print(plan: &Plan, json: bool) -> Result<()> {
    // A gate has spoken: this plan would not be carried out, so nothing is shown that could be.
    if let Some(refused) = plan.steps().iter().find_map(refusal) {
        return Err(refused);
    }
    if json {
        stdout::json(plan)?;
    } else {
        examples::tell_line!("dry run, not sent:");
        stdout::write(&plan.steps().iter().map(|step| format!("{step}\n")).collect::<String>())?;
    }
    if let Some(error) = plan.obstacle() {
        examples::tell!("{}", complain::warning(&beyond(error)));
    }
    Ok(())
}

fn refusal(step: &Step) -> Option<Error> {
    let Judgement::Refused { why, advice } = &step.judgement else {
        return None;
    };
    let error = Error::new(ErrorKind::Refused, Outcome::NotSent, why.clone()).about(step.target());
    Some(match advice {
        Some(advice) => error.with_advice(advice.clone()),
        None => error,
    })
}

fn beyond(error: &Error) -> String {
    format!("the plan ends here, for what follows depends on answers that nobody has: {}", error.message())
}
