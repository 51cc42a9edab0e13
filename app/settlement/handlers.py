"""What settlement does when it hears of something."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.payments import BillImported, BillKind
from app.settlement import service
from app.suppliers import SupplierApproved


async def on_supplier_approved(session: AsyncSession, fact: SupplierApproved, now: datetime) -> None:
    """Where its application wants to be paid waits to be verified."""
    await service.take_over_account(session, fact.supplier_id, now=now)


async def on_bill_imported(session: AsyncSession, fact: BillImported, now: datetime) -> None:
    """What the provider's account says of splits is compared with what we know of them."""
    if fact.kind is BillKind.FUND_FLOW:
        await service.compare_splits(session, fact.provider.value, fact.day, now=now)
