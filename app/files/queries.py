"""Reads of files."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.files.models import ContentRow, FileRow
from app.files.rules import EXTENSIONS, File, Kept, NoSuchFile, Purpose, Variant, link

_CONTENT = text("""
SELECT f.media_type, c.content FROM files_content c JOIN files_file f ON f.id = c.file_id
WHERE c.file_id = :file_id AND c.variant = :variant
""")


@dataclass(frozen=True, slots=True)
class Held:
    """A variant whose bytes are still here, and the address at which a store is to keep them."""

    address: str
    media_type: str
    content: bytes


def address_of(file_id: UUID, variant: str, media_type: str) -> str:
    """The address of a variant in a store outside."""
    return f"files/{file_id}/{variant}.{EXTENSIONS[media_type]}"


async def kept(session: AsyncSession, file_id: UUID, variant: Variant) -> Kept:
    """Where a variant is. Raises ``NoSuchFile``."""
    row = (await session.execute(_CONTENT, {"file_id": file_id, "variant": variant.value})).one_or_none()
    if row is None:
        raise NoSuchFile
    content = None if row.content is None else bytes(row.content)
    return Kept(row.media_type, content, address_of(file_id, variant, row.media_type))


async def held(session: AsyncSession, file_id: UUID) -> list[Held]:
    """The variants whose bytes are still in the database."""
    rows = await session.execute(
        select(ContentRow.variant, ContentRow.content, FileRow.media_type)
        .join(FileRow, FileRow.id == ContentRow.file_id)
        .where(ContentRow.file_id == file_id, ContentRow.content.is_not(None))
    )
    return [Held(address_of(file_id, variant, kind), kind, bytes(content or b"")) for variant, content, kind in rows]


async def links(session: AsyncSession, *, to: Collection[UUID], now: datetime | None) -> dict[UUID, list[File]]:
    """The files attached to each of ``to``, in the order in which they were named, with links for whoever may see it.

    One statement, none for nothing. The links work for an hour or two after ``now``, without it for ever: the caller
    decides who gets them. Ids without files are absent.
    """
    if not to:
        return {}
    rows = await session.execute(
        select(FileRow.attached_to, FileRow, ContentRow.size)
        .join(ContentRow, (ContentRow.file_id == FileRow.id) & (ContentRow.variant == Variant.FULL.value))
        .where(FileRow.attached_to.in_(to))
        .order_by(FileRow.attached_to, FileRow.position, FileRow.id)
    )
    found: dict[UUID, list[File]] = {}
    for owner, row, size in rows:
        if owner is not None:
            found.setdefault(owner, []).append(view(row, size, now))
    return found


def view(row: FileRow, size: int, now: datetime | None) -> File:
    """A row as a value, with links."""
    return File(
        id=row.id,
        purpose=Purpose(row.purpose),
        media_type=row.media_type,
        size=size,
        width=row.width,
        height=row.height,
        url=link(row.id, now),
        thumbnail_url=link(row.id, now, variant=Variant.THUMB) if row.width is not None else None,
    )


async def waiting(session: AsyncSession, owner_id: UUID) -> int:
    """How many files of this owner are attached to nothing."""
    count = select(func.count()).where(FileRow.owner_id == owner_id, FileRow.attached_to.is_(None))
    return (await session.scalar(count)) or 0


async def lock(session: AsyncSession, file_ids: Sequence[UUID]) -> dict[UUID, FileRow]:
    """The files under lock, in the order of their ids."""
    rows = await session.scalars(select(FileRow).where(FileRow.id.in_(file_ids)).order_by(FileRow.id).with_for_update())
    return {row.id: row for row in rows}
