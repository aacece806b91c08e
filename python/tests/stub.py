"""What the stub tells."""

from __future__ import annotations

import ast
from pathlib import Path

import proxmox_sdk as px

HERE = Path(__file__).parent.parent
STUB = ast.parse((HERE / "proxmox_sdk" / "__init__.pyi").read_text())
CLASSES = {node.name: node for node in STUB.body if isinstance(node, ast.ClassDef)}

# Results that only a libvirt host has, or a backend.
OF_HOSTS = {
    "DomainOverview", "DomainUsage", "NicUsage", "DiskUsage", "HostCapacity", "PoolCapacity", "DomainSnapshot", "DeletedDomain",
    "LeftVolume",
}
OF_BACKENDS = {"Instance", "Capacity", "InstanceType", "Region", "InstanceEvent"}


def members(name: str) -> dict[str, ast.FunctionDef]:
    node = CLASSES[name]
    own = {f.name: f for f in node.body if isinstance(f, ast.FunctionDef)}
    inherited = [members(base.id) for base in node.bases if isinstance(base, ast.Name) and base.id in CLASSES]
    return {name: f for each in [*inherited, own] for name, f in each.items()}


def attributes(name: str) -> list[str]:
    return [f.target.id for f in CLASSES[name].body if isinstance(f, ast.AnnAssign) and isinstance(f.target, ast.Name)]


class Look:
    """Looks at every attribute that results should have, and notes their classes."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def __call__(self, value: object) -> None:
        if isinstance(value, px.Record):
            name = type(value).__name__
            self.seen.add(name)
            for attribute in attributes(name) or attributes("Cloned"):
                self(getattr(value, attribute))
        elif isinstance(value, list):
            for item in value:
                self(item)
