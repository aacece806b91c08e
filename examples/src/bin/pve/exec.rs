//! `pve qemu exec` and `pve lxc exec`: the guest's output is this program's output.

use std::path::Path;

use examples::exit::Exit;
use examples::{pairs, ran};
use proxmox_core::guest::{Exec, Kind};
use proxmox_core::{GuestRef, Result};

use crate::session::Session;

pub(crate) fn run<K: Kind>(
    session: &Session,
    id: &GuestRef,
    input: Option<&Path>,
    argv: Vec<String>,
) -> Result<Exit> {
    let mut exec = Exec::new(argv);
    if let Some(file) = input {
        exec = exec.input(pairs::read_bytes("input", file)?);
    }
    let guest = session.guest::<K>(id)?;
    let result = session.run("running", Some(guest.vmid()), guest.exec(exec))?;
    ran::show(&result, session.json)
}
