"""A sales report as something to hand in: a workbook, or paper."""

from app.reports.service.files import csv_bytes, paper, workbook

__all__ = ["csv_bytes", "paper", "workbook"]
