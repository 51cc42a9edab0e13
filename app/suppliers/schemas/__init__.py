"""The wire format of suppliers."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.core.web import Body, Out, ShortText
from app.suppliers.lifecycle import Status
from app.suppliers.rules import Kind, Taxpayer
from app.suppliers.schemas.admission import BankAccountIn, Lines, SeenCertificateIn


class SupplierIn(Body):
    """An applicant, as its papers say."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": "S01",
                    "name": "保靖县吕洞茗源茶叶专业合作社（示例）",
                    "kind": "coop",
                    "uscc": "93433125MA4FAKE14C",
                    "township_code": "433125116",
                    "village": "黄金村",
                    "licence_no": "SC11443312590010",
                    "taxpayer": "small",
                    "linked_since": "2019-01-01",
                }
            ]
        }
    )

    code: Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9]{2,5}$")]
    name: ShortText
    kind: Kind
    uscc: Annotated[str, StringConstraints(min_length=18, max_length=18, pattern=r"^[0-9A-Z]*$")]
    township_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{9}$")]
    village: ShortText | None = None
    licence_no: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,20}$")] | None = None
    taxpayer: Taxpayer = Taxpayer.SMALL
    linked_since: date | None = Field(None, description="First day on which its sales count as assistance")
    lines: Lines = Field([], description="Lines of goods that it wants to sell", examples=[["golden-tea"]])
    certificates: Annotated[list[SeenCertificateIn], Field(max_length=20)] = Field(
        [], description="Certificates that were seen in the original; they count as verified"
    )
    bank_account: BankAccountIn | None = None
    recommendation: ShortText | None = Field(
        None, description="The county's letter that recommends it", examples=["保农函〔2026〕12号"]
    )


class SupplierOut(Out):
    """A supplier, for the marketplace's own staff."""

    id: UUID
    code: str = Field(examples=["S01"])
    name: str
    kind: Kind
    uscc: str
    township_code: str
    township: str = Field(examples=["吕洞山镇"])
    village: str | None
    licence_no: str | None
    taxpayer: Taxpayer
    status: Status
    linked_since: date | None
    lines: list[str] = Field(examples=[["golden-tea"]])
