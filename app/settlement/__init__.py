"""Settlement: what is owed to whom for what was sold, the monthly statements of it, and their payment.

*Owns* the double-entry journal, commission rules, statements and their rows, payout accounts and payouts.
*Promises* that every posting sums to nothing and has one source; that a commission is the one of the day of payment;
that a statement never changes once it is issued and is paid once; that what is refunded after payout is a negative row
of the next period; that no operator moves much money alone; and that no money is ever held here: a licensed provider
is told how to split what it holds. What a supermarket took in is its suppliers' once the supermarket has paid for it.
*Calls* suppliers, catalogue and payments for what they check and sign; reads orders, claims, wholesale, payments and
suppliers by plain SQL, in bulk.
*Tells* PayoutMade, PayoutFailed, DraftMade, DraftApproved, DraftDeclined, MoneyNearFreezeLimit; and itself
PayoutInstructed.
"""

from app.settlement.couriers import connect, errands
from app.settlement.events import PayoutInstructed
from app.settlement.handlers import on_bill_imported, on_supplier_approved
from app.settlement.lifecycle import PayoutStatus, StatementStepNotAllowed, Status
from app.settlement.queries import accounts_of, by_sku, get, owed, page, payouts, rows
from app.settlement.queries.books import figures
from app.settlement.queries.farm_gate import farm_gate
from app.settlement.routes import router
from app.settlement.routes.common import paper, sheet
from app.settlement.rules import (
    ACCOUNTS,
    DIGEST,
    BankDetails,
    Kind,
    MonthNotOver,
    NotPaidThatWay,
    Outcome,
    Owed,
    Payout,
    PayoutAccount,
    Row,
    RuleTaken,
    RuleTooSoon,
    Run,
    Statement,
    following,
    last_due,
    month_of,
)
from app.settlement.rules.farm_gate import MEASURES as FARM_GATE_MEASURES
from app.settlement.rules.farm_gate import MOST_GROUPS as MOST_FARM_GATE_GROUPS
from app.settlement.rules.farm_gate import FarmGateGroup, FarmGateTooLarge
from app.settlement.rules.farm_gate import Shares as FarmGateShares
from app.settlement.rules.farm_gate import ask as ask_farm_gate
from app.settlement.schemas.farm_gate import FarmGateReport
from app.settlement.service import (
    announce_rule,
    approve,
    confirm,
    confirm_due,
    decline,
    dispute,
    enter_account,
    issue_due,
    issue_statements,
    post_due,
    post_everything,
    resolve,
    run_payouts,
    settle,
    verify_account,
)

__all__ = [
    "ACCOUNTS",
    "DIGEST",
    "FARM_GATE_MEASURES",
    "MOST_FARM_GATE_GROUPS",
    "BankDetails",
    "FarmGateGroup",
    "FarmGateReport",
    "FarmGateShares",
    "FarmGateTooLarge",
    "Kind",
    "MonthNotOver",
    "NotPaidThatWay",
    "Outcome",
    "Owed",
    "Payout",
    "PayoutAccount",
    "PayoutInstructed",
    "PayoutStatus",
    "Row",
    "RuleTaken",
    "RuleTooSoon",
    "Run",
    "Statement",
    "StatementStepNotAllowed",
    "Status",
    "accounts_of",
    "announce_rule",
    "approve",
    "ask_farm_gate",
    "by_sku",
    "confirm",
    "confirm_due",
    "connect",
    "decline",
    "dispute",
    "enter_account",
    "errands",
    "farm_gate",
    "figures",
    "following",
    "get",
    "issue_due",
    "issue_statements",
    "last_due",
    "month_of",
    "on_bill_imported",
    "on_supplier_approved",
    "owed",
    "page",
    "paper",
    "payouts",
    "post_due",
    "post_everything",
    "resolve",
    "router",
    "rows",
    "run_payouts",
    "settle",
    "sheet",
    "verify_account",
]
