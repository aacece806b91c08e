"""A program as people write it for proxmoxer. Nothing in it knows of this SDK."""

import os
import sys

from proxmoxer import ProxmoxAPI, ResourceException
from proxmoxer.tools import Tasks

NODE = "pve1"


def connect():
    return ProxmoxAPI(
        os.environ["PVE_HOST"],
        port=int(os.environ["PVE_PORT"]),
        user="root@pam",
        token_name="sim",
        token_value=os.environ["PVE_TOKEN"],
        verify_ssl=os.environ["PVE_CA"],
        timeout=30,
    )


def wait(px, upid):
    status = Tasks.blocking_status(px, upid, timeout=60, polling_interval=0.1)
    if status is None or status["exitstatus"] != "OK":
        print(f"failed: {status}")
        sys.exit(1)


def main():
    px = connect()
    print("release", px.version.get()["release"])
    for node in sorted(px.nodes.get(), key=lambda row: row["node"]):
        print("node", node["node"], node["status"])
        for vm in sorted(px.nodes(node["node"]).qemu.get(), key=lambda row: row["vmid"]):
            print("  vm", vm["vmid"], vm["name"], vm["status"])
    vmid = px.cluster.nextid.get()
    wait(px, px.nodes(NODE).qemu(9000).clone.post(newid=vmid, name="kept", full=1) if "--clone" in sys.argv
         else px.nodes(NODE).qemu.create(vmid=vmid, name="kept", memory=512, tags="sdk-managed"))
    vm = px.nodes(NODE).qemu(vmid)
    vm.config.put(cores=2, description="kept in order", onboot=1)
    config = vm.config.get()
    print("config", config["cores"], config["onboot"], config["description"].strip())
    wait(px, vm.status.start.post())
    print("current", vm.status.current.get()["status"])
    wait(px, vm.snapshot.post(snapname="s1", description="first"))
    print("snapshots", sorted(row["name"] for row in vm.snapshot.get()))
    wait(px, vm.snapshot("s1").delete())
    wait(px, vm("status/stop").create())
    try:
        px.nodes(NODE).qemu(4711).status.current.get()
    except ResourceException as error:
        print("error", error.status_code, error.status_message, error.content)
    try:
        vm.config.set(cores="many")
    except ResourceException as error:
        print("error", error.status_code, error.status_message, sorted(error.errors))
    wait(px, vm.delete(purge=1))
    print("gone", vmid not in [str(row["vmid"]) for row in px.cluster.resources.get(type="vm")])


main()
