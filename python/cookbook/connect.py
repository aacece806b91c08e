"""How the recipes find a cluster: by the same variables that the programs of this SDK read."""

import os
from typing import Any, Optional

import proxmox_sdk as px

NODE = os.environ.get("PVE_NODE", "pve1")


def keywords(policy: Optional[px.Policy] = None) -> "dict[str, Any]":
    env = os.environ
    return {
        "url": env["PVE_URL"],
        "token": env.get("PVE_TOKEN_ID"),
        "secret": env.get("PVE_TOKEN_SECRET"),
        "user": env.get("PVE_USER"),
        "password": env.get("PVE_PASSWORD"),
        "ca_file": env.get("PVE_CA"),
        "fingerprint": env.get("PVE_FINGERPRINT"),
        "policy": policy,
    }


def connect(policy: Optional[px.Policy] = None) -> px.Client:
    return px.Client.https(**keywords(policy))


def connect_async(policy: Optional[px.Policy] = None) -> px.AsyncClient:
    return px.AsyncClient.https(**keywords(policy))
