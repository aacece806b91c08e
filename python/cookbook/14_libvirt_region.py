"""Instances in regions of both kinds, by the same code: a Proxmox VE cluster, and a plain libvirt host where one is named."""

import os
from typing import Any, Optional

import proxmox_sdk as px

SMALL = {"instance_type": "small", "vcpus": 1, "memory_mib": 128, "disk_mib": 4096}
LAB = os.environ.get("LIBVIRT_DEFAULT_URI")


def regions() -> px.Regions:
    eu: "dict[str, Any]" = {
        "region_name": "eu",
        "backend_type": "proxmox",
        "url": os.environ["PVE_URL"],
        "token_id": os.environ["PVE_TOKEN_ID"],
        "token_secret_env": "PVE_TOKEN_SECRET",
        "ca_file": os.environ.get("PVE_CA"),
        "storage": "local-lvm",
    }
    # Where there is no KVM, qemu runs machines as well.
    lab: "dict[str, Any]" = {"region_name": "lab", "uri": LAB, "virt_type": os.environ.get("LIBVIRT_TYPE", "kvm")}
    return px.Regions([{**region, "available_instance_types": [SMALL]} for region in ([eu, lab] if LAB else [eu])])


def work(region: px.Backend, *, template: Optional[str] = None, volume: Optional[str] = None) -> None:
    """The same for every region."""
    fits = region.fit(size="small")
    made = region.create("region-1", size="small", template=template, volume=volume, tags=["web"])
    try:
        region.set_tags(made.id, ["web", "blue"])
        seen = region.get(made.id)
        print(f"{region.name}: {fits}, {seen.name} on {seen.node} is {seen.state}, with {' '.join(seen.tags)}")
        assert seen.state is px.InstanceState.RUNNING and "blue" in seen.tags
        region.shutdown(made.id, guest_timeout=2)
    finally:
        assert region.delete(made.id)


for each in regions():
    with px.Backend.open(regions(), each.name) as region:
        if region.kind is px.RegionKind.PROXMOX:
            work(region, template="debian-12-cloud")
        else:
            work(region, volume=os.environ.get("LIBVIRT_IMAGE", "default/debian-12.qcow2"))

# What only a libvirt host has, its own noun has.
if LAB:
    with px.LibvirtHost.open(LAB) as host:
        for pool in host.pools():
            print(f"{host.name}: pool {pool.name} has {pool.free // px.GIB} GiB left")
        assert "region-1" not in [domain.name for domain in host.domains()]
