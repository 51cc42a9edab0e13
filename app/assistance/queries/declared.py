"""Reads of declared sales, and of what they look like."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import orders
from app.assistance.queries.proposals import proposals_of
from app.assistance.rules import Channel
from app.assistance.rules.declared import DeclaredSale, Doubt, DoubtKind, NewDeclaredSale, Occasion
from app.assistance.rules.proposals import Proposal
from app.core.errors import NotFound

# What was declined or taken back is no sale that another could be a copy of.
_ALIVE = """
    NOT EXISTS (SELECT FROM assistance_decision x WHERE x.proposal_id = s.id AND x.verdict = 'declined')
    AND NOT EXISTS (SELECT FROM assistance_entry e JOIN assistance_entry w ON w.reverses = e.id
                    WHERE e.source_id = s.id AND w.reason IS NOT NULL GROUP BY e.id, e.amount_fen
                    HAVING e.amount_fen + sum(w.amount_fen) <= 0)
"""
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('assistance.declared'))")
# To one that is declared already (``but``) only what counts is another, and only where nobody said why it is one.
_OTHERS = f"""
    {_ALIVE} AND s.id IS DISTINCT FROM CAST(:but AS uuid)
    AND (CAST(:but AS uuid) IS NULL OR EXISTS (
        SELECT FROM assistance_entry c WHERE c.source_id = s.id AND c.kind = 'sale'))
    AND NOT EXISTS (SELECT FROM jsonb_array_elements(s.doubts) d WHERE d ->> 'like' = CAST(:but AS text))
"""
_DOUBTS = text(f"""
SELECT 'same_voucher' AS kind, CAST(s.id AS text) AS "like" FROM assistance_declared_sale s
WHERE s.voucher_no = :voucher_no AND {_OTHERS}
UNION
SELECT 'same_file', CAST(s.id AS text) FROM assistance_voucher v JOIN assistance_declared_sale s ON s.id = v.declared_id
WHERE v.sha256 = ANY (:digests) AND {_OTHERS}
UNION
SELECT 'same_amount', CAST(s.id AS text) FROM assistance_declared_sale s JOIN assistance_proposal p ON p.id = s.id
WHERE s.supplier_id = :supplier_id AND s.sold_on = :sold_on AND p.amount_fen = :amount_fen AND {_OTHERS}
UNION
SELECT 'platform_amount', coalesce(max(e.order_number), max(e.po_no)) FROM assistance_entry e
WHERE e.counted_on = :sold_on AND e.supplier_id = :supplier_id AND e.kind = 'sale' AND e.evidence = 'platform'
GROUP BY e.order_id HAVING sum(e.amount_fen) = :amount_fen
ORDER BY 1, 2
""")


async def doubts(session: AsyncSession, new: NewDeclaredSale, digests: Collection[bytes]) -> list[Doubt]:
    """The sales, declared or of the platform, that a new one may be a copy of."""
    values = {
        "voucher_no": new.voucher_no,
        "digests": list(digests),
        "supplier_id": new.supplier_id,
        "sold_on": new.sold_on,
        "amount_fen": new.amount_fen,
        "but": None,
    }
    return await _doubts(session, values, new.invoice_no)


async def _doubts(session: AsyncSession, values: dict[str, Any], invoice_no: str | None) -> list[Doubt]:
    found = [Doubt(DoubtKind(kind), like) for kind, like in await session.execute(_DOUBTS, values)]
    named = {values["voucher_no"], *([invoice_no] if invoice_no else [])}
    return [*found, *(Doubt(DoubtKind.PLATFORM_ORDER, number) for number in await orders.called(session, named))]


async def counted_meanwhile(session: AsyncSession, sale: DeclaredSale) -> list[Doubt]:
    """What is counted and looks like a declared sale, and nobody was asked about when it was declared.

    Whoever asks holds up other approvals until the end of the transaction: of two sales that were declared at the same
    moment, and know nothing of each other, the second to be approved sees the first.
    """
    await session.execute(_ONE_AT_A_TIME)
    values = {
        "voucher_no": sale.voucher_no,
        "digests": list(await session.scalars(_DIGESTS, {"id": sale.proposal.id})),
        "supplier_id": sale.supplier_id,
        "sold_on": sale.sold_on,
        "amount_fen": sale.proposal.amount_fen,
        "but": sale.proposal.id,
    }
    return [doubt for doubt in await _doubts(session, values, sale.invoice_no) if doubt not in sale.doubts]


_DIGESTS = text("SELECT sha256 FROM assistance_voucher WHERE declared_id = :id")

_SALES = """
SELECT s.*, EXISTS (
           SELECT FROM assistance_entry e JOIN assistance_entry w ON w.reverses = e.id
           WHERE e.source_id = s.id AND e.kind = 'sale' GROUP BY e.amount_fen
           HAVING e.amount_fen + sum(w.amount_fen) <= 0) AS withdrawn
FROM assistance_declared_sale s
"""
_ONE = text(f"{_SALES} WHERE s.id = :id")
_LIST = text(f"""
{_SALES} WHERE (CAST(:before AS uuid) IS NULL OR s.id < CAST(:before AS uuid)) ORDER BY s.id DESC LIMIT :limit
""")


async def _sales(session: AsyncSession, rows: list[RowMapping]) -> list[DeclaredSale]:
    of = await proposals_of(session, [row["id"] for row in rows])
    return [_sale(dict(row), of) for row in rows]


def _sale(told: dict[str, Any], of: Mapping[UUID, Proposal]) -> DeclaredSale:
    sale_id = told.pop("id")
    return DeclaredSale(
        **{
            **told,
            "occasion": Occasion(told["occasion"]),
            "channel": Channel(told["channel"]),
            "doubts": tuple(Doubt(DoubtKind(one["kind"]), one["like"]) for one in told["doubts"]),
            "proposal": of[sale_id],
        }
    )


async def declared_sale(session: AsyncSession, sale_id: UUID) -> DeclaredSale:
    """One declared sale. Raises ``NotFound``."""
    rows = list((await session.execute(_ONE, {"id": sale_id})).mappings())
    if not rows:
        raise NotFound
    return (await _sales(session, rows))[0]


async def declared_sales(session: AsyncSession, *, before: UUID | None, limit: int) -> list[DeclaredSale]:
    """Declared sales, the latest first."""
    return await _sales(session, list((await session.execute(_LIST, {"before": before, "limit": limit})).mappings()))
