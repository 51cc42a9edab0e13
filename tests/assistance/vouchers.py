"""Papers that officers hand in with what they declare."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import files
from app.core.settings import FileSettings
from app.identity import Actor


async def voucher(session: AsyncSession, content: bytes, *, by: Actor, now: datetime) -> UUID:
    """A scanned paper with these bytes, waiting to be attached."""
    scanned = files.Prepared("application/pdf", {files.Variant.FULL: content})
    kept = await files.keep(
        session, scanned, purpose=files.Purpose.EVIDENCE, by=by, settings=FileSettings(most_waiting=10_000), now=now
    )
    return kept.id
