"""Statements: what stands on them, that they stay as they are, and who may say what to them."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, date, datetime, timedelta

import pypdf
import pytest
import python_calamine
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app import settlement
from app.wiring import CHORES
from app.worker import do_chore
from tests.settlement.builders import Piece

DAY = timedelta(days=1)
OCTOBER = datetime(2026, 10, 10, 4, tzinfo=UTC)
FIFTH = datetime(2026, 11, 5, 1, tzinfo=UTC)
OF = "/v1/supplier/settlements"
CHORE = {chore.name: chore for chore in CHORES}


async def call(books, who, method, path, body=None, status=200):
    answer = await books.shop.call(who, method, path, body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_month_is_what_was_released_in_it(books):
    await books.sell(OCTOBER, Piece(price=12_800, quantity=2), freight=600)
    await books.sell(OCTOBER, Piece("GT14"), return_days=0)
    await books.sell(datetime(2026, 10, 28, tzinfo=UTC), Piece())  # can still be sent back in November
    assert await books.issue("2026-10", FIFTH) == 1
    october = await books.statement("2026-10")
    assert (october.number, october.row_count) == ("JS202610S01", 3)
    assert (october.goods_fen, october.freight_fen, october.commission_fen) == (35_600, 600, 1_780)
    assert (october.net_fen, october.balance_fen, october.status) == (34_420, 34_420, settlement.Status.ISSUED)
    assert october.confirm_by == FIFTH + 7 * DAY
    assert await books.issue("2026-11", FIFTH + 30 * DAY) == 1
    november = await books.statement("2026-11")
    assert november.goods_fen == 10_000


async def test_a_month_is_settled_once(books):
    await books.sell(OCTOBER, Piece())
    assert await books.issue("2026-10", FIFTH) == 1
    await books.sell(OCTOBER, Piece())
    assert await books.issue("2026-10", FIFTH) == 0
    assert await books.issue("2026-09", FIFTH) == 0
    assert await books.issue("2026-11", FIFTH + 30 * DAY) == 1
    assert (await books.statement("2026-11")).goods_fen == 10_000


async def test_a_month_that_is_not_over_is_not_settled(books):
    for early in (datetime(2026, 10, 31, 15, 59, tzinfo=UTC), OCTOBER):
        with pytest.raises(settlement.MonthNotOver):
            await books.issue("2026-10", early)
    assert await books.issue("2026-10", datetime(2026, 10, 31, 16, tzinfo=UTC)) == 0


async def test_an_open_claim_keeps_a_sale_back_and_everything_about_it(books):
    sold = await books.sell(OCTOBER, Piece(), freight=100)
    await books.refund(OCTOBER + DAY, sold, 500)
    await books.claims_open(sold, 1)
    assert await books.issue("2026-10", FIFTH) == 0
    await books.claims_open(sold, 0)
    assert await books.issue("2026-11", FIFTH + 30 * DAY) == 1
    assert (await books.statement("2026-11")).row_count == 3


async def test_what_is_known_to_go_back_is_not_paid_first(books):
    """A refund between the end of the month and its statement stands on the same statement as its sale."""
    sold = await books.sell(OCTOBER, Piece())
    await books.refund(datetime(2026, 11, 3, tzinfo=UTC), sold, 2_000)
    await books.refund(FIFTH + DAY, sold, 1_000)
    await books.issue("2026-10", FIFTH)
    october = await books.statement("2026-10")
    assert (october.goods_fen, october.refund_fen, october.net_fen) == (10_000, 1_900, 7_600)
    await books.issue("2026-11", FIFTH + 30 * DAY)
    november = await books.statement("2026-11")
    assert (november.row_count, november.net_fen, november.status) == (1, -950, settlement.Status.CARRIED)


async def test_what_is_refunded_after_payout_is_taken_off_the_next_months(books):
    await books.account(FIFTH)
    sold = await books.sell(OCTOBER, Piece())
    await books.issue("2026-10", FIFTH)
    await books.confirm_all(FIFTH)
    run = await books.run(FIFTH + 9 * DAY)
    await books.paid(run, FIFTH + 9 * DAY)
    await books.refund(FIFTH + 10 * DAY, sold, 10_000)
    for month, now in (("2026-11", FIFTH + 30 * DAY), ("2026-12", FIFTH + 61 * DAY)):
        await books.issue(month, now)
    november = await books.statement("2026-11")
    assert (november.net_fen, november.balance_fen, november.status) == (-9_500, -9_500, settlement.Status.CARRIED)
    (row,) = await books.rows(november)
    assert (row.kind, row.paid_fen, row.commission_fen, row.net_fen) == ("refund", -10_000, 500, -9_500)
    await books.sell(datetime(2027, 1, 5, tzinfo=UTC), Piece(quantity=3))
    await books.issue("2027-01", FIFTH + 95 * DAY)
    january = await books.statement("2027-01")
    assert (january.opening_fen, january.net_fen, january.balance_fen) == (-9_500, 28_500, 19_000)
    await books.confirm_all(FIFTH + 95 * DAY)
    run = await books.run(FIFTH + 110 * DAY)
    assert [(one.amount_fen, one.platform_fen) for one in run.payouts] == [(19_000, 1_000)]
    await books.paid(run, FIFTH + 110 * DAY)
    assert (await books.owed(FIFTH + 110 * DAY)).total_fen == 0


async def test_the_digest_is_of_the_rows_as_they_were_issued(books):
    sold = await books.sell(OCTOBER, Piece(), freight=30)
    await books.refund(OCTOBER, sold, 20)
    await books.issue("2026-10", FIFTH)
    october = await books.statement("2026-10")
    rows = []
    columns = (
        "r.position, p.kind, p.source_id, coalesce(p.line_id::text, '-'), p.order_number, coalesce(p.sku, '-'),"
        " coalesce(p.quantity, 0), coalesce(p.rate_bp, 0), p.occurred_at, p.clearing_fen, p.payable_fen,"
        " p.commission_fen, p.platform_fen, p.district_fen, p.carrier_fen, p.cash_fen"
    )
    for row in await books.shop.rows(
        f"SELECT {columns} FROM settlement_statement_row r JOIN settlement_posting p ON p.id = r.posting_id"
        " ORDER BY r.position"
    ):
        micros = int(row[8].timestamp()) * 1_000_000 + row[8].microsecond
        rows.append("|".join(str(value) for value in (*row[:8], micros, *row[9:])))
    assert october.sha256 == hashlib.sha256("\n".join(rows).encode()).hexdigest()
    for table in ("settlement_statement_row", "settlement_posting"):
        with pytest.raises(DBAPIError):
            await books.do(text(f"DELETE FROM {table}"))


async def test_the_clock_settles_the_month_on_the_fifth_and_takes_silence_for_consent(books, shop):
    await books.sell(OCTOBER, Piece())

    async def passes(to, chore):
        shop.clock.at = to
        return await do_chore(shop.db, CHORE[f"settlement.{chore}"], shop.clock())

    assert await passes(FIFTH - DAY, "issue_statements") == 0
    assert await passes(FIFTH, "issue_statements") == 1
    assert await passes(FIFTH, "issue_statements") == 0
    assert await passes(FIFTH + 7 * DAY - timedelta(seconds=1), "confirm_statements") == 0
    assert await passes(FIFTH + 7 * DAY, "confirm_statements") == 1
    assert (await books.statement("2026-10")).status is settlement.Status.CONFIRMED
    async with shop.db.read() as session:
        found = await settlement.get(session, (await books.statement("2026-10")).id)
    assert [(event.status, event.party) for event in found.history] == [("confirmed", "system")]


async def test_a_quiet_month_is_looked_at_once(books, shop, statements):
    shop.clock.at = FIFTH
    await do_chore(shop.db, CHORE["settlement.issue_statements"], shop.clock())
    statements.clear()
    await do_chore(shop.db, CHORE["settlement.issue_statements"], shop.clock())
    assert len(statements) == 1


class TestOverHttp:
    @pytest.fixture
    async def october(self, books, shop):
        sold = await books.sell(OCTOBER, Piece(price=12_800, quantity=2, off={"district": 600}), freight=800)
        await books.refund(OCTOBER + DAY, sold, 2_500)
        await books.sell(OCTOBER, Piece("NO02", price=4_990), who="S08", return_days=0)
        await books.account(FIFTH)
        await books.issue("2026-10", FIFTH)
        shop.clock.at = FIFTH
        return str((await books.statement("2026-10")).id)

    async def test_a_supplier_sees_its_own(self, books, october):
        page = await call(books, "S01", "GET", f"{OF}?month=2026-10")
        assert [one["id"] for one in page["items"]] == [october]
        assert page["next_cursor"] is None
        (shown,) = page["items"]
        assert shown["month"] == "2026-10"
        assert shown["subsidy_fen"] == 600
        assert (await call(books, "S01", "GET", f"{OF}?month=2026-09"))["items"] == []
        assert [one["supplier_id"] for one in (await call(books, "S08", "GET", OF))["items"]] == [
            str(books.supplier("S08"))
        ]

    @pytest.mark.usefixtures("october")
    async def test_a_list_and_a_balance_are_one_statement_each(self, books, statements):
        for path in (OF, "/v1/supplier/balance"):
            statements.clear()
            await call(books, "S01", "GET", path)
            assert len(statements) == 1, statements

    @pytest.mark.parametrize(
        ("method", "rest", "body"),
        [
            ("GET", "", None),
            ("GET", "/rows", None),
            ("GET", "/xlsx", None),
            ("GET", "/pdf", None),
            ("POST", "/confirm", None),
            ("POST", "/disputes", {"reason": "不是我的"}),
        ],
    )
    async def test_to_others_it_does_not_exist(self, books, october, method, rest, body):
        assert (await call(books, "S08", method, f"{OF}/{october}{rest}", body, 404))["code"] == "not_found"
        assert (await books.statement("2026-10")).status is settlement.Status.ISSUED

    @pytest.mark.parametrize("who", ["buyer", "operator", "P01", "officer"])
    async def test_it_is_no_business_of_other_roles(self, books, who):
        assert (await call(books, who, "GET", OF, status=403))["code"] == "not_permitted"
        if who != "operator":
            assert (await call(books, who, "GET", "/v1/operator/settlements", status=403))["code"] == "not_permitted"

    async def test_rows_say_what_every_line_left_to_its_supplier(self, books, october):
        first = await call(books, "S01", "GET", f"{OF}/{october}/rows?limit=1")
        rest = await call(books, "S01", "GET", f"{OF}/{october}/rows?cursor={first['next_cursor']}")
        rows = first["items"] + rest["items"]
        assert [row["kind"] for row in rows] == ["sale", "sale", "refund"]
        line = rows[0]
        assert (line["paid_fen"], line["subsidy_fen"], line["commission_fen"]) == (25_000, 600, -1_280)
        assert (line["net_fen"], line["rate_bp"], line["share_bp"]) == (24_320, 500, 9_500)
        assert (line["listed_fen"], line["discount_fen"]) == (25_600, 0)
        assert (line["tax_rate_bp"], line["tax_fen"]) == (100, 253)  # 25,600 fen hold 1 %
        assert (rows[1]["name"], rows[1]["net_fen"], rows[1]["share_bp"]) == (None, 800, 10_000)
        assert (rows[2]["paid_fen"], rows[2]["subsidy_fen"], rows[2]["net_fen"]) == (-2_500, -60, -2_432)
        assert (rows[2]["share_bp"], rows[2]["listed_fen"], rows[2]["tax_fen"]) == (None, None, -25)
        assert (rows[1]["tax_rate_bp"], rows[1]["tax_fen"]) == (None, None)
        total = (await books.statement("2026-10")).net_fen
        assert sum(row["net_fen"] for row in rows) == total == 24_320 + 800 - 2_432

    async def test_pages_of_rows_belong_to_their_statement(self, books, october):
        first = await call(books, "S01", "GET", f"{OF}/{october}/rows?limit=1")
        (other,) = (await call(books, "S08", "GET", OF))["items"]
        path = f"{OF}/{other['id']}/rows?cursor={first['next_cursor']}"
        assert (await call(books, "S08", "GET", path, status=422))["code"] == "invalid_cursor"

    async def test_confirmed_it_waits_for_its_money_and_is_confirmed_once(self, books, october):
        done = await call(books, "S01", "POST", f"{OF}/{october}/confirm")
        assert (done["status"], done["confirm_by"]) == ("confirmed", None)
        assert [(step["status"], step["party"]) for step in done["history"]] == [("confirmed", "supplier")]
        again = await call(books, "S01", "POST", f"{OF}/{october}/confirm", status=409)
        assert again["code"] == "step_not_allowed"

    async def test_a_dispute_is_answered_and_put_right_in_the_next_period(self, books, october):
        done = await call(books, "S01", "POST", f"{OF}/{october}/disputes", {"reason": "运费少算"}, 201)
        assert (done["status"], done["history"][0]["reason"]) == ("disputed", "运费少算")
        assert (await call(books, "S01", "POST", f"{OF}/{october}/confirm", status=409))["code"] == "step_not_allowed"
        path = f"/v1/operator/settlements/{october}"
        done = await call(books, "operator", "POST", f"{path}/resolve", {"reason": "补运费", "adjustment_fen": 200})
        assert done["status"] == "disputed"
        await call(books, "operator2", "POST", f"/v1/operator/settlement-drafts/{done['draft_id']}/approve")
        done = await call(books, "operator", "GET", path)
        assert (done["status"], done["balance_fen"]) == ("confirmed", 22_688)
        again = await call(books, "operator", "POST", f"{path}/resolve", {"reason": "再补"}, 409)
        assert again["code"] == "step_not_allowed"
        await books.issue("2026-11", FIFTH + 30 * DAY)
        november = await books.statement("2026-11")
        assert (november.row_count, november.other_fen, november.balance_fen) == (1, 200, 200)

    async def test_an_operator_sees_all_and_settles_a_month(self, books, october):
        page = await call(books, "operator", "GET", "/v1/operator/settlements?limit=1")
        rest = await call(books, "operator", "GET", f"/v1/operator/settlements?cursor={page['next_cursor']}")
        assert len({one["id"] for one in page["items"] + rest["items"]}) == 2
        path = f"/v1/operator/settlements?supplier_id={books.supplier('S08')}&status=issued"
        assert len((await call(books, "operator", "GET", path))["items"]) == 1
        assert (await call(books, "operator", "GET", f"/v1/operator/settlements/{october}"))["history"] == []
        assert len((await call(books, "operator", "GET", f"/v1/operator/settlements/{october}/rows"))["items"]) == 3
        done = await call(books, "operator", "POST", "/v1/operator/settlements", {"month": "2026-10"}, 201)
        assert done == {"month": "2026-10", "statements": 0}
        early = await call(books, "operator", "POST", "/v1/operator/settlements", {"month": "2026-11"}, 422)
        assert early["code"] == "month_not_over"

    async def test_a_sheet_has_numbers_and_times(self, books, october):
        for who, path in (("S01", f"{OF}/{october}/xlsx"), ("operator", f"/v1/operator/settlements/{october}/xlsx")):
            answer = await books.shop.call(who, "GET", path)
            assert answer.status_code == 200
            assert 'filename="JS202610S01.xlsx"' in answer.headers["content-disposition"]
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
        sums = {row[0]: row[1] for row in book.get_sheet_by_name("结算汇总").to_python()[3:]}
        assert sums["应结余额"] == 226.88
        assert sums["平台佣金"] == -12.8
        rows = book.get_sheet_by_name("结算明细").to_python()[2:]
        assert [(row[1], row[3], row[7], row[9], row[13]) for row in rows] == [
            ("销售", "GT04", 256, 250, 243.2),
            ("销售", "", "", 8, 8),
            ("退款", "GT04", "", -25, -24.32),
        ]
        assert rows[0][6].isoformat() == "2026-10-10T12:00:00"

    async def test_paper_shows_capitals_and_a_masked_account(self, books, october):
        answer = await books.shop.call("S01", "GET", f"{OF}/{october}/pdf")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.content.startswith(b"%PDF")
        again = await books.shop.call("S01", "GET", f"{OF}/{october}/pdf")
        assert again.content == answer.content
        words = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages)
        assert "贰佰贰拾陆元捌角捌分" in words
        assert "1234" in words
        assert "6200000000000001234" not in words

    @pytest.mark.usefixtures("october")
    async def test_what_is_owed_now(self, books):
        now = await call(books, "S01", "GET", "/v1/supplier/balance")
        assert now == {"stated_fen": 22_688, "released_fen": 0, "held_fen": 0, "pending_fen": 0, "total_fen": 22_688}


async def test_a_month_may_take_longer_than_a_request(books):
    async with books.db.write() as session:
        await settlement.issue_statements(session, date(2026, 10, 1), now=FIFTH)
        assert await session.scalar(text("SHOW statement_timeout")) == "10min"
