"""Sales by the village of their lot, in the report and on the desk, down to the entries; nothing is guessed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app import assistance, reports
from app.reports import Slice
from tests.shop import Shop

SALES = "/v1/office/reports/sales"


async def seen(shop: Shop, path: str, who: str = "officer"):
    answer = await shop.call(who, "GET", path)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
async def sold(shop: Shop) -> Shop:
    """Two lots of tea from two villages, and one from nobody knows where."""
    day = shop.clock().date()
    await shop.call(
        "S01", "POST", "/v1/supplier/inventory/updates", {"updates": [{"sku": "GT04", "mode": "set", "quantity": 0}]}
    )
    for code, village in (("L-GOLD", "黄金村"), ("L-NEW", "新寨村"), ("L-NONE", None)):
        made, until = day - timedelta(days=20), day + timedelta(days=500)
        lot = {"sku": "GT04", "code": code, "produced_on": str(made), "best_before": str(until), "quantity": 3}
        lot |= {"harvested_on": str(made - timedelta(days=2))}
        answer = await shop.call("S01", "POST", "/v1/supplier/lots", lot | ({"village": village} if village else {}))
        assert answer.status_code == 201, answer.text
        await shop.complete({"GT04": 3})
    await shop.settle()
    return shop


async def test_the_report_has_a_row_for_each_village_and_none_for_what_is_not_said(sold: Shop):
    told = await seen(sold, f"{SALES}?group_by=village")
    by_village = {row["village"]: row["net_fen"] for row in told["rows"]}
    assert set(by_village) == {"黄金村", "新寨村", None}
    assert sum(by_village.values()) == told["totals"]["net_fen"] == (await seen(sold, SALES))["totals"]["net_fen"]
    for row in (await seen(sold, f"{SALES}?group_by=township,village"))["rows"]:
        assert row["net_fen"] == by_village[row["village"]]
    refused = await sold.call("officer", "GET", f"{SALES}?group_by=village&basis=paid")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "village_not_paid")
    entries = (await seen(sold, "/v1/office/ledger?village=黄金村"))["items"]
    assert {entry["lot_code"] for entry in entries} == {"L-GOLD"}
    assert sum(entry["amount_fen"] for entry in entries) == by_village["黄金村"]
    csv = await sold.call("officer", "GET", "/v1/office/ledger.csv?from=2026-01-01&to=2026-12-31&village=新寨村")
    assert csv.text.count("L-NEW") == 1


@pytest.mark.parametrize("folded", [False, True])
@pytest.mark.parametrize(
    "only", [{}, {"category": "golden-tea"}, {"channel": "retail"}, {"township_code": "433125116"}]
)
async def test_the_desk_says_the_same_whether_folded_or_not(sold: Shop, folded: bool, only: dict[str, str]):
    if folded:
        while await assistance.fold_ledger(sold.db, sold.clock()):
            pass
    year = sold.clock().year
    months = {
        "first": sold.clock().date().replace(month=1, day=1),
        "last": sold.clock().date().replace(month=12, day=1),
    }
    async with sold.db.read() as session:
        found = await reports.overview(session, Slice(**months, **only), now=sold.clock())
        golden = await reports.overview(session, Slice(**months, **only, village="黄金村"), now=sold.clock())
    told = {piece.key: piece.sums.net_fen for piece in found.villages}
    report = await seen(sold, f"{SALES}?group_by=village&from={year}-01-01&to={year}-12-31")
    assert told == {row["village"] or "": row["net_fen"] for row in report["rows"]}
    assert {piece.key: piece.sums.net_fen for piece in golden.villages} == {"黄金村": told["黄金村"]}
    assert golden.total.net_fen == told["黄金村"]
