"""The stubs say what the module is."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys

import pytest

import proxmox_sdk as px
from stub import CLASSES, HERE, OF_BACKENDS, OF_HOSTS, STUB, Look, members

# What helps to write the stubs down, and is not in the module.
INNER = {"Guest", "AsyncGuest", "ClonedVm", "ClonedContainer", "AsyncClonedVm", "AsyncClonedContainer", "AsyncCloned", "AsyncPlan"}
NOUNS = [f"{kind}{name}" for kind in ("", "Async") for name in (
    "Client", "Node", "Vm", "Container", "Task", "Watch", "LibvirtHost", "Domain", "Backend", "InstanceWatch"
)]


def test_they_are_made_of_their_sources() -> None:
    done = subprocess.run([sys.executable, HERE / "stubs" / "make.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_name_is_there() -> None:
    functions = {node.name for node in STUB.body if isinstance(node, ast.FunctionDef)}
    constants = {node.target.id for node in STUB.body if isinstance(node, ast.AnnAssign) and node.target.id.isupper()}
    told = (set(CLASSES) - INNER) | functions | constants | {"__version__"}
    public = {name for name in vars(px) if not name.startswith("_") or name == "__version__"} - {"sim", "compat"}
    assert told == public


def test_what_the_module_lacks_is_for_type_checkers_only() -> None:
    marked = {name for name, node in CLASSES.items() if "type_check_only" in [getattr(d, "id", "") for d in node.decorator_list]}
    assert marked == {name for name in CLASSES if not hasattr(px, name)} == INNER


@pytest.mark.parametrize("name", [*NOUNS, "Plan", "Policy", "Secret", "Sim", "Regions"])
def test_methods_and_their_parameters(name: str) -> None:
    told, real = members(name), getattr(px, name)
    public = {member for member in dir(real) if not member.startswith("_")}
    assert {member for member in told if not member.startswith("_")} == public
    for member in public:
        method = inspect.getattr_static(real, member)
        method = getattr(method, "__func__", method)
        if not callable(method) and not isinstance(method, classmethod):
            continue
        try:
            signature = inspect.signature(getattr(real, member))
        except ValueError:
            continue
        args = told[member].args
        names = [a.arg for a in [*args.posonlyargs, *args.args, *args.kwonlyargs]]
        names += [a.arg for a in (args.vararg, args.kwarg) if a]
        assert sorted(set(names) - {"self", "cls"}) == sorted(set(signature.parameters) - {"self", "cls"}), member


def test_attributes_of_results(client: px.Client, sim: px.Sim, managed: int) -> None:
    look = Look()
    node, vm = client.node("pve1"), client.vm(managed, node="pve1")
    sim.set_node_down("pve2")
    for value in (
        client.version(), client.resources(), client.vnets(), client.find(managed), node.status(), node.vms(),
        node.storages(), node.content("local"), node.interfaces(), node.disks(), node.telemetry(backups=True), vm.status(), vm.telemetry(addresses=True),
        node.history(), node.storage_history("local"), vm.history(), vm.pending(), vm.interfaces(), vm.agent_osinfo(), vm.exec(["true"]), vm.wait_for_ip(),
        client.report(addresses=True, snapshots=True), px.request(vm.stop), px.preflight(vm.clone, "x", newid=100),
    ):
        look(value)
    with client.plan() as plan:
        plan.client.vm(managed, node="pve1").stop()
        plan.client.vm(101, node="pve1").stop()
    look(plan.steps)
    heard: list[px.Progress] = []
    cloned = client.vm(9000, node="pve1").clone("x", full=True, on_progress=heard.append)
    look(cloned)
    look(heard)
    look(cloned.guest.snapshot("s1"))
    look(cloned.guest.snapshots())
    task = vm.stop(wait=False)
    look([task.outcome(), task.status(), task.log(), node.tasks()])
    look([sim.guests(), sim.tasks(), sim.requests()])
    sim.fail_task("qmstart", "no")
    look(vm.start(wait=False).outcome())
    with client.watch(interval=0.05) as watch:
        look(next(watch))
        client.vm(cloned.vmid, node="pve1").set_config(name="other")
        look(next(watch))
    records = {name for name, node in CLASSES.items() if "Record" in [getattr(b, "id", "") for b in node.bases]}
    # These need a node of PVE 9, two looks, or a listener, and are looked at elsewhere.
    elsewhere = {"Pressure", "Rates", "Decision", "AsyncCloned", *OF_HOSTS, *OF_BACKENDS}
    assert records - look.seen <= elsewhere, records - look.seen - elsewhere
