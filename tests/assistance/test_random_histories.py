"""Random histories of sales, refunds, supermarkets' receipts and returns, declared sales, corrections and closes.

Everything that the ledger and the reports of it say is recounted in plain Python from what happened.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as searching
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app import assistance, reports
from app.assistance import queries, service
from app.assistance.rules.declared import NewDeclaredSale, Occasion
from app.assistance.rules.periods import EarlierMonthOpen, MonthClosed, MonthNotOver
from app.assistance.rules.proposals import AdjustmentTooLarge, Correction, Verdict
from app.assistance.service.fold import fold_batch
from app.core.clock import local_day
from app.core.db import Database
from app.identity import Actor, Role
from app.reports import Basis, ask
from app.wholesale import GoodsReceived, GoodsReturned, ReceivedLine, ReturnedLine
from app.wiring import build
from tests.assistance.builders import completed, line, refunded
from tests.assistance.vouchers import voucher
from tests.conftest import clone
from tests.reports.test_sales import GROUPINGS, keyed, recount

BEGIN = datetime(2026, 12, 20, 2, tzinfo=UTC)
FIRST = date(2026, 11, 1)
STEPS = (
    *("sell", "refund", "receive", "send_back", "declare", "correct") * 3,
    *("close", "hear_again", "seal", "submit", "withdraw", "fold") * 2,
)
TOLD = ("sku", "product_id", "category", "supplier_id", "township_code", "channel", "division_code")
TEA = {"sku": "GT01", "product_id": UUID(int=101), "category": "golden-tea", "township_code": "433125116"}
ORANGES = {"sku": "NO01", "product_id": UUID(int=102), "category": "navel-orange", "township_code": "433125111"}
SECOND = Actor(uuid4(), frozenset({Role.OFFICER}))
SEALED = ("ledger.entry_changed", "ledger.seal", "ledger.unsealed", "period.changed", "period.late", "period.chain")


def following(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


@dataclass
class Sold:
    """A counted line and what of it is left."""

    fact: Any
    line_id: UUID
    pieces: int
    fen: int
    told: dict[str, Any]
    declared: UUID | None = None


@dataclass
class History:
    """The ledger on one side, a plain recount of the facts on the other."""

    db: Database
    supplier: UUID
    officer: Actor
    draw: Any
    now: datetime = BEGIN
    open_from: date = date.min
    sold: list[Sold] = field(default_factory=list)
    heard: list[Any] = field(default_factory=list)
    months: Counter[tuple[date, str, str]] = field(default_factory=Counter)
    excluded: int = 0
    entries: list[dict[str, Any]] = field(default_factory=list)
    purchases: list[UUID] = field(default_factory=list)
    closed: dict[date, tuple[Any, bytes]] = field(default_factory=dict)
    submitted: dict[UUID, bytes] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)

    async def step(self) -> None:
        self.now += timedelta(hours=self.draw(st.sampled_from([1, 30, 300])))
        what = self.draw(st.sampled_from(STEPS))
        self.done[what] += bool(await getattr(self, what)())

    def count(self, day: date, kind: str, sale: Sold, fen: int, pieces: int = 0) -> None:
        """Write down what the ledger must say: in its own month, or in the first that is open."""
        on = max(day, self.open_from)
        evidence = "declared" if sale.declared else "platform"
        self.months[on.replace(day=1), kind, evidence] += fen
        figures = {
            "quantity": pieces,
            "amount_fen": fen,
            "gross_fen": 0 if kind == "refund" else fen,
            "refunded_fen": -fen if kind == "refund" else 0,
        }
        self.entries.append({**sale.told, **figures, "day": on, "sold": kind == "sale", "evidence": evidence})

    def moment(self) -> datetime:
        """Some moment of the last seven weeks: a completion or a refund may be heard of late."""
        earliest = datetime(2026, 11, 1, tzinfo=UTC)
        return max(self.now - timedelta(hours=self.draw(st.sampled_from([0, 5, 200, 700, 1_200]))), earliest)

    async def sell(self) -> bool:
        lines = [
            line(
                **self.draw(st.sampled_from([TEA, ORANGES])),
                supplier_id=self.supplier,
                net_fen=self.draw(st.integers(0, 30_000)),
                quantity=(pieces := self.draw(st.integers(1, 5))),
                weight_g=100 * pieces,
                division_code=self.draw(st.sampled_from(["370112", "370102", "430102"])),
                assisted=self.draw(st.sampled_from([True, True, True, False])),
                self_purchase=self.draw(st.sampled_from([False, False, False, True])),
                on_832=self.draw(st.sampled_from([False, False, False, True])),
            )
            for _ in range(self.draw(st.integers(1, 3)))
        ]
        fact = completed(self.moment(), *lines)
        await self.hear(fact)
        for one in lines:
            counts = one.assisted and one.division_code.startswith("37") and one.net_fen > 0
            if counts and not one.self_purchase and not one.on_832:
                told = {name: getattr(one, name) for name in TOLD} | {"order_id": fact.order_id}
                self.add(Sold(fact, one.line_id, one.quantity, one.net_fen, told), local_day(fact.at))
            else:
                self.excluded += 1
        return True

    def add(self, sale: Sold, day: date) -> None:
        self.count(day, "sale", sale, sale.fen, sale.pieces)
        self.sold.append(sale)

    async def receive(self) -> bool:
        """A supermarket takes goods in, of an order of its own or of one that came in parts."""
        again = bool(self.purchases) and self.draw(st.booleans())
        po_id = self.draw(st.sampled_from(self.purchases)) if again else uuid4()
        self.purchases.append(po_id)
        lines = [
            ReceivedLine(
                **self.draw(st.sampled_from([TEA, ORANGES])),
                line_id=uuid4(),
                po_line_id=uuid4(),
                line_no=number,
                product_name="黄金茶",
                supplier_id=self.supplier,
                supplier_name="吕洞山茶叶合作社",
                township="吕洞山镇",
                lot_code=None,
                quantity=(pieces := self.draw(st.integers(0, 90))),
                weight_g=100 * pieces,
                net_fen=700 * pieces,
                tax_rate_bp=900,
                assisted=self.draw(st.sampled_from([True, True, True, False])),
                self_purchase=False,
                delivered_units=pieces,
                received_units=pieces,
                rejected_units=0,
                short_units=0,
                too_little=False,
            )
            for number in range(1, self.draw(st.integers(1, 2)) + 1)
        ]
        at = self.moment()
        fact = GoodsReceived(
            receipt_id=uuid4(),
            receipt_no="Y",
            po_id=po_id,
            po_no="PO-1",
            partner_id=UUID(int=7),
            partner_name="家家悦",
            division_code="370112",
            received_at=at,
            at=self.now,
            lines=lines,
        )
        await self.hear(fact)
        for one in lines:
            if one.assisted and one.net_fen > 0:
                told = {name: getattr(one, name) for name in TOLD if hasattr(one, name)}
                told |= {"channel": "supermarket", "division_code": "370112", "partner_id": str(UUID(int=7))}
                sale = Sold(fact, one.line_id, one.quantity, one.net_fen, told | {"order_id": po_id})
                self.add(sale, local_day(at))
            else:
                self.excluded += 1
        return True

    async def send_back(self) -> bool:
        """A supermarket sends goods back, or an accepted dispute lessens what it owes for them."""
        taken_in = [one for one in self.sold if isinstance(one.fact, GoodsReceived)]
        if not taken_in:
            return False
        sale = self.draw(st.sampled_from(taken_in))
        pieces, fen = self.draw(st.integers(0, 50)), self.draw(st.integers(0, 40_000))
        back = ReturnedLine(
            line_id=sale.line_id, sku=sale.told["sku"], supplier_id=self.supplier, quantity=pieces, amount_fen=fen
        )
        at = max(self.moment(), sale.fact.received_at)
        fact = GoodsReturned(
            source_id=uuid4(),
            po_id=sale.fact.po_id,
            partner_id=sale.fact.partner_id,
            returned_at=at,
            lines=[back],
            at=self.now,
        )
        await self.hear(fact)
        return self.take_back(sale, pieces, fen, local_day(at))

    def take_back(self, sale: Sold, pieces: int, fen: int, day: date) -> bool:
        """Never more than is left; nothing where nothing is."""
        back, less = min(fen, sale.fen), min(pieces, sale.pieces)
        if back <= 0 and less <= 0:
            return False
        sale.fen, sale.pieces = sale.fen - back, sale.pieces - less
        self.count(day, "refund", sale, -back, -less)
        return True

    async def fold(self) -> bool:
        async with self.db.write() as session:
            return await fold_batch(session, limit=self.draw(st.integers(1, 20))) > 0

    async def hear(self, fact: Any) -> None:
        async with self.db.write() as session:
            if fact.name == "orders.supplier_order_completed":
                await assistance.on_supplier_orders_completed(session, [fact], self.now)
            elif isinstance(fact, GoodsReceived):
                await assistance.on_goods_received(session, [fact], self.now)
            elif isinstance(fact, GoodsReturned):
                await assistance.on_goods_returned(session, fact, self.now)
            else:
                await assistance.on_lines_refunded(session, fact, self.now)
        if fact not in self.heard:
            self.heard.append(fact)

    async def hear_again(self) -> bool:
        for fact in self.heard[-3:]:
            await self.hear(fact)
        return bool(self.heard)

    async def refund(self) -> bool:
        of_orders = [one for one in self.sold if one.declared is None and not isinstance(one.fact, GoodsReceived)]
        if not of_orders:
            return False
        sale = self.draw(st.sampled_from(of_orders))
        pieces, fen = self.draw(st.integers(0, 5)), self.draw(st.integers(0, 30_000))
        fact = refunded(max(self.moment(), sale.fact.at), sale.fact, (sale.line_id, pieces, fen))
        await self.hear(fact)
        return self.take_back(sale, pieces, fen, local_day(fact.at))

    async def declare(self) -> bool:
        day = local_day(self.moment())
        fen = self.draw(st.integers(1, 900_000))
        async with self.db.write() as session:
            new = NewDeclaredSale(
                occasion=Occasion.FAIR,
                voucher_no=uuid4().hex,
                sold_on=day,
                amount_fen=fen,
                quantity=0,
                weight_g=0,
                channel=assistance.Channel.RETAIL,
                division_code="370112",
                supplier_id=self.supplier,
                category="golden-tea",
                buyer="展销会",
                source="declared",
                invoice_no=None,
                invoice_line=None,
                note="合计",
                not_a_duplicate_because="另一场",
                file_ids=[await voucher(session, uuid4().bytes, by=self.officer, now=self.now)],
            )
            declared = await service.declare_sale(session, new, by=self.officer, now=self.now)
            yes = self.draw(st.booleans())
            verdict = Verdict.APPROVED if yes else Verdict.DECLINED
            await service.decide_proposal(session, declared.proposal.id, verdict, note="核对", by=SECOND, now=self.now)
        if yes:
            sale_id = declared.proposal.id
            told = {"order_id": sale_id, "sku": None, "product_id": None, "category": "golden-tea", "channel": "retail"}
            told |= {name: getattr(declared, name) for name in ("supplier_id", "township_code", "division_code")}
            self.add(Sold(None, sale_id, 0, fen, told, sale_id), day)
        return yes

    async def withdraw(self) -> bool:
        alive = [one for one in self.sold if one.declared is not None and one.fen > 0]
        if not alive:
            return False
        sale = self.draw(st.sampled_from(alive))
        assert sale.declared is not None
        async with self.db.write() as session:
            asked = await service.propose_withdrawal(
                session, sale.declared, reason=Correction.EVIDENCE_WITHDRAWN, note="有误", by=self.officer, now=self.now
            )
            await service.decide_proposal(session, asked.id, Verdict.APPROVED, note="核对", by=SECOND, now=self.now)
        self.count(local_day(self.now), "adjustment", sale, -sale.fen)
        sale.fen = 0
        return True

    async def correct(self) -> bool:
        if not self.sold:
            return False
        sale = self.draw(st.sampled_from(self.sold))
        fen = self.draw(st.integers(-30_000, 3_000).filter(bool))
        async with self.db.write() as session:
            entry_id = await session.scalar(
                text("SELECT id FROM assistance_entry WHERE line_id = :line AND kind = 'sale'"), {"line": sale.line_id}
            )
            try:
                asked = await service.propose_adjustment(
                    session,
                    entry_id,
                    reason=Correction.CLERICAL_ERROR,
                    quantity=0,
                    weight_g=0,
                    amount_fen=fen,
                    note="更正",
                    by=self.officer,
                    now=self.now,
                )
            except AdjustmentTooLarge:
                assert sale.fen + fen < 0
                return False
            assert sale.fen + fen >= 0
            await service.decide_proposal(session, asked.id, Verdict.APPROVED, note="核对", by=SECOND, now=self.now)
        sale.fen += fen
        self.count(local_day(self.now), "adjustment", sale, fen)
        return True

    async def close(self) -> bool:
        month = self.draw(st.sampled_from([FIRST, date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1)]))
        async with self.db.write() as session:
            try:
                closing = await assistance.close_month(session, month, by=self.officer, now=self.now)
            except MonthNotOver:
                assert local_day(self.now) < following(month)
                return False
            except MonthClosed:
                assert month in self.closed or month < self.open_from
                return False
            except EarlierMonthOpen:
                assert month > max([self.open_from, FIRST])
                return False
            snapshot = b"".join([piece async for piece in queries.canonical_csv(session, month, closing.cut_off)])
        assert hashlib.sha256(snapshot).hexdigest() == closing.sha256
        self.open_from = following(month)
        self.closed[month] = closing, snapshot
        return True

    async def seal(self) -> bool:
        async with self.db.write() as session:
            return bool(await assistance.seal_due(session, now=self.now, limit=self.draw(st.integers(1, 9))))

    async def submit(self) -> bool:
        async with self.db.write() as session:
            submitted = await service.submit_statement(
                session, FIRST, date(2027, 12, 31), by=self.officer, now=self.now
            )
            _, content = await assistance.submission(session, submitted.id)
        self.submitted[submitted.id] = content
        return True

    async def check(self) -> None:
        async with self.db.read() as session:
            rows = await session.execute(
                text("""SELECT counted_month, kind, evidence, sum(amount_fen), count(*) FROM assistance_entry
                        GROUP BY 1, 2, 3""")
            )
            found = {(month, kind, evidence): (fen, entries) for month, kind, evidence, fen, entries in rows}
            assert {key: fen for key, (fen, _) in found.items() if fen} == {k: v for k, v in self.months.items() if v}
            assert sum(entries for _, entries in found.values()) == len(self.entries)
            assert await session.scalar(text("SELECT count(*) FROM assistance_exclusion")) == self.excluded
            for month, (closing, _) in self.closed.items():
                assert await queries.sums_of(session, month) == closing.sums

    async def check_reports(self) -> None:
        """Every grouping of whole months and of any days, whatever of the ledger is folded."""
        async with self.db.read() as session:
            for first, last in ((FIRST, date(2027, 12, 31)), (date(2026, 11, 20), date(2027, 1, 9))):
                entries = [one for one in self.entries if first <= one["day"] <= last]
                for groups in GROUPINGS:
                    report = await reports.sales(
                        session, ask(first, last, ",".join(groups), Basis.COUNTED), now=self.now
                    )
                    assert keyed(report) == recount(entries, groups), (groups, first, last)

    async def check_all(self) -> None:
        """What takes longer: the bytes of every snapshot and statement, and the auditor's rules about the chain."""
        from app import audit

        async with self.db.read() as session:
            for month, (closing, snapshot) in self.closed.items():
                again = b"".join([piece async for piece in queries.canonical_csv(session, month, closing.cut_off)])
                assert again == snapshot
            for submission_id, content in self.submitted.items():
                assert (await service.reproduce(session, submission_id)).reproduced is True
                assert (await assistance.submission(session, submission_id))[1] == content
            for rule in audit.RULES:
                if rule.name in SEALED:
                    assert (await session.execute(text(rule.sql))).all() == [], rule.name


def test_the_ledger_agrees_with_a_plain_recount(server_url, shop_template, settings):
    template, shop = shop_template
    done: Counter[str] = Counter()
    with asyncio.Runner() as runner, clone(server_url, "histories", template) as url:
        engine = create_async_engine(url, poolclass=NullPool)

        async def live(draw: Any) -> None:
            async with engine.connect() as connection:
                outer = await connection.begin()
                db = Database.within(connection, build(settings).without_couriers())
                supplier = shop.accounts["S01"].supplier_id
                await connection.execute(
                    text("UPDATE catalogue_certification SET valid_from = '2021-01-01', valid_to = '2099-01-01'")
                )
                history = History(db, supplier, shop.actor("officer"), draw)
                for number in range(30):
                    await history.step()
                    await history.check()
                    if number == 15:
                        await history.check_reports()
                await history.check_reports()
                await history.check_all()
                done.update(history.done)
                await outer.rollback()

        @searching(
            max_examples=12,
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
    assert min(done[step] for step in set(STEPS)) > 2, done
