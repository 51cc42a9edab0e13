"""Promotions, coupons and budgets: of the marketplace, of suppliers, and the coupons that a buyer holds."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Fault, InvalidInput, NotFound
from app.core.web import (
    DEFAULT_LIMIT,
    KEY_ERRORS,
    Cursor,
    InvalidCursor,
    Limit,
    Now,
    Once,
    Page,
    ReadSession,
    WriteSession,
    decode_cursor,
    last_seen,
    page_of,
    problems,
)
from app.identity import Actor, Buyer, Operator, SupplierStaff
from app.pricing import queries, service
from app.pricing.rules import BelowFloor
from app.pricing.rules.promotions import (
    BudgetNameTaken,
    CouponCodeTaken,
    Funder,
    NoSuchBudget,
    NoSuchPromotion,
    NotByCoupon,
)
from app.pricing.schemas.promotions import (
    BudgetIn,
    BudgetOut,
    CouponsIn,
    CouponsOut,
    HeldCouponOut,
    PromotionIn,
    PromotionOut,
    SupplierPromotionIn,
    UseOut,
)

router = APIRouter(tags=["promotions"])


@router.get(
    "/v1/store/coupons",
    summary="The coupons that the caller holds and can use",
    operation_id="list_own_coupons",
    responses=problems(InvalidCursor),
)
async def list_own_coupons(
    by: Buyer, session: ReadSession, now: Now, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[HeldCouponOut]:
    """Newest first. A quote or an order takes one by its code; codes shared by many are not listed."""
    before = last_seen("own-coupons", cursor)
    rows = await queries.coupons_of(session, by.account_id, now=now, before=before, limit=limit + 1)
    return page_of("own-coupons", rows, limit, HeldCouponOut.of, key=lambda row: row["coupon_id"])


@router.post(
    "/v1/operator/budgets",
    summary="Enter a district's voucher budget",
    operation_id="create_budget",
    status_code=201,
    responses=problems(BudgetNameTaken),
)
async def create_budget(body: BudgetIn, by: Operator, session: WriteSession, now: Now) -> BudgetOut:
    """Promotions are paid from it until it is used up; it can never be overspent."""
    budget_id = await service.create_budget(
        session, name=body.name, division_code=body.division_code, total_fen=body.total_fen, by=by, now=now
    )
    return BudgetOut.of(await queries.budget(session, budget_id))


@router.get(
    "/v1/operator/budgets",
    summary="Voucher budgets, newest first",
    operation_id="list_budgets",
    responses=problems(InvalidCursor),
)
async def list_budgets(
    _: Operator, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[BudgetOut]:
    """What each holds, and what of it is used."""
    rows = await queries.budgets_page(session, before=last_seen("budgets", cursor), limit=limit + 1)
    return page_of("budgets", rows, limit, BudgetOut.of, key=lambda row: row["id"])


@router.get(
    "/v1/operator/budgets/{budget_id}/uses",
    summary="What orders took of a budget",
    operation_id="list_budget_uses",
    responses=problems(NoSuchBudget, InvalidCursor),
)
async def list_budget_uses(
    budget_id: UUID, _: Operator, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[UseOut]:
    """The newest order first, with what came back."""
    await queries.budget(session, budget_id)
    rows = await queries.uses_page(session, budget_id=budget_id, before=_use(cursor), limit=limit + 1)
    return page_of("uses", rows, limit, UseOut.of, key=lambda row: (row["order_id"], row["promotion_id"]))


@router.post(
    "/v1/operator/budgets/{budget_id}/stop",
    summary="Stop a budget",
    operation_id="stop_budget",
    responses=problems(NoSuchBudget),
)
async def stop_budget(budget_id: UUID, _: Operator, session: WriteSession, now: Now) -> BudgetOut:
    """No order takes anything of it from now on. Stopping twice changes nothing."""
    await service.stop_budget(session, budget_id, now=now)
    return BudgetOut.of(await queries.budget(session, budget_id))


@router.post(
    "/v1/operator/promotions",
    summary="Enter a promotion",
    operation_id="create_promotion",
    status_code=201,
    responses=problems(NoSuchBudget),
)
async def create_promotion(body: PromotionIn, by: Operator, session: WriteSession, now: Now) -> PromotionOut:
    """The platform pays for it, or a helper district out of a budget; either is a subsidy, not the seller's."""
    promotion_id = await service.create_promotion(
        session,
        name=body.name,
        terms=body.terms(body.supplier_id),
        funder=Funder.PLATFORM if body.budget_id is None else Funder.DISTRICT,
        budget_id=body.budget_id,
        by_coupon=body.by_coupon,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        by=by,
        now=now,
    )
    return PromotionOut.of(await queries.promotion(session, promotion_id, supplier_id=None))


@router.get(
    "/v1/operator/promotions",
    summary="Everybody's promotions, newest first",
    operation_id="list_promotions",
    responses=problems(InvalidCursor),
)
async def list_promotions(
    _: Operator, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[PromotionOut]:
    """Each with how many orders have it and what it took off."""
    before = last_seen("promotions", cursor)
    rows = await queries.promotions_page(session, supplier_id=None, before=before, limit=limit + 1)
    return page_of("promotions", rows, limit, PromotionOut.of, key=lambda row: row["id"])


@router.get(
    "/v1/operator/promotions/{promotion_id}/uses",
    summary="What orders took of a promotion",
    operation_id="list_promotion_uses",
    responses=problems(NoSuchPromotion, InvalidCursor),
)
async def list_promotion_uses(
    promotion_id: UUID, _: Operator, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[UseOut]:
    """The newest order first, with what came back."""
    return await _uses(session, promotion_id, None, limit, cursor)


@router.post(
    "/v1/operator/promotions/{promotion_id}/stop",
    summary="Stop a promotion",
    operation_id="stop_promotion",
    responses=problems(NoSuchPromotion),
)
async def stop_promotion(promotion_id: UUID, _: Operator, session: WriteSession, now: Now) -> PromotionOut:
    """No basket earns it from now on; orders that have it keep it. Stopping twice changes nothing."""
    await service.stop_promotion(session, promotion_id, supplier_id=None, now=now)
    return PromotionOut.of(await queries.promotion(session, promotion_id, supplier_id=None))


@router.post(
    "/v1/operator/promotions/{promotion_id}/coupons",
    summary="Issue coupons of a promotion",
    operation_id="issue_coupons",
    status_code=201,
    response_model=CouponsOut,
    responses=problems(NoSuchPromotion, NotFound, NotByCoupon, CouponCodeTaken, *KEY_ERRORS),
)
async def issue_coupons(promotion_id: UUID, body: CouponsIn, _: Operator, once: Once) -> Response:
    """One shared code with its limits, or single coupons, for buyers by name or for whoever gets them."""
    return await _issue(once, promotion_id, body, None)


@router.post(
    "/v1/supplier/promotions",
    summary="Enter a promotion on the supplier's own goods",
    operation_id="create_supplier_promotion",
    status_code=201,
    responses=problems(BelowFloor),
)
async def create_supplier_promotion(
    body: SupplierPromotionIn, by: SupplierStaff, session: WriteSession, now: Now
) -> PromotionOut:
    """The supplier pays for it: what it takes off is less to be received. No SKU that it names goes below its floor."""
    own = _own(by)
    promotion_id = await service.create_promotion(
        session,
        name=body.name,
        terms=body.terms(own),
        funder=Funder.SUPPLIER,
        budget_id=None,
        by_coupon=body.by_coupon,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        by=by,
        now=now,
    )
    return PromotionOut.of(await queries.promotion(session, promotion_id, supplier_id=own))


@router.get(
    "/v1/supplier/promotions",
    summary="The promotions that the supplier pays for, newest first",
    operation_id="list_supplier_promotions",
    responses=problems(InvalidCursor),
)
async def list_supplier_promotions(
    by: SupplierStaff, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[PromotionOut]:
    """Each with how many orders have it and what it took off."""
    before = last_seen("promotions", cursor)
    rows = await queries.promotions_page(session, supplier_id=_own(by), before=before, limit=limit + 1)
    return page_of("promotions", rows, limit, PromotionOut.of, key=lambda row: row["id"])


@router.get(
    "/v1/supplier/promotions/{promotion_id}/uses",
    summary="What orders took of the supplier's promotion",
    operation_id="list_supplier_promotion_uses",
    responses=problems(NoSuchPromotion, InvalidCursor),
)
async def list_supplier_promotion_uses(
    promotion_id: UUID, by: SupplierStaff, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[UseOut]:
    """The newest order first, with what came back."""
    return await _uses(session, promotion_id, _own(by), limit, cursor)


@router.post(
    "/v1/supplier/promotions/{promotion_id}/stop",
    summary="Stop the supplier's promotion",
    operation_id="stop_supplier_promotion",
    responses=problems(NoSuchPromotion),
)
async def stop_supplier_promotion(
    promotion_id: UUID, by: SupplierStaff, session: WriteSession, now: Now
) -> PromotionOut:
    """No basket earns it from now on; orders that have it keep it. Stopping twice changes nothing."""
    await service.stop_promotion(session, promotion_id, supplier_id=_own(by), now=now)
    return PromotionOut.of(await queries.promotion(session, promotion_id, supplier_id=_own(by)))


@router.post(
    "/v1/supplier/promotions/{promotion_id}/coupons",
    summary="Issue coupons of the supplier's promotion",
    operation_id="issue_supplier_coupons",
    status_code=201,
    response_model=CouponsOut,
    responses=problems(NoSuchPromotion, NotFound, NotByCoupon, CouponCodeTaken, *KEY_ERRORS),
)
async def issue_supplier_coupons(promotion_id: UUID, body: CouponsIn, by: SupplierStaff, once: Once) -> Response:
    """One shared code with its limits, or single codes for whoever gets them."""
    return await _issue(once, promotion_id, body, _own(by))


def _own(by: Actor) -> UUID:
    if by.supplier_id is None:
        raise NotFound
    return by.supplier_id


async def _issue(once: Once, promotion_id: UUID, body: CouponsIn, supplier_id: UUID | None) -> Response:
    if sum(given is not None for given in (body.code, body.holders, body.count)) != 1:
        fault = Fault("/code", "one_of", "code、holders、count 须且只能提供一个", "give one of code, holders, count")
        raise InvalidInput(faults=[fault])
    holders: Sequence[UUID | None] = list(dict.fromkeys(body.holders or ())) or [None] * (body.count or 0)

    async def work(session: AsyncSession) -> CouponsOut:
        codes = await service.issue_coupons(
            session,
            promotion_id,
            code=body.code,
            holders=holders,
            total_limit=body.total_limit,
            per_buyer_limit=body.per_buyer_limit,
            supplier_id=supplier_id,
            now=once.now,
        )
        return CouponsOut(codes=codes)

    return await once.run(201, work)


async def _uses(
    session: AsyncSession, promotion_id: UUID, supplier_id: UUID | None, limit: int, cursor: str | None
) -> Page[UseOut]:
    await queries.promotion(session, promotion_id, supplier_id=supplier_id)
    rows = await queries.uses_page(session, promotion_id=promotion_id, before=_use(cursor), limit=limit + 1)
    return page_of("uses", rows, limit, UseOut.of, key=lambda row: (row["order_id"], row["promotion_id"]))


def _use(cursor: str | None) -> tuple[UUID, UUID] | None:
    if cursor is None:
        return None
    order_id, promotion_id = decode_cursor("uses", cursor)
    return UUID(str(order_id)), UUID(str(promotion_id))
