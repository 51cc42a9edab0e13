"""After the order: something is wrong with what arrived; and a certificate is verified."""

from __future__ import annotations

import io
from dataclasses import replace
from uuid import uuid4

from PIL import Image

from app.core.settings import BankSettings
from tests.pages.visitor import Visitor
from tests.shop import Shop

BANK = BankSettings(payee="保靖好物（示例）", account="0000100020003000", bank="示例银行", cnaps="000000000000")


def _photo() -> bytes:
    to = io.BytesIO()
    Image.new("RGB", (640, 480), "#f08c1a").save(to, "JPEG")
    return to.getvalue()


async def test_bad_fruit_is_claimed_once_with_a_photo(shop: Shop, buyer: Visitor):
    order = await shop.ship(await shop.pay(await shop.order({"NO02": 1})))
    path = f"/orders/{order['id']}/claim"
    await buyer.see(f"/orders/{order['id']}")
    assert "无理由" not in await buyer.see(path), "fresh goods are not returned without a reason"
    fields = buyer.fields(path)
    line = order["lines"][0]["id"]
    assert "请勾选" in await buyer.post(path, {name: value for name, value in fields.items() if name != "line"}, 422)
    filled = {**buyer.fields(path), "line": line, f"bad:{line}": "3", f"pieces:{line}": "20", "note": "压坏了"}
    photo = {"photos": ("orange.jpg", _photo(), "image/jpeg")}
    headers = {"Origin": "http://market.test"}
    places = []
    for _ in range(2):
        answer = await buyer.http.post(path, data=filled, files=photo, headers=headers, follow_redirects=True)
        assert answer.status_code == 200, answer.text
        places.append(answer.url.path)
    assert places[0].startswith("/claims/")
    assert places[0] == places[1]
    assert await shop.scalar("SELECT count(*) FROM claims_claim") == 1
    seen = await buyer.see(places[0])
    assert "供应商处理中" in seen
    assert "3 / 20 个" in seen
    assert "/v1/store/files/" in buyer.answer.text
    assert "已撤销" in await buyer.send(f"{places[0]}/withdraw")
    assert "3 / 20 个" in buyer.text


async def test_the_order_names_its_claims_and_a_transfer_says_where_to(shop: Shop, buyer: Visitor):
    order = await shop.ship(await shop.pay(await shop.order({"NO02": 1})))
    asked = {"kind": "other", "lines": [{"line_id": order["lines"][0]["id"], "quantity": 1}], "note": "少了说明书"}
    claimed = await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/claims", asked)
    assert claimed.status_code == 201, claimed.text
    assert "售后 其他" in await buyer.see(f"/orders/{order['id']}")
    assert f'href="/claims/{claimed.json()["id"]}"' in buyer.answer.text

    waiting = await shop.order({"NO02": 1})
    assert "对公转账" not in await buyer.see(f"/orders/{waiting['id']}")
    shop.app.state.edge = replace(shop.app.state.edge, settings=shop.settings.model_copy(update={"bank": BANK}))
    assert "对公转账" in await buyer.see(f"/orders/{waiting['id']}")
    page = await buyer.send(f"/orders/{waiting['id']}/pay", provider="bank_transfer")
    for told in (BANK.payee, BANK.account, BANK.bank, BANK.cnaps):
        assert told in page
    code = await shop.scalar("SELECT remittance_code FROM payments_payment WHERE reference = :id", id=waiting["id"])
    assert code in page
    assert "请在 2026年" in await buyer.see(f"/orders/{waiting['id']}")


async def test_goods_that_arrived_are_reviewed_once_and_the_product_shows_it(shop: Shop, buyer: Visitor):
    order = await shop.order({"NO02": 1})
    await buyer.see(f"/orders/{order['id']}")
    assert "/review" not in buyer.answer.text
    order = await shop.ship(await shop.pay(order))
    path = f"/orders/{order['id']}/lines/{order['lines'][0]['id']}/review"
    await buyer.see(f"/orders/{order['id']}")
    assert path in buyer.answer.text
    await buyer.see(path)
    assert "请选择几颗星" in await buyer.send(path, 422, text="  ")
    filled = {**buyer.fields(path), "stars": "4", "text": "皮薄汁多 <b>"}
    photo = {"photos": ("orange.jpg", _photo(), "image/jpeg")}
    for _ in range(2):
        headers = {"Origin": "http://market.test"}
        answer = await buyer.http.post(path, data=filled, files=photo, headers=headers, follow_redirects=True)
        assert answer.url.path == f"/orders/{order['id']}", answer.text
    assert await shop.scalar("SELECT count(*) FROM reviews_review") == 1
    assert "已评价" in answer.text
    again = {**filled, "key": str(uuid4())}
    assert "该商品已评价过" in await buyer.post(path, again, 409)
    await shop.settle()
    review_id = await shop.scalar("SELECT id FROM reviews_review")
    answered = await shop.call("S08", "POST", f"/v1/supplier/reviews/{review_id}/answer", {"text": "谢谢，来年再会"})
    assert answered.status_code == 201, answered.text
    stranger = Visitor(shop.app)
    page = await stranger.see("/products/orange-5kg")
    assert "★ 4.0" in page
    assert "皮薄汁多 <b>" in page
    assert "商家回复 谢谢，来年再会" in page
    assert "/v1/store/files/" in stranger.answer.text


async def test_what_is_no_photo_is_refused_and_nothing_is_claimed(shop: Shop, buyer: Visitor):
    order = await shop.ship(await shop.pay(await shop.order({"NO02": 1})))
    path = f"/orders/{order['id']}/claim"
    await buyer.see(path)
    line = order["lines"][0]["id"]
    filled = {**buyer.fields(path), "line": line, f"bad:{line}": "3", f"pieces:{line}": "20"}
    text = {"photos": ("orange.jpg", b"<script>alert(1)</script>", "image/jpeg")}
    answer = await buyer.http.post(path, data=filled, files=text, headers={"Origin": "http://market.test"})
    assert 400 <= answer.status_code < 500
    assert "text/html" in answer.headers["content-type"]
    assert await shop.scalar("SELECT count(*) FROM claims_claim") == 0


async def test_anybody_may_verify_a_certificate(shop: Shop, buyer: Visitor):
    union = await shop.organisation()
    await shop.complete({"GT04": 1}, organisation_id=union["id"])
    answer = await shop.call("buyer", "GET", "/v1/store/contribution-certificate?year=2026", key=None)
    assert answer.status_code == 200
    code = answer.headers["content-disposition"].split('"')[1].removesuffix(".pdf")
    stranger = Visitor(shop.app)
    await stranger.see("/verify")
    said = await stranger.see(f"/verify?code={code.lower()}")
    assert stranger.path == f"/verify/{code}"
    assert "¥128.00" in said
    assert "East–West" in await stranger.see(f"/verify/{code}?lang=en")
    assert stranger.foreign == []
    await stranger.see("/verify?lang=zh")
    assert "没有找到核验码" in await stranger.see("/verify/BJ2026-AAAA-AAAA-AAAA-AAAA", 404)
    assert "没有找到核验码" in await stranger.see("/verify/nonsense", 404)
