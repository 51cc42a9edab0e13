"""The address book."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import identity
from app.buyers import queries
from app.buyers.models import AddressRow
from app.buyers.rules import MOST_ADDRESSES, Address, SavedAddress, TooManyAddresses, seal_address
from app.core.errors import NotFound
from app.core.ids import new_id
from app.identity import Actor


async def save_address(
    session: AsyncSession, address: Address, *, label: str | None, is_default: bool, by: Actor, now: datetime
) -> SavedAddress:
    """Write an address into the caller's book; the first one is the default.

    Raises ``TooManyAddresses``; ``NotAuthenticated`` of a closed account.
    """
    await identity.hold_open(session, by)
    found = await session.execute(select(AddressRow.slot).where(AddressRow.account_id == by.account_id))
    taken = set(found.scalars())
    free = next((slot for slot in range(1, MOST_ADDRESSES + 1) if slot not in taken), None)
    if free is None:
        raise TooManyAddresses
    if is_default and taken:
        await _clear_default(session, by)
    row = AddressRow(
        id=new_id(now),
        account_id=by.account_id,
        slot=free,
        label=label,
        address_sealed=seal_address(address),
        is_default=is_default or not taken,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    return SavedAddress(row.id, address, label, row.is_default)


async def change_address(
    session: AsyncSession, address_id: UUID, address: Address, *, label: str | None, is_default: bool, by: Actor
) -> SavedAddress:
    """Replace an address of the caller's; orders keep the one they were placed with. Raises ``NotFound``."""
    if is_default:
        await _clear_default(session, by)
    changed = await session.execute(
        update(AddressRow)
        .where(AddressRow.id == address_id, AddressRow.account_id == by.account_id)
        .values(label=label, address_sealed=seal_address(address), is_default=is_default)
        .returning(AddressRow.id)
    )
    if changed.scalar_one_or_none() is None:
        raise NotFound
    return await queries.saved_address(session, address_id, by=by)


async def remove_address(session: AsyncSession, address_id: UUID, *, by: Actor) -> None:
    """Take an address out of the caller's book. Raises ``NotFound``."""
    gone = await session.execute(
        delete(AddressRow)
        .where(AddressRow.id == address_id, AddressRow.account_id == by.account_id)
        .returning(AddressRow.id)
    )
    if gone.scalar_one_or_none() is None:
        raise NotFound


async def _clear_default(session: AsyncSession, by: Actor) -> None:
    await session.execute(
        update(AddressRow).where(AddressRow.account_id == by.account_id, AddressRow.is_default).values(is_default=False)
    )
