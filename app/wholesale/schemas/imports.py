"""Sheets of orders on the wire."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from pydantic import Field

from app.core.web import Out
from app.wholesale.lifecycle import Status
from app.wholesale.rules import Ack


class SheetOutcome(StrEnum):
    """What became of an order in a sheet."""

    PLACED = "placed"
    AMENDED = "amended"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    UNREADABLE = "unreadable"


class SheetFaultOut(Out):
    """What is wrong, by a stable code and in words."""

    code: str
    detail: str


class SheetRowOut(Out):
    """One row: what was answered, or what is wrong with it."""

    row: int = Field(description="Its number in the file")
    line_no: int | None
    sku: str | None
    ack: Ack | None
    promised_units: int | None
    errors: list[SheetFaultOut]


class SheetOrderOut(Out):
    """One order of the sheet."""

    po_no: str | None
    row: int = Field(description="The row in which it begins")
    status: SheetOutcome
    po_id: UUID | None
    version: int | None
    po_status: Status | None
    total_fen: int | None
    errors: list[SheetFaultOut]
    rows: list[SheetRowOut]

    @classmethod
    def of(cls, result: dict[str, Any], language: str) -> Self:
        """From what is kept."""
        rows = [row | {"errors": _said(row["faults"], language)} for row in result["rows"]]
        return cls.model_validate(result | {"errors": _said(result["faults"], language), "rows": rows})


def _said(faults: list[dict[str, str]], language: str) -> list[dict[str, str]]:
    return [{"code": fault["code"], "detail": fault["en" if language == "en" else "zh"]} for fault in faults]


class PoImportOut(Out):
    """A sheet of orders and what became of each."""

    id: UUID | None = Field(description="null where nothing was taken (`dry_run`)")
    file_name: str
    sha256: str
    at: datetime
    dry_run: bool
    orders: list[SheetOrderOut]

    @classmethod
    def of(cls, found: Any, language: str) -> Self:
        """From the value."""
        return cls(
            id=found.id,
            file_name=found.file_name,
            sha256=found.digest.hex(),
            at=found.at,
            dry_run=found.id is None,
            orders=[SheetOrderOut.of(order, language) for order in found.orders],
        )
