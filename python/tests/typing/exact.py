"""What type checkers are to know exactly. It is checked and never run."""

import asyncio
from typing import Union

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
