"""The credit of partners: taken like stock, given back by what ends the obligation, limited by operators.

Whoever changes it holds the lock of the order or statement that it is for, and takes stock after it.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import ask
from app.core.errors import Fault, InvalidInput, NotFound, StaleVersion
from app.core.ids import new_id
from app.core.money import MAX_FEN, yuan
from app.identity import Actor
from app.partners import queries
from app.partners.models import LimitRow
from app.partners.queries import credit as reads
from app.partners.rules import PartnerStatus, PartnerSuspended
from app.partners.rules.credit import Credit, CreditExceeded, CreditKind

# One statement decides, changes and explains: of two at once the later one sees what the earlier one left.
_TAKE = text("""
WITH taken AS (
    UPDATE partners_credit c SET used_fen = c.used_fen + :amount, updated_at = :now
    WHERE c.partner_id = :partner_id AND c.used_fen + :amount <= c.limit_fen
      AND EXISTS (SELECT FROM partners_partner p WHERE p.id = c.partner_id AND p.status = :active)
      AND NOT EXISTS (SELECT FROM partners_credit_entry e
                      WHERE e.kind = :kind AND e.source_id = :source_id AND e.reference = :reference)
    RETURNING c.limit_fen, c.used_fen
), entry AS (
    INSERT INTO partners_credit_entry (partner_id, kind, reference, source_id, amount_fen, at)
    SELECT :partner_id, :kind, :reference, :source_id, :amount, :now FROM taken
)
SELECT limit_fen, used_fen FROM taken
""")
_MOVE = text("""
WITH entry AS (
    INSERT INTO partners_credit_entry (partner_id, kind, reference, source_id, amount_fen, at)
    VALUES (:partner_id, :kind, :reference, :source_id, :amount, :now)
    ON CONFLICT (kind, source_id, reference) DO NOTHING RETURNING partner_id, amount_fen
)
INSERT INTO partners_credit (partner_id, limit_fen, used_fen, updated_at)
SELECT partner_id, 0, amount_fen, :now FROM entry
ON CONFLICT (partner_id) DO UPDATE
SET used_fen = partners_credit.used_fen + excluded.used_fen, updated_at = excluded.updated_at
RETURNING limit_fen, used_fen
""")
_LIMIT = text("""
INSERT INTO partners_credit (partner_id, limit_fen, used_fen, updated_at, version)
VALUES (:partner_id, :limit_fen, 0, :now, 1)
ON CONFLICT (partner_id) DO UPDATE
SET limit_fen = excluded.limit_fen, updated_at = excluded.updated_at, version = partners_credit.version + 1
RETURNING limit_fen, used_fen, version
""")


async def take_credit(
    session: AsyncSession,
    partner_id: UUID,
    *,
    reference: UUID,
    source_id: UUID,
    kind: CreditKind,
    amount_fen: int,
    now: datetime,
) -> Credit:
    """Use ``amount_fen`` more, or nothing at all if the limit or the partner's standing does not allow it.

    ``amount_fen`` is above zero. The same cause again changes nothing. Raises ``CreditExceeded`` and
    ``PartnerSuspended``.
    """
    if amount_fen <= 0:
        raise ValueError("what is taken is more than nothing")
    values = _entry(partner_id, reference, source_id, kind, amount_fen, now) | {"active": PartnerStatus.ACTIVE.value}
    if taken := await ask(session, _TAKE, values):
        return Credit(*taken[0])
    found = await reads.standing(session, partner_id, kind, source_id, reference)
    if found is None:
        raise NotFound
    status, credit, before = found
    if before:
        return credit
    if status is not PartnerStatus.ACTIVE:
        raise PartnerSuspended
    raise CreditExceeded(wanted=yuan(amount_fen), available=yuan(credit.available_fen))


async def give_credit(
    session: AsyncSession,
    partner_id: UUID,
    *,
    reference: UUID,
    source_id: UUID,
    kind: CreditKind,
    amount_fen: int,
    now: datetime,
) -> Credit:
    """Use ``amount_fen`` less, which is above zero. The same cause again changes nothing."""
    if amount_fen <= 0:
        raise ValueError("what is given back is more than nothing")
    return await move_credit(
        session,
        partner_id,
        reference=reference,
        source_id=source_id,
        kind=kind,
        amount_fen=-amount_fen,
        now=now,
    )


async def move_credit(
    session: AsyncSession,
    partner_id: UUID,
    *,
    reference: UUID,
    source_id: UUID,
    kind: CreditKind,
    amount_fen: int,
    now: datetime,
) -> Credit:
    """Use more or less (below zero) than before, without asking the limit: what is owed is owed.

    For what follows from an obligation that exists. Nothing for zero, and nothing when the same cause was counted.
    """
    if amount_fen:
        moved = await ask(session, _MOVE, _entry(partner_id, reference, source_id, kind, amount_fen, now))
        if moved:
            return Credit(*moved[0])
    return await reads.credit(session, partner_id)


async def set_credit_limit(
    session: AsyncSession,
    partner_id: UUID,
    limit_fen: int,
    *,
    reason: str | None = None,
    version: int | None = None,
    by: Actor,
    now: datetime,
) -> tuple[Credit, int]:
    """Let a partner owe up to ``limit_fen``; what is used already stays, even if it is more. With the new version.

    ``version`` is the one that was read, or None for whatever there is. Raises ``NotFound``, ``InvalidInput`` and
    ``StaleVersion``.
    """
    if not 0 <= limit_fen <= MAX_FEN:
        raise InvalidInput(faults=[Fault("/limit_fen", "out_of_range", "授信额度超出范围", "out of range")])
    await queries.lock(session, partner_id)
    if version is not None and version != (await reads.credit_and_version(session, partner_id))[1]:
        raise StaleVersion
    values = {"partner_id": partner_id, "limit_fen": limit_fen, "now": now}
    ((limit, used, reached),) = await ask(session, _LIMIT, values)
    session.add(
        LimitRow(
            id=new_id(now), partner_id=partner_id, limit_fen=limit_fen, reason=reason, at=now, by_account=by.account_id
        )
    )
    await session.flush()
    return Credit(limit, used), reached


def _entry(
    partner_id: UUID, reference: UUID, source_id: UUID, kind: CreditKind, amount_fen: int, now: datetime
) -> dict[str, object]:
    return {
        "partner_id": partner_id,
        "reference": reference,
        "source_id": source_id,
        "kind": kind.value,
        "amount": amount_fen,
        "now": now,
    }
