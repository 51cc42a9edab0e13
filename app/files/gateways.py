"""A store outside, as seen by the courier: the protocol, S3, and a strict fake for tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from obstore.store import S3Store

from app.core.settings import FileSettings
from app.files.rules.store import open_store


class Store(Protocol):
    """Somewhere to put bytes under an address."""

    async def put(self, address: str, content: bytes, headers: dict[str, str]) -> None:
        """Keep ``content``; the same address again holds the same bytes. Raises when it is not kept."""
        ...


class S3Gateway:
    """Any store that speaks S3."""

    def __init__(self, settings: FileSettings) -> None:
        self._store: S3Store = open_store(settings)

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
