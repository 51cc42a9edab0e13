"""Reports of sales, goals, suppliers and supermarkets: reads, changes nothing, and nobody stands on it but pages.

A new report is a ``rules.tables.Table``, which says columns, rows, totals, notes and what is drawn in both languages;
``routes.answering`` writes it as JSON, CSV, workbook or paper.

What is too long for one answer leaves row by row (``rules.listings``), or is an export: a file that one of the worker's
jobs makes and that is kept for some days.

*Owns* exports and their files. *Promises* that rows and totals come from one snapshot and that counted totals equal the
ledger of counted sales to the fen; that one file comes of an export, whoever dies while making it. *Calls* assistance
for the sums of the ledger and the goals, buyers for the names of divisions; reads other modules' tables by plain SQL.
*Tells* nobody.
"""

from app.reports.lifecycle import Status as ExportStatus
from app.reports.queries import concerns, disputes, division_name, exceptions, overview, sales, trail
from app.reports.queries.exports import export_of, file_of, page_of_exports, ready
from app.reports.routes import router
from app.reports.rules import Basis, Format, Group, Question, Report, ReportTooLarge, ask
from app.reports.rules.concerns import Concern, Dispute, Found, Trail, TrailEntry, TrailLine
from app.reports.rules.exceptions import CHECKS, Check, Finding
from app.reports.rules.exports import MEDIA as FILE_MEDIA
from app.reports.rules.exports import Export, FileFormat, Subject
from app.reports.rules.overview import Overview, Piece, Slice, Sums, a_year_before
from app.reports.service import cancel_export, forget_exports, start_export, work_on_exports

__all__ = [
    "CHECKS",
    "FILE_MEDIA",
    "Basis",
    "Check",
    "Concern",
    "Dispute",
    "Export",
    "ExportStatus",
    "FileFormat",
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
    "Subject",
    "Sums",
    "Trail",
    "TrailEntry",
    "TrailLine",
    "a_year_before",
    "ask",
    "cancel_export",
    "concerns",
    "disputes",
    "division_name",
    "exceptions",
    "export_of",
    "file_of",
    "forget_exports",
    "overview",
    "page_of_exports",
    "ready",
    "router",
    "sales",
    "start_export",
    "trail",
    "work_on_exports",
]
