//! `pve qemu …`: what only a VM has.

use examples::exit::Exit;
use proxmox_core::Result;
use proxmox_qemu::{Qemu, Vm};

use crate::args;
use crate::session::Session;
use crate::verbs;

pub(crate) fn run(session: &Session, command: args::Qemu) -> Result<Exit> {
    match command {
        args::Qemu::Guest(verb) => return verbs::run::<Qemu>(session, verb),
        args::Qemu::Reset(id) => {
            verbs::act::<Qemu>(
                session,
                &id.id,
                "resetting",
                |guest| Vm::from(guest.clone()).reset(),
                "reset",
            )?;
        }
        args::Qemu::Template(id) => {
            let template = |guest: &_| Vm::from(proxmox_core::Guest::clone(guest)).template();
            verbs::act::<Qemu>(session, &id.id, "converting", template, "turned into a template")?;
        }
    }
    Ok(Exit::Done)
}
