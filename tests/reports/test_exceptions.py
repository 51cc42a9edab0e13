"""What auditors look for: a shop that has lived shows nothing but what happened, and each planted case is found."""

import io
from datetime import date
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from app.reports import queries, service
from app.reports.rules.exceptions import CHECKS, Check
from tests.audit.conftest import NOW, books, shop
from tests.audit.test_check import ORDER_OF_PLAIN, PART_OF_PLAIN, PLAIN, invoice, spoil
from tests.reports.test_files import written

__all__ = ["books", "shop"]

FIRST, LAST = date(2025, 1, 1), date(2026, 12, 31)
ENTRY = f"(SELECT id FROM assistance_entry WHERE line_id = {PLAIN} AND kind = 'sale')"
BUYER = f"(SELECT buyer_id FROM orders_order WHERE id = {ORDER_OF_PLAIN})"
SUPPLIER = f"(SELECT supplier_id FROM orders_line WHERE id = {PLAIN})"
COPIED = """posted_at, occurred_at, counted_on, source_id, line_id, order_id, order_number, po_no, sku, product_id,
    product_name, category, supplier_id, supplier_name, township_code, township, channel, division_code, lot_code"""


def deals(price):
    """Five other deals of the plain line's SKU in the month before it."""
    return f"""
        WITH o AS (
            INSERT INTO orders_order SELECT (jsonb_populate_record(o, jsonb_build_object(
                'id', gen_random_uuid(), 'number', o.number || n, 'paid_at', o.placed_at - n * interval '1 day',
                'placed_at', o.placed_at - n * interval '1 day'))).*
            FROM orders_order o, generate_series(1, 5) n WHERE o.id = {ORDER_OF_PLAIN} RETURNING id
        )
        INSERT INTO orders_line SELECT (jsonb_populate_record(l, jsonb_build_object(
            'id', gen_random_uuid(), 'order_id', o.id, 'unit_price_fen', {price},
            'amount_fen', {price} * l.quantity, 'discount_fen', 0, 'subsidy_fen', 0))).*
        FROM o, orders_line l WHERE l.id = {PLAIN}"""


def linked(kind="WAGE", yearly="NULL", since="2026-01-01", persons=4):
    """A household of the plain line's supplier."""
    return (
        f"""INSERT INTO assistance_household (id, number_sealed, number_index, township_code, village, classes, persons,
                persons_linked, left_on, entered_by, entered_at)
            SELECT '{PAPER}', '', '', min(code), '', '{{}}', {persons}, 1, '2026-06-01', '{PAPER}', now()
            FROM suppliers_township""",
        f"""INSERT INTO assistance_linkage (id, household_id, supplier_id, kind, contract_no, valid_from, terms,
                yearly_fen, entered_by, entered_at)
            VALUES ('{PAPER}', '{PAPER}', {SUPPLIER}, '{kind}', 'LD-1', '{since}', '', {yearly}, '{PAPER}', now())""",
    )


def paid(on="2026-04-02", kind="WAGE", own="true", to=None):
    """A hundred yuan for that household, by an approved list; what the two come to is another matter."""
    return (
        f"""INSERT INTO assistance_payment_list (id, source, rows, total_fen, note, entered_by, entered_at)
            VALUES ('{PAPER}', 'entered', 1, 10000, '', '{PAPER}', now()) ON CONFLICT DO NOTHING""",
        f"""INSERT INTO assistance_payment_list_decision (list_id, verdict, note, decided_by, decided_at)
            VALUES ('{PAPER}', 'approved', '', gen_random_uuid(), now()) ON CONFLICT DO NOTHING""",
        f"""INSERT INTO assistance_household_payment (id, list_id, household_id, supplier_id, kind, paid_on, amount_fen,
                to_own_account)
            VALUES (gen_random_uuid(), '{PAPER}', '{PAPER}', {to or SUPPLIER}, '{kind}', '{on}', 10000, {own})""",
    )


MARKET_BEGAN = "2025-12-07T04:00:00Z"
PAPER = "00000000-0000-7000-8000-0000000000f1"
ANOTHER = f"(SELECT id FROM suppliers_supplier WHERE id <> {SUPPLIER} LIMIT 1)"
UNIT_PRICE = f"(SELECT unit_price_fen FROM orders_line WHERE id = {PLAIN})"
BLUE = invoice("p.amount_fen - 1").replace("false, NULL", "true, NULL")
PLANTED = {
    Check.CLAIMED_ELSEWHERE: [
        f"""INSERT INTO assistance_external_claim
            SELECT '832', order_number, 1, (SELECT id FROM assistance_entry WHERE id <> e.id LIMIT 1)
            FROM assistance_entry e WHERE id = {ENTRY}"""
    ],
    Check.REFUND_NOT_DEDUCTED: [
        f"""WITH r AS (
                INSERT INTO orders_refund (id, order_id, supplier_order_id, payment_id, amount_fen, freight_fen, reason,
                    status, requested_at, settled_at)
                SELECT gen_random_uuid(), o.id, {PART_OF_PLAIN}, o.payment_id, 100, 0, '', 'settled', now(),
                    (SELECT occurred_at + interval '1 day' FROM assistance_entry WHERE id = {ENTRY})
                FROM orders_order o WHERE o.id = {ORDER_OF_PLAIN} RETURNING id)
            INSERT INTO orders_refund_line SELECT id, {PLAIN}, 1, 100 FROM r"""
    ],
    Check.COUNTED_THEN_CANCELLED: [
        f"UPDATE orders_supplier_order SET status = 'shipped', completed_at = NULL WHERE id = {PART_OF_PLAIN}"
    ],
    Check.SELF_PURCHASE: [
        f"INSERT INTO identity_grant SELECT {BUYER}, 'supplier', {SUPPLIER} ON CONFLICT DO NOTHING",
    ],
    Check.REFUND_AFTER_YEAR_END: [
        f"""WITH sale AS (
                INSERT INTO assistance_entry (id, kind, {COPIED}, quantity, weight_g, amount_fen)
                SELECT gen_random_uuid(), 'sale', {
            COPIED.replace("counted_on", "DATE '2025-12-30'").replace(
                "source_id, line_id", "gen_random_uuid(), gen_random_uuid()"
            )
        }, 1, 1, 500
                FROM assistance_entry WHERE id = {ENTRY} RETURNING *)
            INSERT INTO assistance_entry (id, kind, {COPIED}, quantity, weight_g, amount_fen, reverses)
            SELECT gen_random_uuid(), 'refund', {
            COPIED.replace("counted_on", "DATE '2026-01-08'").replace("source_id", "gen_random_uuid()")
        }, -1, -1, -500, id FROM sale"""
    ],
    Check.YEAR_END_SPIKE: [
        f"""WITH o AS (
                INSERT INTO orders_order SELECT (jsonb_populate_record(o, jsonb_build_object(
                    'id', gen_random_uuid(), 'number', o.number || n, 'paid_at',
                    CASE n WHEN 0 THEN '{MARKET_BEGAN}' ELSE '2025-12-28T04:00:00Z' END))).*
                FROM orders_order o, generate_series(0, 12) n WHERE o.id = {ORDER_OF_PLAIN} RETURNING id)
            INSERT INTO orders_supplier_order SELECT (jsonb_populate_record(p, jsonb_build_object(
                'id', gen_random_uuid(), 'order_id', o.id, 'completed_at', '2026-01-06T04:00:00Z'))).*
            FROM o, orders_supplier_order p WHERE p.id = {PART_OF_PLAIN}"""
    ],
    Check.CERTIFICATE_AFTER_ORDER: [
        "ALTER TABLE catalogue_certification DISABLE TRIGGER USER",
        f"""UPDATE catalogue_certification SET valid_from = DATE '2026-12-01', valid_to = DATE '2027-12-01'
            WHERE supplier_id = {SUPPLIER}""",
    ],
    Check.PRICE_ABOVE_MEDIAN: [deals(f"div(CAST({UNIT_PRICE} AS numeric), 2)")],
    Check.INVOICE_DIFFERS: [BLUE],
    Check.RED_INVOICE_MISSING: [
        invoice("p.amount_fen")
        .replace("false, NULL", "true, NULL")
        .replace("now(), now()\n", "p.paid_at, p.paid_at\n"),
        f"""INSERT INTO orders_refund (id, order_id, supplier_order_id, payment_id, amount_fen, freight_fen, reason,
                status, requested_at, settled_at)
            SELECT gen_random_uuid(), o.id, {PART_OF_PLAIN}, o.payment_id, 100, 0, '', 'settled', now(),
                TIMESTAMPTZ '{NOW.isoformat()}' - interval '25 hours'
            FROM orders_order o WHERE o.id = {ORDER_OF_PLAIN}""",
        f"UPDATE invoicing_invoice SET issued_at = TIMESTAMPTZ '{NOW.isoformat()}' - interval '30 hours'",
    ],
    Check.SUBSIDY_COUNTED: [
        f"""UPDATE orders_line SET amount_fen = amount_fen - 1, discount_fen = discount_fen + 1,
                subsidy_fen = subsidy_fen + 1 WHERE id = {PLAIN}"""
    ],
    Check.CAPACITY_EXCEEDED: [
        f"""INSERT INTO assistance_supplier_figure (id, supplier_id, kind, category, starts_on, ends_on, value,
                evidence, entered_by, entered_at)
            SELECT '{PAPER}', supplier_id, 'raw_capacity_g', category, '2026-01-01', '2026-12-31', 499, '', '{PAPER}',
                now() FROM assistance_entry WHERE id = {ENTRY}"""
    ],
    Check.CONTRACT_UNPAID: [*linked(yearly="10000", persons=999)],
    Check.HOUSEHOLD_SHARED: [*linked(persons=999), *paid(), *paid(to=ANOTHER)[2:]],
    Check.PAID_AFTER_LEAVING: [*linked(persons=999), *paid("2026-06-02")],
    Check.NOT_OWN_ACCOUNT: [*linked(persons=999), *paid(own="false")],
    Check.DIVIDEND_ABOVE_REGISTER: [*linked("DIVIDEND", "9999", persons=999), *paid(kind="DIVIDEND")],
    Check.PERSONS_ABOVE_REGISTER: [*linked(), *paid()],
    Check.NOT_SEALED: [
        f"""UPDATE assistance_entry SET posted_at = TIMESTAMPTZ '{NOW.isoformat()}' - interval '9 days'
            WHERE id = {ENTRY}""",
        f"""INSERT INTO assistance_unsealed SELECT {ENTRY}
            ON CONFLICT (entry_id) DO UPDATE SET entry_id = EXCLUDED.entry_id""",
    ],
}


async def cases(books, *checks) -> dict[Check, list[Any]]:
    return {
        check: found
        for check in checks or Check
        if (found := await queries.exceptions(books, check, FIRST, LAST, now=NOW, limit=100))
    }


async def test_a_shop_that_has_lived_shows_only_what_happened(books):
    found = await cases(books)
    own = await books.scalar(text("SELECT count(*) FROM assistance_exclusion WHERE reason = 'self_purchase'"))
    assert found.keys() <= {Check.SELF_PURCHASE}
    assert len(found.get(Check.SELF_PURCHASE, ())) == own


@pytest.mark.parametrize("check", Check)
async def test_a_planted_case_is_found_by_its_check_and_no_other(books, check):
    before = await cases(books)
    await spoil(books, PLANTED[check])
    after = await cases(books)
    fresh = {one: found for one, found in after.items() if len(found) != len(before.get(one, ()))}
    assert fresh.keys() == {check}, fresh
    known = {(one.number, one.line_id) for one in before.get(check, ())}
    case = next(one for one in fresh[check] if (one.number, one.line_id) not in known)
    assert case.amount_fen > 0
    assert FIRST <= case.on_day <= LAST
    for language in ("zh", "en"):
        assert "{" not in case.told.to(language)
        assert "None" not in case.told.to(language)


async def test_where_the_marketplace_began_with_the_years_last_days_there_is_no_spike(books):
    await spoil(books, [one.replace(MARKET_BEGAN, "2025-12-08T04:00:00Z") for one in PLANTED[Check.YEAR_END_SPIKE]])
    assert Check.YEAR_END_SPIKE not in await cases(books, Check.YEAR_END_SPIKE)


def test_every_check_is_explained_and_planted():
    assert set(CHECKS) == set(Check) == set(PLANTED)


async def test_cases_are_a_report_in_four_formats(officer, db, now):
    span = {"from": "2026-01-01", "to": "2026-12-31"}
    path = "/v1/office/reports/exceptions"
    report = (await officer.get(path, params=span)).json()
    assert [check["check"] for check in report["checks"]] == [check.value for check in Check]
    assert report["rows"] == []
    one = (await officer.get(path, params=span | {"check": "price_above_median"})).json()
    assert [check["check"] for check in one["checks"]] == ["price_above_median"]
    sheet = await officer.get(path, params=span | {"format": "xlsx"})
    assert CalamineWorkbook.from_filelike(io.BytesIO(sheet.content)).sheet_names
    paper = await officer.get(path, params=span | {"format": "pdf"}, headers={"Accept-Language": "zh"})
    assert "异常核查" in written(paper.content)
    assert (await officer.get(path, params=span | {"check": "none"})).status_code == 422


async def test_a_case_is_told_in_the_readers_language(books, now):
    await spoil(books, PLANTED[Check.COUNTED_THEN_CANCELLED])
    found = (await cases(books))[Check.COUNTED_THEN_CANCELLED]
    table = service.exceptions_table(found, list(Check), first=FIRST, last=LAST, as_of=now, undelivered=0)
    csv = b"".join(service.csv_bytes(table)).decode("utf-8-sig")
    assert "counted_then_cancelled" in csv
    assert "the supplier's order is shipped" in csv
