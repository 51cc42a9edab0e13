"""Whose goods count as assistance on which day, and the register that says so (domain handbook §2.1, §2.2, §2.5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from app.core.errors import DomainError, NotFound

CERTIFIED_FROM = date(2020, 4, 1)
"""Before this day there was no certificate: what counts is that the supplier is linked to households."""

LOCAL_LIST_FROM = date(2021, 1, 1)
"""From this day on the local list, or the supplier's listing on the 832 platform, takes the certificate's place."""


class CertificationKind(StrEnum):
    """What a certification is: 扶贫产品 of 2020, the local 帮扶产品 list since 2021, or a supplier's 832 listing."""

    POVERTY_PRODUCT = "poverty_product"
    ASSISTANCE_PRODUCT = "assistance_product"
    SUPPLIER_832 = "supplier_832"


class InvalidCertification(DomainError):
    """What is certified and for how long does not fit its kind."""

    status = 422
    code = "invalid_certification"
    zh = "认定信息不符合要求，请按 errors 中的提示更正。"
    en = "The certification does not fit its kind; see `errors`."


class NoticeNotOver(DomainError):
    """A certification is listed when its public notice has passed without objection."""

    code = "notice_not_over"
    zh = "公示期尚未登记或尚未结束，公示结束后才能继续上报。"
    en = "The public notice has not been given, or is not over; go on when it is."


class NoSuchCertification(NotFound):
    """There is no such certification."""

    zh = "没有这项产品认定。"
    en = "There is no such certification."


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCertification:
    """What is applied for.

    ``product_id`` is None for an 832 listing, which is the supplier's. It is valid from ``valid_from`` until the day
    before ``valid_to``. ``people_linked`` and ``value_fen`` are what the application says of the people it helps and of
    a year's goods.
    """

    kind: CertificationKind
    supplier_id: UUID
    product_id: UUID | None = None
    batch: str
    people_linked: int
    value_fen: int
    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True)
class CertificationStepTaken:
    """Who took a step of a certification, when, and what they noted."""

    step: str
    at: datetime
    by_account: UUID
    note: str


@dataclass(frozen=True, slots=True)
class Certification:
    """A certification and how far it has come; it counts while it is listed and in force.

    ``status`` is one of ``lifecycle.CertificationStatus``.
    """

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
    status: str
    entered_at: datetime
    listed_at: datetime | None
    steps: tuple[CertificationStepTaken, ...] = ()


def faults_of(new: NewCertification) -> list[tuple[str, str, str]]:
    """What does not fit, each as pointer, Chinese and English."""
    found = []
    if (new.kind is CertificationKind.SUPPLIER_832) != (new.product_id is None):
        found.append(
            (
                "/product_id",
                "832 入驻认定属于供货方，其余认定须指明产品",
                "an 832 listing is the supplier's; others name a product",
            )
        )
    if new.valid_to <= new.valid_from:
        found.append(("/valid_to", "失效日期须晚于生效日期", "must lie after valid_from"))
    if new.kind is CertificationKind.POVERTY_PRODUCT and not CERTIFIED_FROM <= new.valid_from < LOCAL_LIST_FROM:
        found.append(
            (
                "/valid_from",
                "扶贫产品认定只在 2020 年 4 月至 12 月间生效",
                "poverty-product certificates began in 2020, from April on",
            )
        )
    if new.kind is CertificationKind.ASSISTANCE_PRODUCT and new.valid_from < LOCAL_LIST_FROM:
        found.append(("/valid_from", "帮扶产品名录自 2021 年起", "the local list began in 2021"))
    return found
