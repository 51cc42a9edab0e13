"""Sales reports: reads the ledger and the orders, changes nothing, and nobody stands on it but pages.

*Owns* nothing. *Promises* that rows and totals come from one snapshot and that counted totals equal the ledger of
counted sales to the fen. *Calls* buyers for the names of divisions; reads other modules' tables by plain SQL.
*Tells* nobody.
"""

from app.reports.queries import sales
from app.reports.routes import router
from app.reports.rules import Basis, Format, Group, Question, Report, ReportTooLarge, ask

__all__ = [
    "Basis",
    "Format",
    "Group",
    "Question",
    "Report",
    "ReportTooLarge",
    "ask",
    "router",
    "sales",
]
