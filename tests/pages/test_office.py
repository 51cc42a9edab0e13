"""The office's pages: the figures are the ledger's, every one of them leads to its entries, and nobody is named."""

from __future__ import annotations

import json
import re
from html import unescape
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from app.pages.routes.figures import cities
from tests.identity.builders import quick_hash
from tests.market import load, open_market, take_in
from tests.pages.conftest import PASSWORD
from tests.pages.office import a_year, some_households
from tests.pages.visitor import Visitor
from tests.shop import Shop

SALES = "/v1/office/reports/sales?from=2026-01-01&to=2026-12-31&group_by="


@pytest.fixture
async def official(shop: Shop, visitor: Visitor) -> Visitor:
    """An officer, signed in, in a county that has sold something."""
    async with shop.db.write() as session:
        await session.execute(
            text("UPDATE identity_account SET password_hash = :hash WHERE username = 'shop-officer'"),
            {"hash": quick_hash(PASSWORD)},
        )
    await a_year(shop.db, shop.actor("officer"), shop.clock())
    await visitor.see("/office")
    assert visitor.path == "/sign-in?next=/office"
    await visitor.send("/sign-in", username="shop-officer", password=PASSWORD)
    assert visitor.path == "/office"
    return visitor


def _charts(page: str) -> dict[str, dict]:
    found = re.findall(r'id="chart-(\w+)"[^>]*data-chart="([^"]*)"', page)
    return {name: json.loads(unescape(said)) for name, said in found}


async def _rows(shop: Shop, group: str) -> dict:
    report = await shop.call("officer", "GET", f"{SALES}{group}")
    return {row[group]: row["net_fen"] for row in report.json()["rows"]}


async def test_villages_lead_to_their_entries_and_what_is_not_said_leads_nowhere(shop: Shop, official: Visitor):
    said = await official.see("/office?year=2026")
    villages = await _rows(shop, "village")
    part = official.answer.text.partition('id="h-villages"')[2].partition("</section>")[0]
    assert part.count("<tr>") == len(villages) + 1
    assert ("未注明" in part) == (None in villages)
    assert "产地村" in said
    await official.see("/office/ledger?year=2026&village=没有的村")
    assert "¥0.00" in official.answer.text
    assert "没有的村" in official.answer.text


async def test_the_desk_says_what_the_reports_say(shop: Shop, official: Visitor):
    said = await official.see("/office?year=2026")
    for words in ("9,000.00", "看板", "在鲁净销售额", "商超渠道", "产业合作", "! 逾期", "示范园"):
        assert words in said
    charts = _charts(official.answer.text)
    months = await _rows(shop, "month")
    assert sum(months.values()) == 900_000
    assert charts["months"]["series"][0]["values"] == [months.get(f"2026-{n:02}", 0) for n in range(1, 13)]
    assert charts["months"]["series"][1]["values"][2] == 400_000
    mix = {part["key"]: part["value"] for part in charts["mix"]["parts"]}
    assert mix == await _rows(shop, "category")
    layers = [sum(one["values"]) for one in charts["channels"]["series"]]
    assert sorted(layers) == sorted((await _rows(shop, "channel")).values())
    assert all(name in said for _, name in cities())
    assert len(cities()) == 16


async def test_every_figure_leads_to_its_entries_and_they_add_up(shop: Shop, official: Visitor):
    await official.see("/office?year=2026")
    links = set(re.findall(r'href="(/office/ledger[^"]*)"', official.answer.text))
    assert len(links) > 15
    for link in links:
        page = await official.http.get(unescape(link))
        assert page.status_code == 200, link
    await official.see("/office/ledger?year=2026&division=3701&category=golden-tea")
    page = official.answer.text
    assert re.search(r'data-fen="(-?\d+)"', page)[1] == "400000"
    assert page.count("<tr class=") == 2


async def test_filters_stand_in_the_address_and_survive(official: Visitor):
    said = await official.see("/office?year=2026&channel=supermarket&from=2&to=6")
    assert "2,000.00" in said
    assert "2026-02 – 2026-06" in said
    assert official.fields("/office") | {"channel": "supermarket", "from": "2"} == official.fields("/office")
    assert 'href="/office?' in official.answer.text
    assert "没有计入的销售" in await official.see("/office?year=2026&division=371302")
    assert "4,000.00" in await official.see("/office?year=2026&division=3701&category=golden-tea")
    for wrong in ("channel=x", "from=6&to=2", "year=x", "township=1", "division=3", "supplier=x", "category=x"):
        await official.see(f"/office?{wrong}", 422)
    await official.see("/office/ledger?goal=x", 422)


async def test_an_order_is_followed_to_its_lot_and_village_without_its_buyer(shop: Shop, official: Visitor):
    order = await shop.complete({"NO02": 2})
    await shop.settle()
    said = await official.see(f"/office/orders/{order['number']}")
    assert order["number"] in said
    line, lot = (
        (
            await shop.rows(
                "SELECT l.township, t.village, t.code FROM orders_line l JOIN inventory_lot t ON t.code = l.lot_code"
            )
        )[0],
        "/trace/",
    )
    for word in line:
        assert word
        assert word in said
    page = official.answer.text
    assert lot in page
    for personal in ("花园路", "13800", "138****", "3单元"):
        assert personal not in page
    await official.see("/office/orders/BJ00000000000000", 404)


async def test_exceptions_are_counted_and_the_auditor_answers(official: Visitor):
    said = await official.see("/office/exceptions")
    assert "示范园" in said
    assert "现在核对" in said
    said = await official.see("/office/exceptions?check=1")
    assert re.search(r"发现 \d+ 处不符", said), "facts without orders do not pass the auditor"


async def test_english_pages_say_nothing_in_chinese(official: Visitor):
    for path in ("/office?lang=en&year=2026", "/office/ledger", "/office/exceptions?check=1"):
        await official.see(path)
        assert official.foreign == [], path


async def test_it_is_for_the_office_alone(buyer: Visitor):
    for path in ("/office", "/office/ledger", "/office/orders/BJ1", "/office/exceptions"):
        assert "帮扶办公室" in await buyer.see(path, 403)


async def test_the_desk_asks_few_questions(official: Visitor, statements: list[str]):
    await official.see("/office?year=2026")
    assert 0 < len(statements) <= 10, statements  # two of them ask what was done for households


async def test_a_purchase_order_is_followed_to_its_lots_too(shop: Shop, official: Visitor):
    market = await open_market(shop)
    order = await market.place({"GT04": 10})
    await load(market, order, {1: 10})
    await take_in(market, order, {1: (100, 0)})
    await official.see("/office/ledger?channel=supermarket")
    (link,) = set(re.findall(r'href="(/office/orders/[^"]+line=[^"]+)"', official.answer.text))
    said = await official.see(unescape(link))
    assert order["po_no"] in said
    fen = await shop.scalar("SELECT sum(amount_fen) FROM assistance_entry WHERE po_no = :po", po=order["po_no"])
    assert re.search(r'data-fen="(\d+)"', official.answer.text)[1] == str(fen)
    village = await shop.scalar("SELECT village FROM wholesale_po_line")
    assert village
    assert village in said or "/trace/" in official.answer.text
    await official.see(f"/office/orders/P01-000000-001?line={UUID(int=1)}", 404)


async def test_officers_look_into_the_register_and_operators_do_not(shop: Shop, official: Visitor):
    household, _ = await some_households(shop)
    said = await official.see("/office?year=2026")
    assert "农户" in said
    assert "/office/households" in official.answer.text
    said = await official.see("/office/households?year=2026")
    assert "黄金村" in said
    assert "H-433125116" not in official.answer.text
    assert official.answer.text.count("/office/households/") >= 6
    said = await official.see("/office/households?year=2026&kind=RENT")
    assert "没有符合条件的农户" in said
    said = await official.see(f"/office/households/{household}?year=2026")
    assert "H-433125116" not in official.answer.text
    assert "四月收购款" in said
    refused = await official.send(f"/office/households/{household}/number", expected=422, why="看")
    assert "请写明查看原因" in refused
    said = await official.send(f"/office/households/{household}/number", why="信访核实")
    assert "H-433125116-0000" in said
    await official.see(f"/office/households/{household}")
    moved = {"change": "moved", "on": "2026-06-01", "village": "夯吉村", "note": "易地搬迁"}
    await official.send(f"/office/households/{household}/changes", **moved)
    assert "夯吉村" in await official.see(f"/office/households/{household}")
    async with shop.db.read() as session:
        why = set((await session.execute(text("SELECT DISTINCT why FROM assistance_household_access"))).scalars())
    assert why == {"在办公页面查看", "信访核实"}
    async with shop.db.write() as session:
        await session.execute(
            text("UPDATE identity_account SET password_hash = :hash WHERE username = 'shop-operator'"),
            {"hash": quick_hash(PASSWORD)},
        )
    await official.send("/sign-out")
    await official.see("/sign-in")
    await official.send("/sign-in", username="shop-operator", password=PASSWORD)
    await official.see("/office?year=2026")
    assert "/office/households" not in official.answer.text
    for path in ("/office/households", f"/office/households/{household}"):
        await official.see(path, 403)


async def test_lists_wait_for_another_officer_and_suppliers_propose(shop: Shop, official: Visitor, visitor: Visitor):
    household, _ = await some_households(shop)
    await official.see("/office/households")
    await official.see("/office/households/lists")
    rows = [f"{number},S01,工资,2026-05-02,900" for number in ("H-433125116-0000", "H-1-1")]
    sheet = "\n".join(["农户编号,供应商,收益类型,付款日期,金额", *rows])
    fields = official.fields("/office/households/lists/sheet") | {"note": "五月工资", "step": "check"}

    async def send(text: str, step: str, expected: int) -> str:
        answer = await official.http.post(
            "/office/households/lists/sheet",
            data={**fields, "step": step, "key": str(uuid4())},
            files={"file": ("s.csv", text.encode(), "text/csv")},
            headers={"Origin": "http://market.test"},
            follow_redirects=True,
        )
        official._read(answer)
        assert answer.status_code == expected, official.text
        return official.text

    said = await send(sheet, "check", 422)
    assert "2 行，1 行不能录入" in said
    assert "没有登记该农户编号" in said
    good = sheet.replace("H-1-1", "H-433125116-0001")
    assert "尚未保存" in await send(good, "check", 200)
    assert "您录入" in await send(good, "send", 200)
    async with shop.db.write() as session:
        await session.execute(
            text("UPDATE identity_account SET password_hash = :hash WHERE username = 'shop-s01'"),
            {"hash": quick_hash(PASSWORD)},
        )
    await official.send("/sign-out")
    await official.see("/sign-in")
    await official.send("/sign-in", username="shop-s01", password=PASSWORD)
    await official.see("/supplier/more")
    said = await official.see("/supplier/households")
    assert "H-433125116" not in official.answer.text
    refused = await official.send("/supplier/households/payments", 422, household_no="H-1-1", kind="WAGE", amount="90")
    assert "没有登记该农户编号" in refused
    paid = {"household_no": "H-433125116-0002", "kind": "WAGE", "amount": "90", "paid_on": "2026-05-03"}
    assert "等待帮扶办公室审批" in await official.send("/supplier/households/payments", **paid)
    contract = {"household_no": "H-433125116-0002", "kind": "WAGE", "contract_no": "LD-9", "terms": "务工"}
    said = await official.send("/supplier/households/contracts", **contract)
    assert "LD-9" in said
    assert "¥90.00" in said
    await official.see("/supplier/households?lang=en")
    await official.send("/sign-out")
    await official.see("/sign-in?lang=zh")
    await official.send("/sign-in", username="shop-officer", password=PASSWORD)
    said = await official.see("/office/households/lists")
    assert "供应商申报" in said
    actions = re.findall(r'action="(/office/households/(?:lists|linkages)/[0-9a-f-]{36})"', official.answer.text)
    assert len(actions) == 2
    for action in actions:
        await official.send(action, note="已核对", step="approve")
    async with shop.db.read() as session:
        waiting = "SELECT count(*) FROM assistance_payment_list l WHERE NOT EXISTS ({})".format(
            "SELECT FROM assistance_payment_list_decision d WHERE d.list_id = l.id"
        )
        assert (await session.execute(text(waiting))).scalar_one() == 1
    assert household
