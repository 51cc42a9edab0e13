"""Payouts: confirmed statements become instructions to a licensed provider, and its answers are written down.

Exactly once for each statement: a run, or the approval of one, locks the statements it takes; a unique index lets a
statement have one payout that did not fail; the provider knows an instruction by its number however often it is
repeated; and only its signed answer ends a payout. One that was not answered stays instructed, and is never instructed
anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import local_day
from app.core.db import array, ask
from app.core.errors import NotFound
from app.core.events import emit
from app.core.ids import digits, new_id
from app.identity import Actor
from app.settlement import queries
from app.settlement.events import DraftMade, PayoutFailed, PayoutInstructed, PayoutMade
from app.settlement.lifecycle import DraftStatus, PayoutStatus, PayoutStep, Status, Step, allowed
from app.settlement.models import DraftedRow, DraftRow, PayoutRow, StatementRow
from app.settlement.queries import drafts
from app.settlement.rules import NotPaidThatWay, Outcome, Party, Payout, Run
from app.settlement.rules.drafts import DraftKind, DraftOutdated, needs_second
from app.settlement.service.statements import take

MOST_IN_A_RUN = 500

_POST = text("""
INSERT INTO settlement_posting (kind, source_id, supplier_id, occurred_at, release_at, posted_at, payable_fen, cash_fen,
    clearing_fen)
SELECT 'payout', y.id, y.supplier_id, y.settled_at, y.settled_at, :now, y.amount_fen, y.platform_fen,
    -y.amount_fen - y.platform_fen
FROM settlement_payout y WHERE y.id = ANY(CAST(:ids AS uuid[])) AND y.status = 'paid' ORDER BY y.id
ON CONFLICT DO NOTHING
""")

# The money of every sold line waited from its buyer's (or supermarket's) payment on; more of it weighs more.
_WAIT = text("""
UPDATE settlement_payout y SET waited_s = w.seconds FROM (
    SELECT o.id, round(sum(extract(epoch FROM o.settled_at - p.paid_at) * -p.payable_fen) / -sum(p.payable_fen))
           AS seconds
    FROM settlement_payout o JOIN settlement_statement_row r ON r.statement_id = o.statement_id
    JOIN settlement_posting p ON p.id = r.posting_id
    WHERE o.id = ANY(CAST(:ids AS uuid[])) AND p.kind IN ('sale', 'purchase') AND p.payable_fen < 0 GROUP BY o.id) w
WHERE w.id = y.id RETURNING y.id
""")


async def run_payouts(
    session: AsyncSession,
    *,
    month: date | None,
    provider: str,
    alone_up_to_fen: int,
    by: Actor,
    now: datetime,
    limit: int = MOST_IN_A_RUN,
) -> Run:
    """Pay every statement that is confirmed, or failed before; only of ``month`` if given.

    A run of more than ``alone_up_to_fen`` is drafted, and waits for a second operator's word. Statements of suppliers
    without a verified account are left, and named. Of two runs at once each statement is in one.
    """
    await queries.hold_runs(session)
    statements = await queries.lock_payable(session, month, limit, provider=provider)
    accounts = await queries.verified_accounts(session, {row.supplier_id for row in statements})
    run_id, total = new_id(now), sum(row.balance_fen for row in statements)
    left = await queries.without_account(session, month, limit, provider=provider)
    if needs_second(total, alone_up_to_fen):
        await _draft(session, run_id, statements, accounts, month=month, provider=provider, by=by, now=now)
        return Run(run_id, (), left, await drafts.get(session, run_id))
    made = await _pay(session, run_id, [(row, accounts[row.supplier_id]) for row in statements], provider, by, now)
    return Run(run_id, made, left)


async def _draft(
    session: AsyncSession,
    draft_id: UUID,
    statements: Sequence[StatementRow],
    accounts: Mapping[UUID, UUID],
    *,
    month: date | None,
    provider: str,
    by: Actor,
    now: datetime,
) -> None:
    draft = DraftRow(
        id=draft_id,
        kind=DraftKind.PAYOUT_RUN.value,
        status=DraftStatus.WAITING.value,
        month=month,
        provider=provider,
        count=len(statements),
        amount_fen=sum(row.balance_fen for row in statements),
        drafted_by=by.account_id,
        drafted_at=now,
    )
    session.add(draft)
    await session.flush()
    session.add_all(
        DraftedRow(
            draft_id=draft_id,
            statement_id=row.id,
            account_id=accounts[row.supplier_id],
            amount_fen=row.balance_fen,
            platform_fen=row.clearing_fen - row.balance_fen,
        )
        for row in statements
    )
    told = {"draft_id": draft_id, "kind": draft.kind, "amount_fen": draft.amount_fen, "by_account": by.account_id}
    emit(session, DraftMade(**told, at=now))
    await session.flush()


async def pay_drafted(session: AsyncSession, draft: DraftRow, *, by: Actor, now: datetime) -> None:
    """Pay what a run drafted, exactly that and nothing else. Raises ``DraftOutdated``."""
    found = await drafts.lock_drafted(session, draft.id)
    accounts = await queries.verified_accounts(session, {row.supplier_id for _, row in found})
    for drafted, row in found:
        if Step.PAY not in allowed(Status(row.status)) or accounts.get(row.supplier_id) != drafted.account_id:
            raise DraftOutdated(number=row.number)
    paid = [(row, drafted.account_id) for drafted, row in found]
    await _pay(session, draft.id, paid, str(draft.provider), by, now)


async def _pay(
    session: AsyncSession,
    run_id: UUID,
    statements: Sequence[tuple[StatementRow, UUID]],
    provider: str,
    by: Actor,
    now: datetime,
) -> tuple[Payout, ...]:
    """Instruct the provider to pay these locked statements, each into an account."""
    made = []
    for row, account_id in statements:
        payout = PayoutRow(
            id=new_id(now),
            number=f"FZ{local_day(now):%Y%m%d}{digits(12)}",
            run_id=run_id,
            statement_id=row.id,
            supplier_id=row.supplier_id,
            account_id=account_id,
            amount_fen=row.balance_fen,
            platform_fen=row.clearing_fen - row.balance_fen,
            status=PayoutStatus.INSTRUCTED.value,
            provider=provider,
            instructed_at=now,
            instructed_by=by.account_id,
        )
        session.add(payout)
        await take(session, row, Step.PAY, party=Party.OPERATOR, by=by, now=now)
        emit(
            session,
            PayoutInstructed(
                payout_id=payout.id,
                statement_id=row.id,
                supplier_id=row.supplier_id,
                amount_fen=payout.amount_fen,
                at=now,
            ),
        )
        made.append(queries.payout_view(payout, row.number))
    await session.flush()
    return tuple(made)


async def settle(session: AsyncSession, outcomes: Sequence[Outcome], *, by: Actor | None = None, now: datetime) -> int:
    """Write down what the provider says of payouts; the same word again changes nothing. Returns how many were new.

    ``by`` is who asked the provider when its answer never came. Raises ``NotFound`` for a number of nobody's,
    ``NotPaidThatWay`` for another amount, provider or end than before.
    """
    found = await queries.lock_payouts(session, [outcome.number for outcome in outcomes])
    paid, ended = [], 0
    for outcome in outcomes:
        if outcome.number not in found:
            raise NotFound
        payout, statement = found[outcome.number]
        if (outcome.provider, outcome.amount_fen) != (payout.provider, payout.amount_fen):
            raise NotPaidThatWay
        step = PayoutStep.FAIL if outcome.reference is None else PayoutStep.SETTLE
        if not payout.take(step):
            if (payout.provider_reference, payout.failure) != (outcome.reference, outcome.failure):
                raise NotPaidThatWay
            continue
        payout.provider_reference, payout.failure, payout.settled_at = outcome.reference, outcome.failure, now
        await _end(session, payout, statement, by, now)
        ended += 1
        if step is PayoutStep.SETTLE:
            paid.append(payout.id)
    await session.flush()
    if paid:
        await ask(session, _POST, {"ids": array(paid), "now": now})
        await ask(session, _WAIT, {"ids": array(paid)})
    return ended


async def settle_by_hand(
    session: AsyncSession, payout_id: UUID, *, reference: str | None, failure: str | None, by: Actor, now: datetime
) -> Payout:
    """The provider never answered; an operator has asked it, and says how the payout ended: one of the two.

    Its own word, should it come after all, must be the same. Raises ``NotFound``, ``NotPaidThatWay``.
    """
    payout = await queries.payout(session, payout_id)
    outcome = Outcome(payout.provider, payout.number, payout.amount_fen, reference, failure)
    await settle(session, [outcome], by=by, now=now)
    return await queries.payout(session, payout_id)


async def _end(
    session: AsyncSession, payout: PayoutRow, statement: StatementRow, by: Actor | None, now: datetime
) -> None:
    failed = payout.status == PayoutStatus.FAILED
    step = Step.FAIL if failed else Step.SETTLE
    party = Party.PROVIDER if by is None else Party.OPERATOR
    await take(session, statement, step, party=party, by=by, reason=payout.failure, now=now)
    told = PayoutFailed if failed else PayoutMade
    emit(
        session,
        told(
            payout_id=payout.id,
            statement_id=statement.id,
            supplier_id=payout.supplier_id,
            amount_fen=payout.amount_fen,
            at=now,
        ),
    )
