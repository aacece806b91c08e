//! What came of a program in a guest.

use std::io::Write;

use proxmox_core::Result;
use proxmox_core::guest::ExecResult;

use crate::exit::Exit;
use crate::{complain, stdout};

/// Makes its output that of this program, or prints all as JSON. When it has failed, stderr says with which exit code, and this
/// program's is 1.
///
/// # Errors
/// When stdout cannot be written.
pub fn show(result: &ExecResult, json: bool) -> Result<Exit> {
    if json {
        stdout::json(result)?;
    } else {
        stdout::bytes(result.stdout.as_bytes())?;
        // What cannot be written to stderr cannot be reported either.
        let _ = std::io::stderr().write_all(result.stderr.as_bytes());
    }
    for (cut, name) in [(result.out_truncated, "output"), (result.err_truncated, "error output")] {
        if cut {
            crate::tell!("{}", complain::warning(&format!("only the first part of the {name} was kept")));
        }
    }
    if result.success() {
        return Ok(Exit::Done);
    }
    crate::tell!("{}", complain::error(&end(result)));
    Ok(Exit::Other)
}

fn end(result: &ExecResult) -> String {
    match (result.exit_code, result.signal) {
        (Some(code), _) => format!("the program in the guest ended with exit code {code}"),
        (None, Some(signal)) => format!("the program in the guest was ended by signal {signal}"),
        (None, None) => "the program in the guest ended without an exit code".to_owned(),
    }
}
