//! Which node, and where a guest is.

use proxmox_core::guest::Kind;
use proxmox_core::{Error, Guest, GuestRef, NodeName, Pve, PvePath, PveRequest, Result, de};
use serde::Deserialize;

/// The node to work on when a command needs one: the one that was named, else the only one, else the one that answers.
///
/// # Errors
/// `InvalidInput` naming the nodes when none can be chosen for the caller.
pub fn node(pve: &Pve, named: Option<&NodeName>) -> Result<NodeName> {
    if let Some(node) = named {
        return Ok(node.clone());
    }
    let mut nodes: Vec<NodeName> =
        pve.cluster().nodes().block()?.into_vec().into_iter().filter_map(|row| row.node).collect();
    nodes.sort();
    if let [only] = nodes.as_slice() {
        return Ok(only.clone());
    }
    if let Some(local) = answering(pve) {
        return Ok(local);
    }
    let names: Vec<&str> = nodes.iter().map(NodeName::as_str).collect();
    let text = match names.as_slice() {
        [] => "no node is seen with these credentials".to_owned(),
        some => format!("there are several nodes: {}", some.join(", ")),
    };
    Err(Error::invalid("node", text).with_advice("name one with --node"))
}

/// The node that the address leads to, where `GET /cluster/status` may be read.
fn answering(pve: &Pve) -> Option<NodeName> {
    #[derive(Deserialize)]
    struct Row {
        #[serde(default)]
        name: String,
        #[serde(rename = "type", default)]
        kind: String,
        #[serde(default, deserialize_with = "de::flag")]
        local: bool,
    }
    let status = PveRequest::get(PvePath::parse("/cluster/status").ok()?);
    let rows: Vec<Row> = pve.request(status).block().ok()?;
    let local = rows.into_iter().find(|row| row.kind == "node" && row.local)?;
    NodeName::parse(&local.name).ok()
}

/// The guest that people mean. A vmid on a named node needs no look-up.
///
/// # Errors
/// `NotFound`; `InvalidInput` for an ambiguous name and for a guest of the other kind.
pub fn guest<K: Kind>(pve: &Pve, named: Option<&NodeName>, guest: &GuestRef) -> Result<K::Handle> {
    let handle = |node: &NodeName, vmid| Guest::<K>::new(pve.clone(), node.clone(), vmid).into();
    if let (Some(node), GuestRef::Vmid(vmid)) = (named, guest) {
        return Ok(handle(node, *vmid));
    }
    let found = pve.cluster().find(guest.clone()).block()?;
    if found.kind != K::KIND {
        let text = format!("guest {} is a {}, not a {}", found.vmid, found.kind.noun(), K::KIND.noun());
        let advice = format!("it is found under pve {}", found.kind.segment());
        return Err(Error::invalid("guest", text).with_advice(advice));
    }
    if let Some(node) = named.filter(|node| **node != found.node) {
        let text = format!("guest {guest} is on node {}, not on {node}", found.node);
        return Err(
            Error::invalid("node", text).with_advice("leave --node out to find guests wherever they are")
        );
    }
    Ok(handle(&found.node, found.vmid))
}
