"""Statements as partners and operators see them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
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
    page_of,
    problems,
)
from app.identity import Operator, PartnerStaff
from app.payments import EntryIsDone, EntryNotFound
from app.wholesale import service
from app.wholesale.lifecycle import StatementStatus, StatementStepNotAllowed
from app.wholesale.queries import statements as reads
from app.wholesale.routes.partner import own
from app.wholesale.rules import InvoiceNoTaken
from app.wholesale.rules.statements import (
    ClaimNotLess,
    DisputeDecided,
    InvalidClaim,
    LaterMonthStated,
    NothingToState,
    PartnerMonthNotOver,
    StatementRevised,
    UnknownStatementLine,
    UnnamedDeduction,
    compare,
)
from app.wholesale.schemas.statements import (
    MONTH,
    ComparisonIn,
    ComparisonOut,
    DisputeDecisionIn,
    OnePartnerStatementOut,
    PartnerDisputeIn,
    PartnerInvoiceIn,
    PartnerPaymentIn,
    PartnerStatementDraftIn,
    PartnerStatementOut,
    StatementConfirmationIn,
    first_of,
)

router = APIRouter(tags=["wholesale"])

MonthFilter = Annotated[str | None, Query(pattern=MONTH, description="`YYYY-MM`", examples=["2026-10"])]
StatusFilter = Annotated[StatementStatus | None, Query(description="Only those that stand here")]
RevisionFilter = Annotated[int | None, Query(ge=1, le=1000, description="An older one; else the newest")]
_THEIRS = "/v1/partner/statements"
_ALL = "/v1/operator/partner-statements"


async def _page(
    session: AsyncSession, whose: str, *, month: str | None, cursor: str | None, limit: int, **more: Any
) -> Page[PartnerStatementOut]:
    after = None
    if cursor is not None:
        seen, last = decode_cursor(f"partner-statements.{whose}", cursor)
        after = date.fromisoformat(str(seen)), UUID(str(last))
    found = await reads.page(
        session, month=first_of(month) if month is not None else None, after=after, limit=limit + 1, **more
    )
    return page_of(
        f"partner-statements.{whose}", found, limit, PartnerStatementOut.of, key=lambda one: (one.month, one.id)
    )


@router.get(
    _THEIRS,
    operation_id="list_statements",
    summary="The partner's monthly statements, the latest first",
    response_model=Page[PartnerStatementOut],
    responses=problems(InvalidCursor),
)
async def list_statements(
    by: PartnerStaff,
    session: ReadSession,
    month: MonthFilter = None,
    status: StatusFilter = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[PartnerStatementOut]:
    """A month is stated on the 3rd of the next; `sent` ones wait for your answer."""
    return await _page(
        session,
        "partner",
        month=month,
        cursor=cursor,
        limit=limit,
        partner_id=own(by),
        sent_only=True,
        status=status,
    )


@router.get(
    f"{_THEIRS}/{{statement_id}}",
    operation_id="get_statement",
    summary="One of the partner's statements, row by row",
    response_model=OnePartnerStatementOut,
    responses=problems(NotFound),
)
async def get_statement(
    statement_id: UUID, by: PartnerStaff, session: ReadSession, revision: RevisionFilter = None
) -> OnePartnerStatementOut:
    """Every receipt, return and correction, the rebate, and fees by name."""
    return OnePartnerStatementOut.of(await reads.get(session, statement_id, partner_id=own(by), revision=revision))


@router.post(
    f"{_THEIRS}/{{statement_id}}/confirm",
    operation_id="confirm_statement",
    summary="Agree to a statement",
    response_model=OnePartnerStatementOut,
    responses=problems(NotFound, StatementStepNotAllowed, StatementRevised, *KEY_ERRORS),
)
async def confirm_statement(
    statement_id: UUID, body: StatementConfirmationIn, by: PartnerStaff, once: Once, now: Now
) -> Response:
    """Rebate and fees are taken off what you owe at once."""

    async def work(session: AsyncSession) -> OnePartnerStatementOut:
        done = await service.confirm_statement(
            session, statement_id, partner_id=own(by), revision=body.revision, by=by, now=now
        )
        return OnePartnerStatementOut.of(done)

    return await once.run(200, work)


_DISPUTED = (NotFound, StatementStepNotAllowed, UnknownStatementLine, InvalidClaim, ClaimNotLess)


@router.post(
    f"{_THEIRS}/{{statement_id}}/disputes",
    operation_id="dispute_statement",
    summary="Say what is wrong with a statement",
    status_code=201,
    response_model=OnePartnerStatementOut,
    responses=problems(*_DISPUTED),
)
async def dispute_statement(
    statement_id: UUID, body: PartnerDisputeIn, by: PartnerStaff, session: WriteSession, now: Now
) -> OnePartnerStatementOut:
    """By kind, of a row or the whole. When all are decided the statement comes anew, with the corrections on it."""
    done = await service.dispute_statement(session, statement_id, body.claim(), partner_id=own(by), by=by, now=now)
    return OnePartnerStatementOut.of(done)


@router.post(
    f"{_THEIRS}/{{statement_id}}/comparisons",
    operation_id="compare_statement",
    summary="Compare a statement with your books",
    response_model=ComparisonOut,
    responses=problems(NotFound),
)
async def compare_statement(
    statement_id: UUID, body: ComparisonIn, by: PartnerStaff, session: ReadSession
) -> ComparisonOut:
    """Matched by order, receipt, item, quantity and price; nothing is changed. What differs can be disputed as it is.

    A deduction that the contract does not name is `UNKNOWN_DEDUCTION`, and is not accepted.
    """
    statement = await reads.get(session, statement_id, partner_id=own(by))
    theirs = body.theirs()
    return ComparisonOut.of(statement.revision, len(theirs), compare(statement.lines, theirs))


@router.get(
    _ALL,
    operation_id="list_partner_statements",
    summary="Statements of all partners, the latest month first",
    response_model=Page[PartnerStatementOut],
    responses=problems(InvalidCursor),
)
async def list_partner_statements(
    _: Operator,
    session: ReadSession,
    partner_id: Annotated[UUID | None, Query(description="Only this partner's")] = None,
    month: MonthFilter = None,
    status: StatusFilter = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[PartnerStatementOut]:
    """With drafts that nobody has sent."""
    return await _page(
        session, "operator", month=month, cursor=cursor, limit=limit, partner_id=partner_id, status=status
    )


@router.get(
    f"{_ALL}/{{statement_id}}",
    operation_id="get_partner_statement",
    summary="Any partner's statement, row by row",
    response_model=OnePartnerStatementOut,
    responses=problems(NotFound),
)
async def get_partner_statement(
    statement_id: UUID, _: Operator, session: ReadSession, revision: RevisionFilter = None
) -> OnePartnerStatementOut:
    """With what is disputed of it."""
    return OnePartnerStatementOut.of(await reads.get(session, statement_id, revision=revision))


@router.post(
    _ALL,
    operation_id="draft_partner_statement",
    summary="Draw a partner's statement of a month",
    status_code=201,
    response_model=OnePartnerStatementOut,
    responses=problems(NotFound, PartnerMonthNotOver, NothingToState, LaterMonthStated, StatementStepNotAllowed),
)
async def draft_partner_statement(
    body: PartnerStatementDraftIn, _: Operator, session: WriteSession, now: Now
) -> OnePartnerStatementOut:
    """From its receipts and returns. A draft is drawn anew as often as you like; there is one statement a month."""
    return OnePartnerStatementOut.of(
        await service.draft_statement(session, body.partner_id, first_of(body.month), now=now)
    )


@router.post(
    f"{_ALL}/{{statement_id}}/send",
    operation_id="send_partner_statement",
    summary="Show a draft to its partner",
    response_model=OnePartnerStatementOut,
    responses=problems(NotFound, StatementStepNotAllowed, NothingToState),
)
async def send_partner_statement(
    statement_id: UUID, _: Operator, session: WriteSession, now: Now
) -> OnePartnerStatementOut:
    """As its documents are now."""
    return OnePartnerStatementOut.of(await service.send_statement(session, statement_id, now=now))


@router.post(
    f"{_ALL}/{{statement_id}}/confirm",
    operation_id="confirm_statement_for_partner",
    summary="Note that a partner agreed on paper",
    response_model=OnePartnerStatementOut,
    responses=problems(NotFound, StatementStepNotAllowed, StatementRevised, *KEY_ERRORS),
)
async def confirm_statement_for_partner(
    statement_id: UUID, body: StatementConfirmationIn, by: Operator, once: Once, now: Now
) -> Response:
    """For a partner that sends the signed statement back."""

    async def work(session: AsyncSession) -> OnePartnerStatementOut:
        done = await service.confirm_statement(
            session, statement_id, partner_id=None, revision=body.revision, by=by, now=now
        )
        return OnePartnerStatementOut.of(done)

    return await once.run(200, work)


@router.post(
    f"{_ALL}/{{statement_id}}/disputes",
    operation_id="dispute_statement_for_partner",
    summary="Note what a partner said is wrong",
    status_code=201,
    response_model=OnePartnerStatementOut,
    responses=problems(*_DISPUTED),
)
async def dispute_statement_for_partner(
    statement_id: UUID, body: PartnerDisputeIn, by: Operator, session: WriteSession, now: Now
) -> OnePartnerStatementOut:
    """For a partner that told it by telephone or on paper."""
    done = await service.dispute_statement(session, statement_id, body.claim(), partner_id=None, by=by, now=now)
    return OnePartnerStatementOut.of(done)


@router.post(
    "/v1/operator/partner-disputes/{dispute_id}/decide",
    operation_id="decide_statement_dispute",
    summary="Take a dispute's word, or not",
    response_model=OnePartnerStatementOut,
    responses=problems(
        NotFound, StatementStepNotAllowed, DisputeDecided, ClaimNotLess, UnnamedDeduction, NothingToState, *KEY_ERRORS
    ),
)
async def decide_statement_dispute(
    dispute_id: UUID, body: DisputeDecisionIn, by: Operator, once: Once, now: Now
) -> Response:
    """An accepted one corrects what is owed, counted and settled. With the last one the statement is sent anew."""

    async def work(session: AsyncSession) -> OnePartnerStatementOut:
        done = await service.decide_dispute(session, dispute_id, accept=body.accept, answer=body.answer, by=by, now=now)
        return OnePartnerStatementOut.of(done)

    return await once.run(200, work)


@router.post(
    f"{_ALL}/{{statement_id}}/invoice",
    operation_id="invoice_partner_statement",
    summary="Note the invoice over a confirmed statement",
    response_model=OnePartnerStatementOut,
    responses=problems(NotFound, StatementStepNotAllowed, InvoiceNoTaken, *KEY_ERRORS),
)
async def invoice_partner_statement(
    statement_id: UUID, body: PartnerInvoiceIn, _: Operator, once: Once, now: Now
) -> Response:
    """From now on it can be paid; a term that runs from the invoice begins today."""

    async def work(session: AsyncSession) -> OnePartnerStatementOut:
        return OnePartnerStatementOut.of(
            await service.invoice_statement(session, statement_id, invoice_no=body.invoice_no, now=now)
        )

    return await once.run(200, work)


@router.post(
    f"{_ALL}/{{statement_id}}/payments",
    operation_id="match_partner_payment",
    summary="Say that money on our account pays a statement",
    response_model=OnePartnerStatementOut,
    responses=problems(NotFound, EntryNotFound, EntryIsDone, *KEY_ERRORS),
)
async def match_partner_payment(
    statement_id: UUID, body: PartnerPaymentIn, by: Operator, once: Once, now: Now
) -> Response:
    """For money without the statement's code. Too little pays a part; what is too much waits for the next statement."""

    async def work(session: AsyncSession) -> OnePartnerStatementOut:
        done = await service.take_money(session, statement_id, body.entry_id, by=by, now=now)
        return OnePartnerStatementOut.of(done)

    return await once.run(200, work)
