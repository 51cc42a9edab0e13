"""Random histories of sales, refunds, claims and payouts, recounted in plain Python after every step."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as searching
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app import settlement
from app.core.db import Database
from app.settlement.rules import month_end
from app.wiring import build
from tests.conftest import clone
from tests.settlement.builders import Books, Piece, Sold

BEGIN = datetime(2026, 3, 1, 2, tzinfo=UTC)
DAY = timedelta(days=1)
SUPPLIERS = ("S01", "S08")
STEPS = (
    *("sell", "refund", "month") * 3,
    *("confirm", "run", "answer") * 3,
    "resend",
    "claim",
    "post",
)
BORNE_BY_OTHERS = ("carrier", "platform")


def half_up(part: int, whole: int) -> int:
    return (2 * part + whole) // (2 * whole)


@dataclass
class Line:
    amount: int
    off: dict[str, int]
    quantity: int
    back: int = 0

    @property
    def subsidies(self) -> list[int]:
        return [fen for funder, fen in self.off.items() if funder != "supplier"]

    @property
    def fee(self) -> int:
        return half_up((self.amount + sum(self.subsidies)) * 500, 10_000)

    @property
    def owed(self) -> int:
        return self.amount + sum(self.subsidies) - self.fee

    def take_back(self, fen: int, liable: str | None) -> int:
        """What of a refund the supplier bears."""
        before, self.back = self.back, self.back + fen
        if liable in BORNE_BY_OTHERS:
            return 0
        fee = half_up(self.fee * self.back, self.amount) - half_up(self.fee * before, self.amount)
        added = sum(one * self.back // self.amount - one * before // self.amount for one in self.subsidies)
        return fen + added - fee


@dataclass
class Entry:
    """A row as it must stand on a statement: so much owed, from when on."""

    fen: int
    release: datetime
    sale: Any = None
    is_sale: bool = False


@dataclass
class Sale:
    who: str
    sold: Sold
    lines: list[Line]
    freight_left: int
    release: datetime
    claims: int = 0
    resent: bool = False


@dataclass
class History:
    """The shop's books on one side, a plain recount on the other."""

    books: Books
    draw: Any
    now: datetime = BEGIN
    sales: list[Sale] = field(default_factory=list)
    waiting: dict[str, list[Entry]] = field(default_factory=lambda: {who: [] for who in SUPPLIERS})
    unposted: list[tuple[str, Entry]] = field(default_factory=list)
    carried: Counter[str] = field(default_factory=Counter)
    issued: dict[UUID, int] = field(default_factory=dict)
    months: dict[str, date] = field(default_factory=dict)
    asked: list[settlement.Payout] = field(default_factory=list)
    answered: set[str] = field(default_factory=set)
    provider: Counter[UUID] = field(default_factory=Counter)
    owed: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)

    async def step(self) -> None:
        self.now += timedelta(hours=self.draw(st.sampled_from([3, 50, 200, 500])))
        what = self.draw(st.sampled_from(STEPS))
        await getattr(self, what)()
        self.done[what] += 1

    def note(self, who: str, entry: Entry) -> None:
        self.unposted.append((who, entry))

    async def sell(self) -> None:
        who = self.draw(st.sampled_from(SUPPLIERS))
        sku, pieces = {"S01": "GT04", "S08": "NO02"}[who], []
        for other in self.draw(st.sampled_from([[sku], [sku, "GT14"]])):
            quantity, price = self.draw(st.integers(1, 4)), self.draw(st.integers(3, 20_000))
            most = (quantity * price - 1) // 3
            off = {funder: self.draw(st.integers(0, most)) for funder in ("supplier", "platform", "district")}
            pieces.append(Piece(other, quantity, price, {funder: fen for funder, fen in off.items() if fen}))
        freight, days = self.draw(st.sampled_from([0, 0, 800, 1])), self.draw(st.sampled_from([0, 7]))
        provider = self.draw(st.sampled_from(["sandbox", "sandbox", "bank_transfer"]))
        sold = await self.books.sell(self.now, *pieces, who=who, freight=freight, return_days=days, provider=provider)
        delivered = self.now - DAY
        ends = datetime.combine((delivered + timedelta(hours=8)).date() + (days + 1) * DAY, datetime.min.time(), UTC)
        release = max(self.now, delivered + DAY, ends - timedelta(hours=8) if days else BEGIN)
        lines = [Line(piece.amount, dict(piece.off), piece.quantity) for piece in pieces]
        sale = Sale(who, sold, lines, freight, release)
        self.sales.append(sale)
        for line in lines:
            self.note(who, Entry(line.owed, release, sale, is_sale=True))
        if freight:
            self.note(who, Entry(freight, release, sale, is_sale=True))

    async def refund(self) -> None:
        places = [(sale, at) for sale in self.sales for at, line in enumerate(sale.lines) if line.back < line.amount]
        if not places:
            return
        sale, at = self.draw(st.sampled_from(places))
        line = sale.lines[at]
        left = line.amount - line.back
        fen = self.draw(st.one_of(st.just(left), st.integers(1, left)))
        freight = self.draw(st.sampled_from([0, sale.freight_left]))
        liable = self.draw(st.sampled_from([None, None, "supplier", "buyer", *BORNE_BY_OTHERS]))
        await self.books.refund(self.now, sale.sold, fen, line=at, freight=freight, liable=liable)
        release = max(self.now, sale.release)
        self.note(sale.who, Entry(-line.take_back(fen, liable), release, sale))
        if freight:
            sale.freight_left = 0
            self.note(sale.who, Entry(0 if liable in BORNE_BY_OTHERS else -freight, release, sale))

    async def resend(self) -> None:
        sales = [sale for sale in self.sales if not sale.resent]
        if not sales:
            return
        sale, liable = self.draw(st.sampled_from(sales)), self.draw(st.sampled_from(["supplier", *BORNE_BY_OTHERS]))
        line = sale.lines[0]
        pieces = self.draw(st.integers(1, line.quantity))
        await self.books.send_again(self.now, sale.sold, pieces, liable=liable)
        sale.resent = True
        fen = half_up(line.owed * pieces, line.quantity)
        if liable in BORNE_BY_OTHERS and fen:
            self.note(sale.who, Entry(fen, max(self.now, sale.release), sale))

    async def claim(self) -> None:
        if self.sales:
            sale = self.draw(st.sampled_from(self.sales))
            sale.claims = 1 - sale.claims
            await self.books.claims_open(sale.sold, sale.claims)

    async def post(self) -> None:
        await self.books.post(self.now)
        self._posted()

    def _posted(self) -> None:
        for who, entry in self.unposted:
            self.waiting[who].append(entry)
            self.owed[who] += entry.fen
        self.unposted.clear()

    async def month(self) -> None:
        """The latest month that is due is settled, perhaps for the second time."""
        month = settlement.last_due(self.now)
        async with self.books.db.write() as session:
            await settlement.issue_statements(session, month, now=self.now)
        self._posted()
        until = month_end(month)
        for who in SUPPLIERS:
            if self.months.get(who, date.min) >= month:
                continue
            along = {id(e.sale) for e in self.waiting[who] if e.is_sale and e.release < until}
            ready = [
                entry
                for entry in self.waiting[who]
                if (entry.release < until or id(entry.sale) in along) and not (entry.sale and entry.sale.claims)
            ]
            found = await self._statement(who, month)
            if not ready:
                assert found is None
                continue
            self.waiting[who] = [entry for entry in self.waiting[who] if entry not in ready]
            self.months[who] = month
            net = sum(entry.fen for entry in ready)
            assert (found.row_count, found.net_fen, found.opening_fen) == (len(ready), net, self.carried[who])
            balance = net + self.carried[who]
            self.carried[who] = min(balance, 0)
            assert (found.balance_fen, found.status == "carried") == (balance, balance <= 0)
            if balance > 0:
                self.issued[found.id] = balance

    async def _statement(self, who: str, month: date) -> Any:
        async with self.books.db.read() as session:
            found = await settlement.page(session, supplier_id=self.books.supplier(who), month=month, limit=2)
        return found[0] if found else None

    async def confirm(self) -> None:
        """Some are disputed and put right, the others' time to answer passes."""
        async with self.books.db.write() as session:
            open_ones = await settlement.page(session, status=settlement.Status.ISSUED, limit=9)
        for statement in open_ones:
            if self.draw(st.integers(0, 3)):
                continue
            who = next(who for who in SUPPLIERS if self.books.supplier(who) == statement.supplier_id)
            fen = self.draw(st.integers(-50_000, 50_000))
            by, operator = self.books.shop.actor(who), self.books.shop.actor("operator")
            async with self.books.db.write() as session:
                await settlement.dispute(session, statement.id, reason="不对", by=by, now=self.now)
                resolved = await settlement.resolve(
                    session,
                    statement.id,
                    reason="更正",
                    adjustment_fen=fen,
                    alone_up_to_fen=20_000,
                    by=operator,
                    now=self.now,
                )
                if resolved.draft_id is not None:
                    second = self.books.shop.actor("operator2")
                    await settlement.approve(session, resolved.draft_id, by=second, now=self.now)
            if fen:
                self.waiting[who].append(Entry(fen, self.now))
                self.owed[who] += fen
        async with self.books.db.write() as session:
            await settlement.confirm_due(session, now=self.now)

    async def run(self) -> None:
        async with self.books.db.write() as session:
            await settlement.confirm_due(session, now=self.now)
        for _ in range(self.draw(st.integers(1, 2))):
            self.asked += (await self.books.run(self.now)).payouts

    async def answer(self) -> None:
        """The provider says how a payout went: for the first time, again, or the opposite of what it said before."""
        if not self.asked:
            return
        unanswered = [payout for payout in self.asked if payout.number not in self.answered]
        again = self.draw(st.integers(0, 3)) == 0
        payout = self.draw(st.sampled_from(self.asked if again else unanswered or self.asked))
        self.answered.add(payout.number)
        works = self.draw(st.integers(0, 3)) > 0
        reference, failure = (f"F{payout.number}", None) if works else (None, "ACCOUNT_ABNORMAL")
        outcome = settlement.Outcome("sandbox", payout.number, payout.amount_fen, reference, failure)
        try:
            async with self.books.db.write() as session:
                fresh = await settlement.settle(session, [outcome], now=self.now)
        except settlement.NotPaidThatWay:
            return
        if fresh and works:
            self.provider[payout.statement_id] += 1
            who = next(who for who in SUPPLIERS if self.books.supplier(who) == payout.supplier_id)
            assert payout.amount_fen == self.issued[payout.statement_id]
            self.owed[who] -= payout.amount_fen

    async def check(self) -> None:
        assert set(self.provider.values()) <= {1}, "a statement was paid twice"
        accounts = " + ".join(settlement.ACCOUNTS)
        async with self.books.db.read() as session:
            found = await session.execute(
                text(f"SELECT supplier_id, -sum(payable_fen), sum({accounts}) FROM settlement_posting GROUP BY 1")
            )
            sums = {supplier_id: (owed, rest) for supplier_id, owed, rest in found}
        for who in SUPPLIERS:
            assert sums.get(self.books.supplier(who), (0, 0)) == (self.owed[who], 0)


def test_the_journal_agrees_with_a_plain_recount(server_url, shop_template, settings):
    template, shop = shop_template
    done: Counter[str] = Counter()
    with asyncio.Runner() as runner, clone(server_url, "histories", template) as url:
        engine = create_async_engine(url, poolclass=NullPool)

        async def live(draw: Any) -> None:
            async with engine.connect() as connection:
                outer = await connection.begin()
                db = Database.within(connection, build(settings).without_couriers())
                history = History(Books(replace(shop, db=db, clock=lambda: history.now + DAY), db), draw)
                for who in SUPPLIERS:
                    await history.books.account(BEGIN, who)
                for _ in range(40):
                    await history.step()
                    await history.check()
                assert await history.books.breaks() == []
                done.update(history.done)
                done["paid"] += sum(history.provider.values())
                await outer.rollback()

        @searching(
            max_examples=8,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],  # what shrinks has its seed, and shrinking takes minutes
            suppress_health_check=list(HealthCheck),
        )
        @given(st.data())
        def lives(data: st.DataObject) -> None:
            runner.run(live(data.draw))

        lives()
        runner.run(engine.dispose())
    assert min(done[step] for step in {*STEPS, "paid"}) > 2, done
