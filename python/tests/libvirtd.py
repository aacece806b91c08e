"""A real libvirtd of the tests' own, in namespaces of its own: see scripts/libvirtd."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "libvirtd"
# How long it may take to listen.
PATIENCE = 20


class Libvirtd:
    """It lasts until it is closed, or its parent ends."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="lv-", dir="/tmp"))
        # Not of the terminal: Ctrl-C is for the tests, and its end for the daemon.
        self.shell = subprocess.Popen([SCRIPT, self.root], stdin=subprocess.PIPE, start_new_session=True)
        self.wait()

    def wait(self) -> None:
        """Until it listens."""
        until = time.monotonic() + PATIENCE
        while not self.listens():
            if self.shell.poll() is not None:
                missing("there are no namespaces for it, or no libvirtd: see above")
            assert time.monotonic() < until, f"libvirtd does not listen: {(self.root / 'out').read_text()}"
            time.sleep(0.02)

    @property
    def socket(self) -> Path:
        return self.root / "sock" / "libvirt-sock"

    def listens(self) -> bool:
        with socket.socket(socket.AF_UNIX) as tried:
            return tried.connect_ex(str(self.socket)) == 0

    def uri(self, driver: str = "qemu", path: str = "/system") -> str:
        return f"{driver}+unix://{path}?socket={self.socket}"

    def virsh(self, *words: str) -> str:
        """What is no matter of this SDK: pools and networks are the host's."""
        done = subprocess.run(["virsh", "-c", self.uri(), *words], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def image(self) -> Path:
        """An empty image: whatever is made of it finds nothing to boot."""
        image = self.root / "image.qcow2"
        if not image.exists():
            subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", image, "4M"], check=True)
        return image

    def pool(self) -> None:
        """The pool `default`, with that image in it as `empty.qcow2`."""
        target = self.root / "pool" / "default"
        target.mkdir()
        (target / "empty.qcow2").write_bytes(self.image().read_bytes())
        self.virsh("pool-define-as", "default", "dir", "--target", str(target))
        self.virsh("pool-start", "default")

    def network(self) -> None:
        """The network `default`, which hands out 10.77.0.10 and up."""
        document = self.root / "network.xml"
        document.write_text(
            "<network><name>default</name><bridge name='lv0'/><ip address='10.77.0.1' netmask='255.255.255.0'>"
            "<dhcp><range start='10.77.0.10' end='10.77.0.99'/></dhcp></ip></network>"
        )
        self.virsh("net-define", str(document))
        self.virsh("net-start", "default")

    def restart(self) -> None:
        """Kills it, and starts it again."""
        self.socket.unlink()
        self.tell("restart")
        self.wait()

    def freeze(self) -> None:
        """Stops it: it is there, and never answers."""
        self.tell("stop")
        until = time.monotonic() + PATIENCE
        while not (self.root / "stopped").exists():
            assert time.monotonic() < until, "libvirtd does not stop"
            time.sleep(0.001)

    def thaw(self) -> None:
        self.tell("go")

    def tell(self, word: str) -> None:
        assert self.shell.stdin is not None
        self.shell.stdin.write(f"{word}\n".encode())
        self.shell.stdin.flush()

    def close(self) -> None:
        assert self.shell.stdin is not None
        self.shell.stdin.close()
        self.shell.wait()


def guest_image() -> Path:
    """A small system that really boots, with an agent: built once, and kept for later runs."""
    done = subprocess.run([SCRIPT.with_name("guest-image")], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        missing(f"there is no image of a guest: {done.stderr}")
    return Path(done.stdout.strip())


def missing(why: str) -> None:
    """A skip is loud, and where CI runs it is a failure."""
    text = f"NOT TESTED against a real libvirt: {why} (scripts/setup libvirt)"
    if os.environ.get("CI") == "true":
        pytest.fail(text)
    pytest.skip(text)


def started() -> Libvirtd:
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    for program in ("libvirtd", "virsh", "virt-install", "qemu-system-x86_64", "qemu-img", "unshare", "ip", "dnsmasq", "iptables"):
        if shutil.which(program, path=path) is None:
            missing(f"there is no {program}")
    if os.geteuid() != 0:
        missing("its daemon takes root")
    return Libvirtd()
