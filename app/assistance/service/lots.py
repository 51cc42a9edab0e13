"""Fold entries of the ledger into the sums by lot, exactly once each, as ``fold`` does into those of reports."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import ask

_ALONE = text("SELECT pg_try_advisory_xact_lock(hashtextextended('assistance.fold_lots', 0))")
_CELL = "supplier_id, category, sku, lot_code"
_FOLD = text(f"""
WITH batch AS MATERIALIZED (
    DELETE FROM assistance_lot_unfolded
    WHERE entry_id = ANY (ARRAY(SELECT entry_id FROM assistance_lot_unfolded ORDER BY entry_id LIMIT :limit))
    RETURNING entry_id
), days AS MATERIALIZED (
    SELECT e.counted_on, e.counted_month, {_CELL}, sum(e.weight_g) AS weight_g, sum(e.amount_fen) AS amount_fen
    FROM batch b JOIN assistance_entry e ON e.id = b.entry_id GROUP BY e.counted_on, e.counted_month, {_CELL}
), folded AS (
    INSERT INTO assistance_lot_sum (of_month, at, {_CELL}, weight_g, amount_fen)
    SELECT false, counted_on, {_CELL}, weight_g, amount_fen FROM days
    UNION ALL
    SELECT true, counted_month, {_CELL}, sum(weight_g), sum(amount_fen) FROM days GROUP BY counted_month, {_CELL}
    ON CONFLICT (of_month, at, {_CELL}) DO UPDATE SET
        weight_g = assistance_lot_sum.weight_g + excluded.weight_g,
        amount_fen = assistance_lot_sum.amount_fen + excluded.amount_fen
)
SELECT count(*) FROM batch
""")


async def fold_lots(session: AsyncSession, *, limit: int) -> int:
    """Fold so many entries into the sums by lot; 0 where there are none, or another folds."""
    ((alone,),) = await ask(session, _ALONE, {})
    if not alone:
        return 0
    ((folded,),) = await ask(session, _FOLD, {"limit": limit})
    return int(folded)
