"""Whom the marketplace takes on: certificates as values, what each must say, and the requirements of admission.

Sources: domain handbook §1.6 (licences), §1.7 (producers), §2.5 (county recommends, platform reviews). A requirement
that cannot be checked is not met.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from app.core.errors import DomainError, Fault
from app.core.sealing import keys
from app.suppliers.lifecycle import CertificateStatus
from app.suppliers.rules import BAOJING, TOWNSHIPS, SupplierCard, is_licence, is_uscc, made_in

LICENCE_FOR: Mapping[str, str | None] = {
    "golden-tea": "114",
    "dark-tea": "114",
    "camellia-oil": "102",
    "navel-orange": None,
    "gift-set": None,
}
"""The category of food production licence that each line of goods needs; produce and sets of licensed goods need none.
A line that is not named here cannot be judged, and so admits nobody."""

WARN_DAYS = (60, 30, 7)
"""How many days before a certificate ends its supplier is warned."""

EXPIRING_DAYS = WARN_DAYS[0]
_LONGEST_LINK_DAYS = 366
_LONGEST_LICENCE_DAYS = 5 * 366


class CertificateKind(StrEnum):
    """What a certificate proves."""

    BUSINESS_LICENCE = "business_licence"
    FOOD_PRODUCTION = "food_production"
    FOOD_BUSINESS = "food_business"
    GI_MARK = "gi_mark"
    GREEN = "green"
    ORGANIC = "organic"
    BENEFIT_LINK = "benefit_link"


STANDING = frozenset((CertificateKind.BUSINESS_LICENCE, CertificateKind.BENEFIT_LINK))
"""Without one of each in force a supplier sells nothing. The others are asked for by the goods that need them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCertificate:
    """A certificate as its supplier hands it in.

    ``scope`` is what it covers: for a food production licence its categories by three digits, for a mark the lines of
    goods. ``valid_to`` is its last day, None for one without end.
    """

    kind: CertificateKind
    number: str | None = None
    scope: Sequence[str] = ()
    valid_from: date
    valid_to: date | None = None
    file_ids: Sequence[UUID] = ()


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that was handed in; ``reason`` says why it was refused or revoked."""

    id: UUID
    supplier_id: UUID
    kind: CertificateKind
    number: str | None
    scope: tuple[str, ...]
    valid_from: date
    valid_to: date | None
    status: CertificateStatus
    entered_at: datetime
    decided_at: datetime | None
    reason: str | None

    def in_force(self, today: date, *, unverified: bool = False) -> bool:
        """Whether it was verified and covers ``today``; with ``unverified`` one that waits to be verified counts."""
        good = {CertificateStatus.VERIFIED, CertificateStatus.SUBMITTED} if unverified else {CertificateStatus.VERIFIED}
        return self.status in good and self.valid_from <= today and (self.valid_to is None or today <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Permit:
    """A certificate in force, as the catalogue asks after it."""

    kind: CertificateKind
    number: str | None
    scope: frozenset[str]


@dataclass(frozen=True, slots=True)
class BankAccount:
    """Where a supplier's money goes: sealed in the database, masked on the wire. ``cnaps`` is the bank's code."""

    account_name: str
    account_no: str = field(repr=False)
    bank_name: str
    cnaps: str

    def sealed(self) -> bytes:
        """The account as the database keeps it."""
        values = [self.account_name, self.account_no, self.bank_name, self.cnaps]
        return keys().seal(json.dumps(values, ensure_ascii=False), _BANK)

    @classmethod
    def opened(cls, sealed: bytes) -> BankAccount:
        """The account that was sealed."""
        return cls(*json.loads(keys().unseal(sealed, _BANK)))

    @property
    def masked(self) -> str:
        """The account's last four digits."""
        return f"****{self.account_no[-4:]}"


_BANK = "supplier_bank"


@dataclass(frozen=True, slots=True)
class Papers:
    """What an operator has seen in the original when entering an applicant: all of it counts as verified.

    ``recommendation`` names the county's letter.
    """

    certificates: Sequence[NewCertificate] = ()
    bank: BankAccount | None = None
    recommendation: str | None = None


@dataclass(frozen=True, slots=True)
class Requirement:
    """Something that admission asks for, and whether it is met."""

    code: str
    met: bool
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A step of the admission, for the record; ``reason`` is given with refusals."""

    step: str
    reason: str | None
    at: datetime


class AdmissionIncomplete(DomainError):
    """What admission asks for is not all there; ``faults`` name what is missing."""

    status = 422
    code = "admission_incomplete"
    zh = "入驻条件尚未齐备：请补齐 errors 中列出的内容。"
    en = "Admission asks for more: add what `errors` lists."


class InvalidCertificate(DomainError):
    """The certificate cannot be what it is said to be; ``faults`` say why."""

    status = 422
    code = "invalid_certificate"
    zh = "证照信息有误，请按 errors 中的提示修改。"
    en = "The certificate's particulars are not valid; correct what `errors` points at."


class AccountNameDiffers(DomainError):
    """Money goes to an account of the supplier's own name alone (domain handbook §1.7)."""

    status = 422
    code = "account_name_differs"
    zh = "收款账户名称必须与营业执照上的名称一致。"
    en = "The account must be in the name that the business licence has."


class AlreadyApplied(DomainError):
    """One account applies for one supplier."""

    code = "already_applied"
    zh = "该账号已提交过入驻申请或已是供应商员工。"
    en = "This account has applied already, or belongs to a supplier."


def certificate_faults(new: NewCertificate, *, uscc: str, today: date, at: str = "") -> list[Fault]:
    """What is wrong with a certificate, as far as it can be told from what it says."""
    faults = []
    if new.kind is CertificateKind.BUSINESS_LICENCE and new.number != uscc:
        faults.append(
            Fault(f"{at}/number", "uscc_differs", "与登记的统一社会信用代码不一致", "not the registered credit code")
        )
    if new.kind is CertificateKind.FOOD_PRODUCTION:
        if new.number is None or not is_licence(new.number):
            faults.append(Fault(f"{at}/number", "invalid_licence", "SC 编号校验不通过", "not a valid SC number"))
        elif new.number[2:5] not in new.scope:
            faults.append(
                Fault(f"{at}/scope", "scope_differs", "范围须包含编号所载类别", "scope names the number's own category")
            )
    elif new.kind is not CertificateKind.BENEFIT_LINK and not new.number:
        faults.append(Fault(f"{at}/number", "missing", "缺少编号", "the number is missing"))
    longest = {
        CertificateKind.FOOD_PRODUCTION: _LONGEST_LICENCE_DAYS,
        CertificateKind.BENEFIT_LINK: _LONGEST_LINK_DAYS,
    }.get(new.kind)
    last = new.valid_to
    if last is not None and (last < new.valid_from or last < today):
        faults.append(Fault(f"{at}/valid_to", "expired", "证照已过期或日期颠倒", "it has ended or is upside down"))
    if longest is not None and (last is None or (last - new.valid_from).days > longest):
        faults.append(Fault(f"{at}/valid_to", "too_long", "有效期缺失或过长", "it must end, and not so late"))
    return faults


def requirements(
    card: SupplierCard,
    certificates: Sequence[Certificate],
    *,
    bank_name: str | None,
    recommended: bool,
    today: date,
    unverified: bool = False,
) -> list[Requirement]:
    """Everything that admission asks of a supplier, met or not.

    ``bank_name`` is the name of its bank account. ``unverified`` judges what an applicant hands in, before anybody
    looked at it: then certificates count that wait to be verified, and the county has not been asked.
    """
    in_force = [one for one in certificates if one.in_force(today, unverified=unverified)]
    kinds = {one.kind for one in in_force}
    found = [
        Requirement("registration", is_uscc(card.uscc), "统一社会信用代码校验通过", "a valid credit code"),
        Requirement("county", card.uscc[2:8] == BAOJING, "在保靖县登记注册", "registered in Baojing"),
        Requirement("township", card.township_code in TOWNSHIPS, "属于保靖县乡镇", "in a township of Baojing"),
        Requirement("lines", bool(card.lines), "填写经营品类", "the lines of goods are named"),
        Requirement(
            "business_licence",
            any(one.kind is CertificateKind.BUSINESS_LICENCE and one.number == card.uscc for one in in_force),
            "有效的营业执照",
            "a business licence in force",
        ),
        *_licences(card.lines, in_force),
        Requirement(
            "bank_account",
            bank_name == card.name,
            "同名收款账户",
            "a bank account in its name",
        ),
        Requirement(
            "benefit_link", CertificateKind.BENEFIT_LINK in kinds, "有效的联农带农证明", "evidence of benefit linkage"
        ),
    ]
    if not unverified:
        found.append(Requirement("recommendation", recommended, "县级主管部门推荐", "the county's recommendation"))
    return found


def _licences(lines: Iterable[str], in_force: Sequence[Certificate]) -> list[Requirement]:
    """For each line of goods a food production licence whose scope covers it."""
    held = {category for one in in_force if one.kind is CertificateKind.FOOD_PRODUCTION for category in one.scope}
    found = []
    for line in lines:
        if line not in LICENCE_FOR:
            found.append(Requirement(f"licence:{line}", False, f"无法核验品类 {line}", f"{line} cannot be judged"))
        elif (category := LICENCE_FOR[line]) is not None:
            found.append(
                Requirement(
                    f"licence:{line}",
                    category in held,
                    f"类别 {category} 的有效食品生产许可证",
                    f"a food production licence of category {category} in force",
                )
            )
    return found


def check_admission(found: Sequence[Requirement]) -> None:
    """Raise ``AdmissionIncomplete`` unless every requirement is met."""
    if missing := [one for one in found if not one.met]:
        faults = [
            Fault(f"/requirements/{one.code}", "not_met", f"缺少：{one.zh}", f"missing: {one.en}") for one in missing
        ]
        raise AdmissionIncomplete(faults=faults)


def outside_county(certificate: Certificate) -> bool:
    """Whether a food production licence names another county, so that the raw material's origin needs proof."""
    number = certificate.number or ""
    return certificate.kind is CertificateKind.FOOD_PRODUCTION and is_licence(number) and made_in(number) != BAOJING


def warning_due(valid_to: date, warned_days: int | None, today: date) -> int | None:
    """The warning that is due: the least of ``WARN_DAYS`` that was reached and not told yet; None without one.

    >>> warning_due(date(2026, 12, 31), None, date(2026, 12, 5))
    30
    """
    reached = [days for days in WARN_DAYS if (valid_to - today).days <= days]
    due = min(reached, default=None)
    return due if due is not None and (warned_days is None or due < warned_days) else None
