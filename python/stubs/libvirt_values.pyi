# Results of libvirt hosts, and of places of both kinds.

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
    def __init__(self, entries: str | Sequence[Mapping[str, Any]], /) -> None: ...
    def __iter__(self) -> Iterator[Region]: ...
    def __len__(self) -> int: ...
