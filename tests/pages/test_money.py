"""A supplier's money in a browser: what is owed, statements with yes or no, and where it is paid."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.market import open_market
from tests.pages.visitor import Visitor
from tests.settlement.builders import Books, Piece
from tests.shop import Shop
from tests.wholesale.test_money import bill as an_invoice
from tests.wholesale.test_money import transfer
from tests.wholesale.test_statements import ALL, MINE, call, more_stock, received, stated

MONEY = "/supplier/money"
OCTOBER = datetime(2026, 10, 10, 4, tzinfo=UTC)


@pytest.fixture
async def statement(shop: Shop) -> str:
    """October of the tea co-operative, issued just now: the way to its page."""
    books = Books(shop, shop.db)
    await books.sell(OCTOBER, Piece(price=12_800, quantity=2), freight=600)
    assert await books.issue("2026-10", shop.clock()) == 1
    return f"{MONEY}/{(await books.statement('2026-10')).id}"


async def test_a_statement_is_shown_downloaded_and_agreed_to_once(shop: Shop, seller: Visitor, statement: str):
    said = await seller.see(MONEY)
    assert "JS202610S01" in said
    assert "待您确认" in said
    said = await seller.see(statement)
    assert "¥256.00" in said
    assert "−¥12.80" in said
    for ending, begins in (("xlsx", b"PK"), ("pdf", b"%PDF")):
        answer = await seller.http.get(f"{statement}/JS202610S01.{ending}")
        assert answer.content.startswith(begins)
    form = {**seller.fields(statement), "step": "confirm"}
    for _ in range(2):
        said = await seller.post(statement, form)
        assert "已确认，待付款" in said
    assert await shop.scalar("SELECT status FROM settlement_statement") == "confirmed"


@pytest.fixture
async def purchase(shop: Shop) -> str:
    """Twenty bags of tea that a supermarket took in and paid for in December, and ten that it has not paid yet."""
    market = await open_market(shop)
    await more_stock(market, "GT04")
    await received(market, "GT04", 2)
    bill = await stated(market)
    await call(market, "P01", "POST", f"{MINE}/{bill['id']}/confirm", {})
    await call(market, "operator", "POST", f"{ALL}/{bill['id']}/invoice", an_invoice())
    await transfer(market, "1", bill["payable_fen"], bill["code"])
    shop.clock.advance(days=1)
    await received(market, "GT04", 1)
    shop.clock.advance(days=35)
    books = Books(shop, shop.db)
    assert await books.issue("2026-12", shop.clock()) == 1
    return f"{MONEY}/{(await books.statement('2026-12')).id}"


async def test_what_supermarkets_paid_and_have_not_paid_is_shown_apart(shop: Shop, purchase: str, seller: Visitor):
    said = await seller.see(MONEY)
    assert "商超已验收、尚未付款" in said
    assert "¥760.00" in said
    said = await seller.see(purchase)
    po_no = await shop.scalar("SELECT po_no FROM settlement_posting WHERE kind = 'purchase'")
    for part in (po_no, "第 1 行", "供货价 ¥80.00", "平台佣金 −¥80.00", "返利 −¥96.00", "¥1,424.00"):
        assert part in said


async def test_what_is_wrong_is_said_and_why(shop: Shop, seller: Visitor, statement: str):
    await seller.see(statement)
    form = {**seller.fields(statement), "step": "dispute", "reason": " "}
    assert "请写明哪一笔有误" in await seller.post(statement, form, 422)
    said = await seller.post(statement, {**form, "reason": "第 2 行运费\n不对", "key": seller.fields(statement)["key"]})
    assert "异议处理中" in said
    assert "第 2 行运费 不对" in said
    assert statement not in [form["action"] for form in seller.page.forms]
    late = {**form, "step": "confirm", "key": "0193478a-2b00-7abc-8def-0123456789ab"}
    await seller.post(statement, late, 409)


async def test_the_account_is_entered_by_an_owner_and_shown_masked(shop: Shop, seller: Visitor):
    path = f"{MONEY}/account"
    await seller.see(path)
    wrong = await seller.send(path, 422, bank="", account="12", cnaps="1")
    for said in ("请填写开户行", "8 至 30 位数字", "12 位数字"):
        assert said in wrong
    said = await seller.send(path, bank="保靖农商银行（示例）", account="6200 0000 0000 0005 678", cnaps="")
    assert "**** **** 5678" in said
    assert "核验中" in said
    assert "6200000000000005678" not in seller.answer.text
    assert "00005678" not in seller.answer.text


async def test_others_statements_do_not_exist(shop: Shop, visitor: Visitor, seller: Visitor):
    books = Books(shop, shop.db)
    await books.sell(OCTOBER, Piece("NO02", price=4_990), who="S08")
    assert await books.issue("2026-10", shop.clock()) == 1
    theirs = f"{MONEY}/{await shop.scalar('SELECT id FROM settlement_statement')}"
    whose = await shop.scalar("SELECT supplier_id FROM settlement_statement")
    assert whose == shop.accounts["S08"].supplier_id
    for path in (theirs, f"{theirs}/x.pdf", f"{theirs}/x.xlsx"):
        await seller.see(path, 404)
    await seller.see(f"{MONEY}/account")
    form = {**seller.fields(f"{MONEY}/account"), "step": "confirm"}
    await seller.post(theirs, form, 404)


async def test_money_speaks_english(seller: Visitor, statement: str):
    for path in (MONEY, statement, f"{MONEY}/account"):
        await seller.see(f"{path}?lang=en")
        assert seller.foreign == [], path
