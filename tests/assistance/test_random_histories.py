"""Random histories of sales, refunds, declared sales, corrections and closes, recounted in plain Python."""

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

from app import assistance
from app.assistance import queries, service
from app.assistance.rules.declared import NewDeclaredSale, Occasion
from app.assistance.rules.periods import EarlierMonthOpen, MonthClosed, MonthNotOver
from app.assistance.rules.proposals import AdjustmentTooLarge, Correction, Verdict
from app.core.clock import local_day
from app.core.db import Database
from app.identity import Actor, Role
from app.wiring import build
from tests.assistance.builders import completed, line, refunded
from tests.assistance.vouchers import voucher
from tests.conftest import clone

BEGIN = datetime(2026, 12, 20, 2, tzinfo=UTC)
FIRST = date(2026, 11, 1)
STEPS = (*("sell", "refund", "declare", "correct") * 3, *("close", "hear_again", "seal", "submit", "withdraw") * 2)
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
    entries: int = 0
    closed: dict[date, tuple[Any, bytes]] = field(default_factory=dict)
    submitted: dict[UUID, bytes] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)

    async def step(self) -> None:
        self.now += timedelta(hours=self.draw(st.sampled_from([1, 30, 300])))
        what = self.draw(st.sampled_from(STEPS))
        self.done[what] += bool(await getattr(self, what)())

    def count(self, day: date, kind: str, fen: int, evidence: str = "platform") -> None:
        """Write down what the ledger must say: in its own month, or in the first that is open."""
        self.months[max(day, self.open_from).replace(day=1), kind, evidence] += fen
        self.entries += 1

    def moment(self) -> datetime:
        """Some moment of the last seven weeks: a completion or a refund may be heard of late."""
        earliest = datetime(2026, 11, 1, tzinfo=UTC)
        return max(self.now - timedelta(hours=self.draw(st.sampled_from([0, 5, 200, 700, 1_200]))), earliest)

    async def sell(self) -> bool:
        lines = [
            line(
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
                self.count(local_day(fact.at), "sale", one.net_fen)
                self.sold.append(Sold(fact, one.line_id, one.quantity, one.net_fen))
            else:
                self.excluded += 1
        return True

    async def hear(self, fact: Any) -> None:
        async with self.db.write() as session:
            if fact.name == "orders.supplier_order_completed":
                await assistance.on_supplier_orders_completed(session, [fact], self.now)
            else:
                await assistance.on_lines_refunded(session, fact, self.now)
        if fact not in self.heard:
            self.heard.append(fact)

    async def hear_again(self) -> bool:
        for fact in self.heard[-3:]:
            await self.hear(fact)
        return bool(self.heard)

    async def refund(self) -> bool:
        of_orders = [one for one in self.sold if one.declared is None]
        if not of_orders:
            return False
        sale = self.draw(st.sampled_from(of_orders))
        pieces, fen = self.draw(st.integers(0, 5)), self.draw(st.integers(0, 30_000))
        fact = refunded(max(self.moment(), sale.fact.at), sale.fact, (sale.line_id, pieces, fen))
        await self.hear(fact)
        back, less = min(fen, sale.fen), min(pieces, sale.pieces)
        if back <= 0 and less <= 0:
            return False
        sale.fen, sale.pieces = sale.fen - back, sale.pieces - less
        self.count(local_day(fact.at), "refund", -back)
        return True

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
            self.count(day, "sale", fen, "declared")
            self.sold.append(Sold(None, declared.proposal.id, 0, fen, declared.proposal.id))
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
        self.count(local_day(self.now), "adjustment", -sale.fen, "declared")
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
        self.count(local_day(self.now), "adjustment", fen, "declared" if sale.declared else "platform")
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
            assert sum(entries for _, entries in found.values()) == self.entries
            assert await session.scalar(text("SELECT count(*) FROM assistance_exclusion")) == self.excluded
            for month, (closing, _) in self.closed.items():
                assert await queries.sums_of(session, month) == closing.sums

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
                for _ in range(30):
                    await history.step()
                    await history.check()
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
