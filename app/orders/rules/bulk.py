"""What is said about a roster and about the bulk order that comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from app.core.errors import DomainError
from app.core.sheets import RowFault
from app.orders.lifecycle import Status

MOST_RECIPIENTS = 1_000


class RosterHasFaults(DomainError):
    """Some rows cannot be ordered, so nothing is: ``errors`` name them by row and column."""

    status = 422
    code = "roster_has_faults"
    zh = "名单中有 {rows} 行有误，未下任何订单。请按提示修改后重新上传。"
    en = "{rows} rows of the roster cannot be ordered, so nothing was; correct them and upload it again."


class PaidAsOne(DomainError):
    """The order is one of a bulk order."""

    code = "paid_as_one"
    zh = "该订单属于批量订单，请对批量订单整体付款。"
    en = "This order is part of a bulk order: pay the bulk order."


class UnknownRoster(DomainError):
    """No such roster of the caller's, or one that was ordered or is older than a day."""

    status = 422
    code = "unknown_roster"
    zh = "没有这份名单，可能已下单或已过期（保存一天），请重新上传。"
    en = "There is no such roster; it may have been ordered or be older than a day. Upload it again."


class RosterEmpty(DomainError):
    """Nobody is on it."""

    status = 422
    code = "roster_empty"
    zh = "名单中没有收件人。"
    en = "There is no recipient on the roster."


@dataclass(frozen=True, slots=True)
class BulkView:
    """A bulk order as its buyer sees it; ``progress`` counts its supplier orders (parcels to be) by status."""

    id: UUID
    organisation_id: UUID
    recipients: int
    total_fen: int
    to_pay_fen: int
    placed_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    progress: Mapping[Status, int]


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What would become of one row of a roster. The recipient is masked; amounts are zero for a row with faults."""

    row: int
    recipient: str
    goods_fen: int
    freight_fen: int
    faults: tuple[RowFault, ...]


@dataclass(frozen=True, slots=True)
class RosterCheck:
    """What would become of a whole roster, and of which SKUs there is too little for it.

    ``ahead`` says of which SKUs so many pieces would come from a harvest to come, and by which day they would ship.
    """

    id: UUID
    rows: tuple[RowOutcome, ...]
    short: Mapping[str, tuple[int, int]]
    """Needed and available, by SKU."""
    ahead: Mapping[str, tuple[int, date]]

    @property
    def goods_fen(self) -> int:
        """Of the rows without faults."""
        return sum(row.goods_fen for row in self.rows)

    @property
    def freight_fen(self) -> int:
        """Of the rows without faults."""
        return sum(row.freight_fen for row in self.rows)
