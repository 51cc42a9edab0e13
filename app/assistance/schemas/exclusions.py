"""The wire format of what was not counted, and of the programme periods."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from app.assistance.rules.counting import Exclusion, Programme, Reason
from app.assistance.rules.programmes import Terms
from app.core.web import Out


class ExclusionOut(Out):
    """An accepted line that does not count, why, and what the test looked at."""

    id: UUID
    line_id: UUID
    order_number: str | None
    po_no: str | None
    sku: str
    product_name: str
    supplier_id: UUID
    supplier_name: str
    quantity: int
    net_fen: int
    occurred_at: datetime
    reason: Reason
    facts: dict[str, Any] = Field(examples=[{"assisted": False, "division_code": "370112", "programme": "P3"}])

    @classmethod
    def of(cls, exclusion: Exclusion) -> ExclusionOut:
        """From the module's value."""
        return cls.model_validate(exclusion)


class SaidOut(Out):
    """The same in Chinese and in English."""

    zh: str
    en: str


class ProgrammeOut(Out):
    """A programme period and its words. What is not `assessed` is never called a figure of the assessment."""

    code: str = Field(examples=["P3"])
    starts_on: date
    ends_on: date | None
    people: SaidOut
    product: SaidOut
    programme: SaidOut
    authority: SaidOut
    purchase: SaidOut
    caution: SaidOut
    assessed: bool

    @classmethod
    def of(cls, programme: Programme, terms: Terms) -> ProgrammeOut:
        """From the module's values."""
        said = {
            name: SaidOut.model_validate(getattr(terms, name))
            for name in ("people", "product", "programme", "authority", "purchase", "caution")
        }
        return cls(
            code=programme.code,
            starts_on=programme.starts_on,
            ends_on=programme.ends_on,
            assessed=terms.assessed,
            **said,
        )


class ProgrammesOut(Out):
    """The programme periods in their order."""

    items: list[ProgrammeOut]
