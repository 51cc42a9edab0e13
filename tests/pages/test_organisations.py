"""What members do for their organisation on pages: apply, invite, order from a roster, a certificate."""

from __future__ import annotations

import csv
import io

import pytest
from sqlalchemy import text

from app.core.sealing import keys
from tests.identity.builders import quick_hash
from tests.pages.conftest import PASSWORD
from tests.pages.visitor import Visitor
from tests.shop import ORGANISATION, Shop


async def _sign_in(shop: Shop, who: str) -> Visitor:
    async with shop.db.write() as session:
        await session.execute(
            text("UPDATE identity_account SET password_hash = :hash WHERE username = :who"),
            {"hash": quick_hash(PASSWORD), "who": f"shop-{who}"},
        )
    visitor = Visitor(shop.app)
    await visitor.see("/sign-in")
    await visitor.send("/sign-in", username=f"shop-{who}", password=PASSWORD)
    return visitor


async def _proven(shop: Shop, who: str, phone: str) -> None:
    """As if ``who`` had proved ``phone`` to be theirs."""
    async with shop.db.write() as session:
        await session.execute(
            text(
                "UPDATE identity_account SET phone_sealed = :sealed, phone_index = :index, phone_proven_at = :now"
                " WHERE username = :who"
            ),
            {
                "sealed": keys().seal(phone, "phone"),
                "index": keys().blind(phone, "phone"),
                "now": shop.clock(),
                "who": f"shop-{who}",
            },
        )


def _roster(*rows: tuple[object, ...]) -> bytes:
    to = io.StringIO()
    csv.writer(to).writerows([("收件人", "手机号", "省市区", "详细地址", "份数", "货号"), *rows])
    return to.getvalue().encode("utf-8-sig")


async def _upload(visitor: Visitor, path: str, file: bytes, expected: int = 200, **fields: str) -> str:
    await visitor.see(path)
    form = {**visitor.fields(path), **fields}
    form.pop("file", None)
    answer = await visitor.http.post(
        path,
        data=form,
        files={"file": ("roster.csv", file)},
        headers={"Origin": "http://market.test"},
        follow_redirects=True,
    )
    visitor._read(answer)
    assert answer.status_code == expected, visitor.text
    return visitor.text


_LI = ("李霞", "13905310001", "山东省济南市历城区", "花园路 88 号", 1, "GT04")
_WU = ("吴静", "13905310002", "山东省济南市历下区", "泉城路 1 号", 2, None)


async def test_an_organisation_applies_on_a_page(shop: Shop, buyer: Visitor):
    assert "还没有采购单位" in await buyer.see("/organisations")
    await buyer.see("/organisations/new")
    said = {"name": ORGANISATION["name"], "uscc": ORGANISATION["uscc"], "kind": "union"}
    await buyer.send("/organisations/new", province="43", step="look", **said)
    assert buyer.fields("/organisations/new")["name"] == ORGANISATION["name"]
    assert buyer.fields("/organisations/new")["division_code"].startswith("43")
    await buyer.send("/organisations/new", 422, **said | {"uscc": "81370112MC0FAKE173"}, step="save")
    await buyer.send("/organisations/new", 422, **said | {"name": ""}, step="save")
    shown = await buyer.send("/organisations/new", **said, province="37", division_code="370112", step="save")
    assert "核验通过后即可下单" in shown
    assert ORGANISATION["uscc"] in shown
    page = buyer.path
    await buyer.send(f"{page}/invoice", title="另一个抬头", bank="历城支行")
    assert buyer.fields(f"{page}/invoice")["bank"] == "历城支行"
    assert "核验中" in await buyer.see("/organisations")
    await buyer.see(f"{page}/roster")
    await _upload(buyer, f"{page}/roster", _roster(_LI), 409)


async def test_a_member_is_invited_accepts_and_leaves(shop: Shop, buyer: Visitor):
    organisation = await shop.organisation()
    page = f"/organisations/{organisation['id']}"
    await buyer.see(page)
    await buyer.send(f"{page}/invitations", 422, phone="139")
    said = await buyer.send(f"{page}/invitations", phone="13905310009", role="purchaser")
    code = said.partition("只显示这一次： ")[2].split()[0]
    assert "139******09" in said
    other = await _sign_in(shop, "stranger")
    assert "验证过手机号" in await other.see("/organisations")
    await other.see(page, 404)
    await _proven(shop, "stranger", "13905310009")
    assert ORGANISATION["name"] in await other.see("/organisations")
    (accept,) = [form["action"] for form in other.page.forms if str(form["action"]).endswith("/accept")]
    await other.send(accept, 422, code="0" * 20)
    await other.send(accept, code=code)
    assert other.path == page
    assert "采购员" in other.text
    (leave,) = [form["action"] for form in other.page.forms if "/members/" in str(form["action"])]
    await other.see(page)
    await other.post(f"{page}/invoice", {**other.fields(leave), "title": "x"}, 403)
    await buyer.see(page)
    assert "stranger" in buyer.text
    members = [form["action"] for form in buyer.page.forms if "/members/" in str(form["action"])]
    (own,) = set(members) - {leave}
    await buyer.send(own, 409, step="remove")
    await buyer.send(leave, step="owner")
    assert buyer.text.count("设为采购员") == 2
    await other.see(page)
    await other.post(leave, {**other.fields(leave), "step": "remove"})
    assert other.path == "/organisations"
    await other.see(page, 404)


async def test_an_invitation_is_taken_back(shop: Shop, buyer: Visitor):
    organisation = await shop.organisation()
    page = f"/organisations/{organisation['id']}"
    await buyer.see(page)
    await buyer.send(f"{page}/invitations", phone="13905310009", role="owner")
    (withdraw,) = [form["action"] for form in buyer.page.forms if str(form["action"]).endswith("/withdraw")]
    await buyer.send(withdraw)
    assert "139******09" not in buyer.text


async def test_a_roster_is_checked_ordered_and_paid_in_one_sum(shop: Shop, buyer: Visitor):
    organisation = await shop.organisation()
    page = f"/organisations/{organisation['id']}"
    template = await buyer.http.get("/bulk-orders/template.xlsx")
    assert template.content[:2] == b"PK"
    said = await _upload(
        buyer, f"{page}/roster", _roster(_LI, ("无名", "1", "火星", "", 1, "GT04")), sku="GT04", pieces="1"
    )
    assert "1 行有误" in said
    assert "第 3 行" in said
    assert "为 2 人下单" not in said
    said = await _upload(buyer, f"{page}/roster", _roster(_LI, _WU), sku="gt04", pieces="1")
    assert "共 2 位收件人" in said
    assert "为 2 人下单" in said
    place = buyer.path
    form = buyer.fields(place)
    for _ in range(2):
        await buyer.post(place, form)
        assert buyer.path.startswith("/bulk-orders/")
        assert "2 位收件人" in buyer.text
    bulk = buyer.path
    assert "吴* 139******02" in buyer.text
    assert "吴静" not in buyer.text
    assert await shop.scalar("SELECT count(*) FROM orders_order") == 2
    assert await shop.stock("GT04") == (100, 3)
    await buyer.send(f"{bulk}/pay", provider="sandbox")
    assert "请用手机扫码付款" in buyer.text
    await buyer.send(f"{buyer.path}/sandbox")
    await shop.settle()
    assert "付款成功" in await buyer.see(buyer.path)
    assert "已付款" in await buyer.see(bulk)
    assert "2 位收件人" in await buyer.see(page)
    stranger = await _sign_in(shop, "stranger")
    for path in (bulk, page, place):
        await stranger.see(path, 404)


@pytest.mark.parametrize(
    ("file", "fields", "said"),
    [
        (b"", {}, ""),
        (_roster(), {}, "没有收件人"),
        (_roster(_LI), {"sku": "!"}, "货号由字母和数字组成"),
        (_roster(_LI), {"sku": "GT04", "pieces": "0"}, "1 至 9999"),
    ],
)
async def test_a_roster_that_cannot_be_read_is_asked_for_again(
    shop: Shop, buyer: Visitor, file: bytes, fields: dict[str, str], said: str
):
    organisation = await shop.organisation()
    assert said in await _upload(buyer, f"/organisations/{organisation['id']}/roster", file, 422, **fields)
    assert await shop.scalar("SELECT count(*) FROM orders_roster") == 0


async def test_an_order_is_placed_for_the_organisation_and_certified(shop: Shop, buyer: Visitor):
    organisation = await shop.organisation()
    page = f"/organisations/{organisation['id']}"
    await buyer.see(page)
    year = str(shop.clock().year)
    assert "没有" in await buyer.see(f"{page}/certificate?year={year}", 409)
    await buyer.see("/checkout?sku=GT04&quantity=1")
    address = {"recipient": "李霞", "phone": "13905310001", "division_code": "370112", "detail": "花园路 88 号"}
    await buyer.send("/checkout", **address, organisation=organisation["id"], step="place")
    order = buyer.path.rpartition("/")[2]
    assert await shop.scalar("SELECT channel FROM orders_order") == "organisation"
    placed = await shop.look({"id": order})
    await shop.ship(await shop.pay(placed))
    await shop.call("buyer", "POST", f"/v1/store/orders/{order}/confirm-receipt")
    await shop.settle()
    assert placed["number"] in await buyer.see(page)
    answer = await buyer.http.get(f"{page}/certificate?year={year}")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    await buyer.see(f"{page}/certificate?year=1999", 422)


async def test_the_organisation_speaks_english(shop: Shop, buyer: Visitor):
    organisation = await shop.organisation()
    page = f"/organisations/{organisation['id']}"
    for path in ("/organisations?lang=en", "/organisations/new", page, f"{page}/roster"):
        await buyer.see(path)
        assert buyer.foreign == [], path
