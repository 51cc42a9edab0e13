"""A store outside, as seen by the courier: the protocol, S3, and a strict fake for tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from obstore.store import S3Store

from app.core.settings import FileSettings

if TYPE_CHECKING:  # the library's types exist for checkers alone
    from obstore.store import S3Config


class Store(Protocol):
    """Somewhere to put bytes under an address."""

    async def put(self, address: str, content: bytes, headers: dict[str, str]) -> None:
        """Keep ``content``; the same address again holds the same bytes. Raises when it is not kept."""
        ...


class S3Gateway:
    """Any store that speaks S3."""

    def __init__(self, settings: FileSettings) -> None:
        if settings.bucket is None or settings.access_key_id is None or settings.secret_access_key is None:
            raise ValueError("FILES__BUCKET needs FILES__ACCESS_KEY_ID and FILES__SECRET_ACCESS_KEY")
        config: S3Config = {
            "region": settings.region,
            "access_key_id": settings.access_key_id.get_secret_value(),
            "secret_access_key": settings.secret_access_key.get_secret_value(),
            "virtual_hosted_style_request": False,
        }
        if settings.endpoint:
            config["endpoint"] = settings.endpoint
        self._store = S3Store(
            settings.bucket,
            config=config,
            client_options={"allow_http": True, "connect_timeout": "5s", "timeout": "20s"},
            retry_config={"max_retries": 0},  # the delivery of facts tries again by itself
        )

    async def put(self, address: str, content: bytes, headers: dict[str, str]) -> None:
        """One PUT; ``headers`` are what the store will answer with."""
        await self._store.put_async(address, content, attributes=headers, use_multipart=False)


@dataclass
class FakeStore:
    """A store for tests that refuses to hold two things under one address."""

    kept: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    failing: int = 0
    """How many of the next requests fail."""

    async def put(self, address: str, content: bytes, headers: dict[str, str]) -> None:
        """Note it."""
        if self.failing:
            self.failing -= 1
            raise ConnectionError("the store is away")
        if self.kept.setdefault(address, (content, headers)) != (content, headers):
            raise AssertionError(f"{address} holds something else")
