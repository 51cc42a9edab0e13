"""Alembic's entry: knows every table of the house, whatever module owns it."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

from alembic import context
from sqlalchemy import Connection, create_engine

import app
from app.core.db import Base

for _models in sorted(Path(app.__path__[0]).glob("*/models*")):
    importlib.import_module(f"app.{_models.parent.name}.models")


def run(connection: Connection) -> None:
    """Each revision in a transaction of its own, so that a long history never holds its locks to the end."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transaction_per_migration=True,
        compare_type=True,
        compare_server_default=False,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
elif (given := context.config.attributes.get("connection")) is not None:
    run(given)
else:  # the plain `alembic` program, for people
    with create_engine(os.environ["DATABASE_URL"]).connect() as own:
        run(own)
