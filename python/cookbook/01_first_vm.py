"""The first VM: a full clone of a template, started, shown, deleted."""

import proxmox_sdk as px
from connect import NODE, connect

with connect() as client:
    print(f"PVE {client.version().version} at {client.endpoint}")
    template = client.vm(9000, node=NODE)
    cloned = template.clone("first-vm", full=True, on_progress=lambda progress: print(" ", progress.line))
    vm = cloned.guest
    try:
        vm.set_config(cores=2, memory=2048)
        vm.start()
        status = vm.status()
        assert status.status is px.GuestState.RUNNING
        print(f"{status.name} ({vm.vmid}) runs with {status.maxmem or 0:,} bytes of memory")
    finally:
        vm.delete(stop_first=True)
