"""A supplier's desk on a phone and on a screen: sheets, and everything else behind the last tab."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import text

from app import fulfilment, identity, inventory, suppliers
from app.fulfilment import Report, TrackingEvent, TrackingState
from app.suppliers import StaffRole
from tests.browser.conftest import PASSWORD, SIZES, Site, Watched
from tests.identity.builders import quick_hash
from tests.settlement.builders import Books, Piece

pytestmark = pytest.mark.browser

_PASSWORD = text("UPDATE identity_account SET password_hash = :hash WHERE username = :name")


async def _open(site: Site, name: str) -> None:
    async with site.shop.db.write() as session:
        await session.execute(_PASSWORD, {"hash": quick_hash(PASSWORD), "name": name})


def sign_in(page: Page, site: Site, name: str, path: str) -> None:
    """Somebody signs in and is led to ``path``."""
    site.meanwhile(_open(site, name))
    page.goto(f"{site.url}{path}")
    page.get_by_label("手机号或用户名").fill(name)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="登录").click()
    page.wait_for_url(f"{site.url}{path}")


async def _work(site: Site) -> None:
    while await inventory.work_on_imports(site.shop.db, site.shop.clock()):
        pass


def _counted(pieces: int) -> dict[str, object]:
    rows = f"货号,库存数量,批次\nGT04,{pieces},\nGT14,{pieces + 20},\nGT04,3,NO-SUCH-LOT\nNOPE,5,\n"
    return {"name": "盘点.csv", "mimeType": "text/csv", "buffer": rows.encode()}


def test_a_sheet_is_sent_looked_at_and_applied(watched: Watched):
    page, site = watched.page, watched.site
    pieces = 70 if page.viewport_size == SIZES["phone"] else 60
    sign_in(page, site, "shop-s01", "/supplier")
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="更多").click()
    watched.handy("more")
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="表格").click()
    watched.handy("sheets")
    page.get_by_label("盘点表").set_input_files([_counted(pieces)])
    page.get_by_role("button", name="上传并核对").click()
    expect(page.get_by_role("status")).to_be_visible()
    watched.handy("waiting")
    site.meanwhile(_work(site))
    expect(page.get_by_role("heading", level=1)).to_have_text("核对完成，待应用", timeout=15_000)
    watched.handy("rejected rows")
    page.get_by_role("link", name="有改动").click()
    expect(page.get_by_role("main")).to_contain_text(f"改为 {pieces}")
    watched.handy("changed rows")
    page.get_by_role("button", name="应用 2 处改动").click()
    site.meanwhile(_work(site))
    expect(page.get_by_role("heading", level=1)).to_have_text("已应用", timeout=15_000)
    watched.handy("applied")
    page.get_by_role("link", name="回到表格").click()
    expect(page.get_by_role("main")).to_contain_text("改动 2，拒绝 2")
    watched.handy("history")
    page.get_by_label("盘点表").set_input_files([_counted(pieces)])
    page.get_by_role("button", name="上传并核对").click()
    site.meanwhile(_work(site))
    expect(page.get_by_role("main")).to_contain_text("与以前应用过的完全相同", timeout=15_000)
    watched.handy("the same file")
    assert watched.bytes_without_pictures < 200_000


def test_a_sheet_goes_its_way_without_any_script(browser: Browser, site: Site):
    context = browser.new_context(viewport=SIZES["phone"], locale="zh-CN", java_script_enabled=False)
    page = context.new_page()
    sign_in(page, site, "shop-s01", "/supplier/sheets")
    page.get_by_label("盘点表").set_input_files([_counted(50)])
    page.get_by_role("button", name="上传并核对").click()
    site.meanwhile(_work(site))
    expect(page.get_by_role("heading", level=1)).to_have_text("核对完成，待应用", timeout=15_000)
    page.get_by_role("button", name="应用 2 处改动").click()
    site.meanwhile(_work(site))
    expect(page.get_by_role("heading", level=1)).to_have_text("已应用", timeout=15_000)
    context.close()


def test_a_key_is_shown_once(watched: Watched):
    page, site = watched.page, watched.site
    sign_in(page, site, "shop-s01", "/supplier/more")
    page.get_by_role("main").get_by_role("link", name="接口密钥").click()
    watched.handy("keys")
    page.get_by_label("用途").fill("打单软件")
    row = page.get_by_role("listitem").filter(has_text="库存")
    row.get_by_label("查看").check()
    row.get_by_label("更改").check()
    page.get_by_role("button", name="生成密钥").click()
    shown = page.get_by_label("新的密钥")
    expect(shown).to_be_visible()
    key = shown.inner_text()
    watched.handy("the key")
    page.goto(f"{site.url}/supplier/keys")
    expect(page.get_by_role("main")).to_contain_text(key[:11])
    assert key not in page.content()
    page.get_by_text("撤销", exact=True).first.click()
    watched.handy("to be revoked")
    page.get_by_role("button", name="确认撤销").click()
    expect(page.get_by_text("已撤销的密钥")).to_be_visible()


_AGENT = "13907430055"


async def _invite_agent(site: Site) -> str:
    """Somebody whose phone is proved is invited to be the agent of the tea co-operative: the code."""
    async with site.shop.db.write() as session:
        made = await identity.register_buyer(
            session,
            phone=_AGENT,
            password_hash=quick_hash(PASSWORD),
            name="田野",
            phone_proven=True,
            now=site.shop.clock(),
        )
    site.shop.accounts["agent"] = made
    async with site.shop.db.write() as session:
        by = site.shop.actor("S01")
        _, code = await suppliers.invite(session, _AGENT, StaffRole.AGENT, by=by, now=site.shop.clock())
    return code


@pytest.mark.parametrize("watched", ["phone"], indirect=True)
def test_an_agent_enters_stock(watched: Watched):
    page, site = watched.page, watched.site
    code = site.meanwhile(_invite_agent(site))
    page.goto(f"{site.url}/sign-in?next=/account")
    page.get_by_label("手机号或用户名").fill(_AGENT)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="登录").click()
    page.get_by_role("link", name="供货与代录").click()
    watched.handy("invited")
    page.get_by_label("邀请码").fill(code)
    page.get_by_role("button", name="接受邀请").click()
    expect(page.get_by_role("main")).to_contain_text("您正在代录")
    watched.handy("whose stock")
    page.get_by_role("link", name="GT14").click()
    page.get_by_role("button", name="增加一件").first.click()
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("status")).to_contain_text("GT14 的库存已保存")
    page.get_by_role("link", name="GT14").click()
    expect(page.get_by_role("main")).to_contain_text("录入人 田野")
    watched.handy("entered")
    page.get_by_role("link", name="全部变动").click()
    watched.handy("the ledger")
    page.goto(f"{site.url}/agencies")
    watched.handy("agencies")
    page.context.clear_cookies()
    sign_in(page, site, "shop-s01", "/supplier/team")
    expect(page.get_by_role("main")).to_contain_text("田野")
    watched.handy("the team")
    page.get_by_label("手机号").fill("13907430056")
    page.get_by_role("button", name="生成邀请码").click()
    expect(page.get_by_role("status")).to_be_visible()
    watched.handy("invited somebody")


async def _send_some(site: Site) -> str:
    """One order is under way and comes back; another waits: the number of the one that waits."""
    shop = site.shop
    sent = await shop.ship(await shop.pay(await shop.order({"GT04": 1})), deliver=False)
    news = TrackingEvent(shop.clock(), TrackingState.REFUSED, "收件人拒收，快件将退回")
    report = Report("ZTO", sent["shipments"][0]["tracking_number"], (news,))
    async with shop.db.write() as session:
        await fulfilment.record(session, report, now=shop.clock())
    order = await shop.pay(await shop.order({"GT14": 2}))
    return str(order["number"])


def test_parcels_and_lots(watched: Watched):
    page, site = watched.page, watched.site
    number = site.meanwhile(_send_some(site))
    sign_in(page, site, "shop-s01", "/supplier")
    watched.handy("jobs")
    page.get_by_role("link", name="已发包裹").click()
    watched.handy("parcels")
    page.get_by_role("link", name="需要处理").click()
    page.get_by_role("link", name="买家拒收").first.click()
    watched.handy("a parcel in trouble")
    page.goto(f"{site.url}/supplier/shipping-sheet")
    row = f"订单号,快递公司,运单号\n{number},中通快递,780099{number[-6:]}\nBJ26010100000000,中通快递,780012345600\n"
    sheet = {"name": "发货.csv", "mimeType": "text/csv", "buffer": row.encode()}
    page.get_by_label("填好的表格").set_input_files([sheet])
    page.get_by_role("button", name="上传并发货").click()
    expect(page.get_by_role("status")).to_contain_text("已发货 1 行，重复 0 行，未发 1 行")
    watched.handy("shipped by sheet")
    page.goto(f"{site.url}/supplier/lots")
    watched.handy("lots")
    page.get_by_role("link", name="新批次入库").click()
    watched.handy("a new lot")
    code = f"2026-{page.viewport_size['width']}" if page.viewport_size else "2026-0"
    page.get_by_label("商品").select_option("GT14")
    page.get_by_label("批次号").fill(code)
    page.get_by_label("件数").fill("12")
    page.get_by_label("保质期至").fill("2027-12-31")
    page.get_by_role("button", name="入库").click()
    expect(page.get_by_role("img", name="溯源码")).to_be_visible()
    watched.handy("its code")
    page.get_by_text("召回这一批").click()
    page.get_by_label("召回原因").fill("抽检不合格")
    page.get_by_label("我确认这一批必须召回").check()
    watched.handy("to be recalled")
    page.get_by_role("button", name="召回", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("单独存放")
    watched.handy("recalled")


@pytest.mark.parametrize("watched", ["phone"], indirect=True)
def test_what_cannot_be_sent_is_cancelled(watched: Watched):
    page, site = watched.page, watched.site
    number = site.meanwhile(_send_some(site))
    sign_in(page, site, "shop-s01", "/supplier")
    page.get_by_role("link", name=number).click()
    page.get_by_role("link", name="有的发不了").click()
    page.get_by_role("button", name="增加一件").click()
    page.get_by_label("原因").fill("霜冻减产")
    watched.handy("to be cancelled")
    page.get_by_role("button", name="取消并退款").click()
    expect(page.get_by_role("main")).to_contain_text("还要发 1 件")
    watched.look("the rest")


async def _recall(site: Site) -> str:
    """Somebody has got oranges of a lot that is called back: the way to their order."""
    shop = site.shop
    order = await shop.ship(await shop.pay(await shop.order({"NO02": 2})))
    lot_id = await shop.scalar("SELECT id FROM inventory_lot WHERE sku = 'NO02' ORDER BY id LIMIT 1")
    await shop.call("S08", "POST", f"/v1/supplier/lots/{lot_id}/recall", {"reason": "农残抽检不合格"})
    await shop.settle()
    return f"/orders/{order['id']}"


@pytest.mark.parametrize("watched", ["phone"], indirect=True)
def test_the_buyer_of_a_recalled_lot_is_warned(watched: Watched):
    page, site = watched.page, watched.site
    sign_in(page, site, "shop-buyer", site.meanwhile(_recall(site)))
    expect(page.get_by_role("alert")).to_contain_text("请勿食用或饮用")
    watched.handy("recalled")


async def _issue(site: Site) -> None:
    books = Books(site.shop, site.shop.db)
    sold = await books.sell(datetime(2026, 10, 10, 4, tzinfo=UTC), Piece(price=12_800, quantity=20), freight=600)
    await books.refund(datetime(2026, 10, 12, 4, tzinfo=UTC), sold, 1_200)
    await books.issue("2026-10", site.shop.clock())


@pytest.mark.parametrize("watched", ["phone"], indirect=True)
def test_a_statement_is_agreed_to(watched: Watched):
    page, site = watched.page, watched.site
    site.meanwhile(_issue(site))
    sign_in(page, site, "shop-s01", "/supplier")
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="货款").click()
    watched.handy("money")
    page.get_by_role("link", name="JS202610S01").click()
    page.get_by_text("有问题，提出异议").click()
    watched.handy("statement")
    page.get_by_role("button", name="确认无误").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("已确认，待付款")
    watched.handy("agreed")
    page.goto(f"{site.url}/supplier/money/account")
    watched.handy("account")


async def _newcomer(site: Site, phone: str) -> None:
    async with site.shop.db.write() as session:
        await identity.register_buyer(
            session,
            phone=phone,
            password_hash=quick_hash(PASSWORD),
            name="彭秀英",
            phone_proven=True,
            now=site.shop.clock(),
        )


def test_somebody_asks_to_sell_here(watched: Watched):
    page, site = watched.page, watched.site
    phone = "13907430071" if page.viewport_size == SIZES["phone"] else "13907430072"
    site.meanwhile(_newcomer(site, phone))
    page.goto(f"{site.url}/")
    page.get_by_role("link", name="我要供货").click()
    watched.look("what it takes")
    page.get_by_role("link", name="登录后申请").click()
    page.get_by_label("手机号或用户名").fill(phone)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="登录").click()
    page.get_by_label("名称").fill("湖南酉水金芽茶业有限公司（示例）")
    page.get_by_label("统一社会信用代码").fill("91433125MA4FAKE22D")
    page.get_by_label("单位类型").select_option("company")
    page.get_by_label("乡镇").select_option("433125114")
    page.get_by_label("黄金茶").check()
    watched.handy("the application")
    page.get_by_role("button", name="开始申请").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("申请待提交")
    watched.handy("what is lacking")
    page.get_by_label("开户行").fill("示例银行")
    page.get_by_label("账号").fill("6200000000000000002")
    page.get_by_label("联行号").fill("402569000018")
    page.locator("#bank").get_by_role("button", name="保存").click()
    expect(page.locator("#bank")).to_contain_text("****0002")
    expect(page.get_by_role("button", name="提交申请")).to_be_disabled()
    watched.handy("the account is there")


def test_every_door_opens_in_english_too(watched: Watched):
    page, site = watched.page, watched.site
    sign_in(page, site, "shop-s01", "/supplier")
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    watched.handy("jobs")
    tabs = page.get_by_role("navigation", name="Main").get_by_role("link").all()
    page.goto(f"{site.url}/supplier/more")
    watched.handy("more")
    doors = page.get_by_role("main").get_by_role("link").all()
    paths = [link.get_attribute("href") for link in doors]
    assert len(paths) > 8
    assert len(tabs) == 5
    for path in [*paths, "/supplier/stock", "/supplier/stock/GT04", "/supplier/money", "/supplier/lots/new", "/sell"]:
        watched.open(f"{site.url}{path}")
        watched.handy(str(path))
    page.set_viewport_size({"width": 320, "height": 640})
    for path in paths:
        watched.open(f"{site.url}{path}")
        watched.look(f"{path} on the smallest phone")
