"""What a licensed provider is told to split (分账), in the shape of its instructions (domain handbook §6.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from app.core.errors import DomainError
from app.core.money import split
from app.settlement.lifecycle import SplitStatus
from app.settlement.rules import WHOLE_BP, BankDetails

MOST_RECEIVERS = 50
"""In one request, and requests for one payment."""
MOST_REQUESTS = 50
NOT_BEFORE = timedelta(minutes=1)
"""After the payment succeeded."""
RETURNABLE_FOR = timedelta(days=180)
"""After that a share cannot be given back through the provider."""


@dataclass(frozen=True, slots=True)
class SplitOrder:
    """Of the money that a provider holds for a supplier so much is the supplier's, the rest the platform's.

    ``number`` names the instruction at the provider, and is repeated with it. Where ``platform_fen`` is negative the
    platform pays in: it bears more than it earned.
    """

    number: str
    statement_id: UUID
    supplier_id: UUID
    receiver: BankDetails
    amount_fen: int
    platform_fen: int

    @property
    def held_fen(self) -> int:
        """What of the money that the provider holds this splits."""
        return self.amount_fen + self.platform_fen


class SplitKind(StrEnum):
    """What is asked for one payment: the platform's share, an earlier share back, or the rest set free."""

    SHARE = "share"
    GIVE_BACK = "give_back"
    UNFREEZE = "unfreeze"


class MerchantTaken(DomainError):
    """A merchant of the provider is one supplier."""

    code = "merchant_taken"
    zh = "该特约商户号已属于另一家供货方。"
    en = "This merchant number belongs to another supplier already."


@dataclass(frozen=True, slots=True)
class Merchant:
    """A supplier as the provider knows it. Before anything is shared, the platform is made a receiver there.

    ``max_ratio_bp`` is what of a payment may be shared at most, in basis points.
    """

    supplier_id: UUID
    sub_mchid: str
    entered_at: datetime
    max_ratio_bp: int | None
    prepared_at: datetime | None


@dataclass(frozen=True, slots=True)
class Held:
    """What a provider holds of one payment for a statement, what was shared of it before, and how often it was asked.

    ``suppliers`` counts whose goods the payment paid: a payment has one payee. ``free`` is one whose rest was set free.
    """

    transaction: str
    provider: str
    fen: int
    suppliers: int
    captured_at: datetime
    shared_fen: int
    requests: int
    free: bool


@dataclass(frozen=True, slots=True)
class Shared:
    """A share of an earlier payment that the platform got, less what it gave back of it."""

    number: str
    transaction: str
    fen: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request to be made: of ``fen`` for one payment; ``back_of`` is the number of the share that it gives back."""

    kind: SplitKind
    transaction: str
    fen: int
    back_of: str | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """One request of a payout, as it stands. ``number`` is the same however often it is repeated."""

    id: UUID
    payout_id: UUID
    number: str
    kind: SplitKind
    transaction: str
    sub_mchid: str
    amount_fen: int
    back_of: str | None
    status: SplitStatus
    provider_reference: str | None
    failure: str | None
    planned_at: datetime
    asked_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider says of a request: still at it, done under its reference, or closed for a reason (a code)."""

    reference: str
    done: bool
    failure: str | None = None

    @property
    def ended(self) -> bool:
        """Whether that is its last word."""
        return self.done or self.failure is not None


class CannotSplit(Exception):
    """Why a payout cannot be split as it is: a code for people, kept as the payout's failure."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def plan(
    wanted: int, held: Sequence[Held], earlier: Sequence[Shared], *, provider: str, max_ratio_bp: int
) -> list[Wanted]:
    """The first requests of a payout: the platform's share of every payment, or what it gives back of earlier ones.

    ``wanted`` is what the platform still gets (negative: owes) for the statement: what an earlier payout that failed
    half-way shared is made up for and not repeated. It is laid on the payments in proportion to what is held of each,
    none beyond the provider's ratio. Where the platform owes more than it can give back, the rest is a transfer of its
    own. Raises ``CannotSplit``.
    """
    if any(one.provider != provider for one in held):
        raise CannotSplit("OTHER_PROVIDER")
    if any(one.suppliers > 1 for one in held if one.fen > 0):
        raise CannotSplit("SEVERAL_PAYEES")
    if any(one.requests >= MOST_REQUESTS - 1 for one in held if one.fen > 0):
        raise CannotSplit("TOO_MANY_REQUESTS")
    if wanted < 0:
        return _back(-wanted, earlier)
    room = [
        0 if one.free else max(0, min(one.fen, one.fen * max_ratio_bp // WHOLE_BP) - one.shared_fen) for one in held
    ]
    if wanted > sum(room):
        raise CannotSplit("RATIO_EXCEEDED")
    shares = spread(wanted, room)
    return [
        Wanted(SplitKind.SHARE, one.transaction, share) for one, share in zip(held, shares, strict=True) if share > 0
    ]


def spread(total: int, room: Sequence[int]) -> list[int]:
    """Divide ``total`` over places in proportion to the ``room`` in each, and never beyond it; ``total`` has room."""
    if not total:
        return [0] * len(room)
    parts = [min(part, most) for part, most in zip(split(total, room), room, strict=True)]
    left = total - sum(parts)
    for at, most in enumerate(room):
        more = min(left, most - parts[at])
        parts[at] += more
        left -= more
    return parts


def _back(fen: int, earlier: Sequence[Shared]) -> list[Wanted]:
    found = []
    for one in earlier:
        part = min(fen, one.fen)
        if part > 0:
            found.append(Wanted(SplitKind.GIVE_BACK, one.transaction, part, one.number))
            fen -= part
    return found


def unfreezing(held: Sequence[Held]) -> list[Wanted]:
    """The last requests of a payout: what is left of every payment becomes its payee's, the supplier's."""
    return [Wanted(SplitKind.UNFREEZE, one.transaction, 0) for one in held if one.fen > 0 and not one.free]
