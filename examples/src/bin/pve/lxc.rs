//! `pve lxc …`: what only a container has.

use examples::pairs;
use proxmox_core::Result;
use proxmox_core::config::{ContainerNet, IpConfig};
use proxmox_lxc::{ContainerSpec, Lxc, LxcNode};
use serde_json::json;

use crate::args;
use crate::session::Session;
use crate::verbs;

pub(crate) fn run(session: &Session, command: args::Lxc) -> Result<()> {
    match command {
        args::Lxc::Guest(verb) => verbs::run::<Lxc>(session, verb),
        args::Lxc::Create(create) => make(session, &create),
        args::Lxc::Template(id) => {
            let container = session.guest::<Lxc>(&id.id)?;
            let report = session.run("converting", Some(container.vmid()), container.template())?;
            verbs::done(session, &container, "turned into a template", Some(&report))
        }
    }
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
