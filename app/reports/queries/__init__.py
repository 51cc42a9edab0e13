"""The statements behind the reports: one each, so that rows and totals are of one snapshot."""

from app.reports.queries.concerns import concerns, disputes, trail
from app.reports.queries.exceptions import exceptions
from app.reports.queries.listings import listed, outline
from app.reports.queries.overview import overview
from app.reports.queries.sales import division_name, rows_of_sales, sales, sold, undelivered

__all__ = [
    "concerns",
    "disputes",
    "division_name",
    "exceptions",
    "listed",
    "outline",
    "overview",
    "rows_of_sales",
    "sales",
    "sold",
    "trail",
    "undelivered",
]
