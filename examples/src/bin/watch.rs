//! `watch`: what changes in a cluster, as it changes.
//!
//! Without `PVE_URL` (or `PVE_SSH`) it starts a simulated cluster in this process. Nothing would happen there by itself, so a VM
//! is cloned, started, stopped and deleted meanwhile; when it is gone the program ends.

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use examples::complain;
use examples::connect::{self, Plan};
use examples::options::Connection;
use proxmox_core::guest::{CloneOptions, DeleteOptions, NewId};
use proxmox_core::{Policy, Pve, Result, Vmid};
use proxmox_fleet::Watch;
use proxmox_fleet::watch::{Event, View};
use proxmox_qemu::QemuNode;

/// The VM that something happens to.
const VMID: u32 = 200;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            examples::tell!("{}", complain::lines(&error));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let cluster = Plan::new(&Connection::default(), true, connect::env)?.connect(Policy::default())?;
    examples::tell_line!("{}", cluster.about);

    // One watch serves any number of subscribers, with one request per interval for all of them. This is one that blocks its
    // thread; `into_stream` is for async programs.
    let watch = Watch::new(&cluster.pve).interval(Duration::from_millis(200));
    let events = watch.subscribe().blocking();

    let mut busy = None;
    // Whoever applies all events knows what the cluster looks like now.
    let mut view = View::default();
    for event in events {
        view.apply(&event);
        match &event {
            Event::Snapshot { guests, nodes, .. } => {
                println!("{} guests on {} nodes", guests.len(), nodes.len());
                if cluster.sim.is_some() && busy.is_none() {
                    let pve = cluster.pve.clone();
                    busy = Some(thread::spawn(move || live(&pve)));
                }
            }
            Event::Added { guest } => println!("{}: new on {}", guest.vmid, guest.node),
            Event::Removed { guest, why } => println!("{}: {why}", guest.vmid),
            Event::Changed { guest, what } => println!("{}: {what:?}", guest.vmid),
            Event::NodeOffline { node } => println!("{}: its guests are unknown now", node.node),
            // What was told before is not taken back: it is only old.
            Event::Stale { error, .. } => println!("no answer: {error}"),
            other => println!("{}", other.name()),
        }
        let gone = matches!(&event, Event::Removed { guest, .. } if guest.vmid.get() == VMID);
        if let Some(busy) = busy.take_if(|busy| gone || busy.is_finished()) {
            println!("{} guests are left", view.guests().count());
            return busy.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    }
    Ok(())
}

/// A VM's life.
fn live(pve: &Pve) -> Result<()> {
    let node = pve.node("pve1")?;
    let vmid = Vmid::new(VMID)?;
    let options = CloneOptions::named("ephemeral").newid(NewId::Vmid(vmid));
    let vm = node.vm(Vmid::new(9000)?)?.clone_to(options).block()?.guest;
    vm.start().block()?;
    vm.stop().block()?;
    vm.delete(DeleteOptions::new()).block()?;
    Ok(())
}
