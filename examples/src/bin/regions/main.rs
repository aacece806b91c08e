//! `regions`: Proxmox VE clusters and plain libvirt hosts, managed by the same code.
//!
//! It reads a list of regions, opens each, tells what is free there and which sizes fit, and lists the instances. Where it is given an
//! image, it makes an instance of it, tags it and deletes it again. A region that fails is shown with its error and never hides the
//! others.

mod args;
mod images;
mod list;
mod place;
mod summary;
mod text;

use std::process::ExitCode;

use examples::exit::Exit;
use examples::{complain, stdout, verbose};
use futures_util::future::join_all;
use proxmox_core::Result;

use args::Cli;
use list::Chosen;
use place::{Place, Wanted};

#[tokio::main]
async fn main() -> ExitCode {
    let cli: Cli = examples::parse::parse();
    if cli.verbose {
        verbose::show();
    }
    match run(&cli).await {
        Ok(exit) => exit.into(),
        Err(error) => {
            examples::tell!("{}", complain::lines(&error));
            Exit::from(&error).into()
        }
    }
}

async fn run(cli: &Cli) -> Result<Exit> {
    let chosen = Chosen::of(cli)?;
    let wanted = Wanted::of(cli)?;
    images::check(cli, &chosen)?;
    let show = |text: String| if cli.json { Ok(()) } else { stdout::write(&text) };

    // All regions at once, each by the same few calls, whatever it is made of.
    let names = chosen.names();
    let mut places = join_all(names.iter().map(|name| Place::open(&chosen.regions, name))).await;
    join_all(places.iter_mut().map(Place::look)).await;
    show(text::capacities(&places))?;
    show(text::sizes(&places))?;
    show(text::instances(&places))?;

    let images = images::of_each(cli, &chosen, &places)?;
    let busy = images.iter().any(Option::is_some);
    if busy {
        examples::tell!("{}", text::begun(&wanted));
        // What one region is done with, it says; the others may still be at work.
        join_all(places.iter_mut().zip(images).map(|(place, image)| place.create(&wanted, image))).await;
        join_all(places.iter_mut().map(Place::look_again)).await;
        show(text::instances(&places))?;
        join_all(places.iter_mut().map(|place| place.tag(&wanted))).await;
        if let Some(patience) = wanted.wait {
            join_all(places.iter_mut().map(|place| place.wait(patience))).await;
        }
        if !wanted.keep {
            join_all(places.iter_mut().map(Place::delete)).await;
        }
    }
    if cli.json {
        summary::print(&places)?;
    }
    examples::tell!("{}", text::troubles(&places));
    Ok(place::exit(&places))
}
