import asyncio
import io

import pypdf
import pytest
from sqlalchemy import text as sql

from app.core.settings import InvoicingSettings
from app.invoicing.gateways import FakeDrawer
from app.invoicing.handlers import on_orders_paid, on_supplier_orders_completed
from app.main import create_app
from app.orders import OrderPaid, SupplierOrderCompleted
from app.wiring import build
from tests.orders.test_crowd import waiting
from tests.shop import ADDRESS

PERSON = {"title": "王女士"}
COMPANY = {"kind": "special", "title": "济南泉润商贸有限公司（示例）", "uscc": "91370112MA3FAKE120"}


@pytest.fixture
def drawer(shop, monkeypatch):
    """A strict drawer in the sandbox's place."""
    made = FakeDrawer()
    monkeypatch.setattr("app.invoicing.couriers.SandboxDrawer", lambda: made)
    return made


async def invoices(shop, order=None, who="buyer", path="/v1/store/invoices"):
    query = f"?order_id={order['id']}" if order else ""
    answer = await shop.call(who, "GET", path + query, key=None)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def ask(shop, order, body=PERSON, who="buyer"):
    return await shop.call(who, "POST", f"/v1/store/orders/{order['id']}/invoices", body, key=None)


async def refund(shop, order, fen, line=0, quantity=0):
    shop.clock.advance(seconds=1)  # ids sort by the millisecond
    body = {
        "lines": [{"line_id": order["lines"][line]["id"], "amount_fen": fen, "quantity": quantity}],
        "reason": "坏果",
    }
    answer = await shop.call("operator", "POST", f"/v1/operator/orders/{order['id']}/refunds", body)
    assert answer.status_code == 201, answer.text
    await shop.settle()


async def sound(shop):
    return await shop.breaks()


async def test_an_order_with_a_wish_is_invoiced_by_each_supplier_when_the_goods_are_accepted(shop, drawer):
    order = await shop.complete({"GT04": 2, "NO02": 1}, invoice=COMPANY)
    found = {invoice["supplier_id"]: invoice for invoice in await invoices(shop, order)}
    assert len(found) == 2
    for part in order["supplier_orders"]:
        invoice = found[part["supplier_id"]]
        assert (invoice["status"], invoice["colour"], invoice["kind"]) == ("issued", "blue", "special")
        assert (invoice["title"], invoice["uscc"]) == (COMPANY["title"], COMPANY["uscc"])
        assert invoice["total_fen"] == part["amount_fen"] == invoice["amount_fen"] + invoice["tax_fen"]
        assert invoice["amount_fen"] == sum(row["amount_fen"] for row in invoice["rows"])
        assert len(invoice["number"]) == 20
        assert order["number"] in invoice["remark"]
    oranges = found[order["lines"][1]["supplier_id"]]
    assert oranges["rows"][0]["label"] == "*水果*酉水脐橙 一等"
    assert oranges["rows"][0]["rate"] == "免税"
    assert "自产农产品销售" in oranges["remark"]
    assert await sound(shop) == []
    assert await invoices(shop, who="S01", path="/v1/supplier/invoices") == [found[order["lines"][0]["supplier_id"]]]
    assert await invoices(shop, who="stranger") == []
    assert len(await invoices(shop, who="operator", path="/v1/operator/invoices")) == 2
    stored = await shop.scalar("SELECT string_agg(payload::text, '') FROM core_event")
    assert COMPANY["title"] not in stored


async def test_refunds_before_the_invoice_are_deducted_and_later_ones_are_red(shop, drawer):
    order = await shop.ship(await shop.pay(await shop.order({"GT04": 3})))
    asked = await ask(shop, order)
    assert asked.status_code == 201, asked.text
    assert [invoice["status"] for invoice in asked.json()["items"]] == ["requested"]
    assert (await ask(shop, order)).json()["code"] == "invoice_exists"
    await refund(shop, order, 12_800, quantity=1)
    assert len(await invoices(shop, order)) == 1
    await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/confirm-receipt")
    await shop.settle()
    (blue,) = await invoices(shop, order)
    part = order["supplier_orders"][0]
    assert blue["total_fen"] == part["amount_fen"] - 12_800
    assert blue["rows"][0]["quantity"] == 2

    for fen in (333, 1):
        await refund(shop, order, fen)
    reds = [invoice for invoice in await invoices(shop, order) if invoice["colour"] == "red"]
    assert [red["total_fen"] for red in reds] == [-1, -333]
    assert {(red["reverses"], red["reason"], red["status"]) for red in reds} == {(blue["id"], "refund", "issued")}
    assert await sound(shop) == []


async def test_a_corrected_title_is_a_red_invoice_and_a_new_one(shop, drawer):
    order = await shop.complete({"GT04": 2}, invoice=PERSON)
    (first,) = await invoices(shop, order)
    await refund(shop, order, 500)
    path = f"/v1/store/invoices/{first['id']}/reissue"
    assert (await shop.call("stranger", "POST", path, COMPANY, key=None)).status_code == 404
    shop.clock.advance(seconds=1)
    again = await shop.call("buyer", "POST", path, COMPANY, key=None)
    assert again.status_code == 201, again.text
    await shop.settle()
    new, back = sorted((await invoices(shop, order))[:2], key=lambda invoice: invoice["colour"])
    assert (new["title"], new["kind"], new["total_fen"]) == (COMPANY["title"], "special", first["total_fen"] - 500)
    assert (back["reason"], back["total_fen"], back["title"]) == ("reissue", 500 - first["total_fen"], "王女士")
    assert (await shop.call("buyer", "POST", path, COMPANY, key=None)).json()["code"] == "invoice_not_current"
    await refund(shop, order, 700)
    newest = (await invoices(shop, order))[0]
    assert (newest["reverses"], newest["total_fen"]) == (new["id"], -700)
    assert await sound(shop) == []


async def test_what_the_drawer_refuses_waits_for_somebody_to_look(shop, drawer):
    drawer.refusing = "购买方名称与代码不符"
    order = await shop.complete({"GT04": 2}, invoice=PERSON)
    await refund(shop, order, 500)
    (refused,) = await invoices(shop, who="operator", path="/v1/operator/invoices?status=rejected")
    assert refused["refusal"] == drawer.refusing
    assert await sound(shop) == []
    drawer.refusing, drawer.away = None, 1
    path = f"/v1/operator/invoices/{refused['id']}/redraw"
    assert (await shop.call("operator", "POST", path, key=None)).status_code == 200
    assert (await shop.call("operator", "POST", path, key=None)).json()["code"] == "invoice_step_not_allowed"
    await shop.settle()
    assert (await invoices(shop, order))[0]["status"] == "drawing"
    shop.clock.advance(minutes=5)
    await shop.settle()
    (issued,) = await invoices(shop, order)
    assert (issued["status"], issued["total_fen"]) == ("issued", refused["total_fen"] - 500)
    assert await sound(shop) == []


async def test_a_refund_while_the_blue_one_is_drawn_waits_for_what_the_drawer_says(shop, drawer):
    drawer.away = 99
    order = await shop.complete({"GT04": 2}, invoice=PERSON)
    await refund(shop, order, 500)
    assert [found["status"] for found in await invoices(shop, order)] == ["drawing"]
    drawer.away, drawer.refusing = 0, "购买方名称与代码不符"
    shop.clock.advance(minutes=5)
    await shop.settle()
    (blue,) = await invoices(shop, order)
    assert blue["status"] == "rejected"
    drawer.refusing = None
    path = f"/v1/operator/invoices/{blue['id']}/redraw"
    assert (await shop.call("operator", "POST", path, key=None)).status_code == 200
    await shop.settle()
    (drawn,) = await invoices(shop, order)
    assert (drawn["status"], drawn["total_fen"]) == ("issued", blue["total_fen"] - 500), "deducted, and once"
    assert await sound(shop) == []


async def test_a_part_that_is_cancelled_alone_waits_for_no_invoice(shop):
    order = await shop.pay(await shop.order({"GT04": 1, "NO02": 1}))
    assert (await ask(shop, order)).status_code == 201
    part, other = order["supplier_orders"]
    body = {"supplier_order_id": part["id"]}
    assert (await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/cancel", body)).status_code == 200
    await shop.settle()
    found = {invoice["supplier_order_id"]: invoice["status"] for invoice in await invoices(shop, order)}
    assert found == {part["id"]: "cancelled", other["id"]: "requested"}


async def test_where_invoices_are_drawn_on_payment_a_cancelled_order_is_taken_back_with_its_freight(shop, settings):
    shop.settings = settings.model_copy(update={"invoicing": InvoicingSettings(draw_on="payment")})
    shop.app = create_app(shop.settings, database=shop.db, clock=shop.clock)
    shop.db.wiring = build(shop.settings)
    order = await shop.pay(await shop.order({"GT14": 1}, invoice=PERSON | {"title": "王女士\n济南"}))
    (blue,) = await invoices(shop, order)
    assert (blue["status"], blue["total_fen"], blue["title"]) == ("issued", order["total_fen"], "王女士\n济南")
    assert order["freight_fen"] > 0
    assert blue["rows"][-1]["label"] == "*运输服务*运费"
    shop.clock.advance(seconds=1)
    await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/cancel", {})
    await shop.settle()
    red, _ = await invoices(shop, order)
    assert (red["colour"], red["amount_fen"], red["tax_fen"]) == ("red", -blue["amount_fen"], -blue["tax_fen"])
    assert (await ask(shop, order)).json()["code"] == "not_invoiceable"
    assert await sound(shop) == []


async def test_when_the_goods_are_given_back_the_freight_alone_is_billed(shop):
    order = await shop.complete({"GT04": 1})
    await refund(shop, order, 12_800, quantity=1)
    (invoice,) = (await ask(shop, order)).json()["items"]
    assert invoice["total_fen"] == order["freight_fen"] > 0
    assert [row["label"] for row in invoice["rows"]] == ["*运输服务*运费"]


KEPT = {
    "title": "济南泉润商贸有限公司（示例）",
    "address": "历城区花园路88号",
    "phone": "0531-88880000",
    "bank": "历城银行花园路支行（示例）",
    "account": "3700123400005678",
}
ENTERPRISE = {"kind": "enterprise", "name": KEPT["title"], "uscc": COMPANY["uscc"], "invoice": KEPT}


def _billed(invoice):
    return {name: invoice[name] for name in ("title", "uscc", "address", "phone", "bank", "account")}


async def test_an_organisation_need_not_say_again_what_its_invoices_say(shop, drawer):
    unit = await shop.organisation(**ENTERPRISE)
    order = await shop.complete({"GT04": 1}, organisation_id=unit["id"], invoice={"kind": "special"})
    (invoice,) = await invoices(shop, order)
    assert (invoice["status"], invoice["kind"]) == ("issued", "special")
    assert _billed(invoice) == KEPT | {"uscc": COMPANY["uscc"]}
    paper = await shop.call("buyer", "GET", f"/v1/store/invoices/{invoice['id']}/pdf", key=None)
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(paper.content)).pages)
    text = "".join(text.split())
    assert KEPT["account"] in text
    assert KEPT["address"] in text
    stored = await shop.scalar("SELECT string_agg(payload::text, '') FROM core_event")
    assert KEPT["account"] not in stored


async def test_it_may_ask_for_its_invoice_after_the_order(shop, drawer):
    unit = await shop.organisation(**ENTERPRISE)
    order = await shop.complete({"GT04": 1}, organisation_id=unit["id"])
    assert (await ask(shop, order, {"kind": "special"})).status_code == 201
    await shop.settle()
    (invoice,) = await invoices(shop, order)
    assert _billed(invoice) == KEPT | {"uscc": COMPANY["uscc"]}


async def test_a_reissued_invoice_knows_the_organisation_too(shop, drawer):
    unit = await shop.organisation(**ENTERPRISE)
    order = await shop.complete({"GT04": 1}, organisation_id=unit["id"], invoice=PERSON)
    (first,) = await invoices(shop, order)
    assert _billed(first) == dict.fromkeys(KEPT) | PERSON | {"uscc": None}, "to somebody else: nothing is filled in"
    shop.clock.advance(seconds=1)
    path = f"/v1/store/invoices/{first['id']}/reissue"
    new = await shop.call("buyer", "POST", path, {"kind": "special", "phone": "0531-88889999"}, key=None)
    assert new.status_code == 201, new.text
    assert _billed(new.json()) == KEPT | {"uscc": COMPANY["uscc"], "phone": "0531-88889999"}, "what is said counts"


async def test_an_ordinary_invoice_names_the_organisation_without_its_bank(shop, drawer):
    unit = await shop.organisation(**ENTERPRISE)
    order = await shop.complete({"GT04": 1}, organisation_id=unit["id"], invoice={})
    (invoice,) = await invoices(shop, order)
    assert _billed(invoice) == dict.fromkeys(KEPT) | {"title": KEPT["title"], "uscc": COMPANY["uscc"]}


async def test_what_the_organisation_told_us_is_for_its_members(shop):
    unit = await shop.organisation(**ENTERPRISE)
    order = await shop.complete({"GT04": 1}, organisation_id=unit["id"])
    async with shop.db.write() as session:
        await session.execute(sql("DELETE FROM buyers_member"))
    refused = await ask(shop, order, {"kind": "normal"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/title"), refused.text
    assert (await ask(shop, order, PERSON)).status_code == 201


async def test_a_union_gets_no_special_invoice_and_a_person_says_to_whom(shop):
    unit = await shop.organisation()
    body = {"items": [{"sku": "GT04", "quantity": 1}], "address": ADDRESS}
    for more, code in (
        ({"organisation_id": unit["id"], "invoice": {"kind": "special"}}, "special_invoice_needs_uscc"),
        ({"organisation_id": unit["id"], "invoice": {"uscc": COMPANY["uscc"]}}, "invalid_input"),
        ({"invoice": {}}, "invalid_input"),
    ):
        answer = await shop.call("buyer", "POST", "/v1/store/orders", body | more)
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert answer.json()["errors"][0]["pointer"] == "/invoice/title"
    assert await shop.scalar("SELECT count(*) FROM orders_order") == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"kind": "special", "title": "王女士"}, "special_invoice_needs_uscc"),
        (
            {"kind": "special", "title": "某机关工会（示例）", "uscc": "81370112MA3FAKE121"},
            "special_invoice_needs_uscc",
        ),
        ({"title": "济南", "uscc": "91370112MA3FAKE129"}, "invalid_uscc"),
        ({"title": ""}, "invalid_input"),
    ],
)
async def test_wishes_that_cannot_be_granted(shop, body, code):
    order = await shop.pay(await shop.order({"GT04": 1}))
    answer = await ask(shop, order, body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    placed = {"items": [{"sku": "GT04", "quantity": 1}], "address": {}, "invoice": body}
    assert (await shop.call("buyer", "POST", "/v1/store/orders", placed)).status_code == 422


async def test_nothing_is_invoiced_that_is_not_paid_or_no_more(shop):
    order = await shop.order({"GT04": 1}, invoice=PERSON)
    assert (await ask(shop, order)).json()["code"] == "not_invoiceable"
    assert (await ask(shop, order, who="stranger")).status_code == 404
    order = await shop.pay(order)
    assert (await ask(shop, order)).status_code == 201
    await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/cancel", {})
    await shop.settle()
    assert [invoice["status"] for invoice in await invoices(shop, order)] == ["cancelled"]
    assert (await ask(shop, order)).json()["code"] == "not_invoiceable"


async def test_the_paper_says_what_the_invoice_says(shop):
    order = await shop.complete({"GT04": 2, "GT14": 1}, invoice=PERSON)
    (invoice,) = await invoices(shop, order)
    assert invoice["sample"] is True
    assert (await shop.call("stranger", "GET", f"/v1/store/invoices/{invoice['id']}/pdf", key=None)).status_code == 404
    answer = await shop.call("buyer", "GET", f"/v1/store/invoices/{invoice['id']}/pdf", key=None)
    assert answer.status_code == 200, answer.text
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages)
    for said in (invoice["number"], "SPECIMEN", "王女士", "*精制茶*黄金茶 雨前二级", "价税合计", order["number"]):
        assert said in text, said
    assert (await shop.call("S01", "GET", f"/v1/supplier/invoices/{invoice['id']}/pdf", key=None)).status_code == 200
    assert (await shop.call("S08", "GET", f"/v1/supplier/invoices/{invoice['id']}/pdf", key=None)).status_code == 404


async def test_orders_heard_of_together_are_locked_in_the_order_of_their_ids(fresh_shop):
    """Whoever else locks several orders does so too: nobody waits for the other."""
    shop, found = fresh_shop, []
    for _ in range(2):
        shop.clock.advance(seconds=1)
        found.append(await shop.order({"GT04": 1}, invoice=PERSON))
    completed = [
        SupplierOrderCompleted(
            order_id=order["id"],
            supplier_order_id=order["supplier_orders"][0]["id"],
            number=order["number"],
            lines=[],
            at=shop.clock(),
        )
        for order in found
    ]
    paid = [OrderPaid(order_id=order["id"], lines=[], at=shop.clock()) for order in found]
    for handler, facts in ((on_supplier_orders_completed, completed), (on_orders_paid, paid)):

        async def hear(handler=handler, facts=facts) -> None:
            async with shop.db.write() as session:
                await handler(session, facts[::-1], shop.clock())

        async with shop.db.write() as session:
            await session.execute(sql("SELECT 1 FROM orders_order WHERE id = :id FOR UPDATE"), {"id": found[0]["id"]})
            hearing = asyncio.create_task(hear())
            await waiting(shop, 1)
            async with shop.db.write() as other:
                later = sql("SELECT 1 FROM orders_order WHERE id = :id FOR UPDATE NOWAIT")
                await other.execute(later, {"id": found[1]["id"]})
        await hearing
