"""Typed operations on guests, nodes and tasks."""

from __future__ import annotations

import json

import pytest

import proxmox_sdk as px


@pytest.fixture
def vm(client: px.Client, managed: int) -> px.Vm:
    return client.vm(managed, node="pve1")


def test_results_are_typed(client: px.Client, vm: px.Vm) -> None:
    status = vm.status()
    assert isinstance(status, px.GuestStatus)
    assert (status.vmid, status.name, status.template) == (100, "handmade", False)
    assert status.status is px.GuestState.RUNNING
    assert status.status == "running" and f"{status.status}" == "running"
    assert status.is_running and 0 <= status.cpu_percent <= 100
    assert status["vmid"] == 100 and "ha" in status and "nope" not in status
    with pytest.raises(AttributeError, match="nope"):
        status.nope
    with pytest.raises(KeyError):
        status["nope"]
    assert "name='handmade'" in repr(status)
    assert json.loads(json.dumps(status.to_dict()))["status"] == "running"
    assert "cpu_percent" in dir(status)
    node = client.node("pve1").status()
    assert node.memory.total == 32 * px.GIB
    assert node.cpuinfo.cpus == 8 and isinstance(node.cpuinfo, px.CpuInfo)
    assert isinstance(node.memory, px.Usage) and isinstance(node.to_dict()["memory"], dict)
    with pytest.raises(AttributeError):
        status.vmid = 3
    with pytest.raises(TypeError):
        hash(status)


def test_equal_when_they_say_the_same(client: px.Client) -> None:
    first, second = client.version(), client.version()
    assert first == second
    assert first != client.node("pve1").status()
    assert first != 3


def test_lists(client: px.Client) -> None:
    node = client.node("pve1")
    assert [vm.vmid for vm in node.vms()] == [100, 101, 9000]
    assert node.containers() == []
    assert {storage.storage for storage in node.storages()} >= {"local", "local-lvm"}
    assert all(content.volid.startswith("local:") for content in node.content("local"))
    assert {c.content for c in node.content("local", kind="iso")} == {"iso"}
    assert [bridge.iface for bridge in node.bridges()] == ["vmbr0", "vnet0"]
    assert node.disks()[0].devpath.startswith("/dev/")
    assert {node.node for node in client.nodes()} == {"pve1", "pve2"}
    assert {row.kind for row in client.resources()} >= {"node", "qemu", "storage"}
    assert client.next_id() == 102


def test_finding(client: px.Client) -> None:
    assert client.find("handmade").vmid == 100
    assert client.find(101).kind is px.GuestKind.QEMU
    guest = client.guest("shop-db")
    assert isinstance(guest, px.Vm) and guest.vmid == 101 and guest.path == "/nodes/pve1/qemu/101"
    with pytest.raises(px.NotFoundError):
        client.find("nobody")


def test_the_life_of_a_vm(client: px.Client, sim: px.Sim) -> None:
    lines: list[str] = []
    cloned = client.vm(9000, node="pve1").clone("web", full=True, on_progress=lambda p: lines.append(p.line))
    assert cloned.how == "new" and "TASK OK" in lines
    vm = cloned.guest
    assert isinstance(vm, px.Vm) and vm.vmid == cloned.vmid
    assert sim.guest(vm.vmid).tags == ["sdk-managed"]
    vm.cloud_init(user="me", ssh_keys=["ssh-ed25519 AAAA me@here"], ips=["ip=dhcp"])
    vm.resize("scsi0", by=2 * px.GIB)
    assert "size=4G" in vm.config()["scsi0"]
    assert vm.start().warnings == []
    found = vm.wait_for_ip(timeout=60)
    assert found.address and found.interface == "eth0"
    done = vm.exec(["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert (done.exit_code, done.stdout, done.stderr, done.success) == (3, "out\n", "err\n", False)
    assert done.stdout_bytes == b"out\n"
    assert set(vm.tag("blue", "red", remove=["nothing"])) == {"sdk-managed", "blue", "red"}
    assert set(sim.guest(vm.vmid).tags) == {"blue", "red", "sdk-managed"}
    vm.snapshot("before", description="as it was")
    assert [s.name for s in vm.snapshots()] == ["before"]
    vm.set_config(cores=2, delete="description")
    vm.rollback("before")
    assert vm.ensure("running") is not None
    vm.delete_snapshot("before")
    assert vm.snapshots() == []
    assert vm.ensure("stopped") is not None
    assert vm.ensure("stopped") is None
    assert vm.delete(purge=True).upid.startswith("UPID:pve1:")
    assert vm.delete() is None
    assert sim.guest(vm.vmid) is None


def test_a_new_vm(client: px.Client, sim: px.Sim) -> None:
    vm = client.node("pve1").create_vm(
        "fresh", cores=2, memory=2 * px.GIB, disks={"scsi0": ("local-lvm", 8 * px.GIB)},
        nets=["virtio,bridge=vmbr0"], agent=True, tags=["blue"], params={"balloon": 0},
    )
    config = vm.config()
    assert (config["name"], config["memory"], config["cores"], config["balloon"]) == ("fresh", "2048", "2", "0")
    assert "sdk-managed" in sim.guest(vm.vmid).tags
    with pytest.raises(px.InvalidInputError, match="whole number"):
        client.node("pve1").create_vm("bad", memory=1000)


def test_a_new_container(client: px.Client, sim: px.Sim) -> None:
    template = client.node("pve1").content("local", kind="vztmpl")[0].volid
    ct = client.node("pve1").create_container(
        "box", template=template, rootfs=("local-lvm", 4 * px.GIB), memory=512 * px.MIB, swap=0,
        nets=["name=eth0,bridge=vmbr0,ip=dhcp"],
    )
    assert isinstance(ct, px.Container) and not isinstance(ct, px.Vm)
    ct.start()
    assert ct.wait_for_ip(timeout=60).address
    assert not hasattr(ct, "cloud_init")
    ct.stop()
    assert ct.delete().warnings == []


def test_programs_and_files_of_containers(sim: px.Sim) -> None:
    with px.Client.sim(sim) as client:
        template = client.node("pve1").content("local", kind="vztmpl")[0].volid
        ct = client.node("pve1").create_container("box", template=template, rootfs=("local-lvm", 4 * px.GIB))
        ct.start()
        ct.push("/etc/motd", b"\xff\x00bytes", perms=0o600)
        assert ct.pull("/etc/motd") == b"\xff\x00bytes"
        assert ct.exec(["cat"], input=b"in").stdout == "in"


def test_a_task_by_itself(client: px.Client, vm: px.Vm, sim: px.Sim) -> None:
    task = vm.stop(wait=False)
    assert isinstance(task, px.Task)
    assert task.outcome().end is px.TaskEnd.OK
    assert task.status().is_running is False
    assert task.tail(1) == ["TASK OK"]
    assert client.task(task.upid).log()[0].number == 1
    sim.fail_task("qmstart", "no room for it")
    with pytest.raises(px.TaskFailedError) as caught:
        vm.start()
    assert caught.value.upid.startswith("UPID:pve1:")
    assert any("no room for it" in line for line in caught.value.task_log)
    sim.fail_task("qmstart", "once more")
    outcome = vm.start(wait=False).outcome()
    assert outcome.end is px.TaskEnd.FAILED and outcome.message == "once more" and outcome.count is None


def test_a_wait_that_is_too_short(sim: px.Sim, vm: px.Vm) -> None:
    sim.slow_task("qmstop", 1e6)
    with pytest.raises(px.TimeoutError) as caught:
        vm.stop(timeout=0.05)
    assert caught.value.outcome is px.Outcome.MAYBE_APPLIED
    assert caught.value.upid in [task.upid for task in sim.tasks()]


def test_a_lost_answer_may_have_been_applied(client: px.Client, sim: px.Sim, managed: int) -> None:
    path = "/nodes/pve1/qemu/100/status/stop"
    sim.break_wire("close-after-executing", "POST", path)
    with pytest.raises(px.ProxmoxError) as caught:
        client.create(path)
    assert caught.value.outcome is px.Outcome.MAYBE_APPLIED
    assert "task list" in caught.value.advice
    assert len([r for r in sim.requests() if r.path == path]) == 1


def test_errors_tell(client: px.Client, vm: px.Vm, sim: px.Sim) -> None:
    with pytest.raises(px.InvalidInputError) as caught:
        client.set("/nodes/pve1/qemu/100/config", cores="many")
    error = caught.value
    assert isinstance(error, px.ProxmoxError)
    assert (error.status, error.outcome) == (400, px.Outcome.REJECTED)
    assert "cores" in error.errors
    with pytest.raises(px.NotFoundError) as caught_missing:
        client.vm(999, node="pve1").config()
    assert caught_missing.value.status == 500 and "999" in caught_missing.value.reason
    sim.set_lock(100, "backup")
    with pytest.raises(px.LockedError):
        vm.set_config(cores=2)


def test_requests_preflight_and_plans(client: px.Client, sim: px.Sim) -> None:
    template = client.vm(9000, node="pve1")
    asked = px.request(template.clone, "web", newid=300, full=True)
    assert asked.verb is px.Verb.CREATE and asked.path == "/nodes/pve1/qemu/9000/clone"
    assert asked.params["newid"] == "300" and str(asked).startswith("pvesh create /nodes/pve1/qemu/9000/clone")
    assert "curl -X POST" in asked.curl
    report = px.preflight(template.clone, "web", newid=100)
    assert not report.is_feasible and "vmid-taken" in {finding.code for finding in report.findings}
    assert {finding.severity for finding in report.findings} == {px.Severity.ERROR}
    with client.plan() as plan:
        made = plan.client.vm(9000, node="pve1").clone("web", full=True)
        made.guest.start()
    assert [step.pvesh.split()[1] for step in plan.steps] == ["create", "set", "create"]
    assert plan.obstacle is None and len(plan) == 3 and "3 steps" in str(plan)
    assert all(step.judgement.verdict is px.Verdict.ALLOWED for step in plan.steps)
    assert len(sim.guests()) == 3, "nothing was sent"
    plan.apply()
    assert [step.state for step in plan.steps] == [px.StepState.DONE] * 3
    assert len(sim.guests()) == 4
    with pytest.raises(px.InvalidInputError):
        plan.apply()


def test_a_plan_with_an_obstacle(client: px.Client) -> None:
    with client.plan() as plan:
        plan.client.vm(101, node="pve1").stop()
    assert "101" in plan.obstacle
    with pytest.raises(px.ProxmoxError):
        plan.apply()
    with pytest.raises(ZeroDivisionError), client.plan() as plan:
        1 / 0  # noqa: B018
    with pytest.raises(px.ProxmoxError):
        plan.apply()
    with client.plan() as plan, pytest.raises(px.InvalidInputError, match="not finished"):
        plan.apply()


def test_preflight_takes_operations_only(client: px.Client, sim: px.Sim) -> None:
    with pytest.raises(TypeError, match="method of this SDK"):
        px.preflight(len, [])
    with pytest.raises(TypeError, match="more than one operation"):
        px.preflight(client.report)
    # And what went wrong leaves nothing behind.
    with pytest.raises(TypeError):
        px.request(client.vm(100, node="pve1").start, nonsense=1)
    assert client.version().major == 8


def test_the_report(client: px.Client, sim: px.Sim) -> None:
    report = client.report(name="lab", addresses=True, snapshots=True)
    assert report.summary.nodes == 2 and report.summary.running == 1
    assert report.nodes[0].guests[0].condition is px.GuestCondition.RUNNING
    assert report.nodes[0].condition.state is px.NodeState.ONLINE and report.nodes[0].condition.reason is None
    assert report.html.startswith("<!") and "handmade" in report.markdown
    sim.set_node_down("pve2")
    flags = client.report().flags
    assert px.FlagRule.NODE_OFFLINE in {flag.rule for flag in flags}
    assert {flag.subject.node for flag in flags} == {"pve2"}
    strict = client.report(thresholds={"storage": {"warning": 1, "critical": 2}})
    assert px.FlagRule.STORAGE_FILL in {flag.rule for flag in strict.flags}
    with pytest.raises(px.InvalidInputError, match="storages"):
        client.report(thresholds={"storages": 3})


def test_watching(client: px.Client, sim: px.Sim, managed: int) -> None:
    with client.watch(interval=0.05) as watch:
        first = next(watch)
        assert first.kind is px.EventKind.SNAPSHOT and [g.vmid for g in first.guests] == [100, 101]
        client.vm(100, node="pve1").stop()
        changed = next(event for event in watch if event.kind is px.EventKind.CHANGED and event.what[0].field == "status")
        assert changed.guest.status is px.GuestState.STOPPED
        assert (changed.what[0].before, changed.what[0].after) == ("running", "stopped")
    with pytest.raises(StopIteration):
        next(watch)


def test_a_long_list() -> None:
    with px.Sim(vms=1000) as sim, px.Client.sim(sim) as client:
        rows = client.node("pve1").vms()
        assert len(rows) == 1003
        assert {row.name for row in rows} >= {"vm-0", "vm-999"}
