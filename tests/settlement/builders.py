"""Sales as the journal finds them, written straight into the books of orders: any amounts, at any time, in no time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from app import settlement, suppliers
from app.core.db import Database
from app.settlement.rules import ACCOUNTS
from tests.shop import Shop

_ORDER = text("""
INSERT INTO orders_order (id, number, buyer_id, channel, division_code, address_sealed, placed_at, expires_at, paid_at,
    payment_id, goods_fen, discount_fen, freight_fen, total_fen)
VALUES (:id, :number, :buyer_id, 'retail', '370112', '', :paid_at, :paid_at, :paid_at, :payment_id, :goods, :discount,
    :freight, :total)
""")
_PAYMENT = text("""
INSERT INTO payments_payment (id, provider, reference, payer_id, description, amount_fen, status, provider_transaction,
    created_at, captured_at)
VALUES (:id, :provider, :order_id, :buyer_id, '', greatest(:amount, 1), 'captured', :number, :at, :at)
""")
_PART = text("""
INSERT INTO orders_supplier_order (id, order_id, supplier_id, status, goods_fen, discount_fen, freight_fen, amount_fen,
    paid_at, shipped_at, delivered_at, completed_at)
VALUES (:id, :order_id, :supplier_id, :status, :goods, :discount, :freight, :total, :paid_at, :paid_at, :delivered_at,
    :completed_at)
""")
_LINE = text("""
INSERT INTO orders_line (id, order_id, supplier_order_id, position, sku, product_id, name, product_name, quantity,
    shipped_quantity, unit_price_fen, discount_fen, subsidy_fen, amount_fen, supplier_id, supplier_name, category,
    township_code, township, village, net_weight_g, tax_rate_bp, assisted, self_purchase, return_days, claim_hours)
VALUES (:id, :order_id, :part_id, :position, :sku, :product_id, :name, '', :quantity, :quantity, :price, :discount,
    :subsidy, :amount, :supplier_id, '', :category, '', '', '', 1, 100, false, false, :return_days, :claim_hours)
""")
_DISCOUNT = text("""
INSERT INTO orders_line_discount (line_id, promotion_id, funder, amount_fen)
VALUES (:line_id, :promotion_id, :funder, :amount)
""")
_REFUND = text("""
INSERT INTO orders_refund (id, order_id, supplier_order_id, payment_id, amount_fen, freight_fen, reason, status,
    requested_at, settled_at)
SELECT :id, o.id, :part_id, o.payment_id, :amount, :freight, '', 'settled', :at, :at
FROM orders_order o JOIN orders_supplier_order s ON s.order_id = o.id WHERE s.id = :part_id
""")
_REFUND_LINE = text("""
INSERT INTO orders_refund_line (refund_id, line_id, quantity, amount_fen) VALUES (:refund_id, :line_id, :quantity, :fen)
""")
_NOTE_REFUND = text("""
WITH line AS (UPDATE orders_line SET refunded_fen = refunded_fen + :fen WHERE id = :line_id)
UPDATE orders_supplier_order SET refunded_fen = refunded_fen + :fen + :freight WHERE id = :part_id
""")
_CLAIM = text("""
INSERT INTO claims_claim (id, order_id, order_number, supplier_order_id, supplier_id, buyer_id, kind, remedy, status,
    refund_fen, freight_fen, liable, refund_id, opened_at, closed_at)
SELECT :id, o.id, o.number, s.id, s.supplier_id, o.buyer_id, 'other', :remedy, :status, :refund, 0, :liable,
    :refund_id, :at, :at
FROM orders_supplier_order s JOIN orders_order o ON o.id = s.order_id WHERE s.id = :part_id
""")
_CLAIM_LINE = text("""
INSERT INTO claims_line (id, claim_id, line_id, position, sku, name, quantity, refund_fen, refund_quantity)
VALUES (:id, :claim_id, :line_id, 1, '', '', :quantity, :refund, 0)
""")
_PROMOTION = text("""
WITH budget AS (
    INSERT INTO pricing_budget (id, name, total_fen, created_at, created_by)
    SELECT :budget_id, '历城区消费帮扶券', 1000000, now(), :by WHERE CAST(:budget_id AS uuid) IS NOT NULL)
INSERT INTO pricing_promotion (id, name, kind, funder, budget_id, supplier_id, threshold_fen, off_fen, by_coupon,
    starts_at, ends_at, created_at, created_by)
VALUES (:id, '', 'amount_off', :funder, :budget_id, :supplier_id, 2, 1, false, now(), now() + interval '1 day', now(),
    :by)
""")


@dataclass(frozen=True)
class Piece:
    """A line to be sold: SKU, pieces, price of one, and what each payer takes off all of them."""

    sku: str = "GT04"
    quantity: int = 1
    price: int = 10_000
    off: Mapping[str, int] = field(default_factory=dict)
    category: str = "golden-tea"

    @property
    def amount(self) -> int:
        return self.price * self.quantity - sum(self.off.values())

    @property
    def subsidy(self) -> int:
        return sum(fen for funder, fen in self.off.items() if funder != "supplier")


@dataclass(frozen=True)
class Sold:
    """A supplier order and its lines."""

    id: UUID
    lines: tuple[UUID, ...]
    pieces: tuple[Piece, ...]
    freight: int


@dataclass
class Books:
    """The books of a shop whose orders are written by hand."""

    shop: Shop
    db: Database
    promotions: dict[str, UUID] = field(default_factory=dict)
    count: int = 0

    def supplier(self, who: str) -> UUID:
        found = self.shop.accounts[who].supplier_id
        assert found is not None
        return found

    async def do(self, statement, **values: Any) -> None:
        async with self.db.write() as session:
            await session.execute(statement, values)

    async def _promotion(self, session, funder: str, who: str) -> UUID:
        if funder not in self.promotions:
            self.promotions[funder] = promotion = uuid4()
            values = {
                "id": promotion,
                "funder": funder,
                "budget_id": uuid4() if funder == "district" else None,
                "supplier_id": self.supplier(who) if funder == "supplier" else None,
                "by": self.shop.accounts["operator"].id,
            }
            await session.execute(_PROMOTION, values)
        return self.promotions[funder]

    async def sell(
        self,
        at: datetime,
        *pieces: Piece,
        who: str = "S01",
        freight: int = 0,
        status: str = "completed",
        return_days: int = 7,
        claim_hours: int = 24,
        provider: str = "sandbox",
    ) -> Sold:
        """Paid a week before ``at``, delivered the day before, completed ``at``."""
        self.count += 1
        order_id, part_id, payment_id = uuid4(), uuid4(), uuid4()
        paid_at, buyer_id = at - timedelta(days=7), self.shop.accounts["buyer"].id
        sums = {
            "goods": sum(piece.price * piece.quantity for piece in pieces),
            "discount": sum(sum(piece.off.values()) for piece in pieces),
            "freight": freight,
        }
        sums["total"] = sums["goods"] - sums["discount"] + freight
        done = status == "completed"
        async with self.db.write() as session:
            number = f"BJ{self.count:014d}"
            await session.execute(
                _PAYMENT,
                {
                    "id": payment_id,
                    "provider": provider,
                    "order_id": order_id,
                    "buyer_id": buyer_id,
                    "amount": sums["total"],
                    "number": number,
                    "at": paid_at,
                },
            )
            await session.execute(
                _ORDER,
                {
                    "id": order_id,
                    "number": number,
                    "buyer_id": buyer_id,
                    "paid_at": paid_at,
                    "payment_id": payment_id,
                    **sums,
                },
            )
            await session.execute(
                _PART,
                {
                    "id": part_id,
                    "order_id": order_id,
                    "supplier_id": self.supplier(who),
                    "status": status,
                    "paid_at": paid_at,
                    "delivered_at": at - timedelta(days=1),
                    "completed_at": at if done else None,
                    **sums,
                },
            )
            lines = []
            for position, piece in enumerate(pieces, start=1):
                lines.append(uuid4())
                await session.execute(
                    _LINE,
                    {
                        "id": lines[-1],
                        "order_id": order_id,
                        "part_id": part_id,
                        "position": position,
                        "sku": piece.sku,
                        "name": piece.sku,
                        "product_id": self.shop.products[piece.sku],
                        "quantity": piece.quantity,
                        "price": piece.price,
                        "discount": sum(piece.off.values()),
                        "subsidy": piece.subsidy,
                        "amount": piece.amount,
                        "supplier_id": self.supplier(who),
                        "category": piece.category,
                        "return_days": return_days,
                        "claim_hours": claim_hours,
                    },
                )
                for funder, fen in piece.off.items():
                    promotion = await self._promotion(session, funder, who)
                    await session.execute(
                        _DISCOUNT,
                        {"line_id": lines[-1], "promotion_id": promotion, "funder": funder, "amount": fen},
                    )
        return Sold(part_id, tuple(lines), pieces, freight)

    async def refund(
        self, at: datetime, sold: Sold, fen: int, *, line: int = 0, freight: int = 0, liable: str | None = None
    ) -> UUID:
        """Money that went back ``at``; with ``liable`` for a claim that somebody bears."""
        refund_id = uuid4()
        async with self.db.write() as session:
            what = {"id": refund_id, "part_id": sold.id, "amount": fen + freight, "freight": freight, "at": at}
            await session.execute(_REFUND, what)
            of_line = {"refund_id": refund_id, "line_id": sold.lines[line], "quantity": 0, "fen": fen}
            await session.execute(_REFUND_LINE, of_line)
            noted = {"fen": fen, "freight": freight, "line_id": sold.lines[line], "part_id": sold.id}
            await session.execute(_NOTE_REFUND, noted)
            if liable is not None:
                claim = {
                    "id": uuid4(),
                    "part_id": sold.id,
                    "remedy": "refund",
                    "status": "refunded",
                    "refund": fen + freight,
                    "liable": liable,
                    "refund_id": refund_id,
                    "at": at,
                }
                await session.execute(_CLAIM, claim)
        return refund_id

    async def send_again(self, at: datetime, sold: Sold, pieces: int, *, liable: str) -> None:
        """Goods that made a claim good."""
        claim_id = uuid4()
        async with self.db.write() as session:
            claim = {"id": claim_id, "part_id": sold.id, "remedy": "reship", "status": "reshipped", "refund": 0}
            await session.execute(_CLAIM, {**claim, "liable": liable, "refund_id": None, "at": at})
            line = {"id": uuid4(), "claim_id": claim_id, "line_id": sold.lines[0], "quantity": pieces, "refund": 0}
            await session.execute(_CLAIM_LINE, line)

    async def claims_open(self, sold: Sold, count: int) -> None:
        statement = text("UPDATE orders_supplier_order SET open_claims = :count WHERE id = :id")
        await self.do(statement, count=count, id=sold.id)

    async def post(self, now: datetime) -> int:
        async with self.db.write() as session:
            return await settlement.post_due(session, now=now)

    async def issue(self, month: str, now: datetime) -> int:
        from app.settlement.schemas import first_of

        async with self.db.write() as session:
            return await settlement.issue_statements(session, first_of(month), now=now)

    async def statement(self, month: str, who: str = "S01") -> settlement.Statement:
        from app.settlement.schemas import first_of

        async with self.db.read() as session:
            (found,) = await settlement.page(session, supplier_id=self.supplier(who), month=first_of(month), limit=2)
            return found

    async def rows(self, statement: settlement.Statement) -> Sequence[settlement.Row]:
        async with self.db.read() as session:
            return await settlement.rows(session, statement.id)

    async def account(self, now: datetime, who: str = "S01", number: str = "6200000000000001234") -> None:
        async with self.db.write() as session:
            holder = (await suppliers.get(session, self.supplier(who))).name
            details = settlement.BankDetails(holder, "某银行（示例）", number, None)
            entered = await settlement.enter_account(session, details, by=self.shop.actor(who), now=now)
            await settlement.verify_account(session, entered.id, by=self.shop.actor("operator"), now=now)

    async def confirm_all(self, now: datetime) -> int:
        """The suppliers say nothing for a week."""
        async with self.db.write() as session:
            return await settlement.confirm_due(session, now=now + timedelta(days=8))

    async def run(self, now: datetime) -> settlement.Run:
        """A run that one operator drafts and another approves."""
        async with self.db.write() as session:
            made = await self.draft(session, now)
        if made.draft is None:
            return made
        async with self.db.write() as session:
            await settlement.approve(session, made.id, by=self.shop.actor("operator2"), now=now)
            return replace(made, payouts=tuple(await settlement.payouts(session, run_id=made.id, limit=1_000)))

    async def draft(self, session, now: datetime) -> settlement.Run:
        by = self.shop.actor("operator")
        return await settlement.run_payouts(session, month=None, provider="sandbox", alone_up_to_fen=0, by=by, now=now)

    async def paid(self, run: settlement.Run, now: datetime) -> int:
        """The provider says that all of a run was paid."""
        outcomes = [settlement.Outcome("sandbox", one.number, one.amount_fen, f"F{one.number}") for one in run.payouts]
        async with self.db.write() as session:
            return await settlement.settle(session, outcomes, now=now)

    async def postings(self, kind: str, *columns: str) -> list[tuple[Any, ...]]:
        """Postings of a kind in their order: the accounts that were moved, or the columns asked for."""
        wanted = ", ".join(columns or ACCOUNTS)
        async with self.db.read() as session:
            found = await session.execute(
                text(f"SELECT {wanted} FROM settlement_posting WHERE kind = :kind ORDER BY id"), {"kind": kind}
            )
            if columns:
                return [tuple(row) for row in found]
            names = [name.removesuffix("_fen") for name in ACCOUNTS]
            return [{name: fen for name, fen in zip(names, row, strict=True) if fen} for row in found]

    async def owed(self, now: datetime, who: str = "S01") -> settlement.Owed:
        async with self.db.read() as session:
            return await settlement.owed(session, self.supplier(who), now=now)

    async def breaks(self) -> list[str]:
        """What the auditor finds in the journal, the statements and the payouts."""
        found = await self.shop.breaks()
        return [one.detail for one in found if one.rule.partition(".")[0] in ("journal", "statement", "payout")]
