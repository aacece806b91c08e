//! What is printed for people.

use std::time::Instant;

use console::Style;
use examples::table::Table;
use examples::{complain, human, words};
use proxmox_core::backend::Fit;

use crate::place::{Place, Wanted};

/// `3 of 8`: what is free of all.
fn free(free: &str, all: &str) -> String {
    format!("{free} of {all}")
}

fn mib(mib: u64) -> String {
    human::bytes(i64::try_from(mib.saturating_mul(1 << 20)).unwrap_or(i64::MAX))
}

fn bold(text: &str) -> String {
    Style::new().bold().apply_to(text).to_string()
}

/// A table under its title; nothing where it has no rows.
fn under(title: &str, table: Table) -> String {
    if table.is_empty() {
        return String::new();
    }
    format!("{}\n{}\n", bold(title), table.without_empty_columns().text())
}

/// Each region, what is free there, and whether it answers.
pub(crate) fn capacities(places: &[Place]) -> String {
    let mut table = Table::new(["REGION", "KIND", "FREE VCPUS", "FREE MEMORY", "FREE DISK", "CPU", "AT"]);
    for place in places {
        let (kind, at) = (place.kind().to_string(), place.endpoint());
        let row = match &place.capacity {
            Some(capacity) => [
                place.name.clone(),
                kind,
                free(&capacity.free_vcpus().to_string(), &capacity.vcpus.to_string()),
                free(&mib(capacity.free_memory_mib()), &mib(capacity.memory_mib)),
                free(&mib(capacity.free_disk_mib), &mib(capacity.disk_mib)),
                capacity.cpu_percent.map(human::percent).unwrap_or_default(),
                at,
            ],
            None => {
                let failed = Style::new().red().apply_to("failed").to_string();
                [place.name.clone(), kind, failed, String::new(), String::new(), String::new(), at]
            }
        };
        table.row(row);
    }
    under("REGIONS", table)
}

/// What each region offers, and whether it fits there.
pub(crate) fn sizes(places: &[Place]) -> String {
    let mut table =
        Table::new(["REGION", "TYPE", "VCPUS", "MEMORY", "DISK", "FITS"]).right(2).right(3).right(4);
    for place in places {
        for (kind, fit) in place.sizes() {
            table.row([
                place.name.clone(),
                kind.name.clone(),
                kind.vcpus.to_string(),
                mib(kind.memory_mib),
                mib(kind.disk_mib),
                fits(fit),
            ]);
        }
    }
    under("INSTANCE TYPES", table)
}

fn fits(fit: Fit) -> String {
    let (good, careful, bad) = (Style::new().green(), Style::new().yellow(), Style::new().red());
    match fit {
        Fit::Fits => good.apply_to("yes"),
        Fit::OverCpu => careful.apply_to("if CPUs are promised more than once"),
        Fit::NoMemory => bad.apply_to("no, memory is short"),
        Fit::NoDisk => bad.apply_to("no, disk space is short"),
        _ => careful.apply_to("nobody knows"),
    }
    .to_string()
}

/// All instances of all regions that answer.
pub(crate) fn instances(places: &[Place]) -> String {
    let head = ["REGION", "NAME", "STATE", "VCPUS", "MEMORY", "TAGS", "ID"];
    let mut table = Table::new(head).right(3).right(4);
    for place in places {
        for instance in place.instances.iter().flatten() {
            table.row([
                place.stable_name(instance),
                instance.name.clone(),
                words::state(instance.state.as_str()),
                instance.vcpus.map(|n| n.to_string()).unwrap_or_default(),
                instance.memory_mib.map(mib).unwrap_or_default(),
                instance.tags.join(" "),
                instance.id.to_string(),
            ]);
        }
    }
    if table.is_empty() {
        return format!("{}\nnone\n\n", bold("INSTANCES"));
    }
    under("INSTANCES", table)
}

/// What is about to be made, before it exists.
pub(crate) fn begun(wanted: &Wanted) -> String {
    format!("- the instance of this run is named {}\n", wanted.name)
}

/// `✓ eu: deleted in 1.2 s`
pub(crate) fn done(place: &Place, what: &str, began: Instant) -> String {
    let (name, took) = (&place.name, human::took(began.elapsed()));
    let tick = Style::new().for_stderr().green().apply_to("✓").to_string();
    format!("{tick} {name}: {} ({took})\n", complain::printable(what))
}

/// Each error, with its region.
pub(crate) fn troubles(places: &[Place]) -> String {
    let of = |place: &Place| -> String {
        let who = format!("region {}", place.name);
        place.errors.iter().map(|error| complain::lines_about(&who, error)).collect()
    };
    places.iter().map(of).collect()
}
