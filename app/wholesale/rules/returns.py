"""What may go back to the vendor: the law's limits and ours, decided without the database (domain handbook §4.2).

The Measures on fair trade between retailers and suppliers of 2006 let a retailer send nothing back that it damaged
itself, and nothing that merely was not sold unless that was agreed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from app.core.errors import DomainError, Fault
from app.wholesale.rules import FreightPayer, ReturnReason

QUALITY_DAYS: Mapping[str, int] = {"navel-orange": 3}
"""Fruit is looked at within so many days after it was taken in, what is packed within ``USUAL_QUALITY_DAYS``."""
USUAL_QUALITY_DAYS = 30


class DamagedBy(StrEnum):
    """Whose doing it is that goods are not as they should be."""

    SUPPLIER = "supplier"
    CARRIER = "carrier"
    PARTNER = "partner"


PAYER: Mapping[ReturnReason, FreightPayer] = {
    ReturnReason.UNSOLD: FreightPayer.PARTNER,
    ReturnReason.EXPIRED: FreightPayer.PARTNER,
    ReturnReason.QUALITY: FreightPayer.SUPPLIER,
    ReturnReason.RECALL: FreightPayer.SUPPLIER,
}
"""Who pays for the way back unless something else was agreed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackLine:
    """So many units of a line go back, of which ``sellable_units`` can be sold to somebody else."""

    line_no: int
    units: int
    sellable_units: int = 0
    lot_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """A return (退货单) as it was written. ``receipt_no`` may be left out where there is one receipt of the lines."""

    return_no: str
    reason: ReturnReason
    lines: tuple[BackLine, ...]
    receipt_no: str | None = None
    damaged_by: DamagedBy | None = None
    freight_payer: FreightPayer | None = None
    returned_at: datetime | None = None

    @property
    def digest(self) -> bytes:
        """Two returns with the same one say the same."""
        return hashlib.sha256(json.dumps(asdict(self), default=str, sort_keys=True).encode()).digest()

    @property
    def payer(self) -> FreightPayer:
        """Who pays for the way back."""
        return self.freight_payer or PAYER[self.reason]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """That up to ``units`` of a line may go back for a reason; ``used_units`` have. A recall gives it by itself."""

    id: UUID
    partner_id: UUID
    po_id: UUID
    po_no: str
    line_id: UUID
    line_no: int
    sku: str
    name: str
    reason: ReturnReason
    units: int
    used_units: int
    lot_code: str | None
    until_on: date | None
    note: str | None
    given_at: datetime

    def covers(self, reason: ReturnReason, lot_code: str | None, on: date) -> bool:
        """Whether goods of the lot may go back under it that day."""
        open_still = self.until_on is None or on <= self.until_on
        return self.reason is reason and open_still and self.lot_code in {None, lot_code}


@dataclass(frozen=True, slots=True, kw_only=True)
class OnShelf:
    """What of a receipt's line is still with the partner, and what is known of the goods."""

    receipt_line_id: UUID
    line_id: UUID
    category: str
    received_on: date
    left_units: int
    lots: Mapping[str, date]
    """Those that were sent for the line, with their last day."""
    unit_price_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A line of a return that may be: what it is of, and by which consents."""

    shelf: OnShelf
    asked: BackLine
    lot_code: str | None
    consent_id: UUID | None


def settle(
    back: Back, shelves: Mapping[int, OnShelf], consents: Mapping[UUID, Sequence[Consent]], *, on: date
) -> list[Settled]:
    """Decide a return of goods of one receipt; ``shelves`` are by line number, ``consents`` by line.

    Raises ``NotReturnable`` with everything that stands against it.
    """
    faults: list[Fault] = []
    settled: list[Settled] = []
    if back.damaged_by is DamagedBy.PARTNER:
        zh, en = "贵方自身原因造成损坏的商品，依法不得退货", "goods that you damaged yourselves may not go back by law"
        faults.append(Fault("/damaged_by", "damaged_by_partner", zh, en))
    if back.reason is ReturnReason.QUALITY and back.damaged_by is None:
        zh, en = "质量原因退货须说明责任方", "say whose doing the fault is"
        faults.append(Fault("/damaged_by", "cause_missing", zh, en))
    seen: set[int] = set()
    for place, line in enumerate(back.lines):
        at = f"/lines/{place}"
        shelf = shelves.get(line.line_no)
        if shelf is None or line.line_no in seen:
            zh, en = "验收单没有该行，或该行出现两次", "the receipt has no such line, or it is named twice"
            faults.append(Fault(f"{at}/line_no", "unknown_line", zh, en))
            continue
        seen.add(line.line_no)
        faults += _against(back, line, shelf, at, on)
        lot_code = line.lot_code or (next(iter(shelf.lots)) if len(shelf.lots) == 1 else None)
        consent = _consent(back.reason, line, lot_code, consents.get(shelf.line_id, ()), on)
        if consent is None and back.reason is not ReturnReason.QUALITY:
            zh = "该原因退货须先取得同意（数量、批次和期限都在同意范围内）；请联系平台"
            en = "goods go back for this reason only by consent, for so many units, this lot and day; ask for it first"
            faults.append(Fault(at, "agreement_needed", zh, en))
        settled.append(Settled(shelf=shelf, asked=line, lot_code=lot_code, consent_id=consent.id if consent else None))
    if faults:
        raise NotReturnable(faults=faults)
    return settled


def _consent(
    reason: ReturnReason, line: BackLine, lot_code: str | None, given: Sequence[Consent], on: date
) -> Consent | None:
    fitting = [one for one in given if one.covers(reason, lot_code, on)]
    return next((one for one in fitting if one.units - one.used_units >= line.units), None)


def _against(back: Back, line: BackLine, shelf: OnShelf, at: str, on: date) -> list[Fault]:
    faults: list[Fault] = []
    if line.units > shelf.left_units:
        zh, en = f"该行还可退 {shelf.left_units} 件", f"{shelf.left_units} units of the line can still go back"
        faults.append(Fault(f"{at}/units", "returns_too_much", zh, en))
    if line.lot_code is not None and line.lot_code not in shelf.lots:
        zh, en = "该行没有发过这个批次", "no goods of this lot were sent for the line"
        faults.append(Fault(f"{at}/lot_code", "unknown_lot_of_line", zh, en))
        return faults
    ends = [shelf.lots[line.lot_code]] if line.lot_code else list(shelf.lots.values())
    if back.reason is ReturnReason.UNSOLD and ends and min(ends) < on:
        zh, en = "已过保质期的商品不能按滞销退货", "goods that are past their life do not go back as unsold"
        faults.append(Fault(at, "past_shelf_life", zh, en))
    days = QUALITY_DAYS.get(shelf.category, USUAL_QUALITY_DAYS)
    if back.reason is ReturnReason.QUALITY and on > shelf.received_on + timedelta(days=days):
        zh, en = f"质量问题须在收货后 {days} 天内退货", f"faults are found within {days} days after receipt"
        faults.append(Fault(at, "too_late", zh, en))
    if line.sellable_units:
        faults += _against_selling(back, line, shelf, at, min(ends, default=None), on)
    return faults


def _against_selling(back: Back, line: BackLine, shelf: OnShelf, at: str, ends: date | None, on: date) -> list[Fault]:
    if line.sellable_units > line.units or back.reason in (ReturnReason.RECALL, ReturnReason.EXPIRED):
        zh, en = "这些商品不能再次销售", "such goods cannot be sold again"
        return [Fault(f"{at}/sellable_units", "not_sellable", zh, en)]
    if line.lot_code is None and len(shelf.lots) > 1:
        zh = f"可再次销售的商品须写明批次：{'、'.join(sorted(shelf.lots))}"
        en = f"say of which lot the goods are that can be sold again: {', '.join(sorted(shelf.lots))}"
        return [Fault(f"{at}/lot_code", "lot_needed", zh, en)]
    if ends is not None and ends < on:
        zh, en = "已过保质期的商品不能再次销售", "goods that are past their life cannot be sold again"
        return [Fault(f"{at}/sellable_units", "not_sellable", zh, en)]
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnLine:
    """A line of a return. ``receipt_line_id`` is what it takes back a part of."""

    id: UUID
    receipt_line_id: UUID
    line_id: UUID
    line_no: int
    sku: str
    name: str
    supplier_id: UUID
    units: int
    sellable_units: int
    unit_price_fen: int
    amount_fen: int
    lot_code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """A return with the lines that whoever asks may see; ``amount_fen`` is theirs."""

    id: UUID
    po_id: UUID
    po_no: str
    partner_id: UUID
    partner_name: str
    return_no: str
    receipt_no: str
    reason: ReturnReason
    agreed: bool
    freight_payer: FreightPayer
    returned_at: datetime
    returned_on: date
    amount_fen: int
    lines: tuple[ReturnLine, ...]


class NotReturnable(DomainError):
    """The law, the agreement or arithmetic stands against a return; ``errors`` say what."""

    status = 422
    code = "not_returnable"
    zh = "该退货不符合约定或法律规定，请按 errors 中的提示处理。"
    en = "The goods may not go back as asked; `errors` say why."


class WhichReceipt(DomainError):
    """A return is of goods of one receipt."""

    status = 422
    code = "which_receipt"
    zh = "一张退货单对应一张验收单，请填写本订单的验收单号（receipt_no）。"
    en = "A return is of goods of one receipt of this order; name it in receipt_no."


class ConsentTooMuch(DomainError):
    """More than the partner has cannot go back."""

    status = 422
    code = "consent_too_much"
    zh = "同意退货的数量不能超过该行已验收、未退回的数量。"
    en = "No more of a line can be agreed to go back than was taken in and is still there."
