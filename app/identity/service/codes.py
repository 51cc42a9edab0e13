"""One-time codes: six digits, a few minutes, one use, a few tries, and not too many of them."""

from __future__ import annotations

import hmac
import math
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import RateLimited
from app.core.events import emit
from app.core.ids import new_id
from app.core.sealing import keys
from app.core.settings import IdentitySettings, Settings
from app.identity import queries
from app.identity.events import CodeRequested
from app.identity.models import ChallengeRow
from app.identity.rules import STAFF_OF_THE_OFFICE, CodesNotAvailable, Purpose

_KEPT = timedelta(days=1)
"""As long as a challenge counts against the limit of a day."""

_TRY = text("""
UPDATE identity_challenge SET tries = tries + 1
WHERE id = (
    SELECT id FROM identity_challenge
    WHERE phone_index = :phone AND purpose = :purpose AND code_sealed IS NOT NULL AND expires_at > :now
      AND account_id IS NOT DISTINCT FROM CAST(:account_id AS uuid)
    ORDER BY asked_at DESC LIMIT 1
) AND tries < :most AND code_sealed IS NOT NULL
RETURNING id, code_sealed, tries
""")


async def request_code(
    session: AsyncSession,
    purpose: Purpose,
    phone: str,
    *,
    address: str,
    account_id: UUID | None = None,
    settings: Settings,
    now: datetime,
) -> None:
    """Send a new code to ``phone``; the one before it is worth nothing any more.

    The outcome does not tell whether the phone has an account: where a code could open none, everything happens but
    the sending. Raises ``RateLimited``, and ``CodesNotAvailable`` where nothing can be sent at all.
    """
    if settings.sends_codes_by is None:
        raise CodesNotAvailable
    identity = settings.identity
    phone_index, address_index = keys().blind(phone, "phone"), keys().blind(address, "sign_in_address")
    if settings.limits.enabled:
        await _refuse_too_many(session, phone_index, address_index, identity, now)
    await session.execute(
        update(ChallengeRow)
        .where(
            ChallengeRow.phone_index == phone_index,
            ChallengeRow.purpose == purpose,
            ChallengeRow.code_sealed.is_not(None),
        )
        .values(code_sealed=None)
    )
    challenge_id = new_id(now)
    made = await session.execute(
        insert(ChallengeRow)
        .values(
            id=challenge_id,
            purpose=purpose,
            account_id=account_id,
            phone_sealed=keys().seal(phone, "phone"),
            phone_index=phone_index,
            slot=int(now.timestamp()) // identity.code_pause_seconds,
            address_index=address_index,
            code_sealed=keys().seal(f"{secrets.randbelow(10**6):06d}", "code"),
            asked_at=now,
            expires_at=now + timedelta(seconds=identity.code_seconds),
        )
        .on_conflict_do_nothing(index_elements=["phone_index", "slot"])
        .returning(ChallengeRow.id)
    )
    if made.scalar_one_or_none() is None:  # somebody asked for the same phone at the same moment
        raise RateLimited(retry_after=identity.code_pause_seconds)
    if purpose in (Purpose.REGISTER, Purpose.CHANGE_PHONE) or await _opens_something(session, phone_index):
        emit(session, CodeRequested(challenge_id=challenge_id, at=now))


async def prove(
    session: AsyncSession,
    purpose: Purpose,
    phone: str,
    code: str,
    *,
    account_id: UUID | None = None,
    settings: IdentitySettings,
    now: datetime,
) -> bool:
    """Whether ``code`` is the one that was sent to ``phone`` for this purpose; then it is used up.

    A wrong one counts as a try, so the transaction must commit whatever the answer is.
    """
    tried = await session.execute(
        _TRY,
        {
            "phone": keys().blind(phone, "phone"),
            "purpose": purpose.value,
            "account_id": account_id,
            "most": settings.code_tries,
            "now": now,
        },
    )
    found = tried.one_or_none()
    if found is None:
        return False
    right = hmac.compare_digest(keys().unseal(bytes(found.code_sealed), "code").encode(), code.encode())
    if right or found.tries >= settings.code_tries:
        spent = {"code_sealed": None, "used_at": now if right else None}
        await session.execute(update(ChallengeRow).where(ChallengeRow.id == found.id).values(spent))
    return right


async def forget_codes(session: AsyncSession, now: datetime) -> int:
    """Chore: erase codes that have expired, and forget challenges that count no more; returns how many were erased."""
    erased = await session.execute(
        update(ChallengeRow)
        .where(ChallengeRow.expires_at <= now, ChallengeRow.code_sealed.is_not(None))
        .values(code_sealed=None)
        .returning(ChallengeRow.id)
    )
    await session.execute(delete(ChallengeRow).where(ChallengeRow.asked_at < now - _KEPT))
    return len(erased.all())


async def _opens_something(session: AsyncSession, phone_index: bytes) -> bool:
    found = await queries.account_to_sign_in(session, username=None, phone_index=phone_index)
    return found is not None and not found[0].roles & STAFF_OF_THE_OFFICE


async def _refuse_too_many(
    session: AsyncSession, phone_index: bytes, address_index: bytes, settings: IdentitySettings, now: datetime
) -> None:
    asked = await queries.codes_asked(session, phone_index, address_index, now)
    waits = [
        (asked.newest, timedelta(seconds=settings.code_pause_seconds)),
        (asked.oldest_of_day if asked.today >= settings.codes_a_day else None, timedelta(days=1)),
        (
            asked.oldest_of_address if asked.from_address >= settings.codes_an_hour_per_address else None,
            timedelta(hours=1),
        ),
    ]
    longest = max((at + wait - now for at, wait in waits if at is not None), default=timedelta())
    if longest > timedelta():
        raise RateLimited(retry_after=math.ceil(longest.total_seconds()))
