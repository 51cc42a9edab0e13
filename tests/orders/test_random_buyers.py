"""Random buyers against the real use cases: whatever they do and in whatever order news arrives, the books agree.

Two buyers, two suppliers, the operator, a bank that may speak late and repeat itself, and a worker that may lag. After
every step the auditor looks at everything.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck
from hypothesis import settings as searching
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from app import audit, orders, payments
from app.buyers import make_address
from app.core.db import Database
from app.core.errors import DomainError
from app.core.outbox import deliver_all, deliver_batch
from app.core.settings import Settings
from app.payments.rules import CaptureNotice, RefundNotice
from app.payments.service import receive
from app.wiring import CHORES, build
from tests.conftest import NOON, clone
from tests.shop import ADDRESS, Shop

pieces = st.integers(1, 3)
baskets = st.dictionaries(st.sampled_from(["GT04", "GT14", "NO02", "NO04"]), pieces, min_size=1, max_size=3)
buyers = st.sampled_from(["buyer", "stranger"])
Draw = Callable[[st.SearchStrategy[Any]], Any]
STEPS = (
    *("order", "order_and_pay", "order_and_pay", "fill_the_cart", "ask_to_pay", "cancel"),
    *("ship", "ship", "ship", "deliver", "deliver", "confirm", "refund", "refund"),
    *("the_bank_says_paid", "the_bank_says_paid", "the_bank_pays_back", "the_worker_does_a_little", "time_passes"),
)


class Market(RuleBasedStateMachine):
    runner: asyncio.Runner
    engine: Any
    shop: Shop
    settings: Settings
    done: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.placed: list[tuple[str, orders.OrderView]] = []
        self.asked: list[payments.Payment] = []
        self.parcels: list[tuple[orders.OrderView, UUID, UUID]] = []
        self.news = 0
        self.runner.run(self.open())

    async def open(self) -> None:
        self.connection = await self.engine.connect()
        self.outer = await self.connection.begin()
        self.db = Database.within(self.connection, build(self.settings).without_couriers())

    def teardown(self) -> None:
        async def close() -> None:
            await self.outer.rollback()
            await self.connection.close()

        self.runner.run(close())

    def act(self, name: str, use_case: Callable[[AsyncSession], Coroutine[Any, Any, Any]]) -> Any:
        """What the use case returned, or None if it was refused; a refusal leaves nothing behind."""
        self.now += timedelta(seconds=1)

        async def transaction() -> Any:
            async with self.db.write() as session:
                return await use_case(session)

        try:
            result = self.runner.run(transaction())
        except DomainError:
            self.done[f"{name} refused"] += 1
            return None
        self.done[name] += 1
        return result

    # --- buyers ---

    def _order(self, who: str, basket: dict[str, int]) -> orders.OrderView | None:
        wish = orders.Placement(wanted=basket, address=make_address(**ADDRESS), fresh_goods_acknowledged=True)
        by, minutes = self.shop.actor(who), self.settings.orders.pay_within_minutes
        order = self.act("place", lambda s: orders.place(s, wish, by=by, now=self.now, pay_within_minutes=minutes))
        if order is not None:
            self.placed.append((who, order))
        return order

    def _ask(self, who: str, order: orders.OrderView) -> payments.Payment | None:
        asking = {"provider": payments.Provider.SANDBOX, "by": self.shop.actor(who), "settings": self.settings}
        payment = self.act("ask", lambda s: orders.start_payment(s, order.id, now=self.now, **asking))
        if payment is not None:
            self.asked.append(payment)
        return payment

    def order(self, draw: Draw) -> None:
        self._order(draw(buyers), draw(baskets))

    def order_and_pay(self, draw: Draw) -> None:
        who = draw(buyers)
        if (order := self._order(who, draw(baskets))) and (payment := self._ask(who, order)):
            self._tell(payment, repeat=False)
            self.runner.run(deliver_all(self.db, self.now))

    def fill_the_cart(self, draw: Draw) -> None:
        by, sku, quantity = self.shop.actor("buyer"), draw(st.sampled_from(["GT04", "NO02"])), draw(pieces)

        async def fill(session: AsyncSession) -> UUID:
            cart_id = await orders.open_cart(session, by=by, now=self.now, keep_days=30)
            await orders.put_item(session, cart_id, sku, quantity, by=by, now=self.now, keep_days=30)
            return cart_id

        cart_id = self.act("fill the cart", fill)
        if cart_id and draw(st.booleans()):
            wanted = self.act("empty the cart", lambda s: orders.empty_cart(s, cart_id, by=by, now=self.now))
            self._order("buyer", wanted)

    def ask_to_pay(self, draw: Draw) -> None:
        self._ask(*draw(st.sampled_from(self.placed)))

    def cancel(self, draw: Draw) -> None:
        who, order = draw(st.sampled_from(self.placed))
        by = self.shop.actor(draw(st.sampled_from([who, "operator"])))
        self.act("cancel", lambda s: orders.cancel(s, order.id, by=by, reason="不要了", now=self.now))

    def confirm(self, draw: Draw) -> None:
        who, order = draw(st.sampled_from(self.placed))
        self.act("confirm", lambda s: orders.confirm(s, order.id, by=self.shop.actor(who), now=self.now))

    # --- suppliers and the operator ---

    def ship(self, draw: Draw) -> None:
        _, order = draw(st.sampled_from(self.placed))
        part = draw(st.sampled_from(order.supplier_orders))
        lines = [line for line in order.lines if line.supplier_order_id == part.id]
        if draw(st.booleans()):
            contents = [orders.ShipLine(line.id, line.quantity) for line in lines]
        else:
            contents = [orders.ShipLine(draw(st.sampled_from(lines)).id, draw(pieces))]
        label = {"carrier": "ZTO", "tracking_number": f"78{self.now.timestamp():012.0f}"}
        shipping = {"contents": contents, "supplier_id": part.supplier_id, **label}
        parcel = self.act("ship", lambda s: orders.ship(s, part.id, now=self.now, **shipping))
        if parcel is not None:
            self.parcels.append((order, part.supplier_id, parcel.id))

    def deliver(self, draw: Draw) -> None:
        _, supplier_id, parcel_id = draw(st.sampled_from(self.parcels))
        told = {"supplier_id": supplier_id, "confirm_after_days": self.settings.orders.confirm_after_days}
        self.act("deliver", lambda s: orders.deliver(s, parcel_id, now=self.now, **told))

    def refund(self, draw: Draw) -> None:
        order, _, _ = draw(st.sampled_from(self.parcels))
        line = draw(st.sampled_from(order.lines))
        wanted = [orders.RefundLine(line.id, draw(st.integers(1, line.amount_fen)), draw(st.integers(0, 2)))]
        by = self.shop.actor("operator")
        self.act("refund", lambda s: orders.refund_lines(s, order.id, wanted, by=by, reason="坏果包赔", now=self.now))

    # --- the bank, the worker and time ---

    def _tell(self, payment: payments.Payment, *, repeat: bool) -> None:
        self.news += not repeat
        notice = CaptureNotice(
            payment.provider, f"paid-{self.news}", payment.id, f"T-{payment.id}", payment.amount_fen, "CNY"
        )
        self.act("be paid", lambda s: receive(s, notice, kind="payment", now=self.now))

    def the_bank_says_paid(self, draw: Draw) -> None:
        """Early, late or again: after expiry, after cancellation, under the same number or a new one."""
        self._tell(draw(st.sampled_from(self.asked)), repeat=draw(st.booleans()))

    def the_bank_pays_back(self, draw: Draw) -> None:
        found = self.runner.run(self._rows("SELECT number, amount_fen FROM payments_refund ORDER BY id"))
        if not found:
            return
        number, amount_fen = draw(st.sampled_from(found))
        self.news += 1
        notice = RefundNotice(
            payments.Provider.SANDBOX, f"back-{self.news}", number, f"R-{number}", amount_fen, "CNY", succeeded=True
        )
        self.act("pay back", lambda s: receive(s, notice, kind="refund", now=self.now))

    def the_worker_does_a_little(self, draw: Draw) -> None:
        self.runner.run(deliver_batch(self.db, self.now, limit=draw(pieces)))

    def time_passes(self, draw: Draw) -> None:
        """The worker keeps up with the facts, and the clock starts its chores."""
        self.runner.run(deliver_all(self.db, self.now))
        self.now += draw(st.sampled_from([timedelta(minutes=20), timedelta(hours=30), timedelta(days=8)]))
        for chore in CHORES:
            if chore.name.startswith(("orders.", "inventory.", "settlement.")):
                self.act(chore.name, lambda s, chore=chore: chore.run(s, self.now))

    @rule(what=st.sampled_from(STEPS), data=st.data())
    def something_happens(self, what: str, data: st.DataObject) -> None:
        """One rule for all, so that every step is as likely as ``STEPS`` says."""
        if not self.placed or not self.asked:
            what = "order_and_pay"
        elif what in {"deliver", "refund"} and not self.parcels:
            what = "ship"
        getattr(self, what)(data.draw)

    async def _rows(self, sql: str) -> list[Any]:
        async with self.db.read() as session:
            return [tuple(row) for row in await session.execute(text(sql))]

    @invariant()
    def the_auditor_finds_nothing(self) -> None:
        async def look() -> list[audit.Break]:
            async with self.db.read() as session:
                return await audit.check(session, now=self.now)

        assert self.runner.run(look()) == []
        failed = self.runner.run(self._rows("SELECT listener, last_error FROM core_delivery WHERE attempts > 0"))
        assert failed == []


def test_whatever_buyers_do_the_books_agree(database_url, shop_template, settings):
    template, shop = shop_template
    with asyncio.Runner() as runner, clone(database_url, "random", template) as url:
        engine = create_async_engine(url, poolclass=NullPool)
        done: Counter[str] = Counter()
        world = {"runner": runner, "engine": engine, "shop": shop, "settings": settings, "done": done}
        try:
            run_state_machine_as_test(
                type("Played", (Market,), world),
                settings=searching(
                    max_examples=8,
                    stateful_step_count=30,
                    deadline=None,
                    derandomize=True,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(engine.dispose())
    happened = {name for name in done if not name.endswith("refused")}
    missing = {"place", "ask", "be paid", "ship", "deliver", "confirm", "cancel", "refund", "pay back"} - happened
    assert missing == set(), sorted(done.items())
