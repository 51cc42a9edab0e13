"""Goods that were sent and never received, on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from app.core.web import Body, LongText, Out
from app.wholesale.rules.asking import MAX_UNITS
from app.wholesale.rules.missing import Found
from app.wholesale.schemas import MOST_LINES, Code


class MissingOut(Out):
    """Units of a line of a closed order that were sent and that nobody received."""

    id: UUID
    po_id: UUID
    po_no: str
    partner_id: UUID
    partner_name: str
    line_no: int
    sku: str
    name: str
    supplier_id: UUID
    supplier_name: str
    units: int
    worth_fen: int = Field(description="At the order's price; its credit was given back when the order was closed")
    lots: dict[str, int] = Field(description="Units that were sent, by lot", examples=[{"NO02-A": 100}])
    noticed_at: datetime
    returned_units: int | None = Field(description="Back in the stock-room; null while nobody has found out")
    lost_units: int | None
    note: str | None
    decided_at: datetime | None


class FoundIn(Body):
    """Units that are back with the supplier and can be sold again."""

    units: Annotated[int, Field(strict=True, ge=1, le=MAX_UNITS, examples=[100])]
    lot_code: Code | None = Field(None, description="Needed where several lots were sent")

    def found(self) -> Found:
        """As the module's value."""
        return Found(units=self.units, lot_code=self.lot_code)


class MissingDecisionIn(Body):
    """Where the goods are: what came back; whatever is not named is lost."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"returned": [{"units": 100}], "note": "车辆抛锚，整车退回供应商仓库"}]}
    )
    returned: list[FoundIn] = Field(max_length=MOST_LINES)
    note: LongText
