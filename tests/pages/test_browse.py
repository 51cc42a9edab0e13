from __future__ import annotations

import re
from datetime import date, timedelta

from app import inventory
from app.identity import SYSTEM
from tests.pages.visitor import Visitor
from tests.shop import Shop


async def test_somebody_looks_around(visitor: Visitor):
    assert "酉水脐橙 一等" in await visitor.see("/")
    found = await visitor.see("/products?q=huangjincha&sort=price")
    assert found.index("黄金绿茶 袋泡") < found.index("黄金茶 雨前二级")
    assert "酉水脐橙" not in found
    assert "没有找到相符的商品" in await visitor.see("/products?price_from=9000")
    page = await visitor.see("/products/golden-tea")
    for told in ("¥ 128 .00", "吕洞山镇", "2026年11月10日", "SC11443312590010", "GB/T 14456.3", "七日内"):
        assert told in page


async def test_what_cannot_be_understood_is_as_if_not_said(visitor: Visitor):
    everything = await visitor.see("/products")
    assert await visitor.see("/products?sort=sideways&category=gold&price_from=cheap&price_to=-1") == everything
    await visitor.see("/products?cursor=made-up", 422)


async def test_a_page_speaks_the_language_that_was_chosen_until_another_is(shop: Shop):
    somebody = Visitor(shop.app, **{"Accept-Language": "en-GB,en;q=0.8"})
    assert "Golden tea" in await somebody.see("/")
    assert "黄金茶" in await somebody.see("/products?lang=zh")
    assert "没有找到该商品" in await somebody.see("/products/nothing", 404)
    assert 'lang="zh-CN"' in somebody.answer.text
    assert "no longer on sale" in await somebody.see("/products/nothing?lang=en", 404)
    assert somebody.answer.headers["vary"] == "Accept-Language, Cookie"


async def test_the_story_of_a_lot_is_found_by_its_code(visitor: Visitor, shop: Shop):
    code = await shop.scalar("SELECT trace_code FROM inventory_lot WHERE sku = 'GT04'")
    await visitor.see("/trace")
    story = await visitor.see(f"/trace?code={code.lower()}")
    assert visitor.path == f"/trace/{code}"
    assert "2026年11月10日 采收" in story
    for told in (
        "配料 茶鲜叶",
        "生产地址 湖南省保靖县吕洞山镇黄金村",
        "联系方式 0743-0000001",
        "备案 YB14331250000001",
        "SC11443312590010",
    ):
        assert told in story
    assert "Food business permit YB14331250000001" in await visitor.see(f"/trace/{code}?lang=en")
    assert visitor.foreign == []
    await visitor.see("/trace?lang=zh")
    assert "没有找到溯源码 NOTHING" in await visitor.see("/trace/nothing", 404)
    assert "<script>" not in (await visitor.http.get("/trace/%3Cscript%3E")).text


async def test_pages_let_nothing_in_from_elsewhere(visitor: Visitor):
    for path in ("/", "/products/nothing"):
        policy = (await visitor.http.get(path)).headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
    style = await visitor.http.get("/static/shop.css")
    assert style.headers["cache-control"].endswith("immutable")
    assert (await visitor.http.get("/static/../rules.py")).status_code == 404


async def test_the_list_counts_what_each_filter_would_leave_and_says_what_it_looked_for(visitor: Visitor):
    everything = await visitor.see("/products")
    (form,) = [form for form in visitor.page.forms if form["action"] == "/products" and "township" in form["fields"]]
    assert form["fields"]["township"] == ""
    assert "比耳镇" in everything
    oranges = visitor.answer.text.split('value="navel-orange"')[1]
    assert int(oranges.split('class="tally">')[1].split("<")[0]) > 0
    band = visitor.answer.text.split('class="bands"')[1].split('href="')[1].split('"')[0].replace("&amp;", "&")
    assert 'aria-current="true"' in (await visitor.http.get(band)).text.split('class="bands"')[1].split("</ul>")[0]
    meant = await visitor.see("/products?q=huangjincah")
    assert "已为您搜索" in meant
    assert "黄金茶" in meant


async def test_what_is_sold_ahead_says_when_it_ships_and_is_not_called_sold_out(shop: Shop, buyer: Visitor):
    plan = inventory.Plan(
        opens_at=shop.clock(),
        closes_at=shop.clock() + timedelta(days=5),
        harvest_from=date(2026, 11, 25),
        harvest_to=date(2027, 1, 10),
        ship_by=date(2026, 12, 1),
        expected_yield=10,
        factor_pct=80,
    )
    async with shop.db.write() as session:
        by = shop.actor("S08")
        gone = [inventory.Update("NO02", "set", 0)]
        await inventory.apply_updates(session, by.supplier_id, gone, by=SYSTEM, now=shop.clock())
    await shop.settle()
    assert "暂时缺货" in await buyer.see("/products?q=NO02")
    async with shop.db.write() as session:
        await inventory.open_presale(session, "NO02", plan, by=by, max_factor_pct=80, now=shop.clock())
    await shop.settle()
    for path in ("/products?q=NO02", "/products/orange-5kg"):
        page = await buyer.see(path)
        assert "预售" in page
        assert "暂时缺货" not in page
    assert "2026年12月1日前发出" in page
    assert "有货，48 小时内发出" not in page
    assert "库存仅剩" not in await buyer.see("/checkout?sku=NO02&quantity=2")
    order = await shop.order({"NO02": 2})
    assert "预售 · 2026年12月1日前发出" in await buyer.see(f"/orders/{order['id']}")


async def test_where_nothing_is_people_are_shown_a_page(visitor: Visitor):
    answer = await visitor.http.get("/nowhere", headers={"Accept": "text/html,*/*", "Accept-Language": "en"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    for path, headers in (("/nowhere", {}), ("/v1/nowhere", {"Accept": "text/html"})):
        answer = await visitor.http.get(path, headers=headers)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


async def test_where_nothing_can_be_looked_at_people_are_shown_a_page(visitor: Visitor):
    answer = await visitor.http.get("/cart/items", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert "请从首页进入" in answer.text
    assert "请从首页重新进入" in await visitor.see(f"/products?q={'茶' * 101}", 422)
    assert "errors" not in visitor.text


async def test_an_address_that_cannot_be_ours_leads_nowhere(buyer: Visitor):
    for path in ("/orders/abc", "/claims/abc", "/account/addresses/abc"):
        await buyer.see(path, 404)
        assert "没有找到您要的内容" in buyer.text


async def test_a_product_says_what_its_label_says(visitor: Visitor):
    said = await visitor.see("/products/orange-5kg")
    for told in ("承诺达标合格证", "新寨橙乡柑橘专业合作社（示例）", "不使用禁用农药", "0743-0000001"):
        assert told in said
    said = await visitor.see("/products/golden-tea?lang=en")
    for told in ("Ingredients 茶鲜叶", "Producer’s address 湖南省", "Food business permit YB1433125"):
        assert told in said
    assert visitor.foreign == []


async def test_styles_and_scripts_are_packed_for_those_who_can_unpack(visitor: Visitor):
    await visitor.see("/")
    found = re.search(r'href="(/static/shop\.css\?v=[0-9a-f]+)"', visitor.answer.text)
    assert found
    plain = await visitor.http.get(found[1], headers={"Accept-Encoding": "identity"})
    packed = await visitor.http.get(found[1], headers={"Accept-Encoding": "gzip, br"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) // 3
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
