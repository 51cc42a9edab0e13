"""What the edge of the application holds, and the three things a route asks it for: a session, the time, the limits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Annotated, cast

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import utc_now
from app.core.db import Database
from app.core.settings import Settings
from app.core.web.answers import Answers
from app.core.web.limits import Limits

Figures = Callable[[AsyncSession, datetime], Awaitable[Mapping[str, Decimal]]]
"""What a module knows that whoever watches the service should see: gauges by their names."""


@dataclass(slots=True)
class Edge:
    """Built once per process by the composition root and kept at ``app.state.edge``."""

    settings: Settings
    db: Database
    limits: Limits
    clock: Callable[[], datetime] = utc_now
    revision: str | None = None
    """The schema revision that this program was written for; None where tables were made without migrations."""
    figures: tuple[Figures, ...] = ()
    """Read anew for every look at ``/metrics``, so each is one quick statement."""
    answers: Answers = field(default_factory=Answers)


def edge_of(request: Request) -> Edge:
    """The edge that serves this request."""
    return cast("Edge", request.app.state.edge)


async def _now(request: Request) -> datetime:
    return edge_of(request).clock()


async def _read(request: Request) -> AsyncIterator[AsyncSession]:
    async with edge_of(request).db.read() as session:
        yield session


async def _write(request: Request) -> AsyncIterator[AsyncSession]:
    async with edge_of(request).db.write() as session:
        yield session


async def _edge(request: Request) -> Edge:  # async, or the framework would send it through a thread
    return edge_of(request)


TheEdge = Annotated[Edge, Depends(_edge)]
Now = Annotated[datetime, Depends(_now)]
# Function scope: the transaction must have committed before the first byte of the answer leaves.
ReadSession = Annotated[AsyncSession, Depends(_read, scope="function")]
WriteSession = Annotated[AsyncSession, Depends(_write, scope="function")]
