"""What suppliers and the platform agreed on: the commission, and where a supplier is paid."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import catalogue, identity, suppliers
from app.core.clock import local_day
from app.core.db import dump
from app.core.errors import Fault, NotPermitted
from app.core.ids import new_id
from app.core.sealing import keys
from app.identity import Actor, OwnersOnly, Role
from app.settlement import queries
from app.settlement.models import CommissionRuleRow, PayoutAccountRow
from app.settlement.rules import (
    NOTICE,
    BankDetails,
    CommissionRule,
    PayoutAccount,
    RuleTooSoon,
    UnknownCategory,
)


async def announce_rule(
    session: AsyncSession,
    *,
    supplier_id: UUID | None,
    category: str | None,
    rate_bp: int,
    valid_from: date,
    by: Actor,
    now: datetime,
) -> CommissionRule:
    """Announce the commission on goods that are paid from a day on; what was sold before keeps its own.

    Raises ``RuleTooSoon``, ``UnknownCategory``, ``NotFound`` (no such supplier), ``RuleTaken``.
    """
    earliest = local_day(now) + NOTICE
    if valid_from < earliest:
        fault = Fault("/valid_from", RuleTooSoon.code, f"最早 {earliest}", f"{earliest} at the earliest")
        raise RuleTooSoon(earliest=earliest, faults=[fault])
    if category is not None and category not in catalogue.ROOTS:
        raise UnknownCategory(faults=[Fault("/category", UnknownCategory.code, "没有这个大类", "no such root")])
    if supplier_id is not None:
        await suppliers.get(session, supplier_id)
    row = CommissionRuleRow(
        id=new_id(now),
        supplier_id=supplier_id,
        category=category,
        rate_bp=rate_bp,
        valid_from=valid_from,
        created_at=now,
        by_account=by.account_id,
    )
    session.add(row)
    await session.flush()
    return queries.rule_view(row)


async def enter_account(session: AsyncSession, details: BankDetails, *, by: Actor, now: datetime) -> PayoutAccount:
    """The supplier's owner says where it is paid; until somebody has verified it, it is paid where it was before.

    A stolen key must not send the money elsewhere, so no API key says so, its owner's neither.
    Raises ``OwnersOnly``, ``NotPermitted`` for an API key, and ``AccountNameDiffers`` for an account in another name
    than the supplier's (domain handbook §1.7).
    """
    if by.supplier_id is None:
        raise ValueError("only suppliers are paid")
    if by.key_id is not None:
        raise NotPermitted
    if by.account_id not in await identity.owners(session, Role.SUPPLIER, by.supplier_id):
        raise OwnersOnly
    if details.holder != (await suppliers.get(session, by.supplier_id)).name:
        differs = suppliers.AccountNameDiffers
        raise differs(faults=[Fault("/holder", differs.code, differs.zh, differs.en)])
    return await _keep(session, by.supplier_id, details, by=by.account_id, now=now)


async def take_over_account(session: AsyncSession, supplier_id: UUID, *, now: datetime) -> None:
    """Let a supplier that was approved be paid where its application says, once somebody has verified that.

    What the supplier has entered itself counts instead.
    """
    if await queries.accounts_of(session, supplier_id):
        return
    if (named := await suppliers.bank_account(session, supplier_id)) is not None:
        details = BankDetails(named.account_name, named.bank_name, named.account_no, named.cnaps)
        await _keep(session, supplier_id, details, by=None, now=now)


async def _keep(
    session: AsyncSession, supplier_id: UUID, details: BankDetails, *, by: UUID | None, now: datetime
) -> PayoutAccount:
    sealed = keys().seal(dump([details.holder, details.bank, details.account, details.cnaps]), PayoutAccountRow.PURPOSE)
    row = PayoutAccountRow(
        id=new_id(now),
        supplier_id=supplier_id,
        details_sealed=sealed,
        tail=details.account[-4:],
        entered_at=now,
        entered_by=by,
    )
    session.add(row)
    await session.flush()
    return queries.account_view(row)


async def verify_account(session: AsyncSession, account_id: UUID, *, by: Actor, now: datetime) -> PayoutAccount:
    """An operator has compared the account with the supplier's papers. Doing it again changes nothing.

    Raises ``NotFound``.
    """
    row = await queries.lock_account(session, account_id)
    if row.verified_at is None:
        row.verified_at, row.verified_by = now, by.account_id
        await session.flush()
    return queries.account_view(row)
