use std::time::Duration;

use proxmox_core::guest::{Exec, ExecResult, GuestData};
use proxmox_core::{Error, ErrorKind, Operation, Pct, Push, Pve, PvePath, PveRequest, PveResponse, Result};

/// How long a program may take unless the call says otherwise: as long as in a VM.
const PROGRAM: Duration = Duration::from_secs(30);
/// The same for a file.
const FILE: Duration = Duration::from_secs(120);

/// Something that `pct` does with a container: see [`Container::exec`](proxmox_core::Guest::exec),
/// [`push`](crate::Container::push) and [`pull`](crate::Container::pull).
#[derive(Debug)]
pub struct RunPct<T> {
    name: &'static str,
    container: PvePath,
    what: Pct,
    wait: Duration,
    decode: fn(&PveResponse) -> Result<T>,
}

impl RunPct<ExecResult> {
    pub(crate) fn exec(container: PvePath, exec: Exec) -> Self {
        Self {
            name: "container.exec",
            container,
            what: Pct::Exec(exec),
            wait: PROGRAM,
            decode: PveResponse::decode,
        }
    }
}

impl RunPct<()> {
    pub(crate) fn push(container: PvePath, push: Push) -> Self {
        Self {
            name: "container.push",
            container,
            what: Pct::Push(push),
            wait: FILE,
            decode: PveResponse::done,
        }
    }
}

impl RunPct<GuestData> {
    pub(crate) fn pull(container: PvePath, path: String) -> Self {
        Self {
            name: "container.pull",
            container,
            what: Pct::Pull { path },
            wait: FILE,
            decode: PveResponse::decode,
        }
    }
}

impl<T: Send + 'static> Operation for RunPct<T> {
    type Output = T;
    fn name(&self) -> &'static str {
        self.name
    }
    fn request(&self) -> Result<PveRequest> {
        self.what.request(self.container.clone())
    }
    async fn run(self, pve: Pve) -> Result<T> {
        // One request, so what the caller allows for all of it is its own budget.
        let wait = pve.deadline(Some(self.wait)).wait();
        let request = self.request()?.timeout(wait);
        match pve.call(&request).await {
            Ok(answer) => (self.decode)(&answer),
            Err(e) if e.kind() == ErrorKind::Timeout && matches!(self.what, Pct::Exec(_)) => {
                Err(still_there(e))
            }
            Err(e) => Err(e),
        }
    }
}

/// Who waits in vain does not end the program.
fn still_there(e: Error) -> Error {
    if e.is_maybe_applied() {
        e.with_advice("the program may go on in the container; allow more time (timeout), or end it there")
    } else {
        e
    }
}
