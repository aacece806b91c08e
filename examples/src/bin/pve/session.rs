//! What every command needs: the handle, and where its answer goes.

use std::cell::RefCell;

use console::Term;
use examples::connect::{self, Plan, Simulated};
use examples::exit::Exit;
use examples::progress::Waiting;
use examples::{complain, place, show, stdout};
use proxmox_core::guest::Kind;
use proxmox_core::plan::Planner;
use proxmox_core::preflight::Report;
use proxmox_core::{
    Call, Effect, Error, ErrorKind, GuestRef, NodeName, Operation, Outcome, Policy, Pve, Result, Rows, Vmid,
};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::args::Cli;
use crate::plan;

pub(crate) struct Session {
    pub(crate) pve: Pve,
    pub(crate) node: Option<NodeName>,
    pub(crate) json: bool,
    pub(crate) force: bool,
    planner: Option<Planner>,
    examined: Option<RefCell<Option<Report>>>,
    /// Lives as long as the session, when there is one.
    _sim: Option<Simulated>,
}

impl Session {
    pub(crate) fn open(cli: &Cli) -> Result<Self> {
        let plan = Plan::new(&cli.connection, false, connect::env)?;
        let policy = Policy::default().managed_tag(&cli.safety.managed_tag)?;
        let policy = cli.safety.allow.iter().try_fold(policy, |policy, rule| policy.allow(*rule))?;
        let connected = plan.connect(policy)?;
        let planner = cli.safety.dry_run.then(|| connected.pve.planner());
        Ok(Self {
            pve: planner.as_ref().map_or(connected.pve, Planner::handle),
            node: connected.node,
            json: cli.output.json,
            force: cli.safety.force,
            planner,
            examined: None,
            _sim: connected.sim,
        })
    }

    /// From now on what would change something is examined, and not sent.
    pub(crate) fn only_examine(&mut self) {
        self.examined = Some(RefCell::new(None));
    }

    /// The guest that people mean.
    pub(crate) fn guest<K: Kind>(&self, guest: &GuestRef) -> Result<K::Handle> {
        place::guest::<K>(&self.pve, self.node.as_ref(), guest)
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
        let call = match guest {
            Some(vmid) => self.forced(vmid, call),
            None => call,
        };
        if self.is_dry() || self.examined.is_some() {
            return self.send(call);
        }
        let waiting = Waiting::new(what, !self.json);
        let result = waiting.on(call).block();
        waiting.end();
        result
    }

    /// Sends a call, or examines it.
    pub(crate) fn send<O: Operation>(&self, call: Call<O>) -> Result<O::Output> {
        match &self.examined {
            Some(examined) if !call.request().is_ok_and(|request| request.effect == Effect::Read) => {
                examined.replace(Some(call.preflight().block()?));
                Err(Error::new(ErrorKind::Unsupported, Outcome::NotSent, "examined, and not sent"))
            }
            _ => call.block(),
        }
    }

    /// With `--force` the call may pass the gate of this guest.
    pub(crate) fn forced<O: Operation>(&self, vmid: Vmid, call: Call<O>) -> Call<O> {
        if self.force { call.force(vmid) } else { call }
    }

    /// Whether writes are planned instead of sent.
    pub(crate) fn is_dry(&self) -> bool {
        self.planner.is_some()
    }

    /// Whether there is no answer to show: a write was planned, or is examined.
    fn is_silent(&self) -> bool {
        self.examined.is_some() || self.planner.as_ref().is_some_and(|planner| !planner.steps().is_empty())
    }

    /// Prints an answer: as JSON, or as the text that `human` makes of it. What came of a planned write is not printed, for
    /// nothing did.
    pub(crate) fn answer<T: Serialize>(&self, answer: &T, human: impl FnOnce(&T) -> String) -> Result<()> {
        if self.is_silent() {
            return Ok(());
        }
        if self.json { stdout::json(answer) } else { stdout::write(&human(answer)) }
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
            let text = format!("row {} is left out, it cannot be read: {}", reject.index, reject.why);
            examples::tell!("{}", complain::warning(&text));
        }
    }

    /// Prints data as PVE sent it: byte for byte as JSON, or readably.
    pub(crate) fn data(&self, data: &RawValue) -> Result<()> {
        if self.is_silent() {
            return Ok(());
        }
        if self.json {
            return stdout::write(&format!("{}\n", data.get()));
        }
        let value = serde_json::from_str(data.get()).map_err(|e| {
            Error::decode(Outcome::Applied, format!("the answer cannot be shown: {e}")).with_source(e)
        })?;
        let shown = show::value(&value, width());
        stdout::write(&shown.text)?;
        if !shown.left_out.is_empty() {
            examples::tell_line!(
                "({} more with --json: {})",
                shown.left_out.len(),
                shown.left_out.join(", ")
            );
        }
        Ok(())
    }

    /// At the end: prints what was found, or the plan of a dry run that came to a write. The exit code, where that says it.
    pub(crate) fn finish(self, result: Result<()>) -> Result<Option<Exit>> {
        if let Some(examined) = self.examined {
            let Some(report) = examined.into_inner() else {
                result?;
                return Err(Error::invalid(
                    "preflight",
                    "this command changes nothing, so nothing can stand in its way",
                ));
            };
            if self.json {
                stdout::json(&report)?;
            } else {
                stdout::write(&report.to_string())?;
            }
            return Ok(Some(if report.is_feasible() { Exit::Done } else { Exit::Other }));
        }
        match self.planner {
            Some(planner) if !planner.steps().is_empty() => plan::print(&planner.finish(result), self.json)?,
            _ => result?,
        }
        Ok(None)
    }
}

/// How long lines may be: the terminal's width, and for a file or a pipe what a wide terminal has.
fn width() -> usize {
    let out = Term::stdout();
    if out.is_term() { usize::from(out.size().1) } else { 160 }
}
