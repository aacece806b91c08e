"""Cloud-init: a user, keys and addresses for a clone, before its first start."""

from connect import NODE, connect

KEYS = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample me@laptop"]

with connect() as client:
    vm = client.vm(9000, node=NODE).clone("cloud-init", full=True).guest
    try:
        # The drive is attached when the template has none.
        vm.cloud_init(user="me", ssh_keys=KEYS, ips=["ip=dhcp"], nameserver="10.0.0.1", drive=("ide2", "local-lvm"))
        config = vm.config()
        assert config["ciuser"] == "me" and config["ipconfig0"] == "ip=dhcp"
        print(f"{vm.vmid}: user {config['ciuser']}, {config['ipconfig0']}")
    finally:
        vm.delete()
