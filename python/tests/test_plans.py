"""Plans, and what is asked of a method instead of its work: neither sends what it was not told to."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator, Mapping

import pytest

import proxmox_sdk as px
from conftest import https


def writes(sim: px.Sim) -> list[str]:
    return [request.path for request in sim.requests() if request.method != "GET"]


def test_a_closed_client_applies_no_plan(sim: px.Sim, client: px.Client, managed: int) -> None:
    with client.plan() as plan:
        plan.client.vm(managed, node="pve1").stop()
    assert len(plan.steps) == 1
    client.close()
    sim.forget_requests()
    with pytest.raises(px.ClosedError, match="closed"):
        plan.apply()
    assert plan.client.closed
    with pytest.raises(px.ClosedError, match="closed"):
        plan.client.version()
    with pytest.raises(px.ClosedError, match="closed"):
        plan.client.vm(managed, node="pve1").status()
    assert sim.requests() == []
    assert len(plan.steps) == 1, "it can still be read"


def test_a_closed_asynchronous_client_applies_no_plan(sim: px.Sim, managed: int) -> None:
    async def main() -> None:
        client = px.AsyncClient.https(**https(sim))
        with client.plan() as plan:
            await plan.client.vm(managed, node="pve1").stop()
        client.close()
        with pytest.raises(px.ClosedError):
            await plan.apply()

    asyncio.run(main())
    assert writes(sim) == []


def test_a_plan_that_could_not_begin_is_still_there(sim: px.Sim, managed: int) -> None:
    plans: list[px.AsyncPlan] = []

    async def make(client: px.AsyncClient) -> None:
        with client.plan() as plan:
            await plan.client.vm(managed, node="pve1").stop()
        plans.append(plan)

    async def apply() -> None:
        await plans[0].apply()

    client = px.AsyncClient.https(**https(sim))
    asyncio.run(make(client))
    with pytest.raises(RuntimeError, match="no running event loop"):
        plans[0].apply()
    with pytest.raises(TypeError):
        px.preflight(plans[0].apply)
    assert writes(sim) == []
    asyncio.run(apply())
    assert len(writes(sim)) == 1
    client.close()


class Lazy(Mapping[str, object]):
    """Parameters that are found out when they are asked for."""

    def __init__(self, ask: Callable[[], object]) -> None:
        self.ask, self.got = ask, list[object]()

    def __getitem__(self, name: str) -> object:
        self.got.append(self.ask())
        return "2"

    def __iter__(self) -> Iterator[str]:
        yield "cores"

    def __len__(self) -> int:
        return 1


def test_arguments_may_call_others(sim: px.Sim, client: px.Client, managed: int) -> None:
    vm = client.vm(managed, node="pve1")
    sim.forget_requests()
    params = Lazy(client.version)
    asked = px.request(vm.set_config, params)
    assert isinstance(asked, px.Request) and asked.params["cores"] == "2"
    assert [type(got) for got in params.got] == [px.Version], "it is carried out, and gives what it always gives"
    assert px.preflight(vm.set_config, Lazy(client.version)).is_feasible
    # Another handle of the same guest is another object.
    assert px.preflight(vm.set_config, Lazy(client.vm(managed, node="pve1").config)).is_feasible
    # One that is asked about within does not end the question.
    assert px.preflight(vm.set_config, Lazy(lambda: px.preflight(vm.start))).is_feasible
    assert writes(sim) == []


@pytest.mark.parametrize("ask", [px.preflight, px.request])
def test_arguments_that_call_the_same_object_send_nothing(
    sim: px.Sim, client: px.Client, managed: int, ask: Callable[..., object]
) -> None:
    vm = client.vm(managed, node="pve1")
    sim.forget_requests()
    for within in (vm.config, vm.stop, lambda: vm.tag("x")):
        with pytest.raises(TypeError):
            ask(vm.set_config, Lazy(within))
    with pytest.raises(TypeError, match="same object"):
        ask(client.create, f"/nodes/pve1/qemu/{managed}/status/stop", Lazy(client.version))
    assert writes(sim) == []
    vm.set_config(cores=2)
    assert len(writes(sim)) == 1, "afterwards calls are carried out again"


def test_a_finalizer_takes_no_question(sim: px.Sim, client: px.Client, managed: int) -> None:
    vm = client.vm(managed, node="pve1")

    class Closing:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            client.version()

    def collected() -> None:
        Closing()
        gc.collect()

    sim.forget_requests()
    assert px.preflight(vm.set_config, Lazy(collected)).is_feasible
    assert writes(sim) == []


def test_only_methods_are_asked_about(sim: px.Sim, client: px.Client, managed: int) -> None:
    vm = client.vm(managed, node="pve1")
    sim.forget_requests()

    def both() -> None:
        vm.stop()
        vm.start()

    for what in (both, lambda: vm.stop(), vm, px.Client.sim, client.plan().apply, len, None, sim.guests):
        with pytest.raises(TypeError):
            px.preflight(what)  # type: ignore[call-overload]
        with pytest.raises(TypeError):
            px.request(what)  # type: ignore[arg-type]
    assert sim.requests() == []
