"""A supplier's own statements, what it is owed, and where it is paid."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response

from app.core.errors import NotFound
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
    problems,
)
from app.identity import Actor, OwnersOnly, SupplierStaff
from app.settlement import queries, service
from app.settlement.lifecycle import StatementStepNotAllowed
from app.settlement.routes import common
from app.settlement.rules import BankDetails
from app.settlement.schemas import (
    DisputeIn,
    OneStatementOut,
    OwedOut,
    PayoutAccountIn,
    PayoutAccountOut,
    PayoutAccountsOut,
    RowOut,
    StatementOut,
)
from app.suppliers import AccountNameDiffers

router = APIRouter(tags=["settlement"])


def _own(by: Actor) -> UUID:
    if by.supplier_id is None:
        raise NotFound
    return by.supplier_id


@router.get(
    "/v1/supplier/settlements",
    operation_id="list_settlements",
    summary="The supplier's monthly statements, the latest first",
    response_model=Page[StatementOut],
    responses=problems(InvalidCursor),
)
async def list_settlements(
    by: SupplierStaff,
    session: ReadSession,
    month: common.MonthFilter = None,
    status: common.StatusFilter = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[StatementOut]:
    """A month is settled on the 5th of the next; `issued` ones wait for the supplier's answer until `confirm_by`."""
    return await common.page_of_statements(
        session, month=month, status=status, supplier_id=_own(by), cursor=cursor, limit=limit
    )


@router.get(
    "/v1/supplier/balance",
    operation_id="get_supplier_balance",
    summary="What the supplier is owed now",
    response_model=OwedOut,
    responses=problems(),
)
async def get_supplier_balance(by: SupplierStaff, session: ReadSession, now: Now) -> OwedOut:
    """On statements, ready for the next one, within the buyers' time to claim, not paid by a supermarket yet.

    Straight from the journal.
    """
    return OwedOut.of(await queries.owed(session, _own(by), now=now))


@router.get(
    "/v1/supplier/settlements/{statement_id}",
    operation_id="get_settlement",
    summary="One of the supplier's statements",
    response_model=OneStatementOut,
    responses=problems(NotFound),
)
async def get_settlement(statement_id: UUID, by: SupplierStaff, session: ReadSession) -> OneStatementOut:
    """With what happened to it."""
    return OneStatementOut.of(await queries.get(session, statement_id, supplier_id=_own(by)))


@router.get(
    "/v1/supplier/settlements/{statement_id}/rows",
    operation_id="list_settlement_rows",
    summary="The rows of a statement",
    response_model=Page[RowOut],
    responses=problems(NotFound, InvalidCursor),
)
async def list_settlement_rows(
    statement_id: UUID, by: SupplierStaff, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[RowOut]:
    """Every sold line with its commission and farm-gate share, every refund, every freight, every purchase."""
    return await common.page_of_rows(session, statement_id, supplier_id=_own(by), cursor=cursor, limit=limit)


@router.get("/v1/supplier/settlements/{statement_id}/xlsx", operation_id="get_settlement_sheet", **common.XLSX)
async def get_settlement_sheet(statement_id: UUID, by: SupplierStaff, edge: TheEdge) -> Response:
    """Amounts are numbers and times are times."""
    return await common.sheet(edge, statement_id, supplier_id=_own(by))


@router.get("/v1/supplier/settlements/{statement_id}/pdf", operation_id="get_settlement_pdf", **common.PDF)
async def get_settlement_pdf(statement_id: UUID, by: SupplierStaff, edge: TheEdge) -> Response:
    """Summed up by SKU, with the amount in capitals and the masked account."""
    return await common.paper(edge, statement_id, supplier_id=_own(by))


@router.post(
    "/v1/supplier/settlements/{statement_id}/confirm",
    operation_id="confirm_settlement",
    summary="Agree to a statement",
    response_model=OneStatementOut,
    responses=problems(NotFound, StatementStepNotAllowed),
)
async def confirm_settlement(statement_id: UUID, by: SupplierStaff, session: WriteSession, now: Now) -> OneStatementOut:
    """The next payout run pays it."""
    return OneStatementOut.of(await service.confirm(session, statement_id, by=by, now=now))


@router.post(
    "/v1/supplier/settlements/{statement_id}/disputes",
    operation_id="dispute_settlement",
    summary="Say what is wrong with a statement",
    status_code=201,
    response_model=OneStatementOut,
    responses=problems(NotFound, StatementStepNotAllowed),
)
async def dispute_settlement(
    statement_id: UUID, body: DisputeIn, by: SupplierStaff, session: WriteSession, now: Now
) -> OneStatementOut:
    """It is not paid before an operator has answered."""
    return OneStatementOut.of(await service.dispute(session, statement_id, reason=body.reason, by=by, now=now))


@router.get(
    "/v1/supplier/payout-accounts",
    operation_id="list_payout_accounts",
    summary="Where the supplier is paid",
    response_model=PayoutAccountsOut,
    responses=problems(),
)
async def list_payout_accounts(by: SupplierStaff, session: ReadSession) -> PayoutAccountsOut:
    """Masked, newest first; the latest verified one is paid into."""
    found = await queries.accounts_of(session, _own(by))
    return PayoutAccountsOut(items=[PayoutAccountOut.of(account) for account in found])


@router.post(
    "/v1/supplier/payout-accounts",
    operation_id="enter_payout_account",
    summary="Enter where the supplier wants to be paid",
    status_code=201,
    response_model=PayoutAccountOut,
    responses=problems(AccountNameDiffers, OwnersOnly),
)
async def enter_payout_account(
    body: PayoutAccountIn, by: SupplierStaff, session: WriteSession, now: Now
) -> PayoutAccountOut:
    """For owners, signed in themselves, and in the supplier's own name; staff see it masked, an API key cannot.

    Paid into once an operator has verified it; until then the one before stays.
    """
    details = BankDetails(body.holder, body.bank, body.account, body.cnaps)
    return PayoutAccountOut.of(await service.enter_account(session, details, by=by, now=now))
