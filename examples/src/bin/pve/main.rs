//! `pve`: a command line over the SDK. `pve --help` is its manual.

mod args;
mod exec;
mod guest;
mod lxc;
mod node;
mod plan;
mod qemu;
mod raw;
mod report;
mod session;
mod snapshot;
mod task;
mod verbs;
mod watch;
mod words;

use std::process::ExitCode;

use examples::exit::Exit;
use examples::later::Later;
use examples::parse::parse;
use examples::{complain, verbose};
use proxmox_core::{Result, Verb};

use args::{Cli, Command};
use session::Session;

fn main() -> ExitCode {
    let cli: Cli = parse();
    if cli.output.verbose {
        verbose::show();
    }
    match run(cli) {
        Ok(exit) => exit.into(),
        Err(error) => {
            examples::tell!("{}", complain::lines(&error));
            Exit::from(&error).into()
        }
    }
}

fn run(cli: Cli) -> Result<Exit> {
    let mut session = Session::open(&cli)?;
    let mut exit = Exit::Done;
    let command = match cli.command {
        Command::Preflight(Later(command)) => {
            session.only_examine();
            command.into()
        }
        command => command,
    };
    let result = match command {
        Command::Preflight(_) => unreachable!("a command that is examined is none of these"),
        Command::Get(request) => raw::run(&session, Verb::Get, request),
        Command::Create(request) => raw::run(&session, Verb::Create, request),
        Command::Set(request) => raw::run(&session, Verb::Set, request),
        Command::Delete(request) => raw::run(&session, Verb::Delete, request),
        Command::Qemu(Later(command)) => qemu::run(&session, command).map(|end| exit = end),
        Command::Lxc(Later(command)) => lxc::run(&session, command).map(|end| exit = end),
        Command::Node(Later(command)) => node::run(&session, command),
        Command::Task(Later(command)) => task::run(&session, command),
        Command::Report(command) => report::run(&session, &command),
        Command::Watch(command) => watch::run(&session, &command),
    };
    Ok(session.finish(result)?.unwrap_or(exit))
}
