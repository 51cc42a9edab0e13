"""A supermarket's money in a browser: what lies with the marketplace, goes back, or lessens the next statement."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.identity.builders import quick_hash
from tests.market import Market, open_market
from tests.pages.conftest import PASSWORD
from tests.pages.visitor import Visitor
from tests.shop import Shop
from tests.wholesale.test_carried import below_zero, month_of, tea_in_january
from tests.wholesale.test_money import transfer
from tests.wholesale.test_refunds import MONEY, draft
from tests.wholesale.test_statements import call


@pytest.fixture
async def market(shop: Shop) -> Market:
    return await open_market(shop)


async def sign_in(shop: Shop, visitor: Visitor, path: str) -> None:
    async with shop.db.write() as session:
        await session.execute(
            text("UPDATE identity_account SET password_hash = :hash WHERE username = 'shop-p01'"),
            {"hash": quick_hash(PASSWORD)},
        )
    await visitor.see(path)
    await visitor.send("/sign-in", username="shop-p01", password=PASSWORD)


async def test_what_is_the_partners_stands_beside_its_statements(market: Market, visitor: Visitor):
    _, december = await below_zero(market)
    await transfer(market, "X", 123_45, december["code"])
    await sign_in(market.shop, visitor, "/partner/statements")
    assert "未冲抵来款，用于下一张对账单 ¥123.45" in visitor.text
    assert f"贷方余额，抵减下一期对账单 ¥{december['credit_fen'] / 100:.2f}" in visitor.text
    page = f"/partner/statements/{december['id']}"
    await visitor.see(page)
    assert "贷方余额，抵减下一期对账单。" in visitor.text
    assert "汇款附言" not in visitor.text
    (lying,) = (await call(market, "operator", "GET", f"{MONEY}?unapplied=true"))["items"]
    refund = await draft(market, remittance_id=lying["id"])
    await visitor.see("/partner/statements?lang=en")
    assert f"Refund {refund['code']}" in visitor.text
    assert "being checked" in visitor.text
    assert "Paid in advance" not in visitor.text
    await tea_in_january(market)
    january = await month_of(market, "2027-01")
    await sign_in(market.shop, visitor, f"{page}?lang=en")
    assert f"lessens statement {january['number']}" in visitor.text
    await visitor.see(f"/partner/statements/{january['id']}?lang=zh")
    assert "前期贷方余额结转" in visitor.text


async def test_a_month_that_is_paid_back_says_so(market: Market, visitor: Visitor):
    _, december = await below_zero(market)
    await draft(market, statement_id=december["id"])
    await sign_in(market.shop, visitor, f"/partner/statements/{december['id']}")
    assert "贷方余额以银行转账退回。" in visitor.text
