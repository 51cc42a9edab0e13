"""Contracts: drafted, signed, ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import StaleVersion
from app.core.ids import new_id
from app.identity import Actor
from app.partners import queries
from app.partners.models import ContractRow, FeeRow
from app.partners.queries import contracts as reads
from app.partners.rules.contracts import (
    Contract,
    ContractNotSigned,
    ContractOver,
    ContractSigned,
    NewFee,
    Terms,
    check,
    check_fees,
    check_free,
)


async def draft(
    session: AsyncSession,
    partner_id: UUID,
    terms: Terms,
    fees: Sequence[NewFee] = (),
    *,
    by: Actor,
    now: datetime,
) -> Contract:
    """Write a contract that nobody has signed. Raises ``NotFound``, ``InvalidContract`` and ``ContractNoTaken``."""
    check(terms)
    check_fees(fees)
    await queries.get(session, partner_id)
    row = ContractRow(id=new_id(now), partner_id=partner_id, created_at=now, by_account=by.account_id)
    _write(row, terms)
    session.add(row)
    await session.flush()
    await _write_fees(session, row.id, fees, now)
    return reads.agreed(row)


async def redraft(
    session: AsyncSession,
    contract_id: UUID,
    terms: Terms,
    fees: Sequence[NewFee],
    *,
    version: int,
    by: Actor,
    now: datetime,
) -> Contract:
    """Write a draft anew, fees and all. Raises ``ContractSigned``, ``StaleVersion`` and what ``draft`` raises."""
    check(terms)
    check_fees(fees)
    row = await _draft(session, contract_id)
    if row.version != version:
        raise StaleVersion
    _write(row, terms)
    row.version += 1
    row.by_account = by.account_id
    await session.flush()
    await session.execute(delete(FeeRow).where(FeeRow.contract_id == contract_id))
    await _write_fees(session, contract_id, fees, now)
    return reads.agreed(row)


async def discard(session: AsyncSession, contract_id: UUID) -> None:
    """Throw a draft away. Raises ``NotFound``, ``ContractSigned`` and, at the flush, ``ContractHasPrices``."""
    row = await _draft(session, contract_id)
    await session.execute(delete(FeeRow).where(FeeRow.contract_id == contract_id))
    await session.delete(row)
    await session.flush()


async def sign(session: AsyncSession, contract_id: UUID, *, by: Actor, now: datetime) -> Contract:  # noqa: ARG001 - every use case is told who acts
    """Make a draft hold, for ever as it is. Raises ``NotFound``, ``ContractSigned`` and ``ContractsOverlap``."""
    found = await reads.contract(session, contract_id)
    await queries.lock(session, found.partner_id)  # two contracts of a partner are not signed at once
    row = await _draft(session, contract_id)
    check_free(reads.agreed(row), await reads.contracts(session, found.partner_id, signed=True))
    row.signed_at = now
    await session.flush()
    return reads.agreed(row)


async def end(session: AsyncSession, contract_id: UUID, *, by: Actor, now: datetime) -> Contract:  # noqa: ARG001 - every use case is told who acts
    """Take no more orders under a contract, from today on; what was ordered stays as agreed.

    Raises ``NotFound``, ``ContractNotSigned`` and ``ContractOver``.
    """
    found = await reads.contract(session, contract_id)
    await queries.lock(session, found.partner_id)
    row = await reads.lock_contract(session, contract_id)
    if row.signed_at is None:
        raise ContractNotSigned
    if row.ended_at is not None:
        raise ContractOver
    row.ended_at = now
    await session.flush()
    return reads.agreed(row)


async def _draft(session: AsyncSession, contract_id: UUID) -> ContractRow:
    row = await reads.lock_contract(session, contract_id)
    if row.signed_at is not None:
        raise ContractSigned
    return row


def _write(row: ContractRow, terms: Terms) -> None:
    row.contract_no = terms.contract_no
    row.valid_from = terms.valid_from
    row.valid_to = terms.valid_to
    row.order_weekdays = sorted(set(terms.order_weekdays))
    row.order_until = terms.order_until
    row.lead_days = terms.lead_days
    row.minimum = terms.minimum
    row.minimum_unit = terms.minimum_unit.value
    row.min_life_pct = terms.min_life_pct
    row.term_days = terms.term_days
    row.term_base = terms.term_base.value
    row.rebate_bp = terms.rebate_bp
    row.rebate_on_invoice = terms.rebate_on_invoice
    row.tolerance = {root: reads.stored(rule) for root, rule in terms.tolerance.items()}


async def _write_fees(session: AsyncSession, contract_id: UUID, fees: Sequence[NewFee], now: datetime) -> None:
    session.add_all(
        FeeRow(
            id=new_id(now),
            contract_id=contract_id,
            name=fee.name,
            service=fee.service,
            basis=fee.basis.value,
            amount_fen=fee.amount_fen,
            rate_bp=fee.rate_bp,
            tax_rate_bp=fee.tax_rate_bp,
        )
        for fee in fees
    )
    await session.flush()
