"""The report on the farm gate on the wire."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from app.core.web import Out
from app.settlement.rules.farm_gate import FarmGateGroup

_FIGURES: JsonDict = {
    "quantity": 2,
    "listed_fen": 20_000,
    "supplier_discount_fen": 0,
    "platform_discount_fen": 500,
    "district_discount_fen": 300,
    "paid_fen": 19_200,
    "refunded_fen": 1_920,
    "added_fen": 720,
    "tax_fen": 178,
    "commission_fen": 900,
    "farm_gate_fen": 17_100,
    "freight_fen": 600,
    "adjustment_fen": 0,
    "supplier_fen": 17_700,
    "share_bp": 9_500,
    "days_to_paid": 21,
}


class FarmGateTotals(Out):
    """Who got what, in fen and straight from the journal.

    `listed_fen` less the three discounts is `paid_fen`. `paid_fen` less `refunded_fen` and with `added_fen` is what
    the goods brought in: `commission_fen` and `farm_gate_fen`. That, `freight_fen` and `adjustment_fen` are
    `supplier_fen`.
    """

    quantity: int = Field(description="Pieces sold, less those given back")
    listed_fen: int = Field(description="List price of the goods that were sold")
    supplier_discount_fen: int = Field(description="Taken off by the supplier itself")
    platform_discount_fen: int = Field(description="Taken off, and paid by the platform")
    district_discount_fen: int = Field(description="Taken off, and paid by a helping district's vouchers")
    paid_fen: int = Field(description="Paid by buyers for goods")
    refunded_fen: int = Field(description="Given back to buyers for goods")
    added_fen: int = Field(description="Paid for goods by others: discounts funded, damage borne; less what came back")
    tax_fen: int = Field(description="The value-added tax in the price of the goods")
    commission_fen: int = Field(description="Kept by the platform")
    farm_gate_fen: int = Field(description="The supplier's, of the goods")
    freight_fen: int = Field(description="The supplier's, for sending them")
    adjustment_fen: int = Field(description="The supplier's, by corrections of earlier statements")
    supplier_fen: int = Field(description="All that the supplier got, or is owed")
    share_bp: int | None = Field(description="Of the goods' price what reached the supplier, in basis points")
    days_to_paid: int | None = Field(
        description="Mean days from the buyer's payment to the supplier's, of lines that were paid out; null while none"
    )


class FarmGateRow(FarmGateTotals):
    """One row: the columns of the groups asked for, then the figures. Freight and corrections are of no product."""

    month: str | None = Field(None, examples=["2026-10"])
    supplier_id: str | None = None
    supplier: str | None = None
    township_code: str | None = None
    township: str | None = None
    category: str | None = None
    sku: str | None = None
    name: str | None = None
    channel: str | None = None
    line_id: str | None = None
    order_number: str | None = None


class FarmGateReport(Out):
    """What farmers and suppliers got of each price, all of it from one snapshot."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "as_of": "2026-11-20T04:00:00Z",
                    "from": "2026-08-01",
                    "to": "2026-10-31",
                    "group_by": ["sku"],
                    "rows": [{"sku": "GT04", "name": "黄金茶 雨前二级", **_FIGURES}],
                    "totals": _FIGURES,
                }
            ]
        }
    )

    as_of: datetime
    first: date = Field(alias="from")
    last: date = Field(alias="to")
    group_by: list[FarmGateGroup]
    rows: list[FarmGateRow]
    totals: FarmGateTotals
