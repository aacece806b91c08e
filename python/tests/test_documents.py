"""What the documents of the project show in Python is true."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PROGRAMS = [
    (document.relative_to(ROOT).as_posix(), program)
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("python/*.md")]
    for program in re.findall(r"^```python\n(.*?)^```", document.read_text(), re.M | re.S)
]


@pytest.mark.parametrize("document, program", PROGRAMS)
def test_programs_run(document: str, program: str) -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), document
    assert done.stdout


def test_there_are_some() -> None:
    assert "README.md" in [document for document, _ in PROGRAMS]
