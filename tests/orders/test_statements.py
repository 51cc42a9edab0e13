"""What each step of an order's life costs, in statements, and that one reads what another has just written."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from app import orders, payments
from app.orders import service
from app.orders.rules import ShipsTooMuch

DAYS = 10


async def test_each_step_of_an_order_costs_few_statements(shop, statements):
    """However many lines the order has, and however many orders the clock or the bank moves on at once."""
    buyer, supplier = shop.actor("buyer"), shop.actor("S01")
    first, second = [await shop.order({"GT04": 2, "GT14": 1}) for _ in range(2)]
    order_id, (part,) = UUID(first["id"]), first["supplier_orders"]
    contents = [orders.ShipLine(UUID(line["id"]), line["quantity"]) for line in first["lines"]]

    @asynccontextmanager
    async def at_most(count: int):
        async with shop.db.write() as session:
            await session.connection()
            statements.clear()
            yield session
            assert len(statements) <= count, "\n".join(statements)

    started, captured = [], []
    for order in (first, second):
        async with at_most(2) as session:
            started.append(
                await orders.start_payment(
                    session,
                    UUID(order["id"]),
                    provider=payments.Provider.SANDBOX,
                    by=buyer,
                    settings=shop.settings,
                    now=shop.clock(),
                )
            )
    for payment in started:
        async with at_most(1) as session:
            news = {"provider_transaction": f"T-{payment.id}", "amount_fen": payment.amount_fen, "now": shop.clock()}
            paid = await payments.capture(session, payment_id=payment.id, **news)
            captured.append(
                payments.PaymentCaptured(
                    payment_id=paid.id,
                    reference=paid.reference,
                    amount_fen=paid.amount_fen,
                    provider=paid.provider,
                    at=shop.clock(),
                )
            )
    async with at_most(2) as session:
        await service.receive_payments(session, captured, now=shop.clock())
    async with at_most(6) as session:
        parcel = await orders.ship(
            session,
            UUID(part["id"]),
            carrier="ZTO",
            tracking_number="780000000001",
            contents=contents,
            supplier_id=supplier.supplier_id,
            now=shop.clock(),
        )
    async with at_most(4) as session:
        await orders.deliver(
            session, parcel.id, supplier_id=supplier.supplier_id, now=shop.clock(), confirm_after_days=DAYS
        )
    async with at_most(2) as session:
        await orders.confirm(session, order_id, by=buyer, now=shop.clock())
    async with at_most(7) as session:
        back = [orders.RefundLine(UUID(line["id"]), 100) for line in first["lines"]]
        await orders.refund_lines(session, order_id, back, by=shop.actor("operator"), reason="x", now=shop.clock())
    await shop.settle()
    assert (await shop.look(first))["status"] == "completed"
    assert (await shop.look(second))["status"] == "paid"


async def test_the_clock_moves_many_orders_on_with_few_statements(shop, statements):
    for _ in range(3):
        await shop.ship(await shop.pay(await shop.order({"GT04": 1})))
        await shop.order({"GT14": 1})
    late = shop.clock.advance(days=30)
    async with shop.db.write() as session:
        statements.clear()
        assert await orders.confirm_due(session, now=late) == 3
        assert len(statements) <= 3, "\n".join(statements)
        statements.clear()
        assert await orders.expire_due(session, now=late) == 3
        assert len(statements) <= 5, "\n".join(statements)


async def test_who_had_to_wait_for_an_order_sees_what_became_of_it(fresh_shop):
    """A buyer's piece is cancelled while the supplier packs two: the parcel is refused, as if it had come later."""
    shop = fresh_shop
    order = await shop.pay(await shop.order({"GT04": 2}))
    (part,), (line,) = order["supplier_orders"], order["lines"]
    supplier = shop.actor("S01")

    async def pack():
        async with shop.db.write() as session:
            await orders.ship(
                session,
                UUID(part["id"]),
                carrier="ZTO",
                tracking_number="780000000002",
                contents=[orders.ShipLine(UUID(line["id"]), 2)],
                supplier_id=supplier.supplier_id,
                now=shop.clock(),
            )

    async with shop.db.write() as session:
        await service.cancel_pieces(
            session,
            UUID(part["id"]),
            {UUID(line["id"]): 1},
            supplier_id=supplier.supplier_id,
            by=supplier,
            reason="x",
            now=shop.clock(),
            confirm_after_days=DAYS,
        )
        packing = asyncio.create_task(pack())
        await asyncio.sleep(0.2)
        assert not packing.done()
    with pytest.raises(ShipsTooMuch):
        await packing
    assert (await shop.look(order))["lines"][0]["cancelled_quantity"] == 1
