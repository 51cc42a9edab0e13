"""Promotions: enter and stop them, issue coupons, and the bookkeeping of what orders take of them and give back.

Budgets are locked before coupons and both before stock, each in the order of their ids, so that orders which share
them queue up and never wait for one another in a circle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue import ROOTS, floor, offers
from app.core.errors import Fault, InvalidInput
from app.core.ids import digits, new_id
from app.identity import Actor
from app.pricing.models import BudgetRow, CouponRow, PromotionRow
from app.pricing.queries import current_prices
from app.pricing.rules import check_floor
from app.pricing.rules.promotions import (
    CouponUsedUp,
    Discount,
    Funder,
    NoSuchBudget,
    NoSuchPromotion,
    NotByCoupon,
    PromotionKind,
    PromotionUsedUp,
    Terms,
    check_terms,
    spelled,
)

_CODE_DIGITS = 12

_LOCK_BUDGETS = text("SELECT 1 FROM pricing_budget WHERE id = ANY(:ids) ORDER BY id FOR UPDATE")
_LOCK_COUPONS = text("SELECT 1 FROM pricing_coupon WHERE id = ANY(:ids) ORDER BY id FOR UPDATE")
_SPEND = text("""
UPDATE pricing_budget b SET used_fen = b.used_fen + w.amount
FROM unnest(CAST(:ids AS uuid[]), CAST(:amounts AS bigint[])) AS w (id, amount)
WHERE b.id = w.id AND b.stopped_at IS NULL AND b.used_fen + w.amount <= b.total_fen
RETURNING b.id
""")
_USED = "FROM pricing_promotion_use WHERE reference = :reference AND released_at IS NULL"
_HOLD_BUDGETS = text(f"SELECT 1 FROM pricing_budget WHERE id IN (SELECT budget_id {_USED}) ORDER BY id FOR UPDATE")
_HOLD_COUPONS = text(f"SELECT 1 FROM pricing_coupon WHERE id IN (SELECT coupon_id {_USED}) ORDER BY id FOR UPDATE")
_USE_COUPON = text("""
WITH used AS (
    UPDATE pricing_coupon SET used_count = used_count + 1
    WHERE id = :coupon_id AND (used_count < total_limit OR total_limit IS NULL)
    RETURNING id, per_buyer_limit
)
INSERT INTO pricing_coupon_use AS u (coupon_id, buyer_id, used_count) SELECT id, :buyer_id, 1 FROM used
ON CONFLICT (coupon_id, buyer_id) DO UPDATE SET used_count = u.used_count + 1
WHERE u.used_count < (SELECT per_buyer_limit FROM used)
RETURNING 1
""")
_NOTE_USES = text("""
INSERT INTO pricing_promotion_use (reference, promotion_id, coupon_id, budget_id, buyer_id, amount_fen, used_at)
SELECT :reference, promotion_id, coupon_id, budget_id, :buyer_id, amount, :now
FROM unnest(CAST(:promotions AS uuid[]), CAST(:coupons AS uuid[]), CAST(:budgets AS uuid[]), CAST(:amounts AS bigint[]))
     AS w (promotion_id, coupon_id, budget_id, amount)
""")
_OPEN_USES = text("""
SELECT reference, promotion_id, budget_id, coupon_id, buyer_id, amount_fen, returned_fen
FROM pricing_promotion_use WHERE reference = ANY(:references) AND released_at IS NULL
""")
_RELEASE_USES = text("""
UPDATE pricing_promotion_use SET returned_fen = amount_fen, released_at = :now
WHERE reference = ANY(:references) AND released_at IS NULL
""")
_RELEASE_COUPONS = text("""
WITH freed AS (
    SELECT coupon_id, buyer_id, count(*) AS uses
    FROM unnest(CAST(:coupons AS uuid[]), CAST(:buyers AS uuid[])) AS f (coupon_id, buyer_id) GROUP BY 1, 2
), of_buyer AS (
    UPDATE pricing_coupon_use u SET used_count = u.used_count - f.uses FROM freed f
    WHERE u.coupon_id = f.coupon_id AND u.buyer_id = f.buyer_id
)
UPDATE pricing_coupon c SET used_count = c.used_count - f.uses
FROM (SELECT coupon_id, sum(uses) AS uses FROM freed GROUP BY 1) f WHERE c.id = f.coupon_id
""")
_RETURN_USE = text("""
UPDATE pricing_promotion_use SET returned_fen = :returned WHERE reference = :reference AND promotion_id = :promotion_id
""")
_REFILL = text("""
UPDATE pricing_budget b SET used_fen = b.used_fen - w.amount
FROM (SELECT id, sum(amount) AS amount FROM unnest(CAST(:ids AS uuid[]), CAST(:amounts AS bigint[])) AS w (id, amount)
      GROUP BY id) w
WHERE b.id = w.id
""")


async def create_budget(
    session: AsyncSession, *, name: str, division_code: str | None, total_fen: int, by: Actor, now: datetime
) -> UUID:
    """Enter what a helper district gives for vouchers; with a division only parcels that go there are helped.

    Raises ``BudgetNameTaken``.
    """
    row = BudgetRow(
        id=new_id(now),
        name=name,
        division_code=division_code,
        total_fen=total_fen,
        created_at=now,
        created_by=by.account_id,
    )
    session.add(row)
    await session.flush()
    return row.id


async def stop_budget(session: AsyncSession, budget_id: UUID, *, now: datetime) -> None:
    """No order takes anything of it from now on; what was taken stays taken. Raises ``NoSuchBudget``."""
    row = (
        await session.execute(select(BudgetRow).where(BudgetRow.id == budget_id).with_for_update())
    ).scalar_one_or_none()
    if row is None:
        raise NoSuchBudget
    row.stopped_at = row.stopped_at or now
    await session.flush()


async def create_promotion(
    session: AsyncSession,
    *,
    name: str,
    terms: Terms,
    funder: Funder,
    budget_id: UUID | None,
    by_coupon: bool,
    starts_at: datetime,
    ends_at: datetime,
    by: Actor,
    now: datetime,
) -> UUID:
    """Enter a promotion, which runs from ``starts_at`` until ``ends_at`` unless it is stopped; its terms never change.

    A supplier pays for its own goods only; a district pays out of a budget. What a supplier pays for brings no SKU that
    it names below its floor. Raises ``InvalidInput``, ``BelowFloor``, ``NoSuchBudget``.
    """
    check_terms(terms, starts_at, ends_at)
    faults = []
    if (funder is Funder.DISTRICT) != (budget_id is not None):
        faults.append(
            Fault("/budget_id", "budget_of_a_district", "区县补贴须指定预算，其他不需要", "districts pay from one")
        )
    if terms.category is not None and terms.category not in ROOTS:
        faults.append(Fault("/category", "unknown_category", "没有这个类目", "there is no such category"))
    if terms.sku is not None:
        offer = (await offers(session, [terms.sku], now=now)).get(terms.sku)
        if offer is None or terms.supplier_id not in (None, offer.supplier_id):
            faults.append(Fault("/sku", "unknown_sku", "没有这个货号", "there is no such SKU"))
    if faults:
        raise InvalidInput(faults=faults)
    if terms.sku is not None and funder is Funder.SUPPLIER:
        await _check_floor(session, terms.sku, terms)
    if budget_id is not None and await session.get(BudgetRow, budget_id) is None:
        raise NoSuchBudget
    row = PromotionRow(
        id=new_id(now),
        name=name,
        kind=terms.kind.value,
        funder=funder.value,
        budget_id=budget_id,
        supplier_id=terms.supplier_id,
        category=terms.category,
        sku=terms.sku,
        threshold_fen=terms.threshold_fen,
        off_fen=terms.off_fen,
        percent_bp=terms.percent_bp,
        cap_fen=terms.cap_fen,
        price_fen=terms.price_fen,
        by_coupon=by_coupon,
        starts_at=starts_at,
        ends_at=ends_at,
        created_at=now,
        created_by=by.account_id,
    )
    session.add(row)
    await session.flush()
    return row.id


async def _check_floor(session: AsyncSession, sku: str, terms: Terms) -> None:
    """Raise ``BelowFloor`` where one unit, at its present price, would cost less than its floor."""
    current = (await current_prices(session, [sku])).get(sku)
    if terms.kind is PromotionKind.FIXED_PRICE:
        price_fen = terms.price_fen
    elif terms.kind is PromotionKind.PERCENT_OFF and current is not None and terms.percent_bp is not None:
        off_fen = current.price_fen * terms.percent_bp // 10_000
        price_fen = current.price_fen - (off_fen if terms.cap_fen is None else min(off_fen, terms.cap_fen))
    else:
        price_fen = None
    if price_fen is not None:
        check_floor(price_fen, await floor(session, sku))


async def stop_promotion(session: AsyncSession, promotion_id: UUID, *, supplier_id: UUID | None, now: datetime) -> None:
    """No basket earns it from now on; orders that have it keep it. Raises ``NoSuchPromotion``."""
    row = await _lock_promotion(session, promotion_id, supplier_id)
    row.stopped_at = row.stopped_at or now
    await session.flush()


async def issue_coupons(
    session: AsyncSession,
    promotion_id: UUID,
    *,
    code: str | None = None,
    holders: Sequence[UUID | None] = (),
    total_limit: int | None = None,
    per_buyer_limit: int = 1,
    supplier_id: UUID | None = None,
    now: datetime,
) -> list[str]:
    """Issue one shared ``code`` with its limits, or single coupons, one for each of ``holders`` (None: whoever has it).

    A shared code without ``total_limit`` may be used by everybody, each ``per_buyer_limit`` times.
    Returns the codes. Raises ``NoSuchPromotion``, ``NotByCoupon``, ``CouponCodeTaken``.
    """
    promotion = await _lock_promotion(session, promotion_id, supplier_id)
    if not promotion.by_coupon:
        raise NotByCoupon
    wanted = [(spelled(code), None)] if code is not None else [(digits(_CODE_DIGITS), holder) for holder in holders]
    single = code is None
    session.add_all(
        CouponRow(
            id=new_id(now),
            promotion_id=promotion.id,
            code=found,
            holder_id=holder,
            total_limit=1 if single else total_limit,
            per_buyer_limit=1 if single else per_buyer_limit,
            issued_at=now,
        )
        for found, holder in wanted
    )
    await session.flush()
    return [found for found, _ in wanted]


async def take(
    session: AsyncSession, reference: UUID, discounts: Sequence[Discount], *, buyer_id: UUID, now: datetime
) -> None:
    """Book what the order ``reference`` takes of budgets and coupons: all of it or nothing.

    One statement, and one or two more for a coupon and for budgets. Raises ``PromotionUsedUp``, ``CouponUsedUp``; the
    caller lets its transaction roll back.
    """
    taken: dict[UUID, int] = {}
    spent: dict[UUID, int] = {}
    first = {discount.promotion_id: discount for discount in reversed(discounts)}
    for discount in discounts:
        taken[discount.promotion_id] = taken.get(discount.promotion_id, 0) + discount.amount_fen
        if discount.budget_id is not None:
            spent[discount.budget_id] = spent.get(discount.budget_id, 0) + discount.amount_fen
    if spent:
        await session.execute(_LOCK_BUDGETS, {"ids": list(spent)})
        found = await session.execute(_SPEND, {"ids": list(spent), "amounts": list(spent.values())})
        if len(found.all()) < len(spent):
            raise PromotionUsedUp
    for coupon_id in {discount.coupon_id for discount in discounts if discount.coupon_id is not None}:
        used = await session.execute(_USE_COUPON, {"coupon_id": coupon_id, "buyer_id": buyer_id})
        if used.first() is None:
            raise CouponUsedUp
    await session.execute(
        _NOTE_USES,
        {
            "reference": reference,
            "buyer_id": buyer_id,
            "now": now,
            "promotions": list(taken),
            "coupons": [first[promotion_id].coupon_id for promotion_id in taken],
            "budgets": [first[promotion_id].budget_id for promotion_id in taken],
            "amounts": list(taken.values()),
        },
    )


async def hold(session: AsyncSession, reference: UUID) -> None:
    """Lock the budgets and coupons of which an order took, for a caller that locks other things before giving back."""
    for statement in (_HOLD_BUDGETS, _HOLD_COUPONS):
        await session.execute(statement, {"reference": reference})


async def release(session: AsyncSession, references: Sequence[UUID], *, now: datetime) -> None:
    """Give back all that these orders took: they were cancelled or have expired. Doing it again changes nothing.

    The caller holds the locks of the orders, so nobody else changes their uses.
    """
    uses = (await session.execute(_OPEN_USES, {"references": list(references)})).all()
    if not uses:
        return
    rest = [(use.budget_id, use.amount_fen - use.returned_fen) for use in uses if use.budget_id is not None]
    await _refill(session, rest)
    with_coupon = [(use.coupon_id, use.buyer_id) for use in uses if use.coupon_id is not None]
    if with_coupon:
        coupons, buyers = [coupon for coupon, _ in with_coupon], [buyer for _, buyer in with_coupon]
        await session.execute(_LOCK_COUPONS, {"ids": coupons})
        await session.execute(_RELEASE_COUPONS, {"coupons": coupons, "buyers": buyers})
    await session.execute(_RELEASE_USES, {"references": list(references), "now": now})


async def give_back(session: AsyncSession, reference: UUID, returned: Mapping[UUID, int]) -> None:
    """Give back part of what an order took, after a refund.

    ``returned`` is by promotion and counts all that has come back so far, so saying it again changes nothing. The
    coupon stays used. The caller holds the lock of the order.
    """
    uses = (await session.execute(_OPEN_USES, {"references": [reference]})).all()
    grown = [use for use in uses if returned.get(use.promotion_id, 0) > use.returned_fen]
    await _refill(
        session,
        [(use.budget_id, returned[use.promotion_id] - use.returned_fen) for use in grown if use.budget_id is not None],
    )
    for use in grown:
        values = {"reference": reference, "promotion_id": use.promotion_id, "returned": returned[use.promotion_id]}
        await session.execute(_RETURN_USE, values)


async def _refill(session: AsyncSession, rest: Sequence[tuple[UUID, int]]) -> None:
    if rest:
        ids, amounts = [budget_id for budget_id, _ in rest], [amount for _, amount in rest]
        await session.execute(_LOCK_BUDGETS, {"ids": ids})
        await session.execute(_REFILL, {"ids": ids, "amounts": amounts})


async def _lock_promotion(session: AsyncSession, promotion_id: UUID, supplier_id: UUID | None) -> PromotionRow:
    """The promotion, locked; with ``supplier_id`` only one that this supplier pays for. Raises ``NoSuchPromotion``."""
    wanted = select(PromotionRow).where(PromotionRow.id == promotion_id).with_for_update()
    if supplier_id is not None:
        wanted = wanted.where(PromotionRow.supplier_id == supplier_id, PromotionRow.funder == Funder.SUPPLIER.value)
    row = (await session.execute(wanted)).scalar_one_or_none()
    if row is None:
        raise NoSuchPromotion
    return row
