"""A simulated cluster for each test that asks for one, and a libvirt host for each file of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import proxmox_sdk as px
from libvirtd import Libvirtd, started


@pytest.fixture
def sim() -> Iterator[px.Sim]:
    """Over HTTPS a thousand simulated seconds pass in each real one."""
    with px.Sim(time_scale=1000.0) as sim:
        yield sim


def https(sim: px.Sim, **more: object) -> dict[str, object]:
    """Keywords for `https` clients of it."""
    return {"url": sim.url, "token": sim.token, "secret": sim.secret, "ca_pem": sim.ca_pem, **more}


@pytest.fixture
def client(sim: px.Sim) -> Iterator[px.Client]:
    with px.Client.https(**https(sim)) as client:  # type: ignore[arg-type]
        yield client


@pytest.fixture
def managed(sim: px.Sim) -> int:
    """The number of a guest that the policy lets be written to."""
    assert sim.set_config(100, "tags", "sdk-managed")
    return 100


@pytest.fixture(scope="module")
def libvirtd() -> Iterator[Libvirtd]:
    """With the pool and the network `default`."""
    daemon = started()
    daemon.pool()
    daemon.network()
    yield daemon
    daemon.close()
