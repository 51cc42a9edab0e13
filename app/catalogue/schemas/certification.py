"""The register of certified products on the wire."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import ConfigDict, Field

from app.catalogue.lifecycle import CertificationStatus, CertificationStep
from app.catalogue.rules.eligibility import Certification, CertificationKind, NewCertification
from app.core.money import MAX_FEN
from app.core.web import Body, LongText, Out, ShortText


class CertificationIn(Body):
    """An application, as the county takes it in. It is valid from `valid_from` until the day before `valid_to`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "assistance_product",
                    "supplier_id": "019a9f6b-7c0e-7d3f-8a51-c2d3e4f50617",
                    "product_id": "019a9f6b-7c0e-7d3f-8a51-c2d3e4f50618",
                    "batch": "2026 年第一批",
                    "people_linked": 226,
                    "value_fen": 500000000,
                    "valid_from": "2026-03-01",
                    "valid_to": "2029-03-01",
                }
            ]
        }
    )

    kind: CertificationKind
    supplier_id: UUID
    product_id: UUID | None = Field(None, description="Null for an 832 listing, which is the supplier's")
    batch: ShortText
    people_linked: int = Field(strict=True, ge=0, le=1_000_000)
    value_fen: int = Field(strict=True, ge=0, le=MAX_FEN, description="A year's goods")
    valid_from: date
    valid_to: date
    file_ids: list[UUID] = Field(default_factory=list, max_length=20, description="Files of purpose `evidence`")

    def as_value(self) -> NewCertification:
        """The application as a value."""
        return NewCertification(**self.model_dump(exclude={"file_ids"}))


class CertificationStepIn(Body):
    """A step that an authority took, with the letter or list that says so."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "step": "give_notice",
                    "note": "保靖县政府网公示",
                    "notice_from": "2026-01-05",
                    "notice_to": "2026-01-14",
                }
            ]
        }
    )

    step: CertificationStep
    note: LongText
    notice_from: date | None = Field(None, description="For `give_notice`: its first day")
    notice_to: date | None = Field(None, description="For `give_notice`: its last day")

    @property
    def notice(self) -> tuple[date, date] | None:
        """The days of the public notice, if both are given."""
        if self.notice_from is None or self.notice_to is None:
            return None
        return self.notice_from, self.notice_to


class CertificationStepOut(Out):
    """Who took a step, when, and what they noted."""

    step: CertificationStep
    at: datetime
    by_account: UUID
    note: str


class CertificationOut(Out):
    """A certification. `steps` are told of one alone, not in lists."""

    id: UUID
    kind: CertificationKind
    supplier_id: UUID
    supplier_name: str
    product_id: UUID | None
    product_name: str | None
    batch: str
    people_linked: int
    value_fen: int
    notice_from: date | None
    notice_to: date | None
    valid_from: date
    valid_to: date
    status: CertificationStatus
    entered_at: datetime
    listed_at: datetime | None
    steps: list[CertificationStepOut]

    @classmethod
    def of(cls, certification: Certification) -> CertificationOut:
        """From the module's value."""
        return cls.model_validate(certification)
