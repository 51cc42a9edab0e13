"""Reports that are told row by row, because nobody has room for all of their rows at once; no database."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.core.errors import DomainError
from app.reports.rules.tables import Table

MOST_LISTED = 5_000_000
"""A workbook of more rows is one that no machine opens."""
BATCH = 1_000
"""Rows that are held at a time."""


class Detail(StrEnum):
    """What is told row by row: entries of the ledger of counted sales, or paid order lines and their refunds."""

    LEDGER = "ledger"
    LINES = "lines"


@dataclass(frozen=True, slots=True)
class Only:
    """Which entries of the ledger are wanted; ``None`` lets everything pass, ``division`` is a prefix of codes."""

    kind: str | None = None
    category: str | None = None
    product: UUID | None = None
    sku: str | None = None
    supplier: UUID | None = None
    township: str | None = None
    village: str | None = None
    channel: str | None = None
    division: str | None = None
    partner: UUID | None = None


EVERY_ENTRY = Only()


@dataclass(frozen=True, slots=True)
class Outline:
    """What a listing comes to, before its rows are told: how many there are, and their sums by column.

    ``as_of`` is the moment of its figures: that of the closing where all of its days are closed, so that they are for
    ever those, else the present. ``through`` and ``chain`` are place and digest (hexadecimal) of the last link of the
    chain of hashes over the ledger at that moment.
    """

    as_of: datetime
    count: int
    sums: dict[str, int]
    through: int = 0
    chain: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A report whose rows come in batches from the database: ``table`` has none, ``count`` says how many will come.

    Cells are texts, whole numbers or None, as programs read them. ``foot`` closes the CSV file after the total, each
    row by the word that it begins with. ``rows`` begins at the first row whenever it is called.
    """

    table: Table
    count: int
    rows: Callable[[], AsyncGenerator[Sequence[Sequence[Any]], None]]
    foot: Sequence[Sequence[Any]] = ()


class TooManyDownloads(DomainError):
    """Each holds a connection for as long as it takes its caller to read."""

    status = 503
    code = "too_many_downloads"
    zh = "正在下载的大文件过多，请稍后再试，或用 POST /v1/office/exports 在后台导出。"
    en = "Too many large files are being downloaded; try again shortly, or have it made by POST /v1/office/exports."
