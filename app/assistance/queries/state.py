"""What figures go by, told in a statement that reads next to nothing: while it is the same, so are they."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from app.assistance.queries.tallies import AGREED
from app.core.db import Database, array
from app.core.errors import NotFound

# Entries are never changed nor removed, and each is sealed or waits for it: as many entries are the same entries.
ENTRIES = """(SELECT coalesce(max(seq_to), 0) FROM assistance_seal) + (SELECT count(*) FROM assistance_unsealed)"""
"""How many entries the ledger has, as a scalar expression in SQL."""

_LEDGER = text(f"SELECT {ENTRIES}, (SELECT count(*) FROM core_delivery WHERE lane = 'assistance')")
_GOAL = text(f"""
SELECT a.version, a.metric, {ENTRIES}, (SELECT json_agg(json_build_array(by_po, value)) FROM ({AGREED}) AS agreed)
FROM assistance_goal a WHERE a.id = :goal
""")


class LedgerState(NamedTuple):
    """How many entries the ledger has, and how many facts have not reached it."""

    entries: int
    undelivered: int


class GoalState(NamedTuple):
    """What a goal's figures of a day depend on: its definition, the ledger, and what is agreed for it.

    A goal that is measured by the register of households depends on more than this.
    """

    version: int
    metric: str
    entries: int
    agreed: str


async def ledger_state(db: Database) -> LedgerState:
    """The state of the ledger at this moment."""
    ((entries, undelivered),) = await db.look(_LEDGER, {})
    return LedgerState(entries, undelivered)


async def goal_state(db: Database, goal_id: UUID, *, today: date) -> GoalState:
    """What one goal goes by at this moment. Raises ``NotFound``."""
    found = await db.look(_GOAL, {"goal": goal_id, "goals": array([goal_id]), "today": today})
    if not found:
        raise NotFound
    ((version, metric, entries, agreed),) = found
    return GoalState(version, metric, entries, repr(agreed))
