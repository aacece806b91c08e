//! `pve qemu exec` and `pve lxc exec`: the guest's output is this program's output.

use std::io::Write;
use std::path::Path;

use examples::exit::Exit;
use examples::{complain, pairs, stdout};
use proxmox_core::guest::{Exec, ExecResult, Kind};
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
    if session.json {
        stdout::json(&result)?;
    } else {
        stdout::bytes(result.stdout.as_bytes())?;
        // What cannot be written to stderr cannot be reported either.
        let _ = std::io::stderr().write_all(result.stderr.as_bytes());
    }
    for (cut, name) in [(result.out_truncated, "output"), (result.err_truncated, "error output")] {
        if cut {
            eprint!("{}", complain::warning(&format!("only the first part of the {name} was kept")));
        }
    }
    if result.success() {
        return Ok(Exit::Done);
    }
    eprint!("{}", complain::error(&end(&result)));
    Ok(Exit::Other)
}

fn end(result: &ExecResult) -> String {
    match (result.exit_code, result.signal) {
        (Some(code), _) => format!("the program in the guest ended with exit code {code}"),
        (None, Some(signal)) => format!("the program in the guest was ended by signal {signal}"),
        (None, None) => "the program in the guest ended without an exit code".to_owned(),
    }
}
