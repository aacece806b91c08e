//! `lifecycle`: a template becomes a running, configured, reachable VM, and is gone again. `lifecycle --help` says more.

mod args;
mod journal;
mod leftover;
mod life;

use std::process::ExitCode;
use std::time::Instant;

use console::Style;
use examples::connect::{self, Connected, Plan};
use examples::exit::Exit;
use examples::{complain, human, stdout, verbose};
use proxmox_core::{Error, ErrorKind, GuestRef, Outcome, Policy, Result};
use serde::Serialize;

use args::Cli;
use journal::{Journal, Step};
use leftover::Leftover;
use life::{Found, Wish};

/// What `--json` prints.
#[derive(Serialize)]
struct Summary<'a> {
    ok: bool,
    endpoint: String,
    transport: &'static str,
    simulated: bool,
    #[serde(flatten)]
    found: &'a Found,
    ms: u64,
    steps: &'a [Step],
    error: Option<Trouble>,
    /// What this run made and did not delete.
    leftover: Option<Leftover>,
}

/// An error as data.
#[derive(Serialize)]
struct Trouble {
    kind: ErrorKind,
    outcome: Outcome,
    message: String,
    hint: Option<String>,
}

fn main() -> ExitCode {
    let cli: Cli = examples::parse::parse();
    if cli.verbose {
        verbose::show();
    }
    let result = prepare(&cli).and_then(|(connected, wish)| run(&cli, &connected, &wish));
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            examples::tell!("{}", complain::lines(&error));
            Exit::from(&error).into()
        }
    }
}

fn prepare(cli: &Cli) -> Result<(Connected, Wish)> {
    let plan = Plan::new(&cli.connection, true, connect::env)?;
    let connected = plan.connect(Policy::default())?;
    let from_env = || connect::env("PVE_TEMPLATE").filter(|_| connected.sim.is_none());
    let template = match &cli.template {
        Some(template) => Some(template.clone()),
        None => from_env().map(|text| text.parse::<GuestRef>()).transpose()?,
    };
    let wish = Wish { node: connected.node.clone(), template, skip_guest: cli.skip_guest };
    Ok((connected, wish))
}

fn run(cli: &Cli, connected: &Connected, wish: &Wish) -> Result<Exit> {
    let (mut journal, mut found) = (Journal::new(cli.json), Found::default());
    let simulated = connected.sim.is_some();
    journal.say(&Style::new().dim().apply_to(&connected.about).to_string())?;
    let begin = Instant::now();
    let result = life::live(&connected.pve, wish, &mut journal, &mut found);
    let took = begin.elapsed();
    let mut leftover = None;
    if let Err(error) = &result {
        examples::tell!("{}", complain::lines(error));
        leftover = leftover::clear(&connected.pve, &found, cli.keep, simulated);
    }
    if cli.json {
        let info = connected.pve.info();
        stdout::json(&Summary {
            ok: result.is_ok(),
            endpoint: info.endpoint,
            transport: info.name,
            simulated,
            found: &found,
            ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            steps: &journal.steps,
            error: result.as_ref().err().map(trouble),
            leftover,
        })?;
    } else if result.is_ok() {
        let said =
            format!("all {} steps done in {}, nothing remains", journal.steps.len(), human::took(took));
        journal.say(&Style::new().green().bold().apply_to(said).to_string())?;
    }
    Ok(result.as_ref().err().map_or(Exit::Done, Exit::from))
}

fn trouble(error: &Error) -> Trouble {
    Trouble {
        kind: error.kind(),
        outcome: error.outcome(),
        message: error.to_string(),
        hint: complain::advice(error),
    }
}
