"""What an organisation's year came to, and the certificates of it."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import orders
from app.assistance.rules.contribution import Certificate, Content, NoSuchCertificate, summed
from app.assistance.rules.season import year_of
from app.catalogue import CATEGORIES

_OF_YEAR = text("""
SELECT e.order_id, e.category, e.township, e.quantity, e.amount_fen FROM assistance_entry e
WHERE e.order_id = ANY (CAST(:orders AS uuid[])) AND e.counted_on BETWEEN :first AND :last
""")

_CERTIFICATE = text("""
SELECT organisation_id, code, holder, uscc, content, digest, issued_at FROM assistance_certificate WHERE code = :code
""")

_ROOT_NAMES = {root.slug: root.name for root in CATEGORIES}


async def counted_for(session: AsyncSession, organisation_id: UUID, year: int) -> Content:
    """What was counted of an organisation's orders in a calendar year, after the refunds of that year."""
    period = year_of(year)
    placed = await orders.ids_for(session, organisation_id)
    values = {"orders": placed, "first": period.starts_on, "last": period.ends_on}
    rows = (await session.execute(_OF_YEAR, values)).all()
    by_order: Counter[UUID] = Counter()
    for row in rows:
        by_order[row.order_id] += row.amount_fen
    return Content(
        year=year,
        net_fen=by_order.total(),
        orders=sum(1 for fen in by_order.values() if fen > 0),
        categories=summed(
            [(_ROOT_NAMES.get(row.category, row.category), row.quantity, row.amount_fen) for row in rows]
        ),
        townships=summed([(row.township, row.quantity, row.amount_fen) for row in rows]),
    )


async def certificate(session: AsyncSession, code: str) -> Certificate:
    """The certificate with this code. Raises ``NoSuchCertificate``."""
    row = (await session.execute(_CERTIFICATE, {"code": code})).one_or_none()
    if row is None:
        raise NoSuchCertificate
    content = Content.from_json(row.content)
    return Certificate(
        code=row.code,
        holder=row.holder,
        uscc=row.uscc,
        content=content,
        digest=row.digest,
        issued_at=row.issued_at,
        current=content == await counted_for(session, row.organisation_id, content.year),
    )
