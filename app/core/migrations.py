"""The schema's history: where a database stands in it, and how it gets to the newest revision.

One history with one head, in ``migrations/``. Every revision is safe beside the running version, because processes of
the old and the new version serve side by side while an installation is renewed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from app.core.trouble import Trouble

_ROOT = Path(__file__).parents[2]
_ONE_AT_A_TIME = 0x6D69_6772_6174_65
"""Advisory lock that two processes which migrate at once take in turn."""


class DatabaseTrouble(Trouble):
    """The database cannot be reached, or its schema is not the one this program was written for."""


def head() -> str | None:
    """The newest revision this program knows."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def current(url: str) -> str | None:
    """The revision the database at `url` stands at; None for a database that was never migrated."""
    with _connection(url) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(url: str) -> tuple[str | None, str | None]:
    """Bring the database at `url` to the newest revision; tells the revision before and after."""
    with _connection(url) as connection:
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _ONE_AT_A_TIME})
        connection.commit()
        before = MigrationContext.configure(connection).get_current_revision()
        connection.commit()
        _refuse_newer(before)
        if before is not None and before == head():
            return before, before
        config = _config()
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
            connection.commit()
        except DBAPIError as error:
            said = str(error.orig).strip().splitlines()[0]
            raise DatabaseTrouble(
                f"数据库结构升级没有完成（已回滚到上一步）：{said}",
                f"The migration did not finish (its last step was rolled back): {said}",
            ) from error
        return before, MigrationContext.configure(connection).get_current_revision()


def start_over(url: str) -> None:
    """Throw away everything in the database at `url`, and bring it to the newest revision again."""
    with _connection(url) as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
        connection.commit()
    upgrade(url)


def require_current(url: str) -> None:
    """Raise `DatabaseTrouble` unless the database at `url` stands at the newest revision."""
    newest, now = head(), current(url)
    _refuse_newer(now)
    if now != newest:
        raise DatabaseTrouble(
            f"数据库的结构落后（现在 {now or '空'}，需要 {newest}）；请先运行 baojing migrate。",
            f"The database's schema is behind (at {now or 'nothing'}, needs {newest}); run: baojing migrate",
        )


def draft(url: str, message: str) -> None:
    """Write a new revision that holds the difference between the models and the database at `url`."""
    with _connection(url) as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.revision(config, message, autogenerate=True)


def _refuse_newer(revision: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if revision is not None and revision not in known:
        raise DatabaseTrouble(
            f"数据库的结构（{revision}）比本程序新；请改用更新的版本。",
            f"The database's schema ({revision}) is newer than this program; use a newer version of it.",
        )


def _config() -> Config:
    config = Config(toml_file=_ROOT / "pyproject.toml")
    config.set_main_option("script_location", str(_ROOT / "migrations").replace("%", "%%"))
    return config


@contextlib.contextmanager
def _connection(url: str) -> Iterator[Connection]:
    """A connection of its own; waiting for a lock ends after ten seconds rather than stop the service behind it."""
    try:
        engine = create_engine(
            url,
            poolclass=NullPool,
            hide_parameters=True,
            connect_args={
                "connect_timeout": 5,
                "prepare_threshold": None,
                "application_name": "migrate",
                "options": "-c lock_timeout=10s -c timezone=UTC",
            },
        )
        if engine.dialect.driver != "psycopg":
            raise ArgumentError
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError):
        raise DatabaseTrouble(
            "DATABASE_URL 不是 postgresql://用户:密码@主机/数据库 的形式。",
            "DATABASE_URL does not read postgresql://user:password@host/database.",
        ) from None
    try:
        connection = engine.connect()
    except DBAPIError as error:
        said = (str(error.orig).strip() or type(error.orig).__name__).splitlines()
        raise DatabaseTrouble(f"无法连接数据库：{said[0]}", f"Cannot reach the database: {said[0]}") from None
    with connection:
        yield connection
