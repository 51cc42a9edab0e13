"""Change what is promised to a reference, up and down at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Fault
from app.inventory import queries
from app.inventory.rules import OutOfStock
from app.inventory.service.reserving import release_pieces, reserve


async def rebook(
    session: AsyncSession, reference: UUID, wanted: Mapping[str, int], *, by: UUID | None, now: datetime
) -> None:
    """Let ``reference`` hold exactly ``wanted`` (SKU → sales units, zero for none) of these SKUs, or change nothing.

    All stock rows are locked in SKU order before the first is changed, so that two who exchange goods never wait for
    one another. Raises ``OutOfStock`` as ``reserve`` does, its pointers counted in the order of ``wanted``.
    """
    _, held = await queries.lock_held(session, wanted, reference)
    less = {sku: held[sku] - units for sku, units in wanted.items() if held.get(sku, 0) > units}
    more = {sku: units - held.get(sku, 0) for sku, units in wanted.items() if units > held.get(sku, 0)}
    if more:
        try:
            await reserve(session, reference, more, by=by, now=now)
        except OutOfStock as refusal:
            places = {sku: place for place, sku in enumerate(wanted)}
            short = list(more)
            faults = [
                Fault(f"/items/{places[short[int(fault.pointer.rpartition('/')[2])]]}", fault.code, fault.zh, fault.en)
                for fault in refusal.faults
            ]
            raise OutOfStock(skus=str(refusal.params["skus"]), faults=faults) from refusal
    if less:
        await release_pieces(session, reference, less, now=now, by=by)
