"""Statements of account: what a month's documents come to, when it is due, and what two sides of it differ in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from app.core.errors import DomainError
from app.wholesale.rules import DisputeKind, StatementLineKind

if TYPE_CHECKING:
    from app.wholesale.lifecycle import StatementStatus

STATEMENT_DAY = 3
"""Day of the month on which the month before is stated, two days before suppliers are settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a month's goods come to by one row of a receipt, return or correction; what lessens it is below zero.

    ``contract_id`` is the contract under which the goods were ordered: its terms go on holding for them.
    """

    kind: StatementLineKind
    source_id: UUID
    po_no: str
    document_no: str
    on_day: date
    sku: str
    partner_item_code: str | None
    name: str
    units: int
    unit_price_fen: int
    tax_rate_bp: int
    amount_fen: int
    contract_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A statement that was closed below zero, and what it came to: its partner's, until a later one takes it over."""

    source_id: UUID
    number: str
    month: date
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """A row of a statement. Goods have units and a price; what was agreed or is carried over has an amount alone."""

    id: UUID
    position: int
    kind: StatementLineKind
    source_id: UUID | None
    po_no: str | None
    document_no: str | None
    on_day: date
    sku: str | None
    partner_item_code: str | None
    name: str
    units: int | None
    unit_price_fen: int | None
    tax_rate_bp: int | None
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """What a partner says is wrong with a row or the whole of a statement; ``accepted`` is None until decided."""

    id: UUID
    statement_id: UUID
    line_id: UUID | None
    kind: DisputeKind
    claimed_units: int | None
    claimed_price_fen: int | None
    claimed_amount_fen: int | None
    note: str
    opened_at: datetime
    accepted: bool | None
    answer: str | None
    decided_at: datetime | None
    corrected_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A dispute that is to be opened. ``claimed_*`` are what the partner believes to be right, of the row named."""

    kind: DisputeKind
    line_id: UUID | None = None
    claimed_units: int | None = None
    claimed_price_fen: int | None = None
    claimed_amount_fen: int | None = None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A partner's statement of a month; ``month`` is its first day. Lines and disputes only where one is looked at.

    ``payable_fen = goods_fen - rebate_fen - fees_fen - carried_fen``; it is below zero in a month of returns alone.
    ``carried_fen`` is what earlier ones came to below zero. Of one that was closed below zero itself, ``credit_fen`` is
    what is still the partner's of it, and ``carried_to`` the number of the statement that took it over.
    """

    id: UUID
    number: str
    code: str
    partner_id: UUID
    partner_name: str
    partner_uscc: str
    contract_id: UUID
    contract_no: str
    month: date
    revision: int
    status: StatementStatus
    goods_fen: int
    rebate_fen: int
    fees_fen: int
    carried_fen: int
    payable_fen: int
    paid_fen: int
    credit_fen: int
    carried_to: str | None
    issued_at: datetime
    sent_at: datetime | None
    confirmed_at: datetime | None
    invoiced_at: datetime | None
    invoice_no: str | None
    due_on: date
    paid_at: datetime | None
    lines: tuple[StatementLine, ...] = ()
    disputes: tuple[Dispute, ...] = ()

    @property
    def open_fen(self) -> int:
        """What is still to be paid of it."""
        return max(0, self.payable_fen - self.paid_fen)


def month_after(month: date) -> date:
    """The first day of the month after the one that begins on ``month``."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def month_to_state(today: date) -> date | None:
    """The month that is to be stated by today, as its first day; None before the day of statements."""
    if today.day < STATEMENT_DAY:
        return None
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left of a receipt's row after returns and corrections: so many units at a price.

    ``corrected_units`` of what was taken in were corrected away, and are not among ``units``.
    """

    units: int
    unit_price_fen: int
    corrected_units: int


@dataclass(frozen=True, slots=True)
class Corrected:
    """What a correction changes: units and amount, neither above zero, and the price from now on if it is a new one."""

    units: int
    amount_fen: int
    unit_price_fen: int | None = None


def correct(claim: Claim, *, stated_units: int, standing: Standing) -> Corrected:
    """What accepting a claim about a receipt's row, stated with so many units, changes.

    A price is corrected of what did not go back. Goods that came and are not stated are entered as a receipt, so a
    correction only ever lessens. Raises ``ClaimNotLess``.
    """
    if claim.kind is DisputeKind.PRICE:
        price = claim.claimed_price_fen or 0
        less = price - standing.unit_price_fen
        if less >= 0 or not standing.units:
            raise ClaimNotLess
        return Corrected(0, less * standing.units, price)
    gone = stated_units + standing.corrected_units - (claim.claimed_units or 0)
    if not 0 < gone <= standing.units:
        raise ClaimNotLess
    return Corrected(-gone, -gone * standing.unit_price_fen)


_ABOUT_ROWS = (DisputeKind.QTY, DisputeKind.PRICE, DisputeKind.TAX)


def check_claim(claim: Claim, line: StatementLine | None) -> None:
    """Refuse a dispute that says nothing that could be decided. Raises ``InvalidClaim``, ``ClaimNotLess``."""
    if claim.kind in _ABOUT_ROWS and line is None:
        raise InvalidClaim
    if line is not None and claim.kind in (DisputeKind.QTY, DisputeKind.PRICE, DisputeKind.MISSING_RECEIPT):
        if line.kind is not StatementLineKind.RECEIPT:
            raise InvalidClaim
        if claim.kind is DisputeKind.QTY and not (claim.claimed_units is not None and claim.claimed_price_fen is None):
            raise InvalidClaim
        if claim.kind is DisputeKind.PRICE and not (
            claim.claimed_price_fen is not None and claim.claimed_units is None
        ):
            raise InvalidClaim
        if claim.kind is DisputeKind.MISSING_RECEIPT and claim.claimed_units:
            raise InvalidClaim
        more = (claim.claimed_units or 0) >= (line.units or 0) or (claim.claimed_price_fen or 0) >= (
            line.unit_price_fen or 0
        )
        if more:
            raise ClaimNotLess


@dataclass(frozen=True, slots=True, kw_only=True)
class TheirRow:
    """A row of the partner's own books: goods by order, receipt and item, or a deduction by name."""

    po_no: str | None = None
    receipt_no: str | None = None
    item: str | None = None
    units: int | None = None
    unit_price_fen: int | None = None
    tax_rate_bp: int | None = None
    deduction: str | None = None
    amount_fen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What the two sides differ in. ``row`` is a place in the partner's rows, ``line_id`` a row of the statement."""

    kind: DisputeKind
    row: int | None
    line_id: UUID | None
    ours: int | None
    theirs: int | None


def compare(lines: Sequence[StatementLine], theirs: Sequence[TheirRow]) -> list[Difference]:
    """Match a statement with the partner's books by order, receipt, item, quantity and price (domain handbook §4.3).

    An item is the partner's code or ours. A deduction that the statement does not name is an unknown one, whatever its
    amount; of one that it names, another amount is too.
    """
    goods: dict[tuple[str, str, str], list[StatementLine]] = {}
    for line in lines:
        if line.kind in (StatementLineKind.RECEIPT, StatementLineKind.RETURN):
            for item in {line.partner_item_code, line.sku} - {None}:
                goods.setdefault((str(line.po_no), str(line.document_no), str(item)), []).append(line)
    named = {line.name: line for line in lines if line.kind in (StatementLineKind.REBATE, StatementLineKind.FEE)}
    seen: set[UUID] = set()
    found: list[Difference] = []
    for place, row in enumerate(theirs):
        if row.deduction is not None:
            found += _of_deduction(place, row, named.get(row.deduction))
            continue
        candidates = goods.get((str(row.po_no), str(row.receipt_no), str(row.item)), [])
        match = next((one for one in candidates if one.id not in seen), None)
        if match is None:
            found.append(_differs(DisputeKind.MISSING_RECEIPT, place, None, None, row.units))
        else:
            seen.add(match.id)
            found += _of_goods(place, row, match)
    return found + [
        _differs(DisputeKind.MISSING_RECEIPT, None, line, line.units, None)
        for line in lines
        if line.kind is StatementLineKind.RECEIPT and line.units and line.id not in seen
    ]


def _of_deduction(place: int, row: TheirRow, known: StatementLine | None) -> list[Difference]:
    ours = -known.amount_fen if known else None
    if ours is not None and ours == row.amount_fen:
        return []
    return [_differs(DisputeKind.UNKNOWN_DEDUCTION, place, known, ours, row.amount_fen)]


def _of_goods(place: int, row: TheirRow, line: StatementLine) -> list[Difference]:
    sides = (
        (DisputeKind.QTY, line.units, row.units),
        (DisputeKind.PRICE, line.unit_price_fen, row.unit_price_fen),
        (DisputeKind.TAX, line.tax_rate_bp, row.tax_rate_bp),
    )
    return [_differs(kind, place, line, ours, its) for kind, ours, its in sides if its is not None and its != ours]


def _differs(
    kind: DisputeKind, row: int | None, line: StatementLine | None, ours: int | None, theirs: int | None
) -> Difference:
    return Difference(kind=kind, row=row, line_id=line.id if line else None, ours=ours, theirs=theirs)


class PartnerMonthNotOver(DomainError):
    """A month is stated when it is over."""

    status = 422
    code = "month_not_over"
    zh = "{month} 尚未结束，不能出对账单。"
    en = "{month} is not over, so it cannot be stated yet."


class NothingToState(DomainError):
    """No document of the partner waits to be stated."""

    status = 422
    code = "nothing_to_state"
    zh = "该客户截至该月没有待对账的验收单或退货单。"
    en = "The partner has no receipt or return up to that month that is not stated yet."


class LaterMonthStated(DomainError):
    """A later month was stated, and holds what was left of this one."""

    code = "later_month_stated"
    zh = "该客户之后月份的对账单已生成，遗留单据已计入其中。"
    en = "A later month of the partner was stated; what this one left is on that statement."


class StatementRevised(DomainError):
    """The statement that is meant is not the newest revision."""

    code = "statement_revised"
    zh = "对账单已更新为第 {revision} 版，请核对新版后再确认。"
    en = "The statement was revised and is at revision {revision}; look at that one and confirm it."


class UnknownStatementLine(DomainError):
    """The statement's newest revision has no such row."""

    status = 422
    code = "unknown_statement_line"
    zh = "对账单当前版本没有该行，请重新读取对账单。"
    en = "The newest revision of the statement has no such row; read the statement again."


class InvalidClaim(DomainError):
    """A dispute says of a receipt's row which quantity or which price would be right."""

    status = 422
    code = "invalid_claim"
    zh = "争议内容不完整：QTY 须指明收货行和 claimed_units，PRICE 须指明收货行和 claimed_price_fen，TAX 须指明行。"
    en = (
        "The dispute does not say enough: QTY needs a receipt's row and `claimed_units`, PRICE a receipt's row and "
        "`claimed_price_fen`, TAX a row."
    )


class ClaimNotLess(DomainError):
    """A correction lessens what is owed; what is missing on the statement is entered as a receipt."""

    status = 422
    code = "claim_not_less"
    zh = "更正只能减少应付的数量或价格，且不得超过尚未退货的数量；少计的货物请补录验收单。"
    en = (
        "A correction lessens a quantity or a price, of what did not go back before; "
        "enter a receipt for goods that the statement lacks."
    )


class UnnamedDeduction(DomainError):
    """Only fees that a signed contract names, with their service, may be deducted (domain handbook §4.3)."""

    status = 422
    code = "unnamed_deduction"
    zh = "合同未列明的扣款不予接受；请驳回，或先签订载明服务内容的合同费用。"
    en = "What the contract does not name is not deducted: decline it, or have a fee with its service signed first."


class DisputeDecided(DomainError):
    """The dispute was decided before."""

    code = "dispute_decided"
    zh = "该争议已处理。"
    en = "The dispute was decided before."
