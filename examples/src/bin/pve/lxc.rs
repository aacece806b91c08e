//! `pve lxc …`: what only a container has.

use std::path::Path;

use examples::exit::Exit;
use examples::{pairs, stdout};
use proxmox_core::config::{ContainerNet, IpConfig};
use proxmox_core::{Error, GuestRef, Result};
use proxmox_lxc::{ContainerSpec, Lxc, LxcNode, Push};
use serde_json::json;

use crate::args;
use crate::session::Session;
use crate::verbs;

pub(crate) fn run(session: &Session, command: args::Lxc) -> Result<Exit> {
    match command {
        args::Lxc::Guest(verb) => return verbs::run::<Lxc>(session, verb),
        args::Lxc::Create(create) => make(session, &create),
        args::Lxc::Template(id) => {
            let container = session.guest::<Lxc>(&id.id)?;
            let report = session.run("converting", Some(container.vmid()), container.template())?;
            verbs::done(session, &container, "turned into a template", Some(&report))
        }
        args::Lxc::Push { id, file, path, perms, owner, group } => {
            let mut push = Push::new(path, pairs::read_bytes("file", &file)?);
            push = perms.into_iter().fold(push, Push::perms);
            push = owner.into_iter().fold(push, Push::user);
            push = group.into_iter().fold(push, Push::group);
            let container = session.guest::<Lxc>(&id.id)?;
            session.run("pushing", Some(container.vmid()), container.push(push))?;
            verbs::done(session, &container, "written", None)
        }
        args::Lxc::Pull { id, path, file } => pull(session, &id.id, &path, file.as_deref()),
    }
    .map(|()| Exit::Done)
}

fn pull(session: &Session, id: &GuestRef, path: &str, file: Option<&Path>) -> Result<()> {
    let container = session.guest::<Lxc>(id)?;
    let content = session.run("pulling", None, container.pull(path))?;
    if let Some(file) = file {
        return std::fs::write(file, content.as_bytes()).map_err(|e| {
            Error::invalid("file", format!("file: {} cannot be written: {e}", file.display())).with_source(e)
        });
    }
    if session.json { stdout::json(&content) } else { stdout::bytes(content.as_bytes()) }
}

fn make(session: &Session, create: &args::Create) -> Result<()> {
    let mut spec = ContainerSpec::new(&create.template, create.name.as_str());
    if let Some(storage) = &create.storage {
        spec = spec.rootfs(storage, create.size);
    }
    if let Some(cores) = create.cores {
        spec = spec.cores(cores);
    }
    if let Some(memory) = create.memory {
        spec = spec.memory_mib(memory);
    }
    if let Some(swap) = create.swap {
        spec = spec.swap_mib(swap);
    }
    if let Some(bridge) = &create.bridge {
        let ip = match create.ip.as_deref() {
            None => IpConfig::dhcp(),
            Some(ip) => IpConfig::new().with_ip(ip)?,
        };
        let ip = create.gw.iter().try_fold(ip, |ip, gw| ip.with_gw(gw))?;
        spec = spec.net(0, &ContainerNet::new("eth0")?.with_bridge(bridge)?.with_ip_config(&ip)?);
    }
    if let Some(file) = &create.ssh_keys {
        let keys = pairs::read("ssh-keys", &file.to_string_lossy())?;
        spec = spec.ssh_keys(keys.lines().map(str::trim).filter(|key| !key.is_empty()));
    }
    if create.nesting {
        spec = spec.nesting();
    }
    if create.start {
        spec = spec.start();
    }
    for (key, value) in pairs::params(&create.params)?.iter() {
        spec = spec.param(key, value.clone());
    }
    let node = session.pve.node(session.node(None)?)?;
    let made = session.run("creating", None, node.containers().create(create.newid, spec))?;
    let answer = json!({"vmid": made.vmid(), "node": made.node(), "name": create.name, "done": "created"});
    session.answer(&answer, |_| format!("{made}: created from {}\n", create.template))
}
