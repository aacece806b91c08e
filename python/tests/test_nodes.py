"""What nodes keep: histories, and files on storages."""

from __future__ import annotations

import hashlib

import pytest

import proxmox_sdk as px
from conftest import https


def test_histories(client: px.Client, managed: int) -> None:
    node = client.node("pve1")
    points = client.vm(managed, node="pve1").history()
    assert points and all(isinstance(point, px.GuestPoint) for point in points)
    assert [p.time for p in points] == sorted(p.time for p in points)
    known = [p for p in points if p.cpu is not None]
    assert known and all(0 <= p.cpu <= 1 and p.maxmem > 0 for p in known)
    assert points[0].pressure_cpu_some is None, "8.4 has no pressures"
    day = node.history("day")
    assert isinstance(day[0], px.NodePoint) and day[0].memtotal == 32 * px.GIB
    full = node.storage_history("local", "week")[-1]
    assert isinstance(full, px.StoragePoint) and full.used <= full.total == 100 * px.GIB
    with pytest.raises(px.InvalidInputError, match="hour, day, week"):
        node.history("decade")  # type: ignore[arg-type]


def test_pressures_of_9() -> None:
    with px.Sim(version="9.2") as sim, px.Client.https(**https(sim)) as client:  # type: ignore[arg-type]
        assert any(p.pressure_cpu_some is not None for p in client.vm(100, node="pve1").history())


def test_files_go_there_and_away(client: px.Client) -> None:
    node, content = client.node("pve1"), bytes(range(256)) * 16
    digest = hashlib.sha256(content).hexdigest()
    volid = node.upload("local", "seed.iso", content, checksum=f"sha256:{digest}")
    assert volid == "local:iso/seed.iso"
    found = next(c for c in node.content("local", kind="iso") if c.volid == volid)
    assert found.size == len(content)
    assert node.upload("local", "base.tar.zst", b"x", kind="vztmpl") == "local:vztmpl/base.tar.zst"
    node.delete_volume(volid)
    assert volid not in [c.volid for c in node.content("local")]


def test_files_that_are_not_as_they_should_be(client: px.Client) -> None:
    node = client.node("pve1")
    with pytest.raises(px.TaskFailedError, match="checksum"):
        node.upload("local", "seed.iso", b"other", checksum="sha256:" + "0" * 64)
    for name, kind, checksum in [("a/b.iso", "iso", None), ("seed.txt", "iso", None), ("s.iso", "iso", "sha256:12"), ("s.iso", "x", None)]:
        with pytest.raises(px.InvalidInputError) as caught:
            node.upload("local", name, b"", kind=kind, checksum=checksum)  # type: ignore[arg-type]
        assert caught.value.outcome is px.Outcome.NOT_SENT
    with pytest.raises(TypeError):
        node.upload("local", "seed.iso", "seed.iso")  # type: ignore[arg-type]
    with pytest.raises(px.TaskFailedError):
        node.download("local", "no.iso", "https://images.example.com/no.iso")
    with pytest.raises(px.RefusedError):
        node.delete_volume("local-lvm:vm-101-disk-0")


def test_rows_that_are_kept_outlive_those_that_are_not() -> None:
    """The objects of rows that nobody holds are taken again for the next list."""
    with px.Sim(vms=1100) as sim, px.Client.https(**https(sim)) as client:  # type: ignore[arg-type]
        node = client.node("pve1")
        kept = node.vms()[::100]
        before = [vm.to_dict() for vm in kept]
        for _ in range(3):
            assert len(node.vms()) > 1100
        assert sim.set_config(kept[0].vmid, "name", "renamed")
        again = {vm.vmid: vm for vm in node.vms()}
        assert again[kept[0].vmid].name == "renamed" and len(again) > 1100
        assert [vm.to_dict() for vm in kept] == before
