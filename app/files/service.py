"""Taking files in, attaching them, and forgetting those that nobody used."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Fault
from app.core.events import emit
from app.core.ids import new_id
from app.core.settings import FileSettings
from app.core.turns import turns
from app.files import queries
from app.files.events import FileAttached
from app.files.models import ContentRow, FileRow
from app.files.rules import (
    ACCEPTS,
    WAITING_HOURS,
    File,
    NotForThisPurpose,
    Prepared,
    Purpose,
    TooManyWaiting,
    UnknownFile,
    UnsupportedFile,
    Variant,
)
from app.files.rules.documents import looks_like_document, prepare_document
from app.files.rules.pictures import looks_like_picture, prepare_picture
from app.identity import Actor

_FORGET = text("""
DELETE FROM files_file WHERE id IN (
    SELECT id FROM files_file WHERE attached_to IS NULL AND uploaded_at < :before
    ORDER BY uploaded_at LIMIT :limit FOR UPDATE SKIP LOCKED)
""")


async def prepare(content: bytes, *, purpose: Purpose, settings: FileSettings) -> Prepared:
    """Look at what was uploaded, by its bytes alone, and keep what is fit to be shown to others.

    Call it with no transaction open: a picture takes a good part of a second, in a thread, a few at a time. Raises
    ``UnsupportedFile``, ``HeicNotSupported``, ``UnreadableFile``, ``TooManyPixels``, ``TooManyPages``,
    ``UnsafeDocument``, ``NotForThisPurpose``.
    """
    async with turns("files", settings.parallel):
        prepared = await asyncio.to_thread(_prepare, content, settings)
    if prepared.media_type not in ACCEPTS[purpose]:
        raise NotForThisPurpose
    return prepared


def _prepare(content: bytes, settings: FileSettings) -> Prepared:
    if looks_like_picture(content):
        return prepare_picture(content, most_pixels=settings.most_pixels)
    if looks_like_document(content):
        return prepare_document(content, most_pages=settings.most_pages)
    raise UnsupportedFile


async def keep(
    session: AsyncSession, prepared: Prepared, *, purpose: Purpose, by: Actor, settings: FileSettings, now: datetime
) -> File:
    """Keep a prepared file for its owner to attach. Raises ``TooManyWaiting``."""
    owner_id = owner_of(by)
    if await queries.waiting(session, owner_id) >= settings.most_waiting:
        raise TooManyWaiting(hours=WAITING_HOURS)
    row = FileRow(
        id=new_id(now),
        owner_id=owner_id,
        uploaded_by=by.account_id,
        purpose=purpose.value,
        media_type=prepared.media_type,
        width=prepared.width,
        height=prepared.height,
        uploaded_at=now,
    )
    session.add(row)
    await session.flush()
    session.add_all(
        ContentRow(file_id=row.id, variant=variant.value, size=len(content), content=content)
        for variant, content in prepared.contents.items()
    )
    await session.flush()
    return queries.view(row, len(prepared.contents[Variant.FULL]), now)


async def attach(
    session: AsyncSession,
    file_ids: Sequence[UUID],
    *,
    owner: Actor,
    purpose: Purpose,
    to: UUID,
    now: datetime,
    pointer: str = "/photos",
) -> None:
    """Make files part of ``to``, in this order; from then on they stay. Attaching the same again changes nothing.

    Raises ``UnknownFile``, with a fault under ``pointer`` for each file that is not the owner's, is for another
    purpose, is part of something else, or is named twice.
    """
    if not file_ids:
        return
    rows = await queries.lock(session, file_ids)
    faults = []
    for position, file_id in enumerate(file_ids):
        row = rows.get(file_id)
        mine = row is not None and (row.owner_id, row.purpose) == (owner_of(owner), purpose.value)
        if row is None or not mine or row.attached_to not in (None, to) or file_id in file_ids[:position]:
            faults.append(Fault(f"{pointer}/{position}", UnknownFile.code, UnknownFile.zh, UnknownFile.en))
    if faults:
        raise UnknownFile(faults=faults)
    for position, file_id in enumerate(file_ids):
        row = rows[file_id]
        if row.attached_to is None:
            row.attached_to, row.attached_at, row.position = to, now, position
            emit(session, FileAttached(file_id=file_id, to=to, at=now))
    await session.flush()


async def read(
    session: AsyncSession, file_id: UUID, *, owner: Actor, purpose: Purpose, pointer: str
) -> tuple[str, bytes]:
    """Media type and bytes of a file of the owner's that waits to be used. Raises ``UnknownFile``, as ``attach``."""
    row = (await queries.lock(session, [file_id])).get(file_id)
    if row is None or (row.owner_id, row.purpose, row.attached_to) != (owner_of(owner), purpose.value, None):
        raise UnknownFile(faults=[Fault(pointer, UnknownFile.code, UnknownFile.zh, UnknownFile.en)])
    kept = await queries.kept(session, file_id, Variant.FULL)
    return kept.media_type, kept.content or b""


async def forget_waiting(session: AsyncSession, *, now: datetime, limit: int = 200) -> int:
    """Remove files that nobody attached within a day, and return how many those were."""
    before = now - timedelta(hours=WAITING_HOURS)
    gone = await session.execute(_FORGET, {"before": before, "limit": limit})
    return int(gone.rowcount)  # type: ignore[attr-defined]


async def let_go(session: AsyncSession, file_id: UUID, *, now: datetime) -> None:
    """Drop the bytes of a file that a store outside keeps from now on."""
    here = (ContentRow.file_id == file_id, ContentRow.content.is_not(None))
    await session.execute(update(ContentRow).where(*here).values(content=None, moved_at=now))


def owner_of(actor: Actor) -> UUID:
    """Whose a file is that this actor uploads: their organisation's, or their own."""
    return actor.supplier_id or actor.partner_id or actor.account_id
