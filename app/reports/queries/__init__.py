"""The statements behind the reports: one each, so that rows and totals are of one snapshot."""

from app.reports.queries.exceptions import exceptions
from app.reports.queries.sales import division_name, sales, undelivered

__all__ = ["division_name", "exceptions", "sales", "undelivered"]
