"""Hosts and domains of libvirt, over a real daemon."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

import proxmox_sdk as px
from libvirtd import Libvirtd, guest_image, started
from stub import OF_HOSTS, Look


@pytest.fixture
def host(libvirtd: Libvirtd) -> Iterator[px.LibvirtHost]:
    with px.LibvirtHost.open(libvirtd.uri()) as host:
        yield host
        left = [domain.name for domain in host.domains()]
        for name in left:
            host.domain(name).delete(force=name)
        assert left == [], "each test leaves the host as it was"


SMALL = {"memory": 64 * px.MIB, "virt_type": "qemu"}
EMPTY = {"volume": "default/empty.qcow2"}


def foreign(libvirtd: Libvirtd, name: str) -> None:
    """A domain that somebody else has defined."""
    document = libvirtd.root / f"{name}.xml"
    document.write_text(
        f"<domain type='qemu'><name>{name}</name><memory unit='MiB'>32</memory><os><type arch='x86_64'>hvm</type></os>"
        "<features><acpi/></features></domain>"
    )
    libvirtd.virsh("define", str(document))


def test_a_whole_life(host: px.LibvirtHost) -> None:
    told = host.create(
        "life", **SMALL, **EMPTY, vcpus=1, max_vcpus=2, disk=16 * px.MIB, networks=["default"], tags=["web"],
        user_data="#cloud-config\n", title="One line", start=False,
    )
    assert (told.name, host.domain_by_uuid(told.uuid).name) == ("life", "life")
    life = host.domain("life")
    assert life.uuid == told.uuid and repr(life) == f"<Domain life on {host.name}>"
    assert life.state() is px.DomainState.OFF
    listed = host.domains()[0]
    assert (listed.name, listed.uuid, listed.managed, listed.title) == ("life", told.uuid, True, "One line")
    assert (listed.vcpus, listed.memory, listed.trouble) == (1, 64 * px.MIB, None)
    assert sorted(listed.tags) == life.tags() == ["sdk-managed", "web"]
    assert listed == life.overview() and listed.to_dict()["state"] == "off"

    life.set_memory(96 * px.MIB)
    life.set_vcpus(2)
    assert life.resize_disk("vda", by=16 * px.MIB) == 32 * px.MIB
    assert life.resize_disk("vda", to=40 * px.MIB) == 40 * px.MIB
    life.start(paused=True)
    assert life.state() == "paused"
    for _ in range(2):
        life.resume()
        assert life.state() is px.DomainState.RUNNING
    life.suspend()
    life.start()
    life.resume()
    usage = life.usage()
    assert usage.cpu_time is not None and usage.cpu_time >= 0.0
    assert (usage.max_memory, [disk.capacity for disk in usage.disks][:1]) == (96 * px.MIB, [40 * px.MIB])
    assert [disk.target for disk in usage.disks] == ["vda", "vdb"] and len(usage.nics) == 1
    assert life.usage("cpu").nics == [] and host.usage("memory", "cpu")[0].max_memory == 96 * px.MIB
    assert "<domain type='qemu' id=" in life.xml() and "id=" not in life.xml(inactive=True).splitlines()[0]

    life.snapshot("first", description="as it was")
    life.snapshot("second")
    assert [(each.name, each.parent, each.has_memory) for each in life.snapshots()] == [
        ("first", None, True), ("second", "first", True),
    ]
    assert life.add_tag("blue") and not life.add_tag("blue")
    life.revert("first")
    assert life.tags() == ["blue", "sdk-managed", "web"], "tags are not reverted"
    for name in ("second", "first"):
        life.delete_snapshot(name)
    assert life.remove_tag("blue") and not life.remove_tag("blue")
    life.set_tags(["sdk-managed", "red"])
    assert [domain.name for domain in host.tagged("red")] == ["life"] and host.tagged("web") == []

    assert not life.autostart()
    life.set_autostart(True)
    assert life.autostart()
    life.reset()
    life.reboot()
    assert life.interfaces() == []
    with pytest.raises(px.TimeoutError, match="no usable address within"):
        life.wait_for_ip(timeout=0.2)
    with pytest.raises(px.TimeoutError, match="no agent within"):
        life.wait_for_agent(timeout=0.2)
    with pytest.raises(px.AgentError):
        life.exec(["true"])
    with pytest.raises(px.TimeoutError) as caught:
        life.shutdown(guest_timeout=0.3)
    assert caught.value.outcome is px.Outcome.APPLIED and life.state() == "running"
    life.shutdown(guest_timeout=0.3, then_stop=True)
    life.stop()
    assert life.state() is px.DomainState.OFF

    deleted = life.delete()
    assert deleted.existed and len(deleted.volumes) == 2 and deleted.left == []
    assert not life.delete().existed
    for call in (life.state, life.start, lambda: host.domain("life"), lambda: host.domain_by_uuid(told.uuid)):
        with pytest.raises(px.NotFoundError):
            call()


def test_images(host: px.LibvirtHost, libvirtd: Libvirtd) -> None:
    image = libvirtd.image()
    checksum = f"sha256:{hashlib.sha256(image.read_bytes()).hexdigest()}"
    volume = host.ensure_image("default", file=str(image), checksum=checksum)
    assert volume.startswith("default/sdk-image-")
    assert host.ensure_image("default", file=str(image), checksum=checksum) == volume, "it is not fetched again"
    assert host.ensure_image("default", volume=volume, checksum=checksum) == volume
    for start in ({"file": str(image), "overlay": True}, {"volume": volume}):
        made = host.create("of-image", **SMALL, **start, checksum=checksum, start=False)
        assert len(made.delete().volumes) == 1
    wrong = f"sha256:{'0' * 64}"
    for call in (
        lambda: host.ensure_image("default", volume=volume, checksum=wrong),
        lambda: host.create("wrong", **SMALL, file=str(image), checksum=wrong),
    ):
        with pytest.raises(px.InvalidInputError, match="its checksum is"):
            call()
    pool = host.pools()[0]
    assert (pool.name, pool.active, pool.trouble) == ("default", True, None) and pool.free > px.GIB


@pytest.fixture
def served() -> Iterator[dict[str, str]]:
    """An image of a guest, as it lies in the web."""
    content = guest_image().read_bytes()

    class Web(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Web) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        checksum = f"sha256:{hashlib.sha256(content).hexdigest()}"
        yield {"url": f"http://127.0.0.1:{server.server_port}/guest.qcow2", "checksum": checksum}
        server.shutdown()


def test_a_guest_that_boots(host: px.LibvirtHost, served: dict[str, str]) -> None:
    told = "#!/bin/sh\nhostname >/run/proof\n"
    guest = host.create(
        "boots", **served, memory=160 * px.MIB, virt_type="qemu", disk=200 * px.MIB, networks=["default"], user_data=px.Secret(told)
    )
    guest.wait_for_agent()
    found = guest.wait_for_ip(subnet="10.77.0.0/24")
    assert found.address in [address.address for nic in guest.interfaces() for address in nic.addresses]
    echoed = guest.exec(["cat"], input=b"\x00\xff")
    assert echoed.success and echoed.stdout_bytes == b"\x00\xff"
    failed = guest.exec(["sh", "-c", "cloud-init status --wait >/dev/null; cat /run/proof; exit 3"])
    assert (failed.exit_code, failed.stdout) == (3, "boots\n")
    with pytest.raises(px.TimeoutError) as caught:
        guest.exec(["sleep", "30"], timeout=0.2)
    assert caught.value.outcome is px.Outcome.APPLIED
    guest.shutdown()
    assert guest.state() is px.DomainState.OFF
    assert len(guest.delete().volumes) == 2


def test_a_volume_that_is_used_is_left(host: px.LibvirtHost, libvirtd: Libvirtd) -> None:
    first = host.create("first", **SMALL, **EMPTY, start=False)
    volume = libvirtd.virsh("vol-list", "default").split("first-")[1].split()[0]
    second = host.create("second", **SMALL, volume=f"default/first-{volume}", overlay=True, start=False)
    deleted = first.delete()
    assert deleted.existed and deleted.volumes == [] and deleted.left[0].volume == f"default/first-{volume}"
    assert "second" in deleted.left[0].why
    second.delete()
    libvirtd.virsh("vol-delete", f"first-{volume}", "--pool", "default")


def test_attributes_of_results(host: px.LibvirtHost, libvirtd: Libvirtd) -> None:
    look = Look()
    life = host.create("seen", **SMALL, **EMPTY, networks=["default"])
    second = None
    try:
        life.snapshot("one")
        for value in (host.domains(), host.usage(), life.usage(), host.capacity(), host.pools(), life.snapshots()):
            look(value)
        capacity = host.capacity()
        assert capacity.cpus >= 1 and capacity.promised_memory == 64 * px.MIB < capacity.memory
        life.stop()
        life.delete_snapshot("one")
        name = f"seen-{life.uuid[:8]}.qcow2"
        second = host.create("over", **SMALL, volume=f"default/{name}", overlay=True, start=False)
        look(life.delete())
        second.delete()
        libvirtd.virsh("vol-delete", name, "--pool", "default")
    finally:
        for domain in filter(None, (life, second)):
            domain.delete()
    assert look.seen == OF_HOSTS


def test_what_is_not_there_or_taken(host: px.LibvirtHost) -> None:
    with pytest.raises(px.NotFoundError) as caught:
        host.domain("nobody")
    assert caught.value.outcome is px.Outcome.REJECTED
    taken = host.create("taken", **SMALL, start=False)
    with pytest.raises(px.AlreadyExistsError) as caught:
        host.create("taken", **SMALL)
    assert caught.value.outcome is px.Outcome.NOT_SENT and taken.uuid in caught.value.message
    with pytest.raises(px.NotFoundError):
        taken.revert("nothing")
    with pytest.raises(px.NotFoundError, match="no disk 'vdz'|no disk \"vdz\""):
        taken.resize_disk("vdz", by=px.MIB)
    taken.delete()
    for more in ({"volume": "default/nothing.qcow2"}, {"volume": "nopool/x"}, {"networks": ["nonet"]}):
        with pytest.raises(px.NotFoundError):
            host.create("x", **SMALL, **more)


def test_the_gate(host: px.LibvirtHost, libvirtd: Libvirtd) -> None:
    foreign(libvirtd, "theirs")
    theirs = host.domain("theirs")
    assert theirs.tags() == [] and not theirs.overview().managed
    for call in (theirs.start, theirs.delete, lambda: theirs.set_tags(["mine"]), lambda: theirs.snapshot("x")):
        with pytest.raises(px.RefusedError, match="managed-tag") as caught:
            call()
        assert caught.value.outcome is px.Outcome.NOT_SENT
    with pytest.raises(px.RefusedError, match="force names"):
        theirs.start(force="other")
    theirs.set_tags(["sdk-managed", "production"], force="theirs")
    theirs.start()
    with pytest.raises(px.RefusedError, match="protected-tag"):
        theirs.stop()
    theirs.stop(force="theirs")
    with px.LibvirtHost.open(libvirtd.uri(), policy=px.Policy.dangerous_allow_everything()) as free:
        assert free.policy == px.Policy.dangerous_allow_everything() != host.policy
        assert free.domain("theirs").delete().existed


def test_a_policy_of_ones_own(libvirtd: Libvirtd) -> None:
    with px.LibvirtHost.open(libvirtd.uri(), policy=px.Policy(managed_tag="ci")) as host:
        made = host.create("own", **SMALL, tags=["web"], start=False)
        assert made.tags() == ["ci", "web"]
        assert made.delete().existed


def test_virt_install(host: px.LibvirtHost) -> None:
    words = ["--name", "words", "--memory", "64", "--import", "--disk", "none", "--network", "none", "--graphics", "none",
             "--osinfo", "detect=off,require=off", "--virt-type", "qemu"]
    made = host.virt_install(words, tags=["web"], start=False)
    assert made.tags() == ["sdk-managed", "web"] and made.state() == "off"
    made.delete()
    with pytest.raises(px.InvalidInputError, match="is not for this"):
        host.virt_install([*words, "--transient"])


def test_by_virsh(libvirtd: Libvirtd) -> None:
    with px.LibvirtHost.open(libvirtd.uri(), wire="virsh") as host:
        assert host.transport().startswith("virsh")
        made = host.create("slow", **SMALL, start=False)
        assert [domain.name for domain in host.domains()] == ["slow"]
        assert made.delete().existed


def test_through_ssh(libvirtd: Libvirtd, sim: px.Sim) -> None:
    ssh = sim.ssh()
    uri = f"qemu+ssh://{ssh['target']}/system?keyfile={ssh['key']}&known_hosts={ssh['known_hosts']}&socket={libvirtd.socket}"
    with px.LibvirtHost.open(uri, connect_timeout=20) as host:
        made = host.create("far", **SMALL, **EMPTY)
        assert made.state() is px.DomainState.RUNNING
        assert len(made.delete().volumes) == 1
    with pytest.raises(px.ConnectError):
        px.LibvirtHost.open(uri.replace("libvirt-sock", "nothing"), wire="rpc", connect_timeout=20)


def test_through_a_bastion(libvirtd: Libvirtd, sim: px.Sim, tmp_path: Path) -> None:
    ssh = sim.ssh()
    user, _, place = ssh["target"].partition("@")
    host, _, port = place.partition(":")
    config = tmp_path / "ssh_config"
    config.write_text("\n".join(
        f"Host {alias}\n HostName {host}\n Port {port}\n User {user}\n IdentityFile {ssh['key']}\n UserKnownHostsFile {ssh['known_hosts']}"
        for alias in ("bastion", "lab")
    ))
    uri = f"qemu+ssh://lab/system?socket={libvirtd.socket}"
    with px.LibvirtHost.open(uri, jumps=["bastion"], ssh_config=config, connect_timeout=20) as far:
        assert far.domains() == []
    with pytest.raises(px.ConnectError):
        px.LibvirtHost.open(uri, jumps=["nobody.invalid"], ssh_config=config, connect_timeout=20)


def test_a_connection_that_is_lost() -> None:
    libvirtd = started()
    try:
        with px.LibvirtHost.open(libvirtd.uri()) as again, px.LibvirtHost.open(libvirtd.uri(), reconnect=False) as never:
            libvirtd.restart()
            assert again.domains() == []
            for _ in range(2):
                with pytest.raises(px.ConnectError):
                    never.domains()
    finally:
        libvirtd.close()


def test_what_a_machine_may_say(host: px.LibvirtHost) -> None:
    made = host.create(
        "wordy", **SMALL, max_memory=128 * px.MIB, max_vcpus=4, networks=["default"], bridges=["br9"], title="A title",
        description="Some <words>", arch="x86_64", machine="pc", cpu="qemu64", network_config="version: 2\n", autostart=True, start=False,
    )
    document = made.xml()
    for text in (
        "<memory unit='KiB'>131072</memory>", "<currentMemory unit='KiB'>65536</currentMemory>", ">4</vcpu>", "current='1'",
        "<source network='default'/>", "<source bridge='br9'/>", "<title>A title</title>", "Some &lt;words&gt;", "machine='pc-",
        "<model fallback='forbid'>qemu64</model>", "seed.iso",
    ):
        assert text in document, document
    assert made.autostart()
    made.delete()
    for cpu in ("host-model", "maximum"):
        made = host.create("wordy", **SMALL, cpu=cpu, start=False)
        assert f"<cpu mode='{cpu}'" in made.xml()
        made.delete()


def test_what_nobody_closes_is_let_go(libvirtd: Libvirtd) -> None:
    def open_files() -> int:
        return len(os.listdir("/proc/self/fd"))

    def use() -> None:
        host = px.LibvirtHost.open(libvirtd.uri())
        assert host.domains() == []

    use()
    before = open_files()
    for _ in range(10):
        use()
    gc.collect()
    deadline = time.monotonic() + 5
    while open_files() > before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert open_files() <= before


def test_the_test_driver(libvirtd: Libvirtd) -> None:
    with px.LibvirtHost.open(libvirtd.uri("test", "/default")) as host:
        made = host.create("paper", memory=px.MIB, virt_type="test")
        assert made.state() is px.DomainState.RUNNING
        made.shutdown()
        assert {domain.name for domain in host.domains()} == {"paper", "test"}
        assert made.delete().existed
        efi = host.create("efi", memory=px.MIB, virt_type="test", uefi=True, start=False)
        assert "<os firmware='efi'>" in efi.xml()
        efi.delete()


def test_wrong_types_are_type_errors(host: px.LibvirtHost) -> None:
    made = host.create("typed", **SMALL, start=False)
    for call in (
        lambda: px.LibvirtHost(),
        lambda: px.Domain(),
        lambda: px.LibvirtHost.open(None),
        lambda: px.LibvirtHost.open("qemu:///system", "rpc"),
        lambda: px.LibvirtHost.open("qemu:///system", jumps="bastion"),
        lambda: px.LibvirtHost.open("qemu:///system", policy="none"),
        lambda: host.domain(3),
        lambda: host.domain_by_uuid(3),
        lambda: host.usage(3),
        lambda: host.create("x"),
        lambda: host.create("x", memory="1G"),
        lambda: host.create("x", memory=True),
        lambda: host.create("x", memory=1.5),
        lambda: host.create("x", memory=px.GIB, tags="web"),
        lambda: host.create("x", memory=px.GIB, checksum=3),
        lambda: host.create("x", memory=px.GIB, user_data=b"#cloud-config"),
        lambda: made.start(True),
        lambda: made.start(force=True),
        lambda: made.start(force=100),
        lambda: made.set_memory("1G"),
        lambda: made.exec("ls"),
        lambda: made.set_tags("web"),
        lambda: made.wait_for_ip(timeout="1"),
        lambda: px.request(made.start),
        lambda: px.preflight(made.start),
        lambda: px.preflight(px.LibvirtHost.open, "qemu:///system"),
    ):
        with pytest.raises(TypeError):
            call()
    made.delete()


def test_values_that_make_no_sense_are_ours(host: px.LibvirtHost) -> None:
    made = host.create("sense", **SMALL, start=False)
    for call in (
        lambda: px.LibvirtHost.open(""),
        lambda: px.LibvirtHost.open("xen:///system"),
        lambda: px.LibvirtHost.open("qemu+ssh://root:hunter2@lab1/system"),
        lambda: px.LibvirtHost.open("qemu:///system", wire="telegraph"),
        lambda: px.LibvirtHost.open("qemu:///system", connect_timeout=-1),
        lambda: host.domain("a\0b"),
        lambda: host.domain_by_uuid("nonsense"),
        lambda: host.usage("sound"),
        lambda: made.usage("sound"),
        lambda: host.create("", **SMALL),
        lambda: host.create("a/b", **SMALL),
        lambda: host.create("x", memory=1),
        lambda: host.create("x", memory=-1),
        lambda: host.create("x", **SMALL, vcpus=0),
        lambda: host.create("x", **SMALL, tags=["a b"]),
        lambda: host.create("x", **SMALL, disk=px.GIB),
        lambda: host.create("x", **SMALL, volume="x", disk=px.GIB),
        lambda: host.create("x", **SMALL, url="https://x.example/i"),
        lambda: host.create("x", **SMALL, checksum=f"sha256:{'0' * 64}"),
        lambda: host.create("x", **SMALL, url="https://x.example/i", checksum="md5:0"),
        lambda: host.create("x", **SMALL, **EMPTY, file="/x"),
        lambda: host.create("x", **SMALL, user_data="nonsense hunter2"),
        lambda: host.ensure_image("default"),
        lambda: made.resize_disk("vda"),
        lambda: made.resize_disk("vda", by=1, to=2),
        lambda: made.set_tags(["a b"]),
        lambda: made.snapshot("a/b"),
        lambda: made.exec([]),
        lambda: made.wait_for_ip(subnet="nonsense"),
        lambda: made.shutdown(guest_timeout=-1),
    ):
        with pytest.raises(px.ProxmoxError) as caught:
            call()
        error = caught.value
        assert error.kind is px.ErrorKind.INVALID_INPUT, error
        assert error.outcome is px.Outcome.NOT_SENT, error
        assert "hunter2" not in repr(error) + str(error) + str(vars(error))
    made.delete()


def test_no_way_to_a_daemon() -> None:
    with pytest.raises(px.ConnectError) as caught:
        px.LibvirtHost.open("qemu:///system?socket=/does/not/exist")
    assert caught.value.outcome is px.Outcome.NOT_SENT


def test_what_is_closed(libvirtd: Libvirtd) -> None:
    with px.LibvirtHost.open(libvirtd.uri()) as host:
        made = host.create("closing", **SMALL, start=False)
        assert not host.closed and host.uri == libvirtd.uri() and host.transport().startswith("socket ")
    assert host.closed and repr(host).endswith(", closed>")
    host.close()
    for call in (host.domains, host.transport, made.state, made.delete, lambda: host.create("x", **SMALL)):
        with pytest.raises(px.ClosedError, match="the host is closed") as caught:
            call()
        assert caught.value.outcome is px.Outcome.NOT_SENT
    assert made.name == "closing" and host.name in repr(made)
    with px.LibvirtHost.open(libvirtd.uri()) as again:
        again.domain("closing").delete()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_after_a_fork(host: px.LibvirtHost, libvirtd: Libvirtd) -> None:
    made = host.create("forked", **SMALL, start=False)
    child = os.fork()
    if child == 0:
        done = 1
        try:
            for call in (host.domains, made.state):
                try:
                    call()
                except px.ClosedError:
                    continue
                os._exit(2)
            host.close()
            assert host.closed and host.name and "LibvirtHost" in repr(host) and "forked" in repr(made)
            with px.LibvirtHost.open(libvirtd.uri()) as own:
                assert [domain.name for domain in own.domains()] == ["forked"]
            del made, host
            gc.collect()
            done = 0
        finally:
            os._exit(done)
    deadline = time.monotonic() + 20
    while not (ended := os.waitpid(child, os.WNOHANG))[0]:
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            pytest.fail("the child hangs")
        time.sleep(0.02)
    assert os.waitstatus_to_exitcode(ended[1]) == 0
    assert made.delete().existed, "the parent goes on"


def test_threads_run_while_one_waits(host: px.LibvirtHost, libvirtd: Libvirtd) -> None:
    libvirtd.freeze()
    try:
        waiting = threading.Thread(target=host.domains)
        waiting.start()
        counted = 0
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            counted += 1
            time.sleep(0.01)
        assert waiting.is_alive() and counted >= 10, "the interpreter was released"
    finally:
        libvirtd.thaw()
    waiting.join(10)
    assert not waiting.is_alive()


PROGRAM = """
import sys
import proxmox_sdk as px
host = px.LibvirtHost.open(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
try:
    print("asking", flush=True)
    host.domains()
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def test_ctrl_c_ends_a_wait(libvirtd: Libvirtd) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, libvirtd.uri()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert program.stdin is not None and program.stdout is not None
    assert program.stdout.readline() == "ready\n"
    libvirtd.freeze()
    try:
        program.stdin.write("\n")
        program.stdin.flush()
        assert program.stdout.readline() == "asking\n"
        time.sleep(0.2)
        program.send_signal(signal.SIGINT)
        out, _ = program.communicate(timeout=10)
    finally:
        libvirtd.thaw()
    assert (program.returncode, out) == (0, "interrupted\n")


def run(libvirtd: Libvirtd, program: Callable[[px.AsyncLibvirtHost], Awaitable[None]]) -> None:
    async def main() -> None:
        async with await px.AsyncLibvirtHost.open(libvirtd.uri()) as host:
            await program(host)
        assert host.closed

    asyncio.run(main())


def test_asyncio(libvirtd: Libvirtd) -> None:
    async def program(host: px.AsyncLibvirtHost) -> None:
        made = await asyncio.gather(*(host.create(f"many-{n}", **SMALL, tags=["many"], start=False) for n in range(4)))
        assert all(isinstance(one, px.AsyncDomain) and not isinstance(one, px.Domain) for one in made)
        await asyncio.gather(*(one.start() for one in made))
        assert [one.state for one in await host.domains()] == ["running"] * 4
        tagged = await host.tagged("many")
        assert [one.name for one in tagged] == [f"many-{n}" for n in range(4)]
        assert (await (await host.domain("many-1")).usage("memory")).max_memory == 64 * px.MIB
        with pytest.raises(px.NotFoundError):
            await host.domain("nobody")
        with pytest.raises(px.RefusedError, match="force names"):
            await made[0].stop(force="other")
        assert all(one.existed for one in await asyncio.gather(*(one.delete() for one in made)))

    run(libvirtd, program)


def test_cancelling(libvirtd: Libvirtd) -> None:
    async def program(host: px.AsyncLibvirtHost) -> None:
        libvirtd.freeze()
        try:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(host.domains(), 0.05)
            asked = asyncio.ensure_future(host.capacity())
            opening = asyncio.ensure_future(px.AsyncLibvirtHost.open(libvirtd.uri()))
            await asyncio.sleep(0.05)
            for one in (asked, opening):
                one.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await one
        finally:
            libvirtd.thaw()
        assert await host.domains() == []

    run(libvirtd, program)


def test_outside_of_a_loop(libvirtd: Libvirtd) -> None:
    with pytest.raises(RuntimeError, match="no running event loop"):
        px.AsyncLibvirtHost.open(libvirtd.uri())
