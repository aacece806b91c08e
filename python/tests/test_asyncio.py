"""The asynchronous client."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

import proxmox_sdk as px
from conftest import https


def run(sim: px.Sim, program: Callable[[px.AsyncClient], Awaitable[None]], **more: object) -> None:
    async def main() -> None:
        async with px.AsyncClient.https(**https(sim, **more)) as client:
            await program(client)
        assert client.closed

    asyncio.run(main())


def test_operations(sim: px.Sim) -> None:
    async def program(client: px.AsyncClient) -> None:
        assert (await client.version()).major == 8
        vm = client.vm(9000, node="pve1")
        assert isinstance(vm, px.AsyncVm) and not isinstance(vm, px.Vm)
        lines: list[str] = []
        cloned = await vm.clone("web", full=True, on_progress=lambda p: lines.append(p.line))
        assert isinstance(cloned.guest, px.AsyncVm)
        await cloned.guest.start()
        assert (await cloned.guest.wait_for_ip(timeout=60)).address
        task = await cloned.guest.stop(wait=False)
        assert (await task.outcome()).end is px.TaskEnd.OK
        assert "TASK OK" in lines
        assert (await client.guest("web")).vmid == cloned.vmid
        with pytest.raises(px.NotFoundError):
            await client.guest("nobody")
        assert (await px.preflight(cloned.guest.delete)).is_feasible
        assert px.request(cloned.guest.delete).verb is px.Verb.DELETE
        with client.plan() as plan:
            await plan.client.vm(cloned.vmid, node="pve1").start()
        assert len(plan.steps) == 1
        await plan.apply()
        assert sim.guest(cloned.vmid).running

    run(sim, program)


def test_many_at_once(sim: px.Sim) -> None:
    for _ in range(3):
        sim.break_wire("delay", "GET", "/version", times=16, seconds=0.2)

    async def program(client: px.AsyncClient) -> None:
        began = time.monotonic()
        await asyncio.gather(*(client.version() for _ in range(16)))
        assert time.monotonic() - began < 1.5, "they wait together"

    run(sim, program, limit=64)


def test_cancelling(sim: px.Sim) -> None:
    async def program(client: px.AsyncClient) -> None:
        sim.break_wire("stall", "GET", "/version", times=3)
        for _ in range(2):
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(client.version(), 0.05)
        asked = asyncio.ensure_future(client.version())
        await asyncio.sleep(0.05)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert (await client.version()).major == 8

    run(sim, program)


def test_watching(sim: px.Sim, managed: int) -> None:
    async def program(client: px.AsyncClient) -> None:
        kinds = []
        async with client.watch(interval=0.05) as watch:
            async for event in watch:
                kinds.append(event.kind)
                if len(kinds) == 1:
                    await client.vm(managed, node="pve1").stop()
                elif event.kind is px.EventKind.CHANGED:
                    break
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(watch.__anext__(), 0.01)
        async for _ in watch:
            pytest.fail("it is closed")
        assert kinds[0] is px.EventKind.SNAPSHOT

    run(sim, program)


def test_exceptions_of_callbacks_go_to_the_loop(sim: px.Sim) -> None:
    async def program(client: px.AsyncClient) -> None:
        heard: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context["exception"]))

        def bad(_: px.Progress) -> None:
            raise ValueError("mine")

        await client.vm(9000, node="pve1").clone("web", on_progress=bad)
        await asyncio.sleep(0.01)
        assert heard and isinstance(heard[0], ValueError)

    run(sim, program)


def test_outside_of_a_loop(sim: px.Sim) -> None:
    client = px.AsyncClient.https(**https(sim))
    with pytest.raises(RuntimeError, match="no running event loop"):
        client.version()
    client.close()

    async def closed() -> None:
        with pytest.raises(px.ClosedError):
            await client.version()

    asyncio.run(closed())


def test_one_client_and_several_loops(sim: px.Sim) -> None:
    client = px.AsyncClient.https(**https(sim))

    async def version() -> int:
        return (await client.version()).major

    assert [asyncio.run(version()) for _ in range(3)] == [8, 8, 8]
    client.close()


def test_a_loop_that_ends_before_the_answer(sim: px.Sim) -> None:
    sim.break_wire("delay", "GET", "/version", seconds=0.2)
    client = px.AsyncClient.https(**https(sim))

    async def begin() -> None:
        client.version()

    loop = asyncio.new_event_loop()
    loop.run_until_complete(begin())
    loop.close()
    time.sleep(0.4)

    async def version() -> int:
        return (await client.version()).major

    assert asyncio.run(version()) == 8
    client.close()
