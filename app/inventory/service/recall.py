"""Calling a lot back: from one moment on nobody can buy it and nothing of it leaves the house."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import ask
from app.core.events import emit
from app.identity import Actor
from app.inventory import queries
from app.inventory.events import LotRecalled
from app.inventory.rules import Lot
from app.inventory.service.writing import announce_stock, freeze

_RECALL = text("""
UPDATE inventory_lot SET recalled_at = :now, recalled_by = :by, recall_reason = :reason
WHERE id = :lot_id AND recalled_at IS NULL RETURNING id
""")


@dataclass(frozen=True, slots=True)
class Recall:
    """What became of a recalled lot: ``frozen`` pieces left the book, ``held`` ones wait for those who hold them."""

    lot: Lot
    frozen: int
    held: int


async def recall(
    session: AsyncSession, lot_id: UUID, *, supplier_id: UUID | None, reason: str, by: Actor, now: datetime
) -> Recall:
    """Call a lot back, of ``supplier_id`` or, with None, of anybody. Doing it again changes nothing.

    What nobody holds leaves the book in this transaction. What somebody holds stays theirs, cannot be sent, and leaves
    the book as soon as they give it up or other goods come for them. Raises ``NotFound``.
    """
    lot = await queries.lot(session, lot_id, supplier_id=supplier_id)
    before = (await queries.lock(session, [lot.sku]))[lot.sku]
    first = await ask(session, _RECALL, {"lot_id": lot_id, "by": by.account_id, "reason": reason, "now": now})
    frozen = (await freeze(session, [lot.sku], now=now)).get(lot.sku, 0) if first else 0
    lot = await queries.lot(session, lot_id, supplier_id=supplier_id)
    if first:
        announce_stock(session, lot.sku, before.available, before.available - frozen, now)
        emit(session, LotRecalled(lot_id=lot.id, sku=lot.sku, lot_code=lot.code, held=lot.on_hand, at=now))
    return Recall(lot, frozen, lot.on_hand)
