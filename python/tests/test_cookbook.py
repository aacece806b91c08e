"""Each recipe runs, as a program of its own, against the simulator over https; and against fakepve where it is given."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import proxmox_sdk as px
from libvirtd import Libvirtd

# An interpreter that has this package and nothing else, where the tests are given one.
PYTHON = os.environ.get("COOKBOOK_PYTHON", sys.executable)
COOKBOOK = Path(__file__).parent.parent / "cookbook"
RECIPES = sorted(path.name for path in COOKBOOK.glob("[0-9]*.py"))
# What a recipe says when it has come to where it was going.
SAYS = {
    "01": "first-vm (", "02": "user me, ip=dhcp", "03": "has 10.", "04": "exit code 3", "05": "mass-2 started",
    "06": "-> 4 ->", "07": "nodes online", "08": "new: ", "09": "4 steps", "10": "handmade", "11": "may look at",
    "12": "refused pvesh delete", "13": "as wanted", "14": "eu: fits, region-1", "15": "403 Forbidden",
}
# fakepve has no agent in clones; the others need ssh, or no server at all.
ON_FAKEPVE = ["01", "02", "05", "06", "07", "08", "09", "11", "12", "15"]


def run(recipe: str, env: dict[str, str]) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PVE_", "LIBVIRT_"))}
    done = subprocess.run(
        [PYTHON, "-W", "error", recipe], cwd=COOKBOOK, env={**clean, **env}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("recipe", RECIPES)
def test_on_the_simulator(recipe: str, sim: px.Sim, tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text(sim.ca_pem)
    env = {"PVE_URL": sim.url, "PVE_TOKEN_ID": sim.token, "PVE_TOKEN_SECRET": sim.secret, "PVE_CA": str(ca)}
    if recipe.startswith("10"):
        keywords = sim.ssh()
        env = {"PVE_SSH": keywords.pop("target"), "PVE_SSH_OPTIONS": json.dumps(keywords)}
    before = [guest.vmid for guest in sim.guests()]
    assert SAYS[recipe[:2]] in run(recipe, env)
    assert [guest.vmid for guest in sim.guests()] == before, "it cleans up"


def test_a_region_on_a_libvirt_host(sim: px.Sim, libvirtd: Libvirtd, tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text(sim.ca_pem)
    env = {"PVE_URL": sim.url, "PVE_TOKEN_ID": sim.token, "PVE_TOKEN_SECRET": sim.secret, "PVE_CA": str(ca)}
    lab = {"LIBVIRT_DEFAULT_URI": libvirtd.uri(), "LIBVIRT_TYPE": "qemu", "LIBVIRT_IMAGE": "default/empty.qcow2"}
    out = run("14_libvirt_region.py", {**env, **lab})
    assert SAYS["14"] in out and "lab: fits, region-1" in out and "pool default has" in out


def test_privileges_are_named(sim: px.Sim, tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text(sim.ca_pem)
    env = {"PVE_URL": sim.url, "PVE_TOKEN_ID": "root@pam!sep", "PVE_TOKEN_SECRET": SEP, "PVE_CA": str(ca)}
    out = run("11_token_privileges.py", env)
    assert "missing: VM.Audit on /vms/9000" in out and "pveum acl modify /vms/9000" in out


@pytest.mark.skipif("COOKBOOK_LIVE" not in os.environ, reason="COOKBOOK_LIVE does not ask for the server that PVE_URL names")
@pytest.mark.parametrize("recipe", [r for r in RECIPES if r[:2] in ON_FAKEPVE])
def test_on_fakepve(recipe: str) -> None:
    env = {name: value for name, value in os.environ.items() if name.startswith("PVE_")}
    assert SAYS[recipe[:2]] in run(recipe, env)


SEP = "00000000-0000-4000-8000-000000000052"
