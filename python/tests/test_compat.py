"""The dotted style: paths, parameters, exceptions."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

import proxmox_sdk as px
from proxmox_sdk.compat import AuthenticationError, ProxmoxAPI, ResourceException, Tasks


@pytest.fixture
def api(client: px.Client, sim: px.Sim) -> ProxmoxAPI:
    sim.forget_requests()
    return ProxmoxAPI(client=client)


def asked(sim: px.Sim) -> tuple[str, str, list[list[str]]]:
    last = sim.requests()[-1]
    return last.method, last.path, last.params


def host(sim: px.Sim) -> dict[str, object]:
    address = sim.url.removeprefix("https://") if hasattr(str, "removeprefix") else sim.url[8:]
    name, port = address.rsplit(":", 1)
    return {"host": name, "port": int(port), "ca_pem": sim.ca_pem}


def test_paths(api: ProxmoxAPI, sim: px.Sim) -> None:
    current = "/nodes/pve1/qemu/100/status/current"
    for resource in (
        api.nodes("pve1").qemu(100).status.current,
        api.nodes.pve1.qemu("100").status("current"),
        api("nodes/pve1/qemu/100/status/current"),
        api("/nodes/", "pve1", "qemu", 100, ["status", "current"]),
        api.nodes("pve1")("qemu/100")(None).status.current,
    ):
        assert resource.get()["name"] == "handmade"
        assert asked(sim)[:2] == ("GET", current)
    assert api.get("nodes/pve1/qemu/100/status/current")["vmid"] == 100
    assert api.nodes.get("pve1", "qemu", 100, "status", "current")["vmid"] == 100
    assert repr(api.nodes("pve1").qemu).startswith("<ProxmoxResource /nodes/pve1/qemu at ")
    with pytest.raises(AttributeError):
        api._private


def test_verbs_and_parameters(api: ProxmoxAPI, sim: px.Sim, managed: int) -> None:
    vm = api.nodes("pve1").qemu(managed)
    vm.config.put(cores=4, onboot=True, description="", delete=None)
    method, path, params = asked(sim)
    assert (method, path) == ("PUT", "/nodes/pve1/qemu/100/config")
    assert [pair for pair in params if pair[0] != "digest"] == [["cores", "4"], ["onboot", "1"], ["description", ""]]
    vm.config.set(cores=3)
    assert asked(sim)[0] == "PUT"
    upid = vm.status.stop.post()
    assert asked(sim)[:2] == ("POST", "/nodes/pve1/qemu/100/status/stop")
    assert Tasks.blocking_status(api, upid)["exitstatus"] == "OK"
    decoded = Tasks.decode_upid(upid)
    assert (decoded["node"], decoded["type"], decoded["id"], decoded["user"]) == ("pve1", "qmstop", "100", "root@pam!sim")
    log = api.nodes("pve1").tasks(upid).log.get()
    assert Tasks.decode_log(log).endswith("TASK OK")
    Tasks.blocking_status(api, vm.status.start.create())
    made = api.nodes("pve1").qemu.create(vmid=500, name="new", memory=512)
    Tasks.blocking_status(api, made)
    Tasks.blocking_status(api, api.nodes("pve1").qemu(500).delete(purge=1))
    assert asked(sim) is not None and sim.guest(500) is None


def test_one_line_for_the_agent(api: ProxmoxAPI, sim: px.Sim, managed: int) -> None:
    api.nodes("pve1").qemu(managed).agent("exec").post(command="echo 'a b' c")
    assert [value for name, value in asked(sim)[2] if name == "command"] == ["echo", "a b", "c"]


def test_exceptions(api: ProxmoxAPI, managed: int) -> None:
    with pytest.raises(ResourceException) as caught:
        api.nodes("pve1").qemu(999).config.get()
    error = caught.value
    assert (error.status_code, error.status_message) == (500, "Internal Server Error")
    assert "does not exist" in error.content and error.errors is None
    assert isinstance(error, px.ProxmoxError) and error.kind is px.ErrorKind.NOT_FOUND
    with pytest.raises(ResourceException) as caught:
        api.nodes("pve1").qemu(managed).config.put(cores="many")
    assert caught.value.status_code == 400 and "cores" in caught.value.errors
    with pytest.raises(ResourceException) as caught:
        api.nodes("pve1").nothing.get()
    assert (caught.value.status_code, caught.value.status_message) == (501, "Not Implemented")


def test_the_policy_stands(api: ProxmoxAPI, sim: px.Sim) -> None:
    with pytest.raises(ResourceException) as caught:
        api.nodes("pve1").qemu(101).delete()
    assert caught.value.status_code == 403 and caught.value.kind is px.ErrorKind.REFUSED
    assert not [request for request in sim.requests() if request.method != "GET"]
    api.nodes("pve1").qemu(100).status.stop.post(_force=100)
    assert asked(sim)[:2] == ("POST", "/nodes/pve1/qemu/100/status/stop")


def test_over_https(sim: px.Sim) -> None:
    api = ProxmoxAPI(user="root@pam", token_name="sim", token_value=sim.secret, verify_ssl=True, timeout=10, **host(sim))
    assert api.version.get()["release"] == "8.4"
    api = ProxmoxAPI(user="audit@pve", password="wrong", **host(sim))
    with pytest.raises(AuthenticationError):
        api.version.get()
    # A token has no login that could fail, so it is an answer to the request, as of proxmoxer.
    api = ProxmoxAPI(user="root@pam", token_name="sim", token_value="wrong", **host(sim))
    with pytest.raises(ResourceException) as caught:
        api.version.get()
    assert (caught.value.status_code, caught.value.status_message) == (401, "Unauthorized")
    assert caught.value.kind is px.ErrorKind.UNAUTHENTICATED
    bare = host(sim)
    del bare["ca_pem"]
    api = ProxmoxAPI(user="root@pam", token_name="sim", token_value=sim.secret, verify_ssl=False, **bare)
    assert api.version.get()["release"] == "8.4"
    api = ProxmoxAPI(user="root@pam", token_name="sim", token_value=sim.secret, **bare)
    with pytest.raises(px.TlsError):
        api.version.get()


@pytest.mark.parametrize("backend", ["openssh", "ssh_paramiko"])
def test_over_ssh(sim: px.Sim, backend: str) -> None:
    keywords = sim.ssh()
    user, address = keywords.pop("target").split("@")
    name, port = address.split(":")
    keywords["identity_file"] = keywords.pop("key")
    api = ProxmoxAPI(name, user=user, port=int(port), backend=backend, engine="pvesh", **keywords)
    assert api.nodes("pve1").qemu(100).config.get()["name"] == "handmade"
    with pytest.raises(ResourceException) as caught:
        api.nodes("pve1").qemu(999).config.get()
    assert caught.value.status_code == 500


def test_over_pvesh_here(sim: px.Sim) -> None:
    api = ProxmoxAPI(backend="local", node_root=sim.node_root())
    assert api.version.get()["release"] == "8.4"


def test_pvesh_lines(api: ProxmoxAPI, client: px.Client, managed: int) -> None:
    with client.plan() as plan:
        planned = ProxmoxAPI(client=plan.client).nodes("pve1").qemu(managed)
        planned.config.put(description="it's; $(x)", cores=2, tags="sdk-managed")
        planned.status.shutdown.post(timeout=30)
        planned.snapshot.post(snapname="s1", vmstate=0)
    assert plan.pvesh()[0].startswith("pvesh set /nodes/pve1/qemu/100/config --description 'it'\\''s; $(x)' --cores 2")
    assert plan.pvesh()[1] == "pvesh create /nodes/pve1/qemu/100/status/shutdown --timeout 30"
    assert plan.pvesh()[2] == "pvesh create /nodes/pve1/qemu/100/snapshot --snapname s1 --vmstate 0"


def test_files_are_not_sent(api: ProxmoxAPI, sim: px.Sim) -> None:
    with open(__file__, "rb") as file, pytest.raises(px.UnsupportedError, match="filename: .*upload"):
        api.nodes("pve1").storage("local").upload.post(content="iso", filename=file)
    assert sim.requests() == []


def test_what_it_is_not_for() -> None:
    with pytest.raises(px.UnsupportedError, match="PBS"):
        ProxmoxAPI("x", service="PBS", user="a@b", password="c")
    with pytest.raises(px.UnsupportedError, match="otp"):
        ProxmoxAPI("x", user="a@b", password="c", otp="123456")
    with pytest.raises(px.UnsupportedError, match="keys"):
        ProxmoxAPI("x", backend="openssh", user="root", password="c")
    with pytest.raises(TypeError, match="nonsense"):
        ProxmoxAPI("x", user="a@b", password="c", nonsense=1)
    with pytest.raises(px.InvalidInputError, match="backend"):
        ProxmoxAPI("x", backend="carrier pigeon")
    with pytest.raises(px.InvalidInputError, match="host"):
        ProxmoxAPI(user="a@b", password="c")
    with pytest.raises(TypeError):
        ProxmoxAPI(client=3)


PROGRAM = Path(__file__).parent / "programs" / "housekeeping.py"


def run(program: str, sim: px.Sim, folder: Path) -> str:
    (folder / "ca.pem").write_text(sim.ca_pem)
    (folder / "program.py").write_text(program)
    env = {
        **os.environ, "PVE_HOST": "127.0.0.1", "PVE_PORT": sim.url.rsplit(":", 1)[1], "PVE_TOKEN": sim.secret,
        "PVE_CA": str(folder / "ca.pem"),
    }
    done = subprocess.run([sys.executable, folder / "program.py"], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_program_moves_by_its_imports(sim: px.Sim, tmp_path: Path) -> None:
    program = PROGRAM.read_text()
    assert len(program.splitlines()) >= 60
    moved = program.replace("from proxmoxer.tools import", "from proxmox_sdk.compat import")
    moved = moved.replace("from proxmoxer import", "from proxmox_sdk.compat import")
    out = run(moved, sim, tmp_path)
    assert "current running" in out and out.endswith("gone True\n")
    assert "error 500 Internal Server Error Configuration file 'nodes/pve1/qemu-server/4711.conf' does not exist" in out
    if importlib.util.find_spec("proxmoxer") is None:
        pytest.skip("proxmoxer is not here to compare with")
    assert run(program, sim, tmp_path) == out
