"""The reports of goals, suppliers and supermarkets, in every format."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from tests.assistance.builders import SUPPLIERS, completed, line, refunded
from tests.reports.test_files import written
from tests.reports.test_sales import YEAR, sell

OFFICE = "/v1/office/reports"
ORANGES = {"supplier_id": SUPPLIERS["比耳脐橙合作社"], "supplier_name": "比耳脐橙合作社", "category": "navel-orange"}


@pytest.fixture
async def sold(db, now):
    """Two suppliers this year, three last year; one of them sells nothing any more."""
    gone = {"supplier_id": SUPPLIERS["酉水油茶公司"], "supplier_name": "酉水油茶公司"}
    tea = line(net_fen=30_000, quantity=3)
    sale = completed(now, tea, line(net_fen=10_001, quantity=1, **ORANGES))
    await sell(
        db,
        sale,
        refunded(now, sale, (tea.line_id, 1, 10_000)),
        completed(now - timedelta(days=365), line(net_fen=16_000), line(net_fen=7_000, **gone)),
        completed(now - timedelta(days=700), line(net_fen=1)),
    )


async def asked(officer, report, form="json", language="zh", **params):
    answer = await officer.get(
        f"{OFFICE}/{report}", params=params | {"format": form}, headers={"Accept-Language": language}
    )
    assert answer.status_code == 200, answer.text
    return answer


def cells(content, sheet=0):
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(sheet).to_python()


async def test_suppliers_with_the_year_before(officer, sold):
    report = (await asked(officer, "suppliers", **YEAR)).json()
    assert [(row["supplier"], row["net_fen"], row["net_before_fen"], row["change"]) for row in report["rows"]] == [
        ("吕洞山茶叶合作社", 20_000, 16_000, 0.25),
        ("比耳脐橙合作社", 10_001, 0, None),
        ("酉水油茶公司", 0, 7_000, -1.0),
    ]
    assert [row["net_share"] for row in report["rows"]] == [0.6666, 0.3334, 0.0]
    assert report["rows"][0]["refunded_fen"] == 10_000
    assert report["totals"] == {
        "orders": 2,
        "quantity": 3,
        "gross_fen": 40_001,
        "refunded_fen": 10_000,
        "platform_fen": 30_001,
        "declared_fen": 0,
        "net_fen": 30_001,
        "net_before_fen": 23_000,
        "change": 0.3044,
    }


async def test_a_report_of_suppliers_says_the_same_in_every_format(officer, sold):
    report = (await asked(officer, "suppliers", **YEAR)).json()
    as_csv = (await asked(officer, "suppliers", "csv", **YEAR)).content
    assert as_csv.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(as_csv.decode("utf-8-sig"))))
    assert [int(row["net_fen"]) for row in rows] == [20_000, 10_001, 0, 30_001]
    assert [row["net_share"] for row in rows] == ["0.6666", "0.3334", "0.0", ""]
    sheet = cells((await asked(officer, "suppliers", "xlsx", **YEAR)).content)
    header = next(row for row in sheet if "净额（元）" in row)
    at = header.index("净额（元）")
    (tea,) = [row for row in sheet if "吕洞山茶叶合作社" in row]
    assert Decimal(repr(tea[at])) * 100 == report["rows"][0]["net_fen"]
    assert tea[header.index("占比")] == pytest.approx(0.6666)
    said = written((await asked(officer, "suppliers", "pdf", **YEAR)).content)
    assert "供应商销售报表" in said
    assert "100.01" in said
    assert "33.34%" in said
    assert "-100.00%" in said
    assert sha256(as_csv).hexdigest() in said


async def test_partners_are_those_that_bought(officer, db, sold):
    async with db.write() as session:
        await session.execute(
            text("""INSERT INTO assistance_entry (id, posted_at, occurred_at, counted_on, kind, source_id, line_id,
                        order_id, po_no, sku, product_id, product_name, category, supplier_id, supplier_name,
                        township_code, township, channel, division_code, partner_id, partner_name, quantity, weight_g,
                        amount_fen)
                    VALUES (gen_random_uuid(), now(), now(), '2026-03-02', 'sale', gen_random_uuid(),
                        gen_random_uuid(), gen_random_uuid(), 'PO1', 'GT01', :id, '黄金茶', 'golden-tea', :id, '社',
                        '433125116', '吕洞山镇', 'supermarket', '370112', :id, '泉润万家', 40, 4000, 480000)"""),
            {"id": UUID(int=5)},
        )
    report = (await asked(officer, "partners", **YEAR)).json()
    (row,) = report["rows"]
    assert (row["partner"], row["orders"], row["net_fen"], row["net_share"]) == ("泉润万家", 1, 480_000, 1.0)
    assert report["totals"]["net_fen"] == 480_000
    assert "泉润万家" in written((await asked(officer, "partners", "pdf", **YEAR)).content)


async def test_goals_of_a_year_in_every_format(officer, db, sold):
    for code, metric, target in (("G1", "net_sales_fen", 60_002), ("G2", "orders", 4), ("G3", "quantity_g", 1_000)):
        goal = {"code": code, "name": f"目标{code}", "year": 2026, "metric": metric, "target": target}
        assert (await officer.post("/v1/office/goals", json=goal)).status_code == 201
    report = (await asked(officer, "goals", year=2026)).json()
    pages = (await officer.get("/v1/office/goals", params={"year": 2026})).json()["items"]
    assert "totals" not in report
    for row, goal in zip(report["rows"], pages, strict=True):
        for key in ("id", "code", "name", "metric", "target", "actual", "progress", "expected_to_date", "status"):
            assert row[key] == goal[key], key
        assert all(row[f"forecast_{name}"] == goal["forecast"][name] for name in ("low", "mid", "high"))
        assert (row["agreed"], row["forecast_error"]) == (0, None)
    assert [row["unit"] for row in report["rows"]] == ["fen", "orders", "g"]
    content = (await asked(officer, "goals", "xlsx", year=2026)).content
    sheet = cells(content)
    header = next(row for row in sheet if "目标值" in row)
    (money,) = [row for row in sheet if "G1" in row]
    (orders,) = [row for row in sheet if "G2" in row]
    at = header.index("目标值")
    assert (money[at], money[at + 1], orders[at], orders[at + 1]) == (600.02, 300.01, 4, 1)
    assert (money[header.index("单位")], money[header.index("指标")]) == ("元", "净销售额")
    assert [row[0] for row in cells(content, 1)][1:] == ["G1 目标G1", "G2 目标G2", "G3 目标G3"]
    said = written((await asked(officer, "goals", "pdf", "en", year=2026)).content)
    assert "mustnotbeaddedup" in said
    assert "600.02" in said
    assert "50.00%" in said
    as_csv = (await asked(officer, "goals", "csv", year=2026)).content.decode("utf-8-sig")
    assert [row["actual"] for row in csv.DictReader(io.StringIO(as_csv))][:2] == ["30001", "1"]


@pytest.mark.parametrize("report", ["goals?year=2026", "suppliers?from=2026-01-01&to=2026-12-31"])
async def test_officers_alone_see_reports(client, report):
    assert (await client.get(f"{OFFICE}/{report}")).status_code == 401


@pytest.mark.parametrize("form", ["json", "csv", "xlsx", "pdf"])
async def test_nothing_sold_is_a_report_too(officer, form):
    for report, params in (("goals", {"year": 2026}), ("suppliers", YEAR), ("partners", YEAR)):
        await asked(officer, report, form, **params)
