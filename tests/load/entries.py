"""Millions of entries of the ledger made in SQL, folded into its sums as the worker would fold them.

Orders of one to three lines over three years, to every county of Shandong, through three channels; every fiftieth entry
is refunded later, and every seventh order of several lines is completed in two parts. What stands behind the entries
(orders, seals) is not made: the bench of reports reads none of it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

from sqlalchemy import text

from app.assistance import fold_ledger
from app.assistance.service.fold import fold_batch
from app.assistance.service.lots import fold_lots
from app.buyers.rules.divisions import counties
from app.core.clock import utc_now
from app.core.db import Database
from app.core.settings import PoolSettings
from tests.load import bulk

FIRST, LAST = date(2024, 1, 1), date(2026, 10, 31)
YEAR = (date(2025, 1, 1), date(2025, 12, 31))
PER_ORDER = 1.5
_BATCH = 250_000
_FOLDED_AT_ONCE = 250_000

# Ids are sevens of RFC 9562 with the order's number in them, so a larger ledger goes on where a smaller one ended.
_MAKE = """
CREATE TEMP TABLE made ON COMMIT DROP AS
SELECT k, k + %(shift)s AS number, j, lpad(to_hex(k + %(shift)s), 12, '0') AS hex,
       (k * 7919 + j * 104729) %% 120 AS article, k * 61 %% %(places)s AS county,
       CASE WHEN k %% 20 < 15 THEN 'retail' WHEN k %% 20 < 18 THEN 'organisation' ELSE 'supermarket' END AS channel,
       %(first)s::date + CAST(k * %(days)s / %(orders)s AS int)
           + CASE WHEN j > 1 AND k %% 7 = 0 THEN 5 ELSE 0 END AS day
FROM generate_series(%(begin)s::bigint, %(end)s) k,
     generate_series(1, CASE WHEN k %% 10 < 6 THEN 1 WHEN k %% 10 < 9 THEN 2 ELSE 3 END) j;
INSERT INTO assistance_entry (id, posted_at, occurred_at, counted_on, kind, source_id, line_id, order_id, order_number,
    sku, product_id, product_name, category, supplier_id, supplier_name, township_code, township, channel,
    division_code, partner_id, partner_name, lot_code, quantity, weight_g, amount_fen)
SELECT CAST(hex || '700' || j || '8000000000000000' AS uuid), day + time '04:00', day + time '04:00', day, 'sale',
       CAST(hex || '701' || j || '8000000000000000' AS uuid), CAST(hex || '702' || j || '8000000000000000' AS uuid),
       CAST(hex || '70308000000000000000' AS uuid), 'BJ' || number, 'A' || article,
       CAST('01900000-0000-7040-8000-' || lpad(to_hex(article / 2), 12, '0') AS uuid),
       '黄金茶 第' || article / 2 || '号',
       (ARRAY['golden-tea', 'dark-tea', 'camellia-oil', 'navel-orange', 'gift-set'])[1 + article / 2 %% 5],
       CAST('01900000-0000-7050-8000-' || lpad(to_hex(article / 2 %% 24), 12, '0') AS uuid),
       '第' || article / 2 %% 24 || '合作社（示例）', CAST(433125101 + article / 2 %% 12 AS text),
       '第' || article / 2 %% 12 || '镇', channel, (%(counties)s::text[])[1 + county],
       CASE WHEN channel = 'supermarket'
            THEN CAST('01900000-0000-7060-8000-' || lpad(to_hex(k %% 5), 12, '0') AS uuid) END,
       CASE WHEN channel = 'supermarket' THEN '超市' || k %% 5 || '（示例）' END, 'L1', 1 + k %% 3, 500 * (1 + k %% 3),
       1000 + k * 31 %% 40000
FROM made ORDER BY k, j;
INSERT INTO assistance_entry (id, posted_at, occurred_at, counted_on, kind, source_id, line_id, order_id, order_number,
    sku, product_id, product_name, category, supplier_id, supplier_name, township_code, township, channel,
    division_code, partner_id, partner_name, lot_code, quantity, weight_g, amount_fen, reverses)
SELECT CAST(hex || '707' || j || '8000000000000000' AS uuid), posted_at + interval '9 days',
       occurred_at + interval '9 days', counted_on + 9, 'refund',
       CAST(hex || '708' || j || '8000000000000000' AS uuid), line_id, order_id, order_number,
       sku, product_id, product_name, category, supplier_id, supplier_name, township_code, township, e.channel,
       division_code, partner_id, partner_name, lot_code, -1, -500, -amount_fen / 2, e.id
FROM made JOIN assistance_entry e ON e.id = CAST(hex || '700' || j || '8000000000000000' AS uuid)
WHERE j = 1 AND k %% 33 = 0;
INSERT INTO assistance_unfolded
SELECT CAST(hex || '700' || j || '8000000000000000' AS uuid) FROM made UNION ALL
SELECT CAST(hex || '707' || j || '8000000000000000' AS uuid) FROM made WHERE j = 1 AND k %% 33 = 0;
INSERT INTO assistance_lot_unfolded
SELECT CAST(hex || '700' || j || '8000000000000000' AS uuid) FROM made UNION ALL
SELECT CAST(hex || '707' || j || '8000000000000000' AS uuid) FROM made WHERE j = 1 AND k %% 33 = 0
"""


def shandong() -> list[str]:
    """Codes of counties of Shandong."""
    return [county.code for county in counties() if county.code.startswith("37")]


def add(url: str, entries: int, *, copies: range = range(1), listed: bool = True) -> None:
    """Add ``entries`` (about) over three years, once for every number in ``copies``: the same but for their ids."""
    orders, places = int(entries / PER_ORDER), shandong()
    parts = max(1, round(orders / _BATCH))
    cuts = [1 + orders * part // parts for part in range(parts + 1)]
    common = {"first": FIRST, "days": (LAST - FIRST).days - 20, "counties": places, "places": len(places)}
    statements = _MAKE if listed else _MAKE.partition("INSERT INTO assistance_unfolded")[0]

    def make(which: tuple[int, int]) -> None:
        copy, part = which
        span = {"begin": cuts[part], "end": cuts[part + 1] - 1, "orders": orders, "shift": copy * orders}
        with bulk.unasked(url) as connection:
            bulk.run(connection, statements, **span, **common)

    with bulk.hurried(url), ThreadPoolExecutor(2) as threads:
        list(threads.map(make, [(copy, part) for copy in copies for part in range(parts)]))


def multiply(url: str, entries: int, times: int) -> None:
    """Make a folded ledger so many times as large: each order comes so often, so each sum is so many times what it was.

    The auditor recounts the sums afterwards; to fold each entry would take the time of all the rest.
    """
    add(url, entries, copies=range(1, times), listed=False)
    with bulk.admin(url) as connection:
        for table, figures in (
            ("assistance_sum", ("entries", "orders", "quantity", "weight_g", "gross_fen", "refunded_fen")),
            ("assistance_lot_sum", ("weight_g", "amount_fen")),
            ("assistance_goal_month", ("amount_fen", "weight_g", "refunded_fen", "orders")),
        ):
            connection.execute(
                f"UPDATE {table} SET {', '.join(f'{figure} = {figure} * {times}' for figure in figures)}"
            )
    bulk.tidy(url)


def clear(url: str) -> None:
    """Take the ledger of past orders away: it would be multiplied in the sums, but not in the ledger."""
    with bulk.unasked(url) as connection:
        sums = ("unfolded", "lot_unfolded", "sum", "lot_sum")
        for table in ("sealed_entry", "seal", "unsealed", *sums, "odd_order", "entry"):
            connection.execute(f"DELETE FROM assistance_{table}")


async def fold(url: str) -> None:
    """Fold whatever waits, in batches that are larger than the worker's."""
    db = Database(url, PoolSettings(statement_timeout_ms=0, idle_in_transaction_timeout_ms=0))
    while True:
        async with db.write() as session:
            await session.execute(text("SET LOCAL work_mem = '256MB'"))
            lots = await fold_lots(session, limit=_FOLDED_AT_ONCE)
            if not await fold_batch(session, limit=_FOLDED_AT_ONCE) and not lots:
                break
    while await fold_ledger(db, utc_now()):
        pass
    await db.dispose()
