"""A program in proxmoxer's style. What was `from proxmoxer import ProxmoxAPI` is the second import below; the rest is as it was.

New: the safety policy stands. Guests without the tag `sdk-managed` are not written to, unless a call says `_force=`, or the policy
is another.
"""

import time

from proxmox_sdk.compat import ProxmoxAPI, ResourceException, Tasks

from connect import NODE, connect

# It takes proxmoxer's own arguments: ProxmoxAPI("pve1", user="root@pam", token_name="ci", token_value="...")
px = ProxmoxAPI(client=connect())

for node in px.nodes.get():
    print(f"{node['node']}: {node['status']}")

vmid = int(px.cluster.nextid.get())
upid = px.nodes(NODE).qemu.post(vmid=vmid, name="moved", memory=512, cores=1, net0="virtio,bridge=vmbr0")
status = Tasks.blocking_status(px, upid)
assert status is not None and status["exitstatus"] == "OK"

vm = px.nodes(NODE).qemu(vmid)
vm.config.put(description="moved", onboot=1)
upid = vm.status.start.post()
while px.nodes(NODE).tasks(upid).status.get()["status"] == "running":
    time.sleep(0.1)
print(vmid, vm.status.current.get()["status"])

try:
    px.nodes(NODE).qemu(9000).delete()
except ResourceException as error:
    print(f"{error.status_code} {error.status_message}: {error.content}")

Tasks.blocking_status(px, vm.status.stop.post())
Tasks.blocking_status(px, vm.delete(purge=1))
