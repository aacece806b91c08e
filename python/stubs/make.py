"""Makes the stubs of the package: `python/stubs/make.py` writes them, with `--check` it only says whether they are so.

The nouns are written down once, blocking. The asynchronous ones are the same with awaitables; the enums and the classes of
exceptions are those that the module has.
"""

from __future__ import annotations

import enum
import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
TARGET = HERE.parent / "proxmox_sdk" / "__init__.pyi"
NOUNS = "Task Guest Vm Container Node Plan Client Watch Cloned ClonedVm ClonedContainer Domain LibvirtHost Backend InstanceWatch".split()

HEAD = '''# Made by python/stubs/make.py: change what is in python/stubs, and run it.

from asyncio import Future
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from enum import Enum
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, TypeVar, overload, type_check_only

from typing_extensions import ParamSpec, Self, TypeAlias

_T = TypeVar("_T")
_P = ParamSpec("_P")

Param: TypeAlias = str | bytes | bool | int | float | Secret | Sequence[str | bytes | int]
Params: TypeAlias = Mapping[str, Any]
OnProgress: TypeAlias = Callable[[Progress], object]
OnDecision: TypeAlias = Callable[[Decision], object]
Handle: TypeAlias = Client | AsyncClient | LibvirtHost | AsyncLibvirtHost
Group: TypeAlias = Literal["state", "cpu", "memory", "network", "disks"]
'''

# What a line of a noun stands for, in either half.
MARKS = {
    r"    # context\n": (
        "    def __enter__(self) -> Self: ...\n    def __exit__(self, *_raised: object) -> None: ...\n",
        "    def __aenter__(self) -> Future[Self]: ...\n    def __aexit__(self, *_raised: object) -> Future[None]: ...\n",
    ),
    r"    # iterates (\w+)\n": (
        r"    def __iter__(self) -> Iterator[\1]: ...\n    def __next__(self) -> \1: ...\n",
        r"    def __aiter__(self) -> AsyncIterator[\1]: ...\n    def __anext__(self) -> Future[\1]: ...\n",
    ),
}


def marked(nouns: str, half: int) -> str:
    for mark, halves in MARKS.items():
        nouns = re.sub(mark, halves[half], nouns)
    return nouns


def enums() -> str:
    import proxmox_sdk

    lines: list[str] = []
    found = [c for c in vars(proxmox_sdk).values() if isinstance(c, type) and issubclass(c, enum.Enum)]
    for each in found:
        lines.append(f"class {each.__name__}(str, Enum):")
        lines.extend(f'    {member.name} = "{member.value}"' for member in each)
        lines.append("")
    return "\n".join(lines)


def exceptions() -> str:
    import proxmox_sdk

    base = proxmox_sdk.ProxmoxError
    found = [c for c in vars(proxmox_sdk).values() if isinstance(c, type) and issubclass(c, base) and c is not base]
    return "\n".join(f"class {c.__name__}({c.__base__.__name__}): ..." for c in found) + "\n"


def asynchronous(nouns: str) -> str:
    """The same with awaitables."""
    lines, of_property = [], False
    for line in nouns.splitlines():
        # The results of clones are the same but for the handle in them.
        if line.startswith("# "):
            continue
        method = line.strip().startswith("def ") and " -> " in line
        asks = line.endswith("# asks")
        plain = of_property or line.endswith("# handle") or " def __" in f" {line.strip()}" or "(cls" in line
        if method and (asks or not plain):
            head, result = line.removesuffix("  # asks").rsplit(" -> ", 1)
            line = f"{head} -> Future[{result.removesuffix(': ...')}]: ..."
        of_property = line.strip() in ("@property", "@classmethod")
        lines.append(re.sub(rf"\b({'|'.join(NOUNS)})\b", r"Async\1", line))
    return "\n".join(lines)


def both(what: str) -> str:
    """What is written down of this, of Proxmox VE and of libvirt, without its heading."""
    texts = [(HERE / f"{of}{what}.pyi").read_text() for of in ("", "libvirt_")]
    return "\n".join(text.split("\n", 2)[2] for text in texts)


def made() -> str:
    values, nouns = both("values"), both("nouns")
    blocking, other = marked(nouns, 0), marked(asynchronous(nouns) + "\n", 1)
    text = "\n".join([HEAD, values, enums(), exceptions(), blocking, other])
    text = text.replace("def preflight(method: Callable[_P, Any]", "PREFLIGHT").replace("  # handle", "").replace("  # asks", "")
    first = text.index("PREFLIGHT")
    end = text.index("\n", first)
    overloads = (
        "@overload\ndef preflight(method: Callable[_P, Future[Any]], /, *args: _P.args, **keywords: _P.kwargs)"
        " -> Future[Preflight]: ...\n@overload\n"
        "def preflight(method: Callable[_P, Any], /, *args: _P.args, **keywords: _P.kwargs) -> Preflight: ..."
    )
    return documented(text[:first] + overloads + text[end:])


def documented(text: str) -> str:
    """With what the module says of its classes, methods and functions, where editors look for it."""
    import proxmox_sdk

    # What two classes have in common has no class of its own in the module.
    inner = {"Guest": "Vm", "AsyncGuest": "AsyncVm"}
    lines: list[str] = []
    owner: object = proxmox_sdk
    told: set[tuple[str, str]] = set()
    for line in text.splitlines():
        lines.append(line)
        if line.startswith("class "):
            name = re.split(r"[(:]", line.removeprefix("class "))[0]
            if not hasattr(proxmox_sdk, name):
                lines.insert(-1, "@type_check_only")
            owner = getattr(proxmox_sdk, inner.get(name, name), None)
            own = vars(owner).get("__doc__") if isinstance(owner, type) and name not in inner else None
            if own:
                lines[-1] = line.removesuffix(" ...")
                lines.append(quoted(own, "    "))
            continue
        if line and not line.startswith((" ", "@", "def ")):
            owner = proxmox_sdk
        found = re.match(r"( *)(?:async )?def ([a-z]\w*)\(.*: \.\.\.$", line)
        if not found:
            continue
        indent, name = found.groups()
        whose = owner if indent else proxmox_sdk
        doc = getattr(getattr(whose, name, None), "__doc__", None)
        # Editors show what the first of several signatures says.
        if doc and (str(whose), name) not in told:
            told.add((str(whose), name))
            lines[-1] = line.removesuffix(" ...")
            lines.append(quoted(doc, indent + "    "))
    return "\n".join(lines) + "\n"


def quoted(doc: str, indent: str) -> str:
    words = f'r"""{doc}"""' if "\\" in doc else f'"""{doc}"""'
    return "\n".join(f"{indent}{line}".rstrip() for line in words.splitlines())


def main() -> int:
    text = made()
    if "--check" in sys.argv[1:]:
        same = TARGET.read_text() == text
        if not same:
            print("the stubs are not what python/stubs makes", file=sys.stderr)
        return 0 if same else 1
    TARGET.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
