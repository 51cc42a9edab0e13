"""Facts come up: what a module announces, who listens, and how the announcement is written.

``emit`` is called inside a use case. The facts of a transaction and one delivery per listener are written by
``Database.write`` just before it commits, in one statement, so a fact exists exactly if its cause does.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from app.core.db import Database


class Fact(BaseModel):
    """Something that happened, in the past tense. ``name`` is fixed by hand, because it is stored and sent out.

    ``subject`` is the aggregate that it happened to: a module hears the facts of one subject in their order.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: ClassVar[str]
    at: datetime

    @property
    @abstractmethod
    def subject(self) -> UUID:
        """The id of what this fact is about."""


class FarEndAway(Exception):
    """The far end is not there, or did not take it: nothing is wrong here, and the outbox tries again later."""


@dataclass(frozen=True, slots=True)
class CourierCall:
    """What a courier is given: the delivery's id is the idempotency key at the far end."""

    delivery_id: UUID
    attempt: int
    now: datetime
    db: Database


Handler = Callable[["AsyncSession", Any, datetime], Awaitable[None]]
HandlerOfMany = Callable[["AsyncSession", Sequence[Any], datetime], Awaitable[None]]
Courier = Callable[[CourierCall, Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Listener:
    """One reaction to one kind of fact, under a name (``module.reaction``) that is stored and must not change."""

    name: str
    fact: type[Fact]
    handler: Handler | None = None
    courier: Courier | None = None
    alone: bool = False
    many: bool = False

    @property
    def lane(self) -> str:
        """The listening module: it hears the facts of one subject in the order in which they happened."""
        return self.name.partition(".")[0]


@dataclass(slots=True)
class Wiring:
    """Who listens to what. Built once by ``app.wiring``."""

    listeners: dict[str, Listener] = field(default_factory=dict)
    _by_fact: dict[str, list[Listener]] = field(default_factory=dict)
    facts: dict[str, type[Fact]] = field(default_factory=dict)

    def announce(self, *facts: type[Fact]) -> None:
        """Name facts that are kept as history even where nobody listens."""
        for fact in facts:
            self.facts[fact.name] = fact

    def on(self, fact: type[Fact], handler: Handler, *, name: str, alone: bool = False) -> None:
        """``handler`` changes rows in this database, in the transaction that ticks the delivery off.

        That transaction is shared with other deliveries unless it runs ``alone``, as a handler must that takes locks
        in an order which a second delivery after it would break: stock for one order, then budgets for the next.
        """
        self._add(Listener(name, fact, handler=handler, alone=alone))

    def on_many(self, fact: type[Fact], handler: HandlerOfMany, *, name: str) -> None:
        """As ``on``, for what one statement does to many: ``handler`` gets all facts of its kind that were due at once.

        They come in their order, each subject once; after a failure each comes by itself.
        """
        self._add(Listener(name, fact, handler=handler, many=True))

    def courier(self, fact: type[Fact], courier: Courier, *, name: str) -> None:
        """``courier`` speaks to the outside world, with no transaction open, at least once."""
        self._add(Listener(name, fact, courier=courier))

    def without_couriers(self, *lanes: str) -> Wiring:
        """The same choreography with nobody who speaks to the outside world: for history that is being replayed.

        ``lanes`` names modules that listen only in order to speak, and need not listen either.
        """
        quiet = Wiring(facts=dict(self.facts))
        for listener in self.listeners.values():
            if listener.courier is None and listener.lane not in lanes:
                quiet._add(listener)
        return quiet

    def listening_to(self, fact_name: str) -> list[Listener]:
        """The listeners of a fact, in the order in which they were wired."""
        return self._by_fact.get(fact_name, [])

    def _add(self, listener: Listener) -> None:
        if listener.name in self.listeners:
            raise ValueError(f"two listeners are called {listener.name}")
        self.listeners[listener.name] = listener
        self._by_fact.setdefault(listener.fact.name, []).append(listener)
        self.facts[listener.fact.name] = listener.fact


_PENDING = "pending_facts"


def emit(session: AsyncSession, fact: Fact) -> None:
    """Announce ``fact`` if and only if this transaction commits."""
    pending_facts(session).append(fact)


def pending_facts(session: AsyncSession) -> list[Fact]:
    """The facts announced so far: for ``core.db`` alone."""
    pending: list[Fact] = session.info.setdefault(_PENDING, [])
    return pending


def take_pending(session: AsyncSession) -> list[Fact]:
    """The facts announced so far, and forget them: for ``core.db`` alone."""
    pending: list[Fact] = session.info.pop(_PENDING, [])
    return pending
