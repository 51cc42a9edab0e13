"""An officer has reports made as files, watches them get on, and takes them home."""

import csv
import hashlib
import io

import pytest

from app import reports
from app.pages.routes.office import EXPORTS
from tests.pages.test_office import official
from tests.pages.visitor import Visitor
from tests.shop import Shop

__all__ = ["official"]


async def _exports(shop: Shop):
    async with shop.db.read() as session:
        return await reports.page_of_exports(session, shop.accounts["officer"].id, before=None, limit=20)


async def _make(shop: Shop) -> None:
    while await reports.work_on_exports(shop.db, shop.clock()):
        pass


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_ledger_of_the_page_is_taken_home(shop: Shop, official: Visitor, language: str):
    await official.see(f"/office/ledger?year=2026&category=navel-orange&kind=sale&lang={language}")
    await official.send("/office/exports?category=navel-orange", format="csv")
    assert official.path == "/office/exports"
    raw = official.answer.text
    assert "data-live" in raw
    assert 'http-equiv="refresh"' in raw
    (export,) = await _exports(shop)
    span = {"from": "2026-01-01", "to": "2026-12-31"}
    assert export.parameters == span | {"category": "navel-orange", "kind": "sale"}
    await _make(shop)
    await official.see("/office/exports")
    assert (official.foreign, "data-live" in official.answer.text) == ([], False)
    (export,) = await _exports(shop)
    assert f"{export.total:,}" in official.text
    file = await official.http.get(f"/office/exports/{export.id}/file")
    assert hashlib.sha256(file.content).hexdigest() == export.sha256
    assert export.sha256 in official.text
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))[:-3]
    assert {(row["category"], row["kind"]) for row in rows} == {("navel-orange", "sale")}
    await official.send(f"/office/exports/{export.id}/cancel")
    assert await _exports(shop) == []


async def test_every_report_of_the_desk_can_be_had(shop: Shop, official: Visitor):
    action = "/office/exports?from=3&to=4"
    for chosen in EXPORTS:
        await official.see("/office?year=2026&from=3&to=4")
        await official.send(action, report=chosen, format="csv")
        await _make(shop)
    found = await _exports(shop)
    assert [one.status for one in found] == ["done"] * len(EXPORTS)
    span = {"from": "2026-03-01", "to": "2026-04-30"}
    sales = [one.parameters for one in found if one.subject == "sales"]
    assert len(sales) == 2
    assert span | {"group_by": "month,category"} in sales
    await official.see("/office/exports?lang=en")
    assert official.foreign == []


async def test_what_is_too_much_says_what_to_do(shop: Shop, official: Visitor):
    for month in range(1, 5):
        await official.see(f"/office/ledger?from={month}&to={month}")
        (action,) = [form["action"] for form in official.page.forms if form["action"].startswith("/office/exports")]
        await official.send(action, expected=200 if month < 4 else 409, format="pdf")
    assert "3 个导出" in official.text


async def test_it_is_for_officers_alone(buyer: Visitor):
    await buyer.see("/office/exports", expected=403)
