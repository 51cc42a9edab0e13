"""What left the house and what cannot: parcels, paper, many numbers by one sheet, cancelled pieces."""

from __future__ import annotations

import pytest

from app import fulfilment
from app.fulfilment import Report, TrackingEvent, TrackingState
from tests.pages.visitor import Visitor
from tests.shop import Shop

PARCELS, SHEET = "/supplier/parcels", "/supplier/shipping-sheet"


def _part(order: dict) -> str:
    return str(order["supplier_orders"][0]["id"])


async def test_parcels_of_the_last_weeks_say_how_they_are(shop: Shop, seller: Visitor):
    order = await shop.ship(await shop.pay(await shop.order({"GT04": 2})), deliver=False)
    [parcel] = order["shipments"]
    said = await seller.see(PARCELS)
    assert parcel["tracking_number"] in said
    assert f"订单 {order['number']}" in said
    assert "待揽收" in said
    assert "没有需要处理的包裹" in await seller.see(f"{PARCELS}?trouble=1")
    news = TrackingEvent(shop.clock(), TrackingState.REFUSED, "收件人拒收")
    async with shop.db.write() as session:
        await fulfilment.record(session, Report("ZTO", parcel["tracking_number"], (news,)), now=shop.clock())
    said = await seller.see(f"{PARCELS}?trouble=1")
    assert "买家拒收" in said
    said = await seller.see(f"{PARCELS}/{parcel['id']}")
    assert "收件人拒收" in said
    assert "货物退回后再盘点入库" in said
    assert "GT04" in said
    shop.clock.advance(days=31)
    assert parcel["tracking_number"] not in await seller.see(PARCELS)


async def test_paper_comes_as_pdf(shop: Shop, seller: Visitor):
    order = await shop.pay(await shop.order({"GT04": 2}))
    other = await shop.pay(await shop.order({"NO02": 1}))
    said = await seller.see("/supplier")
    assert "拣货单" in said
    for path in ("picking-list.pdf", "packing-slips.pdf", f"packing-slips.pdf?order={_part(order)}"):
        answer = await seller.http.get(f"/supplier/{path}")
        assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-"), path
    await seller.see(f"/supplier/packing-slips.pdf?order={_part(other)}", 404)


async def test_a_sheet_ships_what_it_can_and_says_what_became_of_every_row(shop: Shop, seller: Visitor):
    order = await shop.pay(await shop.order({"GT04": 1}))
    theirs = await shop.pay(await shop.order({"NO02": 1}))
    answer = await seller.http.get(f"{SHEET}.xlsx")
    assert answer.content[:2] == b"PK"
    raw = (
        f"订单号,快递公司,运单号\n{order['number']},中通快递,780012345678\n{theirs['number']},中通快递,780012345679\n"
    ).encode()
    for shipped, repeated in ((1, 0), (0, 1)):
        await seller.see(SHEET)
        answer = await seller.http.post(
            SHEET, data=seller.fields(SHEET) | {"file": ""}, files={"file": ("a.csv", raw)}, headers=_ORIGIN
        )
        seller._read(answer)
        assert f"已发货 {shipped} 行，重复 {repeated} 行，未发 1 行" in seller.text
        assert "没有这个订单号" in seller.text
    assert (await shop.look(order))["status"] == "shipped"
    assert (await shop.look(theirs))["status"] == "paid"


_ORIGIN = {"Origin": "http://market.test"}


async def test_a_sheet_that_is_none_is_refused(seller: Visitor):
    await seller.see(SHEET)
    assert "请选择表格文件" in await seller.send(SHEET, 422)


async def test_pieces_that_cannot_be_sent_are_cancelled_once_and_paid_back(shop: Shop, seller: Visitor):
    order = await shop.pay(await shop.order({"GT04": 3}))
    path, [line] = f"/supplier/orders/{_part(order)}/cancel", order["lines"]
    await seller.see(f"/supplier/orders/{_part(order)}")
    assert path in seller.answer.text
    await seller.see(path)
    form = {**seller.fields(path), f"quantity:{line['id']}": "1", "reason": "果品不达标"}
    for _ in range(2):
        said = await seller.post(path, form)
        assert seller.path == f"/supplier/orders/{_part(order)}"
        assert "还要发 2 件" in said
    await shop.settle()
    looked = await shop.look(order)
    assert looked["lines"][0]["refunded_fen"] == 12_800
    assert await shop.stock("GT04") == (100, 2)


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"quantity": "9"}, 409, ""),
        ({"quantity": "0"}, 422, "请填写取消几件"),
        ({"quantity": "x"}, 422, "请填写整数"),
        ({"reason": ""}, 422, "请填写原因"),
    ],
)
async def test_a_cancellation_that_cannot_be_changes_nothing(
    shop: Shop, seller: Visitor, fields: dict, status: int, said: str
):
    order = await shop.pay(await shop.order({"GT04": 3}))
    path, [line] = f"/supplier/orders/{_part(order)}/cancel", order["lines"]
    await seller.see(path)
    name = f"quantity:{line['id']}"
    form = {**seller.fields(path), name: fields.get("quantity", "1"), "reason": fields.get("reason", "缺货")}
    assert said in await seller.post(path, form, status)
    assert seller.fields(path)[name] == form[name]
    assert await shop.stock("GT04") == (100, 3)


async def test_others_parcels_and_orders_do_not_exist(shop: Shop, seller: Visitor):
    order = await shop.ship(await shop.pay(await shop.order({"NO02": 1})), deliver=False)
    [parcel] = order["shipments"]
    assert parcel["tracking_number"] not in await seller.see(PARCELS)
    for path in (f"{PARCELS}/{parcel['id']}", f"/supplier/orders/{_part(order)}/cancel"):
        await seller.see(path, 404)


async def test_parcels_speak_english(shop: Shop, seller: Visitor):
    order = await shop.ship(await shop.pay(await shop.order({"GT04": 2})), deliver=False)
    waiting = await shop.pay(await shop.order({"GT04": 1}))
    [parcel] = order["shipments"]
    for path in (PARCELS, f"{PARCELS}/{parcel['id']}", SHEET, f"/supplier/orders/{_part(waiting)}/cancel", "/supplier"):
        await seller.see(f"{path}?lang=en")
        assert seller.foreign == [], path
