"""Random partners against the real use cases: whatever they do, credit is what is open and stock what is promised.

Two partners, two suppliers, an operator and the calendar. After every step credit used is summed from the orders
themselves, reserved stock from their lines, what suppliers get from the documents, and the auditor looks at everything.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, Phase
from hypothesis import settings as searching
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.core.db import Database
from app.core.outbox import deliver_all
from app.wiring import build
from tests.conftest import NOON, Clock, clone, enter
from tests.market import open_market
from tests.settlement.random_settling import Settling
from tests.wholesale.random_money import Refunding
from tests.wholesale.random_receiving import Receiving
from tests.wholesale.random_stating import Stating
from tests.wholesale.random_steps import Ordering

ROOMS: tuple[type, ...] = (Ordering, Receiving, Settling, Stating, Refunding)
"""Classes of steps; their ``STEPS`` are shuffled into one deck."""
STEPS = tuple(step for room in ROOMS for step in room.STEPS)
USUAL = frozenset(name for room in ROOMS for name in room.USUAL)

# Promised and not delivered of open orders, what is payable of what came, less what went back, was corrected away, was
# agreed to be taken off, and was paid; a month below zero is nobody's money any more once it was given back.
OWED = """
SELECT partner_id, CAST(sum(fen) AS bigint) FROM (
    SELECT p.partner_id, (l.promised_units - l.delivered_units) * l.unit_price_fen AS fen
    FROM wholesale_po p JOIN wholesale_po_line l ON l.po_id = p.id
    WHERE p.status IN ('confirmed', 'shipped', 'partially_received', 'received')
    UNION ALL SELECT partner_id, payable_fen FROM wholesale_receipt
    UNION ALL SELECT partner_id, -amount_fen FROM wholesale_return
    UNION ALL SELECT p.partner_id, c.amount_fen FROM wholesale_correction c JOIN wholesale_po p ON p.id = c.po_id
    UNION ALL SELECT partner_id, -(rebate_fen + fees_fen) FROM wholesale_statement WHERE confirmed_at IS NOT NULL
    UNION ALL SELECT partner_id, amount_fen FROM wholesale_refund WHERE status = 'paid' AND statement_id IS NOT NULL
    UNION ALL SELECT s.partner_id, -y.amount_fen FROM wholesale_payment y
              JOIN wholesale_statement s ON s.id = y.statement_id) open GROUP BY partner_id
"""
USED = "SELECT partner_id, used_fen FROM partners_credit WHERE used_fen <> 0"
ENTRIES = (
    "SELECT partner_id, sum(amount_fen) FROM partners_credit_entry GROUP BY partner_id HAVING sum(amount_fen) <> 0"
)
HELD = """
SELECT l.sku, sum(l.promised_units - l.shipped_units) FROM wholesale_po p JOIN wholesale_po_line l ON l.po_id = p.id
WHERE p.status IN ('confirmed', 'shipped', 'partially_received')
GROUP BY l.sku HAVING sum(l.promised_units - l.shipped_units) <> 0
"""
KEPT = """
SELECT (SELECT coalesce(sum(payable_fen), 0) FROM wholesale_receipt)
     - (SELECT coalesce(sum(amount_fen), 0) FROM wholesale_return)
     + (SELECT coalesce(sum(amount_fen), 0) FROM wholesale_correction)
"""
# Of what partners agreed to and were billed for, nothing is lost: it was paid, is open, or was below zero and is still
# theirs or stands on a statement that waits. (A statement is closed with less than nothing as it is with nothing.)
BILLED = """
SELECT partner_id,
       sum(goods_fen - rebate_fen - fees_fen) FILTER (WHERE status IN ('invoiced', 'partially_paid', 'paid'))
FROM wholesale_statement GROUP BY partner_id
"""
KNOWN = """
SELECT s.partner_id, sum(CASE
    WHEN s.status NOT IN ('invoiced', 'partially_paid', 'paid') THEN -s.carried_fen
    WHEN s.payable_fen >= 0 THEN s.paid_fen + (s.payable_fen - s.paid_fen)
    WHEN EXISTS (SELECT FROM wholesale_statement_line y JOIN wholesale_statement t
                 ON t.id = y.statement_id AND t.revision = y.revision WHERE y.source_id = s.id) THEN 0
    ELSE s.payable_fen END)
FROM wholesale_statement s GROUP BY s.partner_id
"""
# Every fen that came pays a statement, lies here, goes back or went back.
CAME = (
    "SELECT coalesce(sum(amount_fen), 0) FROM payments_bank_entry WHERE status = 'assigned' AND reference IS NOT NULL"
)
WENT = """
SELECT (SELECT coalesce(sum(amount_fen), 0) FROM wholesale_payment)
     + (SELECT coalesce(sum(amount_fen - applied_fen - refunded_fen), 0) FROM wholesale_remittance)
     + (SELECT coalesce(sum(amount_fen), 0) FROM wholesale_refund
        WHERE remittance_id IS NOT NULL AND status <> 'declined')
"""
# What left for orders that are over came to a dock, or is asked for.
LOOKED_FOR = """
SELECT (SELECT coalesce(sum(l.shipped_units - l.delivered_units), 0)
        FROM wholesale_po p JOIN wholesale_po_line l ON l.po_id = p.id WHERE p.status = 'closed')
     - (SELECT coalesce(sum(units), 0) FROM wholesale_missing)
"""
COUNTED = "SELECT coalesce(sum(amount_fen), 0) FROM assistance_entry WHERE channel = 'supermarket'"
RESERVED = "SELECT sku, reserved FROM inventory_stock WHERE reserved <> 0"


class Partners(*ROOMS, RuleBasedStateMachine):  # type: ignore[misc]
    runner: asyncio.Runner
    engine: Any

    def __init__(self) -> None:
        super().__init__()
        self.orders = []
        self.deck: list[str] = []
        self.runner.run(self.open())

    async def open(self) -> None:
        self.connection = await self.engine.connect()
        self.outer = await self.connection.begin()
        db = Database.within(self.connection, build(self.settings).without_couriers())
        self.market = await open_market(enter(self.shop, db, self.settings, Clock(NOON)))

    def teardown(self) -> None:
        async def close() -> None:
            await self.outer.rollback()
            await self.connection.close()

        self.runner.run(close())

    @rule(data=st.data())
    def something_happens(self, data: st.DataObject) -> None:
        """The steps are drawn like cards, so that all of them are played, in whatever order."""
        self.deck = self.deck or list(STEPS)
        what = self.deck.pop(data.draw(st.integers(0, len(self.deck) - 1)))
        getattr(self, what if self.orders else "place")(data.draw)
        self.runner.run(deliver_all(self.market.shop.db, self.now))

    @invariant()
    def credit_is_what_is_open_and_stock_what_is_promised(self) -> None:
        owed = {partner_id: amount for partner_id, amount in self.rows(OWED) if amount}
        assert dict(self.rows(USED)) == owed == dict(self.rows(ENTRIES))
        assert dict(self.rows(HELD)) == dict(self.rows(RESERVED))
        assert self.rows(LOOKED_FOR) == [(0,)]

    @invariant()
    def what_was_taken_in_and_stayed_is_what_counts(self) -> None:
        assert self.rows(KEPT) == self.rows(COUNTED)

    @invariant()
    def nothing_of_a_month_below_zero_is_lost_or_counted_twice(self) -> None:
        billed = {partner_id: int(amount or 0) for partner_id, amount in self.rows(BILLED)}
        assert billed == {partner_id: int(amount) for partner_id, amount in self.rows(KNOWN)}

    @invariant()
    def suppliers_get_what_a_plain_recount_gives_them(self) -> None:
        self.what_is_booked()

    @invariant()
    def every_fen_that_came_is_somewhere(self) -> None:
        assert self.rows(CAME) == self.rows(WENT)

    @invariant()
    def the_auditor_finds_nothing(self) -> None:
        assert self.runner.run(self.market.shop.breaks()) == []


def test_whatever_partners_do_credit_and_stock_agree(database_url, shop_template, settings):
    template, shop = shop_template
    with asyncio.Runner() as runner, clone(database_url, "partners", template) as url:
        engine = create_async_engine(url, poolclass=NullPool)
        done: Counter[str] = Counter()
        world = {"runner": runner, "engine": engine, "shop": shop, "settings": settings, "done": done}
        try:
            run_state_machine_as_test(
                type("Played", (Partners,), world),
                settings=searching(
                    max_examples=8,
                    stateful_step_count=56,
                    deadline=None,
                    derandomize=True,
                    phases=[Phase.generate],  # a failing game is told as it was played: to shorten it takes minutes
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(engine.dispose())
    assert set() == USUAL - set(done), sorted(done.items())
