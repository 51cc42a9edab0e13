"""What the history meant for who is owed what: the journal, a statement for every month, and their payment."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app import settlement, suppliers
from app.core.clock import day_start
from app.demo.county import County

_PROVIDER = "sandbox"


async def settle_months(session: AsyncSession, county: County, *, first: date, end: datetime) -> int:
    """Settle every month that is over: issued on the 5th, confirmed by silence, then paid. Returns how many.

    The last of them waits for its suppliers' word and a payout run of two operators.
    """
    await settlement.post_everything(session, now=end)
    for by in county.suppliers.values():
        if by.supplier_id is None or (named := await suppliers.bank_account(session, by.supplier_id)) is None:
            raise ValueError("every supplier of the demo is approved and names an account")
        details = settlement.BankDetails(named.account_name, named.bank_name, named.account_no, named.cnaps)
        entered = await settlement.enter_account(session, details, by=by, now=day_start(first))
        await settlement.verify_account(session, entered.id, by=county.operator, now=day_start(first))
    month, last, months = settlement.month_of(day_start(first)), settlement.last_due(end), 0
    while month <= last:
        issued_at = day_start(settlement.following(month)) + timedelta(days=4, hours=9)
        await settlement.issue_statements(session, month, now=issued_at)
        if month < last:
            paid_at = issued_at + timedelta(days=8)
            await settlement.confirm_due(session, now=issued_at + timedelta(days=7), limit=1_000)
            run = await settlement.run_payouts(
                session, month=None, provider=_PROVIDER, alone_up_to_fen=0, by=county.operator, now=paid_at
            )
            if run.draft is not None:
                await settlement.approve(session, run.id, by=county.second_operator, now=paid_at)
            outcomes = [
                settlement.Outcome(_PROVIDER, payout.number, payout.amount_fen, f"DEMO-F-{payout.number}")
                for payout in await settlement.payouts(session, run_id=run.id, limit=1_000)
            ]
            await settlement.settle(session, outcomes, now=paid_at + timedelta(minutes=3))
        month, months = settlement.following(month), months + 1
    return months
