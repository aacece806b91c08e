//! When a step fails: what remains, and what becomes of it.

use std::io::BufRead;

use console::Term;
use examples::complain;
use examples::progress::Waiting;
use proxmox_core::guest::{DeleteOptions, Deleted};
use proxmox_core::{GuestRef, NodeName, Pve, Result, Vmid};
use proxmox_qemu::{QemuNode, Vm};
use serde::Serialize;

use crate::life::Found;

/// A VM that this run made and did not delete.
#[derive(Debug, Serialize)]
pub(crate) struct Leftover {
    pub(crate) vmid: Vmid,
    pub(crate) node: NodeName,
    pub(crate) name: Option<String>,
    /// A command that deletes it.
    pub(crate) delete: String,
}

/// Looks for what this run made, deletes it unless it is to be kept, and returns what remains. Says all of it on stderr.
pub(crate) fn clear(pve: &Pve, found: &Found, keep: bool, simulated: bool) -> Option<Leftover> {
    let vm = match remains(pve, found) {
        Ok(vm) => vm?,
        Err(e) => {
            let name = found.name.as_deref().unwrap_or_default();
            examples::tell!(
                "{}",
                complain::warning(&format!("a VM named {name} may remain: looking for it failed: {e}"))
            );
            return None;
        }
    };
    if simulated {
        examples::tell_line!("{vm} ends with the simulated cluster: nothing remains.");
        return None;
    }
    let options = DeleteOptions::new().purge().stop_first();
    let delete = vm.delete(options);
    let leftover = Leftover {
        vmid: vm.vmid(),
        node: vm.node().clone(),
        name: found.name.clone(),
        delete: delete.request().map(|request| request.to_string()).unwrap_or_default(),
    };
    if keep || !agreed(&vm) {
        tell(&leftover);
        return Some(leftover);
    }
    let waiting = Waiting::new("deleting what was made", false);
    let result = waiting.on(delete).block();
    waiting.end();
    match result {
        Ok(Deleted::Done(_) | Deleted::Absent) => {
            examples::tell_line!("{vm} is deleted: nothing remains.");
            None
        }
        Err(e) => {
            examples::tell!("{}", complain::warning(&format!("deleting it failed: {e}")));
            tell(&leftover);
            Some(leftover)
        }
    }
}

/// The VM that this run made, if it exists.
fn remains(pve: &Pve, found: &Found) -> Result<Option<Vm>> {
    if let Some(vm) = &found.vm {
        return match vm.status().block() {
            Ok(_) => Ok(Some(vm.clone())),
            Err(e) if e.is_not_found() => Ok(None),
            Err(e) => Err(e),
        };
    }
    let Some(name) = found.name.clone().filter(|_| found.asked) else {
        return Ok(None);
    };
    // The clone failed, or its answer was lost. Its name is this run's alone.
    match pve.cluster().find(GuestRef::Name(name)).block() {
        Ok(at) => Ok(Some(pve.node(at.node)?.vm(at.vmid)?)),
        Err(e) if e.is_not_found() => Ok(None),
        Err(e) => Err(e),
    }
}

fn tell(leftover: &Leftover) {
    let Leftover { vmid, node, name, delete } = leftover;
    let name = name.as_deref().unwrap_or_default();
    examples::tell!("{}", complain::warning(&format!("VM {vmid} ({name}) remains on node {node}")));
    examples::tell_line!("  delete it with:  pve qemu delete {vmid} --purge");
    examples::tell_line!("  or on the node:  {delete}");
}

/// On a terminal people are asked; elsewhere the VM, which is this run's own, is deleted.
fn agreed(vm: &Vm) -> bool {
    let (term, input) = (Term::stderr(), std::io::stdin());
    if !term.is_term() || !std::io::IsTerminal::is_terminal(&input) {
        return true;
    }
    examples::tell!("Delete {vm}, which this run has made? [Y/n] ");
    let mut answer = String::new();
    // Without an answer nothing is deleted.
    input
        .lock()
        .read_line(&mut answer)
        .is_ok_and(|read| read > 0 && matches!(answer.trim().to_ascii_lowercase().as_str(), "" | "y" | "yes"))
}
