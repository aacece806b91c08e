use std::collections::BTreeSet;
use std::sync::Arc;

use proxmox_core::cluster::Resource;
use proxmox_core::guest::GuestState;
use proxmox_core::{Error, ErrorKind, GuestKind, NodeName, Outcome, Result, Rows};

use super::{Guest, Node, View};

/// An answer, understood.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) view: View,
    /// How many rows could not be read.
    pub(super) unreadable: usize,
    /// What is wrong with the first of them.
    pub(super) why: Option<String>,
}

/// Understands an answer in the light of what was told before: of a guest whose node is silent PVE gives neither name nor memory nor
/// whether it is a template, and none of these has changed.
///
/// # Errors
/// `Decode` when it names no node: every cluster has one, so such an answer says nothing of the guests either.
pub(super) fn read(rows: Rows<Resource>, before: &View, templates: bool) -> Result<Reading> {
    let mut unreadable = rows.rejects().len();
    let mut why = rows.rejects().first().map(|reject| format!("row {}: {}", reject.index, reject.why));
    let mut view = View::default();
    let mut guests = Vec::with_capacity(rows.len());
    for row in rows {
        let kind = match row.kind.as_str() {
            "qemu" => GuestKind::Qemu,
            "lxc" => GuestKind::Lxc,
            "node" => {
                if let Some(name) = row.node {
                    let status =
                        row.status.map_or_else(|| Guest::UNKNOWN.to_owned(), |s| s.as_str().to_owned());
                    view.nodes.insert(name.clone(), Arc::new(Node { node: name, status }));
                    continue;
                }
                unreadable += 1;
                why.get_or_insert_with(|| format!("{}: it names no node", row.id));
                continue;
            }
            _ => continue,
        };
        match guest(row, kind) {
            Ok(guest) => guests.push(guest),
            Err(problem) => {
                unreadable += 1;
                why.get_or_insert(problem);
            }
        }
    }
    if view.nodes.is_empty() {
        let text = "the answer names no node, so it says nothing about the guests";
        return Err(Error::new(ErrorKind::Decode, Outcome::Rejected, text).during("fleet.watch"));
    }
    // Sorted they go into the map in one piece.
    guests.sort_by_key(|guest: &Guest| guest.vmid);
    let silent: BTreeSet<NodeName> =
        view.nodes.values().filter(|node| !node.is_online()).map(|node| node.node.clone()).collect();
    let mut seen = Vec::with_capacity(guests.len());
    for mut guest in guests {
        if silent.contains(&guest.node) && !guest.is_unknown() {
            guest = guest.lost();
        }
        if guest.is_unknown() {
            remember(&mut guest, before);
        }
        if guest.template && !templates {
            view.templates.insert(guest.vmid);
        } else {
            seen.push((guest.vmid, Arc::new(guest)));
        }
    }
    view.guests = seen.into_iter().collect();
    let all = unreadable > 0;
    if all || !silent.is_empty() {
        hold(&mut view, before, &silent, all);
    }
    Ok(Reading { view, unreadable, why })
}

fn guest(row: Resource, kind: GuestKind) -> Result<Guest, String> {
    let (Some(vmid), Some(node)) = (row.vmid, row.node) else {
        return Err(format!("{}: it lacks vmid or node", row.id));
    };
    let status = row.status.unwrap_or_else(|| GuestState::Other(Guest::UNKNOWN.to_owned()));
    let mut tags = row.tags;
    tags.sort_unstable();
    tags.dedup();
    Ok(Guest {
        vmid,
        kind,
        node,
        name: row.name,
        status,
        cpu_percent: row.cpu.map(|fraction| fraction * 100.0),
        mem: row.mem,
        maxmem: row.maxmem,
        tags,
        lock: row.lock,
        template: row.template,
    })
}

/// What PVE leaves out of the row of a guest that it does not see.
fn remember(guest: &mut Guest, before: &View) {
    if before.templates.contains(&guest.vmid) {
        guest.template = true;
        return;
    }
    if let Some(known) = before.guests.get(&guest.vmid).filter(|known| known.kind == guest.kind) {
        guest.name = guest.name.take().or_else(|| known.name.clone());
        guest.maxmem = guest.maxmem.or(known.maxmem);
        guest.template |= known.template;
    }
}

/// Keeps what is missing from the answer, and yet must not count as removed: everything while some rows cannot be read, and
/// guests of a node that is not online.
fn hold(view: &mut View, before: &View, silent: &BTreeSet<NodeName>, all: bool) {
    if all {
        for (name, node) in &before.nodes {
            view.nodes.entry(name.clone()).or_insert_with(|| Arc::clone(node));
        }
        let templates = before.templates.iter().filter(|vmid| !view.guests.contains_key(vmid));
        view.templates.extend(templates);
    }
    for (vmid, guest) in &before.guests {
        if view.guests.contains_key(vmid) || view.templates.contains(vmid) {
            continue;
        }
        if silent.contains(&guest.node) {
            let lost = if guest.is_unknown() { Arc::clone(guest) } else { Arc::new(guest.lost()) };
            view.guests.insert(*vmid, lost);
        } else if all {
            view.guests.insert(*vmid, Arc::clone(guest));
        }
    }
}

#[cfg(test)]
mod tests;
