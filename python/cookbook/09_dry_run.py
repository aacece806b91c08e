"""See what a program would do, then do exactly that."""

import proxmox_sdk as px
from connect import NODE, connect


def program(client: px.Client) -> None:
    vm = client.vm(9000, node=NODE).clone("planned", full=True).guest
    vm.set_config(cores=2)
    vm.start()


with connect() as client:
    report = px.preflight(client.vm(9000, node=NODE).clone, "planned", full=True)
    print(report)
    with client.plan() as plan:
        program(plan.client)
    print(plan)
    assert plan.obstacle is None and len(plan) == 4
    plan.apply()
    assert all(step.state is px.StepState.DONE for step in plan.steps)
    vm = client.guest("planned")
    vm.delete(stop_first=True)
