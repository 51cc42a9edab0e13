"""Reads and locks of assistance, one file for each thing that is kept."""

from app.assistance.queries.certificates import certificate, counted_for
from app.assistance.queries.declared import DECLARED_FEN, declared_sale, declared_sales, doubts
from app.assistance.queries.exclusions import exclusions
from app.assistance.queries.goals import (
    definitions,
    goal,
    goal_entries,
    goal_value,
    goals,
    goals_with_codes,
    lock_goal,
    partition,
    shares_of,
)
from app.assistance.queries.ledger import BEGINNING, CountedSale, entries_of, ledger, lock_sales, posted
from app.assistance.queries.periods import (
    CSV_HEADER,
    CSV_LINE,
    canonical_csv,
    closed,
    closings,
    first_month,
    month_standing,
    open_from,
    stop_posting,
    sums_of,
    undelivered,
)
from app.assistance.queries.plans import aspect_by_no, aspects, measure, measure_value, measures, plan, plans
from app.assistance.queries.progress import entered, goals_of, measure_by_no, progress, progress_page
from app.assistance.queries.proposals import entry, proposal, proposals
from app.assistance.queries.seals import ENTRY_DIGEST, SEAL_FORM, seal_digest, sealed_through, unsealed
from app.assistance.queries.submissions import changes, statement, submission, submissions
from app.assistance.queries.tallies import agreed_for, measure_goals

__all__ = [
    "BEGINNING",
    "CSV_HEADER",
    "CSV_LINE",
    "DECLARED_FEN",
    "ENTRY_DIGEST",
    "SEAL_FORM",
    "CountedSale",
    "agreed_for",
    "aspect_by_no",
    "aspects",
    "canonical_csv",
    "certificate",
    "changes",
    "closed",
    "closings",
    "counted_for",
    "declared_sale",
    "declared_sales",
    "definitions",
    "doubts",
    "entered",
    "entries_of",
    "entry",
    "exclusions",
    "first_month",
    "goal",
    "goal_entries",
    "goal_value",
    "goals",
    "goals_of",
    "goals_with_codes",
    "ledger",
    "lock_goal",
    "lock_sales",
    "measure",
    "measure_by_no",
    "measure_goals",
    "measure_value",
    "measures",
    "month_standing",
    "open_from",
    "partition",
    "plan",
    "plans",
    "posted",
    "progress",
    "progress_page",
    "proposal",
    "proposals",
    "seal_digest",
    "sealed_through",
    "shares_of",
    "statement",
    "stop_posting",
    "submission",
    "submissions",
    "sums_of",
    "undelivered",
    "unsealed",
]
