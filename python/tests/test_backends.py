"""Places of both kinds by the same code: a simulated cluster over https, and a real libvirt host."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import pytest

import proxmox_sdk as px
from libvirtd import Libvirtd
from stub import OF_BACKENDS, Look

SIZES = [
    {"instance_type": "small", "vcpus": 1, "memory_mib": 64, "disk_mib": 4096},
    {"instance_type": "huge", "vcpus": 1, "memory_mib": 1 << 30, "disk_mib": 4096},
]


@pytest.fixture
def cluster(sim: px.Sim, tmp_path: Path) -> dict[str, Any]:
    ca = tmp_path / "ca.pem"
    ca.write_text(sim.ca_pem)
    return {
        "region_name": "eu", "backend_type": "proxmox", "url": sim.url, "token_id": sim.token, "token_secret": px.Secret(sim.secret),
        "ca_file": str(ca), "storage": "local-lvm", "available_instance_types": SIZES,
    }


@pytest.fixture(params=["eu", "lab"])
def place(request: pytest.FixtureRequest) -> tuple[px.Regions, str, dict[str, str]]:
    """The regions, the name of one of them, and what instances are made of there."""
    if request.param == "eu":
        return px.Regions([request.getfixturevalue("cluster")]), "eu", {"template": "debian-12-cloud"}
    uri = request.getfixturevalue("libvirtd").uri()
    lab = {"region_name": "lab", "uri": uri, "virt_type": "qemu", "available_instance_types": SIZES}
    return px.Regions(json.dumps([lab])), "lab", {"volume": "default/empty.qcow2"}


Place = "tuple[px.Regions, str, dict[str, str]]"


def test_the_same_for_both(place: Place) -> None:
    regions, name, image = place
    look = Look()
    with px.Backend.open(regions, name) as backend:
        assert (backend.name, backend.kind) == (name, px.RegionKind.PROXMOX if name == "eu" else "libvirt")
        assert [(each.name, each.memory) for each in backend.instance_types][0] == ("small", 64 * px.MIB)
        assert backend.fit(size="small") is px.Fit.FITS and backend.fit(size="huge") is px.Fit.NO_MEMORY
        assert backend.fit(vcpus=1, memory=px.GIB, disk=1 << 60) == "no-disk"
        capacity = backend.capacity()
        assert capacity.free_memory == capacity.memory - capacity.promised_memory > px.GIB
        before = [instance.name for instance in backend.instances()]

        made = backend.create("web-1", size="small", tags=["web"], user_data=px.Secret("#cloud-config\n"), **image)
        assert (made.name, made.state, made.managed, made.memory) == ("web-1", px.InstanceState.RUNNING, True, 64 * px.MIB)
        assert backend.get(made.id).tags == made.tags == ["sdk-managed", "web"]
        with pytest.raises(px.AlreadyExistsError):
            backend.create("web-1", size="small", **image)
        with backend.watch() as watch:
            first = next(watch)
            assert first.kind is px.InstanceEventKind.LISTED and first.instances is not None
            assert made.id in [instance.id for instance in first.instances]
            look(first)
        assert list(watch) == [], "it is closed"
        backend.set_tags(made.id, ["blue"])
        assert backend.get(made.id).tags == ["blue", "sdk-managed"]
        backend.stop(made.id)
        backend.shutdown(made.id, guest_timeout=1)
        assert backend.get(made.id).state is px.InstanceState.STOPPED
        assert backend.ips(made.id) == []
        backend.start(made.id)
        backend.shutdown(made.id, guest_timeout=0.2)
        assert backend.get(made.id).state == "stopped"

        assert backend.delete(made.id) and not backend.delete(made.id)
        with pytest.raises(px.NotFoundError):
            backend.get(made.id)
        assert [instance.name for instance in backend.instances()] == before
        for value in (made, capacity, backend.instance_types, list(regions)):
            look(value)
    assert look.seen == OF_BACKENDS
    assert backend.closed and repr(backend).endswith(", closed>")
    for call in (backend.instances, backend.watch, lambda: backend.delete(made.id), lambda: next(watch)):
        with pytest.raises(px.ClosedError, match="the backend is closed"):
            call()


def test_asyncio(place: Place) -> None:
    regions, name, image = place

    async def program() -> None:
        async with await px.AsyncBackend.open(regions, name) as backend:
            kinds = []
            async with backend.watch() as watch:
                assert isinstance(watch, px.AsyncInstanceWatch)
                async for event in watch:
                    kinds.append(event.kind)
                    break
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(watch.__anext__(), 0.01)
            assert kinds == ["listed"]
            first, second = await asyncio.gather(
                *(backend.create(f"web-{n}", vcpus=1, memory=64 * px.MIB, disk=4 * px.GIB, **image) for n in (1, 2))
            )
            assert (await backend.get(first.id)).name == "web-1"
            assert await asyncio.gather(*(backend.delete(one.id) for one in (first, second))) == [True, True]
            with pytest.raises(px.NotFoundError):
                await backend.start(first.id)
        with pytest.raises(px.ClosedError):
            await backend.capacity()

    asyncio.run(program())


def test_events_of_a_host(libvirtd: Libvirtd) -> None:
    regions = px.Regions([{"region_name": "lab", "uri": libvirtd.uri(), "virt_type": "qemu"}])
    with px.Backend.open(regions, "lab") as backend, backend.watch() as watch:
        assert next(watch).instances == []
        made = backend.create("seen", vcpus=1, memory=64 * px.MIB, disk=px.MIB, volume="default/empty.qcow2")
        heard: list[px.InstanceEvent] = []
        while not heard or heard[-1].instance is None or heard[-1].instance.state != "running":
            heard.append(next(watch))
        assert {(event.kind, event.id) for event in heard} == {(px.InstanceEventKind.CHANGED, made.id)}
        backend.delete(made.id)
        while heard[-1].kind is not px.InstanceEventKind.GONE:
            heard.append(next(watch))
        assert (heard[-1].id, heard[-1].instance) == (made.id, None)


def test_programs_in_instances(cluster: dict[str, Any]) -> None:
    with px.Backend.open(px.Regions([cluster]), "eu") as backend:
        made = backend.create("web-1", size="small", template="debian-12-cloud")
        assert backend.exec(made.id, ["cat"], input="x").success
        assert backend.ips(made.id)[0].startswith("10.")


def test_a_node_is_a_region(cluster: dict[str, Any], sim: px.Sim) -> None:
    regions = px.Regions([cluster])
    with px.Backend.open(regions, "eu") as all_of_it, px.Backend.open(regions, "eu-pve1") as one:
        assert (one.name, one.endpoint) == ("eu-pve1", sim.url)
        assert one.capacity().memory * 2 == all_of_it.capacity().memory
        assert one.create("web-1", size="small", template="debian-12-cloud").node == "pve1"


def test_the_gate(cluster: dict[str, Any]) -> None:
    regions = px.Regions([cluster])
    with px.Backend.open(regions, "eu") as backend:
        with pytest.raises(px.RefusedError, match="managed-tag"):
            backend.stop("100")
        with pytest.raises(px.RefusedError, match="protected-tag"):
            backend.delete("101")
    with px.Backend.open(regions, "eu", policy=px.Policy(managed_tag="ci")) as backend:
        made = backend.create("web-1", size="small", template="debian-12-cloud")
        assert made.tags == ["ci"]
    with px.Backend.open(regions, "eu") as backend, pytest.raises(px.RefusedError):
        backend.stop(made.id)


def test_the_gate_of_a_host(libvirtd: Libvirtd) -> None:
    regions = px.Regions([{"region_name": "lab", "uri": libvirtd.uri(), "virt_type": "qemu"}])
    image = {"vcpus": 1, "memory": 64 * px.MIB, "disk": px.MIB, "volume": "default/empty.qcow2"}
    with px.Backend.open(regions, "lab", policy=px.Policy(managed_tag="ci")) as backend:
        made = backend.create("web-1", **image)
        with px.Backend.open(regions, "lab") as other, pytest.raises(px.RefusedError, match="managed-tag"):
            other.delete(made.id)
        assert backend.delete(made.id)


def test_over_what_is_there(cluster: dict[str, Any], sim: px.Sim) -> None:
    heard = threading.Event()
    lab = {"region_name": "lab", "uri": "qemu:///system"}
    regions = px.Regions([{**cluster, "url": "https://nowhere.invalid"}, lab])
    with px.Client.sim(sim, policy=px.Policy(managed_tag="ci"), on_decision=lambda _: heard.set()) as client:
        backend = px.Backend.over(client, regions, "eu-pve1")
        assert (backend.name, backend.endpoint) == ("eu-pve1", client.endpoint)
        made = backend.create("web-1", size="small", template="debian-12-cloud")
        assert (made.node, made.tags) == ("pve1", ["ci"])
        backend.close()
        assert client.version().major == 8, "the client goes on"
        with pytest.raises(TypeError, match="a libvirt region is over a LibvirtHost, not over a Client"):
            px.Backend.over(client, regions, "lab")
        with pytest.raises(TypeError, match="a proxmox region is over a Client, not over a str"):
            px.Backend.over("eu", regions, "eu")
        with pytest.raises(px.NotFoundError):
            px.Backend.over(client, regions, "nosuch")
        backend = px.Backend.over(client, regions, "eu")
    assert len(backend.instances()) == 3, "and so does what is over it"
    backend.close()
    with pytest.raises(px.ClosedError):
        px.Backend.over(client, regions, "eu")
    assert heard.wait(10)


def test_over_a_host(libvirtd: Libvirtd) -> None:
    regions = px.Regions([{"region_name": "lab", "uri": "qemu:///elsewhere", "virt_type": "qemu", "pool": "default"}])
    with px.LibvirtHost.open(libvirtd.uri(), policy=px.Policy(managed_tag="ci")) as host:
        with px.Backend.over(host, regions, "lab") as backend:
            made = backend.create("over", vcpus=1, memory=64 * px.MIB, disk=px.MIB, volume="empty.qcow2", user_data="#!/bin/sh\n")
            assert made.tags == ["ci"] and host.domain("over").uuid == made.id
        assert host.domain("over").delete().existed

    async def program() -> None:
        async with await px.AsyncLibvirtHost.open(libvirtd.uri()) as host:
            async with px.AsyncBackend.over(host, regions, "lab") as backend:
                assert await backend.instances() == []

    asyncio.run(program())


def test_regions_that_cannot_be_opened(cluster: dict[str, Any]) -> None:
    nowhere = {"region_name": "lab", "uri": "qemu:///system?socket=/does/not/exist"}
    without = {key: value for key, value in cluster.items() if key != "token_secret"}
    regions = px.Regions([
        cluster, nowhere, {**cluster, "region_name": "off", "enabled": False},
        {**without, "region_name": "us", "token_secret_env": "NOBODY_SETS_THIS"},
    ])
    assert [region.name for region in regions] == ["eu", "lab", "us"] and len(regions) == 3
    assert repr(regions) == "<Regions eu, lab, us>"
    for name, kind, text in (
        ("nosuch", px.NotFoundError, "there is no region \"nosuch\""),
        ("off", px.RefusedError, "region off is switched off"),
        ("lab", px.ConnectError, "region lab: "),
        ("us", px.InvalidInputError, "the environment has no NOBODY_SETS_THIS"),
    ):
        with pytest.raises(kind, match=text):
            px.Backend.open(regions, name)


def test_what_makes_no_sense(cluster: dict[str, Any], sim: px.Sim) -> None:
    for entries, text in (
        ("nonsense", "regions: "),
        ({}, "regions: "),
        ([{"region_name": "a"}], 'region "a": it lacks uri'),
        ([cluster, cluster], "there are two of that name"),
        ([{**cluster, "colour": "red"}], "unknown field `colour`"),
    ):
        with pytest.raises(px.InvalidInputError, match=text) as caught:
            px.Regions(entries)
        assert sim.secret not in str(caught.value)
    for entries in (None, [None, object()], [{"region_name": object()}], [{b"region_name": "a"}]):
        with pytest.raises((TypeError, px.InvalidInputError)):
            px.Regions(entries)
    with px.Backend.open(px.Regions([cluster]), "eu") as backend:
        image = {"template": "debian-12-cloud"}
        for call in (
            lambda: backend.create("web-1", **image),
            lambda: backend.create("web-1", size="small", vcpus=1, **image),
            lambda: backend.create("web-1", vcpus=1, memory=64 * px.MIB, **image),
            lambda: backend.create("web-1", vcpus=1, memory=64 * px.MIB + 1, disk=px.GIB, **image),
            lambda: backend.create("web-1", size="small"),
            lambda: backend.create("web-1", size="small", **image, volume="x"),
            lambda: backend.create("web-1", size="small", url="https://x.example/i"),
            lambda: backend.create("web-1", size="small", **image, network="a", bridge="b"),
            lambda: backend.create("a b", size="small", **image),
            lambda: backend.get("nonsense"),
            lambda: backend.fit(),
        ):
            with pytest.raises(px.InvalidInputError) as caught:
                call()
            assert caught.value.outcome is px.Outcome.NOT_SENT
        with pytest.raises(px.NotFoundError, match="it has small, huge|no instance type"):
            backend.create("web-1", size="middling", **image)
        for wrong in (
            lambda: px.Backend.open([cluster], "eu"),
            lambda: px.Backend.open(px.Regions([cluster]), 3),
            lambda: px.Backend(),
            lambda: backend.get(100),
            lambda: backend.create("web-1", size=3, **image),
            lambda: backend.set_tags("100", "web"),
            lambda: backend.exec("100", "ls"),
            lambda: px.request(backend.start, "100"),
        ):
            with pytest.raises(TypeError):
                wrong()


def test_errors_of_regions_name_the_region_and_show_no_secret() -> None:
    good = {"region_name": "lab", "uri": "qemu:///system"}
    cluster = {"region_name": "eu", "backend_type": "proxmox", "url": "https://x:8006", "token_id": "a@pve!b", "storage": "local"}
    for bad in ({"token_secret": 123456789}, {"token_secret": [123456789]}, {"token_id": 123456789}):
        for entries in ([good, {**cluster, **bad}], json.dumps([good, {**cluster, **bad}])):
            with pytest.raises(px.InvalidInputError, match='region "eu"') as caught:
                px.Regions(entries)
            assert "12345" not in str(caught.value) + str(vars(caught.value))
    with pytest.raises(px.InvalidInputError, match='region "eu": .*colour'):
        px.Regions([good, {**cluster, "colour": "red"}])
    with pytest.raises(px.InvalidInputError, match="region 2 of the list: "):
        px.Regions([good, {"region_name": 5}])
    with pytest.raises(px.InvalidInputError, match="two of that name"):
        px.Regions([good, good])
