"""Proxmox VE from Python. All of it is Rust: see the stubs beside this file for what there is."""

from ._native import *  # noqa: F403
from ._native import __version__ as __version__
