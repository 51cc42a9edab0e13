"""Item mappings and price lists on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.core.web import Body, Out, Sku
from app.pricing.rules import MAX_PRICE_FEN
from app.pricing.rules.contracts import ContractItem, ListedPrice, Mapping, NewPrice, Warned

PartnerCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z._/-]{1,32}$")]
MOST_ROWS = 1_000


class ItemIn(Body):
    """What a partner calls a SKU by; null where it has no code of its own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "partner_item_code": "00012345",
                    "gtin13": "2004330003302",
                    "itf14": "12004330003309",
                    "case_pack": 1,
                    "pallet_cases": 60,
                }
            ]
        }
    )
    partner_item_code: PartnerCode | None = None
    gtin13: Annotated[str, StringConstraints(pattern=r"^[0-9]{13}$")] | None = None
    itf14: Annotated[str, StringConstraints(pattern=r"^[0-9]{14}$")] | None = None
    case_pack: int = Field(strict=True, ge=1, le=100_000, description="Sales units in a case (箱规)")
    pallet_cases: int | None = Field(None, strict=True, ge=1, le=100_000)

    def mapping(self, sku: str) -> Mapping:
        """The value that the module works with."""
        return Mapping(sku, self.partner_item_code, self.gtin13, self.itf14, self.case_pack, self.pallet_cases)


class ItemOut(Out):
    """A partner's name for one of our SKUs."""

    sku: str
    partner_item_code: str | None
    gtin13: str | None
    itf14: str | None
    case_pack: int
    pallet_cases: int | None


class NewPriceIn(Body):
    """A price of a unit, tax included and delivered, for days of the contract."""

    sku: Sku
    price_fen: int = Field(strict=True, ge=1, le=MAX_PRICE_FEN)
    valid_from: date
    valid_to: date
    promotion: bool = Field(False, description="Goes before the usual price on its days")
    min_cases: int = Field(1, strict=True, ge=1, le=100_000)
    multiple_cases: int = Field(1, strict=True, ge=1, le=100_000)
    min_life_days: int | None = Field(None, strict=True, ge=0, le=10_000, description="Left of its life on arrival")

    def row(self) -> NewPrice:
        """The value that the module works with."""
        return NewPrice(**self.model_dump())


class PriceListIn(Body):
    """Rows to add, all or none."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "rows": [
                        {
                            "sku": "NO06",
                            "price_fen": 7200,
                            "valid_from": "2027-01-01",
                            "valid_to": "2027-12-31",
                            "min_cases": 20,
                            "min_life_days": 12,
                        }
                    ]
                }
            ]
        }
    )
    rows: list[NewPriceIn] = Field(min_length=1, max_length=MOST_ROWS)


class ListedPriceOut(Out):
    """A row of a contract's price list."""

    id: UUID
    sku: str
    price_fen: int
    promotion: bool
    min_cases: int
    multiple_cases: int
    min_life_days: int | None
    valid_from: date
    valid_to: date
    withdrawn_at: datetime | None = Field(description="From the day of this on it does not hold any more")

    @classmethod
    def of(cls, price: ListedPrice) -> ListedPriceOut:
        """From the value."""
        return cls.model_validate(price)


class PriceWarningOut(Out):
    """Something about a row that is allowed and should be known."""

    pointer: str = Field(examples=["/rows/0"])
    code: str = Field(examples=["short_notice"])
    detail: str

    @classmethod
    def of(cls, warned: Warned, language: str) -> PriceWarningOut:
        """From the value, in the reader's language."""
        return cls(pointer=f"/rows/{warned.row}", code=warned.code, detail=warned.en if language == "en" else warned.zh)


class PriceListOut(Out):
    """The rows that were added (or, tried only, would be), and what should be known of them."""

    dry_run: bool = False
    rows: list[ListedPriceOut]
    warnings: list[PriceWarningOut]


class ContractItemOut(Out):
    """What a partner can order, by its contract."""

    sku: str = Field(examples=["NO06"])
    name: str = Field(description="Of the product and the sales unit", examples=["酉水脐橙 一等 商超箱 10kg"])
    price_fen: int = Field(description="Of a sales unit, tax included and delivered", examples=[7200])
    promotion: bool = Field(description="The price is a promotion's")
    case_pack: int = Field(description="Sales units in a case")
    min_cases: int = Field(description="At least so many cases in a line")
    multiple_cases: int = Field(description="Cases in multiples of this")
    min_life_days: int | None
    tax_rate_bp: int
    partner_item_code: str | None
    gtin13: str | None
    itf14: str | None

    @classmethod
    def of(cls, item: ContractItem) -> ContractItemOut:
        """From the value."""
        return cls(
            sku=item.sku,
            name=f"{item.product_name} {item.name}",
            price_fen=item.price_fen,
            promotion=item.promotion,
            case_pack=item.case_pack,
            min_cases=item.min_cases,
            multiple_cases=item.multiple_cases,
            min_life_days=item.min_life_days,
            tax_rate_bp=item.tax_rate_bp,
            partner_item_code=item.partner_item_code,
            gtin13=item.gtin13,
            itf14=item.itf14,
        )
