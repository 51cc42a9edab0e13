"""From the cart to the order, by forms alone: what a browser without a script can do."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

from tests.pages.conftest import PASSWORD
from tests.pages.visitor import Visitor
from tests.shop import Shop

PLACE = {"recipient": "王晓梅", "phone": "13800001234", "detail": "花园路88号3单元502室", "step": "place"}


async def _put(visitor: Visitor, slug: str, quantity: str) -> str:
    await visitor.see(f"/products/{slug}")
    return await visitor.send("/cart/items", quantity=quantity)


async def _orders(shop: Shop) -> int:
    return await shop.scalar("SELECT count(*) FROM orders_order")


async def test_a_guest_fills_a_cart_signs_in_and_orders_it_once(shop: Shop, buyer: Visitor):
    await buyer.see("/account")
    await buyer.send("/sign-out")
    await _put(buyer, "golden-tea", "2")
    cart = await _put(buyer, "orange-5kg", "1")
    assert buyer.path == "/cart"
    assert "吕洞茗源" in cart
    assert "¥ 305 .90" in cart
    await buyer.see("/checkout")
    assert buyer.path == "/sign-in?next=/checkout"
    checkout = await buyer.send("/sign-in", username="shop-buyer", password=PASSWORD)
    assert buyer.path == "/checkout"
    assert "鲜活易腐" in checkout
    refused = await buyer.send("/checkout", 422, **{**PLACE, "detail": "花园路"})
    assert "请写到门牌" in refused
    assert buyer.fields("/checkout")["recipient"] == "王晓梅"
    assert "七日无理由退货" in await buyer.send("/checkout", 422, **PLACE)
    assert await shop.stock("GT04") == (100, 0)
    filled = {**buyer.fields("/checkout"), **PLACE, "fresh": "1"}
    await buyer.post("/checkout", filled)
    placed = buyer.path
    assert re.fullmatch(r"/orders/[0-9a-f-]{36}", placed)
    assert await shop.stock("GT04") == (100, 2)
    await buyer.post("/checkout", filled)
    assert buyer.path == placed, "a reload or a double tap leads to the same order"
    assert await _orders(shop) == 1
    assert await shop.stock("GT04") == (100, 2)
    assert "购物车还是空的" in await buyer.see("/cart")
    await _put(buyer, "golden-tea", "1")
    await buyer.post("/checkout", {**filled, "note": "请放门卫"}, 422)
    assert await _orders(shop) == 1, "a form that was sent orders nothing else"


async def test_one_thing_is_bought_past_the_cart(shop: Shop, buyer: Visitor):
    await _put(buyer, "golden-tea", "1")
    await buyer.see("/products/golden-tea-bags")
    await buyer.post("/buy", {**buyer.fields("/cart/items"), "quantity": "3"})
    assert buyer.path == "/checkout?sku=GT14&quantity=3"
    assert "黄金茶 雨前二级" not in buyer.text
    await buyer.send("/checkout", **PLACE)
    assert await shop.stock("GT14") == (100, 3)
    assert await shop.stock("GT04") == (100, 0)
    assert "黄金茶 雨前二级" in await buyer.see("/cart")


async def test_what_is_left_is_said_and_can_be_taken(shop: Shop, buyer: Visitor):
    await _put(buyer, "orange-gift", "3")
    await buyer.see("/checkout")
    await shop.order({"NO04": 2}, who="stranger")
    said = await buyer.send("/checkout", 409, **PLACE, fresh="1")
    assert "NO04" in said
    assert "库存仅剩 1 件" in said
    assert await shop.stock("NO04") == (3, 2)
    assert "仅剩 1 件" in await buyer.see("/cart")
    fields = {**buyer.fields("/cart/items"), "quantity": "1"}
    assert "仅剩" not in await buyer.post("/cart/items", fields)
    await buyer.see("/checkout")
    await buyer.send("/checkout", **PLACE, fresh="1")
    assert await shop.stock("NO04") == (3, 3)


async def test_nobody_pays_a_total_they_have_not_seen(shop: Shop, buyer: Visitor):
    await _put(buyer, "golden-tea", "1")
    await buyer.see("/checkout")
    seen = buyer.fields("/checkout")["seen_fen"]
    said = await buyer.send("/checkout", 409, **PLACE, division_code="650102", province="65")
    assert "现在合计" in said
    assert await _orders(shop) == 0
    assert buyer.fields("/checkout")["seen_fen"] > seen
    await buyer.send("/checkout", **{**PLACE, "step": "look"}, division_code="370112", province="37")
    assert buyer.fields("/checkout")["seen_fen"] == seen
    await buyer.send("/checkout", **PLACE)
    assert await _orders(shop) == 1


async def test_an_order_is_paid_shipped_and_confirmed(shop: Shop, buyer: Visitor):
    await _put(buyer, "golden-tea", "1")
    await buyer.see("/checkout")
    await buyer.send("/checkout", **PLACE)
    order = buyer.path
    await buyer.send(f"{order}/pay")
    paying = buyer.path
    assert "<svg" in buyer.answer.text
    assert "请用手机扫码付款" in buyer.text
    await buyer.send(f"{paying}/sandbox")
    await shop.settle()
    assert "付款成功" in await buyer.see(paying)
    assert "待发货" in await buyer.see(order)
    await shop.ship(await shop.look({"id": order.rpartition("/")[2]}))
    arrived = await buyer.see(order)
    assert "中通快递" in arrived
    filled = buyer.fields(f"{order}/confirm")
    assert "已完成" in await buyer.post(f"{order}/confirm", filled)
    assert "已完成" in await buyer.post(f"{order}/confirm", filled), "the same form again is answered the same"
    assert await shop.scalar("SELECT status FROM orders_supplier_order") == "completed"


async def test_an_order_is_cancelled_and_other_peoples_orders_do_not_exist(shop: Shop, buyer: Visitor):
    own = await shop.order({"GT04": 1})
    of_stranger = await shop.order({"GT04": 1}, who="stranger")
    await buyer.see(f"/orders/{own['id']}")
    assert "已取消" in await buyer.send(f"/orders/{own['id']}/cancel")
    assert "没有找到" in await buyer.see(f"/orders/{of_stranger['id']}", 404)
    await buyer.see("/account")
    proof = {"form_token": buyer.fields("/sign-out")["form_token"], "key": str(uuid4())}
    await buyer.post(f"/orders/{of_stranger['id']}/cancel", proof, 404)
    assert await shop.stock("GT04") == (100, 1)


@pytest.mark.parametrize("quantity", ["0", "-3", "many", "1e9", "９"])
async def test_a_strange_number_of_pieces_is_one(shop: Shop, visitor: Visitor, quantity: str):
    await _put(visitor, "golden-tea", quantity)
    assert await shop.scalar("SELECT quantity FROM orders_cart_item") == 1


async def test_a_session_that_ends_keeps_the_cart(shop: Shop, buyer: Visitor):
    await _put(buyer, "golden-tea", "2")
    for name in ("bj_access", "bj_refresh"):
        buyer.http.cookies.delete(name)
    await buyer.see("/checkout")
    await buyer.send("/sign-in", username="shop-buyer", password=PASSWORD)
    assert "黄金茶 雨前二级" in buyer.text
    assert "× 2" in buyer.text
