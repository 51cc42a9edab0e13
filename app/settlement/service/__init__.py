"""The verbs of settlement."""

from app.settlement.service.drafts import approve, decline
from app.settlement.service.frozen import watch_freeze
from app.settlement.service.journal import post_due, post_everything
from app.settlement.service.payouts import run_payouts, settle, settle_by_hand
from app.settlement.service.splits import (
    compare_splits,
    enter_merchant,
    lead_on,
    note_answer,
    note_prepared,
    take_due,
    take_unprepared,
)
from app.settlement.service.statements import (
    confirm,
    confirm_due,
    dispute,
    issue_due,
    issue_statements,
    resolve,
)
from app.settlement.service.terms import announce_rule, enter_account, take_over_account, verify_account

__all__ = [
    "announce_rule",
    "approve",
    "compare_splits",
    "confirm",
    "confirm_due",
    "decline",
    "dispute",
    "enter_account",
    "enter_merchant",
    "issue_due",
    "issue_statements",
    "lead_on",
    "note_answer",
    "note_prepared",
    "post_due",
    "post_everything",
    "resolve",
    "run_payouts",
    "settle",
    "settle_by_hand",
    "take_due",
    "take_over_account",
    "take_unprepared",
    "verify_account",
    "watch_freeze",
]
