"""Suppliers as WeChat Pay knows them, and how a payout is split there, as the marketplace's own staff see it."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from app.core.errors import NotFound
from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    InvalidCursor,
    Limit,
    Now,
    Page,
    ReadSession,
    WriteSession,
    decode_cursor,
    encode_cursor,
    problems,
)
from app.identity import Operator
from app.settlement import service
from app.settlement.queries import splits
from app.settlement.rules.split import MerchantTaken
from app.settlement.schemas.splits import SplitMerchantIn, SplitMerchantOut, SplitOut

router = APIRouter(tags=["settlement"])


@router.get(
    "/v1/operator/suppliers/{supplier_id}/split-merchant",
    operation_id="get_split_merchant",
    summary="Under which number WeChat Pay knows a supplier",
    response_model=SplitMerchantOut,
    responses=problems(NotFound),
)
async def get_split_merchant(supplier_id: UUID, _: Operator, session: ReadSession) -> SplitMerchantOut:
    """Payouts are split there only for suppliers that have one."""
    return SplitMerchantOut.model_validate(await splits.merchant(session, supplier_id))


@router.put(
    "/v1/operator/suppliers/{supplier_id}/split-merchant",
    operation_id="enter_split_merchant",
    summary="Say under which number WeChat Pay knows a supplier",
    response_model=SplitMerchantOut,
    responses=problems(NotFound, MerchantTaken),
)
async def enter_split_merchant(
    supplier_id: UUID, body: SplitMerchantIn, by: Operator, session: WriteSession, now: Now
) -> SplitMerchantOut:
    """Its payments are its own there; the platform becomes a receiver of its share by itself."""
    merchant = await service.enter_merchant(session, supplier_id, body.sub_mchid, by=by, now=now)
    return SplitMerchantOut.model_validate(merchant)


@router.get(
    "/v1/operator/payouts/{payout_id}/splits",
    operation_id="list_payout_splits",
    summary="How a payout is split, payment by payment",
    response_model=Page[SplitOut],
    responses=problems(NotFound, InvalidCursor),
)
async def list_payout_splits(
    payout_id: UUID, _: Operator, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[SplitOut]:
    """Shares and what was given back come before what was set free.

    Empty for a provider that is told of the payout as a whole, as the sandbox is.
    """
    after = None
    if cursor is not None:
        of, kind, number = decode_cursor("payout-splits", cursor)
        if str(of) != str(payout_id):
            raise InvalidCursor
        after = str(kind), str(number)
    found = await splits.page_of_payout(session, payout_id, after=after, limit=limit + 1)
    shown = found[limit - 1] if len(found) > limit else None
    more = None if shown is None else encode_cursor("payout-splits", str(payout_id), shown.kind.value, shown.number)
    return Page(items=[SplitOut.model_validate(one) for one in found[:limit]], next_cursor=more)
