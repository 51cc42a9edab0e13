"""What a purchase did: one order line by line, and an organisation's year as a certificate (domain handbook §2.1)."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.assistance.rules import Entry
from app.assistance.rules.counting import Programme, Reason, programme_on
from app.assistance.rules.programmes import TERMS
from app.core.errors import DomainError, NotFound
from app.core.sealing import keys


class Counting(StrEnum):
    """Where a line stands on its way into the ledger."""

    COUNTED = "counted"
    NOT_YET = "not_yet"
    NOT_COUNTED = "not_counted"


@dataclass(frozen=True, slots=True)
class GoalShare:
    """What of a line a goal counts, in fen after refunds. Goals overlap: shares are not to be added up."""

    goal_id: UUID
    code: str
    name: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class LineContribution:
    """What one line of an order was counted for, or why it was not, or not yet.

    ``reason`` is None for what is counted; ``not_completed`` and ``being_counted`` pass by themselves, ``cancelled``
    and the ledger's own reasons do not. ``trace_codes`` lead to the story of the lots that were sent.
    """

    line_id: UUID
    sku: str
    name: str
    supplier_name: str
    township: str
    village: str
    trace_codes: tuple[str, ...]
    counting: Counting
    reason: str | None
    counted_fen: int
    entries: tuple[Entry, ...]
    goals: tuple[GoalShare, ...]


@dataclass(frozen=True, slots=True)
class Contribution:
    """What an order did. ``households_linked`` were paid by its suppliers within a year; None where under five."""

    order_id: UUID
    order_number: str
    counted_fen: int
    households_linked: int | None
    lines: tuple[LineContribution, ...]


def standing(*, alive: bool, completed: bool, counted: bool, decided: Reason) -> tuple[Counting, str | None]:
    """Whether a line is counted, and if not, why: by its supplier order, its entries and the test of §2.2."""
    if counted:
        return Counting.COUNTED, None
    if not alive:
        return Counting.NOT_COUNTED, "cancelled"
    if decided is not Reason.COUNTED:
        return Counting.NOT_COUNTED, decided.value
    return Counting.NOT_YET, "being_counted" if completed else "not_completed"


# --- certificates --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wording:
    """What a certificate may call itself in a programme period; terms of one period do not fit another."""

    title: str
    statement: str
    caution: str


_STATEMENTS = {
    "P1": "采购保靖县扶贫产品，参与东西部扶贫协作中的消费扶贫",
    "P2": "采购保靖县农副产品，参与消费帮扶",
    "P3": "采购保靖县农副产品，参与常态化消费帮扶",
}

WORDINGS: Mapping[str, Wording] = {
    code: Wording(f"{'消费扶贫' if terms.assessed else '消费帮扶'}采购证明", _STATEMENTS[code], terms.caution.zh)
    for code, terms in TERMS.items()
}


@dataclass(frozen=True, slots=True)
class Share:
    """What of a year's purchases falls on one category or township, after refunds."""

    name: str
    quantity: int
    net_fen: int


@dataclass(frozen=True, slots=True)
class Content:
    """What a certificate says, apart from whom it names: the counted purchases of a calendar year, after refunds."""

    year: int
    net_fen: int
    orders: int
    categories: tuple[Share, ...]
    townships: tuple[Share, ...]

    def to_json(self) -> dict[str, Any]:
        """As it is stored and hashed."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Content:
        """What ``to_json`` made."""
        shares = {name: tuple(Share(**share) for share in stored[name]) for name in ("categories", "townships")}
        return cls(stored["year"], stored["net_fen"], stored["orders"], **shares)


@dataclass(frozen=True, slots=True)
class Certificate:
    """An issued certificate. ``code`` is its number and what makes it verifiable; ``digest`` is SHA-256 in hex.

    ``holder`` and ``uscc`` are the organisation's name and unified social credit code when it was issued. ``current``
    is False once the ledger says something else of that year, because purchases or refunds were added.
    """

    code: str
    holder: str
    uscc: str
    content: Content
    digest: str
    issued_at: datetime
    current: bool


class NothingCounted(DomainError):
    """No purchase of the organisation's was counted in that year."""

    code = "nothing_counted"
    zh = "该单位在该年度没有已计入帮扶台账的采购，暂不能出具证明；请在确认收货后再试。"
    en = "Nothing that the organisation bought was counted in that year; try again after receipt is confirmed."


class ActsForNobody(DomainError):
    """The caller buys for themselves alone, and certificates are made out to organisations."""

    status = 403
    code = "acts_for_nobody"
    zh = "采购证明只向采购单位出具，您还不是任何采购单位的成员；请先申请单位认证，或请单位管理员邀请您加入。"
    en = "Certificates are made out to organisations, and you act for none; apply for yours or ask to be invited to it."


class ActsForSeveral(DomainError):
    """The caller has to say which of their organisations is meant."""

    status = 422
    code = "acts_for_several"
    zh = "您是多个采购单位的成员，请用 organisation_id 指明为哪一个单位出具证明。"
    en = "You act for several organisations; name the one to certify with organisation_id."


class NoSuchCertificate(NotFound):
    """No certificate has this code."""

    zh = "没有这个验证码对应的证明，请核对后重试。"
    en = "No certificate has this code; check it and try again."


def programme_of(year: int) -> Programme | None:
    """The programme of a calendar year: periods begin with a year and end with one."""
    return programme_on(date(year, 1, 1))


def summed(rows: Sequence[tuple[str, int, int]]) -> tuple[Share, ...]:
    """Quantity and fen by name, the largest first; what came to nothing is left out."""
    found: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for name, quantity, fen in rows:
        found[name][0] += quantity
        found[name][1] += fen
    shares = [Share(name, quantity, fen) for name, (quantity, fen) in found.items() if quantity or fen]
    return tuple(sorted(shares, key=lambda share: (-share.net_fen, share.name)))


def digest_of(content: Content, holder: str, uscc: str) -> str:
    """SHA-256 over everything that a certificate says, in hex."""
    said = json.dumps([holder, uscc, content.to_json()], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


def code_of(year: int, digest: str) -> str:
    """The code of a certificate: the same for the same words, and nobody can make one up."""
    letters = base64.b32encode(keys().blind(digest, "certificate")[:10]).decode()
    return f"BJ{year}-{'-'.join(letters[at : at + 4] for at in range(0, 16, 4))}"
