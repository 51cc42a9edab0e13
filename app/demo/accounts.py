"""The supermarkets' accounts in the demo: stated by the month, agreed to, invoiced and paid through the bank's file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app import payments, wholesale
from app.core.clock import SHANGHAI, local_day
from app.core.settings import BankSettings
from app.demo.county import County
from app.demo.supermarkets import Supermarket
from app.identity import Actor

Act = Callable[[AsyncSession, datetime], Any]
BANK = BankSettings(payee="保靖好物（示例）", account="0000100020003000", bank="示例银行", cnaps="000000000000")
_STATED_ON = 5
_DISPUTES, _DISPUTED_MONTH = "P02", 6
"""Who found one row wrong, once, in the month so many before the last that is stated."""
_LATE, _NEWEST_AGREED = "P04", 2


@dataclass(slots=True)
class Accounts:
    """What is owed by the month and how it is settled; ``at`` lets something happen at a moment."""

    at: Callable[[datetime, Act], None]
    county: County
    first: date
    until: date

    def enter(self) -> None:
        """Let every month that is over be stated on its day."""
        days = _fifths(self.first, self.until)
        for left, day in enumerate(reversed(days)):
            self.at(datetime.combine(day, time(9), SHANGHAI), self._state(left))

    def _state(self, left: int) -> Act:
        """``left`` months are stated after this one."""

        async def act(session: AsyncSession, now: datetime) -> None:
            await wholesale.issue_statements(session, now=now, limit=100)
            month = (local_day(now).replace(day=1) - timedelta(days=1)).replace(day=1)
            by_partner = {market.partner_id: market for market in self.county.supermarkets.values()}
            for stated in await wholesale.statements(session, month=month, limit=100):
                market = by_partner[stated.partner_id]
                if not left:  # the latest waits for its partner
                    continue
                if market.code == _DISPUTES and left == self.disputed_month():
                    self.at(now + timedelta(days=1), self._dispute(stated, market.staff))
                self.at(now + timedelta(days=3), self._agree(stated, market, left))

        return act

    def disputed_month(self) -> int:
        """How many months are stated after the disputed one, which is no December: its correction would be next year's.

        That is a case for auditors, and planted elsewhere (``cases``).
        """
        days = _fifths(self.first, self.until)
        return _DISPUTED_MONTH + (len(days) > _DISPUTED_MONTH and days[-1 - _DISPUTED_MONTH].month == 1)

    def _dispute(self, stated: wholesale.Statement, by: Actor) -> Act:
        async def act(session: AsyncSession, now: datetime) -> None:
            shown = await wholesale.statement(session, stated.id)
            receipts = [one for one in shown.lines if one.kind is wholesale.StatementLineKind.RECEIPT]
            # Of what nothing was sent back: a row can be corrected by no more than is left of it.
            returned = {(one.po_no, one.sku) for one in shown.lines if one.kind is wholesale.StatementLineKind.RETURN}
            line = next(one for one in receipts if (one.po_no, one.sku) not in returned and (one.units or 0) > 1)
            claim = wholesale.Claim(
                kind=wholesale.DisputeKind.QTY,
                line_id=line.id,
                claimed_units=(line.units or 0) - 1,
                note="复点少一件",
            )
            disputed = await wholesale.dispute_statement(
                session, stated.id, claim, partner_id=stated.partner_id, by=by, now=now
            )
            self.at(now + timedelta(days=1), self._decide(disputed.disputes[0]))

        return act

    def _decide(self, dispute: wholesale.Dispute) -> Act:
        async def act(session: AsyncSession, now: datetime) -> None:
            await wholesale.decide_dispute(
                session, dispute.id, accept=True, answer="核对签收单，更正一件", by=self.county.operator, now=now
            )

        return act

    def _agree(self, stated: wholesale.Statement, market: Supermarket, left: int) -> Act:
        async def act(session: AsyncSession, now: datetime) -> None:
            await wholesale.confirm_statement(
                session, stated.id, partner_id=stated.partner_id, revision=None, by=market.staff, now=now
            )
            self.at(now + timedelta(days=1), self._invoice(stated, market, left))

        return act

    def _invoice(self, stated: wholesale.Statement, market: Supermarket, left: int) -> Act:
        async def act(session: AsyncSession, now: datetime) -> None:
            number = f"2643{stated.month:%Y%m}{market.code[1:]:0>10}"
            invoiced = await wholesale.invoice_statement(session, stated.id, invoice_no=number, now=now)
            if not invoiced.open_fen or self._stays_late(invoiced, market, left):
                return
            day = max(invoiced.due_on, local_day(now) + timedelta(days=1))
            self.at(datetime.combine(day, time(10), SHANGHAI), self._pay(invoiced))

        return act

    def _stays_late(self, stated: wholesale.Statement, market: Supermarket, left: int) -> bool:
        """The last of it that is due before the history ends is not paid; if that is the newest, nothing before it."""
        newest_due = stated.due_on + timedelta(days=31) < self.until
        return market.code == _LATE and (left == 1 or (left == _NEWEST_AGREED and not newest_due))

    def _pay(self, stated: wholesale.Statement) -> Act:
        """The bank's file tells of money with the statement's code; whose it is the system finds by itself."""

        async def act(session: AsyncSession, now: datetime) -> None:
            line = payments.StatementLine(
                f"DEMO-{stated.number}", local_day(now), stated.partner_name, None, stated.open_fen, stated.code
            )
            await payments.import_statement(session, [line], bank=BANK, now=now)

        return act


def _fifths(first: date, until: date) -> list[date]:
    """The days of statements after ``first``, to ``until`` with it."""
    day, found = (first.replace(day=28) + timedelta(days=4)).replace(day=_STATED_ON), []
    while day <= until:
        found.append(day)
        day = (day.replace(day=28) + timedelta(days=4)).replace(day=_STATED_ON)
    return found
