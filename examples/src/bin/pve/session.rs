//! What every command needs: the handle, and where its answer goes.

use std::sync::Arc;

use console::Term;
use examples::connect::{self, Plan};
use examples::dry_run::DryRun;
use examples::progress::Waiting;
use examples::{complain, place, show, stdout};
use proxmox_core::{Call, GuestRef, NodeName, Operation, Policy, Pve, Result, Rows, Vmid};
use proxmox_qemu::Vm;
use proxmox_sim::SimServer;
use serde::Serialize;

use crate::args::Cli;

pub(crate) struct Session {
    pub(crate) pve: Pve,
    pub(crate) node: Option<NodeName>,
    pub(crate) json: bool,
    pub(crate) force: bool,
    dry_run: Option<Arc<DryRun>>,
    /// Lives as long as the session, when there is one.
    _sim: Option<SimServer>,
}

impl Session {
    pub(crate) fn open(cli: &Cli) -> Result<Self> {
        let plan = Plan::new(&cli.connection, false, connect::env)?;
        let policy = Policy::default().managed_tag(&cli.safety.managed_tag)?;
        let dry_run = cli.safety.dry_run.then(|| Arc::new(DryRun::default()));
        let connected = plan.connect(policy, dry_run.clone())?;
        Ok(Self {
            pve: connected.pve,
            node: connected.node,
            json: cli.output.json,
            force: cli.safety.force,
            dry_run,
            _sim: connected.sim,
        })
    }

    /// The VM that people mean.
    pub(crate) fn vm(&self, guest: &GuestRef) -> Result<Vm> {
        place::vm(&self.pve, self.node.as_ref(), guest)
    }

    /// The node to work on.
    pub(crate) fn node(&self, named: Option<&NodeName>) -> Result<NodeName> {
        place::node(&self.pve, named.or(self.node.as_ref()))
    }

    /// Carries a call out, showing `what` meanwhile. With `--force` it may pass the gate of `guest`.
    pub(crate) fn run<O: Operation>(
        &self,
        what: &str,
        guest: Option<Vmid>,
        call: Call<O>,
    ) -> Result<O::Output> {
        let call = match guest.filter(|_| self.force) {
            Some(vmid) => call.force(vmid),
            None => call,
        };
        let waiting = Waiting::new(what, !self.json);
        let result = waiting.on(call).block();
        waiting.end();
        result
    }

    /// Prints an answer: as JSON, or as the text that `human` makes of it.
    pub(crate) fn answer<T: Serialize>(&self, answer: &T, human: impl FnOnce(&T) -> String) -> Result<()> {
        if self.json {
            stdout::json(answer)
        } else {
            stdout::write(&human(answer))
        }
    }

    /// Prints a list, and warns of rows that could not be read.
    pub(crate) fn list<T: Serialize>(
        &self,
        rows: &Rows<T>,
        human: impl FnOnce(&[T]) -> String,
    ) -> Result<()> {
        self.warn_of_rejects(rows);
        self.answer(&&rows[..], |rows| human(rows))
    }

    /// Says which rows of a list could not be read.
    pub(crate) fn warn_of_rejects<T>(&self, rows: &Rows<T>) {
        for reject in rows.rejects() {
            let text = format!(
                "row {} is left out, it cannot be read: {}",
                reject.index, reject.why
            );
            eprint!("{}", complain::warning(&text));
        }
    }

    /// Prints any JSON readably.
    pub(crate) fn show(&self, value: &serde_json::Value) -> Result<()> {
        let shown = show::value(value, width());
        stdout::write(&shown.text)?;
        if !shown.left_out.is_empty() {
            eprintln!(
                "({} more with --json: {})",
                shown.left_out.len(),
                shown.left_out.join(", ")
            );
        }
        Ok(())
    }

    /// At the end of a dry run: prints the plan, if the command came to a write. What it says after that is about a write
    /// that was not sent.
    pub(crate) fn finish(&self, result: Result<()>) -> Result<()> {
        let Some(dry_run) = &self.dry_run else {
            return result;
        };
        let plan = dry_run.plan();
        if plan.requests.is_empty() {
            return result;
        }
        if self.json {
            return stdout::json(&plan);
        }
        let lines: String = plan
            .requests
            .iter()
            .map(|planned| format!("{}\n", planned.pvesh))
            .collect();
        eprintln!("dry run, not sent:");
        stdout::write(&lines)
    }
}

/// How long lines may be: the terminal's width, and for a file or a pipe what a wide terminal has.
fn width() -> usize {
    let out = Term::stdout();
    if out.is_term() {
        usize::from(out.size().1)
    } else {
        160
    }
}
