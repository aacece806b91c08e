//! The connection and the host.

use super::super::call::procedures;
use super::super::types::NodeInfo;
use super::{STATISTICS, statistics};
use crate::virsh::forms::host;

procedures! {
    /// The ways to log in that the daemon wants: 0 none, 1 SASL, 2 polkit. The first call of each connection.
    66 Read "connect.auth_list" auth_list() sends[] gives Vec<u32>;
    /// Logs in by polkit, where the daemon wants that.
    70 Read "connect.auth_polkit" auth_polkit() sends[] gives u32;
    /// Chooses the driver by its URI, such as `qemu:///system`.
    1 Read "connect.open" open(name: &str, flags: u32) sends[Some(name), flags] gives ();
    /// Says goodbye.
    2 Read "connect.close" close() sends[] gives ();
    /// Whether the daemon has a feature, by libvirt's internal number.
    60 Read "connect.supports_feature" supports_feature(feature: i32) sends[feature] gives bool;
    /// What the host calls itself.
    59 Read "host.hostname" hostname() sends[] gives String,
        virsh host::hostname;
    /// libvirt's version: major × 1,000,000 + minor × 1000 + release.
    157 Read "host.lib_version" lib_version() sends[] gives u64,
        virsh host::lib_version;
    /// The hypervisor's version, in the same form.
    4 Read "host.version" version() sends[] gives u64,
        virsh host::hypervisor_version;
    /// What the driver calls this connection.
    110 Read "connect.uri" uri() sends[] gives String;
    /// What the host can do, as XML.
    7 Read "host.capabilities" capabilities() sends[] gives String,
        virsh host::capabilities;
    /// What a domain can have here, as XML. Without arguments for the host's own architecture and best accelerator.
    342 Read "host.domain_capabilities"
        domain_capabilities(emulator: Option<&str>, arch: Option<&str>, machine: Option<&str>, virt_type: Option<&str>)
        sends[emulator, arch, machine, virt_type, 0u32] gives String,
        virsh host::domain_capabilities;
    /// The host's processors.
    6 Read "host.info" info() sends[] gives NodeInfo,
        virsh host::info;
    /// The host's memory, in KiB: `total`, `free`, `buffers`, `cached`.
    228 Read "host.memory_stats" memory_stats() sends[STATISTICS, -1i32, 0u32] gives Vec<(String, u64)>, by statistics,
        virsh host::memory_stats;
    /// The time of all CPUs, in ns: `kernel`, `user`, `idle`, `iowait`.
    227 Read "host.cpu_stats" cpu_stats() sends[-1i32, STATISTICS, 0u32] gives Vec<(String, u64)>, by statistics,
        virsh host::cpu_stats;
}
