"""The register of households and what they were paid, over HTTP: for officers alone, and no operator in their place."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance import queries, service
from app.assistance.rules.households import (
    ChangedLater,
    ChangeInClosedMonth,
    ChangeKind,
    Differences,
    FigureOverlaps,
    HouseholdExists,
    ListDecided,
    ListStatus,
    NothingChanged,
    PaymentsRefused,
    ReversedAlready,
)
from app.assistance.rules.progress import SecondOfficerNeeded
from app.assistance.schemas.households import (
    HouseholdChangeIn,
    HouseholdFileOut,
    HouseholdIn,
    HouseholdOut,
    HouseholdSearchIn,
    HouseholdSplitIn,
    LeaveIn,
    LinkageIn,
    LinkageOut,
    PaymentDecisionIn,
    PaymentListIn,
    PaymentListOut,
    PaymentReversalIn,
    SupplierFigureIn,
    SupplierFigureOut,
    Why,
)
from app.core.errors import InvalidInput, NotFound
from app.core.web import (
    DEFAULT_LIMIT,
    KEY_ERRORS,
    Cursor,
    InvalidCursor,
    Limit,
    Now,
    OnceIfKeyed,
    Page,
    ReadSession,
    WriteSession,
    last_seen,
    next_cursor,
    problems,
)
from app.files import UnknownFile
from app.identity import OfficerAlone

router = APIRouter(prefix="/v1/office", tags=["assistance"])

_HOUSEHOLDS, _LISTS = "office.households", "office.payment_lists"


@router.post(
    "/households",
    status_code=201,
    summary="Register a household",
    operation_id="register_household",
    response_model=HouseholdOut,
    responses=problems(HouseholdExists, InvalidInput),
)
async def register_household(body: HouseholdIn, by: OfficerAlone, session: WriteSession, now: Now) -> HouseholdOut:
    """Nothing that is answered or logged tells who it is; the number is kept sealed."""
    found = await service.register_household(session, body.new(), by=by, now=now)
    return HouseholdOut.of(found)


@router.get(
    "/households",
    summary="List households",
    operation_id="list_households",
    response_model=Page[HouseholdOut],
    responses=problems(InvalidCursor),
)
async def list_households(
    _: OfficerAlone,
    session: ReadSession,
    township: Annotated[str | None, Query(max_length=9)] = None,
    supplier_id: UUID | None = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[HouseholdOut]:
    """Without numbers and bank tails, the latest first."""
    found = await queries.households(
        session, township=township, supplier=supplier_id, before=last_seen(_HOUSEHOLDS, cursor), limit=limit + 1
    )
    items = [HouseholdOut.of(one) for one in found[:limit]]
    return Page[HouseholdOut](items=items, next_cursor=next_cursor(_HOUSEHOLDS, found, limit, lambda one: one.id))


@router.post(
    "/households/search",
    summary="Find a household by its number",
    operation_id="find_household",
    response_model=HouseholdFileOut,
    responses=problems(NotFound),
)
async def find_household(
    body: HouseholdSearchIn, by: OfficerAlone, session: WriteSession, now: Now
) -> HouseholdFileOut:
    """Who looked, when and why is written down."""
    found = await queries.households_numbered(session, [body.household_no])
    if body.household_no not in found:
        raise NotFound
    return await _file(session, found[body.household_no], body.why, by, now)


@router.get(
    "/households/{household_id}",
    summary="See a household",
    operation_id="get_household",
    response_model=HouseholdFileOut,
    responses=problems(NotFound),
)
async def get_household(
    household_id: UUID,
    by: OfficerAlone,
    session: WriteSession,
    now: Now,
    why: Annotated[Why, Query(description="Why you look; it is kept", examples=["核对收购款"])],
) -> HouseholdFileOut:
    """With number, linkages and payments. Who looked, when and why is written down."""
    return await _file(session, household_id, why, by, now)


async def _file(session: AsyncSession, household_id: UUID, why: str, by: OfficerAlone, now: Now) -> HouseholdFileOut:
    return HouseholdFileOut.told(await service.see_household(session, household_id, why=why, by=by, now=now))


@router.post(
    "/households/{household_id}/leave",
    summary="Say that a household left",
    operation_id="end_household",
    response_model=HouseholdOut,
    responses=problems(NotFound, InvalidInput, ChangeInClosedMonth, ChangedLater, NothingChanged),
)
async def end_household(
    household_id: UUID, body: LeaveIn, by: OfficerAlone, session: WriteSession, now: Now
) -> HouseholdOut:
    """It moved away, ended or left the scheme; payments after that day are shown to auditors."""
    left = await service.change_household(
        session, household_id, ChangeKind.LEFT, Differences(), on=body.left_on, note=body.note, by=by, now=now
    )
    return HouseholdOut.of(left)


@router.post(
    "/households/{household_id}/changes",
    status_code=201,
    summary="Write down what changed of a household",
    operation_id="change_household",
    response_model=HouseholdOut,
    responses=problems(NotFound, InvalidInput, ChangeInClosedMonth, ChangedLater, NothingChanged),
)
async def change_household(
    household_id: UUID, body: HouseholdChangeIn, by: OfficerAlone, session: WriteSession, now: Now
) -> HouseholdOut:
    """From a day on; nothing is overwritten, and reports of closed months say what they said."""
    change = ChangeKind(body.change)
    changed = await service.change_household(
        session, household_id, change, body.told(), on=body.on, note=body.note, by=by, now=now
    )
    return HouseholdOut.of(changed)


@router.post(
    "/households/{household_id}/split",
    status_code=201,
    summary="Split a household",
    operation_id="split_household",
    response_model=HouseholdOut,
    responses=problems(NotFound, InvalidInput, HouseholdExists, ChangeInClosedMonth, ChangedLater, NothingChanged),
)
async def split_household(
    household_id: UUID, body: HouseholdSplitIn, by: OfficerAlone, session: WriteSession, now: Now
) -> HouseholdOut:
    """Answers the household that is new. Contracts and payments so far stay with the one it came from."""
    left = Differences(persons=body.persons, persons_linked=body.persons_linked)
    new = body.household.new()
    made = await service.split_household(session, household_id, new, left, on=body.on, note=body.note, by=by, now=now)
    return HouseholdOut.of(made)


@router.post(
    "/households/{household_id}/linkages",
    status_code=201,
    summary="Link a household with a supplier",
    operation_id="link_household",
    response_model=LinkageOut,
    responses=problems(NotFound, InvalidInput),
)
async def link_household(
    household_id: UUID, body: LinkageIn, by: OfficerAlone, session: WriteSession, now: Now
) -> LinkageOut:
    """By a contract, payroll, lease or share register. It is evidence of nothing until something is paid."""
    new = body.linkage(household_id, body.supplier_id)
    return LinkageOut.of(await service.link(session, new, by=by, now=now))


@router.post(
    "/suppliers/{supplier_id}/figures",
    status_code=201,
    summary="Enter what a supplier declared",
    operation_id="declare_supplier_figure",
    response_model=SupplierFigureOut,
    responses=problems(InvalidInput, FigureOverlaps),
)
async def declare_figure(
    supplier_id: UUID, body: SupplierFigureIn, by: OfficerAlone, session: WriteSession, now: Now
) -> SupplierFigureOut:
    """Raw material bought from everybody, raw capacity, or total revenue. The same span again corrects it."""
    values = {name: getattr(body, name) for name in SupplierFigureIn.model_fields}
    return SupplierFigureOut(id=await service.declare_figure(session, supplier_id, **values, by=by, now=now))


@router.post(
    "/payment-lists",
    status_code=201,
    summary="Enter what households were paid",
    operation_id="enter_household_payments",
    response_model=PaymentListOut,
    responses=problems(PaymentsRefused, UnknownFile, *KEY_ERRORS),
)
async def enter_payments(body: PaymentListIn, by: OfficerAlone, once: OnceIfKeyed, now: Now) -> Response:
    """All of the list or nothing. It counts once another officer approves it."""
    rows = [one.payment() for one in body.payments]

    async def work(session: AsyncSession) -> PaymentListOut:
        kept = await service.enter_payments(session, rows, note=body.note, evidence=body.evidence, by=by, now=now)
        return PaymentListOut.of(kept)

    return await once.run(201, work)


@router.get(
    "/payment-lists",
    summary="List what was entered",
    operation_id="list_payment_lists",
    response_model=Page[PaymentListOut],
    responses=problems(InvalidCursor),
)
async def list_payment_lists(
    _: OfficerAlone,
    session: ReadSession,
    status: Annotated[ListStatus | None, Query(description="`waiting` are those nobody has decided")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[PaymentListOut]:
    """The latest first."""
    found = await queries.payment_lists(session, status=status, before=last_seen(_LISTS, cursor), limit=limit + 1)
    items = [PaymentListOut.of(one) for one in found[:limit]]
    return Page[PaymentListOut](items=items, next_cursor=next_cursor(_LISTS, found, limit, lambda one: one.id))


@router.post(
    "/payment-lists/{list_id}/approve",
    summary="Approve a list of payments",
    operation_id="approve_household_payments",
    response_model=PaymentListOut,
    responses=problems(NotFound, ListDecided, SecondOfficerNeeded, ReversedAlready),
)
async def approve_payments(
    list_id: UUID, body: PaymentDecisionIn, by: OfficerAlone, session: WriteSession, now: Now
) -> PaymentListOut:
    """The second officer agrees, and the payments count. Whoever entered them cannot.

    A reversal of what another approved list has taken back meanwhile is refused; such a list can only be declined.
    """
    decided = await service.decide_payments(session, list_id, approve=True, note=body.note, by=by, now=now)
    return PaymentListOut.of(decided)


@router.post(
    "/payment-lists/{list_id}/decline",
    summary="Decline a list of payments",
    operation_id="decline_household_payments",
    response_model=PaymentListOut,
    responses=problems(NotFound, ListDecided, SecondOfficerNeeded),
)
async def decline_payments(
    list_id: UUID, body: PaymentDecisionIn, by: OfficerAlone, session: WriteSession, now: Now
) -> PaymentListOut:
    """The second officer does not agree, and says why; nothing of the list counts."""
    decided = await service.decide_payments(session, list_id, approve=False, note=body.note, by=by, now=now)
    return PaymentListOut.of(decided)


@router.post(
    "/household-payments/{payment_id}/reverse",
    status_code=201,
    summary="Take a payment back",
    operation_id="reverse_household_payment",
    response_model=PaymentListOut,
    responses=problems(NotFound, PaymentsRefused, ReversedAlready, *KEY_ERRORS),
)
async def reverse_payment(
    payment_id: UUID, body: PaymentReversalIn, by: OfficerAlone, once: OnceIfKeyed, now: Now
) -> Response:
    """A reversing row in a list of its own, which another officer approves; the payment itself stays."""

    async def work(session: AsyncSession) -> PaymentListOut:
        row = await service.reversal_of(session, payment_id, on=body.on)
        return PaymentListOut.of(await service.enter_payments(session, [row], note=body.note, by=by, now=now))

    return await once.run(201, work)
