"""The wire format of partners."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.core.money import MAX_FEN
from app.core.web import Body, Out, ShortText
from app.partners.rules import MAX_TERM_DAYS, Location, LocationKind, PartnerStatus
from app.partners.rules.credit import Credit, CreditKind

Division = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{6}$"),
    Field(description="Six digits (GB/T 2260)", examples=["370112"]),
]
PlaceCode = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$"),
    Field(description="The partner's own code, leading zeros and all", examples=["QR001"]),
]
Gln = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{13}$"),
    Field(description="13 digits of GS1 with their check digit", examples=["6901234567892"]),
]


class PartnerOut(Out):
    """A supermarket partner, for the marketplace's own staff."""

    id: UUID
    code: str = Field(examples=["P01"])
    name: str
    uscc: str
    division_code: str = Field(examples=["370112"])
    stores_count: int
    term_days: int = Field(description="Days from receipt to payment")
    rebate_bp: int = Field(description="Rebate in hundredths of a percent", examples=[600])
    status: PartnerStatus


class PartnerIn(Body):
    """A supermarket to take on."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": "P06",
                    "name": "济南泉城优选超市有限公司（示例）",
                    "uscc": "91370112MA3FAKE120",
                    "division_code": "370112",
                    "stores_count": 12,
                    "term_days": 45,
                    "rebate_bp": 600,
                }
            ]
        }
    )
    code: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,15}$", description="What everybody calls it by")
    name: ShortText
    uscc: str = Field(pattern=r"^[0-9A-Z]{18}$", description="Unified social credit code")
    division_code: Division
    stores_count: int = Field(0, strict=True, ge=0, le=100_000)
    term_days: int = Field(strict=True, ge=0, le=MAX_TERM_DAYS, description="What is usual; a contract says its own")
    rebate_bp: int = Field(0, strict=True, ge=0, le=10_000, description="Hundredths of a percent, as is usual")


class LocationOut(Out):
    """A store or distribution centre that takes goods in."""

    code: PlaceCode
    name: str = Field(examples=["王舍人配送中心"])
    kind: LocationKind
    division_code: Division


class OperatorLocationOut(LocationOut):
    """The same with its address, for the marketplace's own staff."""

    id: UUID
    address: str
    gln: str | None
    active: bool

    @classmethod
    def of(cls, place: Location) -> OperatorLocationOut:
        """From the value."""
        return cls.model_validate(place)


class LocationChangeIn(Body):
    """What is on record of a place; its code and kind stay."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "王舍人配送中心", "division_code": "370112", "address": "工业北路 200 号", "active": True}
            ]
        }
    )
    name: ShortText
    division_code: Division
    address: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    gln: Gln | None = None
    active: bool = Field(True, description="False: no order can name it any more")


class LocationIn(Body):
    """A place to open."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": "QR001",
                    "name": "花园路店",
                    "kind": "store",
                    "division_code": "370112",
                    "address": "花园路 88 号",
                }
            ]
        }
    )
    code: PlaceCode
    name: ShortText
    kind: LocationKind
    division_code: Division
    address: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    gln: Gln | None = None


class CreditOut(Out):
    """How much may be owed, how much is used by open orders and by what is owed, and how much is left."""

    limit_fen: int = Field(examples=[30_000_000])
    used_fen: int = Field(description="Below zero when the partner has money with the marketplace")
    available_fen: int

    @classmethod
    def of(cls, credit: Credit) -> CreditOut:
        """From the value."""
        return cls(limit_fen=credit.limit_fen, used_fen=credit.used_fen, available_fen=credit.available_fen)


class LimitIn(Body):
    """A limit of credit."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"limit_fen": 30_000_000, "reason": "年度授信评审"}]})
    limit_fen: int = Field(strict=True, ge=0, le=MAX_FEN)
    reason: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None


class LimitOut(Out):
    """A limit that was set."""

    id: UUID
    limit_fen: int
    reason: str | None
    at: datetime
    by_account: UUID


class CreditEntryOut(Out):
    """One change of what is used."""

    id: int
    kind: CreditKind
    reference: UUID = Field(description="The purchase order or statement that it is for")
    source_id: UUID = Field(description="The document that changed it")
    amount_fen: int = Field(description="Above zero: more is used")
    at: datetime
