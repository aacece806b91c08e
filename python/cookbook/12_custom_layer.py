"""Hooks. A layer around the transport has to be written in Rust: it runs within each request, where no interpreter is at hand.

From Python one can listen to what the safety gate decides of every write, hear the lines of a task while waiting, and watch.
"""

import queue

import proxmox_sdk as px
from connect import NODE, keywords

journal: "queue.Queue[px.Decision]" = queue.Queue()
with px.Client.https(**keywords(), on_decision=journal.put) as client:
    vm = client.vm(9000, node=NODE).clone("hooks", on_progress=lambda progress: print(" ", progress.line)).guest
    vm.delete()
    try:
        client.vm(9000, node=NODE).delete()
    except px.RefusedError as error:
        print(f"refused: {error.message}")
    # Listeners are told from another thread, in the order of the decisions.
    while True:
        decision = journal.get(timeout=10)
        print(decision.verdict, decision.pvesh)
        if decision.verdict is px.Verdict.REFUSED:
            break
