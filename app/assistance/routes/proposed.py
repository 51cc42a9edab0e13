"""What suppliers propose for households, payments by sheet, and what officers decide about contracts, over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Query, Request, UploadFile

from app.assistance import queries, service
from app.assistance.rules.households import LinkageDecided, ListStatus, PaymentsRefused
from app.assistance.rules.payment_sheets import SheetEmpty
from app.assistance.schemas.households import PaymentDecisionIn
from app.assistance.schemas.proposed import (
    LinkageProposalOut,
    OwnPaymentListOut,
    PaymentSheetOut,
    ProposedLinkageIn,
    ProposedPaymentsIn,
)
from app.core.errors import InvalidInput, NotFound
from app.core.sheets import SHEET_ERRORS
from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    InvalidCursor,
    Limit,
    Now,
    Page,
    ReadSession,
    TheEdge,
    WriteSession,
    last_seen,
    next_cursor,
    problems,
)
from app.core.web.problems import language_of
from app.files import UnknownFile
from app.identity import Actor, OfficerAlone, SupplierStaff

router = APIRouter(tags=["assistance"])

_LINKAGES, _OWN_LISTS, _OWN_LINKAGES = "office.linkages", "supplier.payment_lists", "supplier.linkages"
_Status = Annotated[ListStatus | None, Query(description="`waiting` are those nobody has decided")]
_Sheet = Annotated[
    UploadFile,
    File(
        description="An .xlsx, or CSV in UTF-8 or GB18030, at most 5,000 rows: 农户编号, 收益类型, 付款日期, and "
        "产品线, 数量, 单价, 金额, 参考价, 批次, 本户账户, 凭证号, 供应商; by any of their usual names",
        examples=["(binary)"],
    ),
]
_Note = Annotated[str, Query(min_length=1, max_length=500, description="What the list is", examples=["四月鲜叶收购"])]
_DryRun = Annotated[bool, Query(description="Say what would become of each row, and keep nothing")]


def _own(by: Actor) -> UUID:
    if by.supplier_id is None:
        raise NotFound
    return by.supplier_id


@router.post(
    "/v1/office/payment-lists/imports",
    summary="Enter payments by sheet",
    operation_id="import_household_payments",
    response_model=PaymentSheetOut,
    responses=problems(*SHEET_ERRORS, SheetEmpty, PaymentsRefused),
)
async def import_payments(
    by: OfficerAlone, request: Request, edge: TheEdge, now: Now, file: _Sheet, note: _Note, dry_run: _DryRun = True
) -> PaymentSheetOut:
    """Checked row by row; without ``dry_run`` it becomes one list that another officer approves, or is refused whole.

    The same voucher of a household in a month is refused as a duplicate; as much without one is a warning.
    """
    return await _sheet(edge, await file.read(), note, dry_run, None, by, language_of(request), now)


@router.post(
    "/v1/supplier/household-payments/imports",
    summary="Propose payments by sheet",
    operation_id="import_own_household_payments",
    response_model=PaymentSheetOut,
    responses=problems(*SHEET_ERRORS, SheetEmpty, PaymentsRefused),
)
async def import_own_payments(
    by: SupplierStaff, request: Request, edge: TheEdge, now: Now, file: _Sheet, note: _Note, dry_run: _DryRun = True
) -> PaymentSheetOut:
    """All of it is what the caller's supplier paid; it counts once an officer approves it."""
    return await _sheet(edge, await file.read(), note, dry_run, _own(by), by, language_of(request), now)


async def _sheet(
    edge: TheEdge, raw: bytes, note: str, dry_run: bool, of_supplier: UUID | None, by: Actor, language: str, now: Now
) -> PaymentSheetOut:
    checked = await service.check_payment_sheet(edge.db, raw, of_supplier=of_supplier, now=now)
    kept = None
    if not dry_run:
        async with edge.db.write() as session:
            kept = await service.propose_checked(session, checked, note=note, of_supplier=of_supplier, by=by, now=now)
    return PaymentSheetOut.of(checked, kept, language)


@router.post(
    "/v1/supplier/household-payments",
    status_code=201,
    summary="Propose what households were paid",
    operation_id="propose_household_payments",
    response_model=OwnPaymentListOut,
    responses=problems(PaymentsRefused, InvalidInput, UnknownFile),
)
async def propose_payments(
    body: ProposedPaymentsIn, by: SupplierStaff, session: WriteSession, now: Now
) -> OwnPaymentListOut:
    """What the caller's supplier paid, all of the list or nothing. It counts once an officer approves it."""
    numbers = [one.household_no for one in body.payments]
    homes = await service.households_named(session, numbers, "/payments/{at}/household_no")
    own = _own(by)
    rows = [one.paid(homes[one.household_no], own) for one in body.payments]
    kept = await service.enter_payments(
        session, rows, source="supplier", of_supplier=own, note=body.note, evidence=body.evidence, by=by, now=now
    )
    return OwnPaymentListOut.of(kept)


@router.get(
    "/v1/supplier/household-payments",
    summary="List the payments that the supplier proposed",
    operation_id="list_own_household_payments",
    response_model=Page[OwnPaymentListOut],
    responses=problems(InvalidCursor),
)
async def list_own_payments(
    by: SupplierStaff, session: ReadSession, status: _Status = None, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[OwnPaymentListOut]:
    """List by list, the latest first."""
    found = await queries.payment_lists(
        session, status=status, of_supplier=_own(by), before=last_seen(_OWN_LISTS, cursor), limit=limit + 1
    )
    items = [OwnPaymentListOut.of(one) for one in found[:limit]]
    return Page[OwnPaymentListOut](items=items, next_cursor=next_cursor(_OWN_LISTS, found, limit, lambda one: one.id))


@router.post(
    "/v1/supplier/household-linkages",
    status_code=201,
    summary="Propose a contract with a household",
    operation_id="propose_household_linkage",
    response_model=LinkageProposalOut,
    responses=problems(InvalidInput),
)
async def propose_linkage(
    body: ProposedLinkageIn, by: SupplierStaff, session: WriteSession, now: Now
) -> LinkageProposalOut:
    """It counts once an officer approves it. Nothing is told of the household but that it is registered."""
    homes = await service.households_named(session, [body.household_no], "/household_no")
    new = body.linkage(homes[body.household_no], _own(by))
    return LinkageProposalOut.of(await service.propose_linkage(session, new, by=by, now=now))


@router.get(
    "/v1/supplier/household-linkages",
    summary="List the contracts that the supplier proposed",
    operation_id="list_own_household_linkages",
    response_model=Page[LinkageProposalOut],
    responses=problems(InvalidCursor),
)
async def list_own_linkages(
    by: SupplierStaff, session: ReadSession, status: _Status = None, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[LinkageProposalOut]:
    """The latest first."""
    found = await queries.linkage_proposals(
        session, of_supplier=_own(by), status=status, before=last_seen(_OWN_LINKAGES, cursor), limit=limit + 1
    )
    items = [LinkageProposalOut.of(one) for one in found[:limit]]
    following = next_cursor(_OWN_LINKAGES, found, limit, lambda one: one.id)
    return Page[LinkageProposalOut](items=items, next_cursor=following)


@router.get(
    "/v1/office/linkage-proposals",
    summary="List the contracts that suppliers proposed",
    operation_id="list_linkage_proposals",
    response_model=Page[LinkageProposalOut],
    responses=problems(InvalidCursor),
)
async def list_linkage_proposals(
    _: OfficerAlone, session: ReadSession, status: _Status = None, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[LinkageProposalOut]:
    """The latest first."""
    found = await queries.linkage_proposals(
        session, status=status, before=last_seen(_LINKAGES, cursor), limit=limit + 1
    )
    items = [LinkageProposalOut.of(one) for one in found[:limit]]
    return Page[LinkageProposalOut](items=items, next_cursor=next_cursor(_LINKAGES, found, limit, lambda one: one.id))


@router.post(
    "/v1/office/linkage-proposals/{proposal_id}/approve",
    summary="Approve a contract that a supplier proposed",
    operation_id="approve_linkage",
    response_model=LinkageProposalOut,
    responses=problems(NotFound, LinkageDecided),
)
async def approve_linkage(
    proposal_id: UUID, body: PaymentDecisionIn, by: OfficerAlone, session: WriteSession, now: Now
) -> LinkageProposalOut:
    """From then on it links the household with the supplier."""
    decided = await service.decide_linkage(session, proposal_id, approve=True, note=body.note, by=by, now=now)
    return LinkageProposalOut.of(decided)


@router.post(
    "/v1/office/linkage-proposals/{proposal_id}/decline",
    summary="Decline a contract that a supplier proposed",
    operation_id="decline_linkage",
    response_model=LinkageProposalOut,
    responses=problems(NotFound, LinkageDecided),
)
async def decline_linkage(
    proposal_id: UUID, body: PaymentDecisionIn, by: OfficerAlone, session: WriteSession, now: Now
) -> LinkageProposalOut:
    """And say why; the supplier reads it."""
    decided = await service.decide_linkage(session, proposal_id, approve=False, note=body.note, by=by, now=now)
    return LinkageProposalOut.of(decided)
