"""What farmers and suppliers got of each price: sums that agree with one another and with the journal, to the fen."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pypdf
import pytest
import python_calamine

from app.settlement.rules.farm_gate import FarmGateGroup
from tests.settlement.builders import Piece

DAY = timedelta(days=1)
AUGUST = datetime(2026, 8, 10, 4, tzinfo=UTC)
FIFTH = datetime(2026, 9, 5, 4, tzinfo=UTC)
PATH = "/v1/office/reports/farm-gate"
SPAN = "from=2026-01-01&to=2026-12-31"


async def look(books, query=SPAN, who="officer", status=200):
    answer = await books.shop.call(who, "GET", f"{PATH}?{query}")
    assert answer.status_code == status, answer.text
    return answer


@pytest.fixture
async def traded(books):
    """Two suppliers: every funder of discounts, every bearer of refunds, freight, goods sent again, a correction."""
    tea = await books.sell(
        AUGUST,
        Piece(price=10_000, quantity=2, off={"supplier": 700, "platform": 500, "district": 300}),
        Piece("GT14", price=3_990),
        freight=600,
    )
    await books.refund(AUGUST + 5 * DAY, tea, 1_850, freight=200)
    oranges = await books.sell(AUGUST, Piece("NO02", price=5_000, category="navel-orange"), who="S08")
    await books.refund(AUGUST + 2 * DAY, oranges, 1_000, liable="carrier")
    await books.refund(AUGUST + 3 * DAY, oranges, 300, liable="platform")
    await books.send_again(AUGUST + 4 * DAY, oranges, 1, liable="carrier")
    await books.sell(AUGUST + 40 * DAY, Piece("NO02", price=4_990, category="navel-orange"), who="S08")
    await books.account(AUGUST)
    await books.issue("2026-08", FIFTH)
    dispute = {"reason": "少算了一笔"}
    own = await books.statement("2026-08")
    books.shop.clock.at = FIFTH + DAY
    await books.shop.call("S01", "POST", f"/v1/supplier/settlements/{own.id}/disputes", dispute)
    answer = {"reason": "补计", "adjustment_fen": 50}
    drafted = await books.shop.call("operator", "POST", f"/v1/operator/settlements/{own.id}/resolve", answer)
    path = f"/v1/operator/settlement-drafts/{drafted.json()['draft_id']}/approve"
    assert (await books.shop.call("operator2", "POST", path)).status_code == 200
    await books.confirm_all(FIFTH)
    await books.paid(await books.run(FIFTH + 8 * DAY), FIFTH + 8 * DAY)
    await books.post(AUGUST + 90 * DAY)


def hold_together(row):
    discounts = row["supplier_discount_fen"] + row["platform_discount_fen"] + row["district_discount_fen"]
    assert row["listed_fen"] - discounts == row["paid_fen"]
    assert row["paid_fen"] - row["refunded_fen"] + row["added_fen"] == row["commission_fen"] + row["farm_gate_fen"]
    assert row["farm_gate_fen"] + row["freight_fen"] + row["adjustment_fen"] == row["supplier_fen"]


@pytest.mark.usefixtures("traded")
class TestReport:
    async def test_by_supplier(self, books):
        report = (await look(books)).json()
        assert report["group_by"] == ["supplier"]
        tea = next(row for row in report["rows"] if row["supplier"].startswith("吕洞"))
        assert {name: tea[name] for name in list(tea)[2:]} == {
            "quantity": 3,
            "listed_fen": 23_990,
            "supplier_discount_fen": 700,
            "platform_discount_fen": 500,
            "district_discount_fen": 300,
            "paid_fen": 22_490,
            "refunded_fen": 1_850,
            "added_fen": 720,
            # 19,300 and 3,990 at 1 %, less 1,930 of it
            "tax_fen": 191 + 40 - 19,
            "commission_fen": 965 + 200 - 97,
            "farm_gate_fen": 22_490 - 1_850 + 720 - 1_068,
            "freight_fen": 400,
            "adjustment_fen": 50,
            "supplier_fen": 20_742,
            "share_bp": 9_500,
            "days_to_paid": 41,
        }

    async def test_totals_equal_the_journal_and_every_row_holds_together(self, books):
        journal = dict(
            zip(
                ("paid", "added", "commission", "payable"),
                (
                    await books.shop.rows("""
                    SELECT sum(clearing_fen + cash_fen), sum(platform_fen + district_fen + carrier_fen),
                           sum(commission_fen), sum(payable_fen) FROM settlement_posting WHERE kind <> 'payout'
                """)
                )[0],
                strict=True,
            )
        )
        assert journal["paid"] + journal["added"] + journal["commission"] + journal["payable"] == 0
        for groups in (
            *((group,) for group in FarmGateGroup),
            *permutations((FarmGateGroup.MONTH, FarmGateGroup.SUPPLIER, FarmGateGroup.LINE)),
        ):
            report = (await look(books, f"{SPAN}&group_by={','.join(groups)}")).json()
            totals = report["totals"]
            assert totals["supplier_fen"] == -journal["payable"]
            assert totals["commission_fen"] == -journal["commission"]
            for row in (*report["rows"], totals):
                hold_together(row)
            for name in list(totals)[:-2]:
                assert sum(row[name] for row in report["rows"]) == totals[name], (groups, name)

    async def test_by_line_it_says_what_each_order_brought(self, books):
        rows = (await look(books, f"{SPAN}&group_by=line,sku")).json()["rows"]
        lines = {(row["order_number"], row["sku"]): row for row in rows if row["line_id"]}
        assert len(lines) == 4
        oranges = lines["BJ00000000000002", "NO02"]
        # A carrier and the platform made good what buyers got back; the goods that went again were paid by a carrier.
        assert (oranges["paid_fen"], oranges["refunded_fen"], oranges["added_fen"]) == (5_000, 1_300, 1_300 + 4_750)
        assert (oranges["farm_gate_fen"], oranges["commission_fen"]) == (4_750 + 4_750, 250)

    async def test_a_period_is_a_period_of_shanghai(self, books):
        late = (await look(books, "from=2026-09-19&to=2026-09-19&group_by=month")).json()
        assert [(row["month"], row["listed_fen"]) for row in late["rows"]] == [("2026-09", 4_990)]
        empty = (await look(books, "from=2025-01-01&to=2025-12-31")).json()
        assert (empty["rows"], empty["totals"]["supplier_fen"], empty["totals"]["share_bp"]) == ([], 0, None)

    async def test_comes_as_files(self, books):
        answer = await look(books, f"{SPAN}&group_by=sku&format=csv")
        assert answer.headers["content-disposition"] == 'attachment; filename="farm-gate-2026-01-01-2026-12-31.csv"'
        table = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        report = (await look(books, f"{SPAN}&group_by=sku")).json()
        assert [row["sku"] for row in table] == ["GT04", "GT14", "NO02", "", "total"]
        assert int(table[-1]["supplier_fen"]) == report["totals"]["supplier_fen"]
        answer = await look(books, f"{SPAN}&group_by=sku&format=xlsx")
        sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_name("产地所得")
        total = next(row for row in sheet.to_python() if row[0] == "合计")
        assert round(total[15] * 100) == report["totals"]["supplier_fen"]
        answer = await look(books, f"{SPAN}&group_by=category,sku&format=pdf")
        pages = pypdf.PdfReader(io.BytesIO(answer.content)).pages
        paper = "".join("".join(page.extract_text() for page in pages).split())
        assert "产地货款" in paper
        assert f"{report['totals']['farm_gate_fen'] / 100:,.2f}" in paper

    async def test_is_for_the_office(self, books):
        await look(books, who="operator")
        for who in ("S01", "buyer", "P01"):
            await look(books, who=who, status=403)


async def gauges(books):
    answer = await books.shop.call(None, "GET", "/metrics")
    assert answer.status_code == 200
    lines = [line.split() for line in answer.text.splitlines() if line.startswith("settlement_")]
    return {name: float(value) for name, value in lines if "freeze" not in name}


async def test_whoever_watches_sees_how_long_farmers_wait(books):
    assert await gauges(books) == {"settlement_oldest_unpaid_statement_days": 0}
    await books.account(AUGUST)
    await books.sell(AUGUST, Piece(price=10_000))
    await books.sell(AUGUST + 4 * DAY, Piece(price=30_000))
    await books.issue("2026-08", FIFTH)
    books.shop.clock.at = FIFTH + 6 * DAY
    assert await gauges(books) == {"settlement_oldest_unpaid_statement_days": 6}
    await books.confirm_all(FIFTH)
    paid_at = books.shop.clock.at = FIFTH + 8 * DAY
    await books.paid(await books.run(paid_at), paid_at)
    # Paid by buyers on 3 and 7 August, to the supplier on 13 September; three quarters of it were the later ones.
    waited = {"settlement_days_until_farmer_was_paid": 38}
    assert await gauges(books) == {"settlement_oldest_unpaid_statement_days": 0, **waited}
    books.shop.clock.at = paid_at + 91 * DAY
    assert await gauges(books) == {"settlement_oldest_unpaid_statement_days": 0}


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-02-01&to=2026-01-01",
        "from=2001-01-01&to=2199-01-01",
        f"{SPAN}&group_by=village",
        f"{SPAN}&group_by=sku,sku",
        f"{SPAN}&group_by=sku,month,line,supplier",
        f"{SPAN}&format=docx",
    ],
)
async def test_questions_that_make_no_sense(books, query):
    await look(books, query, status=422)
