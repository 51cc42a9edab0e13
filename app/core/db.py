"""The database: one way to open it, to write, to read, and to say what a broken constraint means.

``Database.write`` is the only place that commits. One request, one transaction; ``READ COMMITTED``; time limits are
set on every connection. Losing a race reads like the ordinary refusal, because a constraint carries its meaning:
``UniqueConstraint(..., info={"means": AlreadyRefunded})``.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, LiteralString, cast
from uuid import UUID

import psycopg
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
    TextClause,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.schema import DDL

from app.core.errors import DomainError, InvalidInput, Unavailable
from app.core.events import Wiring, pending_facts, take_pending
from app.core.ids import new_id
from app.core.settings import PoolSettings
from app.core.trail import Act, done

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

core_audit_entry = Table(
    "core_audit_entry",
    Base.metadata,
    Column("id", PG_UUID(as_uuid=True), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("account_id", PG_UUID(as_uuid=True)),
    Column("role", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("about", ARRAY(Text), nullable=False),
    Column("facts", JSONB, nullable=False),
    Column("request_id", Text),
    Index("ix_core_audit_entry_account_id", "account_id", "id"),
    Index("ix_core_audit_entry_operation", "operation", "id"),
    Index("ix_core_audit_entry_about", "about", postgresql_using="gin"),
)
append_only(core_audit_entry)

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

_READ_ONLY = "-c default_transaction_read_only=on"
_PLANNED_ONCE = "-c plan_cache_mode=force_generic_plan"
_LOOKERS = 4
_DRIVER = "driver"
_ANYBODY_THERE = text("SELECT 1")
_BOUND = text("SELECT set_config(:name, :limit, true)")
_DIALECT = PGDialect_psycopg(paramstyle="pyformat")  # type: ignore[no-untyped-call]


@lru_cache(maxsize=1024)
def _in_driver_form(statement: TextClause) -> LiteralString:
    return str(statement.compile(dialect=_DIALECT))


async def ask(session: AsyncSession, statement: TextClause, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of a constant statement, straight from the driver, in the transaction of ``session``.

    For the busiest paths only: what SQLAlchemy does around a statement costs two or three times as much as the
    statement itself, and here there is nothing to map. Pending changes of the session are not flushed first.
    """
    transaction, cursor = session.info.get(_DRIVER, (None, None))
    if cursor is None or session.sync_session.get_transaction() is not transaction:
        connection = (await (await session.connection()).get_raw_connection()).driver_connection
        cursor = cast("psycopg.AsyncConnection", connection).cursor()
        session.info[_DRIVER] = session.sync_session.get_transaction(), cursor
    driver = cast("psycopg.AsyncCursor", cursor)
    try:
        await driver.execute(_in_driver_form(statement), parameters)
    except psycopg.Error:
        await _notice(session, driver.connection)
        raise
    return await driver.fetchall() if driver.pgresult is not None and driver.pgresult.nfields else []


async def stream(
    session: AsyncSession, statement: TextClause, parameters: Mapping[str, Any], *, size: int
) -> AsyncGenerator[list[tuple[Any, ...]], None]:
    """The rows of a statement, ``size`` at a time, from a cursor that PostgreSQL holds: no more of them are ever here.

    Needs a transaction, such as that of ``Database.snapshot``. Close it (``contextlib.aclosing``) if it is left early.
    """
    connection = (await (await session.connection()).get_raw_connection()).driver_connection
    driver = cast("psycopg.AsyncConnection", connection)
    try:
        async with driver.cursor(name="streamed") as cursor:
            await cursor.execute(_in_driver_form(statement), parameters)
            while rows := await cursor.fetchmany(size):
                yield rows
    except psycopg.Error:
        await _notice(session, driver)
        raise


async def _notice(session: AsyncSession, connection: psycopg.AsyncConnection) -> None:
    """Let SQLAlchemy see that a connection is dead, so that it empties its pool of the dead."""
    if connection.closed:
        with suppress(DBAPIError):
            await session.execute(_ANYBODY_THERE)


def array(values: Iterable[object]) -> str:
    """An array literal for ``CAST(:name AS text[])`` and the like: the driver takes ten times as long over a list."""
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: object) -> str:
    return "NULL" if value is None else '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


_FACTS = """
    INSERT INTO core_event (id, name, subject, at, payload)
    SELECT * FROM json_to_recordset(CAST(:facts AS json))
        AS fact (id uuid, name text, subject uuid, at timestamptz, payload jsonb)
"""
_DELIVERIES = """
INSERT INTO core_delivery (id, event_id, listener, lane, by_courier, subject, due_at)
SELECT * FROM json_to_recordset(CAST(:deliveries AS json))
    AS delivery (id uuid, event_id uuid, listener text, lane text, by_courier boolean, subject uuid, due_at timestamptz)
"""
_ANSWER = """
UPDATE core_idempotency SET status = :status, media_type = :media_type, headers = CAST(:headers AS jsonb), body = :body
WHERE principal = :principal AND key = :key
"""
_TELL = text(f"WITH fact AS ({_FACTS}) {_DELIVERIES}")
_KEEP = text(_ANSWER)
_TELL_AND_KEEP = text(f"WITH fact AS ({_FACTS}), kept AS ({_ANSWER}) {_DELIVERIES}")
_WRITE_DOWN = text("""
INSERT INTO core_audit_entry (id, at, account_id, role, operation, method, path, about, facts, request_id)
VALUES (:id, :at, :account_id, :role, :operation, :method, :path, CAST(:about AS text[]), CAST(:facts AS jsonb),
        :request_id)
""")
_KEPT = "kept_answer"


def keep_answer(session: AsyncSession, **row: Any) -> None:
    """Write the answer to a key that this transaction has taken; for ``core.web.once`` alone.

    ``row`` names the principal and the key, and holds the other columns of ``core_idempotency`` that an answer fills.
    """
    session.info[_KEPT] = row


async def write_last_words(session: AsyncSession, wiring: Wiring) -> int:
    """What a transaction says at its end, in one statement: its facts with a delivery for each listener, its answer.

    Returns how many deliveries wait for handlers then.
    """
    facts: list[dict[str, Any]] = []
    deliveries: list[dict[str, Any]] = []
    for fact in take_pending(session):
        payload = fact.model_dump(mode="json")
        fact_id, subject, at = str(new_id(fact.at)), str(fact.subject), payload["at"]
        facts.append({"id": fact_id, "name": fact.name, "subject": subject, "at": at, "payload": payload})
        deliveries += [
            {
                "id": str(new_id(fact.at)),
                "event_id": fact_id,
                "listener": listener.name,
                "lane": listener.lane,
                "by_courier": listener.courier is not None,
                "subject": subject,
                "due_at": at,
            }
            for listener in wiring.listening_to(fact.name)
        ]
    told = {"facts": dump(facts), "deliveries": dump(deliveries)} if facts else {}
    kept = session.info.pop(_KEPT, {})
    if told or kept:
        await ask(session, _TELL_AND_KEEP if told and kept else _TELL if told else _KEEP, told | kept)
    if (act := done(session)) is not None:
        await _write_down(session, act, facts)
    return sum(not delivery["by_courier"] for delivery in deliveries)


async def _write_down(session: AsyncSession, act: Act, facts: list[dict[str, Any]]) -> None:
    told = [{"id": fact["id"], "name": fact["name"], "subject": fact["subject"]} for fact in facts]
    about = dict.fromkeys((*act.about, *(fact["subject"] for fact in told)))
    entry = {field: getattr(act, field) for field in ("at", "account_id", "role", "operation", "method", "path")}
    entry |= {"id": new_id(act.at), "about": array(about), "facts": dump(told), "request_id": act.request_id}
    await ask(session, _WRITE_DOWN, entry)


@asynccontextmanager
async def attempt(session: AsyncSession) -> AsyncIterator[None]:
    """A part of a transaction that may fail by itself: what it changed, locked and announced is undone, no more."""
    told = len(pending_facts(session))
    try:
        async with session.begin_nested():
            yield
            await session.flush()
    except Exception:
        del pending_facts(session)[told:]
        raise


class Database:
    """Connections to write and to read by, and the two ways to use one."""

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
        common: dict[str, Any] = {
            "pool_timeout": pool.wait_seconds,
            "pool_recycle": 1800,
            "hide_parameters": True,
        }
        self.engine: AsyncEngine = create_async_engine(
            url, pool_size=pool.size, max_overflow=pool.overflow, connect_args=connect, **common
        )
        # Readers have connections of their own, which PostgreSQL itself keeps read-only, and no transactions: under
        # READ COMMITTED each statement sees its own snapshot anyway. That saves BEGIN and ROLLBACK, and with the
        # ROLLBACK the driver's habit of forgetting all prepared statements: most of a short read was planning it.
        common |= {"max_overflow": 0, "isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}
        self.readers: AsyncEngine = create_async_engine(
            url, pool_size=pool.readers, connect_args=connect | {"options": f"{options} {_READ_ONLY}"}, **common
        )
        # What is looked up by a key in a millisecond takes longer to plan than to run: here no statement is planned
        # anew for its values, as those must be that read a span, or what somebody filters by (decision 0025).
        self.lookers: AsyncEngine = create_async_engine(
            url,
            pool_size=_LOOKERS,
            connect_args=connect | {"options": f"{options} {_READ_ONLY} {_PLANNED_ONCE}"},
            **common,
        )
        self.wiring = wiring or Wiring()
        self._write_sessions = async_sessionmaker(self.engine, expire_on_commit=False, autoflush=False)
        self._read_sessions = async_sessionmaker(self.readers, expire_on_commit=False, autoflush=False)
        of_one_moment = self.readers.execution_options(isolation_level="REPEATABLE READ")
        self._snapshots = async_sessionmaker(of_one_moment, expire_on_commit=False, autoflush=False)
        self._reader: Callable[[], AbstractAsyncContextManager[psycopg.AsyncConnection]] = self._read_by_driver

    @classmethod
    def within(cls, connection: AsyncConnection, wiring: Wiring | None = None) -> Database:
        """A database that lives inside a transaction somebody else will roll back: for tests."""
        database = cls.__new__(cls)
        database.engine = database.readers = database.lookers = connection.engine
        database.wiring = wiring or Wiring()
        sessions = async_sessionmaker(
            connection, expire_on_commit=False, autoflush=False, join_transaction_mode="create_savepoint"
        )
        # Our own, being made:
        database._write_sessions = database._read_sessions = database._snapshots = sessions  # noqa: SLF001
        database._reader = lambda: _driver_of(connection)  # noqa: SLF001
        return database

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """One transaction. Commits when the block ends, after writing the facts it announced; else rolls back."""
        with translated():
            async with self._write_sessions() as session, session.begin():
                yield session
                await session.flush()
                await write_last_words(session, self.wiring)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """To read from a connection that PostgreSQL itself keeps read-only; each statement sees the present."""
        with translated():
            async with self._read_sessions() as session:
                yield session

    @asynccontextmanager
    async def snapshot(self, *, seconds: int, statement_seconds: int | None = None) -> AsyncIterator[AsyncSession]:
        """To read much of one and the same moment, for at most so many ``seconds``: then PostgreSQL itself ends it.

        Old versions of rows are kept for whoever may still see them, so that nobody may look for ever.
        """
        with translated():
            async with self._snapshots() as session:
                await session.execute(_BOUND, {"name": "transaction_timeout", "limit": f"{seconds}s"})
                if statement_seconds is not None:
                    await session.execute(_BOUND, {"name": "statement_timeout", "limit": f"{statement_seconds}s"})
                yield session

    async def look(self, statement: TextClause, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """The rows of one constant statement, read with no session around it: a session costs more than they do.

        Its plan is made once for all values, so it must be one that finds its rows by an index whatever these are.
        """
        with translated():
            async with self._reader() as driver:
                cursor = await driver.execute(_in_driver_form(statement), parameters)
                return await cursor.fetchall()

    @asynccontextmanager
    async def _read_by_driver(self) -> AsyncIterator[psycopg.AsyncConnection]:
        """A reader's connection straight from the pool. It has no transaction that would have to be ended."""
        pooled = await self.lookers.raw_connection()
        driver = cast("psycopg.AsyncConnection", pooled.driver_connection)
        try:
            yield driver
        finally:
            if driver.closed:
                pooled.invalidate()
            pooled.close()

    async def dispose(self) -> None:
        """Close every connection."""
        await self.engine.dispose()
        await self.readers.dispose()
        await self.lookers.dispose()


@asynccontextmanager
async def _driver_of(connection: AsyncConnection) -> AsyncIterator[psycopg.AsyncConnection]:
    yield cast("psycopg.AsyncConnection", (await connection.get_raw_connection()).driver_connection)


def meanings() -> dict[str, type[DomainError]]:
    """What each named constraint and unique index means when it is broken."""
    found: dict[str, type[DomainError]] = {}
    for table in Base.metadata.tables.values():
        for item in (*table.constraints, *table.indexes):
            means = item.info.get("means")
            if means is not None:
                found[str(getattr(item, "name", ""))] = means
    return found


_GIVE_WAY = {"55P03", "57014", "57P01", "57P02", "57P03", "40P01", "40001", "53300", "25P03", "25P04"}


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the database says, through SQLAlchemy or by itself, into what a caller can act on."""
    try:
        yield
    except PoolTimeout as error:
        raise Unavailable(retry_after=1) from error
    except DBAPIError as error:
        lost = error.connection_invalidated or isinstance(error, InterfaceError)
        if (meaning := _meaning(error.orig, lost=lost)) is not None:
            raise meaning from error
        raise
    except psycopg.Error as error:
        if (meaning := _meaning(error, lost=isinstance(error, psycopg.InterfaceError))) is not None:
            raise meaning from error
        raise


def _meaning(error: BaseException | None, *, lost: bool) -> DomainError | None:
    sqlstate = getattr(error, "sqlstate", None) or ""
    constraint = getattr(getattr(error, "diag", None), "constraint_name", None)
    if constraint and (means := meanings().get(constraint)) is not None:
        return means()
    if lost or sqlstate in _GIVE_WAY or sqlstate.startswith("08"):
        return Unavailable(retry_after=1)
    if isinstance(error, psycopg.OperationalError) and not sqlstate:
        return Unavailable(retry_after=1)
    if isinstance(error, psycopg.DataError) or sqlstate.startswith("22"):
        return InvalidInput()
    return None


def dump(value: Any) -> str:
    """JSON text for a JSONB parameter, with Chinese characters kept readable."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
