"""A supplier as others see it, the townships of Baojing, and what its registrations must look like."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from stdnum.cn import uscc as stdnum_uscc
from stdnum.iso7064 import mod_11_10

from app.core.errors import DomainError
from app.suppliers.lifecycle import Status

BAOJING = "433125"
"""Division code of the county (GB/T 2260)."""

TOWNSHIPS: dict[str, str] = {
    "433125104": "普戎镇",
    "433125108": "复兴镇",
    "433125109": "迁陵镇",
    "433125110": "清水坪镇",
    "433125111": "比耳镇",
    "433125112": "毛沟镇",
    "433125113": "水田河镇",
    "433125114": "葫芦镇",
    "433125115": "碗米坡镇",
    "433125116": "吕洞山镇",
    "433125217": "阳朝乡",
    "433125218": "长潭河乡",
}
"""The twelve township-level units by nine-digit statistical code, as of 2023-06-30 (domain handbook §1.1)."""

_USCC = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}", re.ASCII)
_LICENCE = re.compile(r"SC[12][0-9]{13}", re.ASCII)


class Kind(StrEnum):
    """What a supplier is in law (domain handbook §1.7)."""

    COMPANY = "company"
    COOPERATIVE = "coop"
    FAMILY_FARM = "family_farm"
    SOLE = "sole"
    COLLECTIVE = "collective"


class Taxpayer(StrEnum):
    """How the supplier is registered for value-added tax."""

    SMALL = "small"
    GENERAL = "general"


@dataclass(frozen=True, slots=True)
class SupplierCard:
    """A supplier, as far as others need to know it.

    ``linked_since`` is the first day on which its sales count as assistance; none while it links no household.
    ``licence_no`` is its food production licence (SC…); none for those who sell only what they grow. ``lines`` are the
    lines of goods that it was, or wants to be, admitted for.
    """

    id: UUID
    code: str
    name: str
    kind: Kind
    uscc: str
    township_code: str
    township: str
    village: str | None
    licence_no: str | None
    taxpayer: Taxpayer
    status: Status
    linked_since: date | None
    lines: tuple[str, ...] = ()


class InvalidUscc(DomainError):
    """The unified social credit code fails its check (GB 32100-2015)."""

    status = 422
    code = "invalid_uscc"
    zh = "统一社会信用代码校验不通过，请核对营业执照。"
    en = "The unified social credit code fails its check; compare it with the business licence."


class InvalidLicence(DomainError):
    """The food production licence number is malformed or fails its check digit."""

    status = 422
    code = "invalid_licence"
    zh = "食品生产许可证编号应为 SC 加 14 位数字且校验位正确（旧 QS 编号已失效）。"
    en = "A food production licence is SC and 14 digits with a right check digit (old QS numbers have expired)."


class UnknownTownship(DomainError):
    """Not one of the townships of Baojing."""

    status = 422
    code = "unknown_township"
    zh = "没有这个乡镇代码，请使用保靖县乡镇的 9 位代码。"
    en = "There is no such township; use the nine-digit code of a township of Baojing."


class SupplierExists(DomainError):
    """Another supplier has this code or this registration."""

    code = "supplier_exists"
    zh = "该供应商编号或统一社会信用代码已登记。"
    en = "A supplier with this code or this unified social credit code exists."


def is_uscc(number: str) -> bool:
    """Whether a unified social credit code is well formed and its check character right (GB 32100-2015)."""
    return _USCC.fullmatch(number) is not None and bool(stdnum_uscc.is_valid(number))


def is_licence(number: str) -> bool:
    """Whether a food production licence number is well formed and its check digit right (ISO 7064 MOD 11,10)."""
    return _LICENCE.fullmatch(number) is not None and bool(mod_11_10.is_valid(number[2:]))


def made_in(licence_no: str) -> str:
    """The six-digit county of the production address that a licence number names (domain handbook §1.6)."""
    return licence_no[5:11]
