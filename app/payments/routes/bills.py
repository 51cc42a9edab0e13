"""The daily reconciliation with a provider, as the marketplace's own staff do it (domain handbook §6.6)."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Path, Query, UploadFile

from app.core.errors import InvalidInput, NotFound
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
from app.payments import service
from app.payments.queries import bills
from app.payments.rules import Provider, ProviderNotAvailable
from app.payments.rules.bills import (
    BillHashDiffers,
    BillKind,
    BillOfAnotherDay,
    BillsMissing,
    BillUnreadable,
    DayIsClosed,
    DayNotFound,
    DayNotReady,
    DayStatus,
    DifferenceStatus,
    read,
)
from app.payments.schemas.bills import Day, ExplainIn, ReconciledDayOut, ReconciliationDifferenceOut

router = APIRouter(tags=["payments"])

Channel = Annotated[Provider, Path(description="Whose bills they are", examples=["wechat_native"])]
On = Annotated[Day, Path(description="The Shanghai day", examples=["2026-11-20"])]
BillFile = Annotated[
    UploadFile, File(description="The bill as it was downloaded, packed with gzip or plain", examples=["(binary)"])
]
_DAY = "/v1/operator/reconciliation-days/{provider}/{day}"


@router.get(
    "/v1/operator/reconciliation-days",
    operation_id="list_reconciliation_days",
    summary="Days of providers, the latest first",
    response_model=Page[ReconciledDayOut],
    responses=problems(InvalidCursor),
)
async def list_reconciliation_days(
    _: Operator,
    session: ReadSession,
    provider: Annotated[Provider | None, Query(description="Only this one's")] = None,
    status: Annotated[DayStatus | None, Query(description="`open`: not closed yet")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ReconciledDayOut]:
    """Which bills are there, what differs, what is closed."""
    after = None
    if cursor is not None:
        seen, last = decode_cursor("reconciliation-days", cursor)
        after = date.fromisoformat(str(seen)), str(last)
    found = await bills.days(session, provider=provider, status=status, after=after, limit=limit + 1)
    shown = found[limit - 1] if len(found) > limit else None
    more = None if shown is None else encode_cursor("reconciliation-days", str(shown.day), shown.provider)
    return Page(items=[ReconciledDayOut.model_validate(one) for one in found[:limit]], next_cursor=more)


@router.get(
    _DAY,
    operation_id="get_reconciliation_day",
    summary="A day of a provider",
    response_model=ReconciledDayOut,
    responses=problems(DayNotFound),
)
async def get_reconciliation_day(provider: Channel, day: On, _: Operator, session: ReadSession) -> ReconciledDayOut:
    """With the hashes of its bills."""
    return ReconciledDayOut.model_validate(await bills.day(session, provider, day))


@router.post(
    f"{_DAY}/bills",
    operation_id="upload_provider_bill",
    summary="Hand in a provider's bill of a day",
    response_model=ReconciledDayOut,
    responses=problems(
        ProviderNotAvailable, BillUnreadable, BillHashDiffers, BillOfAnotherDay, DayIsClosed, InvalidInput
    ),
)
async def upload_provider_bill(
    provider: Channel,
    day: On,
    by: Operator,
    file: BillFile,
    session: WriteSession,
    now: Now,
    kind: Annotated[BillKind, Query(description="`trade`: 交易账单 (ALL); `fund_flow`: 资金账单 (BASIC)")],
    sha1: Annotated[
        str | None, Query(pattern="^[0-9A-Fa-f]{40}$", description="`hash_value` of the answer that told where it is")
    ] = None,
) -> ReconciledDayOut:
    """In the provider's own shape. With both bills of a day, the day is compared at once.

    The same file again is harmless; another one of the same day takes its place until the day is closed.
    """
    if provider is Provider.BANK_TRANSFER:
        raise ProviderNotAvailable(provider)
    bill = await asyncio.to_thread(read, await file.read(), kind)
    done = await service.import_bill(session, provider, day, bill, sha1=sha1, by=by.account_id, now=now)
    return ReconciledDayOut.model_validate(done)


@router.post(
    f"{_DAY}/compare",
    operation_id="compare_reconciliation_day",
    summary="Compare a day again",
    response_model=ReconciledDayOut,
    responses=problems(DayNotFound, DayIsClosed, BillsMissing),
)
async def compare_reconciliation_day(
    provider: Channel, day: On, _: Operator, session: WriteSession, now: Now
) -> ReconciledDayOut:
    """After something was put right here, or the next day's bill came in. What is explained stays so."""
    return ReconciledDayOut.model_validate(await service.compare_day(session, provider, day, now=now))


@router.post(
    f"{_DAY}/close",
    operation_id="close_reconciliation_day",
    summary="Close a day for good",
    response_model=ReconciledDayOut,
    responses=problems(DayNotFound, DayIsClosed, DayNotReady, BillsMissing),
)
async def close_reconciliation_day(
    provider: Channel, day: On, by: Operator, session: WriteSession, now: Now
) -> ReconciledDayOut:
    """When nothing differs, or all of it is explained."""
    return ReconciledDayOut.model_validate(await service.close_day(session, provider, day, by=by.account_id, now=now))


@router.get(
    "/v1/operator/reconciliation-differences",
    operation_id="list_reconciliation_differences",
    summary="What differs between our books and a provider's, the latest first",
    response_model=Page[ReconciliationDifferenceOut],
    responses=problems(InvalidCursor),
)
async def list_reconciliation_differences(
    _: Operator,
    session: ReadSession,
    status: Annotated[DifferenceStatus | None, Query(description="`open`: somebody has to explain it")] = None,
    provider: Annotated[Provider | None, Query(description="Only this one's")] = None,
    day: Annotated[Day | None, Query(description="Only of this day")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ReconciliationDifferenceOut]:
    """The queue. A day closes when none of its differences is open or waiting."""
    before = UUID(str(decode_cursor("differences", cursor)[0])) if cursor else None
    found = await bills.page_of_differences(
        session, status=status, provider=provider, day=day, before=before, limit=limit + 1
    )
    more = encode_cursor("differences", str(found[limit - 1].id)) if len(found) > limit else None
    return Page(items=[ReconciliationDifferenceOut.model_validate(one) for one in found[:limit]], next_cursor=more)


@router.post(
    "/v1/operator/reconciliation-differences/{difference_id}/explain",
    operation_id="explain_reconciliation_difference",
    summary="Say why something differs",
    response_model=ReconciliationDifferenceOut,
    responses=problems(NotFound, DayIsClosed),
)
async def explain_reconciliation_difference(
    difference_id: UUID, body: ExplainIn, by: Operator, session: WriteSession, now: Now
) -> ReconciliationDifferenceOut:
    """The last word counts, until the day is closed; with other figures it has to be explained anew."""
    done = await service.explain(session, difference_id, explanation=body.explanation, by=by.account_id, now=now)
    return ReconciliationDifferenceOut.model_validate(done)
