"""Run a program in a VM by its guest agent. Arguments are passed as they are, without a shell; secrets go into `input`."""

import proxmox_sdk as px
from connect import NODE, connect

with connect() as client:
    vm = client.vm(9000, node=NODE).clone("exec", full=True).guest
    try:
        vm.start()
        vm.wait_for_ip(timeout=120)
        done = vm.exec(["sh", "-c", "hostname; exit 3"], timeout=60)
        # A program that fails is a result; only what keeps it from running is an exception.
        print(f"exit code {done.exit_code}, said {done.stdout!r}")
        assert done.exit_code == 3 and not done.success
        assert vm.exec(["cat"], input="from outside").stdout == "from outside"
    except px.AgentError as error:
        print(f"no agent: {error.advice}")
    finally:
        vm.delete(stop_first=True)
