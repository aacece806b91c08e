# Made by python/stubs/make.py: change what is in python/stubs, and run it.

from asyncio import Future
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from enum import Enum
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, TypeVar, overload, type_check_only

from typing_extensions import ParamSpec, Self, TypeAlias

_T = TypeVar("_T")
_P = ParamSpec("_P")

Param: TypeAlias = str | bytes | bool | int | float | Secret | Sequence[str | bytes | int]
Params: TypeAlias = Mapping[str, Any]
OnProgress: TypeAlias = Callable[[Progress], object]
OnDecision: TypeAlias = Callable[[Decision], object]
Handle: TypeAlias = Client | AsyncClient | LibvirtHost | AsyncLibvirtHost
Group: TypeAlias = Literal["state", "cpu", "memory", "network", "disks"]

class Record:
    """A result. Its attributes are those of its class; `record["key"]` has everything else that PVE sent."""
    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values, with PVE's own keys: for JSON, templates and the like."""
    def __getitem__(self, key: str) -> Any: ...
    def __contains__(self, key: str) -> bool: ...

class Version(Record):
    version: Final[str]
    release: Final[str | None]
    repoid: Final[str | None]
    major: Final[int]

class Resource(Record):
    id: Final[str]
    kind: Final[str]
    node: Final[str | None]
    vmid: Final[int | None]
    name: Final[str | None]
    status: Final[GuestState | str | None]
    storage: Final[str | None]
    pool: Final[str | None]
    cpu: Final[float | None]
    maxcpu: Final[float | None]
    mem: Final[int | None]
    maxmem: Final[int | None]
    memhost: Final[int | None]
    disk: Final[int | None]
    maxdisk: Final[int | None]
    diskread: Final[int | None]
    diskwrite: Final[int | None]
    netin: Final[int | None]
    netout: Final[int | None]
    uptime: Final[int | None]
    template: Final[bool]
    tags: Final[list[str]]
    lock: Final[str | None]

class Location(Record):
    vmid: Final[int]
    kind: Final[GuestKind]
    node: Final[str]
    name: Final[str | None]

class GuestStatus(Record):
    vmid: Final[int]
    name: Final[str | None]
    status: Final[GuestState | str]
    qmpstatus: Final[str | None]
    cpu: Final[float | None]
    cpus: Final[float | None]
    mem: Final[int | None]
    maxmem: Final[int | None]
    memhost: Final[int | None]
    disk: Final[int | None]
    maxdisk: Final[int | None]
    diskread: Final[int | None]
    diskwrite: Final[int | None]
    netin: Final[int | None]
    netout: Final[int | None]
    uptime: Final[int | None]
    lock: Final[str | None]
    template: Final[bool]
    tags: Final[list[str]]
    pid: Final[int | None]
    cpu_percent: Final[float | None]
    mem_percent: Final[float | None]
    is_running: Final[bool]

class GuestAddress(Record):
    address: Final[str]
    prefix: Final[int | None]

class GuestInterface(Record):
    name: Final[str]
    mac: Final[str | None]
    addresses: Final[list[GuestAddress]]

class FoundIp(Record):
    address: Final[str]
    interface: Final[str]
    mac: Final[str | None]

class ExecResult(Record):
    exit_code: Final[int | None]
    signal: Final[int | None]
    stdout: Final[str]
    stderr: Final[str]
    stdout_bytes: Final[bytes]
    stderr_bytes: Final[bytes]
    out_truncated: Final[bool]
    err_truncated: Final[bool]
    success: Final[bool]

class PendingValue(Record):
    key: Final[str]
    value: Final[str | None]
    pending: Final[str | None]
    delete: Final[int | None]

class OsInfo(Record):
    id: Final[str | None]
    pretty_name: Final[str | None]
    version_id: Final[str | None]
    kernel_release: Final[str | None]
    machine: Final[str | None]

class Pressure(Record):
    cpu_some: Final[float | None]
    cpu_full: Final[float | None]
    io_some: Final[float | None]
    io_full: Final[float | None]
    memory_some: Final[float | None]
    memory_full: Final[float | None]

class Rates(Record):
    seconds: Final[float]
    diskread: Final[float | None]
    diskwrite: Final[float | None]
    netin: Final[float | None]
    netout: Final[float | None]

class GuestPoint(Record):
    time: Final[int]
    cpu: Final[float | None]
    maxcpu: Final[float | None]
    mem: Final[float | None]
    maxmem: Final[float | None]
    memhost: Final[float | None]
    disk: Final[float | None]
    maxdisk: Final[float | None]
    diskread: Final[float | None]
    diskwrite: Final[float | None]
    netin: Final[float | None]
    netout: Final[float | None]
    pressure_cpu_some: Final[float | None]
    pressure_cpu_full: Final[float | None]
    pressure_io_some: Final[float | None]
    pressure_io_full: Final[float | None]
    pressure_memory_some: Final[float | None]
    pressure_memory_full: Final[float | None]

class NodePoint(Record):
    time: Final[int]
    cpu: Final[float | None]
    maxcpu: Final[float | None]
    iowait: Final[float | None]
    loadavg: Final[float | None]
    memused: Final[float | None]
    memtotal: Final[float | None]
    memavailable: Final[float | None]
    swapused: Final[float | None]
    swaptotal: Final[float | None]
    rootused: Final[float | None]
    roottotal: Final[float | None]
    netin: Final[float | None]
    netout: Final[float | None]
    pressure_cpu_some: Final[float | None]
    pressure_cpu_full: Final[float | None]
    pressure_io_some: Final[float | None]
    pressure_io_full: Final[float | None]
    pressure_memory_some: Final[float | None]
    pressure_memory_full: Final[float | None]

class StoragePoint(Record):
    time: Final[int]
    used: Final[float | None]
    total: Final[float | None]

class GuestTelemetry(Record):
    kind: Final[GuestKind]
    node: Final[str]
    vmid: Final[int]
    name: Final[str | None]
    status: Final[GuestState | str]
    qmpstatus: Final[str | None]
    cpu: Final[float | None]
    cpus: Final[float | None]
    mem: Final[int | None]
    maxmem: Final[int | None]
    memhost: Final[int | None]
    disk: Final[int | None]
    maxdisk: Final[int | None]
    diskread: Final[int | None]
    diskwrite: Final[int | None]
    netin: Final[int | None]
    netout: Final[int | None]
    uptime: Final[int | None]
    lock: Final[str | None]
    template: Final[bool]
    tags: Final[list[str]]
    pool: Final[str | None]
    ha_state: Final[str | None]
    pressure: Final[Pressure | None]
    addresses: Final[list[str]]
    rates: Final[Rates | None]
    notes: Final[list[str]]

class Usage(Record):
    total: Final[int | None]
    used: Final[int | None]
    free: Final[int | None]

class CpuInfo(Record):
    cpus: Final[int | None]
    cores: Final[int | None]
    sockets: Final[int | None]
    model: Final[str | None]

class NodeStatus(Record):
    cpu: Final[float | None]
    cpuinfo: Final[CpuInfo]
    loadavg: Final[list[float]]
    memory: Final[Usage]
    swap: Final[Usage]
    rootfs: Final[Usage]
    uptime: Final[int | None]
    kversion: Final[str | None]
    pveversion: Final[str | None]

class StorageStatus(Record):
    storage: Final[str]
    kind: Final[str]
    content: Final[list[str]]
    active: Final[bool]
    enabled: Final[bool]
    shared: Final[bool]
    total: Final[int | None]
    used: Final[int | None]
    avail: Final[int | None]

class Content(Record):
    volid: Final[str]
    content: Final[str]
    format: Final[str | None]
    size: Final[int | None]
    vmid: Final[int | None]
    ctime: Final[int | None]

class Interface(Record):
    iface: Final[str]
    kind: Final[str]
    active: Final[bool]
    cidr: Final[str | None]
    bridge_ports: Final[str | None]
    bridge_vlan_aware: Final[bool]
    comments: Final[str | None]

class Vnet(Record):
    vnet: Final[str]
    zone: Final[str | None]
    tag: Final[int | None]
    alias: Final[str | None]

class Disk(Record):
    devpath: Final[str]
    kind: Final[str | None]
    model: Final[str | None]
    serial: Final[str | None]
    size: Final[int | None]
    health: Final[str]
    wearout: Final[float | None]
    used: Final[str | None]

class NodeTelemetry(Record):
    node: Final[str]
    status: Final[NodeStatus | None]
    disks: Final[list[Disk]]
    storages: Final[list[StorageStatus]]
    backups: Final[dict[int, int]]
    notes: Final[list[str]]

class TaskStatus(Record):
    upid: Final[str]
    status: Final[str]
    exitstatus: Final[str | None]
    starttime: Final[int | None]
    is_running: Final[bool]

class TaskEntry(Record):
    upid: Final[str]
    status: Final[str | None]
    starttime: Final[int | None]
    endtime: Final[int | None]

class TaskReport(Record):
    upid: Final[str]
    warnings: Final[list[str]]

class TaskOutcome(Record):
    end: Final[TaskEnd]
    count: Final[int | None]
    lines: Final[list[str] | None]
    message: Final[str | None]
    log: Final[list[str] | None]

class LogLine(Record):
    number: Final[int]
    text: Final[str]

class Progress(Record):
    upid: Final[str]
    line: Final[str]
    fraction: Final[float | None]

class GuestSnapshot(Record):
    name: Final[str]
    description: Final[str | None]
    parent: Final[str | None]
    snaptime: Final[int | None]
    vmstate: Final[bool]

class Finding(Record):
    code: Final[str]
    severity: Final[Severity]
    subject: Final[str]
    message: Final[str]
    remedy: Final[str]

class Preflight(Record):
    request: Final[str]
    findings: Final[list[Finding]]
    is_feasible: Final[bool]

class Request(Record):
    verb: Final[Verb]
    path: Final[str]
    params: Final[dict[str, str | list[str]]]
    effect: Final[Effect]
    pvesh: Final[str]
    curl: Final[str]

class Judgement(Record):
    verdict: Final[Verdict]
    rule: Final[Rule | None]
    why: Final[str | None]
    advice: Final[str | None]

class Step(Record):
    pvesh: Final[str]
    request: Final[dict[str, Any]]
    judgement: Final[Judgement]
    basis: Final[str | None]
    state: Final[StepState]
    warnings: Final[list[str]]

class Decision(Record):
    verdict: Final[Verdict]
    rule: Final[Rule | None]
    why: Final[str | None]
    pvesh: Final[str]
    verb: Final[Verb]
    path: Final[str]
    effect: Final[Effect]

class Fill(Record):
    used_bytes: Final[int]
    total_bytes: Final[int]
    percent: Final[float]

class Source(Record):
    name: Final[str | None]
    taken: Final[int]
    unanswered: Final[str | None]

class Summary(Record):
    nodes: Final[int]
    nodes_online: Final[int]
    guests: Final[int]
    running: Final[int]
    stopped: Final[int]
    templates: Final[int]
    unknown: Final[int]
    cpus: Final[int]
    cpu_percent: Final[float | None]
    memory: Final[Fill | None]
    storage: Final[Fill | None]
    critical: Final[int]
    warnings: Final[int]
    notes: Final[int]

class Subject(Record):
    kind: Final[str]
    source: Final[str | None]
    node: Final[str | None]
    devpath: Final[str | None]
    storage: Final[str | None]
    vmid: Final[int | None]
    guest: Final[GuestKind | None]
    name: Final[str | None]

class Flag(Record):
    severity: Final[Severity]
    rule: Final[FlagRule]
    subject: Final[Subject]
    sentence: Final[str]

class NodeCondition(Record):
    state: Final[NodeState]
    reason: Final[str | None]

class GuestRow(Record):
    vmid: Final[int]
    kind: Final[GuestKind]
    name: Final[str | None]
    condition: Final[GuestCondition]
    worst: Final[Severity | None]
    cpu_percent: Final[float | None]
    cpus: Final[float | None]
    memory: Final[Fill | None]
    memory_bytes: Final[int | None]
    disk_bytes: Final[int | None]
    uptime: Final[int | None]
    lock: Final[str | None]
    tags: Final[list[str]]
    addresses: Final[list[str] | None]
    snapshots: Final[list[GuestSnapshot] | None]

class NodeRow(Record):
    source: Final[str | None]
    node: Final[str]
    condition: Final[NodeCondition]
    worst: Final[Severity | None]
    cpu_percent: Final[float | None]
    cpus: Final[int | None]
    load: Final[list[float]]
    memory: Final[Fill | None]
    swap: Final[Fill | None]
    rootfs: Final[Fill | None]
    uptime: Final[int | None]
    version: Final[str | None]
    kernel: Final[str | None]
    guests: Final[list[GuestRow]]

class StorageRow(Record):
    source: Final[str | None]
    storage: Final[str]
    kind: Final[str]
    shared: Final[bool]
    nodes: Final[list[str]]
    enabled: Final[bool]
    inactive_on: Final[list[str]]
    worst: Final[Severity | None]
    fill: Final[Fill | None]

class DiskRow(Record):
    source: Final[str | None]
    node: Final[str]
    devpath: Final[str]
    kind: Final[str | None]
    model: Final[str | None]
    serial: Final[str | None]
    size_bytes: Final[int | None]
    health: Final[str]
    wearout_percent: Final[float | None]
    used: Final[str | None]
    worst: Final[Severity | None]

class Levels(Record):
    warning: Final[float]
    critical: Final[float]

class Thresholds(Record):
    memory: Final[Levels]
    rootfs: Final[Levels]
    storage: Final[Levels]
    swap_percent: Final[float]
    load_per_cpu: Final[float]
    wearout_percent: Final[float]
    smart: Final[bool]
    without_ip: Final[bool]
    snapshot_days: Final[int]
    locked: Final[bool]
    template_running: Final[bool]

class Report(Record):
    sources: Final[list[Source]]
    summary: Final[Summary]
    flags: Final[list[Flag]]
    nodes: Final[list[NodeRow]]
    storages: Final[list[StorageRow]]
    disks: Final[list[DiskRow]]
    thresholds: Final[Thresholds]
    markdown: Final[str]
    html: Final[str]

class WatchedGuest(Record):
    vmid: Final[int]
    kind: Final[GuestKind]
    node: Final[str]
    name: Final[str | None]
    status: Final[GuestState | str]
    cpu_percent: Final[float | None]
    mem: Final[int | None]
    maxmem: Final[int | None]
    tags: Final[list[str]]
    lock: Final[str | None]
    template: Final[bool]

class WatchedNode(Record):
    node: Final[str]
    status: Final[str]

class Change(Record):
    field: Final[str]
    before: Final[Any]
    after: Final[Any]

class Event(Record):
    kind: Final[EventKind]
    guest: Final[WatchedGuest | None]
    guests: Final[list[WatchedGuest] | None]
    node: Final[WatchedNode | None]
    nodes: Final[list[WatchedNode] | None]
    missed: Final[bool | None]
    why: Final[Removal | str | None]
    what: Final[list[Change] | None]
    since_seconds: Final[int | None]
    retry_seconds: Final[int | None]
    after_seconds: Final[int | None]
    error_kind: Final[ErrorKind | None]
    error: Final[str | None]
    rows: Final[int | None]

class SimGuest(Record):
    vmid: Final[int]
    kind: Final[GuestKind]
    node: Final[str]
    name: Final[str | None]
    running: Final[bool]
    paused: Final[bool]
    template: Final[bool]
    lock: Final[str | None]
    tags: Final[list[str]]
    config: Final[dict[str, str]]
    snapshots: Final[list[str]]

class SimTask(Record):
    upid: Final[str]
    kind: Final[str]
    subject: Final[str]
    user: Final[str]
    exitstatus: Final[str | None]
    log: Final[list[str]]

class SimRequest(Record):
    method: Final[str]
    path: Final[str]
    params: Final[list[list[str]]]
    who: Final[str | None]

class UnreadableRowWarning(UserWarning):
    """A row of a list could not be read; the others are there."""

class ProxmoxError(Exception):
    """Everything that fails in this SDK fails with this.

    `kind` and `outcome` say what happened and whether the request may have taken effect; `status`, `reason` and `errors` are PVE's
    answer; `upid` and `task_log` the task that failed; `advice` what to do about it."""
    kind: ErrorKind
    outcome: Outcome
    message: str
    operation: str | None
    target: str | None
    status: int | None
    reason: str | None
    errors: dict[str, str]
    missing_privilege: tuple[str, str] | None
    upid: str | None
    task_log: list[str]
    advice: str | None
    attempts: int
    is_retryable: bool

class Secret:
    """A text that is shown nowhere: not by `repr`, not in tracebacks, plans and errors."""
    def __init__(self, value: str, /) -> None: ...
    def expose(self) -> str:
        """The text itself."""

class Policy:
    """Which guests may be touched, and how deeply.

    By default only guests with the tag `sdk-managed` are written to, and none that carries `production` or `protected` is stopped,
    deleted or otherwise interrupted. `read_only` holds pairs of the first and the last number. `allow` names rules about paths that
    are to be let pass, such as `network`. A `force=` that names the guest lets one call pass."""
    def __init__(
        self,
        *,
        managed_tag: str | None = None,
        protected_tags: Sequence[str] | None = None,
        marker: str | None = None,
        read_only: Sequence[tuple[int, int]] = ...,
        only_nodes: Sequence[str] | None = None,
        only_pools: Sequence[str] | None = None,
        allow: Sequence[str] = ...,
    ) -> None: ...
    @staticmethod
    def dangerous_allow_everything() -> Policy:
        """No gate at all: every request that the credentials allow is sent."""
    @property
    def managed_tag(self) -> str:
        """The tag of managed guests."""

class Sim:
    """A whole simulated cluster in memory, with real TLS when it is asked for its `url`.

    It has the nodes `pve1` and `pve2`, the template 9000, the VMs 100 (running, with a guest agent) and 101 (protected), storages
    and users; with `vms` so many running VMs more, from 100000 on. `time_scale` is simulated seconds in each real one; in-process clients do not wait at all. `version` is `8.4` or `9.2`."""
    def __init__(self, *, version: Literal["8.4", "9.2"] = "8.4", time_scale: float = 1.0, vms: int = 0) -> None: ...
    @property
    def url(self) -> str:
        """The address of its HTTPS server, which starts when this is first asked."""
    @property
    def ca_pem(self) -> str:
        """The CA of its server's certificate."""
    @property
    def fingerprint(self) -> str:
        """The SHA-256 fingerprint of its server's certificate."""
    @property
    def token(self) -> str:
        """A token of `root@pam` with all privileges."""
    @property
    def secret(self) -> str:
        """The secret of `token`."""
    def ssh(self) -> dict[str, Any]:
        """Keywords for `Client.ssh` that lead to its node by a real OpenSSH server on loopback, which starts when this is first asked."""
    def node_root(self) -> Path:
        """The directory that stands for the files of its node, for `Client.local(node_root=...)`."""
    def guests(self) -> list[SimGuest]:
        """The guests as they are, without asking the API."""
    def guest(self, vmid: int) -> SimGuest | None:
        """One guest as it is; `None` when there is none."""
    def tasks(self) -> list[SimTask]:
        """The tasks so far."""
    def requests(self) -> list[SimRequest]:
        """The requests that came, in order; secrets are left out."""
    def forget_requests(self) -> None:
        """Forgets the requests that came."""
    def advance(self, seconds: float) -> None:
        """Lets simulated time pass."""
    def set_node_down(self, node: str, down: bool = True) -> bool:
        """Turns a node off or on. False when there is no such node."""
    def set_lock(self, vmid: int, lock: str | None) -> bool:
        """Sets or takes away the lock of a guest. False when there is no such guest."""
    def set_config(self, vmid: int, key: str, value: str | None) -> bool:
        """Sets or takes away a key of a guest's configuration, without asking the API."""
    def set_agent(self, vmid: int, runs: bool) -> bool:
        """Turns the guest agent of a VM on or off."""
    def fail_task(self, kind: str, message: str, *, vmid: int | None = None, always: bool = False) -> None:
        """Lets the next task of this kind (`qmstart`, `qmclone` ...) fail with this message; with `always` all of them."""
    def warn_task(
        self, kind: str, lines: Sequence[str], *, vmid: int | None = None, always: bool = False
    ) -> None: ...
    def slow_task(self, kind: str, seconds: float, *, vmid: int | None = None, always: bool = False) -> None:
        """Lets the next task of this kind take so many more seconds."""
    def break_wire(
        self,
        what: Literal[
            "close-before-reading", "close-before-executing", "close-after-executing", "truncate", "html", "empty",
            "stall", "refused", "broken-pipe", "delay",
        ],
        method: str,
        path: str,
        *,
        times: int = 1,
        seconds: float | None = None,
    ) -> None: ...
    def close(self) -> None:
        """Ends it, with its servers."""
    def __enter__(self) -> Self: ...
    def __exit__(self, *_raised: object) -> None: ...

@overload
def preflight(method: Callable[_P, Future[Any]], /, *args: _P.args, **keywords: _P.kwargs) -> Future[Preflight]:
    """What stands in the way of an operation, all of it: `preflight(vm.clone, "web", full=True)`. Only reads. With a method of an
    asynchronous client it is to be awaited."""
@overload
def preflight(method: Callable[_P, Any], /, *args: _P.args, **keywords: _P.kwargs) -> Preflight: ...
def request(method: Callable[_P, Any], /, *args: _P.args, **keywords: _P.kwargs) -> Request:
    """The request that an operation is, or that its flow turns on, without any I/O: `request(vm.start)`."""

KIB: Final[int]
MIB: Final[int]
GIB: Final[int]
__version__: Final[str]

class DomainOverview(Record):
    name: Final[str]
    uuid: Final[str]
    state: Final[DomainState]
    managed: Final[bool]
    tags: Final[list[str]]
    title: Final[str | None]
    vcpus: Final[int | None]
    memory: Final[int | None]
    trouble: Final[str | None]

class DomainUsage(Record):
    name: Final[str]
    uuid: Final[str]
    state: Final[DomainState]
    cpu_time: Final[float | None]
    memory: Final[int | None]
    max_memory: Final[int | None]
    unused_memory: Final[int | None]
    resident: Final[int | None]
    nics: Final[list[NicUsage]]
    disks: Final[list[DiskUsage]]

class NicUsage(Record):
    name: Final[str]
    received: Final[int]
    sent: Final[int]

class DiskUsage(Record):
    target: Final[str]
    read: Final[int]
    written: Final[int]
    capacity: Final[int]
    allocated: Final[int]

class HostCapacity(Record):
    cpus: Final[int]
    promised_vcpus: Final[int]
    cpu: Final[float | None]
    memory: Final[int]
    free_memory: Final[int | None]
    promised_memory: Final[int]
    pools: Final[list[PoolCapacity]]

class PoolCapacity(Record):
    name: Final[str]
    active: Final[bool]
    capacity: Final[int]
    allocated: Final[int]
    free: Final[int]
    promised: Final[int]
    trouble: Final[str | None]

class DomainSnapshot(Record):
    name: Final[str]
    description: Final[str | None]
    state: Final[str]
    created: Final[int | None]
    parent: Final[str | None]
    has_memory: Final[bool]

class DeletedDomain(Record):
    existed: Final[bool]
    volumes: Final[list[str]]
    left: Final[list[LeftVolume]]

class LeftVolume(Record):
    volume: Final[str]
    why: Final[str]

class Instance(Record):
    id: Final[str]
    name: Final[str]
    node: Final[str]
    state: Final[InstanceState]
    managed: Final[bool]
    tags: Final[list[str]]
    vcpus: Final[int | None]
    memory: Final[int | None]

class Capacity(Record):
    vcpus: Final[int]
    promised_vcpus: Final[int]
    free_vcpus: Final[int]
    cpu_percent: Final[float | None]
    memory: Final[int]
    promised_memory: Final[int]
    free_memory: Final[int]
    used_memory: Final[int | None]
    disk: Final[int]
    free_disk: Final[int]

class InstanceType(Record):
    name: Final[str]
    vcpus: Final[int]
    memory: Final[int]
    disk: Final[int]

class Region(Record):
    name: Final[str]
    kind: Final[RegionKind]
    instance_types: Final[list[InstanceType]]

class InstanceEvent(Record):
    kind: Final[InstanceEventKind | str]
    instances: Final[list[Instance] | None]
    instance: Final[Instance | None]
    id: Final[str | None]

class Regions:
    """The regions of a program: a list of dicts, or the same as JSON. Names are unique, and no two can be taken for each other.

    Each has `region_name`; `backend_type`, which is `libvirt` unless it says `proxmox`; and it may have `enabled` and
    `available_instance_types`, a list of `instance_type`, `vcpus`, `memory_mib`, `disk_mib`. A libvirt host has `uri`, and it may have
    `pool`, `network` or `bridge`, and `virt_type`; a cluster has `url`, `token_id`, `storage` and one of `token_secret`,
    `token_secret_env` and `token_secret_file`, and it may have `ca_file` or `fingerprint`, and `bridge`.

    Iterating gives those that may be used. Raises `InvalidInputError`, naming the region."""
    def __init__(self, entries: str | Sequence[Mapping[str, Any]], /) -> None: ...
    def __iter__(self) -> Iterator[Region]: ...
    def __len__(self) -> int: ...

class GuestState(str, Enum):
    RUNNING = "running"
    STOPPED = "stopped"

class GuestKind(str, Enum):
    QEMU = "qemu"
    LXC = "lxc"

class Power(str, Enum):
    RUNNING = "running"
    STOPPED = "stopped"

class Verb(str, Enum):
    GET = "get"
    CREATE = "create"
    SET = "set"
    DELETE = "delete"

class Effect(str, Enum):
    READ = "read"
    WRITE = "write"
    DESTROY = "destroy"

class Outcome(str, Enum):
    NOT_SENT = "not_sent"
    REJECTED = "rejected"
    MAYBE_APPLIED = "maybe_applied"
    APPLIED = "applied"

class ErrorKind(str, Enum):
    INVALID_INPUT = "invalid_input"
    NOT_FOUND = "not_found"
    ALREADY_EXISTS = "already_exists"
    UNAUTHENTICATED = "unauthenticated"
    PERMISSION_DENIED = "permission_denied"
    REFUSED = "refused"
    CONFLICT = "conflict"
    LOCKED = "locked"
    WRONG_STATE = "wrong_state"
    BUSY = "busy"
    AGENT = "agent"
    TASK_FAILED = "task_failed"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    NODE_UNREACHABLE = "node_unreachable"
    UNAVAILABLE = "unavailable"
    UNSUPPORTED = "unsupported"
    DECODE = "decode"
    UNEXPECTED = "unexpected"

class TaskEnd(str, Enum):
    OK = "ok"
    WARNINGS = "warnings"
    FAILED = "failed"
    STOPPED = "stopped"

class Severity(str, Enum):
    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"

class Rule(str, Enum):
    MANAGED_TAG = "managed-tag"
    PROTECTED_TAG = "protected-tag"
    PROTECTION = "protection"
    READ_ONLY = "read-only"
    ELSEWHERE = "elsewhere"
    POOL = "pool"
    MARKER = "marker"
    MANY_GUESTS = "many-guests"
    GUEST_DATA = "guest-data"
    BACKUP = "backup"
    NETWORK = "network"
    LOCKOUT = "lockout"
    NODE = "node"
    UNKNOWN_PATH = "unknown-path"
    UNVERIFIABLE = "unverifiable"

class Verdict(str, Enum):
    ALLOWED = "allowed"
    FORCED = "forced"
    REFUSED = "refused"

class StepState(str, Enum):
    NOT_DONE = "not-done"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"

class FlagRule(str, Enum):
    SOURCE_UNREACHABLE = "source-unreachable"
    NODE_OFFLINE = "node-offline"
    NODE_UNREACHABLE = "node-unreachable"
    DISK_HEALTH = "disk-health"
    DISK_WEAROUT = "disk-wearout"
    NODE_MEMORY = "node-memory"
    NODE_SWAP = "node-swap"
    NODE_LOAD = "node-load"
    NODE_ROOTFS = "node-rootfs"
    STORAGE_INACTIVE = "storage-inactive"
    STORAGE_FILL = "storage-fill"
    GUEST_MEMORY = "guest-memory"
    GUEST_WITHOUT_IP = "guest-without-ip"
    GUEST_LOCKED = "guest-locked"
    GUEST_SNAPSHOT_OLD = "guest-snapshot-old"
    TEMPLATE_RUNNING = "template-running"
    NOT_SEEN = "not-seen"

class GuestCondition(str, Enum):
    RUNNING = "running"
    STOPPED = "stopped"
    TEMPLATE = "template"
    UNKNOWN = "unknown"

class NodeState(str, Enum):
    ONLINE = "online"
    OFFLINE = "offline"
    UNREACHABLE = "unreachable"

class EventKind(str, Enum):
    SNAPSHOT = "snapshot"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    NODE_ADDED = "node-added"
    NODE_REMOVED = "node-removed"
    NODE_ONLINE = "node-online"
    NODE_OFFLINE = "node-offline"
    STALE = "stale"
    RECOVERED = "recovered"
    UNREADABLE = "unreadable"

class Removal(str, Enum):
    GONE = "gone"
    TEMPLATE = "template"

class DomainState(str, Enum):
    RUNNING = "running"
    BLOCKED = "blocked"
    PAUSED = "paused"
    SHUTTING_DOWN = "shutting-down"
    OFF = "off"
    CRASHED = "crashed"
    ASLEEP = "asleep"
    UNKNOWN = "unknown"

class RegionKind(str, Enum):
    LIBVIRT = "libvirt"
    PROXMOX = "proxmox"

class InstanceState(str, Enum):
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    CRASHED = "crashed"
    UNKNOWN = "unknown"

class InstanceEventKind(str, Enum):
    LISTED = "listed"
    CHANGED = "changed"
    GONE = "gone"

class Fit(str, Enum):
    FITS = "fits"
    OVER_CPU = "over-cpu"
    NO_MEMORY = "no-memory"
    NO_DISK = "no-disk"

class InvalidInputError(ProxmoxError):
    """A value is malformed; `outcome` tells whether this side or PVE found out."""
class NotFoundError(ProxmoxError):
    """The guest, node, storage, snapshot or task does not exist."""
class AlreadyExistsError(ProxmoxError):
    """The id or name is taken."""
class UnauthenticatedError(ProxmoxError):
    """No valid credentials."""
class PermissionDeniedError(ProxmoxError):
    """The credentials are valid but lack a privilege: see `missing_privilege`."""
class RefusedError(ProxmoxError):
    """The safety policy refused the request on this side."""
class ConflictError(ProxmoxError):
    """The object was changed meanwhile (digest mismatch)."""
class LockedError(ProxmoxError):
    """The guest carries a PVE lock (clone, backup, migrate ...)."""
class WrongStateError(ProxmoxError):
    """The object is in the wrong state for this: running, stopped, not a template."""
class BusyError(ProxmoxError):
    """A lock file or worker slot was not free in time; the work was not begun."""
class AgentError(ProxmoxError):
    """The guest agent is not configured or does not answer."""
class TaskFailedError(ProxmoxError):
    """The task ran and failed, or was stopped: see `upid` and `task_log`."""
class ConnectError(ProxmoxError):
    """No connection, or it broke before the answer was complete: `outcome` tells which."""
class TlsError(ProxmoxError):
    """The TLS handshake failed: unknown certificate, wrong name, wrong fingerprint."""
class TimeoutError(ProxmoxError):
    """No answer within the budget."""
class NodeUnreachableError(ProxmoxError):
    """The API answered for a node that it cannot reach (595, 596, 599)."""
class UnavailableError(ProxmoxError):
    """The API server cannot serve right now (502, 503, 504)."""
class UnsupportedError(ProxmoxError):
    """PVE, or this transport, does not offer the operation."""
class DecodeError(ProxmoxError):
    """The answer is not what the API promises."""
class UnexpectedError(ProxmoxError):
    """Anything else; the message is PVE's."""
class ClosedError(InvalidInputError):
    """What was called is closed, or belongs to the process that this one was forked from."""

class Cloned(Record):
    vmid: Final[int]
    how: Final[Literal["new", "resumed", "existing"]]
    warnings: Final[list[str]]

@type_check_only
class ClonedVm(Cloned):
    guest: Final[Vm]

@type_check_only
class ClonedContainer(Cloned):
    guest: Final[Container]

class Task:
    """PVE's background work. Dropping it, or the end of a wait, never ends the work: `stop` does."""
    @property
    def upid(self) -> str:
        """Its id."""
    def status(self) -> TaskStatus:
        """Whether it runs, and how it ended."""
    def log(self, *, start: int = 0, limit: int = 500) -> list[LogLine]:
        """`limit` lines of its log, after the first `start`."""
    def tail(self, lines: int = 10) -> list[str]:
        """The last lines of its log."""
    def wait(self, *, timeout: float | None = None, on_progress: OnProgress | None = None) -> TaskReport:
        """Waits for its end. One that failed or was stopped raises `TaskFailedError`, with the end of its log."""
    def outcome(self, *, timeout: float | None = None, on_progress: OnProgress | None = None) -> TaskOutcome:
        """Waits for its end and gives it, good or bad, as a value."""
    def stop(self, *, force: int | None = None) -> None:
        """Asks it to stop. The policy for the task's guest stands."""

@type_check_only
class Guest:
    @property
    def vmid(self) -> int:
        """Its number."""
    @property
    def node(self) -> str:
        """The name of the node it is on."""
    @property
    def path(self) -> str:
        """Its path in the API, such as `/nodes/pve1/qemu/100`."""
    def status(self) -> GuestStatus:
        """State and telemetry. Sizes are bytes, `uptime` is seconds."""
    def telemetry(self, *, addresses: bool = False) -> GuestTelemetry:
        """State and telemetry with pool, high availability and pressure; with `addresses` also the addresses."""
    def history(self, timeframe: Literal["hour", "day", "week", "month", "year"] = "hour") -> list[GuestPoint]:
        """Its past, the oldest first: averages over an `hour`, `day`, `week`, `month` or `year`. Rates are bytes per second; a time of which
        nothing is known has no figures."""
    def config(self) -> dict[str, str]:
        """The configuration that is wanted: texts by key, and `digest`."""
    def current_config(self) -> dict[str, str]:
        """The configuration in force, without changes that wait for a restart."""
    def pending(self) -> list[PendingValue]:
        """Key by key what is in force and what waits."""
    def set_config(self, params: Params | None = None, /, *, _force: int | None = None, **keywords: Param) -> None:
        """Changes the configuration: `set_config(cores=4, delete="onboot")`. With a `digest` it fails when somebody else has changed
        the configuration since it was read. `_force` names the guest to pass the policy."""
    def tag(self, *add: str, remove: Sequence[str] = ..., force: int | None = None) -> list[str]:
        """Adds and removes tags, on the configuration as it is at this moment. Gives the tags that it has then."""
    @overload
    def start(self, *, wait: Literal[True] = True, force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> TaskReport:
        """Starts it. With `wait=False` it gives the task instead of waiting for its end."""
    @overload
    def start(self, *, wait: Literal[False], force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> Task: ...
    @overload
    def shutdown(self, *, guest_timeout: float | None = None, then_stop: bool = False, wait: Literal[True] = True, force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> TaskReport:
        """Asks the guest to shut down. `guest_timeout` is how many seconds PVE gives it; with `then_stop` it is stopped after that."""
    @overload
    def shutdown(self, *, guest_timeout: float | None = None, then_stop: bool = False, wait: Literal[False], force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> Task: ...
    @overload
    def stop(self, *, wait: Literal[True] = True, force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> TaskReport:
        """Turns it off at once, as if the plug were pulled."""
    @overload
    def stop(self, *, wait: Literal[False], force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> Task: ...
    @overload
    def reboot(self, *, guest_timeout: float | None = None, wait: Literal[True] = True, force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> TaskReport:
        """Shuts it down and starts it again. `guest_timeout` is how many seconds PVE gives it."""
    @overload
    def reboot(self, *, guest_timeout: float | None = None, wait: Literal[False], force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> Task: ...
    @overload
    def suspend(self, *, wait: Literal[True] = True, force: int | None = None, timeout: float | None = None) -> TaskReport:
        """Pauses it."""
    @overload
    def suspend(self, *, wait: Literal[False], force: int | None = None, timeout: float | None = None) -> Task: ...
    @overload
    def resume(self, *, wait: Literal[True] = True, force: int | None = None, timeout: float | None = None) -> TaskReport:
        """Lets it go on."""
    @overload
    def resume(self, *, wait: Literal[False], force: int | None = None, timeout: float | None = None) -> Task: ...
    def ensure(self, power: Literal["running", "stopped"], *, force: int | None = None, timeout: float | None = None) -> TaskReport | None:
        """Makes it run, or not, whatever it does now: `running` or `stopped`. Gives the task's report, or `None` when it was so already."""
    def delete(self, *, purge: bool = False, stop_first: bool = False, destroy_unreferenced_disks: bool = False, force: int | None = None, timeout: float | None = None) -> TaskReport | None:
        """Deletes it with its disks. Gives the task's report, or `None` when it was not there. Volumes that its configuration does not name
        are left alone unless `destroy_unreferenced_disks` says otherwise: that reaches across all storages."""
    def resize(self, disk: str, *, by: int | None = None, to: int | None = None, force: int | None = None, timeout: float | None = None) -> TaskReport:
        """Grows a disk (`scsi0`, `rootfs` ...), by or to so many bytes. PVE shrinks nothing."""
    def exec(self, argv: Sequence[str], *, input: str | bytes | None = None, force: int | None = None, timeout: float | None = None) -> ExecResult:
        """Runs a program in the guest, without a shell, and waits for its end. `timeout` is seconds. A program that fails is a result,
        not an exception. `input` is what it reads."""
    def wait_for_ip(self, *, v6: bool = False, mac: str | None = None, subnet: str | None = None, timeout: float | None = None) -> FoundIp:
        """Waits until it has an address that others can reach. `mac` and `subnet` choose among several; `timeout` is seconds."""
    def snapshots(self) -> list[GuestSnapshot]:
        """Its snapshots, the present state (`current`) left out."""
    def snapshot(self, name: str, *, description: str | None = None, vmstate: bool = False, force: int | None = None, timeout: float | None = None) -> TaskReport:
        """Makes a snapshot; with `vmstate` the memory as well."""
    def rollback(self, name: str, *, force: int | None = None, timeout: float | None = None) -> TaskReport:
        """Goes back to a snapshot: what has come since is lost."""
    def delete_snapshot(self, name: str, *, force: int | None = None, timeout: float | None = None) -> TaskReport:
        """Deletes a snapshot."""
    def template(self, *, force: int | None = None, timeout: float | None = None) -> TaskReport:
        """Makes it a template: there is no way back."""
    def interfaces(self) -> list[GuestInterface]:
        """Every interface that the guest sees, with all addresses."""

class Vm(Guest):
    """A virtual machine on a node. Nothing is read until it is asked."""
    def clone(self, name: str, *, newid: int | None = None, full: bool | None = None, target: str | None = None, storage: str | None = None, pool: str | None = None, snapname: str | None = None, description: str | None = None, force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> ClonedVm:
        """Clones it: `full`, or linked (`full=False`, from templates); by default what PVE does. With `newid` it may be called again after
        a failure: a clone that is there with this number and name is finished, not made again. Without `newid` the next free number is
        taken, and each call makes another clone."""
    @overload
    def reset(self, *, wait: Literal[True] = True, force: int | None = None, timeout: float | None = None) -> TaskReport:
        """Resets it, as the button does."""
    @overload
    def reset(self, *, wait: Literal[False], force: int | None = None, timeout: float | None = None) -> Task: ...
    def cloud_init(self, *, user: str | None = None, password: str | Secret | None = None, ssh_keys: Sequence[str] | None = None, ips: Sequence[str] | None = None, nameserver: str | None = None, searchdomain: str | None = None, upgrade: bool | None = None, drive: tuple[str, str] | None = None, force: int | None = None) -> None:
        """Sets cloud-init values and makes the drive's image anew. `ips` are PVE's own lines, one for each card: `ip=dhcp`,
        `ip=10.0.0.5/24,gw=10.0.0.1`. `drive=("ide2", "local-lvm")` attaches a drive when there is none."""
    def agent_ping(self) -> None:
        """Asks whether the guest agent answers: `AgentError` when not."""
    def agent_osinfo(self) -> OsInfo:
        """Which system runs in the guest."""
    def file_read(self, file: str) -> str:
        """A text file of the guest."""
    def file_write(self, file: str, content: str, *, force: int | None = None) -> None:
        """Writes a text file of the guest."""

class Container(Guest):
    """A container on a node. Nothing is read until it is asked."""
    def clone(self, name: str, *, newid: int | None = None, full: bool | None = None, target: str | None = None, storage: str | None = None, pool: str | None = None, snapname: str | None = None, description: str | None = None, force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> ClonedContainer:
        """Clones it: `full`, or linked (`full=False`, from templates); by default what PVE does. With `newid` it may be called again after
        a failure: a clone that is there with this number and name is finished, not made again. Without `newid` the next free number is
        taken, and each call makes another clone."""
    def push(self, path: str, content: str | bytes, *, perms: int | None = None, user: str | None = None, group: str | None = None, force: int | None = None) -> None:
        """Writes a file of it. Over ssh and locally only: PVE's API has no way to do that. `perms` is such as `0o644`."""
    def pull(self, path: str) -> bytes:
        """The bytes of a file of it. Over ssh and locally only."""

class Node:
    """A node of the cluster."""
    @property
    def name(self) -> str:
        """Its name."""
    def status(self) -> NodeStatus:
        """Load, memory, versions."""
    def telemetry(self, *, backups: bool = False) -> NodeTelemetry:
        """All that is to be told of it at this moment: status, disks, storages; with `backups` also when each guest was last backed up."""
    def history(self, timeframe: Literal["hour", "day", "week", "month", "year"] = "hour") -> list[NodePoint]:
        """Its past, the oldest first: averages over an `hour`, `day`, `week`, `month` or `year`. Rates are bytes per second; a time of which
        nothing is known has no figures."""
    def storage_history(self, storage: str, timeframe: Literal["hour", "day", "week", "month", "year"] = "hour") -> list[StoragePoint]:
        """The past of one of its storages, the oldest first."""
    def version(self) -> Version:
        """Which PVE it runs."""
    def vms(self) -> list[GuestStatus]:
        """Its VMs, with state and telemetry."""
    def containers(self) -> list[GuestStatus]:
        """Its containers, with state and telemetry."""
    def storages(self) -> list[StorageStatus]:
        """Its storages and how full they are."""
    def content(self, storage: str, *, kind: str | None = None) -> list[Content]:
        """The volumes of a storage; with `kind` only `images`, `iso`, `vztmpl`, `backup` ..."""
    def upload(self, storage: str, name: str, content: bytes, *, kind: Literal["iso", "vztmpl", "import"] = "iso", checksum: str | None = None, timeout: float | None = None) -> str:
        """Puts a file onto a storage and gives its volid. `kind` is `iso`, `vztmpl` or `import`, `checksum` such as `sha256:...`. A file of
        that name is replaced by PVE without a word."""
    def download(self, storage: str, name: str, url: str, *, kind: Literal["iso", "vztmpl", "import"] = "iso", checksum: str | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> str:
        """Lets the node itself fetch a file onto a storage, and gives its volid. With a `checksum` a file of that name that is this
        already is left as it is."""
    def delete_volume(self, volid: str, *, force: int | None = None, timeout: float | None = None) -> TaskReport:
        """Deletes a volume. One that is not there is fine, too; one that may be a guest's, or a backup, is refused."""
    def interfaces(self) -> list[Interface]:
        """Its network interfaces."""
    def bridges(self) -> list[Interface]:
        """Its bridges."""
    def disks(self) -> list[Disk]:
        """Its physical disks."""
    def tasks(self, *, limit: int = 50) -> list[TaskEntry]:
        """Its latest tasks, the newest first."""
    def vm(self, vmid: int) -> Vm:
        """The handle of a VM on it. Nothing is asked."""
    def container(self, vmid: int) -> Container:
        """The handle of a container on it. Nothing is asked."""
    def create_vm(self, name: str, *, vmid: int | None = None, cores: int | None = None, memory: int | None = None, disks: Mapping[str, tuple[str, int]] | None = None, nets: Sequence[str] = ..., cloud_init_drive: tuple[str, str] | None = None, agent: bool = False, tags: Sequence[str] = ..., pool: str | None = None, onboot: bool = False, start: bool = False, params: Params | None = None, timeout: float | None = None) -> Vm:
        """Creates a VM and gives its handle. Sizes are bytes: `disks={"scsi0": ("local-lvm", 8 * GIB)}`; `nets` are PVE's own lines,
        such as `virtio,bridge=vmbr0`. Without `vmid` the next free number is taken."""
    def create_container(self, hostname: str, *, template: str, vmid: int | None = None, rootfs: tuple[str, int] | None = None, cores: int | None = None, memory: int | None = None, swap: int | None = None, nets: Sequence[str] = ..., ssh_keys: Sequence[str] = ..., password: str | Secret | None = None, nesting: bool = False, privileged: bool = False, tags: Sequence[str] = ..., pool: str | None = None, onboot: bool = False, start: bool = False, params: Params | None = None, timeout: float | None = None) -> Container:
        """Creates a container from a template file, such as `local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst`, and gives its
        handle. Sizes are bytes: `rootfs=("local-lvm", 4 * GIB)`."""

class Plan:
    """What a piece of program would send.

    ```python
    with client.plan() as plan:
        plan.client.vm(100, node="pve1").start()
    print(plan)
    plan.apply()
    ```

    What is done with `plan.client` reads for real and only notes its writes; what is done with another client is done. When the
    block ends with a `ProxmoxError`, the plan ends there and has an `obstacle`: it is not the whole of it and cannot be applied."""
    @property
    def client(self) -> Client:
        """The client to plan with."""
    @property
    def steps(self) -> list[Step]:
        """The writes, in order, each with what the policy says of it."""
    @property
    def obstacle(self) -> str | None:
        """Why the plan did not come to its end; `None` when it did."""
    def pvesh(self) -> list[str]:
        """The writes as lines for a shell on the node, secrets left out."""
    def apply(self) -> None:
        """Sends the planned writes one after the other, and waits for the end of each task. Everything is checked again; at the first
        deviation it stops, and `steps` tells of each whether it is done."""
    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values."""
    def __len__(self) -> int: ...
    def __bool__(self) -> Literal[True]: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, _type: type[BaseException] | None, raised: BaseException | None, _traceback: TracebackType | None) -> bool: ...

class Client:
    """A Proxmox VE cluster or node, through one transport. Use it as a context manager, or `close` it."""
    @classmethod
    def https(cls, url: str, *, token: str | None = None, secret: str | Secret | None = None, user: str | None = None, password: str | Secret | None = None, ca_file: str | PathLike[str] | None = None, ca_pem: str | bytes | None = None, fingerprint: str | None = None, dangerous_accept_any_certificate: bool = False, connect_timeout: float | None = None, first_byte_timeout: float | None = None, total_timeout: float | None = None, limit: int | None = None, policy: Policy | None = None, on_decision: OnDecision | None = None) -> Client:
        """Over PVE's own HTTPS interface, with an API token or with user and password. Nothing is sent yet.

        Certificates are verified: by the system's CAs, those of `ca_file` or `ca_pem`, or one SHA-256 `fingerprint`. Times are seconds.
        At most `limit` requests are under way at once."""
    @classmethod
    def ssh(cls, target: str, *, jumps: Sequence[str] = ..., key: str | PathLike[str] | None = None, known_hosts: str | PathLike[str] | None = None, config_file: str | PathLike[str] | None = None, accept_new_host_keys: bool = False, dangerous_accept_any_host_key: bool = False, proxy_command: str | None = None, engine: Literal["auto", "tunnel", "pvesh"] | None = None, sudo: bool = False, token: str | None = None, secret: str | Secret | None = None, fingerprint: str | None = None, allow_secret_arguments: bool = False, connect_timeout: float | None = None, limit: int | None = None, node_root: str | PathLike[str] | None = None, pveproxy_port: int | None = None, policy: Policy | None = None, on_decision: OnDecision | None = None) -> Client:
        """Through an ssh session to a node, by the system's OpenSSH client: `user@host`, `user@host:port` or an alias of
        `ssh_config`. `engine` is `auto`, `tunnel` or `pvesh`; `jumps` are bastions, the first one first. Nothing is sent yet."""
    @classmethod
    def local(cls, *, sudo: bool = False, allow_secret_arguments: bool = False, limit: int | None = None, node_root: str | PathLike[str] | None = None, policy: Policy | None = None, on_decision: OnDecision | None = None) -> Client:
        """By the `pvesh` of this machine, which is a node."""
    @classmethod
    def sim(cls, sim: Sim | None = None, *, token: str | None = None, secret: str | None = None, policy: Policy | None = None, on_decision: OnDecision | None = None) -> Client:
        """To a simulated cluster in this process, without sockets: waiting moves its clock and costs no time."""
    def get(self, path: str, params: Params | None = None, /, *, _timeout: float | None = None, **keywords: Param) -> Any:
        """`GET path`: plain values. Parameters are keywords; those whose names are no identifiers come in `params`."""
    def create(self, path: str, params: Params | None = None, /, *, _force: int | None = None, _timeout: float | None = None, **keywords: Param) -> Any:
        """`POST path`. A raw write counts as one that destroys: it passes for managed guests that nothing protects. What the policy refuses
        about a guest passes when `_force` names it."""
    def set(self, path: str, params: Params | None = None, /, *, _force: int | None = None, _timeout: float | None = None, **keywords: Param) -> Any:
        """`PUT path`, gated as `create` is."""
    def delete(self, path: str, params: Params | None = None, /, *, _force: int | None = None, _timeout: float | None = None, **keywords: Param) -> Any:
        """`DELETE path`, gated as `create` is."""
    def version(self) -> Version:
        """Which PVE answers. Needs no privilege, so it tells that address and credentials work."""
    def resources(self) -> list[Resource]:
        """Every guest, node, storage and pool in one answer. What the credentials may not audit is silently left out by PVE."""
    def guests(self) -> list[Resource]:
        """Every guest of the cluster."""
    def nodes(self) -> list[Resource]:
        """The nodes as the cluster sees them."""
    def vnets(self) -> list[Vnet]:
        """The virtual networks of the cluster."""
    def next_id(self) -> int:
        """A number that is free right now. PVE reserves nothing."""
    def find(self, guest: int | str) -> Location:
        """Where a guest is, by its number or its exact name."""
    def guest(self, guest: int | str) -> Vm | Container:
        """The handle of a guest, wherever it is, by its number or its exact name: a VM or a container."""
    def node(self, name: str) -> Node:
        """The handle of a node. Nothing is asked."""
    def vm(self, vmid: int, *, node: str) -> Vm:
        """The handle of a VM. Nothing is asked: `guest` finds its node."""
    def container(self, vmid: int, *, node: str) -> Container:
        """The handle of a container. Nothing is asked: `guest` finds its node."""
    def task(self, upid: str) -> Task:
        """The handle of a task that was started earlier, or by somebody else."""
    def plan(self) -> Plan:
        """What a piece of program would send, without sending it: a context manager, see `Plan`."""
    def report(self, *, name: str | None = None, node: str | None = None, addresses: bool = False, snapshots: bool = False, thresholds: dict[str, Any] | None = None) -> Report:
        """Health of nodes, storages, disks and guests in one object, with what needs attention."""
    def watch(self, *, interval: float | None = None, longest_pause: float | None = None, templates: bool | None = None, cpu_points: float | None = None, memory_percent: float | None = None, queue: int | None = None) -> Watch:
        """What changes, as events: an iterator, or an async iterator. It never ends; `interval` is seconds between two looks."""
    @property
    def policy(self) -> Policy:
        """The policy in force."""
    @property
    def transport(self) -> str:
        """The name of the transport, such as `https/reqwest`."""
    @property
    def endpoint(self) -> str:
        """Where it leads, such as `https://pve1:8006`."""
    @property
    def closed(self) -> bool:
        """Whether it is closed."""
    def close(self) -> None:
        """Lets go of all connections. Every later call raises `ClosedError`."""
    def __enter__(self) -> Self: ...
    def __exit__(self, *_raised: object) -> None: ...

class Watch:
    """What changes in a cluster. It never ends: a look that fails is an event as well. `close` it, or use it as a context manager."""
    def close(self) -> None:
        """Ends it."""
    def __iter__(self) -> Iterator[Event]: ...
    def __next__(self) -> Event: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_raised: object) -> None: ...

class Domain:
    """A domain of a libvirt host, found by its UUID whatever it is called. `force=` names it, to let one call pass the policy."""
    @property
    def name(self) -> str:
        """Its name, as it was when it was found."""
    @property
    def uuid(self) -> str:
        """What lasts as long as it is defined."""
    def state(self) -> DomainState:
        """What it does. Raises `NotFoundError` once it is gone."""
    def overview(self) -> DomainOverview:
        """It as a list shows it."""
    def usage(self, *groups: Group) -> DomainUsage:
        """What it uses: see `LibvirtHost.usage`."""
    def xml(self, *, inactive: bool = False) -> str:
        """Its document, as libvirt writes it: of a domain that runs as it runs, with `inactive` as it will be after the next start."""
    def start(self, *, paused: bool = False, force: str | None = None) -> None:
        """Starts it; with `paused` its CPUs wait for `resume`. One that runs is left alone."""
    def shutdown(self, *, guest_timeout: float | None = None, then_stop: bool = False, force: str | None = None) -> None:
        """Asks its system to shut down and waits until it is off, for `guest_timeout` seconds, 180 by default; with `then_stop` it is
        stopped after that. One that is off is left alone. Raises `TimeoutError` when it is still on."""
    def stop(self, *, force: str | None = None) -> None:
        """Stops it at once, as by its power switch. One that is off is left alone."""
    def reboot(self, *, force: str | None = None) -> None:
        """Asks its system to start anew. Comes back when it has been asked."""
    def reset(self, *, force: str | None = None) -> None:
        """Presses the reset button: its system is not asked."""
    def suspend(self, *, force: str | None = None) -> None:
        """Halts its CPUs. What is in memory stays."""
    def resume(self, *, force: str | None = None) -> None:
        """Lets its CPUs go on. One that runs is left alone."""
    def autostart(self) -> bool:
        """Whether it starts with its host."""
    def set_autostart(self, on: bool, *, force: str | None = None) -> None:
        """Says whether it starts with its host."""
    def tags(self) -> list[str]:
        """Its tags, sorted: all of what runs and of what will run."""
    def set_tags(self, tags: Sequence[str], *, force: str | None = None) -> None:
        """Sets its tags. To take the managed one or a protecting one away counts as destruction."""
    def add_tag(self, tag: str, *, force: str | None = None) -> bool:
        """Adds a tag, and says whether it is new."""
    def remove_tag(self, tag: str, *, force: str | None = None) -> bool:
        """Takes a tag away, and says whether it was there."""
    def set_vcpus(self, count: int, *, force: str | None = None) -> None:
        """Sets the number of virtual CPUs: of one that runs up to the most it was started with, of one that is off any number."""
    def set_memory(self, memory: int, *, force: str | None = None) -> None:
        """Sets the memory, in bytes: of one that runs up to the most it was started with, of one that is off any amount."""
    def resize_disk(self, target: str, *, by: int | None = None, to: int | None = None, force: str | None = None) -> int:
        """Makes a disk larger, by its target such as `vda`, by or to so many bytes, and gives its new size. The guest's own file systems
        stay as they are. Raises `InvalidInputError` for less than the present size."""
    def snapshots(self) -> list[DomainSnapshot]:
        """Its snapshots, the oldest first. `created` is seconds since 1970."""
    def snapshot(self, name: str, *, description: str | None = None, memory: bool | None = None, force: str | None = None) -> None:
        """Makes a snapshot of its disks, which must be qcow2; with `memory` of its memory as well, by default if it runs."""
    def revert(self, name: str, *, force: str | None = None) -> None:
        """Goes back to a snapshot: what has come since is lost. Its tags stay as they are now."""
    def delete_snapshot(self, name: str, *, force: str | None = None) -> None:
        """Deletes a snapshot. The domain stays as it is."""
    def interfaces(self) -> list[GuestInterface]:
        """The addresses of its interfaces: from its agent, else from the network's DHCP, else from the host's neighbours. Raises
        `WrongStateError` when it is off."""
    def wait_for_ip(self, *, v6: bool = False, mac: str | None = None, subnet: str | None = None, timeout: float | None = None) -> FoundIp:
        """Waits until it has an address that others can reach, for `timeout` seconds, 180 by default. `mac` and `subnet` choose among
        several."""
    def wait_for_agent(self, *, timeout: float | None = None) -> None:
        """Waits until its guest agent answers, for `timeout` seconds, 180 by default."""
    def exec(self, argv: Sequence[str], *, input: str | bytes | None = None, force: str | None = None, timeout: float | None = None) -> ExecResult:
        """Runs a program in the guest, through its agent and without a shell, and waits for its end, for `timeout` seconds, 30 by default.
        A program that fails is a result, not an exception. `input` is what it reads. Raises `AgentError` when no agent answers, and
        `TimeoutError` when the program still runs: it goes on."""
    def delete(self, *, force: str | None = None) -> DeletedDomain:
        """Deletes it: stops it hard, removes the volumes that were made for it, and its definition. What others have attached stays, and
        so does a volume that somebody else uses: `left` names it. One that is gone already is no error: `existed` tells."""

class LibvirtHost:
    """A plain libvirt host, over libvirt's own protocol: `LibvirtHost.open("qemu+ssh://root@lab1/system")`. Use it as a context
    manager, or `close` it."""
    @classmethod
    def open(cls, uri: str, *, wire: Literal["auto", "rpc", "virsh"] = "auto", jumps: Sequence[str] = ..., ssh_config: str | PathLike[str] | None = None, connect_timeout: float | None = None, reconnect: bool = True, policy: Policy | None = None) -> LibvirtHost:
        """Connects to a host, by a URI as libvirt's own users write it: `qemu:///system`, `qemu+ssh://root@lab1/system?keyfile=...`.

        `wire` is `rpc` (libvirt's protocol), `virsh` (run on the host for each call) or `auto`, the first that works. `jumps` are
        bastions, the first one first; `ssh_config` is a file such as `~/.ssh/config`, which is not read by itself. `connect_timeout`
        is seconds for each step, 10 by default. Without `reconnect` a lost connection is not made again. `policy` is what may be done
        to domains.

        Raises `InvalidInputError` for what is no such URI, `ConnectError` when no way leads to a daemon, `TlsError` and
        `UnauthenticatedError` when ssh does not trust or is not let in."""
    @property
    def name(self) -> str:
        """What the host calls itself."""
    @property
    def uri(self) -> str:
        """Where it was reached."""
    @property
    def policy(self) -> Policy:
        """The policy in force."""
    def transport(self) -> str:
        """What carries the calls at present, such as `socket /run/libvirt/libvirt-sock` or `virsh over ssh`."""
    def domains(self) -> list[DomainOverview]:
        """All domains, running or not, managed or not, by name. One that cannot be read is there with its `trouble`."""
    def domain(self, name: str) -> Domain:
        """The handle of the domain with this name, running or not. Raises `NotFoundError`."""
    def domain_by_uuid(self, uuid: str) -> Domain:
        """The handle of the domain with this UUID. Raises `NotFoundError`."""
    def tagged(self, tag: str) -> list[Domain]:
        """The handles of all domains that carry this tag."""
    def usage(self, *groups: Group) -> list[DomainUsage]:
        """What all domains use, in one call, by name. `groups` are `state`, `cpu`, `memory`, `network`, `disks`: ask for what is shown only,
        without any it is all of them. Counters begin with a domain's start; sizes are bytes, `cpu_time` is seconds."""
    def capacity(self) -> HostCapacity:
        """What the host has, and what is promised to its domains. Sizes are bytes, `cpu` is the busy part of all CPUs, 0 to 1."""
    def pools(self) -> list[PoolCapacity]:
        """The storage pools, by name. Sizes are bytes."""
    def ensure_image(self, pool: str, *, volume: str | None = None, url: str | None = None, file: str | None = None, checksum: str | None = None) -> str:
        """Sees that a pool has this image, and gives the volume that it is, as `POOL/VOLUME`: one that is there is not fetched again. An
        image is a `url` of the web or a `file` of this machine, with a `checksum` (`sha256:...` or `sha512:...`), or a `volume`
        (`POOL/VOLUME`).

        Raises `InvalidInputError` for what is no image, is based on other files, or has another sum."""
    def create(self, name: str, *, memory: int, vcpus: int = 1, max_memory: int | None = None, max_vcpus: int | None = None, volume: str | None = None, url: str | None = None, file: str | None = None, checksum: str | None = None, disk: int | None = None, overlay: bool = False, pool: str = "default", networks: Sequence[str] = ..., bridges: Sequence[str] = ..., user_data: str | Secret | None = None, network_config: str | Secret | None = None, tags: Sequence[str] = ..., title: str | None = None, description: str | None = None, virt_type: str = "kvm", arch: str | None = None, machine: str | None = None, cpu: str | None = None, uefi: bool = False, autostart: bool = False, start: bool = True) -> Domain:
        r"""Makes a domain and gives its handle: fetches its image where it is not there yet, makes its disk and its seed, defines it with
        the managed tag, and starts it. What a failure has left is removed.

        Its disk begins as a `volume` of the host (`POOL/VOLUME`), or as a `url` of the web or a `file` of this machine with a `checksum`
        (`sha256:...`). `memory` and `disk` are bytes; a disk is never smaller than its image. With `overlay` it holds only what differs
        from the image. Each of `networks` and `bridges` is a card. `user_data` and `network_config` are for cloud-init; without any seed
        cloud-init may look for one on the network for minutes: `"#cloud-config\n"` is one. `virt_type` is `kvm`, or `qemu` where
        there is none. `cpu` is `host-passthrough`, `host-model`, `maximum` or a model.

        Raises `AlreadyExistsError` for a name that is taken, `NotFoundError` for a pool, network, volume or address that there is not,
        `WrongStateError` for a pool or network that is not started and a pool that is full."""
    def virt_install(self, words: Sequence[str], *, tags: Sequence[str] = ..., start: bool = True) -> Domain:
        """Makes a domain as `virt-install` describes it, which must be installed on the host, and gives its handle. Disks must be there:
        none is made, and none is deleted with the domain. The words are seen in the host's list of processes."""
    @property
    def closed(self) -> bool:
        """Whether it is closed."""
    def close(self) -> None:
        """Lets go of the connection. Every later call raises `ClosedError`."""
    def __enter__(self) -> Self: ...
    def __exit__(self, *_raised: object) -> None: ...

class Backend:
    """A place where instances live: a Proxmox VE cluster, one node of it, or a libvirt host. An instance is named by its `id`: the VMID
    on Proxmox VE, which is given again to others, the UUID of its domain on libvirt. Use it as a context manager, or `close` it."""
    @classmethod
    def open(cls, regions: Regions, name: str, *, policy: Policy | None = None) -> Backend:
        """Opens the region of this name, or one node of a cluster: `eu`, or `eu-pve2`. A libvirt host is connected to; of a cluster
        nothing is asked yet. Under `policy` instead of the usual one.

        Raises `NotFoundError` for a name of neither, `RefusedError` for a region that is switched off, `InvalidInputError` for a secret
        that is not where the region says, and what connecting to a libvirt host raises. All name the region."""
    @classmethod
    def over(cls, handle: Handle, regions: Regions, name: str) -> Backend:
        """The region of this name, or one node of a cluster, over a `Client` or a `LibvirtHost` of one's own: how it is reached, and the policy,
        are those of that. Of the region count the name, the sizes, and where disks and cards go. Nothing is asked."""
    @property
    def name(self) -> str:
        """The name of the region, or of the node of it."""
    @property
    def kind(self) -> RegionKind:
        """What it is."""
    @property
    def endpoint(self) -> str:
        """Where it leads. Never holds a secret."""
    @property
    def instance_types(self) -> list[InstanceType]:
        """The sizes that the region offers."""
    def instances(self) -> list[Instance]:
        """All instances, by name: those that are not managed too."""
    def get(self, id: str) -> Instance:
        """One instance. Raises `NotFoundError`."""
    def create(self, name: str, *, size: str | None = None, vcpus: int | None = None, memory: int | None = None, disk: int | None = None, volume: str | None = None, url: str | None = None, checksum: str | None = None, template: str | None = None, network: str | None = None, bridge: str | None = None, user_data: str | Secret | None = None, tags: Sequence[str] = ...) -> Instance:
        """Makes an instance of an image, with cloud-init, and starts it. It is managed from its first moment.

        It is as large as a `size` that the region offers, or as `vcpus`, `memory` and `disk` say, in bytes and whole MiB. It is made of a
        `volume` (`storage:import/debian-12.qcow2` of Proxmox VE, `pool/volume` of libvirt), of a `url` with its `checksum`
        (`sha256:...`), or of a `template` of Proxmox VE. Its card is plugged into a `network` or a `bridge`, else into what the region
        says.

        Raises `AlreadyExistsError` when another instance has the name. What a failed creation has made is removed."""
    def start(self, id: str) -> None:
        """Starts it. One that runs is left alone."""
    def shutdown(self, id: str, *, guest_timeout: float | None = None) -> None:
        """Asks its system to shut down, and stops it when it has not within `guest_timeout` seconds, 180 by default. One that is off is
        left alone."""
    def stop(self, id: str) -> None:
        """Stops it at once, as by its power switch. One that is off is left alone."""
    def delete(self, id: str) -> bool:
        """Deletes it with its disks, stopping it first. True when there was something to delete. What is deleted is what has the id now:
        on Proxmox VE a kept number may be another machine's meanwhile."""
    def set_tags(self, id: str, tags: Sequence[str]) -> None:
        """Sets its tags. The managed tag stays."""
    def exec(self, id: str, argv: Sequence[str], *, input: str | bytes | None = None) -> ExecResult:
        """Runs a program in it, through its guest agent and without a shell, and waits for its end. A program that fails is a result, not
        an exception. `input` is what it reads."""
    def ips(self, id: str) -> list[str]:
        """Its usable addresses, as far as they are known now: none of one that is off."""
    def capacity(self) -> Capacity:
        """What there is, and what is promised and used of it. Sizes are bytes."""
    def fit(self, *, size: str | None = None, vcpus: int | None = None, memory: int | None = None, disk: int | None = None) -> Fit:
        """Whether one more has room: of a `size` that the region offers, or as `vcpus`, `memory` and `disk` say, in bytes."""
    def watch(self) -> InstanceWatch:
        """What becomes of its instances, as events: an iterator, or an async iterator. The first has all of them."""
    @property
    def closed(self) -> bool:
        """Whether it is closed."""
    def close(self) -> None:
        """Lets go of all connections. Every later call raises `ClosedError`."""
    def __enter__(self) -> Self: ...
    def __exit__(self, *_raised: object) -> None: ...

class InstanceWatch:
    """What becomes of the instances of a backend. It never ends. While nobody answers the error is raised; the next event may be
    asked for all the same. `close` it, or use it as a context manager."""
    def close(self) -> None:
        """Ends it."""
    def __iter__(self) -> Iterator[InstanceEvent]: ...
    def __next__(self) -> InstanceEvent: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_raised: object) -> None: ...

@type_check_only
class AsyncCloned(Record):
    vmid: Final[int]
    how: Final[Literal["new", "resumed", "existing"]]
    warnings: Final[list[str]]

@type_check_only
class AsyncClonedVm(AsyncCloned):
    guest: Final[AsyncVm]

@type_check_only
class AsyncClonedContainer(AsyncCloned):
    guest: Final[AsyncContainer]

class AsyncTask:
    """PVE's background work. Dropping it, or the end of a wait, never ends the work: `stop` does.

    Methods that ask the other side return awaitables."""
    @property
    def upid(self) -> str:
        """Its id."""
    def status(self) -> Future[TaskStatus]:
        """Whether it runs, and how it ended."""
    def log(self, *, start: int = 0, limit: int = 500) -> Future[list[LogLine]]:
        """`limit` lines of its log, after the first `start`."""
    def tail(self, lines: int = 10) -> Future[list[str]]:
        """The last lines of its log."""
    def wait(self, *, timeout: float | None = None, on_progress: OnProgress | None = None) -> Future[TaskReport]:
        """Waits for its end. One that failed or was stopped raises `TaskFailedError`, with the end of its log."""
    def outcome(self, *, timeout: float | None = None, on_progress: OnProgress | None = None) -> Future[TaskOutcome]:
        """Waits for its end and gives it, good or bad, as a value."""
    def stop(self, *, force: int | None = None) -> Future[None]:
        """Asks it to stop. The policy for the task's guest stands."""

@type_check_only
class AsyncGuest:
    @property
    def vmid(self) -> int:
        """Its number."""
    @property
    def node(self) -> str:
        """The name of the node it is on."""
    @property
    def path(self) -> str:
        """Its path in the API, such as `/nodes/pve1/qemu/100`."""
    def status(self) -> Future[GuestStatus]:
        """State and telemetry. Sizes are bytes, `uptime` is seconds."""
    def telemetry(self, *, addresses: bool = False) -> Future[GuestTelemetry]:
        """State and telemetry with pool, high availability and pressure; with `addresses` also the addresses."""
    def history(self, timeframe: Literal["hour", "day", "week", "month", "year"] = "hour") -> Future[list[GuestPoint]]:
        """Its past, the oldest first: averages over an `hour`, `day`, `week`, `month` or `year`. Rates are bytes per second; a time of which
        nothing is known has no figures."""
    def config(self) -> Future[dict[str, str]]:
        """The configuration that is wanted: texts by key, and `digest`."""
    def current_config(self) -> Future[dict[str, str]]:
        """The configuration in force, without changes that wait for a restart."""
    def pending(self) -> Future[list[PendingValue]]:
        """Key by key what is in force and what waits."""
    def set_config(self, params: Params | None = None, /, *, _force: int | None = None, **keywords: Param) -> Future[None]:
        """Changes the configuration: `set_config(cores=4, delete="onboot")`. With a `digest` it fails when somebody else has changed
        the configuration since it was read. `_force` names the guest to pass the policy."""
    def tag(self, *add: str, remove: Sequence[str] = ..., force: int | None = None) -> Future[list[str]]:
        """Adds and removes tags, on the configuration as it is at this moment. Gives the tags that it has then."""
    @overload
    def start(self, *, wait: Literal[True] = True, force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> Future[TaskReport]:
        """Starts it. With `wait=False` it gives the task instead of waiting for its end."""
    @overload
    def start(self, *, wait: Literal[False], force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> Future[AsyncTask]: ...
    @overload
    def shutdown(self, *, guest_timeout: float | None = None, then_stop: bool = False, wait: Literal[True] = True, force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> Future[TaskReport]:
        """Asks the guest to shut down. `guest_timeout` is how many seconds PVE gives it; with `then_stop` it is stopped after that."""
    @overload
    def shutdown(self, *, guest_timeout: float | None = None, then_stop: bool = False, wait: Literal[False], force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> Future[AsyncTask]: ...
    @overload
    def stop(self, *, wait: Literal[True] = True, force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> Future[TaskReport]:
        """Turns it off at once, as if the plug were pulled."""
    @overload
    def stop(self, *, wait: Literal[False], force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> Future[AsyncTask]: ...
    @overload
    def reboot(self, *, guest_timeout: float | None = None, wait: Literal[True] = True, force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> Future[TaskReport]:
        """Shuts it down and starts it again. `guest_timeout` is how many seconds PVE gives it."""
    @overload
    def reboot(self, *, guest_timeout: float | None = None, wait: Literal[False], force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> Future[AsyncTask]: ...
    @overload
    def suspend(self, *, wait: Literal[True] = True, force: int | None = None, timeout: float | None = None) -> Future[TaskReport]:
        """Pauses it."""
    @overload
    def suspend(self, *, wait: Literal[False], force: int | None = None, timeout: float | None = None) -> Future[AsyncTask]: ...
    @overload
    def resume(self, *, wait: Literal[True] = True, force: int | None = None, timeout: float | None = None) -> Future[TaskReport]:
        """Lets it go on."""
    @overload
    def resume(self, *, wait: Literal[False], force: int | None = None, timeout: float | None = None) -> Future[AsyncTask]: ...
    def ensure(self, power: Literal["running", "stopped"], *, force: int | None = None, timeout: float | None = None) -> Future[TaskReport | None]:
        """Makes it run, or not, whatever it does now: `running` or `stopped`. Gives the task's report, or `None` when it was so already."""
    def delete(self, *, purge: bool = False, stop_first: bool = False, destroy_unreferenced_disks: bool = False, force: int | None = None, timeout: float | None = None) -> Future[TaskReport | None]:
        """Deletes it with its disks. Gives the task's report, or `None` when it was not there. Volumes that its configuration does not name
        are left alone unless `destroy_unreferenced_disks` says otherwise: that reaches across all storages."""
    def resize(self, disk: str, *, by: int | None = None, to: int | None = None, force: int | None = None, timeout: float | None = None) -> Future[TaskReport]:
        """Grows a disk (`scsi0`, `rootfs` ...), by or to so many bytes. PVE shrinks nothing."""
    def exec(self, argv: Sequence[str], *, input: str | bytes | None = None, force: int | None = None, timeout: float | None = None) -> Future[ExecResult]:
        """Runs a program in the guest, without a shell, and waits for its end. `timeout` is seconds. A program that fails is a result,
        not an exception. `input` is what it reads."""
    def wait_for_ip(self, *, v6: bool = False, mac: str | None = None, subnet: str | None = None, timeout: float | None = None) -> Future[FoundIp]:
        """Waits until it has an address that others can reach. `mac` and `subnet` choose among several; `timeout` is seconds."""
    def snapshots(self) -> Future[list[GuestSnapshot]]:
        """Its snapshots, the present state (`current`) left out."""
    def snapshot(self, name: str, *, description: str | None = None, vmstate: bool = False, force: int | None = None, timeout: float | None = None) -> Future[TaskReport]:
        """Makes a snapshot; with `vmstate` the memory as well."""
    def rollback(self, name: str, *, force: int | None = None, timeout: float | None = None) -> Future[TaskReport]:
        """Goes back to a snapshot: what has come since is lost."""
    def delete_snapshot(self, name: str, *, force: int | None = None, timeout: float | None = None) -> Future[TaskReport]:
        """Deletes a snapshot."""
    def template(self, *, force: int | None = None, timeout: float | None = None) -> Future[TaskReport]:
        """Makes it a template: there is no way back."""
    def interfaces(self) -> Future[list[GuestInterface]]:
        """Every interface that the guest sees, with all addresses."""

class AsyncVm(AsyncGuest):
    """A virtual machine on a node. Nothing is read until it is asked.

    Methods that ask the other side return awaitables."""
    def clone(self, name: str, *, newid: int | None = None, full: bool | None = None, target: str | None = None, storage: str | None = None, pool: str | None = None, snapname: str | None = None, description: str | None = None, force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> Future[AsyncClonedVm]:
        """Clones it: `full`, or linked (`full=False`, from templates); by default what PVE does. With `newid` it may be called again after
        a failure: a clone that is there with this number and name is finished, not made again. Without `newid` the next free number is
        taken, and each call makes another clone."""
    @overload
    def reset(self, *, wait: Literal[True] = True, force: int | None = None, timeout: float | None = None) -> Future[TaskReport]:
        """Resets it, as the button does."""
    @overload
    def reset(self, *, wait: Literal[False], force: int | None = None, timeout: float | None = None) -> Future[AsyncTask]: ...
    def cloud_init(self, *, user: str | None = None, password: str | Secret | None = None, ssh_keys: Sequence[str] | None = None, ips: Sequence[str] | None = None, nameserver: str | None = None, searchdomain: str | None = None, upgrade: bool | None = None, drive: tuple[str, str] | None = None, force: int | None = None) -> Future[None]:
        """Sets cloud-init values and makes the drive's image anew. `ips` are PVE's own lines, one for each card: `ip=dhcp`,
        `ip=10.0.0.5/24,gw=10.0.0.1`. `drive=("ide2", "local-lvm")` attaches a drive when there is none."""
    def agent_ping(self) -> Future[None]:
        """Asks whether the guest agent answers: `AgentError` when not."""
    def agent_osinfo(self) -> Future[OsInfo]:
        """Which system runs in the guest."""
    def file_read(self, file: str) -> Future[str]:
        """A text file of the guest."""
    def file_write(self, file: str, content: str, *, force: int | None = None) -> Future[None]:
        """Writes a text file of the guest."""

class AsyncContainer(AsyncGuest):
    """A container on a node. Nothing is read until it is asked.

    Methods that ask the other side return awaitables."""
    def clone(self, name: str, *, newid: int | None = None, full: bool | None = None, target: str | None = None, storage: str | None = None, pool: str | None = None, snapname: str | None = None, description: str | None = None, force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> Future[AsyncClonedContainer]:
        """Clones it: `full`, or linked (`full=False`, from templates); by default what PVE does. With `newid` it may be called again after
        a failure: a clone that is there with this number and name is finished, not made again. Without `newid` the next free number is
        taken, and each call makes another clone."""
    def push(self, path: str, content: str | bytes, *, perms: int | None = None, user: str | None = None, group: str | None = None, force: int | None = None) -> Future[None]:
        """Writes a file of it. Over ssh and locally only: PVE's API has no way to do that. `perms` is such as `0o644`."""
    def pull(self, path: str) -> Future[bytes]:
        """The bytes of a file of it. Over ssh and locally only."""

class AsyncNode:
    """A node of the cluster.

    Methods that ask the other side return awaitables."""
    @property
    def name(self) -> str:
        """Its name."""
    def status(self) -> Future[NodeStatus]:
        """Load, memory, versions."""
    def telemetry(self, *, backups: bool = False) -> Future[NodeTelemetry]:
        """All that is to be told of it at this moment: status, disks, storages; with `backups` also when each guest was last backed up."""
    def history(self, timeframe: Literal["hour", "day", "week", "month", "year"] = "hour") -> Future[list[NodePoint]]:
        """Its past, the oldest first: averages over an `hour`, `day`, `week`, `month` or `year`. Rates are bytes per second; a time of which
        nothing is known has no figures."""
    def storage_history(self, storage: str, timeframe: Literal["hour", "day", "week", "month", "year"] = "hour") -> Future[list[StoragePoint]]:
        """The past of one of its storages, the oldest first."""
    def version(self) -> Future[Version]:
        """Which PVE it runs."""
    def vms(self) -> Future[list[GuestStatus]]:
        """Its VMs, with state and telemetry."""
    def containers(self) -> Future[list[GuestStatus]]:
        """Its containers, with state and telemetry."""
    def storages(self) -> Future[list[StorageStatus]]:
        """Its storages and how full they are."""
    def content(self, storage: str, *, kind: str | None = None) -> Future[list[Content]]:
        """The volumes of a storage; with `kind` only `images`, `iso`, `vztmpl`, `backup` ..."""
    def upload(self, storage: str, name: str, content: bytes, *, kind: Literal["iso", "vztmpl", "import"] = "iso", checksum: str | None = None, timeout: float | None = None) -> Future[str]:
        """Puts a file onto a storage and gives its volid. `kind` is `iso`, `vztmpl` or `import`, `checksum` such as `sha256:...`. A file of
        that name is replaced by PVE without a word."""
    def download(self, storage: str, name: str, url: str, *, kind: Literal["iso", "vztmpl", "import"] = "iso", checksum: str | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> Future[str]:
        """Lets the node itself fetch a file onto a storage, and gives its volid. With a `checksum` a file of that name that is this
        already is left as it is."""
    def delete_volume(self, volid: str, *, force: int | None = None, timeout: float | None = None) -> Future[TaskReport]:
        """Deletes a volume. One that is not there is fine, too; one that may be a guest's, or a backup, is refused."""
    def interfaces(self) -> Future[list[Interface]]:
        """Its network interfaces."""
    def bridges(self) -> Future[list[Interface]]:
        """Its bridges."""
    def disks(self) -> Future[list[Disk]]:
        """Its physical disks."""
    def tasks(self, *, limit: int = 50) -> Future[list[TaskEntry]]:
        """Its latest tasks, the newest first."""
    def vm(self, vmid: int) -> AsyncVm:
        """The handle of a VM on it. Nothing is asked."""
    def container(self, vmid: int) -> AsyncContainer:
        """The handle of a container on it. Nothing is asked."""
    def create_vm(self, name: str, *, vmid: int | None = None, cores: int | None = None, memory: int | None = None, disks: Mapping[str, tuple[str, int]] | None = None, nets: Sequence[str] = ..., cloud_init_drive: tuple[str, str] | None = None, agent: bool = False, tags: Sequence[str] = ..., pool: str | None = None, onboot: bool = False, start: bool = False, params: Params | None = None, timeout: float | None = None) -> Future[AsyncVm]:
        """Creates a VM and gives its handle. Sizes are bytes: `disks={"scsi0": ("local-lvm", 8 * GIB)}`; `nets` are PVE's own lines,
        such as `virtio,bridge=vmbr0`. Without `vmid` the next free number is taken."""
    def create_container(self, hostname: str, *, template: str, vmid: int | None = None, rootfs: tuple[str, int] | None = None, cores: int | None = None, memory: int | None = None, swap: int | None = None, nets: Sequence[str] = ..., ssh_keys: Sequence[str] = ..., password: str | Secret | None = None, nesting: bool = False, privileged: bool = False, tags: Sequence[str] = ..., pool: str | None = None, onboot: bool = False, start: bool = False, params: Params | None = None, timeout: float | None = None) -> Future[AsyncContainer]:
        """Creates a container from a template file, such as `local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst`, and gives its
        handle. Sizes are bytes: `rootfs=("local-lvm", 4 * GIB)`."""

@type_check_only
class AsyncPlan:
    @property
    def client(self) -> AsyncClient: ...
    @property
    def steps(self) -> list[Step]: ...
    @property
    def obstacle(self) -> str | None: ...
    def pvesh(self) -> list[str]: ...
    def apply(self) -> Future[None]: ...
    def to_dict(self) -> dict[str, Any]: ...
    def __len__(self) -> int: ...
    def __bool__(self) -> Literal[True]: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, _type: type[BaseException] | None, raised: BaseException | None, _traceback: TracebackType | None) -> bool: ...

class AsyncClient:
    """A Proxmox VE cluster or node, through one transport. Use it as a context manager, or `close` it.

    Methods that ask the other side return awaitables."""
    @classmethod
    def https(cls, url: str, *, token: str | None = None, secret: str | Secret | None = None, user: str | None = None, password: str | Secret | None = None, ca_file: str | PathLike[str] | None = None, ca_pem: str | bytes | None = None, fingerprint: str | None = None, dangerous_accept_any_certificate: bool = False, connect_timeout: float | None = None, first_byte_timeout: float | None = None, total_timeout: float | None = None, limit: int | None = None, policy: Policy | None = None, on_decision: OnDecision | None = None) -> AsyncClient:
        """Over PVE's own HTTPS interface, with an API token or with user and password. Nothing is sent yet.

        Certificates are verified: by the system's CAs, those of `ca_file` or `ca_pem`, or one SHA-256 `fingerprint`. Times are seconds.
        At most `limit` requests are under way at once."""
    @classmethod
    def ssh(cls, target: str, *, jumps: Sequence[str] = ..., key: str | PathLike[str] | None = None, known_hosts: str | PathLike[str] | None = None, config_file: str | PathLike[str] | None = None, accept_new_host_keys: bool = False, dangerous_accept_any_host_key: bool = False, proxy_command: str | None = None, engine: Literal["auto", "tunnel", "pvesh"] | None = None, sudo: bool = False, token: str | None = None, secret: str | Secret | None = None, fingerprint: str | None = None, allow_secret_arguments: bool = False, connect_timeout: float | None = None, limit: int | None = None, node_root: str | PathLike[str] | None = None, pveproxy_port: int | None = None, policy: Policy | None = None, on_decision: OnDecision | None = None) -> AsyncClient:
        """Through an ssh session to a node, by the system's OpenSSH client: `user@host`, `user@host:port` or an alias of
        `ssh_config`. `engine` is `auto`, `tunnel` or `pvesh`; `jumps` are bastions, the first one first. Nothing is sent yet."""
    @classmethod
    def local(cls, *, sudo: bool = False, allow_secret_arguments: bool = False, limit: int | None = None, node_root: str | PathLike[str] | None = None, policy: Policy | None = None, on_decision: OnDecision | None = None) -> AsyncClient:
        """By the `pvesh` of this machine, which is a node."""
    @classmethod
    def sim(cls, sim: Sim | None = None, *, token: str | None = None, secret: str | None = None, policy: Policy | None = None, on_decision: OnDecision | None = None) -> AsyncClient:
        """To a simulated cluster in this process, without sockets: waiting moves its clock and costs no time."""
    def get(self, path: str, params: Params | None = None, /, *, _timeout: float | None = None, **keywords: Param) -> Future[Any]:
        """`GET path`: plain values. Parameters are keywords; those whose names are no identifiers come in `params`."""
    def create(self, path: str, params: Params | None = None, /, *, _force: int | None = None, _timeout: float | None = None, **keywords: Param) -> Future[Any]:
        """`POST path`. A raw write counts as one that destroys: it passes for managed guests that nothing protects. What the policy refuses
        about a guest passes when `_force` names it."""
    def set(self, path: str, params: Params | None = None, /, *, _force: int | None = None, _timeout: float | None = None, **keywords: Param) -> Future[Any]:
        """`PUT path`, gated as `create` is."""
    def delete(self, path: str, params: Params | None = None, /, *, _force: int | None = None, _timeout: float | None = None, **keywords: Param) -> Future[Any]:
        """`DELETE path`, gated as `create` is."""
    def version(self) -> Future[Version]:
        """Which PVE answers. Needs no privilege, so it tells that address and credentials work."""
    def resources(self) -> Future[list[Resource]]:
        """Every guest, node, storage and pool in one answer. What the credentials may not audit is silently left out by PVE."""
    def guests(self) -> Future[list[Resource]]:
        """Every guest of the cluster."""
    def nodes(self) -> Future[list[Resource]]:
        """The nodes as the cluster sees them."""
    def vnets(self) -> Future[list[Vnet]]:
        """The virtual networks of the cluster."""
    def next_id(self) -> Future[int]:
        """A number that is free right now. PVE reserves nothing."""
    def find(self, guest: int | str) -> Future[Location]:
        """Where a guest is, by its number or its exact name."""
    def guest(self, guest: int | str) -> Future[AsyncVm | AsyncContainer]:
        """The handle of a guest, wherever it is, by its number or its exact name: a VM or a container."""
    def node(self, name: str) -> AsyncNode:
        """The handle of a node. Nothing is asked."""
    def vm(self, vmid: int, *, node: str) -> AsyncVm:
        """The handle of a VM. Nothing is asked: `guest` finds its node."""
    def container(self, vmid: int, *, node: str) -> AsyncContainer:
        """The handle of a container. Nothing is asked: `guest` finds its node."""
    def task(self, upid: str) -> AsyncTask:
        """The handle of a task that was started earlier, or by somebody else."""
    def plan(self) -> AsyncPlan:
        """What a piece of program would send, without sending it: a context manager, see `Plan`."""
    def report(self, *, name: str | None = None, node: str | None = None, addresses: bool = False, snapshots: bool = False, thresholds: dict[str, Any] | None = None) -> Future[Report]:
        """Health of nodes, storages, disks and guests in one object, with what needs attention."""
    def watch(self, *, interval: float | None = None, longest_pause: float | None = None, templates: bool | None = None, cpu_points: float | None = None, memory_percent: float | None = None, queue: int | None = None) -> AsyncWatch:
        """What changes, as events: an iterator, or an async iterator. It never ends; `interval` is seconds between two looks."""
    @property
    def policy(self) -> Policy:
        """The policy in force."""
    @property
    def transport(self) -> str:
        """The name of the transport, such as `https/reqwest`."""
    @property
    def endpoint(self) -> str:
        """Where it leads, such as `https://pve1:8006`."""
    @property
    def closed(self) -> bool:
        """Whether it is closed."""
    def close(self) -> None:
        """Lets go of all connections. Every later call raises `ClosedError`."""
    def __aenter__(self) -> Future[Self]: ...
    def __aexit__(self, *_raised: object) -> Future[None]: ...

class AsyncWatch:
    """What changes in a cluster. It never ends: a look that fails is an event as well. `close` it, or use it as a context manager.

    Methods that ask the other side return awaitables."""
    def close(self) -> None:
        """Ends it."""
    def __aiter__(self) -> AsyncIterator[Event]: ...
    def __anext__(self) -> Future[Event]: ...
    def __aenter__(self) -> Future[Self]: ...
    def __aexit__(self, *_raised: object) -> Future[None]: ...

class AsyncDomain:
    """A domain of a libvirt host, found by its UUID whatever it is called. `force=` names it, to let one call pass the policy.

    Methods that ask the other side return awaitables."""
    @property
    def name(self) -> str:
        """Its name, as it was when it was found."""
    @property
    def uuid(self) -> str:
        """What lasts as long as it is defined."""
    def state(self) -> Future[DomainState]:
        """What it does. Raises `NotFoundError` once it is gone."""
    def overview(self) -> Future[DomainOverview]:
        """It as a list shows it."""
    def usage(self, *groups: Group) -> Future[DomainUsage]:
        """What it uses: see `LibvirtHost.usage`."""
    def xml(self, *, inactive: bool = False) -> Future[str]:
        """Its document, as libvirt writes it: of a domain that runs as it runs, with `inactive` as it will be after the next start."""
    def start(self, *, paused: bool = False, force: str | None = None) -> Future[None]:
        """Starts it; with `paused` its CPUs wait for `resume`. One that runs is left alone."""
    def shutdown(self, *, guest_timeout: float | None = None, then_stop: bool = False, force: str | None = None) -> Future[None]:
        """Asks its system to shut down and waits until it is off, for `guest_timeout` seconds, 180 by default; with `then_stop` it is
        stopped after that. One that is off is left alone. Raises `TimeoutError` when it is still on."""
    def stop(self, *, force: str | None = None) -> Future[None]:
        """Stops it at once, as by its power switch. One that is off is left alone."""
    def reboot(self, *, force: str | None = None) -> Future[None]:
        """Asks its system to start anew. Comes back when it has been asked."""
    def reset(self, *, force: str | None = None) -> Future[None]:
        """Presses the reset button: its system is not asked."""
    def suspend(self, *, force: str | None = None) -> Future[None]:
        """Halts its CPUs. What is in memory stays."""
    def resume(self, *, force: str | None = None) -> Future[None]:
        """Lets its CPUs go on. One that runs is left alone."""
    def autostart(self) -> Future[bool]:
        """Whether it starts with its host."""
    def set_autostart(self, on: bool, *, force: str | None = None) -> Future[None]:
        """Says whether it starts with its host."""
    def tags(self) -> Future[list[str]]:
        """Its tags, sorted: all of what runs and of what will run."""
    def set_tags(self, tags: Sequence[str], *, force: str | None = None) -> Future[None]:
        """Sets its tags. To take the managed one or a protecting one away counts as destruction."""
    def add_tag(self, tag: str, *, force: str | None = None) -> Future[bool]:
        """Adds a tag, and says whether it is new."""
    def remove_tag(self, tag: str, *, force: str | None = None) -> Future[bool]:
        """Takes a tag away, and says whether it was there."""
    def set_vcpus(self, count: int, *, force: str | None = None) -> Future[None]:
        """Sets the number of virtual CPUs: of one that runs up to the most it was started with, of one that is off any number."""
    def set_memory(self, memory: int, *, force: str | None = None) -> Future[None]:
        """Sets the memory, in bytes: of one that runs up to the most it was started with, of one that is off any amount."""
    def resize_disk(self, target: str, *, by: int | None = None, to: int | None = None, force: str | None = None) -> Future[int]:
        """Makes a disk larger, by its target such as `vda`, by or to so many bytes, and gives its new size. The guest's own file systems
        stay as they are. Raises `InvalidInputError` for less than the present size."""
    def snapshots(self) -> Future[list[DomainSnapshot]]:
        """Its snapshots, the oldest first. `created` is seconds since 1970."""
    def snapshot(self, name: str, *, description: str | None = None, memory: bool | None = None, force: str | None = None) -> Future[None]:
        """Makes a snapshot of its disks, which must be qcow2; with `memory` of its memory as well, by default if it runs."""
    def revert(self, name: str, *, force: str | None = None) -> Future[None]:
        """Goes back to a snapshot: what has come since is lost. Its tags stay as they are now."""
    def delete_snapshot(self, name: str, *, force: str | None = None) -> Future[None]:
        """Deletes a snapshot. The domain stays as it is."""
    def interfaces(self) -> Future[list[GuestInterface]]:
        """The addresses of its interfaces: from its agent, else from the network's DHCP, else from the host's neighbours. Raises
        `WrongStateError` when it is off."""
    def wait_for_ip(self, *, v6: bool = False, mac: str | None = None, subnet: str | None = None, timeout: float | None = None) -> Future[FoundIp]:
        """Waits until it has an address that others can reach, for `timeout` seconds, 180 by default. `mac` and `subnet` choose among
        several."""
    def wait_for_agent(self, *, timeout: float | None = None) -> Future[None]:
        """Waits until its guest agent answers, for `timeout` seconds, 180 by default."""
    def exec(self, argv: Sequence[str], *, input: str | bytes | None = None, force: str | None = None, timeout: float | None = None) -> Future[ExecResult]:
        """Runs a program in the guest, through its agent and without a shell, and waits for its end, for `timeout` seconds, 30 by default.
        A program that fails is a result, not an exception. `input` is what it reads. Raises `AgentError` when no agent answers, and
        `TimeoutError` when the program still runs: it goes on."""
    def delete(self, *, force: str | None = None) -> Future[DeletedDomain]:
        """Deletes it: stops it hard, removes the volumes that were made for it, and its definition. What others have attached stays, and
        so does a volume that somebody else uses: `left` names it. One that is gone already is no error: `existed` tells."""

class AsyncLibvirtHost:
    """A plain libvirt host, over libvirt's own protocol: `LibvirtHost.open("qemu+ssh://root@lab1/system")`. Use it as a context
    manager, or `close` it.

    Methods that ask the other side return awaitables."""
    @classmethod
    def open(cls, uri: str, *, wire: Literal["auto", "rpc", "virsh"] = "auto", jumps: Sequence[str] = ..., ssh_config: str | PathLike[str] | None = None, connect_timeout: float | None = None, reconnect: bool = True, policy: Policy | None = None) -> Future[AsyncLibvirtHost]:
        """Connects to a host, by a URI as libvirt's own users write it: `qemu:///system`, `qemu+ssh://root@lab1/system?keyfile=...`.

        `wire` is `rpc` (libvirt's protocol), `virsh` (run on the host for each call) or `auto`, the first that works. `jumps` are
        bastions, the first one first; `ssh_config` is a file such as `~/.ssh/config`, which is not read by itself. `connect_timeout`
        is seconds for each step, 10 by default. Without `reconnect` a lost connection is not made again. `policy` is what may be done
        to domains.

        Raises `InvalidInputError` for what is no such URI, `ConnectError` when no way leads to a daemon, `TlsError` and
        `UnauthenticatedError` when ssh does not trust or is not let in."""
    @property
    def name(self) -> str:
        """What the host calls itself."""
    @property
    def uri(self) -> str:
        """Where it was reached."""
    @property
    def policy(self) -> Policy:
        """The policy in force."""
    def transport(self) -> Future[str]:
        """What carries the calls at present, such as `socket /run/libvirt/libvirt-sock` or `virsh over ssh`."""
    def domains(self) -> Future[list[DomainOverview]]:
        """All domains, running or not, managed or not, by name. One that cannot be read is there with its `trouble`."""
    def domain(self, name: str) -> Future[AsyncDomain]:
        """The handle of the domain with this name, running or not. Raises `NotFoundError`."""
    def domain_by_uuid(self, uuid: str) -> Future[AsyncDomain]:
        """The handle of the domain with this UUID. Raises `NotFoundError`."""
    def tagged(self, tag: str) -> Future[list[AsyncDomain]]:
        """The handles of all domains that carry this tag."""
    def usage(self, *groups: Group) -> Future[list[DomainUsage]]:
        """What all domains use, in one call, by name. `groups` are `state`, `cpu`, `memory`, `network`, `disks`: ask for what is shown only,
        without any it is all of them. Counters begin with a domain's start; sizes are bytes, `cpu_time` is seconds."""
    def capacity(self) -> Future[HostCapacity]:
        """What the host has, and what is promised to its domains. Sizes are bytes, `cpu` is the busy part of all CPUs, 0 to 1."""
    def pools(self) -> Future[list[PoolCapacity]]:
        """The storage pools, by name. Sizes are bytes."""
    def ensure_image(self, pool: str, *, volume: str | None = None, url: str | None = None, file: str | None = None, checksum: str | None = None) -> Future[str]:
        """Sees that a pool has this image, and gives the volume that it is, as `POOL/VOLUME`: one that is there is not fetched again. An
        image is a `url` of the web or a `file` of this machine, with a `checksum` (`sha256:...` or `sha512:...`), or a `volume`
        (`POOL/VOLUME`).

        Raises `InvalidInputError` for what is no image, is based on other files, or has another sum."""
    def create(self, name: str, *, memory: int, vcpus: int = 1, max_memory: int | None = None, max_vcpus: int | None = None, volume: str | None = None, url: str | None = None, file: str | None = None, checksum: str | None = None, disk: int | None = None, overlay: bool = False, pool: str = "default", networks: Sequence[str] = ..., bridges: Sequence[str] = ..., user_data: str | Secret | None = None, network_config: str | Secret | None = None, tags: Sequence[str] = ..., title: str | None = None, description: str | None = None, virt_type: str = "kvm", arch: str | None = None, machine: str | None = None, cpu: str | None = None, uefi: bool = False, autostart: bool = False, start: bool = True) -> Future[AsyncDomain]:
        r"""Makes a domain and gives its handle: fetches its image where it is not there yet, makes its disk and its seed, defines it with
        the managed tag, and starts it. What a failure has left is removed.

        Its disk begins as a `volume` of the host (`POOL/VOLUME`), or as a `url` of the web or a `file` of this machine with a `checksum`
        (`sha256:...`). `memory` and `disk` are bytes; a disk is never smaller than its image. With `overlay` it holds only what differs
        from the image. Each of `networks` and `bridges` is a card. `user_data` and `network_config` are for cloud-init; without any seed
        cloud-init may look for one on the network for minutes: `"#cloud-config\n"` is one. `virt_type` is `kvm`, or `qemu` where
        there is none. `cpu` is `host-passthrough`, `host-model`, `maximum` or a model.

        Raises `AlreadyExistsError` for a name that is taken, `NotFoundError` for a pool, network, volume or address that there is not,
        `WrongStateError` for a pool or network that is not started and a pool that is full."""
    def virt_install(self, words: Sequence[str], *, tags: Sequence[str] = ..., start: bool = True) -> Future[AsyncDomain]:
        """Makes a domain as `virt-install` describes it, which must be installed on the host, and gives its handle. Disks must be there:
        none is made, and none is deleted with the domain. The words are seen in the host's list of processes."""
    @property
    def closed(self) -> bool:
        """Whether it is closed."""
    def close(self) -> None:
        """Lets go of the connection. Every later call raises `ClosedError`."""
    def __aenter__(self) -> Future[Self]: ...
    def __aexit__(self, *_raised: object) -> Future[None]: ...

class AsyncBackend:
    """A place where instances live: a Proxmox VE cluster, one node of it, or a libvirt host. An instance is named by its `id`: the VMID
    on Proxmox VE, which is given again to others, the UUID of its domain on libvirt. Use it as a context manager, or `close` it.

    Methods that ask the other side return awaitables."""
    @classmethod
    def open(cls, regions: Regions, name: str, *, policy: Policy | None = None) -> Future[AsyncBackend]:
        """Opens the region of this name, or one node of a cluster: `eu`, or `eu-pve2`. A libvirt host is connected to; of a cluster
        nothing is asked yet. Under `policy` instead of the usual one.

        Raises `NotFoundError` for a name of neither, `RefusedError` for a region that is switched off, `InvalidInputError` for a secret
        that is not where the region says, and what connecting to a libvirt host raises. All name the region."""
    @classmethod
    def over(cls, handle: Handle, regions: Regions, name: str) -> AsyncBackend:
        """The region of this name, or one node of a cluster, over a `Client` or a `LibvirtHost` of one's own: how it is reached, and the policy,
        are those of that. Of the region count the name, the sizes, and where disks and cards go. Nothing is asked."""
    @property
    def name(self) -> str:
        """The name of the region, or of the node of it."""
    @property
    def kind(self) -> RegionKind:
        """What it is."""
    @property
    def endpoint(self) -> str:
        """Where it leads. Never holds a secret."""
    @property
    def instance_types(self) -> list[InstanceType]:
        """The sizes that the region offers."""
    def instances(self) -> Future[list[Instance]]:
        """All instances, by name: those that are not managed too."""
    def get(self, id: str) -> Future[Instance]:
        """One instance. Raises `NotFoundError`."""
    def create(self, name: str, *, size: str | None = None, vcpus: int | None = None, memory: int | None = None, disk: int | None = None, volume: str | None = None, url: str | None = None, checksum: str | None = None, template: str | None = None, network: str | None = None, bridge: str | None = None, user_data: str | Secret | None = None, tags: Sequence[str] = ...) -> Future[Instance]:
        """Makes an instance of an image, with cloud-init, and starts it. It is managed from its first moment.

        It is as large as a `size` that the region offers, or as `vcpus`, `memory` and `disk` say, in bytes and whole MiB. It is made of a
        `volume` (`storage:import/debian-12.qcow2` of Proxmox VE, `pool/volume` of libvirt), of a `url` with its `checksum`
        (`sha256:...`), or of a `template` of Proxmox VE. Its card is plugged into a `network` or a `bridge`, else into what the region
        says.

        Raises `AlreadyExistsError` when another instance has the name. What a failed creation has made is removed."""
    def start(self, id: str) -> Future[None]:
        """Starts it. One that runs is left alone."""
    def shutdown(self, id: str, *, guest_timeout: float | None = None) -> Future[None]:
        """Asks its system to shut down, and stops it when it has not within `guest_timeout` seconds, 180 by default. One that is off is
        left alone."""
    def stop(self, id: str) -> Future[None]:
        """Stops it at once, as by its power switch. One that is off is left alone."""
    def delete(self, id: str) -> Future[bool]:
        """Deletes it with its disks, stopping it first. True when there was something to delete. What is deleted is what has the id now:
        on Proxmox VE a kept number may be another machine's meanwhile."""
    def set_tags(self, id: str, tags: Sequence[str]) -> Future[None]:
        """Sets its tags. The managed tag stays."""
    def exec(self, id: str, argv: Sequence[str], *, input: str | bytes | None = None) -> Future[ExecResult]:
        """Runs a program in it, through its guest agent and without a shell, and waits for its end. A program that fails is a result, not
        an exception. `input` is what it reads."""
    def ips(self, id: str) -> Future[list[str]]:
        """Its usable addresses, as far as they are known now: none of one that is off."""
    def capacity(self) -> Future[Capacity]:
        """What there is, and what is promised and used of it. Sizes are bytes."""
    def fit(self, *, size: str | None = None, vcpus: int | None = None, memory: int | None = None, disk: int | None = None) -> Future[Fit]:
        """Whether one more has room: of a `size` that the region offers, or as `vcpus`, `memory` and `disk` say, in bytes."""
    def watch(self) -> AsyncInstanceWatch:
        """What becomes of its instances, as events: an iterator, or an async iterator. The first has all of them."""
    @property
    def closed(self) -> bool:
        """Whether it is closed."""
    def close(self) -> None:
        """Lets go of all connections. Every later call raises `ClosedError`."""
    def __aenter__(self) -> Future[Self]: ...
    def __aexit__(self, *_raised: object) -> Future[None]: ...

class AsyncInstanceWatch:
    """What becomes of the instances of a backend. It never ends. While nobody answers the error is raised; the next event may be
    asked for all the same. `close` it, or use it as a context manager.

    Methods that ask the other side return awaitables."""
    def close(self) -> None:
        """Ends it."""
    def __aiter__(self) -> AsyncIterator[InstanceEvent]: ...
    def __anext__(self) -> Future[InstanceEvent]: ...
    def __aenter__(self) -> Future[Self]: ...
    def __aexit__(self, *_raised: object) -> Future[None]: ...
