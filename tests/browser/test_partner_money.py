"""A supermarket's buyer looks at a month that came to less than nothing, and at money that goes back."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from playwright.sync_api import expect

from app import wholesale
from tests.browser.conftest import Site, Watched
from tests.browser.test_desk import sign_in
from tests.market import Market, open_market
from tests.wholesale.test_money import transfer

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def market(site: Site) -> Market:
    made = site.meanwhile(open_market(site.shop))
    site.meanwhile(_live(made))
    return made


async def _close(market: Market, now: datetime) -> wholesale.Statement:
    """The month before ``now`` is stated, agreed to and billed."""
    partner_id, by = market.partner_id(), market.shop.actor("P01")
    async with market.shop.db.write() as session:
        await wholesale.issue_statements(session, now=now)
        (found,) = await wholesale.statements(session, partner_id=partner_id, limit=1)
        await wholesale.confirm_statement(session, found.id, partner_id=partner_id, revision=None, by=by, now=now)
        return await wholesale.invoice_statement(
            session, found.id, invoice_no=f"2643{found.month:%Y%m}0000000001", now=now
        )


async def _live(market: Market) -> None:
    """Tea comes and is paid with too much money; all of it goes back a month later; what is too much goes back too."""
    shop, partner_id = market.shop, market.partner_id()
    by, operator, now = shop.actor("P01"), shop.actor("operator"), shop.clock()
    line = {"line_no": 1}
    first = (now.replace(day=28) + timedelta(days=4)).replace(day=5)
    second = (first.replace(day=28) + timedelta(days=4)).replace(day=5)
    async with shop.db.write() as session:
        placed = await wholesale.place(session, market.asked({"GT04": 1}), partner_id=partner_id, by=by, now=now)
        counted = wholesale.Counted(receipt_no="YS-1", lines=(wholesale.CountedLine(**line, delivered_units=10),))
        await wholesale.receive(session, placed.order.id, counted, partner_id=partner_id, by=by, now=now)
    statement = await _close(market, first)
    await transfer(market, "1", statement.payable_fen + 12_345, statement.code)
    async with shop.db.write() as session:
        back = wholesale.Back(
            return_no="TH-1",
            reason=wholesale.ReturnReason.UNSOLD,
            lines=(wholesale.BackLine(**line, units=10),),
        )
        await wholesale.consent(
            session,
            placed.order.id,
            **line,
            units=10,
            reason=wholesale.ReturnReason.UNSOLD,
            lot_code=None,
            until_on=None,
            note=None,
            by=operator,
            now=first,
        )
        await wholesale.give_back(session, placed.order.id, back, partner_id=partner_id, by=by, now=first)
    await _close(market, second)
    async with shop.db.write() as session:
        remittance_id = await shop.scalar("SELECT id FROM wholesale_remittance")
        await wholesale.draft_refund(
            session,
            remittance_id=remittance_id,
            payee=wholesale.Payee(bank=None, account="6222000000001234"),
            reason="多付",
            by=operator,
            now=second,
        )


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_in_the_partners_favour_is_told(watched: Watched, market: Market, language: str):
    page, site = watched.page, watched.site
    assert market.shop is site.shop
    sign_in(page, site, "shop-p01", "/partner/statements")
    page.goto(f"{site.url}/partner/statements?lang={language}")
    main = page.get_by_role("main")
    expect(main).to_contain_text("¥123.45" if language == "en" else "退款")
    watched.handy(f"money with us {language}")
    main.locator(".doors a").first.click()
    expect(main).to_contain_text("lessens your next statement" if language == "en" else "贷方余额，抵减下一期对账单")
    watched.handy(f"a month below zero {language}")
