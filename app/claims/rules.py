"""What a claim is worth and when it may be made: decided without the database (domain handbook §1.5, §2.8, §3.5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from app.core.clock import day_end, local_day
from app.core.errors import DomainError, Fault
from app.core.money import split

if TYPE_CHECKING:
    from app.buyers import Address
    from app.claims.lifecycle import Status
    from app.files import File
    from app.fulfilment import Shipment
    from app.orders import ArrivedLine, ClaimBasis

SEND_BACK_WITHIN = timedelta(days=7)
"""How long a buyer may take to send back what was agreed to go back."""

ARRIVES_WITHIN = timedelta(days=14)
"""A parcel to or from the buyer that nobody has received by then is looked into by the marketplace."""

REFUND_WITHIN = timedelta(days=7)
"""Of the day on which the goods came back (domain handbook §3.5)."""

SEND_AGAIN_WITHIN = timedelta(days=7)
"""How long a supplier may take to send goods again."""

LOOKED_AT_AGAIN_AFTER = timedelta(hours=1)
"""When the clock comes back to a claim that it could not move on."""

OTHER_DAYS = 30
"""For trouble of no particular kind, counted from shipment: a parcel that never arrives is of this kind."""

_WHOLE_BP = 10_000


class Kind(StrEnum):
    """What is wrong."""

    BAD_FRUIT = "bad_fruit"
    SHORT = "short"
    WRONG = "wrong"
    NO_REASON = "no_reason"
    OTHER = "other"


class Remedy(StrEnum):
    """What is to be done about it."""

    REFUND = "refund"
    RESHIP = "reship"
    RETURN = "return"


class Liable(StrEnum):
    """Who bears the cost, which settlement reads."""

    SUPPLIER = "supplier"
    CARRIER = "carrier"
    PLATFORM = "platform"
    BUYER = "buyer"


class Party(StrEnum):
    """Who took a step."""

    BUYER = "buyer"
    SUPPLIER = "supplier"
    OPERATOR = "operator"
    SYSTEM = "system"


class NotDelivered(DomainError):
    """The goods are not there yet."""

    status = 409
    code = "not_delivered"
    zh = "商品尚未签收，签收后才能申请该类售后；包裹异常请选择“其他”。"
    en = "The goods have not been delivered yet; if the parcel is in trouble, claim `other`."


class ClaimTooLate(DomainError):
    """The time to claim is over."""

    status = 409
    code = "claim_too_late"
    zh = "已超过该商品的售后申请期限（{until}）。"
    en = "The time to make this claim ended at {until}."


class NotReturnable(DomainError):
    """Fresh goods do not go back without a reason (domain handbook §3.5)."""

    status = 409
    code = "not_returnable"
    zh = "该商品不适用七日无理由退货；如有质量问题，请选择相应的售后类型。"
    en = "These goods cannot be returned without a reason; choose the kind of claim that fits what is wrong."


class WithinAllowance(DomainError):
    """So few bad pieces were announced as normal before the purchase."""

    status = 409
    code = "within_allowance"
    zh = "坏果比例未超过购买前公示的正常损耗（{percent}%），不予赔付。"
    en = "Not more than the normal loss of {percent} % that was announced before the purchase."


class PiecesRequired(DomainError):
    """Bad fruit is counted by the piece."""

    status = 422
    code = "pieces_required"
    zh = "请填写坏果数 bad_pieces 与总数 total_pieces，且坏果数在 1 与总数之间。"
    en = "Give bad_pieces and total_pieces, with bad_pieces between 1 and total_pieces."


class PhotosRequired(DomainError):
    """Bad fruit is shown: a supplier who does not answer has agreed to pay (domain handbook §1.5)."""

    status = 422
    code = "photos_required"
    zh = "申请坏果赔付须上传至少一张照片。"
    en = "Hand in at least one photo of the bad fruit."


class RemedyNotAvailable(DomainError):
    """The goods are not sent again, or do not go back, for that."""

    status = 422
    code = "remedy_not_available"
    zh = "该售后不能补发或退货；整件错发、缺件或坏果达到比例才可补发，已退回的商品不再退货。"
    en = (
        "Goods are sent again only for whole units that are wrong or missing, or when enough of them is bad; "
        "goods that came back do not come back again."
    )


class ClaimsTooMuch(DomainError):
    """More units than were bought, less what was refunded and what other claims are about."""

    status = 409
    code = "claims_too_much"
    zh = "申请数量或金额超过该行剩余可售后的部分（已退款或正在售后的除外）。"
    en = "More than is left of this line after refunds and other claims."


class NothingLeftToPay(ClaimsTooMuch):
    """Money was agreed, and all that was paid for these lines went back before; freight is the marketplace's to grant.

    ``left`` and ``freight`` are yuan.
    """

    zh = (
        "这些商品剩余可退 {left} 元（此前已退款），没有可赔付的金额；该供应商订单的运费剩余可退 {freight} 元，"
        "是否退还由平台裁定：供应商可提出异议，转由平台处理。"
    )
    en = (
        "¥{left} is left of these goods after earlier refunds, so there is nothing to pay; ¥{freight} is left of the "
        "freight, and whether that goes back is for the marketplace to decide: a supplier contests the claim to ask it."
    )


class OneSupplierOnly(DomainError):
    """A claim is answered by one supplier."""

    status = 422
    code = "one_supplier_only"
    zh = "一次售后只能包含同一供应商的商品，请按供应商分别申请。"
    en = "A claim holds goods of one supplier; make one for each."


class LineNamedTwice(DomainError):
    """The same line stands twice in a claim."""

    status = 422
    code = "line_named_twice"
    zh = "同一订单行只能填写一次。"
    en = "Name each line once."


@dataclass(frozen=True, slots=True)
class Asked:
    """What a buyer says of one line: so many sales units are concerned; of their pieces so many are bad or missing."""

    line_id: UUID
    quantity: int
    bad_pieces: int | None = None
    total_pieces: int | None = None


@dataclass(frozen=True, slots=True)
class NewClaim:
    """What a buyer asks for. ``remedy`` is a wish; a return without reason is always a return."""

    kind: Kind
    lines: Sequence[Asked]
    remedy: Remedy = Remedy.REFUND
    photos: Sequence[UUID] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """What other open claims ask of a line."""

    quantity: int = 0
    amount_fen: int = 0


@dataclass(frozen=True, slots=True)
class Worth:
    """What a claim on one line comes to: fen back, and how many units no longer count as sold."""

    asked: Asked
    line: ArrivedLine
    refund_fen: int
    refund_quantity: int


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a claim comes to. ``freight_fen`` comes on top of the lines."""

    remedy: Remedy
    lines: tuple[Worth, ...]
    freight_fen: int

    @property
    def refund_fen(self) -> int:
        """All of it."""
        return sum(worth.refund_fen for worth in self.lines) + self.freight_fen


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """One line of a claim."""

    id: UUID
    line_id: UUID
    sku: str
    name: str
    quantity: int
    bad_pieces: int | None
    total_pieces: int | None
    refund_fen: int
    refund_quantity: int


@dataclass(frozen=True, slots=True)
class ClaimEvent:
    """One step of a claim, and who took it."""

    at: datetime
    status: Status
    party: Party
    reason: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    """A buyer's complaint about goods of one supplier order, and what became of it.

    ``shipments`` are goods sent again, ``return_shipment`` the parcel by which the buyer last sent theirs back.
    """

    id: UUID
    order_id: UUID
    order_number: str
    supplier_order_id: UUID
    supplier_id: UUID
    buyer_id: UUID
    kind: Kind
    remedy: Remedy
    status: Status
    refund_fen: int
    freight_fen: int
    note: str | None
    liable: Liable | None
    refund_id: UUID | None
    return_carrier: str | None
    return_number: str | None
    sellable: bool | None
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    lines: tuple[ClaimLine, ...] = ()
    history: tuple[ClaimEvent, ...] = ()
    shipments: tuple[Shipment, ...] = ()
    return_shipment: Shipment | None = None
    photos: tuple[File, ...] = ()
    address: Address | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What the marketplace decides. ``amounts`` (fen and units by line) replace what was computed."""

    remedy: Remedy | None
    liable: Liable
    reason: str
    amounts: Mapping[UUID, tuple[int, int]] | None = None
    freight_fen: int | None = None


def share(amount_fen: int, part: int, whole: int) -> int:
    """``part`` of ``whole`` of an amount, rounded half up to the fen (domain handbook §1.5)."""
    return (2 * amount_fen * part + whole) // (2 * whole)


def deadline(kind: Kind, line: ArrivedLine) -> datetime:
    """Until when a claim of this kind may be made. Raises ``NotDelivered``, ``NotReturnable``.

    Faults count in hours from delivery to the buyer's hands, the return without a reason in whole days after it, as
    they were promised when the line was sold.
    """
    if line.shipped_at is None:
        raise NotDelivered
    if kind is Kind.OTHER:
        return line.shipped_at + timedelta(days=OTHER_DAYS)
    if kind is Kind.NO_REASON and line.return_days == 0:
        raise NotReturnable
    if line.delivered_at is None:
        raise NotDelivered
    if kind is Kind.NO_REASON:
        return day_end(local_day(line.delivered_at) + timedelta(days=line.return_days))
    return line.delivered_at + timedelta(hours=line.claim_hours)


def assess(wanted: NewClaim, basis: ClaimBasis, held: Mapping[UUID, Held], *, now: datetime) -> Assessment:
    """What a claim comes to, if it may be made.

    Each line by its kind; never more than was paid for it less what went back and what other open claims ask for. When
    all of a line goes back through no fault of the buyer, its share of the freight does too.
    Raises the module's refusals.
    """
    if wanted.kind is Kind.BAD_FRUIT and not wanted.photos:
        fault = Fault("/photos", PhotosRequired.code, "缺少照片", "no photo")
        raise PhotosRequired(faults=(fault,))
    if len({asked.line_id for asked in wanted.lines}) < len(wanted.lines):
        raise LineNamedTwice
    lines = [basis.line(asked.line_id) for asked in wanted.lines]
    if len({line.supplier_order_id for line in lines}) > 1:
        raise OneSupplierOnly
    worths = []
    freight = 0
    for place, (asked, line) in enumerate(zip(wanted.lines, lines, strict=True)):
        until = deadline(wanted.kind, line)
        if now > until:
            raise ClaimTooLate(until=until.isoformat(timespec="minutes"))
        worth = _worth(wanted, asked, line, held.get(line.id, Held()), place)
        worths.append(worth)
        if wanted.kind is not Kind.NO_REASON and line.amount_fen and worth.refund_fen == line.amount_fen:
            freight += line.freight_fen
    left = basis.freight_left(lines[0].supplier_order_id)
    remedy = Remedy.RETURN if wanted.kind is Kind.NO_REASON else wanted.remedy
    return Assessment(remedy, tuple(worths), min(freight, left))


def _worth(wanted: NewClaim, asked: Asked, line: ArrivedLine, held: Held, place: int) -> Worth:
    if asked.quantity > line.quantity - line.refunded_quantity - held.quantity:
        fault = Fault(f"/lines/{place}/quantity", ClaimsTooMuch.code, "超过可售后数量", "more than is left")
        raise ClaimsTooMuch(faults=(fault,))
    part, whole, units = _part(wanted.kind, asked, line, place)
    if wanted.remedy is Remedy.RESHIP and units == 0:
        raise RemedyNotAvailable
    due = share(line.amount_fen, part * asked.quantity, whole * line.quantity)
    left = line.amount_fen - line.refunded_fen - held.amount_fen
    if due and left <= 0:
        raise ClaimsTooMuch
    return Worth(asked, line, min(due, left), units)


def _part(kind: Kind, asked: Asked, line: ArrivedLine, place: int) -> tuple[int, int, int]:
    """Which part of the units concerned is paid back (numerator, denominator), and how many units no longer count."""
    if kind is Kind.OTHER:
        return 0, 1, 0
    bad, total = asked.bad_pieces, asked.total_pieces
    by_piece = kind is Kind.BAD_FRUIT or (kind is Kind.SHORT and (bad, total) != (None, None))
    if not by_piece:
        return 1, 1, asked.quantity
    if bad is None or total is None or not 1 <= bad <= total:
        fault = Fault(f"/lines/{place}/bad_pieces", PiecesRequired.code, "坏果数不正确", "not between 1 and the total")
        raise PiecesRequired(faults=(fault,))
    if kind is Kind.BAD_FRUIT:
        if bad * _WHOLE_BP <= line.bad_allow_bp * total:
            raise WithinAllowance(percent=f"{line.bad_allow_bp // 100}")
        if bad * _WHOLE_BP >= line.bad_full_bp * total:
            return 1, 1, asked.quantity
    return (1, 1, asked.quantity) if bad == total else (bad, total, 0)


def from_lots(quantity: int, sent: Mapping[str | None, int]) -> list[tuple[str | None, int]]:
    """Out of which lots ``quantity`` units of a line come back: in proportion to what was ``sent`` from each.

    ``sent`` is less what came back before. No lot gets back more than that; what no lot accounts for has none.
    """
    lots = [lot for lot in sorted(sent, key=lambda lot: (lot is None, lot)) if sent[lot] > 0]
    left = [sent[lot] for lot in lots]
    parts = split(min(quantity, sum(left)), left) if lots else []
    found = {lot: part for lot, part in zip(lots, parts, strict=True) if part}
    if rest := quantity - sum(parts):
        found[None] = found.get(None, 0) + rest
    return list(found.items())


def affordable(lines: Iterable[ClaimLine], basis: ClaimBasis) -> list[tuple[UUID, int, int]]:
    """What of a claim can still be paid back: line, fen and units, cut to what is left of each line."""
    found = []
    for wanted in lines:
        line = basis.line(wanted.line_id)
        amount = min(wanted.refund_fen, line.amount_fen - line.refunded_fen)
        units = min(wanted.refund_quantity, line.quantity - line.refunded_quantity)
        if amount > 0:
            found.append((line.id, amount, units))
    return found
