"""Tables whose rows say for ever what they said at first, while a few columns tell how far they have come."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import DDL, Table, event

from app.core.db import APPEND_ONLY_FUNCTION


def frozen_trigger(table: str, columns: Iterable[str]) -> str:
    """The statement that makes PostgreSQL itself refuse to set ``columns`` of a row, or to remove it."""
    return (
        f"CREATE TRIGGER {table}_frozen BEFORE UPDATE OF {', '.join(columns)} OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change()"
    )


def frozen_once_trigger(table: str, columns: Iterable[str], once: str) -> str:
    """The same for the rows whose column ``once`` is filled."""
    return (
        f"CREATE TRIGGER {table}_frozen BEFORE UPDATE OF {', '.join(columns)} OR DELETE ON {table} "
        f"FOR EACH ROW WHEN (OLD.{once} IS NOT NULL) EXECUTE FUNCTION core_refuse_change()"
    )


def frozen(table: Table, *, but: Collection[str], once: str | None = None) -> None:
    """Declare that rows of ``table`` are never removed, and never changed but for the columns ``but``.

    With ``once`` that begins for each row when this column of it is filled: drafts may change and go.
    """
    table.info["frozen"] = True
    columns = [column.name for column in table.columns if column.name not in but]
    trigger = frozen_trigger(table.name, columns) if once is None else frozen_once_trigger(table.name, columns, once)
    for statement in (APPEND_ONLY_FUNCTION, trigger):
        event.listen(table, "after_create", DDL(statement.replace("%", "%%")))  # type: ignore[no-untyped-call]
