"""Reports of sales, goals, suppliers and supermarkets: reads, changes nothing, and nobody stands on it but pages.

A new report is a ``rules.tables.Table``, which says columns, rows, totals, notes and what is drawn in both languages;
``routes.answering`` writes it as JSON, CSV, workbook or paper.

*Owns* nothing. *Promises* that rows and totals come from one snapshot and that counted totals equal the ledger of
counted sales to the fen. *Calls* assistance for the sums of the ledger and the goals, buyers for the names of
divisions; reads other modules' tables by plain SQL. *Tells* nobody.
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
