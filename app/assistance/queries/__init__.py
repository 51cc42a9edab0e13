"""Reads and locks of assistance, one file for each thing that is kept."""

from app.assistance.queries.certificates import certificate, counted_for
from app.assistance.queries.goals import (
    goal,
    goal_code_exists,
    goal_entries,
    goal_value,
    goals,
    partition,
    shares_of,
)
from app.assistance.queries.ledger import BEGINNING, CountedSale, entries_of, ledger, lock_sales, posted
from app.assistance.queries.plans import aspect_by_no, aspects, measure_value, measures, plan, plans
from app.assistance.queries.seals import ENTRY_DIGEST, SEAL_FORM, seal_digest, sealed_through, unsealed
from app.assistance.queries.tallies import measure_goals

__all__ = [
    "BEGINNING",
    "ENTRY_DIGEST",
    "SEAL_FORM",
    "CountedSale",
    "aspect_by_no",
    "aspects",
    "certificate",
    "counted_for",
    "entries_of",
    "goal",
    "goal_code_exists",
    "goal_entries",
    "goal_value",
    "goals",
    "ledger",
    "lock_sales",
    "measure_goals",
    "measure_value",
    "measures",
    "partition",
    "plan",
    "plans",
    "posted",
    "seal_digest",
    "sealed_through",
    "shares_of",
    "unsealed",
]
