"""What type checkers are to know exactly. It is checked and never run."""

import asyncio
from typing import Optional, Union

from typing_extensions import assert_type

import proxmox_sdk as px
from proxmox_sdk.compat import ProxmoxAPI


def blocking(client: px.Client) -> None:
    vm = client.vm(100, node="pve1")
    assert_type(vm, px.Vm)
    assert_type(vm.status(), px.GuestStatus)
    assert_type(vm.status().status, Union[px.GuestState, str])
    assert_type(vm.start(), px.TaskReport)
    assert_type(vm.start(wait=False), px.Task)
    assert_type(vm.clone("x").guest, px.Vm)
    assert_type(client.container(101, node="pve1").clone("x").guest, px.Container)
    assert_type(client.guest("x"), Union[px.Vm, px.Container])
    assert_type(px.preflight(vm.clone, "x", full=True), px.Preflight)
    assert_type(px.request(vm.start), px.Request)
    assert_type(next(client.watch()), px.Event)
    assert_type(client.report().flags[0].rule, px.FlagRule)
    with client as same, same.plan() as plan:
        assert_type(same, px.Client)
        assert_type(plan.client, px.Client)
    px.preflight(vm.clone, nonsense=1)  # type: ignore # pyright: ignore
    vm.start(nonsense=1)  # type: ignore # pyright: ignore
    vm.nonsense()  # type: ignore # pyright: ignore


async def asynchronous(client: px.AsyncClient) -> None:
    vm = client.vm(100, node="pve1")
    assert_type(vm, px.AsyncVm)
    assert_type(await vm.status(), px.GuestStatus)
    assert_type(await vm.start(wait=False), px.AsyncTask)
    assert_type((await vm.clone("x")).guest, px.AsyncVm)
    assert_type(await px.preflight(vm.clone, "x"), px.Preflight)
    assert_type(await asyncio.gather(client.version(), client.next_id()), tuple[px.Version, int])
    async with client as same, same.watch() as watch:
        assert_type(same, px.AsyncClient)
        async for event in watch:
            assert_type(event, px.Event)


def compat(api: ProxmoxAPI) -> None:
    api.nodes("pve1").qemu(100).status.current.get()


def hosts(regions: px.Regions) -> None:
    with px.LibvirtHost.open("qemu:///system", policy=px.Policy()) as host:
        assert_type(host, px.LibvirtHost)
        domain = host.create("x", memory=px.GIB, volume="default/x")
        assert_type(domain, px.Domain)
        assert_type(domain.state(), px.DomainState)
        assert_type(host.domains()[0].memory, Optional[int])
        assert_type(host.usage("cpu", "disks")[0].disks[0].read, int)
        assert_type(domain.delete().left[0].why, str)
        domain.start(force=100)  # type: ignore # pyright: ignore
        host.usage("sound")  # type: ignore # pyright: ignore
    with px.Backend.open(regions, "eu") as backend:
        assert_type(backend, px.Backend)
        assert_type(backend.create("x", size="small", template="y").state, px.InstanceState)
        assert_type(next(backend.watch()).instances, Optional[list[px.Instance]])
        assert_type(px.Backend.over(host, regions, "lab"), px.Backend)
        px.Backend.over("lab", regions, "lab")  # type: ignore # pyright: ignore
        assert_type([region.kind for region in regions], list[px.RegionKind])


async def hosts_asynchronously(regions: px.Regions) -> None:
    async with await px.AsyncLibvirtHost.open("qemu:///system") as host:
        assert_type(host, px.AsyncLibvirtHost)
        assert_type(await host.domain("x"), px.AsyncDomain)
        assert_type(await (await host.domain("x")).exec(["true"]), px.ExecResult)
    async with await px.AsyncBackend.open(regions, "eu") as backend:
        assert_type(await backend.capacity(), px.Capacity)
        assert_type(px.AsyncBackend.over(host, regions, "lab"), px.AsyncBackend)
        async for event in backend.watch():
            assert_type(event, px.InstanceEvent)
