//! Networks.

use super::super::call::procedures;
use super::super::types::{DhcpLease, NetworkRef};
use super::{ITEMS, listed};
use crate::virsh::forms::network;

procedures! {
    /// All networks, running or not.
    283 Read "network.list" list(flags: u32) sends[ITEMS, flags] gives Vec<NetworkRef>, by listed,
        virsh network::list;
    /// The network of this name.
    46 Read "network.lookup_by_name" lookup_by_name(name: &str) sends[name] gives NetworkRef, about name,
        virsh network::lookup_by_name;
    /// Its XML.
    43 Read "network.xml" xml(network: &NetworkRef) sends[network, 0u32] gives String, about &network.name,
        virsh network::xml;
    /// Whether it runs.
    152 Read "network.is_active" is_active(network: &NetworkRef) sends[network] gives bool, about &network.name,
        virsh network::is_active;
    /// The addresses that its DHCP has given out, to one MAC or to all.
    341 Read "network.leases" leases(network: &NetworkRef, mac: Option<&str>) sends[network, mac, ITEMS, 0u32]
        gives Vec<DhcpLease>, by listed, about &network.name,
        virsh network::leases;
    /// Defines a network.
    41 Write "network.define" define(xml: &str) sends[xml] gives NetworkRef,
        virsh network::define;
    /// Starts it.
    39 Write "network.start" start(network: &NetworkRef) sends[network] gives (), about &network.name,
        virsh network::start;
    /// Stops it: guests on it lose their link.
    42 Destroy "network.stop" stop(network: &NetworkRef) sends[network] gives (), about &network.name,
        virsh network::stop;
    /// Removes the definition.
    49 Destroy "network.undefine" undefine(network: &NetworkRef) sends[network] gives (), about &network.name,
        virsh network::undefine;
}
