"""Reports of sales, goals, suppliers and supermarkets: reads, changes nothing, and nobody stands on it but pages.

A new report is a ``rules.tables.Table``, which says columns, rows, totals, notes and what is drawn in both languages;
``routes.answering`` writes it as JSON, CSV, workbook or paper.

*Owns* nothing. *Promises* that rows and totals come from one snapshot and that counted totals equal the ledger of
counted sales to the fen. *Calls* assistance for the sums of the ledger and the goals, buyers for the names of
divisions; reads other modules' tables by plain SQL. *Tells* nobody.
"""

from app.reports.queries import concerns, disputes, division_name, exceptions, overview, sales, trail
from app.reports.routes import router
from app.reports.rules import Basis, Format, Group, Question, Report, ReportTooLarge, ask
from app.reports.rules.concerns import Concern, Dispute, Found, Trail, TrailEntry, TrailLine
from app.reports.rules.exceptions import CHECKS, Check, Finding
from app.reports.rules.overview import Overview, Piece, Slice, Sums, a_year_before

__all__ = [
    "CHECKS",
    "Basis",
    "Check",
    "Concern",
    "Dispute",
    "Finding",
    "Format",
    "Found",
    "Group",
    "Overview",
    "Piece",
    "Question",
    "Report",
    "ReportTooLarge",
    "Slice",
    "Sums",
    "Trail",
    "TrailEntry",
    "TrailLine",
    "a_year_before",
    "ask",
    "concerns",
    "disputes",
    "division_name",
    "exceptions",
    "overview",
    "router",
    "sales",
    "trail",
]
