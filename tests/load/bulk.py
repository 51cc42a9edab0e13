"""A large shop made in SQL: products, stock, accounts and years of past orders, so consistent that the audit is silent.

Every row of a table comes from one ``INSERT … SELECT`` over numbers or over the temporary table of past orders. The
indexes stay in place; only the foreign keys are not asked, which is why a superuser does this. `grow` adds to what is
there, so a small shop becomes a large one.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
from psycopg import sql
from sqlalchemy import make_url, text

from app import catalogue, pricing, storefront, suppliers
from app.assistance.service.fold import fold_batch
from app.assistance.service.seals import seal_everything
from app.buyers import make_address, seal_address
from app.core.clock import utc_now
from app.core.db import Database
from app.core.sealing import Keys, install
from app.core.settings import PoolSettings

SUPPLIERS, CUSTOMERS, BUYERS = 10, 2_000, 400
HISTORY = timedelta(days=700)
RECENT = timedelta(days=10)
"""The past ends this long ago, so that the clock's chores find nothing to do."""

PIECES = 1_000_000
_BATCH = 100_000
FLASH_SKU, FLASH_PIECES = "FLASH1", 100

_NAMES = (
    "保靖黄金茶1号 明前特级 单芽",
    "保靖黄金茶2号 明前一级",
    "保靖黄金茶168号 雨前二级",
    "黄金红茶 一级",
    "手筑茯砖茶",
    "黑砖茶 陈年",
    "压榨一级油茶籽油",
    "低温冷榨油茶籽油",
    "酉水脐橙 一等 75-80mm",
    "酉水脐橙 特等 礼盒",
    "两茶一油礼包",
)
_LEAVES = (
    *("green-tea", "green-tea", "green-tea", "black-tea", "fu-brick", "black-brick", "pressed-oil", "cold-pressed-oil"),
    *("orange-box", "orange-gift", "welfare-gift"),
)
_TOWNSHIPS = ("433125116", "433125114", "433125109", "433125110", "433125111")
_DIVISIONS = ("370112", "370102", "370202", "370602", "430102")
_HASH = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$Iu3m6KDZYlqwYSQ6rqwbCQ"


def _id(kind: str, number: str, at: str = "now() - interval '700 days'") -> str:
    """SQL of a UUIDv7 (RFC 9562) of that time; ``kind`` is three hexadecimal digits that keep tables apart."""
    milliseconds = f"CAST(floor(extract(epoch FROM {at}) * 1000) AS bigint)"
    return f"CAST(lpad(to_hex({milliseconds}), 12, '0') || '7{kind}8' || lpad(to_hex({number}), 15, '0') AS uuid)"


def _fixed(kind: str, number: str) -> str:
    """SQL of an id that depends on its number alone."""
    return f"CAST('0190000000007{kind}8' || lpad(to_hex({number}), 15, '0') AS uuid)"


_ACCOUNTS = f"""
INSERT INTO identity_account (id, username, name_sealed, password_hash, created_at)
SELECT {_fixed("a00", "n")}, 'bench-' || n, %(name)s, '{_HASH}', now() FROM generate_series(0, {CUSTOMERS}) n;
INSERT INTO identity_grant (account_id, role)
SELECT {_fixed("a00", "n")}, CASE WHEN n = 0 THEN 'operator' ELSE 'buyer' END FROM generate_series(0, {CUSTOMERS}) n;
INSERT INTO suppliers_supplier (id, code, name, kind, uscc, township_code, village, licence_no, taxpayer, status,
                                linked_since, created_at)
SELECT {_fixed("500", "n")}, 'S' || lpad(n::text, 2, '0'), '保靖县第' || n || '茶叶专业合作社（示例）', 'coop',
       '93433125MA4FAKE' || lpad(n::text, 3, '0'), (%(townships)s::text[])[1 + n %% {len(_TOWNSHIPS)}], '黄金村',
       'SC1144331259' || lpad(n::text, 4, '0'), 'small', 'approved', DATE '2020-01-01', now()
FROM generate_series(1, {SUPPLIERS}) n;
INSERT INTO catalogue_certification (id, kind, supplier_id, batch, people_linked, value_fen, valid_from, valid_to,
    status, entered_by, entered_at, listed_at)
SELECT {_fixed("ce0", "n")}, 'supplier_832', {_fixed("500", "n")}, '832', 100, 0, DATE '2021-01-01', DATE '2099-01-01',
       'listed', {_fixed("a00", "0")}, now(), now()
FROM generate_series(1, {SUPPLIERS}) n;
INSERT INTO catalogue_image (id, digest, media_type, content)
VALUES ({_fixed("1a0", "1")}, repeat('ab', 32), 'image/png', '\\x89504e47');
"""

# Every third product comes in two sizes. Products beyond the first thousand repeat its names, with another number.
_PRODUCTS = f"""
INSERT INTO catalogue_product (id, slug, supplier_id, category_slug, name, description, attributes, township_code,
    village, season_opens, season_closes, status, image_id, created_at, published_at)
SELECT {_fixed("700", "n")}, 'bench-' || n, {_fixed("500", f"1 + n %% {SUPPLIERS}")},
       (%(leaves)s::text[])[1 + n %% {len(_LEAVES)}], (%(names)s::text[])[1 + n %% {len(_NAMES)}] || ' 第' || n || '号',
       '产自湘西保靖，手工采制，当季新货。每一批都有溯源码，可查产地、采收日期和合作社。',
       '{{"grade": "一级", "storage": "阴凉干燥处", "exec_standard": "GB/T 14456.3"}}',
       (%(townships)s::text[])[1 + n %% {len(_TOWNSHIPS)}], '黄金村',
       CASE WHEN n %% 3 = 0 THEN '11-20' END, CASE WHEN n %% 3 = 0 THEN '01-31' END, 'published',
       {_fixed("1a0", "1")}, now() - interval '700 days', now() - interval '700 days' + n * interval '1 minute'
FROM generate_series(%(first)s::bigint, %(last)s) n;
INSERT INTO catalogue_sku (sku, product_id, position, name, net_content, net_weight_g, gross_weight_g, case_pack,
    gtin13, retail, wholesale, shelf_life_days, tax_rate_bp, fresh)
SELECT 'B' || n || '-' || size, {_fixed("700", "n")}, size, (100 * size) || 'g 袋', (100 * size) || 'g', 100 * size,
       100 * size + 40, 1, lpad((2 * n + size)::text, 13, '0'), true, false, 540, 900, false
FROM generate_series(%(first)s::bigint, %(last)s) n, generate_series(1, CASE WHEN n %% 3 = 0 THEN 2 ELSE 1 END) size;
CREATE TEMP TABLE fresh_sku ON COMMIT DROP AS
SELECT k.sku, p.supplier_id, row_number() OVER (ORDER BY p.id, k.position) AS n,
       right(md5(k.sku), 10) AS trace FROM catalogue_sku k JOIN catalogue_product p ON p.id = k.product_id
WHERE NOT EXISTS (SELECT 1 FROM inventory_stock s WHERE s.sku = k.sku);
INSERT INTO pricing_price (id, sku, price_fen, valid_from)
SELECT gen_random_uuid(), sku, 1000 + (n * 7919) %% 90000, now() - interval '700 days' FROM fresh_sku;
INSERT INTO inventory_stock (sku, supplier_id, on_hand) SELECT sku, supplier_id, {PIECES} FROM fresh_sku;
INSERT INTO inventory_lot (id, sku, code, harvested_on, best_before, village, on_hand, trace_code, received_at)
SELECT md5(sku)::uuid, sku, 'L1', DATE '2026-01-01', DATE '2036-01-01', '黄金村', {PIECES}, upper(trace) || sku, now()
FROM (SELECT sku, left(trace, 3) AS trace FROM fresh_sku) f;
INSERT INTO inventory_movement (sku, lot_id, kind, on_hand_delta, reserved_delta, effective_at, recorded_at)
SELECT sku, md5(sku)::uuid, 'received', {PIECES}, 0, now() - interval '700 days', now() - interval '700 days'
FROM fresh_sku ORDER BY n;
"""

_FLASH = f"""
INSERT INTO catalogue_product
SELECT {_fixed("700", "0")}, 'bench-flash', supplier_id, category_slug, '秒杀 黄金茶', description, attributes,
       township_code, village, season_opens, season_closes, status, image_id, created_at, published_at, version
FROM catalogue_product WHERE id = {_fixed("700", "1")};
INSERT INTO catalogue_sku (sku, product_id, position, name, net_content, net_weight_g, gross_weight_g, case_pack,
    retail, wholesale, shelf_life_days, tax_rate_bp, fresh)
VALUES ('{FLASH_SKU}', {_fixed("700", "0")}, 1, '100g 袋', '100g', 100, 140, 1, true, false, 540, 900, false);
INSERT INTO pricing_price (id, sku, price_fen, valid_from)
VALUES (gen_random_uuid(), '{FLASH_SKU}', 990, now() - interval '700 days');
INSERT INTO inventory_stock (sku, supplier_id, on_hand)
SELECT sku, supplier_id, {FLASH_PIECES} FROM catalogue_sku JOIN catalogue_product p ON p.id = product_id
WHERE sku = '{FLASH_SKU}';
INSERT INTO inventory_movement (sku, kind, on_hand_delta, reserved_delta, effective_at, recorded_at)
VALUES ('{FLASH_SKU}', 'received', {FLASH_PIECES}, 0, now(), now())
"""

# 1 % are paid and wait for their parcel, 4 % expired, 2 % were cancelled and refunded, the others are completed.
# Every eighth order has a second line of the same supplier.
_PAST = f"""
CREATE TEMP TABLE past ON COMMIT DROP AS
SELECT k, CASE WHEN k > %(last)s - (%(last)s - %(first)s) / 100 THEN 'paid' WHEN k %% 25 = 0 THEN 'expired'
               WHEN k %% 50 = 1 THEN 'refunded' ELSE 'completed' END AS status,
       {_id("0a0", "k", "at")} AS id, {_id("0b0", "k", "at")} AS part_id, {_id("0c0", "k", "at")} AS payment_id,
       {_id("0d0", "k", "at")} AS shipment_id, {_id("0e0", "k", "at")} AS refund_id, at,
       1 + (k * 7919) %% %(products)s AS product, {_fixed("a00", f"1 + (k * 31) %% {CUSTOMERS}")} AS buyer_id,
       (%(divisions)s::text[])[1 + (k / 7) %% {len(_DIVISIONS)}] AS division_code,
       'BJ' || to_char(at AT TIME ZONE 'Asia/Shanghai', 'YYMMDD')
            || lpad((k * 61803399 %% 100000000)::text, 8, '0') AS number
FROM (SELECT k, %(start)s + (k - %(first)s) * (%(span)s::interval / (%(last)s - %(first)s + 1)) AS at
      FROM generate_series(%(begin)s::bigint, %(end)s) k) numbers;
CREATE TEMP TABLE past_line ON COMMIT DROP AS
SELECT o.k, o.id AS order_id, o.part_id, o.status, o.at, o.refund_id, o.shipment_id, o.buyer_id, o.division_code,
       o.number, j, {_id("0f0", "2 * o.k + j", "o.at")} AS id, k.sku, p.id AS product_id,
       p.name || ' ' || k.name AS name, p.name AS product_name, 1 + (o.k + j) %% 3 AS quantity, r.price_fen,
       (1 + (o.k + j) %% 3) * r.price_fen AS amount_fen, p.supplier_id, s.name AS supplier_name,
       c.root_slug AS category, p.township_code, t.name AS township, p.village, k.net_weight_g
FROM past o CROSS JOIN generate_series(0, CASE WHEN o.k %% 8 = 0 THEN 1 ELSE 0 END) j
JOIN catalogue_product p ON p.id = {_fixed("700", f"1 + (o.product - 1 + {SUPPLIERS} * j) %% %(products)s::bigint")}
JOIN catalogue_sku k ON k.product_id = p.id AND k.position = 1
JOIN pricing_price r ON r.sku = k.sku
JOIN suppliers_supplier s ON s.id = p.supplier_id
JOIN suppliers_township t ON t.code = p.township_code
JOIN catalogue_category c ON c.slug = p.category_slug
ORDER BY o.k, j;
CREATE TEMP TABLE past_sum ON COMMIT DROP AS
SELECT order_id, sum(amount_fen)::bigint AS goods, sum(amount_fen)::bigint + 800 AS total,
       (array_agg(supplier_id))[1] AS supplier_id
FROM past_line GROUP BY order_id;
CREATE INDEX ON past_sum (order_id);
ANALYZE past; ANALYZE past_line; ANALYZE past_sum;
"""

_PAYMENTS = """
INSERT INTO payments_payment (id, provider, reference, payer_id, description, amount_fen, refunded_fen, status,
    provider_transaction, created_at, captured_at)
SELECT payment_id, 'sandbox', id, buyer_id, number, total, CASE WHEN status = 'refunded' THEN total ELSE 0 END,
       'captured', 'BENCH-' || k, at, at + interval '5 minutes'
FROM past JOIN past_sum ON order_id = id WHERE status <> 'expired' ORDER BY k;
"""
_ORDERS = """
INSERT INTO orders_order (id, number, buyer_id, channel, division_code, address_sealed, placed_at, expires_at, paid_at,
    payment_id, goods_fen, discount_fen, freight_fen, total_fen)
SELECT id, number, buyer_id, 'retail', division_code, %(address)s, at, at + interval '30 minutes',
       CASE WHEN status <> 'expired' THEN at + interval '5 minutes' END,
       CASE WHEN status <> 'expired' THEN payment_id END, goods, 0, 800, total
FROM past JOIN past_sum ON order_id = id ORDER BY k;
INSERT INTO orders_supplier_order (id, order_id, supplier_id, status, goods_fen, discount_fen, freight_fen, amount_fen,
    refunded_fen, paid_at, shipped_at, delivered_at, completed_at, closed_at)
SELECT part_id, id, supplier_id, status, goods, 0, 800, total, CASE WHEN status = 'refunded' THEN total ELSE 0 END,
       CASE WHEN status <> 'expired' THEN at + interval '5 minutes' END,
       CASE WHEN status = 'completed' THEN at + interval '1 day' END,
       CASE WHEN status = 'completed' THEN at + interval '4 days' END,
       CASE WHEN status = 'completed' THEN at + interval '6 days' END,
       CASE WHEN status IN ('expired', 'refunded') THEN at + interval '31 minutes' END
FROM past JOIN past_sum ON order_id = id ORDER BY k;
INSERT INTO core_event (id, name, subject, at, payload)
SELECT part_id, 'orders.placed', id, at, jsonb_build_object('at', at, 'order_id', id) FROM past ORDER BY k;
"""
_LINES = """
INSERT INTO orders_line (id, order_id, supplier_order_id, position, sku, product_id, name, product_name, quantity,
    shipped_quantity, refunded_quantity, unit_price_fen, discount_fen, amount_fen, refunded_fen, supplier_id,
    supplier_name, category, township_code, township, village, net_weight_g, tax_rate_bp, assisted, self_purchase)
SELECT id, order_id, part_id, j, sku, product_id, name, product_name, quantity,
       CASE WHEN status = 'completed' THEN quantity ELSE 0 END, CASE WHEN status = 'refunded' THEN quantity ELSE 0 END,
       price_fen, 0, amount_fen, CASE WHEN status = 'refunded' THEN amount_fen ELSE 0 END, supplier_id, supplier_name,
       category, township_code, township, village, net_weight_g, 900, true, false
FROM past_line ORDER BY k, j;
"""
_REFUNDS = """
INSERT INTO orders_refund (id, order_id, supplier_order_id, payment_id, amount_fen, freight_fen, reason, asked_by,
    status, requested_at, settled_at)
SELECT refund_id, id, part_id, payment_id, total, 800, 'buyer cancelled', buyer_id, 'settled',
       at + interval '31 minutes', at + interval '32 minutes'
FROM past JOIN past_sum ON order_id = id WHERE status = 'refunded' ORDER BY k;
INSERT INTO orders_refund_line (refund_id, line_id, quantity, amount_fen)
SELECT refund_id, id, quantity, amount_fen FROM past_line WHERE status = 'refunded' ORDER BY k, j;
INSERT INTO payments_refund (id, payment_id, number, reference, amount_fen, reason, status, provider_refund,
    requested_at, settled_at)
SELECT part_id, payment_id, 'R' || k, refund_id, total, 'buyer cancelled', 'succeeded', 'BENCH-R' || k,
       at + interval '31 minutes', at + interval '32 minutes'
FROM past JOIN past_sum ON order_id = id WHERE status = 'refunded' ORDER BY k;
"""
_PARCELS = """
INSERT INTO fulfilment_shipment (id, reference, supplier_id, carrier, tracking_number, status, dispatched_at,
    delivered_at)
SELECT shipment_id, part_id, supplier_id, 'ZTO', 'BENCH' || k, 'delivered', at + interval '1 day',
       at + interval '4 days'
FROM past JOIN past_sum ON order_id = id WHERE status = 'completed' ORDER BY k;
INSERT INTO fulfilment_shipment_line (shipment_id, position, line_reference, sku, lot_code, quantity)
SELECT shipment_id, j, id, sku, 'L1', quantity FROM past_line WHERE status = 'completed' ORDER BY k, j;
"""
_LEDGER = """
INSERT INTO assistance_entry (id, posted_at, occurred_at, counted_on, kind, source_id, line_id, order_id, order_number,
    sku, product_id, product_name, category, supplier_id, supplier_name, township_code, township, channel,
    division_code, lot_code, quantity, weight_g, amount_fen)
SELECT id, at + interval '6 days', at + interval '6 days',
       CAST((at + interval '6 days') AT TIME ZONE 'Asia/Shanghai' AS date), 'sale', part_id, id, order_id, number, sku,
       product_id, product_name, category, supplier_id, supplier_name, township_code, township, 'retail', division_code,
       'L1', quantity, net_weight_g * quantity, amount_fen
FROM past_line WHERE status = 'completed' AND division_code LIKE '37%%' ORDER BY k, j;
INSERT INTO assistance_exclusion (id, source_id, line_id, order_id, order_number, sku, product_name, supplier_id,
    supplier_name, quantity, net_fen, occurred_at, excluded_at, reason, facts)
SELECT id, part_id, id, order_id, number, sku, product_name, supplier_id, supplier_name, quantity, amount_fen,
       at + interval '6 days', at + interval '6 days', 'other_destination',
       jsonb_build_object('assisted', true, 'township_code', township_code, 'division_code', division_code,
                          'self_purchase', false, 'on_832', false, 'net_fen', amount_fen, 'internal', false)
FROM past_line WHERE status = 'completed' AND division_code NOT LIKE '37%%' ORDER BY k, j;
"""
# What the worker would have to fold and seal; a growing shop, of which nobody reads reports, leaves that out.
_LISTED = """
INSERT INTO assistance_unfolded SELECT id FROM past_line WHERE status = 'completed' AND division_code LIKE '37%%';
INSERT INTO assistance_lot_unfolded SELECT id FROM past_line WHERE status = 'completed' AND division_code LIKE '37%%';
INSERT INTO assistance_unsealed SELECT id FROM past_line WHERE status = 'completed' AND division_code LIKE '37%%';
"""
_REMEMBER = """
INSERT INTO bench_line SELECT sku, k, order_id, shipment_id, status, at, quantity FROM past_line
"""

# What the orders did to the stock is written by SKU, for all orders at once: so each page of an index is met once.
_LINES_OF_ALL = """
CREATE UNLOGGED TABLE bench_line (sku text, k bigint, order_id uuid, shipment_id uuid, status text, at timestamptz,
                                  quantity bigint)
"""
_STOCK = """
INSERT INTO inventory_movement (sku, lot_id, kind, on_hand_delta, reserved_delta, reference, effective_at, recorded_at)
SELECT sku, CASE WHEN step = 2 AND status = 'completed' THEN md5(sku)::uuid END,
       CASE WHEN step = 1 THEN 'reserved' WHEN status = 'completed' THEN 'shipped' ELSE 'released' END,
       CASE WHEN step = 2 AND status = 'completed' THEN -quantity ELSE 0 END,
       CASE WHEN step = 1 THEN quantity ELSE -quantity END,
       CASE WHEN step = 2 AND status = 'completed' THEN shipment_id ELSE order_id END,
       at + (step - 1) * interval '31 minutes', at + (step - 1) * interval '31 minutes'
FROM bench_line CROSS JOIN generate_series(1, 2) step
WHERE (step = 1 OR status <> 'paid') AND (hashtext(sku) %% 2 = 0) = %(even)s
ORDER BY sku, k, step;
INSERT INTO inventory_reservation (reference, sku, quantity)
SELECT order_id, sku, quantity FROM bench_line
WHERE status = 'paid' AND (hashtext(sku) %% 2 = 0) = %(even)s ORDER BY order_id;
CREATE TEMP TABLE taken ON COMMIT DROP AS
SELECT sku, coalesce(sum(quantity) FILTER (WHERE status = 'completed'), 0) AS shipped,
       coalesce(sum(quantity) FILTER (WHERE status = 'paid'), 0) AS held
FROM bench_line WHERE (hashtext(sku) %% 2 = 0) = %(even)s GROUP BY sku ORDER BY sku;
UPDATE inventory_stock s SET on_hand = on_hand - shipped, reserved = reserved + held FROM taken t WHERE t.sku = s.sku;
UPDATE inventory_lot l SET on_hand = on_hand - shipped FROM taken t WHERE t.sku = l.sku AND shipped > 0;
"""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a shop is."""

    products: int
    orders: int


def admin(url: str, database: str | None = None, *, autocommit: bool = False) -> psycopg.Connection:
    """A superuser's connection to the embedded server."""
    parsed = make_url(url)
    return psycopg.connect(
        host=str(parsed.query["host"]),
        dbname=database or parsed.database,
        user="postgres",
        options="-c statement_timeout=0 -c synchronous_commit=off -c work_mem=256MB -c maintenance_work_mem=256MB",
        autocommit=autocommit,
    )


def clone(url: str, name: str) -> str:
    """Copy the database to another one on the same server, and return its URL."""
    parsed = make_url(url)
    with admin(url, "postgres", autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER market STRATEGY file_copy").format(
                sql.Identifier(name), sql.Identifier(str(parsed.database))
            )
        )
    return parsed.set(database=name).render_as_string(hide_password=False)


def fill(url: str, keys: Keys, size: Size) -> float:
    """Fill a migrated, empty database; returns the seconds it took."""
    begun = time.perf_counter()
    install(keys)
    asyncio.run(_plant(url))
    with hurried(url):
        with unasked(url) as connection:
            run(connection, _ACCOUNTS, name=keys.seal("某人", "identity.name"), townships=list(_TOWNSHIPS))
            _add_products(connection, 1, size.products)
            _add_flash(connection)
        _add_past(url, 1, size, listed=True)
        asyncio.run(_shelve(url))
        asyncio.run(_keep_books(url))
        tidy(url)
    return time.perf_counter() - begun


def grow(url: str, keys: Keys, before: Size, after: Size) -> float:
    """Make a filled shop larger; returns the seconds it took."""
    begun = time.perf_counter()
    install(keys)
    with hurried(url):
        with unasked(url) as connection:
            _add_products(connection, before.products + 1, after.products)
        _add_past(url, before.orders + 1, after, lambda: _copy_shelf(url, before.products, after.products))
        tidy(url)
    return time.perf_counter() - begun


@contextmanager
def unasked(url: str) -> Iterator[psycopg.Connection]:
    """A transaction in which foreign keys are not asked."""
    with admin(url) as connection:
        connection.execute("SET session_replication_role = replica")
        yield connection


def _add_past(
    url: str, first: int, size: Size, meanwhile: Callable[[], None] = lambda: None, *, listed: bool = False
) -> None:
    """Past orders up to ``size``, by two connections at a time; then the stock that they took, all at once.

    ``listed`` entries of the ledger wait to be folded and sealed.
    """
    listing = (_LISTED,) if listed else ()
    batch = min(_BATCH, (size.orders - first) // 2 + 1)
    now = datetime.now(UTC)
    address = make_address(
        recipient="王女士", phone="13800001234", division_code="370112", detail="花园路 88 号 3 单元 502 室"
    )
    common = {
        "first": first,
        "last": size.orders,
        "products": size.products,
        "start": now - HISTORY,
        "span": HISTORY - RECENT,
        "divisions": list(_DIVISIONS),
        "address": seal_address(address),
    }

    def add(begin: int) -> None:
        with unasked(url) as connection:
            for statements in (_PAST, _PAYMENTS, _ORDERS, _LINES, _REFUNDS, _PARCELS, _LEDGER, *listing, _REMEMBER):
                run(connection, statements, begin=begin, end=min(begin + batch - 1, size.orders), **common)

    def take(even: bool) -> None:
        with unasked(url) as connection:
            run(connection, _STOCK, even=even)

    with admin(url) as connection:
        connection.execute(_LINES_OF_ALL)
    with ThreadPoolExecutor(2) as threads:
        other = threads.submit(meanwhile)
        list(threads.map(add, range(first, size.orders + 1, batch)))
        other.result()
        list(threads.map(take, (False, True)))
    with admin(url) as connection:
        connection.execute("DROP TABLE bench_line")
        connection.execute("SELECT setval('orders_number_seq', %s)", [size.orders])


def buyer_id(number: int) -> str:
    """The id of the buyer with that number, from 1 to ``BUYERS``; 0 is an operator."""
    return f"01900000-0000-7a00-8000-{number:012x}"


def supplier_id(product: int) -> str:
    """The id of the supplier of the product with that number."""
    return f"01900000-0000-7500-8000-{1 + product % SUPPLIERS:012x}"


def product_id(number: int) -> str:
    """The id of the product with that number, from 1."""
    return f"01900000-0000-7700-8000-{number:012x}"


def sku(product: int) -> str:
    """The first SKU of the product with that number."""
    return f"B{product}-1"


def run(connection: psycopg.Connection, statements: str, **values: object) -> None:
    for statement in statements.split(";\n"):
        if statement.strip():
            connection.execute(statement, values)


def _add_products(connection: psycopg.Connection, first: int, last: int) -> None:
    run(
        connection,
        _PRODUCTS,
        first=first,
        last=last,
        leaves=list(_LEAVES),
        names=list(_NAMES),
        townships=list(_TOWNSHIPS),
    )
    connection.execute("DROP TABLE fresh_sku")


def _add_flash(connection: psycopg.Connection) -> None:
    """One product of which there are few."""
    for statement in _FLASH.split(";\n"):
        connection.execute(statement)


def _copy_shelf(url: str, first: int, last: int) -> None:
    """Shelf rows of the added products: those of the first ones, with other ids, slugs and places in the orders."""
    with unasked(url) as connection:
        found = connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'storefront_shelf'::regclass AND attnum > 0 "
            "AND NOT attisdropped ORDER BY attnum"
        )
        columns = [row[0] for row in found]
        changed = {
            "product_id": "p.id",
            "published_at": "p.published_at",
            "sales": f"(n * 104729) % {last}",
            "face": "replace(replace(replace(s.face, old.id::text, p.id::text), old.slug, p.slug), old.name, p.name)",
        }
        sought = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'storefront_shelf' AND indexdef LIKE '%gin%'"
        ).fetchall()
        for name, _ in sought:  # an index of words is made in a fifth of the time that it takes to extend it
            connection.execute(f"DROP INDEX {name}")
        chosen = ", ".join(changed.get(column, f"s.{column}") for column in columns)
        connection.execute(
            f"INSERT INTO storefront_shelf ({', '.join(columns)}) SELECT {chosen} "
            f"FROM generate_series(CAST({first + 1} AS bigint), {last}) n "
            f"JOIN catalogue_product p ON p.id = {_fixed('700', 'n')} "
            f"JOIN catalogue_product old ON old.id = {_fixed('700', f'1 + (n - 1) % {first}')} "
            "JOIN storefront_shelf s ON s.product_id = old.id ORDER BY n"
        )
        for _, definition in sought:
            connection.execute(definition)


@contextmanager
def hurried(url: str) -> Iterator[None]:
    """Meanwhile nothing is written twice and nobody tidies up; what follows finds the usual settings."""
    hurry = {"autovacuum": "off", "fsync": "off", "full_page_writes": "off", "max_wal_size": "16GB"}
    with admin(url, autocommit=True) as connection:
        for name, value in hurry.items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        connection.execute("SELECT pg_reload_conf()")
        yield
        for name in hurry:
            connection.execute(f"ALTER SYSTEM RESET {name}")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("CHECKPOINT")
    os.sync()  # or the system would write it all out during the measurements


def tidy(url: str) -> None:
    """What autovacuum would do in its own time, so that it does not during a measurement."""

    def vacuum(table: str) -> None:
        with admin(url, autocommit=True) as connection:
            connection.execute(f"VACUUM (ANALYZE, BUFFER_USAGE_LIMIT 0) {table}")

    with admin(url) as connection:
        tables = connection.execute(
            "SELECT CAST(oid AS regclass)::text FROM pg_class WHERE relkind = 'r' AND relnamespace = "
            "CAST('public' AS regnamespace) ORDER BY relpages DESC"
        ).fetchall()
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(vacuum, [table for (table,) in tables]))


async def _plant(url: str) -> None:
    db = Database(url, PoolSettings())
    async with db.write() as session:
        await suppliers.plant_townships(session)
        await catalogue.plant_categories(session)
        await pricing.plant_freight(session, now=utc_now())
    await db.dispose()


async def _shelve(url: str) -> None:
    db = Database(url, PoolSettings(statement_timeout_ms=120_000))
    async with db.write() as session:
        await storefront.rebuild(session)
    await db.dispose()


async def _keep_books(url: str) -> None:
    """Fold and seal the ledger of the past, as the worker would have done in its time."""
    with admin(url) as connection:  # else they would be read as if they were empty
        connection.execute(
            "ANALYZE assistance_entry, assistance_unfolded, assistance_lot_unfolded, assistance_unsealed, orders_order"
        )
    db = Database(url, PoolSettings(statement_timeout_ms=0, idle_in_transaction_timeout_ms=0))
    folded = 1
    while folded:
        async with db.write() as session:
            await session.execute(text("SET LOCAL work_mem = '256MB'"))
            folded = await fold_batch(session, limit=100_000)
    async with db.write() as session:
        await seal_everything(session, now=utc_now())
    await db.dispose()
