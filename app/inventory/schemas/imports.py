"""Imports on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from app.core.web import Out
from app.inventory.lifecycle import Status
from app.inventory.rules.imports import Absent, Import, Outcome, Receipt


class ProgressOut(Out):
    """How many rows are done, of how many; while the file is being read, `total` still grows."""

    done: int = Field(examples=[3000])
    total: int = Field(examples=[50000])


class RowCountsOut(Out):
    """Rows by what would become of them, or has."""

    ok: int = Field(description="Can be applied; the changed ones are among them", examples=[48])
    changed: int = Field(description="Would change something, or have", examples=[12])
    rejected: int = Field(description="Are not applied; each says why", examples=[2])


class ProblemOut(Out):
    """Why a whole file failed."""

    code: str = Field(examples=["sheet_too_large"])
    detail: str


class ImportOut(Out):
    """A sheet and how far it is."""

    id: UUID
    status: Status
    progress: ProgressOut
    rows: RowCountsOut
    absent: Absent = Field(description="What becomes of SKUs that the sheet does not name")
    repeats: UUID | None = Field(description="The same file was applied by this import, so this one changes nothing")
    problem: ProblemOut | None
    uploaded_at: datetime
    applied_at: datetime | None

    @classmethod
    def of(cls, found: Import, language: str) -> Self:
        """In the caller's language."""
        problem = found.problem
        return cls(
            id=found.id,
            status=Status(found.status),
            progress=ProgressOut(done=found.done, total=found.total),
            rows=RowCountsOut(ok=found.ok, changed=found.changed, rejected=found.rejected),
            absent=found.absent,
            repeats=found.repeats,
            problem=None
            if problem is None
            else ProblemOut(code=problem.code, detail=problem.en if language == "en" else problem.zh),
            uploaded_at=found.uploaded_at,
            applied_at=found.applied_at,
        )


class ImportRowOut(Out):
    """One row of a sheet: what would become of it when it is checked, what has when it is applied."""

    row: int | None = Field(description="Its number in the file; null for a SKU that the sheet does not name")
    sku: str | None
    lot_code: str | None
    mode: str = Field(description="set, adjust, or clear for a SKU that the sheet does not name")
    quantity: int | None = Field(description="As it is written in the sheet")
    as_of: datetime | None
    before: int | None = Field(description="Sales units of the SKU before, or of the lot if the row names one")
    after: int | None = Field(description="The same after it: what was counted, with what moved since added")
    status: Outcome
    code: str | None = Field(description="Why it is rejected, or changes nothing")
    detail: str | None

    @classmethod
    def of(cls, found: Receipt, language: str) -> Self:
        """In the caller's language."""
        line = found.line
        return cls(
            row=line.number,
            sku=line.sku,
            lot_code=line.lot_code,
            mode=line.mode,
            quantity=line.quantity,
            as_of=line.as_of,
            before=found.before,
            after=found.after,
            status=found.outcome,
            code=found.code,
            detail=found.detail(language),
        )
