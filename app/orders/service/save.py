"""Writing down what was changed of locked orders, in one statement."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import array, ask
from app.orders.models.locked import LockedLine, LockedOrder, LockedPart

# A status is written as `LockedPart.take` left it. Arrays, because the planner takes a JSON list for a hundred rows and
# would rather read the whole table; behind a SELECT, because it plans anew each time where it can count a parameter.
_COLUMNS = {
    "orders_supplier_order": {
        "status": "text",
        "refunded_fen": "bigint",
        "due_at": "timestamptz",
        "paid_at": "timestamptz",
        "shipped_at": "timestamptz",
        "delivered_at": "timestamptz",
        "completed_at": "timestamptz",
        "closed_at": "timestamptz",
        "ship_by": "date",
    },
    "orders_line": {
        "shipped_quantity": "integer",
        "cancelled_quantity": "integer",
        "refunded_quantity": "integer",
        "refunded_fen": "bigint",
        "lot_code": "text",
    },
    "orders_order": {"expires_at": "timestamptz", "paid_at": "timestamptz", "payment_id": "uuid"},
}


async def save(session: AsyncSession, *orders: LockedOrder) -> None:
    """Write what differs from what was read or saved last; nothing, if nothing does."""
    parts = [part for order in orders for part in order.parts]
    changed = {
        "orders_supplier_order": _changed(parts),
        "orders_line": _changed([line for part in parts for line in part.lines]),
        "orders_order": _changed(orders),
    }
    tables = tuple(table for table, rows in changed.items() if rows)
    if tables:
        await ask(session, _statement(tables), _parameters({table: changed[table] for table in tables}))


def _changed(values: list[LockedPart] | list[LockedLine] | tuple[LockedOrder, ...]) -> list[tuple[object, ...]]:
    rows = []
    for value in values:
        row = value.row()
        if row != value.saved:
            value.saved = row
            rows.append(row)
    return rows


def _parameters(changed: dict[str, list[tuple[object, ...]]]) -> dict[str, Any]:
    return {
        f"{table}_{column}": array(values)
        for table, rows in changed.items()
        for column, values in zip(("id", *_COLUMNS[table]), zip(*rows, strict=True), strict=True)
    }


@cache
def _statement(tables: tuple[str, ...]) -> TextClause:
    *first, last = (_update(table, _COLUMNS[table]) for table in tables)
    beside = ", ".join(f"_{number} AS ({update})" for number, update in enumerate(first))
    return text(f"WITH {beside} {last}" if first else last)


def _update(table: str, columns: dict[str, str]) -> str:
    kinds = {"id": "uuid", **columns}
    arrays = ", ".join(f"(SELECT CAST(:{table}_{name} AS {kind}[]))" for name, kind in kinds.items())
    written = ", ".join(f"c.{name}" for name in columns)
    return (
        f"UPDATE {table} t SET ({', '.join(columns)}) = ROW({written}) "
        f"FROM unnest({arrays}) AS c(id, {', '.join(columns)}) WHERE t.id = c.id"
    )
