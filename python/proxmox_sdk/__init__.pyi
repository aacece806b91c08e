# Made by python/stubs/make.py: change what is in python/stubs, and run it.

from asyncio import Future
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from enum import Enum
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, TypeVar, overload

from typing_extensions import ParamSpec, Self, TypeAlias

_T = TypeVar("_T")
_P = ParamSpec("_P")

Param: TypeAlias = str | bytes | bool | int | float | Secret | Sequence[str | bytes | int]
Params: TypeAlias = Mapping[str, Any]
OnProgress: TypeAlias = Callable[[Progress], object]
OnDecision: TypeAlias = Callable[[Decision], object]
Group: TypeAlias = Literal["state", "cpu", "memory", "network", "disks"]

class Record:
    def to_dict(self) -> dict[str, Any]: ...
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

class SnapshotEntry(Record):
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

class GuestSnapshot(Record):
    name: Final[str]
    snaptime: Final[int | None]

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

class UnreadableRowWarning(UserWarning): ...

class ProxmoxError(Exception):
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
    def __init__(self, value: str, /) -> None: ...
    def expose(self) -> str: ...

class Policy:
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
    def dangerous_allow_everything() -> Policy: ...
    @property
    def managed_tag(self) -> str: ...

class Sim:
    def __init__(self, *, version: Literal["8.4", "9.2"] = "8.4", time_scale: float = 1.0, vms: int = 0) -> None: ...
    @property
    def url(self) -> str: ...
    @property
    def ca_pem(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def token(self) -> str: ...
    @property
    def secret(self) -> str: ...
    def ssh(self) -> dict[str, Any]: ...
    def node_root(self) -> Path: ...
    def guests(self) -> list[SimGuest]: ...
    def guest(self, vmid: int) -> SimGuest | None: ...
    def tasks(self) -> list[SimTask]: ...
    def requests(self) -> list[SimRequest]: ...
    def forget_requests(self) -> None: ...
    def advance(self, seconds: float) -> None: ...
    def set_node_down(self, node: str, down: bool = True) -> bool: ...
    def set_lock(self, vmid: int, lock: str | None) -> bool: ...
    def set_config(self, vmid: int, key: str, value: str | None) -> bool: ...
    def set_agent(self, vmid: int, runs: bool) -> bool: ...
    def fail_task(self, kind: str, message: str, *, vmid: int | None = None, always: bool = False) -> None: ...
    def warn_task(
        self, kind: str, lines: Sequence[str], *, vmid: int | None = None, always: bool = False
    ) -> None: ...
    def slow_task(self, kind: str, seconds: float, *, vmid: int | None = None, always: bool = False) -> None: ...
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
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_raised: object) -> None: ...

@overload
def preflight(method: Callable[_P, Future[Any]], /, *args: _P.args, **keywords: _P.kwargs) -> Future[Preflight]: ...
@overload
def preflight(method: Callable[_P, Any], /, *args: _P.args, **keywords: _P.kwargs) -> Preflight: ...
def request(method: Callable[_P, Any], /, *args: _P.args, **keywords: _P.kwargs) -> Request: ...

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

class InvalidInputError(ProxmoxError): ...
class NotFoundError(ProxmoxError): ...
class AlreadyExistsError(ProxmoxError): ...
class UnauthenticatedError(ProxmoxError): ...
class PermissionDeniedError(ProxmoxError): ...
class RefusedError(ProxmoxError): ...
class ConflictError(ProxmoxError): ...
class LockedError(ProxmoxError): ...
class WrongStateError(ProxmoxError): ...
class BusyError(ProxmoxError): ...
class AgentError(ProxmoxError): ...
class TaskFailedError(ProxmoxError): ...
class ConnectError(ProxmoxError): ...
class TlsError(ProxmoxError): ...
class TimeoutError(ProxmoxError): ...
class NodeUnreachableError(ProxmoxError): ...
class UnavailableError(ProxmoxError): ...
class UnsupportedError(ProxmoxError): ...
class DecodeError(ProxmoxError): ...
class UnexpectedError(ProxmoxError): ...
class ClosedError(InvalidInputError): ...

class Cloned(Record):
    vmid: Final[int]
    how: Final[Literal["new", "resumed", "existing"]]
    warnings: Final[list[str]]

class ClonedVm(Cloned):
    guest: Final[Vm]

class ClonedContainer(Cloned):
    guest: Final[Container]

class Task:
    @property
    def upid(self) -> str: ...
    def status(self) -> TaskStatus: ...
    def log(self, *, start: int = 0, limit: int = 500) -> list[LogLine]: ...
    def tail(self, lines: int = 10) -> list[str]: ...
    def wait(self, *, timeout: float | None = None, on_progress: OnProgress | None = None) -> TaskReport: ...
    def outcome(self, *, timeout: float | None = None, on_progress: OnProgress | None = None) -> TaskOutcome: ...
    def stop(self, *, force: int | None = None) -> None: ...

class Guest:
    @property
    def vmid(self) -> int: ...
    @property
    def node(self) -> str: ...
    @property
    def path(self) -> str: ...
    def status(self) -> GuestStatus: ...
    def telemetry(self, *, addresses: bool = False) -> GuestTelemetry: ...
    def config(self) -> dict[str, str]: ...
    def current_config(self) -> dict[str, str]: ...
    def pending(self) -> list[PendingValue]: ...
    def set_config(self, params: Params | None = None, /, *, _force: int | None = None, **keywords: Param) -> None: ...
    def tag(self, *add: str, remove: Sequence[str] = ..., force: int | None = None) -> list[str]: ...
    @overload
    def start(self, *, wait: Literal[True] = True, force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> TaskReport: ...
    @overload
    def start(self, *, wait: Literal[False], force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> Task: ...
    @overload
    def shutdown(self, *, guest_timeout: float | None = None, then_stop: bool = False, wait: Literal[True] = True, force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> TaskReport: ...
    @overload
    def shutdown(self, *, guest_timeout: float | None = None, then_stop: bool = False, wait: Literal[False], force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> Task: ...
    @overload
    def stop(self, *, wait: Literal[True] = True, force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> TaskReport: ...
    @overload
    def stop(self, *, wait: Literal[False], force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> Task: ...
    @overload
    def reboot(self, *, guest_timeout: float | None = None, wait: Literal[True] = True, force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> TaskReport: ...
    @overload
    def reboot(self, *, guest_timeout: float | None = None, wait: Literal[False], force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> Task: ...
    @overload
    def suspend(self, *, wait: Literal[True] = True, force: int | None = None, timeout: float | None = None) -> TaskReport: ...
    @overload
    def suspend(self, *, wait: Literal[False], force: int | None = None, timeout: float | None = None) -> Task: ...
    @overload
    def resume(self, *, wait: Literal[True] = True, force: int | None = None, timeout: float | None = None) -> TaskReport: ...
    @overload
    def resume(self, *, wait: Literal[False], force: int | None = None, timeout: float | None = None) -> Task: ...
    def ensure(self, power: Literal["running", "stopped"], *, force: int | None = None, timeout: float | None = None) -> TaskReport | None: ...
    def delete(self, *, purge: bool = False, stop_first: bool = False, destroy_unreferenced_disks: bool = False, force: int | None = None, timeout: float | None = None) -> TaskReport | None: ...
    def resize(self, disk: str, *, by: int | None = None, to: int | None = None, force: int | None = None, timeout: float | None = None) -> TaskReport: ...
    def exec(self, argv: Sequence[str], *, input: str | bytes | None = None, force: int | None = None, timeout: float | None = None) -> ExecResult: ...
    def wait_for_ip(self, *, v6: bool = False, mac: str | None = None, subnet: str | None = None, timeout: float | None = None) -> FoundIp: ...
    def snapshots(self) -> list[SnapshotEntry]: ...
    def snapshot(self, name: str, *, description: str | None = None, vmstate: bool = False, force: int | None = None, timeout: float | None = None) -> TaskReport: ...
    def rollback(self, name: str, *, force: int | None = None, timeout: float | None = None) -> TaskReport: ...
    def delete_snapshot(self, name: str, *, force: int | None = None, timeout: float | None = None) -> TaskReport: ...
    def template(self, *, force: int | None = None, timeout: float | None = None) -> TaskReport: ...
    def interfaces(self) -> list[GuestInterface]: ...

class Vm(Guest):
    def clone(self, name: str, *, newid: int | None = None, full: bool | None = None, target: str | None = None, storage: str | None = None, pool: str | None = None, snapname: str | None = None, description: str | None = None, force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> ClonedVm: ...
    @overload
    def reset(self, *, wait: Literal[True] = True, force: int | None = None, timeout: float | None = None) -> TaskReport: ...
    @overload
    def reset(self, *, wait: Literal[False], force: int | None = None, timeout: float | None = None) -> Task: ...
    def cloud_init(self, *, user: str | None = None, password: str | Secret | None = None, ssh_keys: Sequence[str] | None = None, ips: Sequence[str] | None = None, nameserver: str | None = None, searchdomain: str | None = None, upgrade: bool | None = None, drive: tuple[str, str] | None = None, force: int | None = None) -> None: ...
    def agent_ping(self) -> None: ...
    def agent_osinfo(self) -> OsInfo: ...
    def file_read(self, file: str) -> str: ...
    def file_write(self, file: str, content: str, *, force: int | None = None) -> None: ...

class Container(Guest):
    def clone(self, name: str, *, newid: int | None = None, full: bool | None = None, target: str | None = None, storage: str | None = None, pool: str | None = None, snapname: str | None = None, description: str | None = None, force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> ClonedContainer: ...
    def push(self, path: str, content: str | bytes, *, perms: int | None = None, user: str | None = None, group: str | None = None, force: int | None = None) -> None: ...
    def pull(self, path: str) -> bytes: ...

class Node:
    @property
    def name(self) -> str: ...
    def status(self) -> NodeStatus: ...
    def telemetry(self, *, backups: bool = False) -> NodeTelemetry: ...
    def version(self) -> Version: ...
    def vms(self) -> list[GuestStatus]: ...
    def containers(self) -> list[GuestStatus]: ...
    def storages(self) -> list[StorageStatus]: ...
    def content(self, storage: str, *, kind: str | None = None) -> list[Content]: ...
    def interfaces(self) -> list[Interface]: ...
    def bridges(self) -> list[Interface]: ...
    def disks(self) -> list[Disk]: ...
    def tasks(self, *, limit: int = 50) -> list[TaskEntry]: ...
    def vm(self, vmid: int) -> Vm: ...
    def container(self, vmid: int) -> Container: ...
    def create_vm(self, name: str, *, vmid: int | None = None, cores: int | None = None, memory: int | None = None, disks: Mapping[str, tuple[str, int]] | None = None, nets: Sequence[str] = ..., cloud_init_drive: tuple[str, str] | None = None, agent: bool = False, tags: Sequence[str] = ..., pool: str | None = None, onboot: bool = False, start: bool = False, params: Params | None = None, timeout: float | None = None) -> Vm: ...
    def create_container(self, hostname: str, *, template: str, vmid: int | None = None, rootfs: tuple[str, int] | None = None, cores: int | None = None, memory: int | None = None, swap: int | None = None, nets: Sequence[str] = ..., ssh_keys: Sequence[str] = ..., password: str | Secret | None = None, nesting: bool = False, privileged: bool = False, tags: Sequence[str] = ..., pool: str | None = None, onboot: bool = False, start: bool = False, params: Params | None = None, timeout: float | None = None) -> Container: ...

class Plan:
    @property
    def client(self) -> Client: ...
    @property
    def steps(self) -> list[Step]: ...
    @property
    def obstacle(self) -> str | None: ...
    def pvesh(self) -> list[str]: ...
    def apply(self) -> None: ...
    def to_dict(self) -> dict[str, Any]: ...
    def __len__(self) -> int: ...
    def __bool__(self) -> Literal[True]: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, _type: type[BaseException] | None, raised: BaseException | None, _traceback: TracebackType | None) -> bool: ...

class Client:
    @classmethod
    def https(cls, url: str, *, token: str | None = None, secret: str | Secret | None = None, user: str | None = None, password: str | Secret | None = None, ca_file: str | PathLike[str] | None = None, ca_pem: str | bytes | None = None, fingerprint: str | None = None, dangerous_accept_any_certificate: bool = False, connect_timeout: float | None = None, first_byte_timeout: float | None = None, total_timeout: float | None = None, limit: int | None = None, policy: Policy | None = None, on_decision: OnDecision | None = None) -> Client: ...
    @classmethod
    def ssh(cls, target: str, *, jumps: Sequence[str] = ..., key: str | PathLike[str] | None = None, known_hosts: str | PathLike[str] | None = None, config_file: str | PathLike[str] | None = None, accept_new_host_keys: bool = False, dangerous_accept_any_host_key: bool = False, proxy_command: str | None = None, engine: Literal["auto", "tunnel", "pvesh"] | None = None, sudo: bool = False, token: str | None = None, secret: str | Secret | None = None, fingerprint: str | None = None, allow_secret_arguments: bool = False, connect_timeout: float | None = None, limit: int | None = None, node_root: str | PathLike[str] | None = None, pveproxy_port: int | None = None, policy: Policy | None = None, on_decision: OnDecision | None = None) -> Client: ...
    @classmethod
    def local(cls, *, sudo: bool = False, allow_secret_arguments: bool = False, limit: int | None = None, node_root: str | PathLike[str] | None = None, policy: Policy | None = None, on_decision: OnDecision | None = None) -> Client: ...
    @classmethod
    def sim(cls, sim: Sim | None = None, *, token: str | None = None, secret: str | None = None, policy: Policy | None = None, on_decision: OnDecision | None = None) -> Client: ...
    def get(self, path: str, params: Params | None = None, /, *, _timeout: float | None = None, **keywords: Param) -> Any: ...
    def create(self, path: str, params: Params | None = None, /, *, _force: int | None = None, _timeout: float | None = None, **keywords: Param) -> Any: ...
    def set(self, path: str, params: Params | None = None, /, *, _force: int | None = None, _timeout: float | None = None, **keywords: Param) -> Any: ...
    def delete(self, path: str, params: Params | None = None, /, *, _force: int | None = None, _timeout: float | None = None, **keywords: Param) -> Any: ...
    def version(self) -> Version: ...
    def resources(self) -> list[Resource]: ...
    def guests(self) -> list[Resource]: ...
    def nodes(self) -> list[Resource]: ...
    def vnets(self) -> list[Vnet]: ...
    def next_id(self) -> int: ...
    def find(self, guest: int | str) -> Location: ...
    def guest(self, guest: int | str) -> Vm | Container: ...
    def node(self, name: str) -> Node: ...
    def vm(self, vmid: int, *, node: str) -> Vm: ...
    def container(self, vmid: int, *, node: str) -> Container: ...
    def task(self, upid: str) -> Task: ...
    def plan(self) -> Plan: ...
    def report(self, *, name: str | None = None, node: str | None = None, addresses: bool = False, snapshots: bool = False, thresholds: dict[str, Any] | None = None) -> Report: ...
    def watch(self, *, interval: float | None = None, longest_pause: float | None = None, templates: bool | None = None, cpu_points: float | None = None, memory_percent: float | None = None, queue: int | None = None) -> Watch: ...
    @property
    def policy(self) -> Policy: ...
    @property
    def transport(self) -> str: ...
    @property
    def endpoint(self) -> str: ...
    @property
    def closed(self) -> bool: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_raised: object) -> None: ...

class Watch:
    def close(self) -> None: ...
    def __iter__(self) -> Iterator[Event]: ...
    def __next__(self) -> Event: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_raised: object) -> None: ...

class Domain:
    @property
    def name(self) -> str: ...
    @property
    def uuid(self) -> str: ...
    def state(self) -> DomainState: ...
    def overview(self) -> DomainOverview: ...
    def usage(self, *groups: Group) -> DomainUsage: ...
    def xml(self, *, inactive: bool = False) -> str: ...
    def start(self, *, paused: bool = False, force: str | None = None) -> None: ...
    def shutdown(self, *, guest_timeout: float | None = None, then_stop: bool = False, force: str | None = None) -> None: ...
    def stop(self, *, force: str | None = None) -> None: ...
    def reboot(self, *, force: str | None = None) -> None: ...
    def reset(self, *, force: str | None = None) -> None: ...
    def suspend(self, *, force: str | None = None) -> None: ...
    def resume(self, *, force: str | None = None) -> None: ...
    def autostart(self) -> bool: ...
    def set_autostart(self, on: bool, *, force: str | None = None) -> None: ...
    def tags(self) -> list[str]: ...
    def set_tags(self, tags: Sequence[str], *, force: str | None = None) -> None: ...
    def add_tag(self, tag: str, *, force: str | None = None) -> bool: ...
    def remove_tag(self, tag: str, *, force: str | None = None) -> bool: ...
    def set_vcpus(self, count: int, *, force: str | None = None) -> None: ...
    def set_memory(self, memory: int, *, force: str | None = None) -> None: ...
    def resize_disk(self, target: str, *, by: int | None = None, to: int | None = None, force: str | None = None) -> int: ...
    def snapshots(self) -> list[DomainSnapshot]: ...
    def snapshot(self, name: str, *, description: str | None = None, memory: bool | None = None, force: str | None = None) -> None: ...
    def revert(self, name: str, *, force: str | None = None) -> None: ...
    def delete_snapshot(self, name: str, *, force: str | None = None) -> None: ...
    def interfaces(self) -> list[GuestInterface]: ...
    def wait_for_ip(self, *, v6: bool = False, mac: str | None = None, subnet: str | None = None, timeout: float | None = None) -> FoundIp: ...
    def wait_for_agent(self, *, timeout: float | None = None) -> None: ...
    def exec(self, argv: Sequence[str], *, input: str | bytes | None = None, force: str | None = None, timeout: float | None = None) -> ExecResult: ...
    def delete(self, *, force: str | None = None) -> DeletedDomain: ...

class LibvirtHost:
    @classmethod
    def open(cls, uri: str, *, wire: Literal["auto", "rpc", "virsh"] = "auto", jumps: Sequence[str] = ..., ssh_config: str | PathLike[str] | None = None, connect_timeout: float | None = None, reconnect: bool = True, policy: Policy | None = None) -> LibvirtHost: ...
    @property
    def name(self) -> str: ...
    @property
    def uri(self) -> str: ...
    @property
    def policy(self) -> Policy: ...
    def transport(self) -> str: ...
    def list(self) -> list[DomainOverview]: ...
    def domain(self, name: str) -> Domain: ...
    def domain_by_uuid(self, uuid: str) -> Domain: ...
    def tagged(self, tag: str) -> list[Domain]: ...
    def usage(self, *groups: Group) -> list[DomainUsage]: ...
    def capacity(self) -> HostCapacity: ...
    def pools(self) -> list[PoolCapacity]: ...
    def ensure_image(self, pool: str, *, volume: str | None = None, url: str | None = None, file: str | None = None, checksum: str | None = None) -> str: ...
    def create(self, name: str, *, memory: int, vcpus: int = 1, max_memory: int | None = None, max_vcpus: int | None = None, volume: str | None = None, url: str | None = None, file: str | None = None, checksum: str | None = None, disk: int | None = None, overlay: bool = False, pool: str = "default", networks: Sequence[str] = ..., bridges: Sequence[str] = ..., user_data: str | Secret | None = None, network_config: str | Secret | None = None, tags: Sequence[str] = ..., title: str | None = None, description: str | None = None, virt_type: str = "kvm", arch: str | None = None, machine: str | None = None, cpu: str | None = None, uefi: bool = False, autostart: bool = False, start: bool = True) -> Domain: ...
    def virt_install(self, words: Sequence[str], *, tags: Sequence[str] = ..., start: bool = True) -> Domain: ...
    @property
    def closed(self) -> bool: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_raised: object) -> None: ...

class AsyncCloned(Record):
    vmid: Final[int]
    how: Final[Literal["new", "resumed", "existing"]]
    warnings: Final[list[str]]

class AsyncClonedVm(AsyncCloned):
    guest: Final[AsyncVm]

class AsyncClonedContainer(AsyncCloned):
    guest: Final[AsyncContainer]

class AsyncTask:
    @property
    def upid(self) -> str: ...
    def status(self) -> Future[TaskStatus]: ...
    def log(self, *, start: int = 0, limit: int = 500) -> Future[list[LogLine]]: ...
    def tail(self, lines: int = 10) -> Future[list[str]]: ...
    def wait(self, *, timeout: float | None = None, on_progress: OnProgress | None = None) -> Future[TaskReport]: ...
    def outcome(self, *, timeout: float | None = None, on_progress: OnProgress | None = None) -> Future[TaskOutcome]: ...
    def stop(self, *, force: int | None = None) -> Future[None]: ...

class AsyncGuest:
    @property
    def vmid(self) -> int: ...
    @property
    def node(self) -> str: ...
    @property
    def path(self) -> str: ...
    def status(self) -> Future[GuestStatus]: ...
    def telemetry(self, *, addresses: bool = False) -> Future[GuestTelemetry]: ...
    def config(self) -> Future[dict[str, str]]: ...
    def current_config(self) -> Future[dict[str, str]]: ...
    def pending(self) -> Future[list[PendingValue]]: ...
    def set_config(self, params: Params | None = None, /, *, _force: int | None = None, **keywords: Param) -> Future[None]: ...
    def tag(self, *add: str, remove: Sequence[str] = ..., force: int | None = None) -> Future[list[str]]: ...
    @overload
    def start(self, *, wait: Literal[True] = True, force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> Future[TaskReport]: ...
    @overload
    def start(self, *, wait: Literal[False], force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> Future[AsyncTask]: ...
    @overload
    def shutdown(self, *, guest_timeout: float | None = None, then_stop: bool = False, wait: Literal[True] = True, force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> Future[TaskReport]: ...
    @overload
    def shutdown(self, *, guest_timeout: float | None = None, then_stop: bool = False, wait: Literal[False], force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> Future[AsyncTask]: ...
    @overload
    def stop(self, *, wait: Literal[True] = True, force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> Future[TaskReport]: ...
    @overload
    def stop(self, *, wait: Literal[False], force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> Future[AsyncTask]: ...
    @overload
    def reboot(self, *, guest_timeout: float | None = None, wait: Literal[True] = True, force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> Future[TaskReport]: ...
    @overload
    def reboot(self, *, guest_timeout: float | None = None, wait: Literal[False], force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> Future[AsyncTask]: ...
    @overload
    def suspend(self, *, wait: Literal[True] = True, force: int | None = None, timeout: float | None = None) -> Future[TaskReport]: ...
    @overload
    def suspend(self, *, wait: Literal[False], force: int | None = None, timeout: float | None = None) -> Future[AsyncTask]: ...
    @overload
    def resume(self, *, wait: Literal[True] = True, force: int | None = None, timeout: float | None = None) -> Future[TaskReport]: ...
    @overload
    def resume(self, *, wait: Literal[False], force: int | None = None, timeout: float | None = None) -> Future[AsyncTask]: ...
    def ensure(self, power: Literal["running", "stopped"], *, force: int | None = None, timeout: float | None = None) -> Future[TaskReport | None]: ...
    def delete(self, *, purge: bool = False, stop_first: bool = False, destroy_unreferenced_disks: bool = False, force: int | None = None, timeout: float | None = None) -> Future[TaskReport | None]: ...
    def resize(self, disk: str, *, by: int | None = None, to: int | None = None, force: int | None = None, timeout: float | None = None) -> Future[TaskReport]: ...
    def exec(self, argv: Sequence[str], *, input: str | bytes | None = None, force: int | None = None, timeout: float | None = None) -> Future[ExecResult]: ...
    def wait_for_ip(self, *, v6: bool = False, mac: str | None = None, subnet: str | None = None, timeout: float | None = None) -> Future[FoundIp]: ...
    def snapshots(self) -> Future[list[SnapshotEntry]]: ...
    def snapshot(self, name: str, *, description: str | None = None, vmstate: bool = False, force: int | None = None, timeout: float | None = None) -> Future[TaskReport]: ...
    def rollback(self, name: str, *, force: int | None = None, timeout: float | None = None) -> Future[TaskReport]: ...
    def delete_snapshot(self, name: str, *, force: int | None = None, timeout: float | None = None) -> Future[TaskReport]: ...
    def template(self, *, force: int | None = None, timeout: float | None = None) -> Future[TaskReport]: ...
    def interfaces(self) -> Future[list[GuestInterface]]: ...

class AsyncVm(AsyncGuest):
    def clone(self, name: str, *, newid: int | None = None, full: bool | None = None, target: str | None = None, storage: str | None = None, pool: str | None = None, snapname: str | None = None, description: str | None = None, force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> Future[AsyncClonedVm]: ...
    @overload
    def reset(self, *, wait: Literal[True] = True, force: int | None = None, timeout: float | None = None) -> Future[TaskReport]: ...
    @overload
    def reset(self, *, wait: Literal[False], force: int | None = None, timeout: float | None = None) -> Future[AsyncTask]: ...
    def cloud_init(self, *, user: str | None = None, password: str | Secret | None = None, ssh_keys: Sequence[str] | None = None, ips: Sequence[str] | None = None, nameserver: str | None = None, searchdomain: str | None = None, upgrade: bool | None = None, drive: tuple[str, str] | None = None, force: int | None = None) -> Future[None]: ...
    def agent_ping(self) -> Future[None]: ...
    def agent_osinfo(self) -> Future[OsInfo]: ...
    def file_read(self, file: str) -> Future[str]: ...
    def file_write(self, file: str, content: str, *, force: int | None = None) -> Future[None]: ...

class AsyncContainer(AsyncGuest):
    def clone(self, name: str, *, newid: int | None = None, full: bool | None = None, target: str | None = None, storage: str | None = None, pool: str | None = None, snapname: str | None = None, description: str | None = None, force: int | None = None, timeout: float | None = None, on_progress: OnProgress | None = None) -> Future[AsyncClonedContainer]: ...
    def push(self, path: str, content: str | bytes, *, perms: int | None = None, user: str | None = None, group: str | None = None, force: int | None = None) -> Future[None]: ...
    def pull(self, path: str) -> Future[bytes]: ...

class AsyncNode:
    @property
    def name(self) -> str: ...
    def status(self) -> Future[NodeStatus]: ...
    def telemetry(self, *, backups: bool = False) -> Future[NodeTelemetry]: ...
    def version(self) -> Future[Version]: ...
    def vms(self) -> Future[list[GuestStatus]]: ...
    def containers(self) -> Future[list[GuestStatus]]: ...
    def storages(self) -> Future[list[StorageStatus]]: ...
    def content(self, storage: str, *, kind: str | None = None) -> Future[list[Content]]: ...
    def interfaces(self) -> Future[list[Interface]]: ...
    def bridges(self) -> Future[list[Interface]]: ...
    def disks(self) -> Future[list[Disk]]: ...
    def tasks(self, *, limit: int = 50) -> Future[list[TaskEntry]]: ...
    def vm(self, vmid: int) -> AsyncVm: ...
    def container(self, vmid: int) -> AsyncContainer: ...
    def create_vm(self, name: str, *, vmid: int | None = None, cores: int | None = None, memory: int | None = None, disks: Mapping[str, tuple[str, int]] | None = None, nets: Sequence[str] = ..., cloud_init_drive: tuple[str, str] | None = None, agent: bool = False, tags: Sequence[str] = ..., pool: str | None = None, onboot: bool = False, start: bool = False, params: Params | None = None, timeout: float | None = None) -> Future[AsyncVm]: ...
    def create_container(self, hostname: str, *, template: str, vmid: int | None = None, rootfs: tuple[str, int] | None = None, cores: int | None = None, memory: int | None = None, swap: int | None = None, nets: Sequence[str] = ..., ssh_keys: Sequence[str] = ..., password: str | Secret | None = None, nesting: bool = False, privileged: bool = False, tags: Sequence[str] = ..., pool: str | None = None, onboot: bool = False, start: bool = False, params: Params | None = None, timeout: float | None = None) -> Future[AsyncContainer]: ...

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
    @classmethod
    def https(cls, url: str, *, token: str | None = None, secret: str | Secret | None = None, user: str | None = None, password: str | Secret | None = None, ca_file: str | PathLike[str] | None = None, ca_pem: str | bytes | None = None, fingerprint: str | None = None, dangerous_accept_any_certificate: bool = False, connect_timeout: float | None = None, first_byte_timeout: float | None = None, total_timeout: float | None = None, limit: int | None = None, policy: Policy | None = None, on_decision: OnDecision | None = None) -> AsyncClient: ...
    @classmethod
    def ssh(cls, target: str, *, jumps: Sequence[str] = ..., key: str | PathLike[str] | None = None, known_hosts: str | PathLike[str] | None = None, config_file: str | PathLike[str] | None = None, accept_new_host_keys: bool = False, dangerous_accept_any_host_key: bool = False, proxy_command: str | None = None, engine: Literal["auto", "tunnel", "pvesh"] | None = None, sudo: bool = False, token: str | None = None, secret: str | Secret | None = None, fingerprint: str | None = None, allow_secret_arguments: bool = False, connect_timeout: float | None = None, limit: int | None = None, node_root: str | PathLike[str] | None = None, pveproxy_port: int | None = None, policy: Policy | None = None, on_decision: OnDecision | None = None) -> AsyncClient: ...
    @classmethod
    def local(cls, *, sudo: bool = False, allow_secret_arguments: bool = False, limit: int | None = None, node_root: str | PathLike[str] | None = None, policy: Policy | None = None, on_decision: OnDecision | None = None) -> AsyncClient: ...
    @classmethod
    def sim(cls, sim: Sim | None = None, *, token: str | None = None, secret: str | None = None, policy: Policy | None = None, on_decision: OnDecision | None = None) -> AsyncClient: ...
    def get(self, path: str, params: Params | None = None, /, *, _timeout: float | None = None, **keywords: Param) -> Future[Any]: ...
    def create(self, path: str, params: Params | None = None, /, *, _force: int | None = None, _timeout: float | None = None, **keywords: Param) -> Future[Any]: ...
    def set(self, path: str, params: Params | None = None, /, *, _force: int | None = None, _timeout: float | None = None, **keywords: Param) -> Future[Any]: ...
    def delete(self, path: str, params: Params | None = None, /, *, _force: int | None = None, _timeout: float | None = None, **keywords: Param) -> Future[Any]: ...
    def version(self) -> Future[Version]: ...
    def resources(self) -> Future[list[Resource]]: ...
    def guests(self) -> Future[list[Resource]]: ...
    def nodes(self) -> Future[list[Resource]]: ...
    def vnets(self) -> Future[list[Vnet]]: ...
    def next_id(self) -> Future[int]: ...
    def find(self, guest: int | str) -> Future[Location]: ...
    def guest(self, guest: int | str) -> Future[AsyncVm | AsyncContainer]: ...
    def node(self, name: str) -> AsyncNode: ...
    def vm(self, vmid: int, *, node: str) -> AsyncVm: ...
    def container(self, vmid: int, *, node: str) -> AsyncContainer: ...
    def task(self, upid: str) -> AsyncTask: ...
    def plan(self) -> AsyncPlan: ...
    def report(self, *, name: str | None = None, node: str | None = None, addresses: bool = False, snapshots: bool = False, thresholds: dict[str, Any] | None = None) -> Future[Report]: ...
    def watch(self, *, interval: float | None = None, longest_pause: float | None = None, templates: bool | None = None, cpu_points: float | None = None, memory_percent: float | None = None, queue: int | None = None) -> AsyncWatch: ...
    @property
    def policy(self) -> Policy: ...
    @property
    def transport(self) -> str: ...
    @property
    def endpoint(self) -> str: ...
    @property
    def closed(self) -> bool: ...
    def close(self) -> None: ...
    def __aenter__(self) -> Future[Self]: ...
    def __aexit__(self, *_raised: object) -> Future[None]: ...

class AsyncWatch:
    def close(self) -> None: ...
    def __aiter__(self) -> AsyncIterator[Event]: ...
    def __anext__(self) -> Future[Event]: ...
    def __aenter__(self) -> Future[Self]: ...
    def __aexit__(self, *_raised: object) -> Future[None]: ...

class AsyncDomain:
    @property
    def name(self) -> str: ...
    @property
    def uuid(self) -> str: ...
    def state(self) -> Future[DomainState]: ...
    def overview(self) -> Future[DomainOverview]: ...
    def usage(self, *groups: Group) -> Future[DomainUsage]: ...
    def xml(self, *, inactive: bool = False) -> Future[str]: ...
    def start(self, *, paused: bool = False, force: str | None = None) -> Future[None]: ...
    def shutdown(self, *, guest_timeout: float | None = None, then_stop: bool = False, force: str | None = None) -> Future[None]: ...
    def stop(self, *, force: str | None = None) -> Future[None]: ...
    def reboot(self, *, force: str | None = None) -> Future[None]: ...
    def reset(self, *, force: str | None = None) -> Future[None]: ...
    def suspend(self, *, force: str | None = None) -> Future[None]: ...
    def resume(self, *, force: str | None = None) -> Future[None]: ...
    def autostart(self) -> Future[bool]: ...
    def set_autostart(self, on: bool, *, force: str | None = None) -> Future[None]: ...
    def tags(self) -> Future[list[str]]: ...
    def set_tags(self, tags: Sequence[str], *, force: str | None = None) -> Future[None]: ...
    def add_tag(self, tag: str, *, force: str | None = None) -> Future[bool]: ...
    def remove_tag(self, tag: str, *, force: str | None = None) -> Future[bool]: ...
    def set_vcpus(self, count: int, *, force: str | None = None) -> Future[None]: ...
    def set_memory(self, memory: int, *, force: str | None = None) -> Future[None]: ...
    def resize_disk(self, target: str, *, by: int | None = None, to: int | None = None, force: str | None = None) -> Future[int]: ...
    def snapshots(self) -> Future[list[DomainSnapshot]]: ...
    def snapshot(self, name: str, *, description: str | None = None, memory: bool | None = None, force: str | None = None) -> Future[None]: ...
    def revert(self, name: str, *, force: str | None = None) -> Future[None]: ...
    def delete_snapshot(self, name: str, *, force: str | None = None) -> Future[None]: ...
    def interfaces(self) -> Future[list[GuestInterface]]: ...
    def wait_for_ip(self, *, v6: bool = False, mac: str | None = None, subnet: str | None = None, timeout: float | None = None) -> Future[FoundIp]: ...
    def wait_for_agent(self, *, timeout: float | None = None) -> Future[None]: ...
    def exec(self, argv: Sequence[str], *, input: str | bytes | None = None, force: str | None = None, timeout: float | None = None) -> Future[ExecResult]: ...
    def delete(self, *, force: str | None = None) -> Future[DeletedDomain]: ...

class AsyncLibvirtHost:
    @classmethod
    def open(cls, uri: str, *, wire: Literal["auto", "rpc", "virsh"] = "auto", jumps: Sequence[str] = ..., ssh_config: str | PathLike[str] | None = None, connect_timeout: float | None = None, reconnect: bool = True, policy: Policy | None = None) -> Future[AsyncLibvirtHost]: ...
    @property
    def name(self) -> str: ...
    @property
    def uri(self) -> str: ...
    @property
    def policy(self) -> Policy: ...
    def transport(self) -> Future[str]: ...
    def list(self) -> Future[list[DomainOverview]]: ...
    def domain(self, name: str) -> Future[AsyncDomain]: ...
    def domain_by_uuid(self, uuid: str) -> Future[AsyncDomain]: ...
    def tagged(self, tag: str) -> Future[list[AsyncDomain]]: ...
    def usage(self, *groups: Group) -> Future[list[DomainUsage]]: ...
    def capacity(self) -> Future[HostCapacity]: ...
    def pools(self) -> Future[list[PoolCapacity]]: ...
    def ensure_image(self, pool: str, *, volume: str | None = None, url: str | None = None, file: str | None = None, checksum: str | None = None) -> Future[str]: ...
    def create(self, name: str, *, memory: int, vcpus: int = 1, max_memory: int | None = None, max_vcpus: int | None = None, volume: str | None = None, url: str | None = None, file: str | None = None, checksum: str | None = None, disk: int | None = None, overlay: bool = False, pool: str = "default", networks: Sequence[str] = ..., bridges: Sequence[str] = ..., user_data: str | Secret | None = None, network_config: str | Secret | None = None, tags: Sequence[str] = ..., title: str | None = None, description: str | None = None, virt_type: str = "kvm", arch: str | None = None, machine: str | None = None, cpu: str | None = None, uefi: bool = False, autostart: bool = False, start: bool = True) -> Future[AsyncDomain]: ...
    def virt_install(self, words: Sequence[str], *, tags: Sequence[str] = ..., start: bool = True) -> Future[AsyncDomain]: ...
    @property
    def closed(self) -> bool: ...
    def close(self) -> None: ...
    def __aenter__(self) -> Future[Self]: ...
    def __aexit__(self, *_raised: object) -> Future[None]: ...
