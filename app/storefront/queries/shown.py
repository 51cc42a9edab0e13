"""What a list and a page show alike: the season, and the sizes with their prices and stock, as pieces of SQL.

A pre-sale is shown while something can be bought in it: open by the clock, not settled, below its cap. A size has what
is in stock and what may still be promised; a product is *in stock* by what is there alone, and its season is *presale*
exactly when nothing is there and a harvest is sold ahead, whatever the calendar says (domain handbook §1.5).
"""

from __future__ import annotations

from datetime import datetime

from app.catalogue import month_day
from app.core.clock import local_day
from app.pricing import SHOWN

# The rule of catalogue.season_on, for many rows at once; a test holds the two against one another.
OPEN = """(CASE WHEN {t}.season_opens <= {t}.season_closes
            THEN :today BETWEEN {t}.season_opens AND {t}.season_closes
            ELSE :today >= {t}.season_opens OR :today <= {t}.season_closes END)"""
SEASON = f"""CASE WHEN {{presale}} THEN 'presale'
    WHEN {{t}}.season_opens IS NULL OR {OPEN} THEN 'in_season' ELSE 'off_season' END"""

SIZES = """
    FROM catalogue_sku k
    JOIN pricing_price pr ON pr.sku = k.sku AND pr.valid_to IS NULL
    LEFT JOIN inventory_stock st ON st.sku = k.sku
    LEFT JOIN inventory_presale w ON w.sku = k.sku AND w.settled_at IS NULL
         AND w.opens_at <= :now AND w.closes_at > :now AND w.cap > w.arrived + w.promised
    WHERE k.product_id = p.id AND k.retail
"""
IN_STOCK = "coalesce(bool_or(st.on_hand > st.reserved), false)"
PRESALE = f"(NOT {IN_STOCK} AND count(w.sku) > 0)"
_AHEAD = "w.cap - w.arrived - w.promised"

VARIANTS = f"""
    SELECT json_agg(json_build_object(
               'sku', k.sku, 'name', k.name, 'price_fen', pr.price_fen,
               'available', coalesce(st.on_hand - st.reserved, 0) + coalesce({_AHEAD}, 0),
               'net_content', k.net_content,
               'was_price_fen', CASE WHEN pr.valid_from >= CAST(:news_since AS timestamptz) THEN pr.was_price_fen END,
               'unit', k.compared_by,
               'unit_price_fen', (2000 * pr.price_fen + k.compared_milli) / (2 * k.compared_milli),
               'presale', CASE WHEN w.sku IS NOT NULL THEN json_build_object('available', {_AHEAD},
                   'ship_by', w.ship_by, 'harvest_from', w.harvest_from, 'harvest_to', w.harvest_to) END
           ) ORDER BY k.position) AS variants,
           min(pr.price_fen) AS price_from_fen, {IN_STOCK} AS in_stock, count(w.sku) > 0 AS ahead,
           bool_or(k.fresh) AS fresh, min(k.shelf_life_days) AS shelf_life_days
    {SIZES}
"""


def moment(now: datetime) -> dict[str, object]:
    """The parameters of the pieces above."""
    today = local_day(now)
    return {"now": now, "today": month_day(today), "news_since": (today - SHOWN).isoformat()}
