"""Spreadsheets: reading what people upload without trusting it, and writing what they take home.

``opened`` gives the rows of an ``.xlsx`` or CSV file below a header that it finds by the names a caller knows for each
column; ``plain_rows`` gives all rows as they stand. An ``.xlsx`` is parsed in a process of its own with little memory
and time, because one cell in the wrong place makes a parser ask for half a terabyte; rows stream back, so 50,000 of
them need no memory here. ``workbook`` writes an ``.xlsx`` in which text is text: never a formula, never a link;
``LongBook`` one of any length, while its rows come.
"""

from app.core.sheets.cells import (
    BadCell,
    Cell,
    amount_fen,
    code,
    day,
    grams,
    moment,
    phone,
    text,
    thousandths,
    whole,
)
from app.core.sheets.errors import (
    SHEET_ERRORS,
    SheetHasFormulas,
    SheetHeaderNotFound,
    SheetTooLarge,
    SheetUnreadable,
    UnknownSheetFormat,
)
from app.core.sheets.reading import Column, Limits, Row, RowFault, Sheet, opened, plain_rows
from app.core.sheets.streaming import LongBook, LongColumn
from app.core.sheets.writing import XLSX, Chart, Heading, Page, csv_line, workbook

__all__ = [
    "SHEET_ERRORS",
    "XLSX",
    "BadCell",
    "Cell",
    "Chart",
    "Column",
    "Heading",
    "Limits",
    "LongBook",
    "LongColumn",
    "Page",
    "Row",
    "RowFault",
    "Sheet",
    "SheetHasFormulas",
    "SheetHeaderNotFound",
    "SheetTooLarge",
    "SheetUnreadable",
    "UnknownSheetFormat",
    "amount_fen",
    "code",
    "csv_line",
    "day",
    "grams",
    "moment",
    "opened",
    "phone",
    "plain_rows",
    "text",
    "thousandths",
    "whole",
    "workbook",
]
