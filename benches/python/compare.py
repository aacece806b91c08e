"""This package beside proxmoxer: CPU time of the same work, as ratios.

    python benches/python/compare.py

Both must be installed; the package as it is published, built with --release. The server is a process of its own. Each work is done
in a process of its own, and what importing and connecting cost is not counted.
"""

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

PATH = "nodes/pve1/qemu/100/status/current"
ROUNDS, AT_ONCE = 20, 64


def serve():
    import proxmox_sdk as px

    with px.Sim(vms=1000) as sim:
        print(json.dumps({"url": sim.url, "ca": sim.ca_pem, "token": sim.token, "secret": sim.secret}), flush=True)
        sys.stdin.read()


def ours(server):
    import proxmox_sdk as px

    return px.Client.https(server["url"], token=server["token"], secret=server["secret"], ca_file=server["ca_file"])


def ours_async(server):
    import proxmox_sdk as px

    return px.AsyncClient.https(
        server["url"], token=server["token"], secret=server["secret"], ca_file=server["ca_file"], limit=AT_ONCE
    )


def theirs(server):
    from proxmoxer import ProxmoxAPI

    host, port = server["url"].removeprefix("https://").rsplit(":", 1)
    user, name = server["token"].split("!")
    return ProxmoxAPI(
        host, port=int(port), user=user, token_name=name, token_value=server["secret"], verify_ssl=server["ca_file"],
        timeout=60,
    )


def measured(work):
    """CPU and wall seconds of a work, the second time it is done."""
    work(1)
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    work(None)
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps([cpu, time.perf_counter() - began]))


def gets_ours(server):
    client = ours(server)

    def work(few):
        for _ in range(few or 1000):
            assert client.get(f"/{PATH}")["vmid"] == 100

    measured(work)


def gets_theirs(server):
    api = theirs(server)

    def work(few):
        for _ in range(few or 1000):
            assert api(PATH).get()["vmid"] == 100

    measured(work)


def list_ours(server):
    node = ours(server).node("pve1")

    def work(few):
        for _ in range(few or ROUNDS):
            assert len([(vm.vmid, vm.name, vm.status, vm.mem) for vm in node.vms()]) > 1000

    measured(work)


def list_theirs(server):
    api = theirs(server)

    def work(few):
        for _ in range(few or ROUNDS):
            rows = api.nodes("pve1").qemu.get()
            assert len([(vm["vmid"], vm["name"], vm["status"], vm["mem"]) for vm in rows]) > 1000

    measured(work)


def at_once_ours(server):
    async def all_of(client, few):
        for _ in range(few or ROUNDS):
            for row in await asyncio.gather(*(client.get(f"/{PATH}") for _ in range(AT_ONCE))):
                assert row["vmid"] == 100

    client, loop = ours_async(server), asyncio.new_event_loop()
    measured(lambda few: loop.run_until_complete(all_of(client, few)))


def at_once_theirs(server):
    api, pool = theirs(server), ThreadPoolExecutor(AT_ONCE)

    def work(few):
        for _ in range(few or ROUNDS):
            for row in pool.map(lambda _: api(PATH).get(), range(AT_ONCE)):
                assert row["vmid"] == 100

    measured(work)


def imported(module):
    """Seconds that an import takes, the best of ten fresh processes."""
    program = f"import time; began = time.perf_counter(); import {module}; print(time.perf_counter() - began)"
    times = [float(subprocess.check_output([sys.executable, "-c", program])) for _ in range(10)]
    return min(times)


def compare(name, at_most, server):
    def run(who):
        done = subprocess.run(
            [sys.executable, __file__, f"{name}_{who}"], input=json.dumps(server), text=True, stdout=subprocess.PIPE, check=True
        )
        return json.loads(done.stdout)

    (our_cpu, our_wall), (their_cpu, their_wall) = run("ours"), run("theirs")
    ratio = our_cpu / their_cpu
    print(
        f"{name:8} {our_cpu:7.3f} s CPU {our_wall:7.3f} s    proxmoxer {their_cpu:7.3f} s CPU {their_wall:7.3f} s"
        f"    1/{their_cpu / our_cpu:.1f}, wanted 1/{1 / at_most:.0f}{'' if ratio <= at_most else '  TOO MUCH'}"
    )
    return ratio <= at_most


def main():
    if len(sys.argv) > 1:
        if sys.argv[1] == "serve":
            return serve()
        return globals()[sys.argv[1]](json.load(sys.stdin))
    server_process = subprocess.Popen(
        [sys.executable, __file__, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with tempfile.TemporaryDirectory() as folder:
        server = json.loads(server_process.stdout.readline())
        server["ca_file"] = os.path.join(folder, "ca.pem")
        with open(server["ca_file"], "w", encoding="ascii") as file:
            file.write(server["ca"])
        good = [compare("gets", 1 / 5, server), compare("list", 1 / 4, server), compare("at_once", 1 / 8, server)]
    server_process.stdin.close()
    server_process.wait()
    our_import, their_import = imported("proxmox_sdk"), imported("proxmoxer, requests")
    good.append(our_import <= their_import / 3)
    print(
        f"import   {our_import * 1e3:7.1f} ms    proxmoxer with requests {their_import * 1e3:7.1f} ms"
        f"    1/{their_import / our_import:.1f}, wanted 1/3{'' if good[-1] else '  TOO MUCH'}"
    )
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
