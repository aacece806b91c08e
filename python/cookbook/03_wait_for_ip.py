"""Wait until a VM has an address that others can reach, for two minutes at most."""

import proxmox_sdk as px
from connect import NODE, connect

with connect() as client:
    vm = client.vm(9000, node=NODE).clone("wait-for-ip", full=True).guest
    try:
        vm.start()
        try:
            found = vm.wait_for_ip(timeout=120)
            print(f"{vm.vmid} has {found.address} on {found.interface}")
        except (px.TimeoutError, px.AgentError) as error:
            print(f"no address: {error}; {error.advice}")
    finally:
        vm.delete(stop_first=True)
