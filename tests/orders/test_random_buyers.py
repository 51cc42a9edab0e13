"""Random buyers against the real use cases: whatever they do and in whatever order news arrives, the books agree.

Two buyers, one of them with a union's roster, two suppliers, the operator, carriers, a bank that may speak late, fail
and repeat itself, and a worker that may lag. After every step the auditor looks at everything.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, Phase
from hypothesis import settings as searching
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from app import orders, payments
from app.audit import Break
from app.buyers import make_address
from app.core.db import Database
from app.core.errors import DomainError
from app.core.outbox import deliver_all, deliver_batch
from app.payments.rules import CaptureNotice, RefundNotice
from app.payments.service import receive
from app.wiring import CHORES, build
from tests.auditor import breaks
from tests.conftest import NOON, clone
from tests.orders.random_steps import COUPON, AfterSales, Draw, Offers, buyers, pieces
from tests.shop import ADDRESS

baskets = st.dictionaries(st.sampled_from(["GT04", "GT14", "NO02", "NO04"]), pieces, min_size=1, max_size=3)
STEPS = (
    *("order", "order_and_pay", "order_and_pay", "fill_the_cart", "ask_to_pay", "cancel", "cancel_a_part"),
    *("ship", "ship", "deliver", "deliver", "order_and_receive", "order_and_receive", "confirm", "refund"),
    *("the_bank_says_paid", "the_bank_says_paid", "the_bank_pays_back", "the_bank_pays_back"),
    *("the_bank_cannot_pay_back", "the_bank_cannot_pay_back", "the_worker_does_a_little", "time_passes"),
    *(*("complain",) * 4, *("claims_go_on",) * 6, "review", "review"),
    *("sell_ahead", "harvest_comes", "harvest_falls_short", "order_for_many"),
)
USUAL = {
    *("place", "ask", "be paid", "ship", "deliver", "confirm", "cancel", "cancel pieces", "pay back"),
    *("fail to pay back", "review", "complain", "accept a claim", "claims.move_due"),
    *("sell ahead", "harvest comes", "order for many"),
}
"""What must have happened at least once, or the search looks at too little."""


class Market(Offers, AfterSales, RuleBasedStateMachine):
    runner: asyncio.Runner
    engine: Any

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.placed = []
        self.asked = []
        self.parcels: list[tuple[orders.OrderView, UUID, UUID]] = []
        self.arrived = []
        self.claimed = []
        self.deck: list[str] = []
        self.news = 0
        self.runner.run(self.open())
        self.open_offers()

    async def open(self) -> None:
        self.connection = await self.engine.connect()
        self.outer = await self.connection.begin()
        self.db = Database.within(self.connection, build(self.settings).without_couriers())

    def teardown(self) -> None:
        async def close() -> None:
            await self.outer.rollback()
            await self.connection.close()

        self.runner.run(close())

    def act(
        self, name: str, use_case: Callable[[AsyncSession], Coroutine[Any, Any, Any]], *, refused: bool = True
    ) -> Any:
        """What the use case returned, or None if it was refused; a refusal leaves nothing behind."""
        self.now += timedelta(seconds=1)

        async def transaction() -> Any:
            async with self.db.write() as session:
                return await use_case(session)

        try:
            result = self.runner.run(transaction())
        except DomainError:
            if not refused:
                raise
            self.done[f"{name} refused"] += 1
            return None
        self.done[name] += 1
        return result

    def rows(self, sql: str) -> list[Any]:
        return self.runner.run(self._rows(sql))

    # --- buyers ---

    def _order(self, who: str, basket: dict[str, int], coupon: str | None = None) -> orders.OrderView | None:
        wish = orders.Placement(
            wanted=basket, address=make_address(**ADDRESS), fresh_goods_acknowledged=True, coupon=coupon
        )
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
        self._order(draw(buyers), draw(baskets), draw(st.sampled_from([None, COUPON])))

    def order_and_pay(self, draw: Draw) -> tuple[str, orders.OrderView] | None:
        who = draw(buyers)
        order = self._order(who, draw(baskets), draw(st.sampled_from([None, None, COUPON])))
        if not order or not (payment := self._ask(who, order)):
            return None
        self._tell(payment, repeat=False)
        self.runner.run(deliver_all(self.db, self.now))
        return who, order

    def order_and_receive(self, draw: Draw) -> None:
        """From the wish to the buyer's hands, as most orders go: there is something to complain about."""
        if not (paid := self.order_and_pay(draw)):
            return
        who, order = paid
        for part in order.supplier_orders:
            lines = [line for line in order.lines if line.supplier_order_id == part.id]
            self._ship(order, part, [orders.ShipLine(line.id, line.quantity) for line in lines])
            if self.parcels and self.parcels[-1][0] is order:
                self._deliver(self.parcels[-1])
        if self.rows(f"SELECT 1 FROM orders_supplier_order WHERE order_id = '{order.id}' AND status = 'delivered'"):
            self.arrived.append((who, order))

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
        who, order = draw(st.sampled_from(self.arrived or self.placed))
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
        self._ship(order, part, contents)

    def _ship(self, order: orders.OrderView, part: orders.SupplierOrderView, contents: list[orders.ShipLine]) -> None:
        label = {"carrier": "ZTO", "tracking_number": f"78{self.now.timestamp():012.0f}"}
        shipping = {"contents": contents, "supplier_id": part.supplier_id, **label}
        parcel = self.act("ship", lambda s: orders.ship(s, part.id, now=self.now, **shipping))
        if parcel is not None:
            self.parcels.append((order, part.supplier_id, parcel.id))

    def deliver(self, draw: Draw) -> None:
        self._deliver(draw(st.sampled_from(self.parcels)))

    def _deliver(self, parcel: tuple[orders.OrderView, UUID, UUID]) -> None:
        _, supplier_id, parcel_id = parcel
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
        found = self.rows("SELECT number, amount_fen FROM payments_refund ORDER BY id")
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
            if chore.name.startswith(("orders.", "inventory.", "claims.", "settlement.")):
                self.act(chore.name, lambda s, chore=chore: chore.run(s, self.now))

    @rule(data=st.data())
    def something_happens(self, data: st.DataObject) -> None:
        """The steps are drawn like cards, so that all of them are played, in whatever order."""
        self.deck = self.deck or list(STEPS)
        what = self.deck.pop(data.draw(st.integers(0, len(self.deck) - 1)))
        if not self.placed or not self.asked:
            what = "order_and_pay"
        elif what in {"deliver", "refund"} and not self.parcels:
            what = "ship"
        elif what == "claims_go_on" and not self.claimed:
            what = "complain"
        if what in {"complain", "review"} and not self.arrived:
            self.order_and_receive(data.draw)
            if not self.arrived:
                return
        getattr(self, what)(data.draw)

    async def _rows(self, sql: str) -> list[Any]:
        async with self.db.read() as session:
            return [tuple(row) for row in await session.execute(text(sql))]

    @invariant()
    def the_auditor_finds_what_the_bank_could_not_pay_and_nothing_else(self) -> None:
        async def look() -> list[Break]:
            async with self.db.read() as session:
                return await breaks(session, now=self.now)

        found = self.runner.run(look())
        unpaid = self.rows("SELECT r.id FROM orders_refund r JOIN payments_refund b ON b.reference = r.id "
                           "WHERE b.status = 'failed'")  # fmt: skip
        told = [one for one in found if one.rule == "refund.asked_for"]
        assert {one.ids["refund_id"] for one in told} == {str(refund_id) for (refund_id,) in unpaid}, told
        assert [one for one in found if one not in told] == []
        assert self.rows("SELECT listener, last_error FROM core_delivery WHERE attempts > 0") == []


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
                    max_examples=4,
                    stateful_step_count=36,
                    deadline=None,
                    derandomize=True,
                    phases=[Phase.generate],  # a failing game is told as it was played: to shorten it takes minutes
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(engine.dispose())
    assert set() == USUAL - {name for name in done if not name.endswith("refused")}, sorted(done.items())
