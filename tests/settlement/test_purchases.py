"""What suppliers get of goods that supermarkets took in: held until they are paid, to the fen, once."""

from __future__ import annotations

import asyncio
import io
from datetime import UTC, date, datetime, timedelta

import pypdf
import pytest
import python_calamine
from sqlalchemy import text

from app import settlement, wholesale
from tests.market import count, load, take_in
from tests.settlement.builders import Books, Piece
from tests.wholesale.test_money import bill, invoiced, transfer
from tests.wholesale.test_statements import ALL, MINE, call, more_stock, received, send_back, stated, worked

__all__ = ["worked"]

DAY = timedelta(days=1)
OWN = "/v1/supplier/settlements"
JANUARY = datetime(2027, 1, 5, 2, tzinfo=UTC)


async def post(market):
    async with market.shop.db.write() as session:
        return await settlement.post_due(session, now=market.shop.clock())


async def balance(market, who="S08"):
    await post(market)
    found = await call(market, who, "GET", "/v1/supplier/balance")
    return found["pending_fen"], found["released_fen"], found["total_fen"]


async def journal(market, *columns, where="true"):
    return await market.shop.rows(f"SELECT {', '.join(columns)} FROM settlement_posting WHERE {where} ORDER BY id")


async def example(market):
    """100 × 72.00, 4 rejected, 2 returned (domain handbook §4.3): confirmed and invoiced; gives the statement."""
    order, _ = await received(market, bad=4)
    await send_back(market, order, 2)
    statement = await stated(market)
    await call(market, "P01", "POST", f"{MINE}/{statement['id']}/confirm", {"revision": 1})
    return await call(market, "operator", "POST", f"{ALL}/{statement['id']}/invoice", bill())


async def settle_december(market, who="S08"):
    market.shop.clock.advance(seconds=(JANUARY - market.shop.clock()).total_seconds())
    async with market.shop.db.write() as session:
        assert await settlement.issue_statements(session, date(2026, 12, 1), now=JANUARY) == 1
    ((statement,),) = [(await call(market, who, "GET", f"{OWN}?month=2026-12"))["items"]]
    return statement


async def test_the_worked_example_from_the_suppliers_side(worked):
    """6,768.00 net − 338.40 commission − 406.08 rebate = 6,023.52; the fee of 300.00 is the platform's."""
    market = worked
    order, _ = await received(market, bad=4)
    assert await balance(market) == (691_200 - 34_560, 0, 656_640)
    await send_back(market, order, 2)
    assert await balance(market) == (676_800 - 33_840, 0, 642_960)
    statement = await stated(market)
    assert await balance(market) == (642_960, 0, 642_960)
    await call(market, "P01", "POST", f"{MINE}/{statement['id']}/confirm", {"revision": 1})
    assert await balance(market) == (602_352, 0, 602_352)
    await call(market, "operator", "POST", f"{ALL}/{statement['id']}/invoice", bill())
    await transfer(market, "1", 606_191, statement["code"])
    assert await balance(market) == (602_352, 0, 602_352), "a part lets nothing go"
    await transfer(market, "2", 100, statement["code"])
    assert await balance(market) == (0, 602_352, 602_352), "what was paid too much is not the supplier's"
    held = "receivable_fen", "pending_fen", "unearned_fen", "platform_fen", "cash_fen", "payable_fen", "commission_fen"
    assert await journal(market, "kind", "quantity", *held) == [
        ("receipt", 96, 691_200, -656_640, -34_560, 0, 0, 0, 0),
        ("return", -2, -14_400, 13_680, 720, 0, 0, 0, 0),
        ("deduction", None, -70_860, 41_472, 0, 29_388, 0, 0, 0),
        ("deduction", None, 252, -864, 0, 612, 0, 0, 0),
        ("purchase", 96, -620_340, 615_168, 34_560, 0, 620_340, -615_168, -34_560),
        ("purchase_return", -2, 14_148, -12_816, -720, 0, -14_148, 12_816, 720),
    ]
    assert await market.shop.breaks() == []


@pytest.fixture
async def december(worked):
    """The supplier's statement of the month in which the worked example was paid."""
    statement = await example(worked)
    await transfer(worked, "1", 606_192, statement["code"])
    return await settle_december(worked)


class TestTheStatement:
    async def test_is_of_what_was_paid(self, december):
        sums = {name: december[name] for name in ("goods_fen", "commission_fen", "refund_fen", "net_fen")}
        assert sums == {
            "goods_fen": 691_200 - 41_472,
            "commission_fen": 34_560,
            "refund_fen": 14_400 - 864 - 720,
            "net_fen": 602_352,
        }
        assert (december["status"], december["balance_fen"], december["row_count"]) == ("issued", 602_352, 2)

    async def test_rows_say_which_order_and_what_was_taken_off(self, worked, december):
        rows = (await call(worked, "S08", "GET", f"{OWN}/{december['id']}/rows"))["items"]
        ((po_no,),) = await worked.shop.rows("SELECT po_no FROM wholesale_po")
        shown = ("kind", "po_no", "po_line_no", "sku", "quantity", "unit_price_fen", "listed_fen", "rebate_fen")
        assert [tuple(row[name] for name in shown) for row in rows] == [
            ("purchase", po_no, 1, "NO02", 96, 7_200, 691_200, 41_472),
            ("purchase_return", po_no, 1, "NO02", -2, 7_200, -14_400, -864),
        ]
        paid = ("paid_fen", "commission_fen", "net_fen", "rate_bp", "order_number", "subsidy_fen", "borne_fen")
        assert [tuple(row[name] for name in paid) for row in rows] == [
            (649_728, -34_560, 615_168, 500, None, 0, 0),
            (-13_536, 720, -12_816, 500, None, 0, 0),
        ]
        assert (rows[0]["share_bp"], rows[1]["share_bp"], rows[0]["tax_rate_bp"]) == (
            9_468,
            None,
            rows[1]["tax_rate_bp"],
        )
        assert rows[0]["tax_fen"] is not None

    async def test_sheet_and_paper_say_so_too(self, worked, december):
        ((po_no,),) = await worked.shop.rows("SELECT po_no FROM wholesale_po")
        answer = await worked.shop.call("S08", "GET", f"{OWN}/{december['id']}/xlsx")
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
        rows = book.get_sheet_by_name("结算明细").to_python()[2:]
        assert [(row[1], row[3], row[5], *row[11:14:2], *row[17:]) for row in rows] == [
            ("商超货款", "NO02", 96, -345.6, 6151.68, po_no, 1, 72, 414.72),
            ("商超退货", "NO02", -2, 7.2, -128.16, po_no, 1, 72, -8.64),
        ]
        answer = await worked.shop.call("S08", "GET", f"{OWN}/{december['id']}/pdf")
        words = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages)
        assert "陆仟零贰拾叁元伍角贰分" in words
        assert po_no in words
        assert "商超采购订单" in words

    async def test_is_paid_out_of_the_platforms_own_account(self, worked, december):
        books, now = Books(worked.shop, worked.shop.db), worked.shop.clock()
        await books.account(now, "S08")
        await call(worked, "S08", "POST", f"{OWN}/{december['id']}/confirm")
        run = await books.run(now)
        ((payout,),) = [run.payouts]
        assert (payout.amount_fen, payout.platform_fen) == (602_352, -602_352)
        await books.paid(run, now)
        assert await balance(worked) == (0, 0, 0)
        left = await worked.shop.rows(
            "SELECT sum(cash_fen), -sum(commission_fen), sum(platform_fen), sum(clearing_fen) FROM settlement_posting"
        )
        assert left == [(3_840, 33_840, 30_000, 0)], "what the platform keeps is its commission less the fee"
        assert (await worked.shop.rows("SELECT waited_s > 0 FROM settlement_payout")) == [(True,)]
        assert await worked.shop.breaks() == []

    @pytest.mark.usefixtures("december")
    async def test_reports_know_it(self, worked):
        journal_ = (await call(worked, "operator", "GET", "/v1/operator/journal"))["items"]
        ((po_no,),) = await worked.shop.rows("SELECT po_no FROM wholesale_po")
        assert {posting["po_no"] for posting in journal_} == {po_no}
        incomes = await call(worked, "operator", "GET", "/v1/operator/tax-reports?quarter=2026-Q4")
        ((income,),) = [incomes["items"]]
        names = "orders", "gross_fen", "refunded_fen", "net_fen", "commission_fen"
        assert tuple(income[name] for name in names) == (1, 691_200, 14_400 + 40_608, 636_192, 33_840)
        span = "from=2026-11-01&to=2026-12-31"
        ((shared,),) = [(await call(worked, "operator", "GET", f"/v1/operator/farm-gate?{span}"))["items"]]
        names = "quantity", "paid_fen", "added_fen", "commission_fen", "supplier_fen"
        assert tuple(shared[name] for name in names) == (94, 606_192, 30_000, 33_840, 602_352)
        path = f"/v1/office/reports/farm-gate?{span}&group_by=channel,township"
        report = await call(worked, "officer", "GET", path)
        (row,), totals = report["rows"], report["totals"]
        told = {
            "channel": "supermarket",
            "township_code": "433125111",
            "quantity": 94,
            "listed_fen": 691_200,
            "supplier_discount_fen": 40_608,
            "platform_discount_fen": 30_000,
            "paid_fen": 691_200 - 40_608 - 30_000,
            "refunded_fen": 14_400,
            "added_fen": 30_000,
            "commission_fen": 33_840,
            "farm_gate_fen": 602_352,
            "supplier_fen": 602_352,
            "share_bp": 9_468,
        }
        assert {name: row[name] for name in told} == told
        assert totals["supplier_fen"] == 602_352


async def test_what_goes_back_after_it_was_paid_is_a_negative_row_of_the_next_period(market):
    await more_stock(market, "GT04")
    order, _ = await received(market, "GT04", cases=2)
    statement = await stated(market)
    await call(market, "P01", "POST", f"{MINE}/{statement['id']}/confirm", {})
    await call(market, "operator", "POST", f"{ALL}/{statement['id']}/invoice", bill())
    await transfer(market, "1", statement["payable_fen"], statement["code"])
    pending, released, _ = await balance(market, "S01")
    assert (pending, released) == (0, 160_000 * 95 // 100 - statement["rebate_fen"])
    await send_back(market, order, 7)
    await market.shop.settle()
    back = 7 * 8_000 * 95 // 100
    assert await balance(market, "S01") == (-back, released, released - back)
    december = await settle_december(market, "S01")
    assert (december["net_fen"], december["row_count"]) == (released, 1), (
        "it waits for the supermarket's next statement"
    )
    async with market.shop.db.write() as session:
        await wholesale.issue_statements(session, now=JANUARY)
    ((row,),) = [(await call(market, "P01", "GET", f"{MINE}?month=2026-12"))["items"]]
    await call(market, "P01", "POST", f"{MINE}/{row['id']}/confirm", {})
    await call(market, "operator", "POST", f"{ALL}/{row['id']}/invoice", bill())
    pending, lowered, _ = await balance(market, "S01")
    ((bearing,),) = await journal(market, "payable_fen", where="kind = 'purchase_return'")
    assert (pending, lowered) == (0, -bearing)
    assert await market.shop.breaks() == []


async def test_returns_and_corrections_take_back_a_running_total_so_that_nothing_is_left_of_a_row(market):
    await more_stock(market)
    order, _ = await received(market, cases=4)
    for units in (1, 2, 3):
        await send_back(market, order, units)
        await post(market)
    statement = await stated(market)
    claim = {"kind": "QTY", "line_id": statement["lines"][0]["id"], "claimed_units": 6, "note": "x"}
    disputed = await call(market, "P01", "POST", f"{MINE}/{statement['id']}/disputes", claim, 201)
    path = f"/v1/operator/partner-disputes/{disputed['disputes'][0]['id']}/decide"
    await call(market, "operator", "POST", path, {"accept": True})
    await market.shop.settle()
    assert await balance(market) == (0, 0, 0)
    assert await journal(market, "kind", where="kind <> 'receipt'") == [("return",)] * 4
    sums = "sum(receivable_fen)", "sum(unearned_fen)", "sum(pending_fen)"
    assert await market.shop.rows(f"SELECT {', '.join(sums)} FROM settlement_posting") == [(0, 0, 0)]
    assert await market.shop.breaks() == []


async def test_the_commission_is_that_of_the_day_of_the_receipt(market):
    now = market.shop.clock()
    async with market.shop.db.write() as session:
        for rate_bp, days in ((800, 8), (300, 11)):
            await settlement.announce_rule(
                session,
                supplier_id=None,
                category="navel-orange",
                rate_bp=rate_bp,
                valid_from=market.today + days * DAY,
                by=market.shop.actor("operator"),
                now=now,
            )
    await more_stock(market)
    order = await market.place({"NO02": 4})
    await load(market, order, {1: 4}, "S08")
    market.shop.clock.advance(days=9)
    await take_in(market, order, {1: (20, 0)}, received_at=(market.shop.clock() - 2 * DAY).isoformat())
    market.shop.clock.advance(days=4)
    await post(market)
    assert await journal(market, "rate_bp", "unearned_fen") == [(500, -3_200)]


async def test_goods_that_were_refused_are_owed_to_nobody(market):
    await more_stock(market)
    order = await market.place({"NO02": 4})
    await load(market, order, {1: 4}, "S08")
    answer = await count(market, order, {1: (20, 20)})
    assert answer.json()["payable_fen"] == 0
    assert await post(market) == 0
    assert await market.shop.breaks() == []


async def test_a_rebate_is_borne_by_each_supplier_for_its_own_goods(market):
    await more_stock(market)
    await more_stock(market, "GT04")
    order = await market.place({"GT04": 2, "NO02": 3})
    await load(market, order, {1: 2}, "S01")
    await load(market, order, {2: 3}, "S08")
    await take_in(market, order, {1: (20, 0), 2: (15, 0)})
    statement = await stated(market)
    await call(market, "P01", "POST", f"{MINE}/{statement['id']}/confirm", {})
    assert statement["rebate_fen"] == (160_000 + 48_000) * 6 // 100
    assert (await balance(market, "S01"))[0] == 160_000 * 95 // 100 - 9_600
    assert (await balance(market, "S08"))[0] == 48_000 * 95 // 100 - 2_880


async def test_posting_twice_at_once_posts_once(fresh_market):
    market = fresh_market
    statement = await invoiced(market)
    await transfer(market, "1", statement["payable_fen"], statement["code"])
    posted = await asyncio.gather(*(post(market) for _ in range(4)))
    assert sorted(posted) == [0, 0, 0, 3]
    assert await journal(market, "kind") == [("receipt",), ("deduction",), ("purchase",)]
    assert await post(market) == 0
    async with market.shop.db.write() as session:
        assert await settlement.post_everything(session, now=market.shop.clock()) == 0
    assert await market.shop.breaks() == []


async def test_posting_looks_at_what_is_new_alone(market):
    """What lies three days behind the last receipt that was posted is not looked at again, before the next sweep."""
    await more_stock(market)
    await received(market, cases=4)
    market.shop.clock.advance(days=1)
    late, _ = await received(market, cases=4)
    await post(market)
    market.shop.clock.advance(days=30)
    await more_stock(market, "GT04")
    await received(market, "GT04", cases=2)
    await post(market)
    hidden = """DELETE FROM settlement_posting WHERE kind = 'receipt' AND source_id IN (
        SELECT id FROM wholesale_receipt_line WHERE line_id IN (SELECT id FROM wholesale_po_line WHERE po_id = :po))"""
    async with market.shop.db.write() as session:
        await session.execute(text("ALTER TABLE settlement_posting DISABLE TRIGGER USER"))
        await session.execute(text(hidden), {"po": late["id"]})
    assert await post(market) == 0
    async with market.shop.db.write() as session:
        assert await settlement.post_everything(session, now=market.shop.clock()) == 1


BEFORE = """encode(sha256(convert_to(string_agg(concat_ws('|', r.position, p.kind, p.source_id,
    coalesce(CAST(p.line_id AS text), '-'), coalesce(p.order_number, '-'), coalesce(p.sku, '-'),
    coalesce(p.quantity, 0), coalesce(p.rate_bp, 0), CAST(extract(epoch FROM p.occurred_at) * 1000000 AS bigint),
    p.clearing_fen, p.payable_fen, p.commission_fen, p.platform_fen, p.district_fen, p.carrier_fen, p.cash_fen),
    E'\\n' ORDER BY r.position), 'UTF8')), 'hex')"""
"""How the rows of a statement were digested before purchase orders stood on any."""
OF_ROWS = f"""SELECT t.sha256, {BEFORE} FROM settlement_statement t
    JOIN settlement_statement_row r ON r.statement_id = t.id JOIN settlement_posting p ON p.id = r.posting_id
    GROUP BY t.id"""


async def test_statements_of_buyers_orders_keep_their_digest(books, now):
    sold = await books.sell(now - 40 * DAY, Piece(off={"district": 10}), Piece("GT14"), freight=800)
    await books.refund(now - 39 * DAY, sold, 100)
    await books.issue("2026-10", now)
    ((sha256, before),) = await books.shop.rows(OF_ROWS)
    assert sha256 == before


async def test_the_digest_of_purchase_orders_holds_their_number(worked, december):
    ((sha256, before),) = await worked.shop.rows(OF_ROWS)
    assert sha256 == december["sha256"] != before
    assert await worked.shop.breaks() == []
