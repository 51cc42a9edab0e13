"""The verbs of assistance, one file for each thing they are about."""

from app.assistance.service.contribution import certify, contribution
from app.assistance.service.declared import decide_proposal, declare_sale, propose_withdrawal
from app.assistance.service.fold import fold_ledger
from app.assistance.service.goals import change_goal, notice_reached, resolve_filter, set_goal, stand
from app.assistance.service.households import benefits, decide_payments, enter_payments, reversal_of
from app.assistance.service.ledger import count_sales, reverse_sale
from app.assistance.service.linkages import decide_linkage, households_named, propose_linkage
from app.assistance.service.paper import print_certificate
from app.assistance.service.payment_sheets import check_payment_sheet, propose_checked
from app.assistance.service.periods import close_month, reproduce, submit, submit_statement
from app.assistance.service.plans import add_aspect, add_measure, create_plan
from app.assistance.service.progress import decide_progress, enter_progress, stand_plan, stand_year, with_evidence
from app.assistance.service.proposals import propose_adjustment
from app.assistance.service.register import (
    change_household,
    declare_figure,
    link,
    link_households,
    register_household,
    register_households,
    see_household,
    split_household,
)
from app.assistance.service.seals import seal_due, seal_everything

__all__ = [
    "add_aspect",
    "add_measure",
    "benefits",
    "certify",
    "change_goal",
    "change_household",
    "check_payment_sheet",
    "close_month",
    "contribution",
    "count_sales",
    "create_plan",
    "decide_linkage",
    "decide_payments",
    "decide_progress",
    "decide_proposal",
    "declare_figure",
    "declare_sale",
    "enter_payments",
    "enter_progress",
    "fold_ledger",
    "households_named",
    "link",
    "link_households",
    "notice_reached",
    "print_certificate",
    "propose_adjustment",
    "propose_checked",
    "propose_linkage",
    "propose_withdrawal",
    "register_household",
    "register_households",
    "reproduce",
    "resolve_filter",
    "reversal_of",
    "reverse_sale",
    "seal_due",
    "seal_everything",
    "see_household",
    "set_goal",
    "split_household",
    "stand",
    "stand_plan",
    "stand_year",
    "submit",
    "submit_statement",
    "with_evidence",
]
