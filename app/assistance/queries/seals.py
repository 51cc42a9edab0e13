"""Reads of the chain of hashes: how an entry and a link are written down, and how far the chain has come."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

SEAL_FORM = 1
"""How entries and links are written down now. Another form gets another number; old links keep theirs."""

# JSON, because nothing else tells an absent value from an empty one and keeps what is beside it apart. Times are
# written in UTC, whatever the zone of who asks.
ENTRY_DIGEST = """sha256(convert_to(CAST(json_build_array(
    e.id, e.posted_at AT TIME ZONE 'UTC', e.occurred_at AT TIME ZONE 'UTC', e.counted_on, e.kind, e.source_id,
    e.line_id, e.order_id, e.order_number, e.po_no, e.sku, e.product_id, e.product_name, e.category, e.supplier_id,
    e.supplier_name, e.township_code, e.township, e.channel, e.division_code, e.partner_id, e.partner_name, e.lot_code,
    e.quantity, e.weight_g, e.amount_fen, e.reverses, e.evidence, e.reason, e.by_account, e.approved_by
    ) AS text), 'UTF8'))"""
"""SHA-256 of an entry ``e`` as SQL, in form 1."""


def seal_digest(link: str, digests: str) -> str:
    """SHA-256 of a link as SQL, in form 1: what it says of itself, the link before, the digests of its entries.

    ``link`` names a row with the columns of ``assistance_seal``, ``digests`` what holds theirs strung together.
    """
    return f"""sha256(convert_to(CAST(json_build_array({link}.form, {link}.seq_from, {link}.seq_to, {link}.sum_fen,
        encode({link}.previous, 'hex')) AS text), 'UTF8') || {digests})"""


_THROUGH = text("SELECT coalesce(max(seq_to), 0) FROM assistance_seal")


async def sealed_through(session: AsyncSession) -> int:
    """The place of the last sealed entry, 0 while there is none: what a report may name as its cut-off.

    The entries up to a cut-off are those in ``assistance_sealed_entry`` with ``seq <=`` it, for ever the same.
    """
    return int(await session.scalar(_THROUGH) or 0)


_WAITING = text("SELECT count(*) FROM assistance_unsealed")


async def unsealed(session: AsyncSession) -> int:
    """How many entries wait for their seal."""
    return int(await session.scalar(_WAITING) or 0)
