"""Waiting for events, and its end."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

import proxmox_sdk as px
from conftest import https


def closing_ends_waiting(watch: px.Watch | px.InstanceWatch) -> None:
    """Closes it while another thread waits for all that it ever tells."""
    waiting = threading.Thread(target=lambda: list(watch))
    waiting.start()
    time.sleep(0.1)
    watch.close()
    waiting.join(5)
    assert not waiting.is_alive()


def test_closing_ends_a_wait_for_events(sim: px.Sim, client: px.Client) -> None:
    watch = client.watch(interval=3600)
    assert next(watch).kind is px.EventKind.SNAPSHOT
    ended: list[float] = []

    def wait() -> None:
        with pytest.raises(StopIteration):
            next(watch)
        ended.append(time.monotonic())

    waiting = [threading.Thread(target=wait) for _ in range(2)]
    for thread in waiting:
        thread.start()
    time.sleep(0.1)
    assert not ended
    watch.close()
    for thread in waiting:
        thread.join(5)
    assert len(ended) == 2


def test_closing_ends_the_requests_of_a_wait(sim: px.Sim, client: px.Client) -> None:
    watch = client.watch(interval=0.02, cpu_points=100, memory_percent=100)
    next(watch)
    closing_ends_waiting(watch)
    # What was on its way may still arrive.
    time.sleep(0.1)
    sim.forget_requests()
    time.sleep(0.2)
    assert sim.requests() == []


def test_closing_ends_an_awaited_event(sim: px.Sim) -> None:
    async def main() -> None:
        async with px.AsyncClient.https(**https(sim)) as client:
            watch = client.watch(interval=3600)
            await watch.__anext__()
            waiting = asyncio.ensure_future(watch.__anext__())
            await asyncio.sleep(0.05)
            assert not waiting.done()
            watch.close()
            with pytest.raises(StopAsyncIteration):
                await asyncio.wait_for(waiting, 5)

    asyncio.run(main())


def test_closing_ends_a_wait_for_instances(client: px.Client) -> None:
    region = {"region_name": "eu", "backend_type": "proxmox", "url": "https://x:8006", "token_id": "a@pve!b", "token_secret": "s", "storage": "local"}
    with px.Backend.over(client, px.Regions([region]), "eu") as place:
        watch = place.watch()
        next(watch)
        closing_ends_waiting(watch)
