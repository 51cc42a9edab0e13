"""A shop that has lived: orders in every state, made by the system's own use cases."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import text

from app import claims, inventory, orders, payments, pricing, reviews, settlement, suppliers
from app.buyers import make_address
from app.core.db import Database
from app.core.outbox import deliver_all
from app.core.settings import Settings
from app.identity import Actor, Role
from tests.identity.builders import account
from tests.storefront.builders import County, settle

_parcels = itertools.count(1)


@dataclass
class Life:
    """One buyer's orders against a whole county."""

    db: Database
    settings: Settings
    now: datetime
    county: County = field(init=False)
    buyer: Actor = field(init=False)
    operator: Actor = field(init=False)
    second: Actor = field(init=False)
    tea: Actor = field(init=False)

    async def begin(self) -> Life:
        self.db.wiring = self.db.wiring.without_couriers()
        async with self.db.write() as session:
            self.county = await settle(session, self.now - timedelta(days=60))
            await pricing.plant_freight(session, now=self.now - timedelta(days=60))
            await inventory.receive(
                session,
                sku="NO01",
                code="L1",
                harvested_on=None,
                produced_on=None,
                best_before=date(2027, 1, 31),
                village="新寨村",
                quantity=50,
                by=self.county.staff("S08"),
                now=self.now - timedelta(days=59),
            )
            who = await account(session, self.now, Role.BUYER, username=None, phone="13800138000")
            self.buyer = Actor(who.id, frozenset({Role.BUYER}))
            clerk = await account(session, self.now, Role.OPERATOR, username="clerk", name="客服")
            self.operator = Actor(clerk.id, frozenset({Role.OPERATOR}))
            checker = await account(session, self.now, Role.OPERATOR, username="checker", name="复核")
            self.second = Actor(checker.id, frozenset({Role.OPERATOR}))
            supplier_id = self.county.suppliers["S01"]
            picker = await account(session, self.now, Role.SUPPLIER, username="picker", scope_id=supplier_id)
            self.tea = Actor(picker.id, frozenset({Role.SUPPLIER}), supplier_id=supplier_id)
        await self.deliver()
        return self

    async def deliver(self) -> None:
        await deliver_all(self.db, self.now + timedelta(days=30))

    async def promote(self) -> None:
        """A voucher of a district that helps whoever has its code, and a discount on tea that its supplier pays."""
        start, end = self.now - timedelta(days=60), self.now + timedelta(days=60)
        off = {"kind": pricing.PromotionKind.AMOUNT_OFF, "threshold_fen": 10_000, "off_fen": 1_500}
        async with self.db.write() as session:
            budget = await pricing.create_budget(
                session, name="历城区消费帮扶券", division_code="370112", total_fen=100_000, by=self.operator, now=start
            )
            voucher = await pricing.create_promotion(
                session,
                name="满百减十五",
                terms=pricing.Terms(**off),
                funder=pricing.Funder.DISTRICT,
                budget_id=budget,
                by_coupon=True,
                starts_at=start,
                ends_at=end,
                by=self.operator,
                now=start,
            )
            await pricing.issue_coupons(session, voucher, code="LICHENG", total_limit=9, per_buyer_limit=9, now=start)
            await pricing.create_promotion(
                session,
                name="茶社让利",
                terms=pricing.Terms(
                    kind=pricing.PromotionKind.PERCENT_OFF, percent_bp=500, supplier_id=self.county.suppliers["S01"]
                ),
                funder=pricing.Funder.SUPPLIER,
                budget_id=None,
                by_coupon=False,
                starts_at=self.now - timedelta(days=5),
                ends_at=end,
                by=self.operator,
                now=start,
            )

    async def place(
        self, at: datetime, division: str = "370112", *, coupon: str | None = None, **wanted: int
    ) -> orders.OrderView:
        address = make_address(recipient="李霞", phone="13800138000", division_code=division, detail="洪楼南路1号")
        async with self.db.write() as session:
            return await orders.place(
                session,
                orders.Placement(wanted=wanted, address=address, fresh_goods_acknowledged=True, coupon=coupon),
                by=self.buyer,
                now=at,
                pay_within_minutes=30,
            )

    async def pay(self, order: orders.OrderView, at: datetime, *, capture_at: datetime | None = None) -> None:
        async with self.db.write() as session:
            payment = await orders.start_payment(
                session, order.id, provider=payments.Provider.SANDBOX, by=self.buyer, settings=self.settings, now=at
            )
        if capture_at is None:
            await self.capture(payment, at)

    async def capture(self, payment: payments.Payment, at: datetime) -> None:
        async with self.db.write() as session:
            await payments.capture(
                session,
                payment_id=payment.id,
                provider_transaction=f"T{payment.id.hex}",
                amount_fen=payment.amount_fen,
                now=at,
            )
        await self.deliver()

    async def ship(
        self, order: orders.OrderView, at: datetime, *, pieces: int | None = None, delivered: bool = True
    ) -> None:
        for part in order.supplier_orders:
            lines = [line for line in order.lines if line.supplier_order_id == part.id]
            async with self.db.write() as session:
                parcel = await orders.ship(
                    session,
                    part.id,
                    carrier="ZTO",
                    tracking_number=f"78{next(_parcels):012d}",
                    contents=[orders.ShipLine(line.id, pieces or line.quantity) for line in lines],
                    supplier_id=part.supplier_id,
                    now=at,
                )
                if pieces is None and delivered:
                    await orders.deliver(
                        session,
                        parcel.id,
                        supplier_id=part.supplier_id,
                        now=at + timedelta(days=2),
                        confirm_after_days=7,
                    )

    async def confirm(self, order: orders.OrderView, at: datetime) -> None:
        async with self.db.write() as session:
            await orders.confirm(session, order.id, by=self.buyer, now=at)
        await self.deliver()

    async def complete(self, at: datetime, division: str = "370112", **wanted: int) -> orders.OrderView:
        """Placed at ``at``, completed four days later."""
        order = await self.place(at, division, **wanted)
        await self.pay(order, at + timedelta(minutes=5))
        await self.ship(order, at + timedelta(days=1))
        await self.confirm(order, at + timedelta(days=4))
        return order

    async def review(self, order: orders.OrderView, at: datetime) -> None:
        async with self.db.write() as session:
            await reviews.post(
                session, order.lines[0].id, stars=5, body="好茶", photos=[], by=self.buyer, within_days=90, now=at
            )
        await self.deliver()

    async def refund(self, order: orders.OrderView, at: datetime, *, fen: int, pieces: int = 0, line: int = 0) -> None:
        async with self.db.write() as session:
            wanted = [orders.RefundLine(order.lines[line].id, fen, pieces)]
            await orders.refund_lines(session, order.id, wanted, by=self.operator, reason="坏果", now=at)

    async def weigh(self, order: orders.OrderView, at: datetime, *pieces: tuple[int, int]) -> None:
        """The supplier says what pieces (how many, and their grams) of an order's first line really weigh."""
        (part,) = order.supplier_orders
        weighed = [orders.Weighed(order.lines[0].id, quantity, grams) for quantity, grams in pieces]
        async with self.db.write() as session:
            await orders.weigh(
                session,
                part.id,
                weighed,
                supplier_id=part.supplier_id,
                by=self.operator,
                limit_bp=1_000,
                now=at,
            )
        await self.deliver()

    async def sell_ahead(self, sku: str, at: datetime) -> None:
        async with self.db.write() as session:
            plan = inventory.Plan(
                opens_at=at,
                closes_at=at + timedelta(days=9),
                harvest_from=date(2026, 11, 25),
                harvest_to=date(2026, 12, 20),
                ship_by=date(2026, 12, 1),
                expected_yield=20,
                factor_pct=50,
            )
            await inventory.open_presale(session, sku, plan, by=self.operator, max_factor_pct=80, now=at)

    async def claim(
        self, at: datetime, kind: claims.Kind, remedy: claims.Remedy = claims.Remedy.REFUND, *, agreed: bool = True
    ) -> claims.Claim:
        """A claim on one of two bags of tea that were placed a week before, and what its supplier says."""
        order = await self.place(at - timedelta(days=7), GT05=2)
        await self.pay(order, at - timedelta(days=7))
        await self.ship(order, at - timedelta(days=6))
        wanted = claims.NewClaim(kind, [claims.Asked(order.lines[0].id, 1)], remedy)
        async with self.db.write() as session:
            made = await claims.open_claim(session, order.id, wanted, by=self.buyer, now=at, review_hours=48)
            if agreed:
                made = await claims.accept(session, made.id, remedy=None, by=self.tea, now=at)
        await self.deliver()
        return made

    async def send_back(self, claim: claims.Claim, at: datetime) -> None:
        """The buyer sends the goods back, and they are as good as new."""
        async with self.db.write() as session:
            number = f"78{next(_parcels):012d}"
            await claims.send_back(session, claim.id, carrier="ZTO", tracking_number=number, by=self.buyer, now=at)
            await claims.receive_back(session, claim.id, sellable=True, by=self.tea, now=at + timedelta(days=2))

    async def send_again(self, claim: claims.Claim, at: datetime) -> None:
        """The supplier sends goods again."""
        async with self.db.write() as session:
            number = f"78{next(_parcels):012d}"
            await claims.ship_again(
                session, claim.id, carrier="ZTO", tracking_number=number, lots={}, by=self.tea, now=at
            )

    async def bank_pays_back(self, at: datetime) -> None:
        """Every refund that was asked for arrives."""
        async with self.db.write() as session:
            waiting = (await session.scalars(text("SELECT id FROM payments_refund WHERE status = 'requested'"))).all()
            for refund_id in waiting:
                await payments.settle_refund(session, refund_id=refund_id, provider_refund=f"R{refund_id.hex}", now=at)
        await self.deliver()

    async def settle(self, at: datetime) -> None:
        """October is settled: the tea's supplier has disputed and is paid, the others' statements wait."""
        async with self.db.write() as session:
            assert self.tea.supplier_id is not None
            holder = (await suppliers.get(session, self.tea.supplier_id)).name
            details = settlement.BankDetails(holder, "某银行（示例）", "6200000000000001234", None)
            account = await settlement.enter_account(session, details, by=self.tea, now=at)
            await settlement.verify_account(session, account.id, by=self.operator, now=at)
            await settlement.issue_statements(session, date(2026, 10, 1), now=at)
            (own,) = await settlement.page(session, supplier_id=self.tea.supplier_id, limit=9)
            await settlement.dispute(session, own.id, reason="少算了一笔", by=self.tea, now=at)
            await settlement.resolve(
                session, own.id, reason="补计", adjustment_fen=50, alone_up_to_fen=50, by=self.operator, now=at
            )
            run = await settlement.run_payouts(
                session, month=None, provider="sandbox", alone_up_to_fen=0, by=self.operator, now=at
            )
            await settlement.approve(session, run.id, by=self.second, now=at)
            (payout,) = await settlement.payouts(session, run_id=run.id, limit=9)
            outcome = settlement.Outcome("sandbox", payout.number, payout.amount_fen, "F-1")
            await settlement.settle(session, [outcome], now=at)

    async def post(self, at: datetime) -> None:
        """The journal is written."""
        async with self.db.write() as session:
            await settlement.post_everything(session, now=at)


async def lived(db: Database, settings: Settings, now: datetime) -> Life:
    """Every state that an order can be in, with everything delivered."""
    life = await Life(db, settings, now).begin()
    day = timedelta(days=1)
    start = now - 40 * day
    await life.promote()
    await life.review(await life.complete(start, GT04=2, CO01=1), start + 5 * day)
    sold = await life.complete(start + day, GT05=3)
    await life.refund(sold, start + 10 * day, fen=5_000, pieces=1)
    await life.bank_pays_back(start + 11 * day)
    early = await life.place(start + 2 * day, GT04=1, GT01=1)
    await life.pay(early, start + 2 * day)
    await life.ship(early, start + 3 * day)
    await life.refund(early, start + 4 * day, fen=1_000)
    await life.bank_pays_back(start + 4 * day)
    await life.confirm(early, start + 6 * day)
    await life.complete(start + 3 * day, "430102", GT04=1)
    cancelled = await life.place(start + 4 * day, GT04=1, DT01=1)
    await life.pay(cancelled, start + 4 * day)
    async with db.write() as session:
        await orders.cancel(session, cancelled.id, by=life.buyer, reason="不想要了", now=start + 5 * day)
    await life.bank_pays_back(start + 6 * day)
    unpaid = await life.place(start + 5 * day, coupon="LICHENG", CO02=1)
    async with db.write() as session:
        await orders.cancel(session, unpaid.id, by=life.buyer, reason="不想要了", now=start + 5 * day)
    expired = await life.place(start + 6 * day, NO01=2)
    async with db.write() as session:
        late = await orders.start_payment(
            session,
            expired.id,
            provider=payments.Provider.SANDBOX,
            by=life.buyer,
            settings=settings,
            now=start + 6 * day,
        )
    async with db.write() as session:
        assert await orders.expire_due(session, now=start + 7 * day) == 1
    await life.capture(late, start + 8 * day)
    frozen = await life.place(start + 8 * day, GT04=3)
    await life.pay(frozen, start + 8 * day)
    async with db.write() as session:
        await orders.cancel_pieces(
            session,
            frozen.supplier_orders[0].id,
            {frozen.lines[0].id: 1},
            supplier_id=frozen.supplier_orders[0].supplier_id,
            by=life.operator,
            reason="霜冻减产",
            now=start + 8 * day,
            confirm_after_days=7,
        )
    await life.bank_pays_back(start + 9 * day)
    helped = await life.place(start + 6 * day, coupon="licheng", GT01=1, CO02=1)
    await life.pay(helped, start + 6 * day)
    await life.ship(helped, start + 7 * day)
    await life.confirm(helped, start + 10 * day)
    await life.refund(helped, start + 12 * day, fen=2_000)
    await life.bank_pays_back(start + 13 * day)
    light = await life.place(start + 7 * day, NO01=3)
    await life.pay(light, start + 7 * day)
    await life.ship(light, start + 8 * day, delivered=False)
    await life.weigh(light, start + 8 * day, (1, 460), (1, 490), (1, 502))
    await life.claim(start + 8 * day, claims.Kind.WRONG)
    await life.bank_pays_back(start + 9 * day)
    await life.send_back(await life.claim(start + 20 * day, claims.Kind.NO_REASON), start + 21 * day)
    await life.send_again(await life.claim(start + 20 * day, claims.Kind.WRONG, claims.Remedy.RESHIP), start + 21 * day)
    await life.claim(start + 20 * day, claims.Kind.WRONG, claims.Remedy.RESHIP)
    await life.claim(start + 20 * day, claims.Kind.SHORT, agreed=False)
    asked = await life.complete(start + 7 * day, GT04=2)
    await life.refund(asked, start + 20 * day, fen=300)
    fresh = await life.place(now - 3 * day, NO01=2)
    await life.pay(fresh, now - 3 * day)
    await life.ship(fresh, now - 3 * day)
    await life.place(now - day / 100, GT01=1)
    half = await life.place(now - day, GT04=5)
    await life.pay(half, now - day)
    await life.ship(half, now - day / 2, pieces=2)
    paid = await life.place(now - day, CO01=2, GT04=1)
    await life.pay(paid, now - day)
    await life.sell_ahead("CO02", now - 2 * day)
    async with db.read() as session:
        free = (await inventory.availability(session, ["CO02"]))["CO02"].available
    ahead = await life.place(now - day, CO02=free + 3)
    await life.pay(ahead, now - day)
    shipped = await life.place(now - 5 * day, GT07=1)
    await life.pay(shipped, now - 5 * day)
    await life.ship(shipped, now - 4 * day, delivered=False)
    await life.complete(now - 9 * day, CO06=1)
    await life.deliver()
    await life.settle(now - 14 * day)
    await life.post(now)
    return life
