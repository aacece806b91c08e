//! Answers as PVE gives them: the same text in every run, the keys of each row in another order, as Perl's hashes are.

use std::fmt::Write as _;

use bytes::Bytes;

/// The VMs in `/nodes/pve1/qemu`.
pub const VMS: u32 = 1_000;
/// The guests in `/cluster/resources`.
pub const GUESTS: u32 = 10_000;
/// Nodes and storages in `/cluster/resources`, so that it has 10,500 rows.
pub const NODES: u32 = 100;
/// See [`NODES`].
pub const STORAGES: u32 = 400;
/// The number of the first guest.
pub const FIRST: u32 = 100;

/// Whether rows carry keys that the SDK has no field for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// None.
    Zero,
    /// Six in each row: the pressure values of PVE 9.
    Six,
}

/// What answers `GET /version`.
pub const VERSION: &str = r#"{"data":{"release":"8.4","repoid":"9d6a0f2c4b1e5a77","version":"8.4.21"}}"#;

const GIB: u64 = 1 << 30;

/// Members of one object, written down in an order that depends on the row.
struct Members(Vec<String>);

impl Members {
    fn new() -> Self {
        Self(Vec::with_capacity(32))
    }

    fn raw(mut self, key: &str, value: impl std::fmt::Display) -> Self {
        self.0.push(format!("\"{key}\":{value}"));
        self
    }

    fn text(self, key: &str, value: impl std::fmt::Display) -> Self {
        self.raw(key, format_args!("\"{value}\""))
    }

    fn some(self, yes: bool, add: impl FnOnce(Self) -> Self) -> Self {
        if yes { add(self) } else { self }
    }

    /// Fisher and Yates, by a generator that starts from the row's number.
    fn write(mut self, seed: u32, out: &mut String) {
        let mut state = u64::from(seed).wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
        for last in (1..self.0.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let pick = usize::try_from(state >> 33).unwrap_or(0) % (last + 1);
            self.0.swap(last, pick);
        }
        out.push('{');
        out.push_str(&self.0.join(","));
        out.push('}');
    }
}

fn cpu(n: u32) -> String {
    // As many digits as PVE writes.
    format!("{:.15}", f64::from(n % 997) / 1_009.0)
}

fn running(n: u32) -> bool {
    !n.is_multiple_of(3)
}

fn state(n: u32) -> &'static str {
    if running(n) { "running" } else { "stopped" }
}

/// What all rows of a guest have.
fn guest(n: u32, unknown: Unknown) -> Members {
    let on = u64::from(running(n));
    let n64 = u64::from(n);
    Members::new()
        .raw("vmid", FIRST + n)
        .text("name", format_args!("web-{n:05}.example"))
        .text("status", state(n))
        .raw("cpu", if running(n) { cpu(n) } else { "0".to_owned() })
        .raw("mem", on * (GIB + n64 * 4096))
        .raw("maxmem", (1 + n64 % 16) * GIB)
        .raw("disk", 0)
        .raw("maxdisk", (8 + n64 % 64) * GIB)
        .raw("diskread", on * n64 * 91_234)
        .raw("diskwrite", on * n64 * 45_678)
        .raw("netin", on * n64 * 1_234_567)
        .raw("netout", on * n64 * 765_432)
        .raw("uptime", on * (n64 * 37 + 11))
        .some(n.is_multiple_of(4), |m| m.text("tags", "sdk-managed;web"))
        .some(n.is_multiple_of(50), |m| m.raw("template", 1))
        .some(unknown == Unknown::Six, |m| {
            m.raw("pressurecpufull", 0)
                .raw("pressurecpusome", format_args!("0.{:02}", n % 100))
                .text("pressureiofull", "0.00")
                .text("pressureiosome", format_args!("0.{:02}", n % 7))
                .raw("pressurememoryfull", 0)
                .raw("pressurememorysome", 0)
        })
}

/// The VM `n`, as a row of `/nodes/pve1/qemu`.
fn vm(n: u32, unknown: Unknown) -> Members {
    guest(n, unknown).raw("cpus", 1 + n % 8).some(running(n), |m| m.raw("pid", 1_000 + n))
}

fn list(rows: impl Iterator<Item = (u32, Members)>) -> Bytes {
    let mut out = String::from("{\"data\":[");
    for (i, (seed, row)) in rows.enumerate() {
        if i > 0 {
            out.push(',');
        }
        row.write(seed, &mut out);
    }
    out.push_str("]}");
    out.into()
}

/// What answers `GET /nodes/pve1/qemu`.
#[must_use]
pub fn vms(unknown: Unknown) -> Bytes {
    list((0..VMS).map(|n| (n, vm(n, unknown))))
}

/// What answers `GET /nodes/pve1/qemu/{vmid}/status/current`; `None` when there is no such VM.
#[must_use]
pub fn current(vmid: u32, unknown: Unknown) -> Option<Bytes> {
    let n = vmid.checked_sub(FIRST).filter(|n| *n < VMS)?;
    let mut out = String::from("{\"data\":");
    vm(n, unknown).text("qmpstatus", state(n)).write(n, &mut out);
    out.push('}');
    Some(out.into())
}

/// What answers `GET /cluster/resources`: 10,000 guests, 100 nodes, 400 storages.
#[must_use]
pub fn resources(unknown: Unknown) -> Bytes {
    let guests = (0..GUESTS).map(|n| {
        let kind = if n.is_multiple_of(5) { "lxc" } else { "qemu" };
        let row = guest(n, unknown)
            .text("id", format_args!("{kind}/{}", FIRST + n))
            .text("type", kind)
            .text("node", format_args!("pve{}", 1 + n % NODES))
            .raw("maxcpu", 1 + n % 8);
        (n, row)
    });
    let nodes = (0..NODES).map(|n| {
        let row = Members::new()
            .text("id", format_args!("node/pve{}", 1 + n))
            .text("type", "node")
            .text("node", format_args!("pve{}", 1 + n))
            .text("status", "online")
            .raw("cpu", cpu(n))
            .raw("maxcpu", 64)
            .raw("mem", 300 * GIB)
            .raw("maxmem", 512 * GIB)
            .raw("disk", 20 * GIB)
            .raw("maxdisk", 100 * GIB)
            .raw("uptime", 1_000_000 + n);
        (n, row)
    });
    let storages = (0..STORAGES).map(|n| {
        let (node, name) = (1 + n % NODES, n / NODES);
        let mut id = String::new();
        // Writing to a String cannot fail.
        let _ = write!(id, "storage/pve{node}/store{name}");
        let row = Members::new()
            .text("id", id)
            .text("type", "storage")
            .text("node", format_args!("pve{node}"))
            .text("storage", format_args!("store{name}"))
            .text("status", "available")
            .raw("disk", 20 * GIB)
            .raw("maxdisk", 100 * GIB);
        (n, row)
    });
    list(guests.chain(nodes).chain(storages))
}
