"""Test a program of yours on a simulated cluster: no server, no waiting, and things go wrong on demand."""

import proxmox_sdk as px
from proxmox_sdk.sim import Sim


def rollout(client: px.Client, name: str) -> px.Vm:
    """What is to be tested."""
    vm = client.vm(9000, node="pve1").clone(name, full=True).guest
    vm.start()
    return vm


with Sim() as sim, px.Client.sim(sim) as client:
    vm = rollout(client, "web-1")
    seen = sim.guest(vm.vmid)
    assert seen is not None and seen.running

    sim.fail_task("qmstart", "no space left on device")
    try:
        rollout(client, "web-2")
        raise AssertionError("it should have failed")
    except px.TaskFailedError as error:
        print(f"as wanted: {error}")
        assert error.outcome is px.Outcome.REJECTED

    # The same over HTTPS, where answers get lost: for programs in other processes, and for other clients than this one.
    with px.Client.https(sim.url, token=sim.token, secret=sim.secret, ca_pem=sim.ca_pem) as remote:
        print(f"{len(remote.guests())} guests at {sim.url}")
