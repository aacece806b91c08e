"""proxmoxer's style over this SDK: `from proxmox_sdk.compat import ProxmoxAPI`."""

from ._native import _compat

ProxmoxAPI = _compat.ProxmoxAPI
ProxmoxResource = _compat.ProxmoxResource
ResourceException = _compat.ResourceException
AuthenticationError = _compat.AuthenticationError
Tasks = _compat.Tasks

__all__ = ["AuthenticationError", "ProxmoxAPI", "ProxmoxResource", "ResourceException", "Tasks"]
