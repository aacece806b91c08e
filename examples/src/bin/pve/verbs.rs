//! What `pve qemu` and `pve lxc` have in common: the life of a guest.

use std::time::Duration;

use examples::exit::Exit;
use examples::later::Later;
use examples::pairs;
use proxmox_core::config::{ConfigChange, encode_sshkeys};
use proxmox_core::guest::{CloneOptions, DeleteOptions, Deleted, HowCloned, IpQuery, Kind, Shutdown};
use proxmox_core::task::TaskReport;
use proxmox_core::{Call, Error, Guest, GuestRef, ParamValue, Result, Work};
use serde_json::json;

use crate::args::{self, Verb};
use crate::exec;
use crate::guest;
use crate::session::Session;
use crate::snapshot;

/// How long `ip` waits for a guest that has only just started.
const IP_WAIT: Duration = Duration::from_secs(15);

pub(crate) fn run<K: Kind>(session: &Session, verb: Verb) -> Result<Exit> {
    match verb {
        Verb::List => guest::list::<K>(session),
        Verb::Status(id) => guest::status(session, &*session.guest::<K>(&id.id)?),
        Verb::Config(id) => guest::config(session, &*session.guest::<K>(&id.id)?),
        Verb::Clone(clone) => clone_guest::<K>(session, clone),
        Verb::Set { id, changes } => {
            let change = change(&changes)?;
            let guest = session.guest::<K>(&id.id)?;
            session.run("changing", Some(guest.vmid()), guest.set_config(change))?;
            done(session, &*guest, "changed", None)
        }
        Verb::Resize { id, disk, size } => {
            act::<K>(session, &id.id, "resizing", |guest| guest.resize(&disk, size), "resized")
        }
        Verb::Start { id, wait_ip } => start::<K>(session, &id.id, wait_ip),
        Verb::Shutdown(id) => {
            act::<K>(session, &id.id, "shutting down", |g| g.shutdown(Shutdown::new()), "shut down")
        }
        Verb::Stop(id) => act::<K>(session, &id.id, "stopping", Guest::stop, "stopped"),
        Verb::Reboot(id) => act::<K>(session, &id.id, "rebooting", |g| g.reboot(None), "rebooted"),
        Verb::Suspend(id) => act::<K>(session, &id.id, "pausing", Guest::suspend, "suspended"),
        Verb::Resume(id) => act::<K>(session, &id.id, "resuming", Guest::resume, "resumed"),
        Verb::Snapshot(Later(command)) => snapshot::run::<K>(session, command),
        Verb::Delete { id, purge } => delete::<K>(session, &id.id, purge),
        Verb::Ip(id) => {
            let guest = session.guest::<K>(&id.id)?;
            let call = guest.wait_for_ip(IpQuery::v4()).timeout(IP_WAIT);
            let found = session.run("waiting for an address", None, call)?;
            session.answer(&found, |found| format!("{}\n", found.address))
        }
        Verb::Exec { id, input, argv } => {
            return exec::run::<K>(session, &id.id, input.as_deref(), argv);
        }
    }
    .map(|()| Exit::Done)
}

fn clone_guest<K: Kind>(session: &Session, clone: args::Clone) -> Result<()> {
    let source = session.guest::<K>(&clone.source)?;
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
    let (guest, how): (&Guest<K>, _) = (&cloned.guest, &cloned.how);
    let answer = json!({"vmid": cloned.vmid, "node": guest.node(), "name": clone.name, "how": how});
    session.answer(&answer, |_| {
        let origin = source.vmid();
        match how {
            HowCloned::New(report) => format!("{guest}: cloned from {origin}\n{}", warnings(report)),
            HowCloned::Resumed => format!("{guest}: an earlier clone of {origin}, finished now\n"),
            _ => format!("{guest}: this clone of {origin} was there already\n"),
        }
    })
}

fn start<K: Kind>(session: &Session, id: &GuestRef, wait_ip: bool) -> Result<()> {
    let guest = session.guest::<K>(id)?;
    let report = session.run("starting", Some(guest.vmid()), guest.start())?;
    if !wait_ip || session.is_dry() {
        return done(session, &*guest, "started", Some(&report));
    }
    let found = session.run("waiting for an address", None, guest.wait_for_ip(IpQuery::v4()))?;
    let answer =
        json!({"vmid": guest.vmid(), "node": guest.node(), "done": "started", "task": report, "ip": found});
    session.answer(&answer, |_| format!("{}: started, {}\n{}", *guest, found.address, warnings(&report)))
}

fn delete<K: Kind>(session: &Session, id: &GuestRef, purge: bool) -> Result<()> {
    let guest = match (session.guest::<K>(id), id) {
        // A guest that is not listed may be hidden from these credentials: the node itself tells the two apart.
        (Err(e), GuestRef::Vmid(vmid)) if e.is_not_found() => {
            Guest::<K>::new(session.pve.clone(), session.node(None)?, *vmid).into()
        }
        (found, _) => found?,
    };
    let guest: &Guest<K> = &guest;
    let options = DeleteOptions::new();
    let call = guest.delete(if purge { options.purge() } else { options });
    match session.run("deleting", Some(guest.vmid()), call)? {
        Deleted::Done(report) => done(session, guest, "deleted", Some(&report)),
        Deleted::Absent => {
            let answer = json!({"vmid": guest.vmid(), "node": guest.node(), "done": "absent"});
            let noun = K::KIND.noun();
            session.answer(&answer, |_| format!("{guest}: there is no such {noun}, nothing to delete\n"))
        }
    }
}

/// One task on one guest.
pub(crate) fn act<K: Kind>(
    session: &Session,
    id: &GuestRef,
    doing: &str,
    call: impl FnOnce(&Guest<K>) -> Call<Work>,
    end: &str,
) -> Result<()> {
    let guest = session.guest::<K>(id)?;
    let report = session.run(doing, Some(guest.vmid()), call(&guest))?;
    done(session, &*guest, end, Some(&report))
}

/// `VM 100 on node pve1: started`
pub(crate) fn done<K: Kind>(
    session: &Session,
    guest: &Guest<K>,
    end: &str,
    report: Option<&TaskReport>,
) -> Result<()> {
    let answer = json!({"vmid": guest.vmid(), "node": guest.node(), "done": end, "task": report});
    session.answer(&answer, |_| format!("{guest}: {end}\n{}", report.map(warnings).unwrap_or_default()))
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
