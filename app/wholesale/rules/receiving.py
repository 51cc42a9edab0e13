"""What is taken in at the dock, and what is paid for it: decided without the database (domain handbook §4.2)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from app.core.clock import local_day
from app.core.errors import DomainError, Fault
from app.wholesale.lifecycle import Status
from app.wholesale.rules import Reason

WHOLE_BP = 10_000
LATE_DAYS = 7
"""A receipt may be entered so many days after the goods were taken in."""
ALLOWANCE_BP = 1_000
"""So much of a line may come beyond what was due, and one case in any case: a supplier packs a case too many, nobody
two loads. More would only dilute the share of faults, which is one of everything that came."""
AHEAD = timedelta(minutes=10)
"""Clocks of two houses may differ by so much."""


class Tolerance(Protocol):
    """How a contract treats faulty goods, in hundredths of a percent of what came (``partners.Tolerance``)."""

    @property
    def accept_bp(self) -> int:
        """Up to so many faults a load is taken in and paid whole."""

    @property
    def deduct_bp(self) -> int:
        """Up to so many, what is faulty is not paid; with more the whole load of the line is refused."""

    @property
    def notify_below_bp(self) -> int:
        """The buying department is told when less than this part of the order has come."""


class Verdict(StrEnum):
    """What becomes of a line's load."""

    ACCEPTED = "accepted"
    DEDUCTED = "deducted"
    REFUSED = "refused"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedLine:
    """What the partner's people counted of a line, in units.

    ``rejected_units`` were sorted out as faulty. ``deducted_units`` are faulty too, but stay among the others: a sample
    told how many there are. Together they are no more than ``delivered_units``.
    """

    line_no: int
    delivered_units: int
    rejected_units: int = 0
    deducted_units: int = 0
    reason: Reason | None = None
    lot_code: str | None = None

    @property
    def faulty_units(self) -> int:
        """Everything that is wrong."""
        return self.rejected_units + self.deducted_units


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A receipt (验收单) as the partner's people wrote it. ``received_at`` is None for now."""

    receipt_no: str
    lines: tuple[CountedLine, ...]
    received_at: datetime | None = None
    inspector: str | None = None
    photos: tuple[UUID, ...] = ()

    @property
    def digest(self) -> bytes:
        """Two receipts with the same one say the same."""
        return hashlib.sha256(json.dumps(asdict(self), default=str, sort_keys=True).encode()).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What of a line's load is taken in: ``delivered_units = received_units + rejected_units``.

    ``excess_units`` came beyond what was due and go back; ``short_units`` were due and did not come. Paid are the
    units received less ``deducted_units``.
    """

    verdict: Verdict
    delivered_units: int
    received_units: int
    rejected_units: int
    deducted_units: int
    short_units: int
    excess_units: int

    @property
    def paid_units(self) -> int:
        """What is owed for and counted."""
        return self.received_units - self.deducted_units


def take_in(counted: CountedLine, *, due_units: int, tolerance: Tolerance) -> Taken:
    """Apply the receiving rule to the load of a line of which ``due_units`` are still to come.

    The share of faults is that of everything that came. Few are nothing, some are not paid, many let the load be
    refused (domain handbook §4.2). More than was due is not taken in, and what is faulty goes back first.
    """
    came = counted.delivered_units
    if not 0 <= counted.faulty_units <= came or min(counted.rejected_units, counted.deducted_units, due_units) < 0:
        raise ValueError("what is faulty came, and nothing is less than nothing")
    share = counted.faulty_units * WHOLE_BP
    if share <= tolerance.accept_bp * came:
        verdict, rejected, deducted = Verdict.ACCEPTED if came else Verdict.MISSING, 0, 0
    elif share <= tolerance.deduct_bp * came:
        verdict, rejected, deducted = Verdict.DEDUCTED, counted.rejected_units, counted.deducted_units
    else:
        verdict, rejected, deducted = Verdict.REFUSED, came, 0
    delivered = min(came, due_units)
    received = min(came - rejected, delivered)
    return Taken(
        verdict=verdict,
        delivered_units=delivered,
        received_units=received,
        rejected_units=delivered - received,
        deducted_units=min(deducted, received),
        short_units=due_units - delivered,
        excess_units=came - delivered,
    )


def too_little(delivered_units: int, promised_units: int, tolerance: Tolerance) -> bool:
    """Whether so little of a line has come that the buying department is told (domain handbook §4.2: below 85 %)."""
    return delivered_units * WHOLE_BP < tolerance.notify_below_bp * promised_units


def check_counted(counted: Counted, known: Mapping[int, Any]) -> None:
    """Refuse what cannot have been counted. Raises ``InvalidReceipt`` with everything that is wrong."""
    faults: list[Fault] = []
    seen: set[int] = set()
    for place, line in enumerate(counted.lines):
        at = f"/lines/{place}"
        if line.line_no in seen:
            faults.append(Fault(f"{at}/line_no", "line_named_twice", "同一行出现两次", "the line is named twice"))
        elif line.line_no not in known:
            faults.append(Fault(f"{at}/line_no", "unknown_line", "订单没有该行", "the order has no such line"))
        seen.add(line.line_no)
        if line.faulty_units > line.delivered_units:
            zh, en = "拒收与扣减之和不能多于到货数量", "no more can be faulty than came"
            faults.append(Fault(f"{at}/rejected_units", "rejects_too_much", zh, en))
    if faults:
        raise InvalidReceipt(faults=faults)


class Expected(Protocol):
    """What is known of a line whose goods are counted, in units."""

    @property
    def promised_units(self) -> int:
        """What we answered to deliver."""

    @property
    def delivered_units(self) -> int:
        """What came before."""

    @property
    def case_pack(self) -> int:
        """Units of a case."""


def most_that_comes(line: Expected) -> int:
    """So many units of a line can be at the dock: what is still to come, and a little that was packed too much.

    Whatever was sent is among what is still to come, for nothing is sent beyond what was promised; and a truck of which
    nobody told us that it left is taken in.
    """
    due = line.promised_units - line.delivered_units
    return due + max(line.case_pack, line.promised_units * ALLOWANCE_BP // WHOLE_BP)


def check_possible(counted: Counted, known: Mapping[int, Expected]) -> None:
    """Refuse a count of goods that cannot have been there. Raises ``InvalidReceipt`` and ``NothingCame``."""
    faults = []
    for place, line in enumerate(counted.lines):
        most = most_that_comes(known[line.line_no])
        if line.delivered_units > most:
            due = known[line.line_no].promised_units - known[line.line_no].delivered_units
            zh = f"该行尚待到货 {due} 件，至多可登记 {most} 件，请核对数量（单位是件，不是箱）"
            en = f"{due} units of the line are to come, so at most {most} can be counted: units, not cases"
            faults.append(Fault(f"/lines/{place}/delivered_units", "more_than_was_sent", zh, en))
    if faults:
        raise InvalidReceipt(faults=faults)
    if not any(line.delivered_units for line in counted.lines):
        raise NothingCame


def when(asked: datetime | None, *, not_before: datetime | None, now: datetime) -> datetime:
    """The moment of a receipt or return. Raises ``ImpossibleMoment``."""
    if asked is None:
        return now
    first = local_day(now) - timedelta(days=LATE_DAYS)
    if asked > now + AHEAD or local_day(asked) < first or (not_before is not None and asked < not_before):
        raise ImpossibleMoment(days=LATE_DAYS)
    return min(asked, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptLine:
    """A line of a receipt, as it is kept for ever. ``came_units`` and ``faulty_units`` are what was counted."""

    id: UUID
    line_id: UUID
    line_no: int
    sku: str
    name: str
    supplier_id: UUID
    verdict: Verdict
    came_units: int
    faulty_units: int
    delivered_units: int
    received_units: int
    rejected_units: int
    short_units: int
    excess_units: int
    deducted_units: int
    returned_units: int
    unit_price_fen: int
    payable_fen: int
    reason: Reason | None
    lot_code: str | None
    too_little: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A receipt with the lines that whoever asks may see. ``photos`` are the files' links."""

    id: UUID
    po_id: UUID
    po_no: str
    partner_id: UUID
    partner_name: str
    receipt_no: str
    received_at: datetime
    received_on: date
    payable_fen: int
    inspector: str | None
    entered_at: datetime
    lines: tuple[ReceiptLine, ...]
    photos: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Received:
    """What entering a receipt led to: ``status`` is where the order stands now; ``duplicate`` changed nothing."""

    receipt: Receipt
    status: Status
    duplicate: bool = False


def worth(lines: Sequence[tuple[int, int]]) -> int:
    """Units times their price, in fen."""
    return sum(units * price_fen for units, price_fen in lines)


class InvalidReceipt(DomainError):
    """The receipt contradicts itself or the order; ``errors`` say where."""

    status = 422
    code = "invalid_receipt"
    zh = "验收单内容有误，请按 errors 中的提示修改。"
    en = "The receipt cannot be right; correct what `errors` points at."


class NothingCame(DomainError):
    """A receipt is of goods; an order of which nothing came stays as it was sent."""

    status = 422
    code = "nothing_came"
    zh = "各行到货数量均为零，无需登记验收单；货物未到时订单保持原状，最后到货日之后由运营核实并释放额度。"
    en = (
        "No line has anything delivered, so there is nothing to receive. The order stays as it is; if its goods never "
        "come, operators ask for them after its last day and its credit is given back."
    )


class ImpossibleMoment(DomainError):
    """Goods cannot be taken in tomorrow, or before they were ordered, or weeks ago."""

    status = 422
    code = "impossible_moment"
    zh = "收退货时间不能晚于现在，不能早于订单确认，也不能早于 {days} 天前。"
    en = "The time of a receipt or return is not in the future, nor before the order, nor more than {days} days ago."


class UnknownLotOfLine(DomainError):
    """No goods of this lot were sent for the line."""

    status = 422
    code = "unknown_lot_of_line"
    zh = "该行没有发过这个批次，请按送货单填写批次号，或留空。"
    en = "No goods of this lot were sent for the line; take the lot from the delivery note, or leave it out."
