# Enums, results and exceptions.

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

def preflight(method: Callable[_P, Any], /, *args: _P.args, **keywords: _P.kwargs) -> Preflight: ...
def request(method: Callable[_P, Any], /, *args: _P.args, **keywords: _P.kwargs) -> Request: ...

KIB: Final[int]
MIB: Final[int]
GIB: Final[int]
__version__: Final[str]
