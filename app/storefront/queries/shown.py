"""What a list and a page show alike: the season, and the sizes with their prices and stock, as pieces of SQL."""

from __future__ import annotations

from datetime import date, timedelta

from app.catalogue import PERISHABLE_DAYS, PRESALE_DAYS, month_day
from app.pricing import SHOWN

# The rule of catalogue.season_on, for many rows at once; a test holds the two against one another.
OPEN = """(CASE WHEN {t}.season_opens <= {t}.season_closes
            THEN :today BETWEEN {t}.season_opens AND {t}.season_closes
            ELSE :today >= {t}.season_opens OR :today <= {t}.season_closes END)"""
LATER = "({t}.season_opens > :today AND {t}.season_opens <= :horizon)"
LATER_OVER_NEW_YEAR = "({t}.season_opens > :today OR {t}.season_opens <= :horizon)"
SOON = f"""(CASE WHEN CAST(:today AS text) <= CAST(:horizon AS text) THEN {LATER} ELSE {LATER_OVER_NEW_YEAR} END)"""
SEASON = f"""CASE WHEN {{t}}.season_opens IS NULL OR {OPEN} THEN 'in_season'
          WHEN {{perishable}} AND {SOON} THEN 'presale' ELSE 'off_season' END"""

VARIANTS = f"""
    SELECT json_agg(json_build_object(
               'sku', k.sku, 'name', k.name, 'price_fen', pr.price_fen,
               'available', greatest(coalesce(st.on_hand - st.reserved, 0), 0), 'net_content', k.net_content,
               'was_price_fen', CASE WHEN pr.valid_from >= CAST(:news_since AS timestamptz) THEN pr.was_price_fen END,
               'unit', k.compared_by,
               'unit_price_fen', (2000 * pr.price_fen + k.compared_milli) / (2 * k.compared_milli)
           ) ORDER BY k.position) AS variants,
           min(pr.price_fen) AS price_from_fen,
           bool_or(coalesce(st.on_hand > st.reserved, false)) AS in_stock,
           bool_or(k.fresh) AS fresh,
           min(k.shelf_life_days) AS shelf_life_days,
           min(k.shelf_life_days) <= {PERISHABLE_DAYS} AS perishable
    FROM catalogue_sku k
    JOIN pricing_price pr ON pr.sku = k.sku AND pr.valid_to IS NULL
    LEFT JOIN inventory_stock st ON st.sku = k.sku
    WHERE k.product_id = p.id AND k.retail
"""


def days(today: date) -> dict[str, str]:
    """The parameters of the pieces above."""
    return {
        "today": month_day(today),
        "horizon": month_day(today + timedelta(days=PRESALE_DAYS)),
        "news_since": (today - SHOWN).isoformat(),
    }
