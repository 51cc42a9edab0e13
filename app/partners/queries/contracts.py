"""Reads and locks of contracts and fees."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.partners.models import ContractRow, FeeRow
from app.partners.rules.contracts import (
    Contract,
    Fee,
    FeeBasis,
    MinimumUnit,
    NoContract,
    TermBase,
    Tolerance,
)


def agreed(row: ContractRow) -> Contract:
    """The row as a value."""
    return Contract(
        id=row.id,
        partner_id=row.partner_id,
        version=row.version,
        contract_no=row.contract_no,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        signed_at=row.signed_at,
        ended_at=row.ended_at,
        order_weekdays=tuple(row.order_weekdays),
        order_until=row.order_until,
        lead_days=row.lead_days,
        minimum=row.minimum,
        minimum_unit=MinimumUnit(row.minimum_unit),
        min_life_pct=row.min_life_pct,
        term_days=row.term_days,
        term_base=TermBase(row.term_base),
        rebate_bp=row.rebate_bp,
        rebate_on_invoice=row.rebate_on_invoice,
        tolerance={root: Tolerance(**rule) for root, rule in row.tolerance.items()},
    )


async def contract(session: AsyncSession, contract_id: UUID, *, partner_id: UUID | None = None) -> Contract:
    """One contract, of ``partner_id`` if given. Raises ``NotFound``."""
    row = await session.get(ContractRow, contract_id)
    if row is None or partner_id not in {None, row.partner_id}:
        raise NotFound
    return agreed(row)


async def hold_contract(session: AsyncSession, contract_id: UUID) -> Contract:
    """A contract as it is now: nobody ends it before the transaction does. Raises ``NotFound``."""
    query = select(ContractRow).where(ContractRow.id == contract_id).with_for_update(read=True)
    row = (await session.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()
    if row is None:
        raise NotFound
    return agreed(row)


async def contract_on(session: AsyncSession, partner_id: UUID, day: date) -> Contract:
    """The signed contract under which the partner orders on ``day`` of Asia/Shanghai. Raises ``NoContract``."""
    query = select(ContractRow).where(
        ContractRow.partner_id == partner_id,
        ContractRow.signed_at.is_not(None),
        ContractRow.valid_from <= day,
        ContractRow.valid_to >= day,
    )
    for row in (await session.execute(query)).scalars():
        if (found := agreed(row)).holds_on(day):
            return found
    raise NoContract(day=day)


async def contracts(
    session: AsyncSession,
    partner_id: UUID | None = None,
    *,
    signed: bool | None = None,
    before: UUID | None = None,
    limit: int = 1000,
) -> list[Contract]:
    """Up to ``limit`` contracts, of one partner or all, the newest first, before the id ``before``."""
    query = select(ContractRow).order_by(ContractRow.id.desc()).limit(limit)
    if partner_id is not None:
        query = query.where(ContractRow.partner_id == partner_id)
    if signed is not None:
        query = query.where(ContractRow.signed_at.is_not(None) if signed else ContractRow.signed_at.is_(None))
    if before is not None:
        query = query.where(ContractRow.id < before)
    return [agreed(row) for row in (await session.execute(query)).scalars()]


async def lock_contract(session: AsyncSession, contract_id: UUID) -> ContractRow:
    """A contract, locked. Raises ``NotFound``."""
    query = select(ContractRow).where(ContractRow.id == contract_id).with_for_update()
    row = (await session.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


async def fees(session: AsyncSession, contract_id: UUID) -> list[Fee]:
    """What a contract lets be deducted, by name."""
    query = select(FeeRow).where(FeeRow.contract_id == contract_id).order_by(FeeRow.name)
    return [
        Fee(
            id=row.id,
            contract_id=row.contract_id,
            name=row.name,
            service=row.service,
            basis=FeeBasis(row.basis),
            amount_fen=row.amount_fen,
            rate_bp=row.rate_bp,
            tax_rate_bp=row.tax_rate_bp,
        )
        for row in (await session.execute(query)).scalars()
    ]


def stored(rule: Tolerance) -> dict[str, Any]:
    """A tolerance as the table has it."""
    return {"accept_bp": rule.accept_bp, "deduct_bp": rule.deduct_bp, "notify_below_bp": rule.notify_below_bp}
