"""Over ssh, through a bastion where there is one. The system's OpenSSH client does it: `~/.ssh/config` and agents count."""

import json
import os

import proxmox_sdk as px

# PVE_SSH is `root@pve1`, PVE_SSH_JUMPS the bastions, the first one first: `me@bastion1 me@bastion2`.
more = json.loads(os.environ.get("PVE_SSH_OPTIONS", "{}"))
jumps = os.environ.get("PVE_SSH_JUMPS", "").split()
with px.Client.ssh(os.environ["PVE_SSH"], jumps=jumps, **more) as client:
    print(f"PVE {client.version().version} by {client.transport}")
    for row in client.guests():
        print(row.vmid, row.name, row.status)
