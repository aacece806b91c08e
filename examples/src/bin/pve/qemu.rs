//! `pve qemu …`

use std::time::Duration;

use examples::exit::Exit;
use examples::pairs;
use proxmox_core::config::{ConfigChange, encode_sshkeys};
use proxmox_core::guest::{CloneOptions, DeleteOptions, Deleted, HowCloned, IpQuery, Shutdown};
use proxmox_core::task::TaskReport;
use proxmox_core::{Call, Error, GuestRef, ParamValue, Result, Work};
use proxmox_qemu::{QemuNode, Vm};
use serde_json::json;

use crate::args::{self, Qemu};
use crate::session::Session;
use crate::{exec, guest};

/// How long `ip` waits for a guest that has only just started.
const IP_WAIT: Duration = Duration::from_secs(15);

pub(crate) fn run(session: &Session, command: Qemu) -> Result<Exit> {
    match command {
        Qemu::List => guest::list(session),
        Qemu::Status(id) => guest::status(session, &session.vm(&id.id)?),
        Qemu::Config(id) => guest::config(session, &session.vm(&id.id)?),
        Qemu::Clone(clone) => clone_vm(session, clone),
        Qemu::Set { id, changes } => {
            let change = change(&changes)?;
            let vm = session.vm(&id.id)?;
            session.run("changing", Some(vm.vmid()), vm.set_config(change))?;
            done(session, &vm, "changed", None)
        }
        Qemu::Resize { id, disk, size } => {
            act(session, &id.id, "resizing", |vm| vm.resize(&disk, size), "resized")
        }
        Qemu::Start { id, wait_ip } => start(session, &id.id, wait_ip),
        Qemu::Shutdown(id) => {
            act(session, &id.id, "shutting down", |vm| vm.shutdown(Shutdown::new()), "shut down")
        }
        Qemu::Stop(id) => act(session, &id.id, "stopping", |vm| vm.stop(), "stopped"),
        Qemu::Reboot(id) => act(session, &id.id, "rebooting", |vm| vm.reboot(None), "rebooted"),
        Qemu::Reset(id) => act(session, &id.id, "resetting", Vm::reset, "reset"),
        Qemu::Suspend(id) => act(session, &id.id, "pausing", |vm| vm.suspend(), "suspended"),
        Qemu::Resume(id) => act(session, &id.id, "resuming", |vm| vm.resume(), "resumed"),
        Qemu::Template(id) => act(session, &id.id, "converting", Vm::template, "turned into a template"),
        Qemu::Delete { id, purge } => delete(session, &id.id, purge),
        Qemu::Exec { id, input, argv } => return exec::run(session, &id.id, input.as_deref(), argv),
        Qemu::Ip(id) => {
            let vm = session.vm(&id.id)?;
            let call = vm.wait_for_ip(IpQuery::v4()).timeout(IP_WAIT);
            let found = session.run("waiting for an address", None, call)?;
            session.answer(&found, |found| format!("{}\n", found.address))
        }
    }
    .map(|()| Exit::Done)
}

fn clone_vm(session: &Session, clone: args::Clone) -> Result<()> {
    let source = session.vm(&clone.source)?;
    let mut options = CloneOptions::named(clone.name.as_str()).newid(clone.newid);
    if clone.full {
        options = options.full();
    }
    if let Some(storage) = clone.storage {
        options = options.storage(storage);
    }
    if let Some(node) = clone.target {
        options = options.target(node);
    }
    let cloned = session.run("cloning", Some(source.vmid()), source.clone_to(options))?;
    let (vm, how) = (&cloned.guest, &cloned.how);
    let answer = json!({"vmid": cloned.vmid, "node": vm.node(), "name": clone.name, "how": how});
    session.answer(&answer, |_| {
        let origin = source.vmid();
        match how {
            HowCloned::New(report) => format!("{vm}: cloned from {origin}\n{}", warnings(report)),
            HowCloned::Resumed => format!("{vm}: an earlier clone of {origin}, finished now\n"),
            _ => format!("{vm}: this clone of {origin} was there already\n"),
        }
    })
}

fn start(session: &Session, id: &GuestRef, wait_ip: bool) -> Result<()> {
    let vm = session.vm(id)?;
    let report = session.run("starting", Some(vm.vmid()), vm.start())?;
    if !wait_ip || session.is_dry() {
        return done(session, &vm, "started", Some(&report));
    }
    let found = session.run("waiting for an address", None, vm.wait_for_ip(IpQuery::v4()))?;
    let answer =
        json!({"vmid": vm.vmid(), "node": vm.node(), "done": "started", "task": report, "ip": found});
    session.answer(&answer, |_| format!("{vm}: started, {}\n{}", found.address, warnings(&report)))
}

fn delete(session: &Session, id: &GuestRef, purge: bool) -> Result<()> {
    let vm = match (session.vm(id), id) {
        // A guest that is not listed may be hidden from these credentials: the node itself tells the two apart.
        (Err(e), GuestRef::Vmid(vmid)) if e.is_not_found() => {
            session.pve.node(session.node(None)?)?.vm(*vmid)?
        }
        (found, _) => found?,
    };
    let options = DeleteOptions::new();
    let call = vm.delete(if purge { options.purge() } else { options });
    match session.run("deleting", Some(vm.vmid()), call)? {
        Deleted::Done(report) => done(session, &vm, "deleted", Some(&report)),
        Deleted::Absent => {
            let answer = json!({"vmid": vm.vmid(), "node": vm.node(), "done": "absent"});
            session.answer(&answer, |_| format!("{vm}: there is no such VM, nothing to delete\n"))
        }
    }
}

/// One task on one VM.
fn act(
    session: &Session,
    id: &GuestRef,
    doing: &str,
    call: impl FnOnce(&Vm) -> Call<Work>,
    end: &str,
) -> Result<()> {
    let vm = session.vm(id)?;
    let report = session.run(doing, Some(vm.vmid()), call(&vm))?;
    done(session, &vm, end, Some(&report))
}

/// `VM 100 on node pve1: started`
fn done(session: &Session, vm: &Vm, end: &str, report: Option<&TaskReport>) -> Result<()> {
    let answer = json!({"vmid": vm.vmid(), "node": vm.node(), "done": end, "task": report});
    session.answer(&answer, |_| format!("{vm}: {end}\n{}", report.map(warnings).unwrap_or_default()))
}

fn warnings(report: &TaskReport) -> String {
    report.warnings.iter().map(|line| format!("  {line}\n")).collect()
}

/// `KEY=VALUE` arguments as a change: `delete` names keys to take away, `sshkeys` gets PVE's encoding.
fn change(arguments: &[String]) -> Result<ConfigChange> {
    let mut change = ConfigChange::new();
    for (key, value) in pairs::params(arguments)?.iter() {
        let texts = match value {
            ParamValue::Text(text) => vec![text.as_str()],
            ParamValue::List(texts) => texts.iter().map(String::as_str).collect(),
            secret => {
                change = change.set(key, secret.clone());
                continue;
            }
        };
        change = match (key, texts.as_slice()) {
            ("delete", keys) => keys
                .iter()
                .flat_map(|list| list.split([',', ';', ' ']))
                .filter(|key| !key.is_empty())
                .fold(change, ConfigChange::delete),
            ("sshkeys", keys) => {
                let lines =
                    keys.iter().flat_map(|text| text.lines()).map(str::trim).filter(|l| !l.is_empty());
                change.set(key, encode_sshkeys(lines)?)
            }
            ("digest", [digest]) => change.with_digest(*digest),
            (_, [text]) => change.set(key, *text),
            _ => return Err(Error::invalid(key, format!("{key}: it takes one value"))),
        };
    }
    Ok(change)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(arguments: &[&str]) -> Result<String> {
        let arguments: Vec<String> = arguments.iter().map(|&a| a.to_owned()).collect();
        let params = change(&arguments)?.params()?;
        Ok(params.shown().map(|(k, v)| format!("{k}={v} ")).collect())
    }

    #[test]
    fn arguments_become_a_change() {
        assert_eq!(
            given(&["cores=2", "delete=onboot", "delete=tags,agent", "digest=abc", "cipassword=hunter2"])
                .unwrap(),
            "cores=2 cipassword=<redacted> delete=onboot,tags,agent digest=abc "
        );
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtleXMgYXJlIG5vdCBzZWNyZXRzIGhlcmUhIQ==";
        let keys = given(&[&format!("sshkeys={key} a@b\n\n{key} c@d\n")]).unwrap();
        assert!(
            keys.starts_with("sshkeys=ssh-ed25519%20AAAAC3") && keys.contains("%20a%40b%0Assh-ed25519"),
            "{keys}"
        );
        assert!(given(&["cores=2", "cores=3"]).is_err());
    }
}
