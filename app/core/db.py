"""The database: one way to open it, to write, to read, and to say what a broken constraint means.

``Database.write`` is the only place that commits. One request, one transaction; ``READ COMMITTED``; time limits are
set on every connection. Losing a race reads like the ordinary refusal, because a constraint carries its meaning:
``UniqueConstraint(..., info={"means": AlreadyRefunded})``.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import BYTEA, JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.schema import DDL

from app.core.errors import DomainError, InvalidInput, Unavailable
from app.core.events import Wiring, take_pending
from app.core.ids import new_id
from app.core.settings import PoolSettings

fen = Annotated[int, mapped_column(BigInteger)]
instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]
uid = Annotated[UUID, mapped_column(PG_UUID(as_uuid=True), primary_key=True)]


class Base(DeclarativeBase):
    """All tables of the house share one metadata, with names that a migration can rely on."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: DateTime(timezone=True), UUID: PG_UUID(as_uuid=True)}  # noqa: RUF012


APPEND_ONLY_FUNCTION = """
CREATE OR REPLACE FUNCTION core_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: correct it with a reversing entry', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$
"""


def append_only_trigger(table: str) -> str:
    """The statement that makes PostgreSQL itself refuse to change or remove rows of a ledger."""
    return (
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change()"
    )


def append_only(table: Table) -> None:
    """Declare ``table`` a ledger: rows are added, never changed or removed."""
    table.info["append_only"] = True
    for statement in (APPEND_ONLY_FUNCTION, append_only_trigger(table.name)):
        event.listen(table, "after_create", DDL(statement.replace("%", "%%")))  # type: ignore[no-untyped-call]


core_event = Table(
    "core_event",
    Base.metadata,
    Column("id", PG_UUID(as_uuid=True), primary_key=True),
    Column("name", Text, nullable=False),
    Column("subject", PG_UUID(as_uuid=True), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("payload", JSONB, nullable=False),
    Index("ix_core_event_subject", "subject"),
)
append_only(core_event)

core_delivery = Table(
    "core_delivery",
    Base.metadata,
    Column("position", BigInteger, Identity(always=True), primary_key=True),
    Column("id", PG_UUID(as_uuid=True), nullable=False),
    Column("event_id", ForeignKey("core_event.id"), nullable=False, index=True),
    Column("listener", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("by_courier", Boolean, nullable=False),
    Column("subject", PG_UUID(as_uuid=True), nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("parked_at", DateTime(timezone=True)),
    Column("last_error", Text),
    Index("ix_core_delivery_lane", "lane", "subject", "position"),
    Index("ix_core_delivery_due", "by_courier", "position", postgresql_where=text("parked_at IS NULL")),
)

core_idempotency = Table(
    "core_idempotency",
    Base.metadata,
    Column("principal", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", BYTEA, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("status", Integer),
    Column("media_type", Text),
    Column("headers", JSONB),
    Column("body", BYTEA),
    Index("ix_core_idempotency_created_at", "created_at"),
)

core_allowance = Table(
    "core_allowance",
    Base.metadata,
    Column("subject", Text, primary_key=True),
    Column("free_at", DateTime(timezone=True), nullable=False),
    Index("ix_core_allowance_free_at", "free_at"),
    prefixes=["UNLOGGED"],
)

core_heartbeat = Table(
    "core_heartbeat",
    Base.metadata,
    Column("name", Text, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("detail", JSONB),
)

core_installation = Table(
    "core_installation",
    Base.metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

_WRITE_FACTS = text("""
WITH fact AS (
    INSERT INTO core_event (id, name, subject, at, payload)
    SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:names AS text[]), CAST(:subjects AS uuid[]),
                         CAST(:ats AS timestamptz[]), CAST(:payloads AS jsonb[]))
)
INSERT INTO core_delivery (id, event_id, listener, lane, by_courier, subject, due_at)
SELECT * FROM unnest(CAST(:delivery_ids AS uuid[]), CAST(:event_ids AS uuid[]), CAST(:listeners AS text[]),
                     CAST(:lanes AS text[]), CAST(:couriers AS boolean[]), CAST(:delivery_subjects AS uuid[]),
                     CAST(:dues AS timestamptz[]))
""")


async def write_facts(session: AsyncSession, wiring: Wiring) -> None:
    """Write what this transaction announced: every fact once, and one delivery for each of its listeners."""
    facts = take_pending(session)
    if not facts:
        return
    ids = [new_id(fact.at) for fact in facts]
    deliveries = [
        (new_id(fact.at), fact_id, listener, fact)
        for fact, fact_id in zip(facts, ids, strict=True)
        for listener in wiring.listening_to(fact.name)
    ]
    await session.execute(
        _WRITE_FACTS,
        {
            "ids": ids,
            "names": [fact.name for fact in facts],
            "subjects": [fact.subject for fact in facts],
            "ats": [fact.at for fact in facts],
            "payloads": [fact.model_dump_json() for fact in facts],
            "delivery_ids": [delivery_id for delivery_id, _, _, _ in deliveries],
            "event_ids": [event_id for _, event_id, _, _ in deliveries],
            "listeners": [listener.name for _, _, listener, _ in deliveries],
            "lanes": [listener.lane for _, _, listener, _ in deliveries],
            "couriers": [listener.courier is not None for _, _, listener, _ in deliveries],
            "delivery_subjects": [fact.subject for _, _, _, fact in deliveries],
            "dues": [fact.at for _, _, _, fact in deliveries],
        },
    )


class Database:
    """A pool of connections, and the two ways to use one."""

    def __init__(
        self,
        url: str,
        pool: PoolSettings,
        wiring: Wiring | None = None,
        *,
        name: str = "baojing",
        wait_for_disk: bool = True,
    ) -> None:
        """``wait_for_disk=False`` is for data that can be made again: a crash may then lose the last commits."""
        options = (
            f"-c statement_timeout={pool.statement_timeout_ms} -c lock_timeout={pool.lock_timeout_ms} "
            f"-c idle_in_transaction_session_timeout={pool.idle_in_transaction_timeout_ms} -c timezone=UTC"
        )
        if not wait_for_disk:
            options += " -c synchronous_commit=off"
        connect: dict[str, Any] = {"options": options, "application_name": name, "connect_timeout": 5}
        if pool.pgbouncer:
            connect["prepare_threshold"] = None
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool.size,
            max_overflow=pool.overflow,
            pool_timeout=pool.wait_seconds,
            pool_recycle=1800,
            hide_parameters=True,
            connect_args=connect,
        )
        self.wiring = wiring or Wiring()
        self._write_sessions = async_sessionmaker(self.engine, expire_on_commit=False, autoflush=False)
        read_engine = self.engine.execution_options(postgresql_readonly=True)
        self._read_sessions = async_sessionmaker(read_engine, expire_on_commit=False, autoflush=False)

    @classmethod
    def within(cls, connection: AsyncConnection, wiring: Wiring | None = None) -> Database:
        """A database that lives inside a transaction somebody else will roll back: for tests."""
        database = cls.__new__(cls)
        database.engine = connection.engine
        database.wiring = wiring or Wiring()
        sessions = async_sessionmaker(
            connection, expire_on_commit=False, autoflush=False, join_transaction_mode="create_savepoint"
        )
        database._write_sessions = database._read_sessions = sessions  # noqa: SLF001 - our own, being made
        return database

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """One transaction. Commits when the block ends, after writing the facts it announced; else rolls back."""
        with translated():
            async with self._write_sessions() as session, session.begin():
                yield session
                await session.flush()
                await write_facts(session, self.wiring)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """One transaction that PostgreSQL itself keeps read-only."""
        with translated():
            async with self._read_sessions() as session:
                yield session

    async def dispose(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def meanings() -> dict[str, type[DomainError]]:
    """What each named constraint and unique index means when it is broken."""
    found: dict[str, type[DomainError]] = {}
    for table in Base.metadata.tables.values():
        for item in (*table.constraints, *table.indexes):
            means = item.info.get("means")
            if means is not None:
                found[str(getattr(item, "name", ""))] = means
    return found


_GIVE_WAY = {"55P03", "57014", "57P01", "57P02", "57P03", "40P01", "40001", "53300", "25P03"}


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the database says into what a caller can act on."""
    try:
        yield
    except PoolTimeout as error:
        raise Unavailable(retry_after=1) from error
    except DBAPIError as error:
        original = error.orig
        sqlstate = getattr(original, "sqlstate", None)
        diagnosis = getattr(original, "diag", None)
        constraint = getattr(diagnosis, "constraint_name", None)
        if constraint and (means := meanings().get(constraint)) is not None:
            raise means() from error
        if error.connection_invalidated or isinstance(error, InterfaceError) or sqlstate in _GIVE_WAY:
            raise Unavailable(retry_after=1) from error
        if sqlstate is None and type(original).__name__ == "OperationalError":
            raise Unavailable(retry_after=1) from error
        if (sqlstate or "").startswith("08"):
            raise Unavailable(retry_after=1) from error
        if (sqlstate or "").startswith("22") or type(original).__name__ == "DataError":
            raise InvalidInput from error
        raise


def dump(value: Any) -> str:
    """JSON text for a JSONB parameter, with Chinese characters kept readable."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
