//! `pve qemu exec`: the guest's output is this program's output.

use std::io::Write;
use std::path::Path;

use examples::exit::Exit;
use examples::{complain, pairs, stdout};
use proxmox_core::{GuestRef, Result};
use proxmox_qemu::{Exec, ExecResult, Qemu};
use serde_json::Value;

use crate::session::Session;

pub(crate) fn run(session: &Session, id: &GuestRef, input: Option<&Path>, argv: Vec<String>) -> Result<Exit> {
    let mut exec = Exec::new(argv);
    if let Some(file) = input {
        exec = exec.input(pairs::read("input", &file.to_string_lossy())?);
    }
    let vm = session.guest::<Qemu>(id)?;
    let call = vm.agent().exec(exec);
    if session.is_dry() {
        // There will be no process to wait for.
        let call = session.forced(vm.vmid(), call);
        let _: Value = session.pve.request(call.request()?).block()?;
        return Ok(Exit::Done);
    }
    let result = session.run("running", Some(vm.vmid()), call)?;
    if session.json {
        stdout::json(&result)?;
    } else {
        stdout::write(&result.stdout)?;
        // What cannot be written to stderr cannot be reported either.
        let _ = std::io::stderr().write_all(result.stderr.as_bytes());
    }
    for (cut, name) in [(result.out_truncated, "output"), (result.err_truncated, "error output")] {
        if cut {
            eprint!(
                "{}",
                complain::warning(&format!("the guest agent kept only the first part of the {name}"))
            );
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
