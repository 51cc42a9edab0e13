"""Applications and certificates on the wire. Bank accounts go in whole and come out masked."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.core.web import Body, LongText, Out, ShortText
from app.files import FileOut
from app.suppliers.lifecycle import CertificateStatus, Status
from app.suppliers.rules import Kind, Taxpayer
from app.suppliers.rules.admission import (
    EXPIRING_DAYS,
    BankAccount,
    Certificate,
    CertificateKind,
    NewCertificate,
    outside_county,
)

_Uscc = Annotated[str, StringConstraints(min_length=18, max_length=18, pattern=r"^[0-9A-Z]*$")]
_Township = Annotated[str, StringConstraints(pattern=r"^[0-9]{9}$")]
_Number = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z\-]{1,40}$")]
_Scope = Annotated[str, StringConstraints(pattern=r"^([0-9]{3}|[a-z][a-z-]{1,39})$")]
Lines = Annotated[list[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]{1,39}$")]], Field(max_length=10)]


class ApplicationPatch(Body):
    """What of an application is to be corrected."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"village": "黄金村", "lines": ["golden-tea"]}]})

    name: ShortText | None = None
    kind: Kind | None = None
    uscc: _Uscc | None = None
    township_code: _Township | None = None
    village: ShortText | None = None
    taxpayer: Taxpayer | None = None
    lines: Lines | None = None


class ApplicationIn(Body):
    """Who asks to sell here, and what."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "保靖县吕洞茗源茶叶专业合作社（示例）",
                    "kind": "coop",
                    "uscc": "93433125MA4FAKE14C",
                    "township_code": "433125116",
                    "village": "黄金村",
                    "lines": ["golden-tea"],
                }
            ]
        }
    )

    name: ShortText = Field(description="As the business licence has it")
    kind: Kind
    uscc: _Uscc = Field(description="Unified social credit code (GB 32100)")
    township_code: _Township
    village: ShortText | None = None
    taxpayer: Taxpayer = Taxpayer.SMALL
    lines: Lines = Field(description="Lines of goods that it wants to sell")


class BankAccountIn(Body):
    """Where money goes: an account in the supplier's own name."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "account_name": "保靖县吕洞茗源茶叶专业合作社（示例）",
                    "account_no": "6200000000000000001",
                    "bank_name": "保靖农商银行（示例）",
                    "cnaps": "402569000018",
                }
            ]
        }
    )

    account_name: ShortText
    account_no: Annotated[str, StringConstraints(pattern=r"^[0-9]{8,30}$")]
    bank_name: ShortText
    cnaps: Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")] = Field(description="The bank's 12-digit code")

    def account(self) -> BankAccount:
        """The account as a value."""
        return BankAccount(self.account_name, self.account_no, self.bank_name, self.cnaps)


class SeenCertificateIn(Body):
    """A certificate: what it proves, of what, and for how long."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "food_production",
                    "number": "SC11443312590010",
                    "scope": ["114"],
                    "valid_from": "2024-05-01",
                    "valid_to": "2029-04-30",
                }
            ]
        }
    )

    kind: CertificateKind
    number: _Number | None = None
    scope: Annotated[list[_Scope], Field(max_length=20)] = Field(
        [], description="Categories of a food production licence (three digits), or lines of goods of a mark"
    )
    valid_from: date
    valid_to: date | None = Field(None, description="Its last day; null without end")

    def certificate(self, file_ids: list[UUID] | None = None) -> NewCertificate:
        """The certificate as a value."""
        return NewCertificate(
            kind=self.kind,
            number=self.number,
            scope=tuple(self.scope),
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            file_ids=file_ids or (),
        )


class CertificateIn(SeenCertificateIn):
    """A certificate with the files that show it: purpose `certificate`, or `evidence` for benefit linkage."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "benefit_link",
                    "valid_from": "2026-01-01",
                    "valid_to": "2026-12-31",
                    "file_ids": ["019a9f6b-7c0e-7d3f-8a51-c2d3e4f50617"],
                }
            ]
        }
    )

    file_ids: Annotated[list[UUID], Field(min_length=1, max_length=10)]


class ReasonIn(Body):
    """Why."""

    reason: LongText = Field(examples=["营业执照照片不清晰，请重新拍摄。"])


class RequirementOut(Out):
    """Something that admission asks for."""

    code: str = Field(examples=["business_licence"])
    met: bool
    zh: str = Field(examples=["有效的营业执照"])
    en: str = Field(examples=["a business licence in force"])


class CertificateOut(Out):
    """A certificate with fresh links to its files."""

    id: UUID
    kind: CertificateKind
    number: str | None
    scope: list[str]
    valid_from: date
    valid_to: date | None
    status: CertificateStatus
    expires_in_days: int | None = Field(description="For a verified one that ends", examples=[23])
    expiring: bool = Field(description=f"Whether it ends within {EXPIRING_DAYS} days: hand a new one in")
    outside_county: bool = Field(description="Not made in Baojing: the origin of the raw material needs proof")
    reason: str | None
    entered_at: datetime
    decided_at: datetime | None
    files: list[FileOut]

    @classmethod
    def of(cls, found: Certificate, files: list[FileOut], today: date) -> CertificateOut:
        """The wire form of a certificate."""
        counted = found.status is CertificateStatus.VERIFIED and found.valid_to is not None
        left = (found.valid_to - today).days if counted and found.valid_to is not None else None
        plain = {name: getattr(found, name) for name in Certificate.__dataclass_fields__ if name != "supplier_id"}
        return cls.model_validate(
            plain
            | {
                "scope": list(found.scope),
                "expires_in_days": left,
                "expiring": left is not None and left <= EXPIRING_DAYS,
                "outside_county": outside_county(found),
                "files": files,
            }
        )


class BankAccountOut(Out):
    """A bank account, masked."""

    account_name: str
    account_no: str = Field(examples=["****0001"])
    bank_name: str


class DecisionOut(Out):
    """A step of the admission."""

    step: str = Field(examples=["recommend"])
    reason: str | None
    at: datetime


class AdmissionOut(Out):
    """A supplier with everything that its admission is judged by."""

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
    lines: list[str]
    created_at: datetime
    suspended_for: str | None = Field(description="`operator`, or `certificates` when one ended", examples=[None])
    requirements: list[RequirementOut]
    certificates: list[CertificateOut]
    bank_account: BankAccountOut | None
    decisions: list[DecisionOut] = Field(description="The latest first")
