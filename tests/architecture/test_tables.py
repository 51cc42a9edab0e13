"""Tables: named after their owner, pointing down, indexed where they point, and the same in migrations as in models."""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import URL, Connection, Index, UniqueConstraint, create_engine, text

from app.core import migrations
from app.core.db import Base
from tests.architecture.source import CHECKOUT, HOUSE
from tests.conftest import drop_database, make_database

for _models in sorted(HOUSE.glob("*/models*")):
    importlib.import_module(f"app.{_models.parent.name}.models")
TABLES = tuple(Base.metadata.tables.values())


def _layers() -> dict[str, int]:
    """Height of every module, as the import contract has it."""
    contract = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    heights = {}
    for height, layer in enumerate(reversed(contract["layers"])):
        for name in layer.split("|"):
            heights[name.strip().strip("()")] = height
    return heights


def test_tables_are_named_after_their_owner():
    wrong = [
        f"{mapper.local_table} in {mapper.class_.__module__}"
        for mapper in Base.registry.mappers
        if not str(mapper.local_table).startswith(mapper.class_.__module__.split(".")[1] + "_")
    ]
    assert wrong == []
    owners = {table.name.partition("_")[0] for table in TABLES}
    assert owners <= _layers().keys()


def test_foreign_keys_point_down():
    layers = _layers()
    wrong = []
    for table in TABLES:
        for key in table.foreign_keys:
            target = key.column.table.name
            mine, theirs = table.name.partition("_")[0], target.partition("_")[0]
            if mine != theirs and layers[theirs] >= layers[mine]:
                wrong.append(f"{table.name}.{key.parent.name} points up to {target}")
    assert wrong == []


def test_every_foreign_key_leads_an_index():
    """Otherwise deleting or locking what it points at would read the whole table."""
    wrong = []
    for table in TABLES:
        leading = {column.name for column in list(table.primary_key.columns)[:1]}
        for constraint in table.constraints:
            if isinstance(constraint, UniqueConstraint):
                leading.add(next(iter(constraint.columns)).name)
        for index in table.indexes:
            assert isinstance(index, Index)
            first = next(iter(index.columns), None)
            condition = index.dialect_options["postgresql"]["where"]
            if first is not None and (condition is None or str(condition) == f"{first.name} IS NOT NULL"):
                leading.add(first.name)
        wrong += [f"{table.name}.{key.parent.name}" for key in table.foreign_keys if key.parent.name not in leading]
    assert sorted(wrong) == []


def test_times_carry_their_zone():
    naive = [
        f"{table.name}.{column.name}"
        for table in TABLES
        for column in table.columns
        if str(column.type).startswith(("DATETIME", "TIMESTAMP")) and not column.type.timezone
    ]
    assert naive == []


@pytest.fixture(scope="module")
def migrated(server_url: URL) -> Iterator[Connection]:
    """A database that was built by the migrations and by nothing else."""
    with _empty_database(server_url) as url:
        before, after = migrations.upgrade(url.render_as_string(hide_password=False))
        assert (before, after) == (None, migrations.head())
        engine = create_engine(url)
        with engine.connect() as connection:
            yield connection
        engine.dispose()


@pytest.fixture(scope="module")
def declared(server_url: URL) -> Iterator[Connection]:
    """A database that was built from the models and by nothing else."""
    with _empty_database(server_url) as url:
        engine = create_engine(url)
        Base.metadata.create_all(engine)
        with engine.connect() as connection:
            yield connection
        engine.dispose()


@contextmanager
def _empty_database(server: URL) -> Iterator[URL]:
    name = f"tables_{uuid4().hex[:12]}"
    make_database(server, name)
    try:
        yield server.set(database=name)
    finally:
        drop_database(server, name)


def test_the_history_has_one_head_and_no_holes():
    folder = CHECKOUT / "migrations" / "versions"
    assert migrations.head() is not None
    assert len(list(folder.glob("*.py"))) >= 1


def test_models_and_migrations_agree(migrated: Connection):
    context = MigrationContext.configure(migrated, opts={"compare_type": True})
    assert compare_metadata(context, Base.metadata) == []


# What PostgreSQL itself says about a database, so that checks, triggers and defaults are compared too, which the
# comparison above does not look at.
_CHECKS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND conrelid <> 0 AND conrelid::regclass::text <> 'alembic_version'
"""
_INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
_TRIGGERS = """
SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
"""
_SEQUENCES = "SELECT sequencename, data_type::text, start_value, increment_by FROM pg_sequences"
_COLUMNS = """
SELECT table_name, column_name, data_type, is_nullable, column_default, is_identity, is_generated, generation_expression
FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
"""
_PERSISTENCE = """
SELECT relname, relpersistence FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
"""
_FUNCTIONS = """
SELECT proname, regexp_replace(prosrc, '\\s+', ' ', 'g') FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND prokind = 'f' AND (proname LIKE 'core%' OR proname LIKE 'assistance%')
"""


@pytest.mark.parametrize(
    "question",
    [_COLUMNS, _CHECKS, _INDEXES, _TRIGGERS, _SEQUENCES, _PERSISTENCE, _FUNCTIONS],
    ids=["columns", "constraints", "indexes", "triggers", "sequences", "persistence", "functions"],
)
def test_postgresql_sees_the_same_in_both(migrated: Connection, declared: Connection, question: str):
    of_models = {tuple(row) for row in declared.execute(text(question))}
    of_migrations = {tuple(row) for row in migrated.execute(text(question))}
    assert of_models
    assert (of_models - of_migrations, of_migrations - of_models) == (set(), set())


def test_every_ledger_refuses_change_in_the_migrated_database(migrated: Connection):
    ledgers = {(table.name, f"{table.name}_append_only") for table in TABLES if table.info.get("append_only")}
    frozen = {(table.name, f"{table.name}_frozen") for table in TABLES if table.info.get("frozen")}
    assert {"core_event", "inventory_movement", "assistance_entry"} <= {table for table, _ in ledgers}
    assert {"settlement_statement", "settlement_payout", "settlement_draft"} <= {table for table, _ in frozen}
    noted = {(table.name, f"{table.name}_noted") for table in TABLES if table.info.get("noted")}
    listed = {(table.name, f"{table.name}_unfolded") for table in TABLES if table.info.get("summed")}
    assert {table for table, _ in listed} == {"assistance_entry"}
    assert {table for table, _ in noted} == {"assistance_entry"}
    guarded = {(row[0], row[1]) for row in migrated.execute(text(_TRIGGERS))}
    assert guarded == ledgers | frozen | noted | listed
