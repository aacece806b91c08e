//! `virt`: a command line over plain libvirt hosts. `virt --help` is its manual.

mod args;
mod console;
mod create;
mod events;
mod guest;
mod life;
mod look;
mod session;
mod snapshot;
mod usage;

use std::process::ExitCode;

use examples::exit::Exit;
use examples::{complain, verbose};
use proxmox_core::Result;

use args::{Cli, Command};
use session::Session;

#[tokio::main]
async fn main() -> ExitCode {
    let cli: Cli = examples::parse::parse();
    if cli.output.verbose {
        verbose::show();
    }
    match run(cli).await {
        Ok(exit) => exit.into(),
        Err(error) => {
            examples::tell!("{}", complain::lines(&error));
            Exit::from(&error).into()
        }
    }
}

async fn run(cli: Cli) -> Result<Exit> {
    let Cli { connection, safety, output, command } = cli;
    if let Command::Create(create) = &command {
        // What can be seen to be wrong without a host is said without one.
        let new = create::of(create, &connection)?;
        let session = Session::open(connection, safety, output).await?;
        return create::run(&session, &new).await.map(|()| Exit::Done);
    }
    let session = Session::open(connection, safety, output).await?;
    match command {
        Command::Exec(exec) => return guest::exec(&session, exec).await,
        Command::Create(_) => unreachable!("it was done above"),
        Command::List => look::list(&session).await,
        Command::Show(name) => look::show(&session, &name.name).await,
        Command::Capacity => look::capacity(&session).await,
        Command::Pools => look::pools(&session).await,
        Command::Start { name, paused } => life::start(&session, &name.name, paused).await,
        Command::Shutdown { name, then_stop, timeout } => {
            life::shutdown(&session, &name.name, then_stop, timeout).await
        }
        Command::Stop(name) => life::stop(&session, &name.name).await,
        Command::Reboot(name) => life::reboot(&session, &name.name).await,
        Command::Reset(name) => life::reset(&session, &name.name).await,
        Command::Suspend(name) => life::suspend(&session, &name.name).await,
        Command::Resume(name) => life::resume(&session, &name.name).await,
        Command::Delete(name) => life::delete(&session, &name.name).await,
        Command::Autostart { name, when } => life::autostart(&session, &name.name, when).await,
        Command::Tags { name, changes } => life::tags(&session, &name.name, &changes).await,
        Command::Resize { name, disk, size } => life::resize(&session, &name.name, &disk, size).await,
        Command::Set { name, vcpus, memory } => life::set(&session, &name.name, vcpus, memory).await,
        Command::Snapshot(command) => snapshot::run(&session, command).await,
        Command::Ips { name, wait } => guest::ips(&session, &name.name, wait).await,
        Command::Console { name, take_over } => console::run(&session, &name.name, take_over).await,
        Command::Usage(usage) => usage::run(&session, &usage).await,
        Command::Events { count } => events::run(&session, count).await,
    }
    .map(|()| Exit::Done)
}
