"""Stock by sheet in a browser: upload, look at what would change, apply it, and keep the receipts."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest

from app import inventory
from tests.pages.visitor import Visitor
from tests.shop import Shop

PATH = "/supplier/sheets"
COUNTED = "货号,库存数量\nGT04,80\nNOPE,3\n".encode()


async def send(seller: Visitor, raw: bytes, expected: int = 200, *, name: str = "count.csv", **fields: str) -> str:
    """Fill in the form and send it with a file."""
    await seller.see(PATH)
    data = {**seller.fields(PATH), "absent": "keep", **fields}
    data.pop("file", None)
    headers = {"Origin": "http://market.test"}
    answer = await seller.http.post(
        PATH, data=data, files={"file": (name, raw)}, headers=headers, follow_redirects=True
    )
    seller._read(answer)
    assert answer.status_code == expected, seller.text
    return seller.text


async def work(shop: Shop) -> None:
    while await inventory.work_on_imports(shop.db, shop.clock()):
        pass


async def test_a_sheet_is_checked_shown_and_applied_once(shop: Shop, seller: Visitor):
    said = await send(seller, COUNTED)
    here = seller.path
    assert here.startswith(f"{PATH}/")
    assert "排队中" in said
    assert 'http-equiv="refresh"' in seller.answer.text, "without a script the page looks again by itself"
    await work(shop)
    said = await seller.see(here)
    assert 'http-equiv="refresh"' not in seller.answer.text
    assert "核对完成" in said
    assert "1 行被拒绝" in said
    assert "NOPE" in said
    assert "80" not in said, "rejected rows are shown first, and alone"
    said = await seller.see(f"{here}?rows=changed")
    assert "由 100 改为 80" in said
    assert "黄金茶 雨前二级 100g 袋" in said
    assert await shop.stock("GT04") == (100, 0)
    form = seller.fields(f"{here}/apply")
    for _ in range(2):
        await seller.post(f"{here}/apply", form)
        assert seller.path == here
    await work(shop)
    assert await shop.stock("GT04") == (80, 0)
    assert "已应用" in await seller.see(here)
    assert f"{here}/apply" not in [form["action"] for form in seller.page.forms]
    csv = (await seller.http.get(f"{here}/receipts.csv")).content.decode("utf-8-sig")
    assert [line.split(",")[:2] for line in csv.splitlines()[1:]] == [["2", "GT04"], ["3", "NOPE"]]
    assert "已应用" in await seller.see(PATH)
    assert "共 2 行，改动 1，拒绝 1" in seller.text


async def test_the_same_file_twice_says_so_unless_it_is_meant(shop: Shop, seller: Visitor):
    raw = "货号,库存数量\nGT04,80\n".encode()
    await send(seller, raw)
    first = seller.path
    await work(shop)
    await seller.see(first)
    await seller.send(f"{first}/apply")
    await work(shop)
    await send(seller, raw)
    await work(shop)
    said = await seller.see(seller.path)
    assert "与以前应用过的完全相同" in said
    assert f'href="{first}"' in seller.answer.text
    assert f"{seller.path}/apply" not in [form["action"] for form in seller.page.forms]
    await send(seller, raw, again="1")
    await work(shop)
    assert "与以前应用过的完全相同" not in await seller.see(seller.path)


async def test_what_a_sheet_leaves_out_is_set_to_zero_where_that_was_chosen(shop: Shop, seller: Visitor):
    await send(seller, "货号,库存数量\nGT04,80\n".encode(), absent="zero")
    await work(shop)
    said = await seller.see(f"{seller.path}?rows=changed")
    assert "表里没有" in said
    assert "由 100 改为 0" in said
    assert "将清零的货品" in said


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"%PDF-1.7", "xlsx"),
        ("品名,多少\n茶,3\n".encode(), "表头"),
        (b"", ""),
    ],
)
async def test_what_is_no_sheet_is_refused_at_once(shop: Shop, seller: Visitor, raw: bytes, said: str):
    assert said in await send(seller, raw, 422)
    assert await shop.scalar("SELECT count(*) FROM inventory_import") == 0


async def test_a_sheet_without_rows_says_why_it_failed(shop: Shop, seller: Visitor):
    await send(seller, "货号,库存数量\n".encode())
    await work(shop)
    assert "表头下没有任何数据行" in await seller.see(seller.path)


async def test_a_long_sheet_is_turned_page_by_page(shop: Shop, seller: Visitor):
    rows = "".join(f"NOPE{n},1\n" for n in range(60))
    await send(seller, f"货号,库存数量\n{rows}".encode())
    await work(shop)
    said = await seller.see(seller.path)
    assert "NOPE49" in said
    assert "NOPE50" not in said
    (following,) = (part for part in seller.answer.text.split('href="') if part.startswith("/") and "cursor=" in part)
    said = await seller.see(following.partition("#")[0].replace("&amp;", "&"))
    assert "NOPE50" in said
    assert "NOPE59" in said


async def test_the_template_names_the_suppliers_own_goods(seller: Visitor):
    answer = await seller.http.get(f"{PATH}/template.xlsx")
    assert answer.status_code == 200
    assert answer.content[:2] == b"PK"


async def test_another_suppliers_sheet_does_not_exist(shop: Shop, seller: Visitor):
    async with shop.http("S08") as http:
        answer = await http.post("/v1/supplier/inventory/imports", files={"file": ("a.csv", COUNTED)})
    theirs = f"{PATH}/{answer.json()['id']}"
    await work(shop)
    for path in (theirs, f"{PATH}/{uuid4()}"):
        await seller.see(path, 404)
        assert (await seller.http.get(f"{path}/receipts.csv")).status_code == 404
    await seller.see(PATH)
    form = {"form_token": seller.fields(PATH)["form_token"], "key": str(uuid4())}
    await seller.post(f"{theirs}/apply", form, 404)
    assert await shop.scalar("SELECT status FROM inventory_import") == "checked"


async def test_only_suppliers_have_sheets(shop: Shop, buyer: Visitor):
    for path in (PATH, f"{PATH}/template.xlsx", "/supplier/more"):
        answer: httpx.Response = await buyer.http.get(path)
        assert answer.status_code == 403


async def test_sheets_speak_english(shop: Shop, seller: Visitor):
    await send(seller, COUNTED)
    here = seller.path
    await work(shop)
    for path in (PATH, here, f"{here}?rows=all", "/supplier/more"):
        await seller.see(f"{path}{'&' if '?' in path else '?'}lang=en")
        assert seller.foreign == [], path
