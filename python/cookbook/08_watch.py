"""Watch a cluster: the first event is everything as it is, then come changes."""

import proxmox_sdk as px
from connect import NODE, connect

with connect() as client, client.watch(interval=0.2) as watch:
    first = next(watch)
    assert first.kind is px.EventKind.SNAPSHOT
    print(f"{len(first.guests or [])} guests on {len(first.nodes or [])} nodes")
    vm = client.vm(9000, node=NODE).clone("watched", full=True).guest
    try:
        for event in watch:
            if event.kind is px.EventKind.ADDED and event.guest is not None:
                print(f"new: {event.guest.vmid} on {event.guest.node}")
                assert event.guest.vmid == vm.vmid
                break
    finally:
        vm.delete()
