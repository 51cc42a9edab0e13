"""What a sheet of parcels is answered with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Self

from pydantic import Field

from app.core.web import Out
from app.orders.rules.sheet import Outcome, SentRow


class SentRowOut(Out):
    """What became of one row."""

    row: int = Field(description="Its number in the file", examples=[2])
    order_number: str = Field(examples=["BJ26112000000001"])
    status: Outcome = Field(description="`repeated`: this parcel was entered before, and nothing changed")
    code: str | None = Field(examples=["order_unknown"])
    detail: str | None = Field(description="Why it was refused, in the caller's language")


class SentSheetOut(Out):
    """What became of a sheet: rows by outcome, and each row."""

    shipped: int = Field(examples=[1])
    repeated: int = Field(examples=[0])
    rejected: int = Field(examples=[1])
    rows: list[SentRowOut]

    @classmethod
    def of(cls, rows: Sequence[SentRow], language: str) -> Self:
        """From the values, in the order of the file."""
        counts = Counter(row.outcome for row in rows)
        return cls(
            shipped=counts[Outcome.SHIPPED],
            repeated=counts[Outcome.REPEATED],
            rejected=counts[Outcome.REJECTED],
            rows=[
                SentRowOut(
                    row=row.row,
                    order_number=row.order_number,
                    status=row.outcome,
                    code=row.code,
                    detail=row.en if language == "en" else row.zh,
                )
                for row in sorted(rows, key=lambda row: row.row)
            ],
        )
