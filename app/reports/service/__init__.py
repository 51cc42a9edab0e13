"""Reports as something to hand in: a table in four formats."""

from app.reports.service.exceptions import exceptions_table
from app.reports.service.exports import cancel_export, forget_exports, start_export, work_on_exports
from app.reports.service.farm_gate import farm_gate_table
from app.reports.service.goals import goals_table
from app.reports.service.households import households_table
from app.reports.service.listings import csv_pieces, downloaded, listing
from app.reports.service.making import goals_report, households_report, parties_report
from app.reports.service.parties import parties_table
from app.reports.service.sales import sales_table
from app.reports.service.tables import csv_bytes, digest_of, paper, workbook

__all__ = [
    "cancel_export",
    "csv_bytes",
    "csv_pieces",
    "digest_of",
    "downloaded",
    "exceptions_table",
    "farm_gate_table",
    "forget_exports",
    "goals_report",
    "goals_table",
    "households_report",
    "households_table",
    "listing",
    "paper",
    "parties_report",
    "parties_table",
    "sales_table",
    "start_export",
    "work_on_exports",
    "workbook",
]
