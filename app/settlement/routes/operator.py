"""Statements, payouts, accounts and terms, as the marketplace's own staff see to them."""

from __future__ import annotations

from datetime import date
from typing import Annotated
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
    TheEdge,
    WriteSession,
    decode_cursor,
    last_seen,
    page_of,
    problems,
)
from app.identity import Operator
from app.payments import Provider, ProviderNotAvailable
from app.settlement import queries, service
from app.settlement.lifecycle import PayoutStatus, StatementStepNotAllowed
from app.settlement.routes import common
from app.settlement.rules import AlreadyPaid, MonthNotOver, NotPaidThatWay, RuleTaken, RuleTooSoon, UnknownCategory
from app.settlement.rules.drafts import AdjustmentWaits
from app.settlement.schemas import (
    CommissionRuleIn,
    CommissionRuleOut,
    IssuedOut,
    MonthIn,
    OneStatementOut,
    PayoutAccountOut,
    PayoutEndIn,
    PayoutOut,
    ResolveIn,
    RowOut,
    RunIn,
    RunOut,
    StatementOut,
    first_of,
)

router = APIRouter(tags=["settlement"])


@router.get(
    "/v1/operator/settlements",
    operation_id="list_all_settlements",
    summary="Everybody's statements, the latest month first",
    response_model=Page[StatementOut],
    responses=problems(InvalidCursor),
)
async def list_all_settlements(
    _: Operator,
    session: ReadSession,
    month: common.MonthFilter = None,
    status: common.StatusFilter = None,
    supplier_id: Annotated[UUID | None, Query(description="Only this supplier's")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[StatementOut]:
    """`disputed` ones wait for an answer, `confirmed` and `failed` ones for a payout run."""
    return await common.page_of_statements(
        session, month=month, status=status, supplier_id=supplier_id, cursor=cursor, limit=limit
    )


@router.post(
    "/v1/operator/settlements",
    operation_id="issue_settlements",
    summary="Settle a month that is over",
    status_code=201,
    response_model=IssuedOut,
    responses=problems(MonthNotOver),
)
async def issue_settlements(body: MonthIn, _: Operator, session: WriteSession, now: Now) -> IssuedOut:
    """Happens by itself on the 5th. A supplier's month is settled once; what comes later stands on the next one."""
    issued = await service.issue_statements(session, first_of(body.month), now=now)
    return IssuedOut(month=body.month, statements=issued)


@router.get(
    "/v1/operator/settlements/{statement_id}",
    operation_id="get_any_settlement",
    summary="Any statement",
    response_model=OneStatementOut,
    responses=problems(NotFound),
)
async def get_any_settlement(statement_id: UUID, _: Operator, session: ReadSession) -> OneStatementOut:
    """With what happened to it, and who said what."""
    return OneStatementOut.of(await queries.get(session, statement_id))


@router.get(
    "/v1/operator/settlements/{statement_id}/rows",
    operation_id="list_any_settlement_rows",
    summary="The rows of any statement",
    response_model=Page[RowOut],
    responses=problems(NotFound, InvalidCursor),
)
async def list_any_settlement_rows(
    statement_id: UUID, _: Operator, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[RowOut]:
    """As its supplier sees them."""
    return await common.page_of_rows(session, statement_id, cursor=cursor, limit=limit)


@router.get("/v1/operator/settlements/{statement_id}/xlsx", operation_id="get_any_settlement_sheet", **common.XLSX)
async def get_any_settlement_sheet(statement_id: UUID, _: Operator, edge: TheEdge) -> Response:
    """As its supplier gets it."""
    return await common.sheet(edge, statement_id)


@router.get("/v1/operator/settlements/{statement_id}/pdf", operation_id="get_any_settlement_pdf", **common.PDF)
async def get_any_settlement_pdf(statement_id: UUID, _: Operator, edge: TheEdge) -> Response:
    """As its supplier gets it."""
    return await common.paper(edge, statement_id)


@router.post(
    "/v1/operator/settlements/{statement_id}/resolve",
    operation_id="resolve_settlement",
    summary="Answer a dispute",
    response_model=OneStatementOut,
    responses=problems(NotFound, StatementStepNotAllowed, AdjustmentWaits, *KEY_ERRORS),
)
async def resolve_settlement(statement_id: UUID, body: ResolveIn, by: Operator, once: Once, now: Now) -> Response:
    """What was issued stands and may be paid; a correction is a row of the next statement, borne by the platform.

    A correction waits for a second operator's word (`draft_id`), unless it is so small that one may decide it alone.
    """

    async def work(session: AsyncSession) -> OneStatementOut:
        done = await service.resolve(
            session,
            statement_id,
            reason=body.reason,
            adjustment_fen=body.adjustment_fen,
            alone_up_to_fen=once.settings.settlement.second_operator_above_fen,
            by=by,
            now=now,
        )
        return OneStatementOut.of(done)

    return await once.run(200, work)


@router.post(
    "/v1/operator/payout-runs",
    operation_id="run_payouts",
    summary="Pay what is confirmed",
    status_code=201,
    response_model=RunOut,
    responses=problems(ProviderNotAvailable, AlreadyPaid, *KEY_ERRORS),
)
async def run_payouts(body: RunIn, by: Operator, once: Once, now: Now) -> Response:
    """Instructs the licensed provider that holds the money to split it, once a second operator has approved the run.

    What waits is the `draft`; an installation may let one operator alone pay up to an amount.

    A statement is paid once, however often and by however many this is run; one whose payout failed is tried again.
    A run takes 500 statements at most; run it again for the rest.
    """
    month = first_of(body.month) if body.month is not None else None

    async def work(session: AsyncSession) -> RunOut:
        provider = Provider.WECHAT_NATIVE if once.settings.wechat_split.on else Provider.SANDBOX
        if provider is Provider.SANDBOX and not once.settings.payments.sandbox:
            raise ProviderNotAvailable("split")
        run = await service.run_payouts(
            session,
            month=month,
            provider=provider.value,
            alone_up_to_fen=once.settings.settlement.second_operator_above_fen,
            by=by,
            now=now,
        )
        return RunOut.of(run)

    return await once.run(201, work)


@router.get(
    "/v1/operator/payouts",
    operation_id="list_payouts",
    summary="Payouts, newest first",
    response_model=Page[PayoutOut],
    responses=problems(InvalidCursor),
)
async def list_payouts(
    _: Operator,
    session: ReadSession,
    status: Annotated[PayoutStatus | None, Query(description="`instructed`: the provider has not answered")] = None,
    run_id: Annotated[UUID | None, Query(description="Only those of this run")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[PayoutOut]:
    """What was instructed, and what became of it."""
    before = last_seen("payouts", cursor)
    found = await queries.payouts(session, status=status, run_id=run_id, before=before, limit=limit + 1)
    return page_of("payouts", found, limit, PayoutOut.of)


@router.post(
    "/v1/operator/payouts/{payout_id}/end",
    operation_id="end_payout_by_hand",
    summary="Say how a payout ended that the provider never answered",
    response_model=PayoutOut,
    responses=problems(NotFound, NotPaidThatWay, *KEY_ERRORS),
)
async def end_payout_by_hand(payout_id: UUID, body: PayoutEndIn, by: Operator, once: Once, now: Now) -> Response:
    """Somebody has asked the provider. The provider's own word, should it come after all, must be the same."""

    async def work(session: AsyncSession) -> PayoutOut:
        ended = await service.settle_by_hand(
            session, payout_id, reference=body.reference, failure=body.failure, by=by, now=now
        )
        return PayoutOut.of(ended)

    return await once.run(200, work)


@router.get(
    "/v1/operator/payout-accounts",
    operation_id="list_waiting_payout_accounts",
    summary="Payout accounts that nobody has verified, the oldest first",
    response_model=Page[PayoutAccountOut],
    responses=problems(InvalidCursor),
)
async def list_waiting_payout_accounts(
    _: Operator, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[PayoutAccountOut]:
    """To be compared with the supplier's papers."""
    after = last_seen("payout-accounts", cursor)
    found = await queries.accounts_waiting(session, after=after, limit=limit + 1)
    return page_of("payout-accounts", found, limit, PayoutAccountOut.of)


@router.post(
    "/v1/operator/payout-accounts/{account_id}/verify",
    operation_id="verify_payout_account",
    summary="Let a supplier be paid into an account",
    response_model=PayoutAccountOut,
    responses=problems(NotFound),
)
async def verify_payout_account(account_id: UUID, by: Operator, session: WriteSession, now: Now) -> PayoutAccountOut:
    """Somebody has compared it with the supplier's papers, and asked back by telephone."""
    return PayoutAccountOut.of(await service.verify_account(session, account_id, by=by, now=now))


@router.get(
    "/v1/operator/commission-rules",
    operation_id="list_commission_rules",
    summary="Commission rules, the latest to begin first",
    response_model=Page[CommissionRuleOut],
    responses=problems(InvalidCursor),
)
async def list_commission_rules(
    _: Operator, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[CommissionRuleOut]:
    """Past, present and announced."""
    before = None
    if cursor is not None:
        day, last = decode_cursor("commission-rules", cursor)
        before = date.fromisoformat(str(day)), UUID(str(last))
    found = await queries.commission_rules(session, before=before, limit=limit + 1)
    return page_of("commission-rules", found, limit, CommissionRuleOut.of, key=lambda rule: (rule.valid_from, rule.id))


@router.post(
    "/v1/operator/commission-rules",
    operation_id="announce_commission_rule",
    summary="Announce a commission",
    status_code=201,
    response_model=CommissionRuleOut,
    responses=problems(NotFound, RuleTooSoon, RuleTaken, UnknownCategory),
)
async def announce_commission_rule(
    body: CommissionRuleIn, by: Operator, session: WriteSession, now: Now
) -> CommissionRuleOut:
    """For goods that are paid from a day on, at least a week ahead; what was sold before keeps its rate."""
    rule = await service.announce_rule(
        session,
        supplier_id=body.supplier_id,
        category=body.category,
        rate_bp=body.rate_bp,
        valid_from=body.valid_from,
        by=by,
        now=now,
    )
    return CommissionRuleOut.of(rule)
