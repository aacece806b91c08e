//! What `pct` does with a running container: programs, and files.

use std::time::Duration;

use proxmox_core::Pct;
use proxmox_core::guest::GuestData;
use proxmox_core::{PctRequest, Push};
use serde_json::{Value, json};

use crate::answer::{Refusal, into_answer};
use crate::exchange::{SimAnswer, SimRequest};
use crate::guest::{Guest, GuestKind};
use crate::inside::Finished;
use crate::sim::Sim;
use crate::state::State;

/// What came of it.
pub(crate) enum Carried {
    Ran(Finished),
    Written,
    Read(Vec<u8>),
}

/// Users and groups that a container knows by name.
const NAMES: [&str; 4] = ["root", "daemon", "nobody", "www-data"];

impl Sim {
    /// What a transport that runs `pct` on the container's node answers.
    pub(crate) fn pct_answer(&self, asked: &SimRequest, request: &PctRequest) -> SimAnswer {
        let carried = self.beside_the_api(asked, |state| {
            carry_out(state, request.node.as_str(), request.vmid.get(), &request.what)
        });
        let seconds = match &carried {
            Ok(Carried::Ran(done)) => done.seconds,
            _ => 0.0,
        };
        let answer = carried.map(|carried| answer(carried).into()).map_err(Refusal::Failed);
        SimAnswer { delay: Duration::from_secs_f64(seconds), ..into_answer(answer) }
    }
}

/// The answer in the form of the SDK's own requests.
fn answer(carried: Carried) -> Value {
    let kept = |mut bytes: Vec<u8>| {
        let cut = bytes.len() > Pct::OUTPUT;
        bytes.truncate(Pct::OUTPUT);
        (GuestData::from(bytes), i32::from(cut))
    };
    match carried {
        Carried::Ran(done) => {
            let code = exit(&done);
            let ((out, out_cut), (err, err_cut)) = (kept(done.out), kept(done.err));
            json!({
                "exitcode": code, "out-data": out, "err-data": err, "out-truncated": out_cut, "err-truncated": err_cut,
            })
        }
        Carried::Written => Value::Null,
        Carried::Read(content) => json!(GuestData::from(content)),
    }
}

/// The exit code as it comes out of the container.
pub(crate) fn exit(done: &Finished) -> i32 {
    done.signal.map_or(done.code, |signal| 128 + signal)
}

/// Does it, or says what PVE says.
pub(crate) fn carry_out(state: &mut State, node: &str, vmid: u32, what: &Pct) -> Result<Carried, String> {
    state.here(GuestKind::Lxc, vmid, node)?;
    let Some(guest) = state.guests.get_mut(&vmid) else {
        return Err(format!("container '{vmid}' is gone"));
    };
    let running = guest.is_running();
    match what {
        Pct::Exec(_) if !running => Err(format!("container '{vmid}' not running!")),
        Pct::Push(_) if !running => Err("can only push files to a running CT".to_owned()),
        Pct::Pull { .. } if !running => Err("can only pull files from a running VM".to_owned()),
        Pct::Exec(exec) => {
            let hostname = guest.name().map_or_else(|| format!("CT{vmid}"), str::to_owned);
            let input = exec.input_bytes().unwrap_or_default();
            Ok(Carried::Ran(guest.inside.run(exec.argv(), input, &hostname).unwrap_or_else(|| {
                let program = exec.argv().first().map_or("", String::as_str);
                absent(vmid, program)
            })))
        }
        Pct::Push(push) => write(guest, push).map(|()| Carried::Written),
        Pct::Pull { path } => match guest.inside.files.get(path) {
            Some(content) => Ok(Carried::Read(content.clone())),
            None => Err(format!("failed to open {path}: No such file or directory")),
        },
        other => Err(format!("the simulator's pct does not know {other:?}")),
    }
}

/// What lxc-attach says of a program that is not there.
fn absent(vmid: u32, program: &str) -> Finished {
    let text = format!(
        "lxc-attach: {vmid}: ../src/lxc/attach.c: lxc_attach_run_command: 1841 No such file or directory - \
         Failed to exec \"{program}\"\n"
    );
    Finished { code: 127, err: text.into(), ..Finished::default() }
}

fn write(guest: &mut Guest, push: &Push) -> Result<(), String> {
    let path = push.path();
    let option = |name: &str| {
        let prefix = format!("--{name}=");
        push.options().into_iter().find_map(|option| option.strip_prefix(&prefix).map(str::to_owned))
    };
    let mut owned = guest.inside.owned.get(path).cloned().unwrap_or_default();
    for (name, id, slot) in [("user", "uid", &mut owned.user), ("group", "gid", &mut owned.group)] {
        if let Some(given) = option(name) {
            if !NAMES.contains(&given.as_str()) && !given.bytes().all(|b| b.is_ascii_digit()) {
                return Err(format!("failed to get {id} for: {given}"));
            }
            *slot = given;
        }
    }
    if !guest.inside.has_directory_of(path) {
        return Err(format!("failed to create file: {path}: No such file or directory"));
    }
    if let Some(perms) = option("perms") {
        owned.perms = u32::from_str_radix(&perms, 8).map_err(|_| format!("invalid mode: '{perms}'"))?;
    }
    guest.inside.files.insert(path.to_owned(), push.content().to_vec());
    guest.inside.owned.insert(path.to_owned(), owned);
    Ok(())
}
