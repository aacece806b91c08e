//! The classes of results: one line for each, and what differs from the fields of the Rust type.

use std::any::Any;

use proxmox_core::{PveRequest, cluster, guest, node, plan, preflight, task, telemetry};
use proxmox_fleet::{self as fleet, watch};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use serde::Serialize;
use serde_json::json;

use super::backend;
use super::libvirt;
use super::record::{self, Class, Compute, Record, Shape, Value, of_value};

/// A value that has a class of its own in Python.
pub(crate) trait Result: Serialize + Send + Sync + 'static {
    const CLASS: &'static Class;

    /// In an allocation of its own, which its object holds.
    fn boxed(self) -> Box<dyn Value>
    where
        Self: Sized,
    {
        Box::new(self)
    }
}

/// One that has it already.
impl<T: Result> Result for Box<T> {
    const CLASS: &'static Class = T::CLASS;

    fn boxed(self) -> Box<dyn Value> {
        self
    }
}

/// The object of a result.
pub(crate) fn record<T: Result>(py: Python<'_>, value: T) -> PyResult<Py<PyAny>> {
    of_value(py, T::CLASS, value.boxed())
}

/// The objects of several.
pub(crate) fn records<T: Result>(py: Python<'_>, values: impl IntoIterator<Item = T>) -> PyResult<Py<PyAny>> {
    let all = values.into_iter().map(|value| record(py, value)).collect::<PyResult<Vec<_>>>()?;
    all.into_py_any(py)
}

/// The class with this name.
pub(crate) fn class(name: &str) -> &'static Class {
    let found = CLASSES.iter().find(|class| class.name == name);
    found.unwrap_or_else(|| unreachable!("{name} is in the list of classes"))
}

/// The object of a class over values that were put together here.
pub(crate) fn made(py: Python<'_>, name: &str, value: serde_json::Value) -> PyResult<Py<PyAny>> {
    of_value(py, class(name), Box::new(value))
}

macro_rules! classes {
    ($(
        $(#[$about:meta])*
        $name:ident = $rust:literal $(: $type:ty)? {
            $(keys { $($key:ident: $sent:literal),* })?
            $(maybe { $($maybe:ident),* })?
            $(enums { $($field:ident: $enum:ident),* })?
            $(parts { $($part:ident: $class:ident),* })?
            $(computed |$value:ident, $of:ty| { $($computed:ident: $compute:expr),* })?
            $(text |$shown:ident, $shown_type:ty| $text:expr)?
        }
    )*) => {
        $(
            #[pyclass(frozen, extends = Record, module = "proxmox_sdk")]
            $(#[$about])*
            struct $name;
            $(impl Result for $type {
                const CLASS: &'static Class = &$name::CLASS;
            })?
            impl $name {
                const CLASS: Class = Class {
                    name: stringify!($name),
                    rust: $rust,
                    keys: &[$($((stringify!($key), $sent)),*)?],
                    maybe: &[$($(stringify!($maybe)),*)?],
                    shapes: &[
                        $($((stringify!($field), Shape::Word(stringify!($enum))),)*)?
                        $($((stringify!($part), Shape::Part(stringify!($class))),)*)?
                    ],
                    computed: &[$($((stringify!($computed), {
                        let compute: Compute = |any: &dyn Any, py| {
                            let $value = any.downcast_ref::<$of>()?;
                            Some($compute.into_py_any(py))
                        };
                        compute
                    })),*)?],
                    text: classes!(@text $($shown: $shown_type, $text)?),
                    make: |py, record| {
                        let made = PyClassInitializer::from(record).add_subclass($name);
                        Bound::new(py, made)?.into_py_any(py)
                    },
                };
            }
        )*

        pub(crate) static CLASSES: &[Class] = &[$($name::CLASS),*];

        /// Adds the classes to the module.
        pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
            record::add(module)?;
            $(module.add_class::<$name>()?;)*
            Ok(())
        }
    };
    (@text) => { None };
    (@text $shown:ident: $type:ty, $text:expr) => {
        Some(|any| {
            let $shown = any.downcast_ref::<$type>()?;
            Some($text)
        })
    };
}

classes! {
    Version = "Version": proxmox_core::Version {
        maybe { release, repoid }
        computed |v, proxmox_core::Version| { major: v.major() }
    }
    // Rows of long lists: the objects of one are taken again for the next.
    #[pyo3(freelist = 1024)]
    Resource = "Resource": cluster::Resource {
        keys { kind: "type" }
        enums { status: GuestState }
    }
    Location = "Location": cluster::Location {
        enums { kind: GuestKind }
    }
    #[pyo3(freelist = 1024)]
    GuestStatus = "GuestStatus": guest::GuestStatus {
        enums { status: GuestState }
        computed |s, guest::GuestStatus| {
            cpu_percent: s.cpu_percent(), mem_percent: s.mem_percent(), is_running: s.is_running()
        }
    }
    GuestInterface = "GuestInterface": guest::GuestInterface {
        keys { mac: "hardware-address", addresses: "ip-addresses" }
    }
    GuestAddress = "GuestAddress" {
        keys { address: "ip-address" }
    }
    GuestSnapshot = "GuestSnapshot": guest::GuestSnapshot {}
    FoundIp = "FoundIp": guest::FoundIp {}
    ExecResult = "ExecResult": guest::ExecResult {
        keys {
            exit_code: "exitcode", stdout: "out-data", stderr: "err-data", out_truncated: "out-truncated",
            err_truncated: "err-truncated"
        }
        computed |e, guest::ExecResult| {
            success: e.success(), stdout_bytes: e.stdout.as_bytes(), stderr_bytes: e.stderr.as_bytes()
        }
    }
    PendingValue = "PendingValue": guest::PendingValue {}
    OsInfo = "OsInfo": proxmox_qemu::OsInfo {
        keys { pretty_name: "pretty-name", version_id: "version-id", kernel_release: "kernel-release" }
    }
    GuestTelemetry = "GuestTelemetry": telemetry::GuestTelemetry {
        enums { kind: GuestKind, status: GuestState }
    }
    NodeTelemetry = "NodeTelemetry": telemetry::NodeTelemetry {
        parts { status: NodeStatus, disks: Disk, storages: StorageStatus }
    }
    Pressure = "Pressure" {
        keys {
            cpu_some: "pressurecpusome", cpu_full: "pressurecpufull", io_some: "pressureiosome",
            io_full: "pressureiofull", memory_some: "pressurememorysome", memory_full: "pressurememoryfull"
        }
    }
    Rates = "Rates" {}
    GuestPoint = "GuestPoint": telemetry::GuestPoint {
        keys {
            pressure_cpu_some: "pressurecpusome", pressure_cpu_full: "pressurecpufull",
            pressure_io_some: "pressureiosome", pressure_io_full: "pressureiofull",
            pressure_memory_some: "pressurememorysome", pressure_memory_full: "pressurememoryfull"
        }
    }
    NodePoint = "NodePoint": telemetry::NodePoint {
        keys {
            pressure_cpu_some: "pressurecpusome", pressure_cpu_full: "pressurecpufull",
            pressure_io_some: "pressureiosome", pressure_io_full: "pressureiofull",
            pressure_memory_some: "pressurememorysome", pressure_memory_full: "pressurememoryfull"
        }
    }
    StoragePoint = "StoragePoint": telemetry::StoragePoint {}
    NodeStatus = "NodeStatus": node::NodeStatus {
        parts { cpuinfo: CpuInfo }
    }
    CpuInfo = "CpuInfo" {}
    Usage = "Usage" {}
    StorageStatus = "StorageStatus": node::StorageStatus {
        keys { kind: "type" }
    }
    Content = "Content": node::Content {}
    Interface = "Interface": node::Interface {
        keys { kind: "type" }
    }
    Vnet = "Vnet": node::Vnet {}
    Disk = "Disk": node::Disk {
        keys { kind: "type" }
    }
    TaskStatus = "TaskStatus": task::TaskStatus {
        computed |s, task::TaskStatus| { is_running: s.is_running() }
    }
    TaskEntry = "TaskEntry": task::TaskEntry {}
    TaskReport = "TaskReport": task::TaskReport {}
    TaskOutcome = "TaskOutcome": task::TaskOutcome {
        maybe { count, lines, message, log }
        enums { end: TaskEnd }
    }
    LogLine = "LogLine": task::LogLine {
        keys { number: "n", text: "t" }
    }
    Progress = "Progress" {}
    Cloned = "Cloned" {}
    Finding = "Finding" {
        enums { severity: Severity }
    }
    Preflight = "PreflightReport": preflight::Report {
        computed |r, preflight::Report| { is_feasible: r.is_feasible() }
        text |r, preflight::Report| r.to_string()
    }
    Request = "(made by hand)" {
        enums { verb: Verb, effect: Effect }
        text |r, serde_json::Value| r.get("pvesh").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
    }
    Step = "Step": plan::Step {
        enums { state: StepState }
        text |s, plan::Step| s.to_string()
    }
    Judgement = "Judgement" {
        maybe { rule, why, advice }
        enums { verdict: Verdict, rule: Rule }
    }
    Decision = "Decision" {
        enums { verdict: Verdict, rule: Rule, verb: Verb, effect: Effect }
    }
    Report = "FleetReport": fleet::Report {
        computed |r, fleet::Report| { markdown: r.markdown(), html: r.html() }
        text |r, fleet::Report| r.markdown()
    }
    Source = "Source" {}
    Summary = "Summary" {}
    Fill = "Fill" {}
    Flag = "Flag" {
        enums { severity: Severity, rule: FlagRule }
    }
    Subject = "Subject" {
        maybe { source, node, devpath, storage, vmid, guest, name }
        enums { guest: GuestKind }
    }
    Thresholds = "Thresholds" {}
    Levels = "Levels" {}
    NodeRow = "NodeRow" {
        enums { worst: Severity }
    }
    NodeCondition = "NodeCondition" {
        maybe { reason }
        enums { state: NodeState }
    }
    GuestRow = "GuestRow" {
        enums { kind: GuestKind, condition: GuestCondition, worst: Severity }
        parts { snapshots: GuestSnapshot }
    }
    StorageRow = "StorageRow" {
        enums { worst: Severity }
    }
    DiskRow = "DiskRow" {
        enums { worst: Severity }
    }
    Event = "Event": watch::Event {
        keys { kind: "event", error_kind: "kind" }
        maybe {
            guest, guests, node, nodes, missed, why, what, since_seconds, retry_seconds, error_kind, error, after_seconds,
            rows
        }
        enums { kind: EventKind, why: Removal, error_kind: ErrorKind }
    }
    Change = "Change" {
        keys { before: "from", after: "to" }
    }
    WatchedGuest = "Guest" {
        enums { kind: GuestKind, status: GuestState }
    }
    WatchedNode = "Node" {}
    SimGuest = "SimGuestView" {
        enums { kind: GuestKind }
    }
    SimTask = "SimTaskView" {}
    SimRequest = "SimSeenRequest" {}
    DomainOverview = "DomainOverview": libvirt::DomainOverview {
        enums { state: DomainState }
    }
    DomainUsage = "DomainUsage": libvirt::DomainUsage {
        enums { state: DomainState }
    }
    NicUsage = "NicUsage" {}
    DiskUsage = "DiskUsage" {}
    HostCapacity = "HostCapacity": libvirt::HostCapacity {}
    PoolCapacity = "PoolCapacity": libvirt::PoolCapacity {}
    DomainSnapshot = "DomainSnapshot": libvirt::DomainSnapshot {}
    DeletedDomain = "DeletedDomain": libvirt::DeletedDomain {}
    LeftVolume = "LeftVolume" {}
    Instance = "Instance": backend::Instance {
        enums { state: InstanceState }
    }
    Capacity = "Capacity": backend::Capacity {}
    InstanceType = "InstanceType": backend::InstanceType {}
    Region = "Region": backend::Region {
        enums { kind: RegionKind }
    }
    InstanceEvent = "InstanceEvent": backend::InstanceEvent {
        enums { kind: InstanceEventKind }
    }
}

/// What a waiting caller is told.
pub(crate) fn progress(py: Python<'_>, progress: &task::Progress) -> PyResult<Py<PyAny>> {
    let (upid, line, fraction) = (&progress.upid, &progress.line, progress.fraction);
    made(py, "Progress", json!({"upid": upid, "line": line, "fraction": fraction}))
}

/// A request, as it can be shown to anyone.
pub(crate) fn request(py: Python<'_>, request: &PveRequest, endpoint: &str) -> PyResult<Py<PyAny>> {
    let shown: Vec<(&str, String)> = request.params.shown().map(|(k, v)| (k, v.into_owned())).collect();
    let mut params = serde_json::Map::new();
    for (name, text) in shown {
        match params.get_mut(name) {
            Some(serde_json::Value::Array(texts)) => texts.push(text.into()),
            Some(first) => *first = json!([first.clone(), text]),
            None => {
                params.insert(name.to_owned(), text.into());
            }
        }
    }
    made(
        py,
        "Request",
        json!({
            "verb": request.verb, "path": request.path.as_str(), "params": params, "effect": request.effect,
            "pvesh": request.to_string(), "curl": request.curl_line(endpoint),
        }),
    )
}
