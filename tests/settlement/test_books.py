"""The platform's own books: the journal, its balance, incomes for the tax office, shares of the farm gate, terms."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
import python_calamine

from tests.settlement.builders import Piece

DAY = timedelta(days=1)
AUGUST = datetime(2026, 8, 10, 4, tzinfo=UTC)
RULES = "/v1/operator/commission-rules"


async def look(books, path, who="operator", status=200):
    answer = await books.shop.call(who, "GET", path)
    assert answer.status_code == status, answer.text
    return answer


@pytest.fixture
async def traded(books):
    """A quarter of two suppliers: subsidies, a refund of each kind, and one that falls into the next quarter."""
    first = await books.sell(
        AUGUST, Piece(price=10_000, quantity=2, off={"platform": 500, "district": 300}), freight=600
    )
    await books.refund(AUGUST + 5 * DAY, first, 1_920)
    second = await books.sell(AUGUST, Piece("NO02", price=5_000, category="navel-orange"), who="S08")
    await books.refund(AUGUST + 2 * DAY, second, 1_000, liable="carrier")
    await books.refund(datetime(2026, 9, 30, 16, tzinfo=UTC), second, 500)
    await books.post(AUGUST + 90 * DAY)


@pytest.mark.usefixtures("traded")
class TestIncomes:
    async def test_are_gross_refunded_and_net_before_the_commission(self, books):
        report = (await look(books, "/v1/operator/tax-reports?quarter=2026-Q3")).json()
        assert (report["first"], report["last"]) == ("2026-07-01", "2026-09-30")
        shown = [
            (one["code"], one["orders"], one["gross_fen"], one["refunded_fen"], one["net_fen"], one["commission_fen"])
            for one in report["items"]
        ]
        assert shown == [
            ("S01", 1, 20_600, 2_000, 18_600, 900),
            ("S08", 1, 5_000, 0, 5_000, 250),  # a carrier made good what it had spoilt
        ]
        assert (report["gross_fen"], report["refunded_fen"], report["net_fen"]) == (25_600, 2_000, 23_600)
        assert report["items"][0]["uscc"] == "93433125MA4FAKE14C"

    async def test_a_refund_belongs_to_the_quarter_in_which_it_was_paid_back(self, books):
        report = (await look(books, "/v1/operator/tax-reports?quarter=2026-Q4")).json()
        assert [(one["code"], one["orders"], one["net_fen"]) for one in report["items"]] == [("S08", 0, -500)]

    async def test_come_as_files(self, books):
        answer = await look(books, "/v1/operator/tax-reports?quarter=2026-Q3&format=csv")
        assert answer.headers["content-disposition"] == 'attachment; filename="incomes-2026-Q3.csv"'
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert [(row["code"], row["net_fen"]) for row in rows] == [("S01", "18600"), ("S08", "5000")]
        answer = await look(books, "/v1/operator/tax-reports?quarter=2026-Q3&format=xlsx")
        sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_name("收入信息")
        assert sheet.to_python()[2] == [
            "S01", "吕洞茗源茶叶专业合作社（示例）", "93433125MA4FAKE14C", "coop", "small", 1, 206, 20, 186, 9,
        ]  # fmt: skip

    @pytest.mark.parametrize("query", ["", "?quarter=2026-Q5", "?quarter=2026", "?quarter=2026-Q1&format=pdf"])
    async def test_a_quarter_is_a_quarter(self, books, query):
        await look(books, f"/v1/operator/tax-reports{query}", status=422)

    async def test_are_for_the_operator_alone(self, books):
        for who in ("S01", "officer", "buyer", "P01"):
            await look(books, "/v1/operator/tax-reports?quarter=2026-Q3", who, 403)


@pytest.mark.usefixtures("traded")
async def test_the_farm_gate_share_of_every_sku(books):
    span = "from=2026-07-01&to=2026-12-31"
    items = (await look(books, f"/v1/operator/farm-gate?{span}")).json()["items"]
    tea, oranges = sorted(items, key=lambda one: one["sku"])
    assert (tea["sku"], tea["paid_fen"], tea["added_fen"], tea["commission_fen"]) == ("GT04", 17_280, 720, 900)
    assert (tea["supplier_fen"], tea["share_bp"], tea["days_to_paid"]) == (17_100, 9_500, None)
    assert (oranges["paid_fen"], oranges["added_fen"], oranges["commission_fen"]) == (3_500, 1_000, 225)
    assert (oranges["supplier_fen"], oranges["share_bp"]) == (4_275, 9_500)
    assert (await look(books, "/v1/operator/farm-gate?from=2026-01-02&to=2026-01-01", status=422)).json()["errors"]


async def test_how_long_it_took_until_the_farmer_was_paid(books):
    await books.account(AUGUST)
    await books.sell(AUGUST, Piece())
    fifth = datetime(2026, 9, 5, 4, tzinfo=UTC)
    await books.issue("2026-08", fifth)
    await books.confirm_all(fifth)
    await books.paid(await books.run(fifth + 8 * DAY), fifth + 8 * DAY)
    ((tea),) = (await look(books, "/v1/operator/farm-gate?from=2026-08-01&to=2026-08-31")).json()["items"]
    assert tea["days_to_paid"] == 41  # paid by the buyer on 3 August, by the provider on 13 September


@pytest.mark.usefixtures("traded")
async def test_the_trial_balance_agrees(books):
    whole = (await look(books, "/v1/operator/journal/balances")).json()
    assert whole["debit_fen"] == whole["credit_fen"] > 0
    found = {one["account"]: one["balance_fen"] for one in whole["items"]}
    assert found["clearing"] == 17_880 + 3_500
    assert sum(found.values()) == 0
    own = (await look(books, f"/v1/operator/journal/balances?supplier_id={books.supplier('S08')}")).json()
    balances = {one["account"]: one["balance_fen"] for one in own["items"]}
    assert balances == {
        "clearing": 3_500,
        "payable": -4_275,
        "commission": -225,
        "platform": 0,
        "district": 0,
        "carrier": 1_000,
        "cash": 0,
        "receivable": 0,
        "pending": 0,
        "unearned": 0,
    }


@pytest.mark.usefixtures("traded")
async def test_the_journal_is_read_page_by_page(books):
    seen, cursor = [], ""
    while True:
        page = (await look(books, f"/v1/operator/journal?limit=2{cursor}")).json()
        seen += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert [one["id"] for one in seen] == sorted((one["id"] for one in seen), reverse=True)
    assert len(seen) == 6
    for posting in seen:
        entries = posting["entries"]
        assert sum(one["debit_fen"] for one in entries) == sum(one["credit_fen"] for one in entries) > 0
        assert all((one["debit_fen"] > 0) != (one["credit_fen"] > 0) for one in entries)
    path = f"/v1/operator/journal?supplier_id={books.supplier('S08')}"
    assert len((await look(books, path)).json()["items"]) == 3


async def test_terms_are_announced_over_http_and_listed(books, shop):
    body = {"category": "navel-orange", "rate_bp": 300, "valid_from": "2027-01-01"}
    made = await shop.call("operator", "POST", RULES, body)
    assert made.status_code == 201
    again = await shop.call("operator", "POST", RULES, body)
    assert (again.status_code, again.json()["code"]) == (409, "commission_rule_exists")
    first = (await look(books, f"{RULES}?limit=1")).json()
    rest = (await look(books, f"{RULES}?cursor={first['next_cursor']}")).json()
    assert [rule["rate_bp"] for rule in first["items"] + rest["items"]] == [300, 500]
    for who in ("S01", "buyer"):
        assert (await shop.call(who, "POST", RULES, body)).status_code == 403


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"rate_bp": 3_001}, "invalid_input"),
        ({"rate_bp": -1}, "invalid_input"),
        ({"category": "green-tea"}, "unknown_category"),
        ({"valid_from": "2026-11-26"}, "rule_too_soon"),
        ({"supplier_id": "0193478a-2b00-7abc-8def-0123456789ab"}, "not_found"),
    ],
)
async def test_terms_that_cannot_be(books, shop, change, code):
    body = {"rate_bp": 300, "valid_from": "2027-01-01", **change}
    answer = await shop.call("operator", "POST", RULES, body)
    assert answer.json()["code"] == code, answer.text
    assert len((await look(books, RULES)).json()["items"]) == 1
