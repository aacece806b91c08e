"""Bad input: exceptions, never an abort, a hang, or a leaked thread."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import proxmox_sdk as px
from conftest import https


def test_wrong_types_are_type_errors(client: px.Client) -> None:
    vm = client.vm(100, node="pve1")
    for call in (
        lambda: client.vm(None, node="pve1"),
        lambda: client.vm(True, node="pve1"),
        lambda: client.vm(100.5, node="pve1"),
        lambda: client.vm(100),
        lambda: client.vm(100, "pve1"),
        lambda: client.node(None),
        lambda: client.node(b"pve1"),
        lambda: client.get(None),
        lambda: client.get("/version", x=None),
        lambda: client.get("/version", x={}),
        lambda: client.get("/version", x=[None]),
        lambda: client.get("/version", x=object()),
        lambda: client.get("/version", {3: 4}),
        lambda: vm.start(nonsense=1),
        lambda: vm.start(True),
        lambda: vm.start(timeout="1"),
        lambda: vm.start(timeout=True),
        lambda: vm.resize("scsi0", by="1G"),
        lambda: vm.resize("scsi0", by=1.5),
        lambda: vm.exec("ls"),
        lambda: vm.exec([b"ls"]),
        lambda: px.Secret(3),
        lambda: px.Secret(),
        lambda: px.Policy("tag"),
        lambda: px.Client(),
        lambda: px.Vm(),
        lambda: px.GuestStatus(),
        lambda: px.Client.https("https://x", nonsense=1),
    ):
        with pytest.raises(TypeError):
            call()


def test_values_that_make_no_sense_are_ours(client: px.Client) -> None:
    vm = client.vm(100, node="pve1")
    for call in (
        lambda: client.vm(99, node="pve1"),
        lambda: client.vm(-1, node="pve1"),
        lambda: client.vm(10**9, node="pve1"),
        lambda: client.vm(10**30, node="pve1"),
        lambda: client.vm("1e3", node="pve1"),
        lambda: client.node("../x"),
        lambda: client.node(""),
        lambda: client.node("\ud800"),
        lambda: client.get("version"),
        lambda: client.get("/a/../b"),
        lambda: client.get("/version", x=b"\xff"),
        lambda: client.get("/version", x=10**30),
        lambda: client.get("/version", x="\ud800"),
        lambda: client.get("/version", x="a\0b"),
        lambda: client.get("/version", x=float("nan")),
        lambda: client.get("/version", {"a b": 1}),
        lambda: client.task("nonsense"),
        lambda: vm.start(timeout=-1),
        lambda: vm.start(timeout=float("inf")),
        lambda: vm.start(timeout=float("nan")),
        lambda: vm.resize("scsi0"),
        lambda: vm.resize("scsi0", by=1, to=2),
        lambda: vm.resize("scsi0", by=-1),
        lambda: vm.resize("../x", by=1024),
        lambda: vm.exec([]),
        lambda: vm.ensure("sideways"),
        lambda: vm.wait_for_ip(subnet="nonsense"),
        lambda: vm.cloud_init(),
        lambda: px.Client.https("ftp://x", token="a@b!c", secret="d"),
        lambda: px.Client.https("https://x"),
        lambda: px.Client.https("https://x", token="a@b!c"),
        lambda: px.Client.https("https://x", token="nonsense", secret="d"),
        lambda: px.Client.https("https://x", token="a@b!c", secret="d", ca_pem="nonsense"),
        lambda: px.Client.https("https://x", token="a@b!c", secret="d", fingerprint="AB"),
        lambda: px.Client.ssh("-oProxyCommand=x"),
        lambda: px.Client.ssh("root@x", engine="nonsense"),
        lambda: px.Sim(time_scale=-1),
        lambda: px.Sim(vms=10**6),
        lambda: px.Sim(time_scale=float("nan")),
    ):
        with pytest.raises(px.ProxmoxError) as caught:
            call()
        assert caught.value.kind is px.ErrorKind.INVALID_INPUT, caught.value
        assert caught.value.outcome is px.Outcome.NOT_SENT


def test_numbers_out_of_range_are_told_with_their_argument(client: px.Client, sim: px.Sim) -> None:
    node, task = client.node("pve1"), client.task("UPID:pve1:00000001:00000002:65000000:qmstart:100:root@pam:")
    sim.forget_requests()
    for name, call in (
        ("cores", lambda: node.create_vm("x", cores=-1)),
        ("cores", lambda: node.create_container("x", template="local:vztmpl/x.tar.zst", cores=2**32)),
        ("limit", lambda: node.tasks(limit=-1)),
        ("start", lambda: task.log(start=-1)),
        ("lines", lambda: task.tail(-1)),
        ("perms", lambda: client.container(101, node="pve1").push("/x", b"", perms=-1)),
        ("queue", lambda: client.watch(queue=-1)),
        ("limit", lambda: px.Client.https(**https(sim), limit=2**64)),
        ("limit", lambda: px.Client.local(limit=-1)),
        ("pveproxy_port", lambda: px.Client.ssh("root@x", pveproxy_port=70000)),
    ):
        with pytest.raises(px.InvalidInputError, match=f"{name}: .* out of range"):
            call()
    with pytest.raises(TypeError, match="limit"):
        node.tasks(limit="5")
    assert sim.requests() == []


def test_what_cannot_be_called_is_no_callback(client: px.Client, sim: px.Sim) -> None:
    sim.forget_requests()
    template = client.vm(9000, node="pve1")
    upid = "UPID:pve1:00000001:00000002:65000000:qmstart:100:root@pam:"
    for call in (
        lambda: template.start(on_progress=5),
        lambda: template.clone("web", on_progress="print"),
        lambda: client.task(upid).wait(on_progress=[]),
        lambda: client.node("pve1").download("local", "x.iso", "https://x/x.iso", on_progress=5),
    ):
        with pytest.raises(TypeError, match="on_progress"):
            call()
    assert sim.requests() == []
    for make in (
        lambda: px.Client.sim(sim, on_decision=5),
        lambda: px.Client.https(**https(sim), on_decision="print"),
        lambda: px.AsyncClient.sim(sim, on_decision=5),
    ):
        with pytest.raises(TypeError, match="on_decision"):
            make()


def test_an_exception_in_a_callback_comes_out(client: px.Client, sim: px.Sim) -> None:
    class Mine(Exception):
        pass

    def bad(_: px.Progress) -> None:
        raise Mine

    with pytest.raises(Mine):
        client.vm(9000, node="pve1").clone("web", full=True, on_progress=bad)
    # The work goes on without us, and so does the client.
    assert client.version().major == 8
    with pytest.raises(TypeError):
        client.vm(9000, node="pve1").clone("web-2", full=True, on_progress=3)


def test_an_exception_of_a_listener_stops_nothing(sim: px.Sim, managed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = threading.Event()
    monkeypatch.setattr(sys, "unraisablehook", lambda _: seen.set())

    def bad(_: px.Decision) -> None:
        raise ValueError

    with px.Client.sim(sim, on_decision=bad) as client:
        client.vm(100, node="pve1").stop()
    assert seen.wait(10)
    assert sim.guest(100).running is False


def test_threads_share_a_client(client: px.Client) -> None:
    with ThreadPoolExecutor(16) as pool:
        versions = list(pool.map(lambda _: client.version().release, range(100)))
    assert versions == ["8.4"] * 100


def test_threads_run_while_one_waits(client: px.Client, sim: px.Sim) -> None:
    sim.break_wire("delay", "GET", "/version", seconds=0.5)
    waiting = threading.Thread(target=client.version)
    waiting.start()
    counted = 0
    while waiting.is_alive():
        counted += 1
        time.sleep(0.01)
    assert counted >= 10, "the interpreter was released"


def test_closed_from_another_thread(client: px.Client, sim: px.Sim) -> None:
    sim.break_wire("delay", "GET", "/version", seconds=0.3)
    got: list[object] = []
    waiting = threading.Thread(target=lambda: got.append(client.version()))
    waiting.start()
    time.sleep(0.05)
    client.close()
    waiting.join(10)
    assert not waiting.is_alive() and len(got) == 1, "what is under way goes on"


def test_no_thread_is_left_behind(sim: px.Sim) -> None:
    def threads() -> int:
        return len(os.listdir("/proc/self/task"))

    def use() -> None:
        with px.Client.https(**https(sim)) as client, client.watch(interval=1) as watch:
            client.version()
            next(watch)

    use()
    before = threads()
    for _ in range(20):
        use()
    gc.collect()
    deadline = time.monotonic() + 5
    while threads() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert threads() <= before


PROGRAM = """
import sys, threading
import proxmox_sdk as px
with px.Sim(time_scale=1.0) as sim:
    client = px.Client.https(sim.url, token=sim.token, secret=sim.secret, ca_pem=sim.ca_pem)
    sim.set_config(100, "tags", "sdk-managed")
    sim.slow_task("qmstop", 1000)
    print("ready", flush=True)
    try:
        client.vm(100, node="pve1").stop()
    except KeyboardInterrupt:
        print("interrupted", client.version().release, flush=True)
"""


def test_ctrl_c_ends_a_wait() -> None:
    program = subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    assert program.stdout.readline() == "ready\n"
    time.sleep(0.3)
    began = time.monotonic()
    program.send_signal(signal.SIGINT)
    out, _ = program.communicate(timeout=10)
    assert out == "interrupted 8.4\n"
    assert program.returncode == 0 and time.monotonic() - began < 5


@pytest.mark.parametrize("end", ["", "sys.exit(3)", "raise SystemExit(0)", "import os; os.kill(os.getpid(), 15)"])
def test_a_program_may_end_at_any_time(end: str) -> None:
    program = f"""
import sys, threading
import proxmox_sdk as px
sim = px.Sim()
client = px.Client.https(sim.url, token=sim.token, secret=sim.secret, ca_pem=sim.ca_pem)
sim.break_wire("stall", "GET", "/version")
threading.Thread(target=client.version, daemon=True).start()
client.nodes()
{end}
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20)
    assert done.returncode == {"sys.exit(3)": 3, "import os; os.kill(os.getpid(), 15)": -15}.get(end, 0), done.stderr
    assert "panicked" not in done.stderr and "Fatal" not in done.stderr


def test_a_program_may_end_in_the_midst_of_answers() -> None:
    program = """
import asyncio, threading
import proxmox_sdk as px
sim = px.Sim()
keywords = dict(url=sim.url, token=sim.token, secret=sim.secret, ca_pem=sim.ca_pem)
client, blocking = px.AsyncClient.https(**keywords), px.Client.https(**keywords)

def for_ever():
    while True:
        blocking.version()

for _ in range(4):
    threading.Thread(target=for_ever, daemon=True).start()

async def main():
    asked = [asyncio.ensure_future(client.version()) for _ in range(64)]
    await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    print("first", flush=True)

loop = asyncio.new_event_loop()
loop.run_until_complete(main())
"""
    for _ in range(5):
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
        assert (done.returncode, done.stdout) == (0, "first\n"), done.stderr


def test_after_the_end_nothing_hangs() -> None:
    program = """
import atexit
import proxmox_sdk as px

def late():
    try:
        client.version()
    except px.ClosedError as e:
        print(e.message)
    client.close()
    sim.close()

atexit.register(late)
sim = px.Sim()
client = px.Client.https(sim.url, token=sim.token, secret=sim.secret, ca_pem=sim.ca_pem)
client.version()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (0, "the interpreter is about to end\n"), done.stderr


def test_exceptions_can_be_pickled(client: px.Client) -> None:
    import pickle

    with pytest.raises(px.NotFoundError) as caught:
        client.vm(999, node="pve1").config()
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is px.NotFoundError
    assert (str(again), again.status, again.outcome) == (str(caught.value), 500, px.Outcome.REJECTED)
    mine = px.ProxmoxError("by hand")
    assert mine.kind is None and mine.message == ""
