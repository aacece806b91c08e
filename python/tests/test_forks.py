"""What a child of the process may do with what its parent made: look at it, and let it go."""

from __future__ import annotations

import gc
import os
import signal
import time
import traceback
from collections.abc import Callable

import pytest

import proxmox_sdk as px

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def in_child(program: Callable[[], None]) -> None:
    """Runs it there. What it raises, and a hang, fail the test."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            program()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            assert status == 0
            return
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    pytest.fail("the child hangs")


def test_what_asks_is_closed(client: px.Client, sim: px.Sim) -> None:
    client.version()
    vm, watch, plan = client.vm(100, node="pve1"), client.watch(), client.plan()
    url, ca_pem, token, secret = sim.url, sim.ca_pem, sim.token, sim.secret

    def program() -> None:
        nonlocal vm, watch, plan, client, sim
        for call in (client.version, vm.status, sim.guests, lambda: next(watch), plan.apply):
            with pytest.raises(px.ClosedError):
                call()
        # One of its own works, and what was the parent's is let go without a hang.
        with px.Client.https(url, token=token, secret=secret, ca_pem=ca_pem) as own:
            own.version()
        del vm, watch, plan, client, sim
        gc.collect()

    in_child(program)
    assert client.version().major == 8, "the parent goes on"


def test_a_client_can_be_looked_at_and_closed(client: px.Client) -> None:
    watch = client.watch()
    client.version()

    def program() -> None:
        with client, watch:
            assert "https/" in repr(client)
            assert "Watch" in repr(watch)
            assert client.closed
            assert client.endpoint.startswith("https://")
        client.close()
        watch.close()
        with pytest.raises(px.ClosedError, match="fork"):
            client.version()

    in_child(program)
    assert not client.closed
    assert client.version().major == 8, "the parent goes on"


def test_a_plan_can_neither_be_read_nor_applied(sim: px.Sim, client: px.Client, managed: int) -> None:
    with client.plan() as plan:
        plan.client.vm(managed, node="pve1").stop()
    sim.forget_requests()

    def program() -> None:
        for call in (plan.apply, plan.to_dict, plan.pvesh, lambda: plan.steps, lambda: plan.obstacle, lambda: len(plan)):
            with pytest.raises(px.ClosedError, match="fork"):
                call()
        assert "fork" in repr(plan) and "fork" in str(plan)

    in_child(program)
    assert sim.requests() == []
    plan.apply()
    guest = sim.guest(managed)
    assert guest is not None and not guest.running


def test_a_plan_that_is_being_applied_does_not_hang_a_child(sim: px.Sim, client: px.Client, managed: int) -> None:
    import threading

    with client.plan() as plan:
        plan.client.vm(managed, node="pve1").stop()
    sim.slow_task("qmstop", 2)
    applying = threading.Thread(target=plan.apply)
    applying.start()

    def program() -> None:
        with pytest.raises(px.ClosedError, match="fork"):
            plan.to_dict()

    for _ in range(10):
        in_child(program)
    applying.join(30)
    assert not applying.is_alive()
