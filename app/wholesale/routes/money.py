"""Partners' money as operators see it: what came and pays nothing, what may be for what, and what goes back."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import InvalidInput, NotFound
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
    last_seen,
    page_of,
    problems,
)
from app.identity import Operator
from app.payments import EntryIsDone, EntryNotFound
from app.wholesale import service
from app.wholesale.lifecycle import PartnerRefundStatus, PartnerRefundStepNotAllowed, StatementStepNotAllowed
from app.wholesale.queries import money as reads
from app.wholesale.rules.money import (
    NothingToRefund,
    NothingUnapplied,
    ReceiptUsed,
    RefundPaid,
    RefundWaits,
    SecondOperatorNeeded,
    SuggestionOutdated,
)
from app.wholesale.schemas.money import (
    ApplicationIn,
    OnePartnerRefundOut,
    PartnerRefundIn,
    PartnerRefundOut,
    RefundDecisionIn,
    RefundPaymentIn,
    RemittanceOut,
    UnclaimedMoneyOut,
)
from app.wholesale.schemas.statements import OnePartnerStatementOut

router = APIRouter(tags=["wholesale"])

PartnerFilter = Annotated[UUID | None, Query(description="Only this partner's")]
_REFUNDS = "/v1/operator/partner-refunds"


@router.get(
    "/v1/operator/partner-money",
    operation_id="list_unclaimed_partner_money",
    summary="Money that pays nothing yet, with the statement that it may be for",
    response_model=Page[UnclaimedMoneyOut],
    responses=problems(InvalidCursor),
)
async def list_unclaimed_partner_money(
    _: Operator, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[UnclaimedMoneyOut]:
    """Without a statement's code. A suggestion is the one statement of the payer that is open with exactly this amount.

    Confirm it; or name a statement yourself (`POST …/partner-statements/{id}/payments`); or it is an order's, or goes
    back (`/v1/operator/bank-entries`).
    """
    found = await service.unclaimed(session, after=last_seen("partner-money", cursor), limit=limit + 1)
    return page_of("partner-money", found, limit, UnclaimedMoneyOut.model_validate, key=lambda one: one.entry_id)


@router.post(
    "/v1/operator/partner-money/{entry_id}/confirm",
    operation_id="confirm_suggested_payment",
    summary="Agree that money is for the statement it was suggested for",
    response_model=OnePartnerStatementOut,
    responses=problems(NotFound, EntryNotFound, EntryIsDone, SuggestionOutdated, *KEY_ERRORS),
)
async def confirm_suggested_payment(
    entry_id: UUID, body: ApplicationIn, by: Operator, once: Once, now: Now
) -> Response:
    """With the statement that was looked at. Refused if another one fits by now, or something was paid of it."""

    async def work(session: AsyncSession) -> OnePartnerStatementOut:
        done = await service.confirm_suggestion(session, entry_id, body.statement_id, by=by, now=now)
        return OnePartnerStatementOut.of(done)

    return await once.run(200, work)


@router.get(
    "/v1/operator/partner-remittances",
    operation_id="list_partner_remittances",
    summary="Money of partners, the newest first",
    response_model=Page[RemittanceOut],
    responses=problems(InvalidCursor),
)
async def list_partner_remittances(
    _: Operator,
    session: ReadSession,
    partner_id: PartnerFilter = None,
    unapplied: Annotated[bool, Query(description="Only such as lies here and pays nothing")] = False,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[RemittanceOut]:
    """What was paid too much lies here until the next invoice, or until it is given back."""
    before = last_seen("partner-remittances", cursor)
    found = await reads.remittances(session, partner_id=partner_id, lying=unapplied, before=before, limit=limit + 1)
    return page_of("partner-remittances", found, limit, RemittanceOut.model_validate)


@router.post(
    "/v1/operator/partner-remittances/{remittance_id}/applications",
    operation_id="apply_partner_remittance",
    summary="Set what lies of a partner's money against a statement",
    response_model=OnePartnerStatementOut,
    responses=problems(NotFound, StatementStepNotAllowed, NothingUnapplied, *KEY_ERRORS),
)
async def apply_partner_remittance(
    remittance_id: UUID, body: ApplicationIn, _: Operator, once: Once, now: Now
) -> Response:
    """Money pays what is due by itself when it comes, and what is invoiced later. This is for money that was held back.

    As after a refund that was declined.
    """

    async def work(session: AsyncSession) -> OnePartnerStatementOut:
        done = await service.apply_money(session, remittance_id, body.statement_id, now=now)
        return OnePartnerStatementOut.of(done)

    return await once.run(200, work)


@router.get(
    _REFUNDS,
    operation_id="list_partner_refunds",
    summary="Money that goes back to partners, the newest first",
    response_model=Page[PartnerRefundOut],
    responses=problems(InvalidCursor),
)
async def list_partner_refunds(
    _: Operator,
    session: ReadSession,
    partner_id: PartnerFilter = None,
    status: Annotated[
        PartnerRefundStatus | None, Query(description="`waiting`: for a second operator; `approved`: for the transfer")
    ] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[PartnerRefundOut]:
    """Who drafted what, who decided it, and the transfer that paid it."""
    before = last_seen("partner-refunds", cursor)
    found = await reads.refunds(session, partner_id=partner_id, status=status, before=before, limit=limit + 1)
    return page_of("partner-refunds", found, limit, PartnerRefundOut.model_validate)


@router.post(
    _REFUNDS,
    operation_id="draft_partner_refund",
    summary="Ask a second operator to give a partner's money back",
    status_code=201,
    response_model=OnePartnerRefundOut,
    responses=problems(NotFound, NothingToRefund, RefundWaits, InvalidInput, *KEY_ERRORS),
)
async def draft_partner_refund(body: PartnerRefundIn, by: Operator, once: Once, now: Now) -> Response:
    """All that lies of a remittance, or the whole of what a statement was closed with below zero.

    Until that is decided the money pays no statement, and the credit is not carried over.
    """

    async def work(session: AsyncSession) -> OnePartnerRefundOut:
        drafted = await service.draft_refund(
            session,
            remittance_id=body.remittance_id,
            statement_id=body.statement_id,
            payee=body.payee(),
            reason=body.reason,
            by=by,
            now=now,
        )
        return OnePartnerRefundOut.of(drafted)

    return await once.run(201, work)


@router.get(
    f"{_REFUNDS}/{{refund_id}}",
    operation_id="get_partner_refund",
    summary="One of them, with the account that it is paid into",
    response_model=OnePartnerRefundOut,
    responses=problems(NotFound),
)
async def get_partner_refund(refund_id: UUID, _: Operator, session: ReadSession) -> OnePartnerRefundOut:
    """To be compared with the partner's papers before it is approved, and for whoever makes the transfer."""
    return OnePartnerRefundOut.of(await reads.refund(session, refund_id))


@router.post(
    f"{_REFUNDS}/{{refund_id}}/approve",
    operation_id="approve_partner_refund",
    summary="Let a refund that another operator drafted be paid",
    response_model=OnePartnerRefundOut,
    responses=problems(NotFound, SecondOperatorNeeded, PartnerRefundStepNotAllowed, *KEY_ERRORS),
)
async def approve_partner_refund(refund_id: UUID, by: Operator, once: Once, now: Now) -> Response:
    """Then a transfer of exactly this amount is made, with the refund's code in its postscript."""

    async def work(session: AsyncSession) -> OnePartnerRefundOut:
        return OnePartnerRefundOut.of(await service.approve_refund(session, refund_id, by=by, now=now))

    return await once.run(200, work)


@router.post(
    f"{_REFUNDS}/{{refund_id}}/decline",
    operation_id="decline_partner_refund",
    summary="Say no to a refund that another operator drafted",
    response_model=OnePartnerRefundOut,
    responses=problems(NotFound, SecondOperatorNeeded, PartnerRefundStepNotAllowed, *KEY_ERRORS),
)
async def decline_partner_refund(
    refund_id: UUID, body: RefundDecisionIn, by: Operator, once: Once, now: Now
) -> Response:
    """With a reason. The money lies here again: it pays the next invoice, or is set against a statement by hand."""

    async def work(session: AsyncSession) -> OnePartnerRefundOut:
        done = await service.decline_refund(session, refund_id, decision=body.reason, by=by, now=now)
        return OnePartnerRefundOut.of(done)

    return await once.run(200, work)


@router.post(
    f"{_REFUNDS}/{{refund_id}}/pay",
    operation_id="note_partner_refund_paid",
    summary="Note the transfer that paid a refund",
    response_model=OnePartnerRefundOut,
    responses=problems(NotFound, PartnerRefundStepNotAllowed, RefundPaid, ReceiptUsed, InvalidInput, *KEY_ERRORS),
)
async def note_partner_refund_paid(
    refund_id: UUID, body: RefundPaymentIn, by: Operator, once: Once, now: Now
) -> Response:
    """By the bank's number of it, which pays one refund. The same number again changes nothing."""

    async def work(session: AsyncSession) -> OnePartnerRefundOut:
        done = await service.note_refund_paid(
            session, refund_id, bank_receipt=body.bank_receipt, paid_on=body.paid_on, by=by, now=now
        )
        return OnePartnerRefundOut.of(done)

    return await once.run(200, work)
