"""The health of a cluster: a page for people, figures for programs, and what needs attention."""

import json
import tempfile
from pathlib import Path

from connect import connect

with connect() as client:
    report = client.report(name="lab", addresses=True, thresholds={"storage": {"warning": 75, "critical": 90}})
    for flag in report.flags:
        print(f"{flag.severity}: {flag.sentence}")
    summary = report.summary
    print(f"{summary.nodes_online} of {summary.nodes} nodes online, {summary.running} of {summary.guests} guests running")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "report.html").write_text(report.html, encoding="utf-8")
        (Path(folder) / "report.json").write_text(json.dumps(report.to_dict()), encoding="utf-8")
    print(report.markdown.splitlines()[0])
