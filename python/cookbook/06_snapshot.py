"""A snapshot before a risky change, and the way back."""

from connect import NODE, connect

with connect() as client:
    vm = client.vm(9000, node=NODE).clone("snapshot", full=True).guest
    try:
        before = vm.config().get("cores")
        vm.snapshot("before", description="before the change")
        vm.set_config(cores=4)
        assert [snapshot.name for snapshot in vm.snapshots()] == ["before"]
        vm.rollback("before")
        print(f"cores: {before} -> 4 -> {vm.config().get('cores')}")
        assert vm.config().get("cores") == before
        vm.delete_snapshot("before")
    finally:
        vm.delete()
