//! Domains.

use super::super::call::procedures;
use super::super::types::{DomainInfo, DomainRef, DomainState, DomainStats, GuestInterface, Uuid};
use super::{ITEMS, listed};
use crate::virsh::forms::domain;

procedures! {
    /// All domains, running or not; flags as `virConnectListAllDomainsFlags` narrow it.
    273 Read "domain.list" list(flags: u32) sends[ITEMS, flags] gives Vec<DomainRef>, by listed,
        virsh domain::list;
    /// The domain with this UUID.
    24 Read "domain.lookup_by_uuid" lookup_by_uuid(uuid: Uuid) sends[uuid] gives DomainRef, about uuid,
        virsh domain::lookup_by_uuid;
    /// The domain of this name.
    23 Read "domain.lookup_by_name" lookup_by_name(name: &str) sends[name] gives DomainRef, about name,
        virsh domain::lookup_by_name;
    /// Defines a domain, or changes the definition of the one with the same name and UUID. Flag 1 checks the XML's schema.
    350 Write "domain.define" define(xml: &str, flags: u32) sends[xml, flags] gives DomainRef,
        virsh domain::define;
    /// Starts it. Flag 1 leaves it paused.
    196 Slow "domain.start" start(domain: &DomainRef, flags: u32) sends[domain, flags] gives DomainRef, about &domain.name,
        virsh domain::start;
    /// Asks the guest to shut down, and does not wait for it. Flags: 1 ACPI, 2 agent.
    258 Write "domain.shutdown" shutdown(domain: &DomainRef, flags: u32) sends[domain, flags] gives (), about &domain.name,
        virsh domain::shutdown;
    /// Pulls the plug. Flag 1 lets qemu write its caches first.
    234 Destroy "domain.destroy" destroy(domain: &DomainRef, flags: u32) sends[domain, flags] gives (), about &domain.name,
        virsh domain::destroy;
    /// Asks the guest to reboot. Flags: 1 ACPI, 2 agent.
    27 Write "domain.reboot" reboot(domain: &DomainRef, flags: u32) sends[domain, flags] gives (), about &domain.name,
        virsh domain::reboot;
    /// Presses the reset button.
    245 Destroy "domain.reset" reset(domain: &DomainRef) sends[domain, 0u32] gives (), about &domain.name,
        virsh domain::reset;
    /// Stops its CPUs. What is in memory stays.
    34 Write "domain.suspend" suspend(domain: &DomainRef) sends[domain] gives (), about &domain.name,
        virsh domain::suspend;
    /// Lets them go on.
    28 Write "domain.resume" resume(domain: &DomainRef) sends[domain] gives (), about &domain.name,
        virsh domain::resume;
    /// Removes the definition. Flags: 1 managed save, 2 metadata of snapshots, 4 nvram, 8 keep nvram, 16 metadata of checkpoints.
    231 Destroy "domain.undefine" undefine(domain: &DomainRef, flags: u32) sends[domain, flags] gives (), about &domain.name,
        virsh domain::undefine;
    /// Gives it another name. It must not run.
    358 Write "domain.rename" rename(domain: &DomainRef, name: &str) sends[domain, Some(name), 0u32] gives u32, about &domain.name,
        virsh domain::rename;
    /// Whether it starts with the host.
    15 Read "domain.autostart" autostart(domain: &DomainRef) sends[domain] gives bool, about &domain.name,
        virsh domain::autostart;
    /// Says whether it starts with the host.
    29 Write "domain.set_autostart" set_autostart(domain: &DomainRef, on: bool) sends[domain, on] gives (), about &domain.name,
        virsh domain::set_autostart;
    /// Its XML. Flags: 1 with secrets, 2 the definition for the next start, 8 fit for migration.
    14 Read "domain.xml" xml(domain: &DomainRef, flags: u32) sends[domain, flags] gives String, about &domain.name,
        virsh domain::xml;
    /// Its state.
    212 Read "domain.state" state(domain: &DomainRef) sends[domain, 0u32] gives DomainState, about &domain.name,
        virsh domain::state;
    /// Its use of the host.
    16 Read "domain.info" info(domain: &DomainRef) sends[domain] gives DomainInfo, about &domain.name,
        virsh domain::info;
    /// Whether a saved image of its memory waits for the next start.
    183 Read "domain.has_managed_save" has_managed_save(domain: &DomainRef) sends[domain, 0u32] gives bool, about &domain.name,
        virsh domain::has_managed_save;
    /// The number of its virtual CPUs. Flags: 1 live, 2 definition, 4 the most it may have.
    200 Read "domain.vcpus" vcpus(domain: &DomainRef, flags: u32) sends[domain, flags] gives i32, about &domain.name,
        virsh domain::vcpus;
    /// Sets the number of virtual CPUs. Flags as for reading.
    199 Write "domain.set_vcpus" set_vcpus(domain: &DomainRef, count: u32, flags: u32) sends[domain, count, flags] gives (), about &domain.name,
        virsh domain::set_vcpus;
    /// Sets the memory, in KiB. Flags: 1 live, 2 definition, 4 the most it may have.
    204 Write "domain.set_memory" set_memory(domain: &DomainRef, kib: u64, flags: u32) sends[domain, kib, flags] gives (), about &domain.name,
        virsh domain::set_memory;
    /// Title (1), description (0), or the element of a namespace (2). Flags: 1 live, 2 definition.
    265 Read "domain.metadata" metadata(domain: &DomainRef, kind: i32, uri: Option<&str>, flags: u32)
        sends[domain, kind, uri, flags] gives String, about &domain.name,
        virsh domain::metadata;
    /// Sets the same; without a value it is removed. `key` is the prefix under which the namespace is kept.
    264 Write "domain.set_metadata"
        set_metadata(domain: &DomainRef, kind: i32, value: Option<&str>, key: Option<&str>, uri: Option<&str>, flags: u32)
        sends[domain, kind, value, key, uri, flags] gives (), about &domain.name,
        virsh domain::set_metadata;
    /// The guest's addresses. Source: 0 DHCP leases, 1 agent, 2 the host's ARP table.
    353 Read "domain.addresses" addresses(domain: &DomainRef, source: u32) sends[domain, source, 0u32] gives Vec<GuestInterface>, about &domain.name,
        virsh domain::addresses;
    /// Hands a command to the guest agent, as JSON, and gives its answer. The daemon waits so many seconds for the agent: -2 for
    /// ever, -1 its usual time, 0 not at all.
    3 Write "domain.agent_command" agent_command(domain: &DomainRef, command: &str, seconds: i32)
        sends[domain, command, seconds, 0u32] gives Option<String>, about &domain.name, of Qemu,
        virsh domain::agent_command;
    /// Opens the first console, or the one of this alias: for [`Connection::stream`](crate::Connection::stream). Flags: 1 throws out who is
    /// on it, 2 only if that is safe.
    201 Write "domain.console" console(domain: &DomainRef, alias: Option<&str>, flags: u32)
        sends[domain, alias, flags] gives (), about &domain.name;
    /// Statistics of these domains, or of all when none is named. Groups: 1 state, 2 CPU, 4 balloon, 8 vCPU, 16 interfaces, 32
    /// disks; ask for what is needed only, disks alone take a millisecond of each domain. Flags as
    /// `virConnectGetAllDomainStatsFlags`.
    344 Read "domain.stats" stats(domains: &[DomainRef], groups: u32, flags: u32) sends[domains, groups, flags] gives Vec<DomainStats>,
        virsh domain::stats;
}
