"""Sales from outside the platform, which only a voucher proves (fairs, live streams, bulk purchases)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from app.assistance.rules import Channel
from app.assistance.rules.proposals import Proposal
from app.core.errors import DomainError


class Occasion(StrEnum):
    """Where it was sold."""

    FAIR = "fair"
    LIVE_STREAM = "live_stream"
    BULK = "bulk"
    SHOP = "shop"
    OTHER = "other"


class DoubtKind(StrEnum):
    """Why a declared sale may be one that is counted, or declared, already."""

    SAME_VOUCHER = "same_voucher"
    SAME_FILE = "same_file"
    SAME_AMOUNT = "same_amount"
    PLATFORM_ORDER = "platform_order"
    PLATFORM_AMOUNT = "platform_amount"


@dataclass(frozen=True, slots=True)
class Doubt:
    """One thing that a declared sale looks like: ``like`` names it, a declared sale's id or an order's number."""

    kind: DoubtKind
    like: str


class PossibleDuplicate(DomainError):
    """The sale looks like one that is known; somebody has to say why it is another."""

    code = "possible_duplicate"
    zh = "该笔销售可能已经计入或申报过，详见 errors；如确为另一笔，请在 not_a_duplicate_because 中说明理由后重新提交。"
    en = (
        "The sale looks like one that is counted or declared already; see `errors`. If it is another one, say why in "
        "not_a_duplicate_because and send it again."
    )


class CountedMeanwhile(DomainError):
    """The sale looks like one that was counted after it was declared, so nobody was asked about it."""

    code = "counted_meanwhile"
    zh = (
        "申报之后又有一笔相似的销售已计入，详见 errors；如属重复，请不予批准；如确为另一笔，请不予批准后在 "
        "not_a_duplicate_because 中说明理由重新申报。"
    )
    en = (
        "A sale that looks like this one was counted after it was declared; see `errors`. Decline it if it is the "
        "same; if it is another one, decline it and have it declared again with the reason in not_a_duplicate_because."
    )


class ClaimedElsewhere(DomainError):
    """The same line of the same invoice was counted before, here or by somebody else."""

    code = "claimed_elsewhere"
    zh = "该发票的这一行已被计入，同一行只能计入一次。"
    en = "This line of this invoice is counted already; a line counts once."


class NotCountable(DomainError):
    """What is declared does not pass the test that sales on the platform pass."""

    status = 422
    code = "not_countable"
    zh = "该笔销售不符合计入条件，请按 errors 中的提示核对。"
    en = "The sale does not pass the test of what counts; see `errors`."


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDeclaredSale:
    """What an officer declares.

    ``sold_on`` is the day, or the last day of the month for a monthly total. ``source``, ``invoice_no`` and
    ``invoice_line`` name the invoice, if there is one: a line of an invoice of one source counts once.
    """

    occasion: Occasion
    voucher_no: str
    sold_on: date
    amount_fen: int
    quantity: int
    weight_g: int
    channel: Channel
    division_code: str
    supplier_id: UUID
    category: str
    buyer: str
    source: str
    invoice_no: str | None
    invoice_line: int | None
    note: str
    not_a_duplicate_because: str | None
    file_ids: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class DeclaredSale:
    """A declared sale with the proposal that it is; ``doubts`` are what it looked like, answered by the reason."""

    proposal: Proposal
    occasion: Occasion
    voucher_no: str
    sold_on: date
    channel: Channel
    division_code: str
    supplier_id: UUID
    supplier_name: str
    township_code: str
    township: str
    category: str
    buyer: str
    source: str
    invoice_no: str | None
    invoice_line: int | None
    doubts: tuple[Doubt, ...]
    not_a_duplicate_because: str | None
    withdrawn: bool
