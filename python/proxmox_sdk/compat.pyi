from typing import Any

from . import AsyncClient, Client, Policy, ProxmoxError, Secret

class ProxmoxResource:
    def __getattr__(self, name: str) -> ProxmoxResource: ...
    def __call__(self, *parts: object) -> ProxmoxResource: ...
    def get(self, *parts: object, **params: Any) -> Any: ...
    def post(self, *parts: object, _force: int | None = None, **data: Any) -> Any: ...
    def put(self, *parts: object, _force: int | None = None, **data: Any) -> Any: ...
    def delete(self, *parts: object, _force: int | None = None, **params: Any) -> Any: ...
    def create(self, *parts: object, _force: int | None = None, **data: Any) -> Any: ...
    def set(self, *parts: object, _force: int | None = None, **data: Any) -> Any: ...

class ProxmoxAPI(ProxmoxResource):
    def __init__(
        self,
        host: str | None = None,
        backend: str = "https",
        service: str = "PVE",
        *,
        client: Client | AsyncClient = ...,
        policy: Policy | None = None,
        user: str | None = None,
        password: str | Secret | None = None,
        token_name: str | None = None,
        token_value: str | Secret | None = None,
        port: int | None = None,
        verify_ssl: bool | str = True,
        timeout: float | None = None,
        **keywords: Any,
    ) -> None: ...

class ResourceException(ProxmoxError):
    status_code: int
    status_message: str
    content: str

class AuthenticationError(ProxmoxError): ...

class Tasks:
    @staticmethod
    def blocking_status(
        prox: ProxmoxResource, task_id: str, timeout: float | None = None, polling_interval: float | None = None
    ) -> dict[str, Any] | None: ...
    @staticmethod
    def decode_upid(upid: str) -> dict[str, Any]: ...
    @staticmethod
    def decode_log(log_list: list[dict[str, Any]]) -> str: ...
